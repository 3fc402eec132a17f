"""The state of the server, and deleting at once what belongs to somebody."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from ..._core import clock
from ..._version import __version__
from ...errors import StoreError
from .. import health as service_health
from ..call import AdminCall, Call, ReadCall, WriteCall
from ..v1.parameters import AgentId, RunId, UserId
from .envelope import PREFIX, moment, now, ok

HEALTH = f"{PREFIX}/system/health"

_PATIENCE = 2.0
"""Seconds that the store has to answer."""

router = APIRouter(prefix="/system", tags=["powermem 1.1"])


async def _database(call: Call) -> dict[str, Any]:
    started, wrong = perf_counter(), None
    try:
        components = await asyncio.wait_for(call.memory._access.open(any_vectors=True), _PATIENCE)
        await asyncio.wait_for(components.store.identity(), _PATIENCE)
    except (StoreError, asyncio.TimeoutError):
        # Not what it says, which may name the place.
        wrong = "the store does not answer; see the server's log"
    return {
        "name": "database",
        "status": "unavailable" if wrong else "healthy",
        "latency_ms": round((perf_counter() - started) * 1000, 3),
        "error_message": wrong,
        "last_checked": now(),
    }


@router.get("/health", summary="Whether the process lives; it asks nothing else")
async def health() -> Response:
    return ok({"status": "healthy", "timestamp": now()}, "Service is healthy")


@router.get("/status", summary="Whether the store answers, and what is configured")
async def status(call: ReadCall) -> Response:
    config = call.memory._access.config
    database = await _database(call)
    data = {
        "status": "operational" if database["status"] == "healthy" else "down",
        "version": __version__,
        "storage_type": config.vector_store.provider,
        "llm_provider": config.llm.provider,
        "uptime_seconds": round(perf_counter() - call.service.started),
        "started_at": moment(clock.to_iso(call.service.started_at)),
        "dependencies": {"database": database},
        "timestamp": now(),
    }
    return ok(data, "System status retrieved successfully")


@router.get("/metrics", summary="Metrics for Prometheus")
async def metrics(call: AdminCall) -> Response:
    return await service_health.metrics(call)


@router.delete("/delete-all-memories", summary="Delete every memory of a user, an agent or a run")
async def delete_all(
    call: WriteCall, user_id: UserId = None, agent_id: AgentId = None, run_id: RunId = None
) -> Response:
    scope = call.scope(user_id, agent_id, run_id)
    await call.memory.delete_all(**scope)
    named = {name: value for name, value in scope.items() if value is not None}
    return ok({"deleted": True, "filters": named}, "All memories of these were deleted")
