"""Routes of powermem 1.1 that are not offered here; each says what to use instead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.responses import Response

from ..call import ReadCall
from .envelope import NotOfferedError

router = APIRouter()

_PROFILES = "profiles follow from what is said, and are not written; see GET /api/v1/users/{user_id}/profile"
_SHARING = "memories are not shared between agents; leave agent_id out of what several of them should know"

LEFT_OUT = {
    ("GET", "/memories/quality"): "the quality of memories is not measured; see GET /api/v1/memories/stats",
    ("POST", "/memories/import"): "send the file as the body of POST /v1/import, which reads it",
    ("GET", "/users/profiles"): _PROFILES,
    ("POST", "/users/{user_id}/profile"): _PROFILES,
    ("DELETE", "/users/{user_id}/profile"): _PROFILES,
    ("GET", "/agents/{agent_id}/memories/share"): _SHARING,
    ("POST", "/agents/{agent_id}/memories/share"): _SHARING,
}


def _refusing(told: str) -> Callable[[ReadCall], Awaitable[Response]]:
    async def refuse(call: ReadCall) -> Response:
        raise NotOfferedError(told)

    return refuse


for (_method, _path), _told in LEFT_OUT.items():
    # Not described: no client should be made for them.
    router.add_api_route(_path, _refusing(_told), methods=[_method], include_in_schema=False)
