"""The API of mem0's self-hosted server: ``/memories`` and ``/search``, for programs that were written for it.

An error is ``{"detail": ...}`` with its status. A key is presented as ``X-API-Key`` or as
``Authorization: Bearer``.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import Response

from ..problems import Problem
from ..replies import json_response
from ..service import Service
from .routes import router


def install(app: FastAPI, service: Service) -> None:
    """Add the routes, and answer errors below them in their form."""
    for prefix in ("/memories", "/search"):
        service.errors_as(prefix, _error)
    app.include_router(router)


def _error(problem: Problem, request_id: str) -> Response:
    body = {"detail": f"{problem.detail} ({problem.advice})", "request_id": request_id}
    return json_response(body, problem.status, headers=problem.headers)
