"""The API of powermem 1.1's server, below ``/api/v1``: for programs that were written for it.

Every body is ``{"success": true, "data": ..., "message": ..., "timestamp": ...}``. A key is presented as
``X-API-Key``, or as the parameter ``api_key``.
"""

from __future__ import annotations

from fastapi import FastAPI

from ..service import Service
from . import left_out, memories, observations, owners, search, system, timeline
from .envelope import PREFIX, error


def install(app: FastAPI, service: Service) -> None:
    """Add the routes, and answer errors below them in their form."""
    service.errors_as(f"{PREFIX}/", error)
    service.key_in_query(f"{PREFIX}/")
    service.open_to_everybody(system.HEALTH)
    # Fixed paths before those with an id.
    for part in (search, timeline, left_out, memories, observations, owners, system):
        app.include_router(part.router, prefix=PREFIX)
