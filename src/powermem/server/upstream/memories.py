"""Memories: create, list, read, change, delete and export them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ..._async.bulk.exporting import PAGE
from ..._core import clock
from ..._core.filters.parse import parse as parse_filters
from ..._core.values import Row
from ...errors import InvalidInputError, PowerMemError
from ...rest import json_safe
from ..call import Call, ReadCall, WriteCall
from ..caller import ScopeIds
from ..problems import ForbiddenError, problem_of
from ..repeats import add_once
from ..v1.parameters import AgentId, RunId, UserId
from .envelope import MemoryNotFoundError, ok
from .shapes import (
    CreateMemories,
    CreateMemory,
    DeleteMemories,
    InTime,
    Item,
    MemoryChange,
    MemoryChanges,
    Order,
    memory,
    within,
)

router = APIRouter(tags=["powermem 1.1"])

MemoryId = Annotated[str, Path(description="The id of a memory")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0)]

_FAULTS: Mapping[str, Callable[[Row], bool]] = {
    "missing_metadata": lambda row: not row.metadata,
    "empty_content": lambda row: len(row.text.strip()) < 5,
    "low_importance": lambda row: row.facets.get("importance", 1) < 0.3,
}
"""Why a memory is said to say little; with the limits of powermem 1.1."""

_EXPORTED = ("id", "content", "role", "metadata", "created_at", "updated_at")


async def stored(call: Call, item: Item, scope: ScopeIds, infer: bool) -> list[dict[str, Any]]:
    """Store memories of something that is said, and return them as they are then."""
    given = {
        "metadata": item.metadata,
        "filters": item.filters,
        "scope": item.scope,
        "memory_type": item.memory_type,
        "infer": infer,
    }
    added = await add_once(call, ["upstream", item.content, given], scope, item.content, **given)
    ids = [each["id"] for each in added["results"] if each["event"] != "DELETE"]
    if not ids:
        return []
    page = await call.memory.get_all(filters={"id": {"in": ids}}, limit=len(ids), **scope)
    found = {int(each["id"]): memory(each) for each in page["results"]}
    return [found[number] for number in ids if number in found]


async def changed(call: Call, memory_id: object, body: MemoryChange, scope: ScopeIds) -> dict[str, Any]:
    """Change a memory, and return it."""
    if body.content is None and body.metadata is None:
        raise InvalidInputError("give at least one of content and metadata")
    found = await call.memory.update(str(memory_id), body.content, metadata=body.metadata, **scope)
    if found is None:
        raise MemoryNotFoundError
    return memory(found)


async def page_of(
    call: Call, scope: ScopeIds, limit: int, offset: int, message: str, **options: Any
) -> Response:
    """Return a page of memories."""
    page = await call.memory.get_all(limit=limit, offset=offset, **scope, **options)
    memories = [memory(each) for each in page["results"]]
    return ok({"memories": memories, "total": page["total"], "limit": limit, "offset": offset}, message)


def _failed(index: int, error: PowerMemError, **named: Any) -> dict[str, Any]:
    return {"index": index, **named, "error": problem_of(error).detail}


def _several(
    verb: str, done: Sequence[Mapping[str, Any]], failed: Sequence[Mapping[str, Any]], total: int
) -> dict[str, Any]:
    """Return how often something was done to several memories."""
    counted = {"total": total, f"{verb}_count": total - len(failed), "failed_count": len(failed)}
    return {"memories": done, **counted, **({"failed": failed} if failed else {})}


@router.post("/memories", summary="Store memories of something that is said")
async def create(body: CreateMemory, call: WriteCall) -> Response:
    found = await stored(call, body, call.scope(body.user_id, body.agent_id, body.run_id), body.infer)
    return ok(found, f"Created {len(found)} memories" if found else "No memories were created")


@router.post("/memories/batch", summary="Store memories of several things, each by itself")
async def create_batch(body: CreateMemories, call: WriteCall) -> Response:
    scope = call.scope(body.user_id, body.agent_id, body.run_id)

    async def one(index: int, item: Item) -> list[dict[str, Any]] | dict[str, Any]:
        try:
            return await stored(call, item, scope, body.infer)
        except PowerMemError as error:
            return _failed(index, error, content=item.content)

    outcomes = await asyncio.gather(*(one(*each) for each in enumerate(body.memories)))
    done = [each for outcome in outcomes if isinstance(outcome, list) for each in outcome]
    failed = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    data = _several("created", done, failed, len(outcomes))
    return ok(data, f"Created {data['created_count']} out of {len(outcomes)} memories")


@router.get("/memories", summary="List memories, page by page")
async def list_memories(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    scope: Annotated[str | None, Query(description="Only of this scope, in their metadata")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
    sort_by: Annotated[Literal["created_at", "updated_at", "id"] | None, Query()] = None,
    order: Order = "desc",
    time_range: InTime = None,
) -> Response:
    filters = within(time_range, None if scope is None else {"scope": scope})
    options = {"filters": filters, "sort_by": sort_by or "created_at", "order": order}
    ids = call.scope(user_id, agent_id, run_id)
    return await page_of(call, ids, limit, offset, "Memories retrieved successfully", **options)


@router.get("/memories/stats", summary="Read numbers about the current memories")
async def stats(
    call: ReadCall, user_id: UserId = None, agent_id: AgentId = None, time_range: InTime = None
) -> Response:
    found = await call.memory.get_statistics(**call.scope(user_id, agent_id), time_range=time_range)
    return ok(json_safe(found), "Statistics retrieved successfully")


@router.get("/memories/count", summary="Count the current memories")
async def count(
    call: ReadCall, user_id: UserId = None, agent_id: AgentId = None, run_id: RunId = None
) -> Response:
    number = await call.memory.count(**call.scope(user_id, agent_id, run_id))
    return ok({"count": number}, "Memories counted successfully")


async def users_of(call: Call) -> list[str]:
    """Return the users that have memories and whom the key reaches, sorted."""
    tied = call.caller.tied
    if tied.agent_id is not None or tied.run_id is not None:
        raise ForbiddenError("users are listed for a key that is tied to no agent and no run")
    if tied.user_id is None:
        return await call.memory.users()
    return [tied.user_id] if await call.memory.count(tied.user_id) else []


@router.get("/memories/users", summary="List the users that have memories, sorted")
async def users(call: ReadCall) -> Response:
    return ok(await users_of(call), "Users retrieved successfully")


@router.get("/memories/quality", summary="Count memories that say little")
async def quality(
    call: ReadCall, user_id: UserId = None, agent_id: AgentId = None, time_range: InTime = None
) -> Response:
    scope = call.memory._scope(**call.scope(user_id, agent_id))
    expression = parse_filters(within(time_range, None), call.memory._zone)
    components = await call.memory._access.open(any_vectors=True)
    total = low = after = 0
    found: Counter[str] = Counter(dict.fromkeys(_FAULTS, 0))
    now = clock.now()
    while page := await components.store.scan(scope, expression, after, PAGE, vectors=False):
        after = page[-1].row.id
        for row in (each.row for each in page):
            if row.valid_to is None and (row.expires_at is None or row.expires_at > now):
                faults = [name for name, has in _FAULTS.items() if has(row)]
                found.update(faults)
                total, low = total + 1, low + bool(faults)
    data = {
        "total_memories": total,
        "low_quality_count": low,
        "low_quality_ratio": round(low / total, 4) if total else 0.0,
        "quality_criteria": found,
    }
    return ok(data, "Quality metrics retrieved successfully")


@router.get(
    "/memories/export",
    summary="Read memories as one file, without an envelope",
    responses={200: {"content": {"application/json": {}, "text/csv": {}}}},
)
async def export(
    call: ReadCall,
    format: Annotated[Literal["json", "csv"], Query(description="json or csv")] = "json",
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    page = await call.memory.get_all(limit=limit, **call.scope(user_id, agent_id, run_id))
    records = [json_safe(each) for each in page["results"]]
    named = {"Content-Disposition": f"attachment; filename=memories_export.{format}"}
    if format == "json":
        text = json.dumps(records, ensure_ascii=False, indent=2)
        return Response(text, headers=named, media_type="application/json")
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(_EXPORTED)
    for each in records:
        metadata = json.dumps(each["metadata"], ensure_ascii=False)
        times = each["created_at"], each["updated_at"]
        writer.writerow([each["id"], each["memory"], "user", metadata, *times])
    return Response(table.getvalue(), headers=named, media_type="text/csv")


@router.put("/memories/batch", summary="Change several memories, each by itself")
async def update_batch(body: MemoryChanges, call: WriteCall) -> Response:
    scope = call.scope(body.user_id, body.agent_id)
    done, failed = [], []
    for index, each in enumerate(body.updates):
        try:
            done.append(await changed(call, each.memory_id, each, scope))
        except PowerMemError as error:
            failed.append(_failed(index, error, memory_id=str(each.memory_id)))
    data = _several("updated", done, failed, len(body.updates))
    return ok(data, f"Updated {len(done)} out of {len(body.updates)} memories")


@router.delete("/memories/batch", summary="Delete several memories")
async def delete_batch(body: DeleteMemories, call: WriteCall) -> Response:
    scope = call.scope(body.user_id, body.agent_id)
    deleted, failed = [], []
    for index, each in enumerate(map(str, body.memory_ids)):
        try:
            if not await call.memory.delete(each, **scope):
                raise MemoryNotFoundError
            deleted.append(each)
        except PowerMemError as error:
            failed.append(_failed(index, error, memory_id=each))
    counted = {
        "total": len(body.memory_ids),
        "deleted_count": len(deleted),
        "failed_count": len(failed),
    }
    return ok({"deleted": deleted, "failed": failed, **counted}, f"Deleted {len(deleted)} memories")


@router.get("/memories/{memory_id}", summary="Read a memory")
async def read(
    memory_id: MemoryId, call: ReadCall, user_id: UserId = None, agent_id: AgentId = None
) -> Response:
    found = await call.memory.get(memory_id, **call.scope(user_id, agent_id))
    if found is None:
        raise MemoryNotFoundError
    return ok(memory(found), "Memory retrieved successfully")


@router.put("/memories/{memory_id}", summary="Change the text or the metadata of a memory")
async def update(
    memory_id: MemoryId,
    body: MemoryChange,
    call: WriteCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
) -> Response:
    found = await changed(call, memory_id, body, call.scope(user_id, agent_id))
    return ok(found, "Memory updated successfully")


@router.delete("/memories/{memory_id}", summary="Delete a memory")
async def delete(
    memory_id: MemoryId, call: WriteCall, user_id: UserId = None, agent_id: AgentId = None
) -> Response:
    if not await call.memory.delete(memory_id, **call.scope(user_id, agent_id)):
        raise MemoryNotFoundError
    return ok({"memory_id": memory_id}, "Memory deleted successfully")
