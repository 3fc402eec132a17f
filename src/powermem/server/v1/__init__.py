"""Our own API, below ``/v1``: the methods of `AsyncMemory` under their own names."""

from __future__ import annotations

from fastapi import FastAPI

from ..service import Service
from . import memories, search


def install(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    for each in (memories, search):
        app.include_router(each.router)
