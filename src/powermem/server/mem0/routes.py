"""The routes of mem0's self-hosted server that concern memories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ..._core.inputs import KEEP
from ..._core.values import Scope
from ...errors import InvalidInputError, NotFoundError
from ...rest import json_safe
from ...types import HistoryRecord
from ..call import Call, ReadCall, WriteCall
from ..caller import Permission, ScopeIds
from ..filters import ids_named
from ..repeats import add_once
from ..replies import json_response, with_text_ids
from ..v1.parameters import AgentId, RunId, UserId
from .shapes import MOST_RESULTS, USUAL_RESULTS, MemoryCreate, MemoryUpdate, SearchRequest

router = APIRouter(tags=["mem0"])

MemoryId = Annotated[str, Path(description="The id of a memory")]


def _scope(call: Call, *ids: object) -> ScopeIds:
    found = call.scope(*ids)
    if not any(found.values()):
        raise InvalidInputError("At least one identifier (user_id, agent_id, run_id) is required.")
    return found


def moment(day: date | None) -> datetime | None:
    """Return when a day begins in UTC."""
    return None if day is None else datetime.combine(day, time(), timezone.utc)


def record(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a memory with the names that mem0 has besides ours."""
    expires_at = found["expires_at"]
    return {**with_text_ids(dict(found)), "expiration_date": expires_at and expires_at[:10]}


def missing() -> NotFoundError:
    """Return the error of a memory that is not there."""
    return NotFoundError("Memory not found, or it belongs to another user")


@router.post("/memories", summary="Store memories of messages")
async def create_memories(body: MemoryCreate, call: WriteCall) -> Response:
    scope = _scope(call, body.user_id, body.agent_id, body.run_id)
    added = await add_once(
        call,
        ["mem0", body.model_dump()],
        scope,
        body.messages,
        metadata=body.metadata,
        infer=body.infer is not False,
        memory_type=body.memory_type,
        prompt=body.prompt,
        expires_at=moment(body.expiration_date),
    )
    return json_response({"results": json_safe(added)["results"]})


@router.get("/memories", summary="List the memories of a user, an agent or a run; without one, all of them")
async def list_memories(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    top_k: Annotated[int | None, Query(ge=0, le=MOST_RESULTS)] = None,
    show_expired: Annotated[bool, Query(description="Refused here; see POST /search")] = False,
) -> Response:
    if show_expired:
        raise InvalidInputError("show_expired: only POST /search finds what has expired")
    scope = call.scope(user_id, agent_id, run_id)
    everything = not any(scope.values())
    if everything:
        call.caller.require(Permission.ADMIN)
    if top_k is None:
        top_k = MOST_RESULTS if everything else USUAL_RESULTS
    page = await call.memory.get_all(limit=top_k, **scope)
    return json_response({"results": [record(each) for each in page["results"]]})


@router.delete("/memories", summary="Delete every memory of a user, an agent or a run")
async def delete_memories(
    call: WriteCall, user_id: UserId = None, agent_id: AgentId = None, run_id: RunId = None
) -> Response:
    await call.memory.delete_all(**_scope(call, user_id, agent_id, run_id))
    return json_response({"message": "All relevant memories deleted"})


@router.post("/search", summary="Find the memories that answer a query")
async def search_memories(body: SearchRequest, call: ReadCall) -> Response:
    filters = dict(body.filters or {})
    # Those beside the filter are from older clients.
    beside = {name: value for name in Scope._fields if (value := getattr(body, name)) is not None}
    ids = {**ids_named(filters), **beside}
    for name in beside:
        # Of several users and the like, the filter stays.
        if not isinstance(filters.get(name), (Mapping, list)):
            filters.pop(name, None)
    found = await call.memory.search(
        body.query,
        filters=filters or None,
        limit=body.top_k or USUAL_RESULTS,
        threshold=body.threshold,
        explain=body.explain is True,
        rerank=body.rerank,
        include_expired=body.show_expired is True,
        **_scope(call, *map(ids.get, Scope._fields)),
    )
    return json_response({"results": [record(each) for each in found["results"]]})


@router.get("/memories/{memory_id}", summary="Read a memory")
async def read_memory(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.get(memory_id, **call.scope())
    if found is None:
        raise missing()
    return json_response(record(found))


@router.put("/memories/{memory_id}", summary="Change what is sent of a memory: text, metadata, expiry")
async def change_memory(memory_id: MemoryId, body: MemoryUpdate, call: WriteCall) -> Response:
    expires_at = moment(body.expiration_date) if "expiration_date" in body.model_fields_set else KEEP
    changed = await call.memory.update(
        memory_id, body.text, metadata=body.metadata, expires_at=expires_at, **call.scope()
    )
    if changed is None:
        raise missing()
    return json_response({"message": "Memory updated successfully!"})


@router.delete("/memories/{memory_id}", summary="Delete a memory")
async def delete_memory(memory_id: MemoryId, call: WriteCall) -> Response:
    if not await call.memory.delete(memory_id, **call.scope()):
        raise missing()
    return json_response({"message": "Memory deleted successfully"})


@router.get("/memories/{memory_id}/history", summary="Read what happened to a memory")
async def read_history(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.history(memory_id, **call.scope())
    if not found:
        raise missing()
    return json_response(events_of(found))


def events_of(history: list[HistoryRecord]) -> list[dict[str, Any]]:
    """Return what happened to a memory with the names that mem0 has besides ours."""
    return [
        {
            **each,
            "id": f"{each['memory_id']}-{number}",
            "updated_at": each["created_at"],
            "is_deleted": each["event"] == "DELETE",
            "actor_id": each["actor"],
        }
        for number, each in enumerate(json_safe(history), 1)
    ]
