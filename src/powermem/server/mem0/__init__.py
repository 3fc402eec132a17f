"""The APIs of mem0: that of its self-hosted server, ``/memories`` and ``/search``, and what its client calls.

An error is ``{"detail": ...}`` with its status. A key is presented as ``X-API-Key``, or as
``Authorization: Bearer`` or ``Token``.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import Response

from ..problems import Problem
from ..replies import json_response
from ..service import Service
from . import platform, routes


def install(app: FastAPI, service: Service) -> None:
    """Add the routes, and answer errors below them in their form."""
    for prefix in ("/memories", "/search", "/v3/memories/", "/v2/entities/"):
        service.errors_as(prefix, _error)
    app.include_router(routes.router)
    app.include_router(platform.router)


def _error(problem: Problem, request_id: str) -> Response:
    body = {"detail": f"{problem.detail} ({problem.advice})", "request_id": request_id}
    return json_response(body, problem.status, headers=problem.headers)
