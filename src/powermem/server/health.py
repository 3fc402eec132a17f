"""Whether the process lives, and whether it can serve; its metrics and its version."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from .._version import __version__
from .answers import extra
from .call import AdminCall
from .metrics import MEDIA_TYPE
from .problems import NotReadyError
from .replies import json_response
from .service import Service, service_of

_PATIENCE = 2.0
"""Seconds that the store has to answer."""

router = APIRouter(tags=["health"])


@router.get(
    "/health/live", summary="Whether the process lives; it asks nothing else", openapi_extra=extra("Health")
)
async def live() -> Response:
    return json_response({"status": "live"})


@router.get(
    "/health/ready",
    summary="Whether the store answers and the process is not stopping",
    openapi_extra=extra("Health"),
)
async def ready(request: Request) -> Response:
    service = service_of(request)
    if service.closing.is_set():
        raise NotReadyError("the server is stopping")
    components = await asyncio.wait_for(service.memory._access.open(any_vectors=True), _PATIENCE)
    await asyncio.wait_for(components.store.identity(), _PATIENCE)
    return json_response({"status": "ready"})


@router.get("/version", summary="The version of powermem", openapi_extra=extra("Version"))
async def version() -> Response:
    return json_response({"version": __version__})


@router.get("/metrics", summary="Metrics for Prometheus")
async def metrics(call: AdminCall) -> Response:
    call.service.metrics.waiting(await call.memory.processing.stats())
    return Response(call.service.metrics.text(), media_type=MEDIA_TYPE)


def install(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    app.include_router(router)
    service.open_to_everybody("/health/live", "/health/ready", "/version")
