"""The routes of MemOS's API, which are all POST."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from ..._core import clock
from ..._core.inputs import KEEP
from ..._core.sql.events import MESSAGE, Asked
from ..._core.values import Turn
from ...errors import InvalidInputError, NotFoundError
from ...rest import memory_detail, preference_detail, reply
from ..call import Call, ReadCall, WriteCall
from ..filters import ids_named
from ..repeats import add_once
from ..replies import json_response
from . import left_out
from .shapes import (
    USUAL_MESSAGES,
    AddFeedback,
    AddMessage,
    DeleteMemory,
    GetMemory,
    GetMessage,
    GetStatus,
    Owned,
    SearchMemory,
    UpdateMemory,
    single,
)

PREFIX = "/api/openmem/v1"

router = APIRouter(prefix=PREFIX, tags=["MemOS"])
router.include_router(left_out.router)

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
# Their names in filters, and ours.
_NAMES = {
    "and": "AND",
    "or": "OR",
    "not": "NOT",
    "conversation_id": "run_id",
    "create_time": "created_at",
    "update_time": "updated_at",
}
_SOURCES = {"user", "public", "knowledgebase"}


def _ok(data: object) -> Response:
    return json_response({"code": 0, "data": data, "message": "ok"})


def _owner(body: Owned) -> tuple[object, object]:
    return single(body.user_id, "user_id"), single(body.agent_id, "agent_id")


def _scope(call: Call, body: Owned, run_id: object = None) -> Any:
    found = call.scope(*_owner(body), run_id)
    if found["user_id"] is None and found["agent_id"] is None:
        raise InvalidInputError("user_id or agent_id: one of them is required")
    return found


def _filters(given: Any) -> Any:
    """Return a filter with our names; what was sent as ``info`` is metadata here."""
    if isinstance(given, Mapping) and given and given.keys() <= _SOURCES:
        # One filter for each of their sources, of which there is one here.
        given = given.get("user")
    if isinstance(given, list):
        return [_filters(each) for each in given]
    if not isinstance(given, Mapping):
        return given
    return {
        _NAMES.get(name, name.removeprefix("info.")): _filters(value)
        if name in ("and", "or", "not")
        else value
        for name, value in given.items()
    }


async def _preferences(call: Call, scope: Mapping[str, Any], limit: int | None) -> list[Any]:
    if scope["user_id"] is None:
        return []
    found = await call.memory.get_preferences(**scope)
    latest = found if limit is None else found[max(0, len(found) - limit) :]
    return [preference_detail(each) for each in latest]


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
    data = dict(_EMPTY)
    if body.memory_limit_number:
        found = await call.memory.search(
            body.query,
            limit=body.memory_limit_number,
            filters=_filters(body.filter),
            threshold=body.relativity,
            **scope,
        )
        data.update(reply(found)["data"])
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


@router.post("/get/message", summary="Read the latest messages of a conversation")
async def get_message(body: GetMessage, call: ReadCall) -> Response:
    scope = call.memory._scope(**_scope(call, body, body.conversation_id))
    components = await call.memory._access.open(any_vectors=True)
    latest = await components.store.events(
        Asked(scope, name=MESSAGE), limit=body.message_limit_number or USUAL_MESSAGES, descending=True
    )
    turns = [event.turn for event in reversed(latest) if event.turn is not None]
    return _ok({"message_detail_list": [_message(turn) for turn in turns]})


@router.post("/update/memory", summary="Correct the text or the title of a memory, archive or delete it")
async def update_memory(body: UpdateMemory, call: WriteCall) -> Response:
    scope, memory_id = call.scope(), str(body.memory_id)
    if body.status == "deleted":
        changed: Any = await call.memory.delete(memory_id, **scope) or None
    else:
        ends = {None: KEEP, "activated": None, "archived": datetime.now(timezone.utc)}
        changed = await call.memory.update(
            memory_id,
            body.content,
            metadata=None if body.title is None else {"title": body.title},
            expires_at=ends[body.status],
            **scope,
        )
    if changed is None:
        raise _missing()
    return _ok({"success": True})


@router.post("/delete/memory", summary="Delete memories by their ids, a filter, or whose they are")
async def delete_memory(body: DeleteMemory, call: WriteCall) -> Response:
    scope = call.scope(*_owner(body))
    named = [
        name for name in ("memory_ids", "user_id", "agent_id", "filter") if getattr(body, name) is not None
    ]
    if len(named) != 1:
        raise InvalidInputError("give exactly one of memory_ids, user_id, agent_id and filter")
    if body.memory_ids is not None:
        for each in body.memory_ids:
            await call.memory.delete(str(each), **scope)
    else:
        filters = _filters(body.filter)
        await call.memory.delete_all(filters=filters, **call.scope(**{**scope, **ids_named(filters)}))
    return _ok({"success": True})


@router.post("/add/feedback", summary="Store what somebody says about what is remembered, as a message")
async def add_feedback(body: AddFeedback, call: WriteCall) -> Response:
    said = {"role": "user", "content": body.feedback_content, "timestamp": body.feedback_time}
    added = await add_once(
        call,
        ["memos feedback", body.model_dump()],
        _scope(call, body, body.conversation_id),
        [{name: value for name, value in said.items() if value is not None}],
        metadata=None if body.app_id is None else {"app_id": body.app_id},
        async_mode=True,
    )
    return json_response(reply(added))


def _message(turn: Turn) -> dict[str, str]:
    at = clock.to_iso(turn.sent_at)[:19].replace("T", " ")
    return {"role": turn.role, "content": turn.content, "create_time": at, "update_time": at}


def _missing() -> NotFoundError:
    return NotFoundError("memory_id: there is no such memory, or it belongs to another user")
