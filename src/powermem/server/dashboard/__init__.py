"""``/dashboard``: a page on which a person sees what is remembered, and corrects it.

The page is static. It calls ``/v1`` with the key of the person, so that the same code decides what is shown.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..service import Service
from .files import POLICY, Files

_PATH = "/dashboard"
MEMORY_PAGE = f"{_PATH}#/memories/{{memory_id}}"
"""The address of a memory on the page, behind that of the server."""


def install(app: FastAPI, service: Service) -> None:
    """Add the page and its files; they are open to everybody, and memories are not."""
    files = Files()

    async def page(request: Request) -> Response:
        return _answer(files, "index.html", request)

    async def file(request: Request) -> Response:
        return _answer(files, request.path_params["name"], request)

    async def without_slash(request: Request) -> Response:
        return RedirectResponse(f"..{_PATH}", 308)

    for path, endpoint in (
        (_PATH, page),
        (f"{_PATH}/", without_slash),
        (f"{_PATH}/{{name:path}}", file),
    ):
        app.router.routes.append(Route(path, endpoint, methods=["GET"], include_in_schema=False))
    service.open_to_everybody(_PATH, f"{_PATH}/")


def _answer(files: Files, name: str, request: Request) -> Response:
    found = files.find(name)
    if found is None:
        raise HTTPException(404)
    headers = {
        "ETag": found.etag,
        # Asked for again each time, and sent again only when it has changed.
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if found.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.media_type)
