"""MemOS's API, below ``/api/openmem/v1``: for programs that were written for its cloud.

Every body is ``{"code": 0, "data": ..., "message": "ok"}``; that of an error has the status as its code. A
key is presented as ``Authorization: Token <key>``.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import Response

from ..problems import Problem
from ..replies import json_response
from ..service import Service
from .routes import PREFIX, router


def install(app: FastAPI, service: Service) -> None:
    """Add the routes, and answer errors below them in their form."""
    service.errors_as(PREFIX, _error)
    app.include_router(router)


def _error(problem: Problem, request_id: str) -> Response:
    message = f"{problem.detail} ({problem.advice})"
    body = {"code": problem.status, "data": None, "message": message, "request_id": request_id}
    return json_response(body, problem.status, headers=problem.headers)
