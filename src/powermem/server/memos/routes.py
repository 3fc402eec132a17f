"""The routes of MemOS's API, which are all POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from ...errors import InvalidInputError, NotFoundError
from ...rest import memory_detail, preference_detail, reply
from ..call import Call, ReadCall, WriteCall
from ..repeats import add_once
from ..replies import json_response
from .shapes import AddMessage, DeleteMemory, GetMemory, GetStatus, Owned, SearchMemory, UpdateMemory, single

PREFIX = "/api/openmem/v1"

router = APIRouter(prefix=PREFIX, tags=["MemOS"])

MemoryId = Annotated[str, Path(description="The id of a memory")]

# Lists that their clients read without asking whether they are there.
_EMPTY: dict[str, Any] = {
    "memory_detail_list": [],
    "message_detail_list": [],
    "preference_detail_list": [],
    "tool_memory_detail_list": [],
    "skill_detail_list": [],
    "profile_detail_list": [],
    "event_detail_list": [],
    "preference_note": "",
}
_OPERATORS = {"and": "AND", "or": "OR", "not": "NOT"}


def _ok(data: object) -> Response:
    return json_response({"code": 0, "data": data, "message": "ok"})


def _scope(call: Call, body: Owned, run_id: object = None) -> Any:
    user_id, agent_id = single(body.user_id), single(body.agent_id)
    found = call.scope(user_id, agent_id, run_id)
    if found["user_id"] is None and found["agent_id"] is None:
        raise InvalidInputError("user_id or agent_id: one of them is required")
    return found


def _filters(given: Any) -> Any:
    """Return a filter with our names: they write ``and`` in small letters, and a run is a conversation."""
    if isinstance(given, list):
        return [_filters(each) for each in given]
    if not isinstance(given, Mapping):
        return given
    names = {**_OPERATORS, "conversation_id": "run_id"}
    return {names.get(name, name): _filters(value) for name, value in given.items()}


async def _preferences(call: Call, scope: Mapping[str, Any], limit: int | None) -> list[Any]:
    if scope["user_id"] is None:
        return []
    return [preference_detail(each) for each in (await call.memory.get_preferences(**scope))[-(limit or 0) :]]


@router.post("/add/message", summary="Store memories of messages, in the background unless told otherwise")
async def add_message(body: AddMessage, call: WriteCall) -> Response:
    named = {"tags": body.tags, "source": body.source, "app_id": body.app_id}
    metadata = {**(body.info or {}), **{name: value for name, value in named.items() if value is not None}}
    added = await add_once(
        call,
        ["memos", body.model_dump(exclude={"async_mode"})],
        _scope(call, body, body.conversation_id),
        body.messages,
        metadata=metadata or None,
        async_mode=body.async_mode,
    )
    return json_response(reply(added))


@router.post("/get/status", summary="Read the state of a task")
async def get_status(body: GetStatus, call: ReadCall) -> Response:
    return json_response(reply(await call.memory.get_status(str(body.task_id), **call.scope())))


@router.post("/search/memory", summary="Find memories and preferences")
async def search_memory(body: SearchMemory, call: ReadCall) -> Response:
    # The conversation is the one that asks, not the one to look into; but a key may be tied to another.
    _scope(call, body, body.conversation_id)
    scope = _scope(call, body)
    found = await call.memory.search(
        body.query,
        limit=body.memory_limit_number,
        filters=_filters(body.filter),
        threshold=body.relativity,
        **scope,
    )
    data = {**_EMPTY, **reply(found)["data"]}
    if body.include_preference:
        data["preference_detail_list"] = await _preferences(call, scope, body.preference_limit_number)
    return _ok(data)


@router.post("/get/memory", summary="List memories and preferences, page by page")
async def get_memory(body: GetMemory, call: ReadCall) -> Response:
    scope = _scope(call, body)
    page = await call.memory.get_all(
        limit=body.size, offset=(body.page - 1) * body.size, filters=_filters(body.filter), **scope
    )
    data = {**_EMPTY, **reply(page)["data"]}
    if body.include_preference:
        data["preference_detail_list"] = await _preferences(call, scope, None)
    total = page["total"]
    pages = -(-total // body.size)
    return _ok({**data, "total": total, "size": body.size, "current": body.page, "pages": pages})


@router.post("/get/memory/{memory_id}", summary="Read a memory")
@router.get("/get/memory/{memory_id}", summary="Read a memory")
async def get_one(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.get(memory_id, **call.scope())
    if found is None:
        raise _missing()
    return _ok(memory_detail(found))


@router.post("/update/memory", summary="Correct the text of a memory")
async def update_memory(body: UpdateMemory, call: WriteCall) -> Response:
    changed = await call.memory.update(str(body.memory_id), body.content, **call.scope())
    if changed is None:
        raise _missing()
    return _ok({"success": True})


@router.post("/delete/memory", summary="Delete memories by their ids, a filter, or whose they are")
async def delete_memory(body: DeleteMemory, call: WriteCall) -> Response:
    scope = call.scope(single(body.user_id), single(body.agent_id))
    named = [
        name for name in ("memory_ids", "user_id", "agent_id", "filter") if getattr(body, name) is not None
    ]
    if len(named) != 1:
        raise InvalidInputError("give exactly one of memory_ids, user_id, agent_id and filter")
    if body.memory_ids is not None:
        for each in body.memory_ids:
            await call.memory.delete(str(each), **call.scope())
    else:
        await call.memory.delete_all(filters=_filters(body.filter), **scope)
    return _ok({"success": True})


def _missing() -> NotFoundError:
    return NotFoundError("memory_id: there is no such memory, or it belongs to another user")
