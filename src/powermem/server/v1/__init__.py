"""Our own API, below ``/v1``: the methods of `AsyncMemory` under their own names."""

from __future__ import annotations

from fastapi import FastAPI

from ..service import Service
from . import exchanges, memories, search, tasks, transfer, usage, users


def install(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    # A request is compared with the routes in this order.
    for each in (search, memories, exchanges, tasks, users, usage, transfer):
        app.include_router(each.router)
