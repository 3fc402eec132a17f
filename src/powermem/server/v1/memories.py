"""Memories: add, list, read, change and delete them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, cast

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from ..._core.inputs import KEEP, SORT_COLUMNS
from ..._core.masking import shown
from ...errors import InvalidInputError, NotFoundError, PowerMemError
from ...rest import json_safe
from ..answers import extra
from ..call import Call, ReadCall, WriteCall
from ..cursors import Cursor
from ..problems import problem_of
from ..replies import with_text_ids
from ..requests import REQUEST_ID
from .parameters import AgentId, Filters, RunId, UserId, read_filters
from .shapes import MOST_RESULTS, Addition, Batch, Change

router = APIRouter(prefix="/v1", tags=["memories"])

_ADDED_AT_ONCE = 64
"""Items of a batch in progress at once; these share embedding requests and transactions."""

MemoryId = Annotated[str, Path(description="The id of a memory")]
IdempotencyKey = Annotated[str | None, Header(description="As idempotency_key in the body")]


def _arguments(call: Call, body: Addition, key: str | None) -> dict[str, Any]:
    given = dict(body)
    named = given["idempotency_key"]
    if None not in (key, named) and key != named:
        raise InvalidInputError("idempotency_key: the body and the header Idempotency-Key differ")
    given["idempotency_key"] = named or key
    given.update(call.scope(given["user_id"], given["agent_id"], given["run_id"]))
    return given


def _status(added: dict[str, Any]) -> int:
    return 202 if added["status"] == "running" else 200


def _missing(memory_id: str) -> NotFoundError:
    return NotFoundError(f"memory_id: there is no memory {shown(memory_id)}, or it belongs to another user")


@router.post(
    "/memories",
    summary="Store memories of messages",
    responses={202: {"description": "Facts are extracted in the background; see the task"}},
    openapi_extra=extra("Added"),
)
async def add(body: Addition, call: WriteCall, idempotency_key: IdempotencyKey = None) -> Response:
    added = {**json_safe(await call.memory.add(**_arguments(call, body, idempotency_key)))}
    return call.reply(added, _status(added))


@router.post(
    "/memories/batch",
    summary="Store memories of several items, each by itself",
    openapi_extra=extra("AddedBatch"),
)
async def add_batch(body: Batch, call: WriteCall, idempotency_key: IdempotencyKey = None) -> Response:
    places = asyncio.Semaphore(_ADDED_AT_ONCE)
    # Every id is checked before anything is stored.
    asked = [
        _arguments(call, item, item.idempotency_key or (idempotency_key and f"{idempotency_key}:{index}"))
        for index, item in enumerate(body.items)
    ]

    async def one(index: int, arguments: dict[str, Any]) -> dict[str, Any]:
        async with places:
            try:
                return {"index": index, **json_safe(await call.memory.add(**arguments))}
            except PowerMemError as error:
                return {"index": index, "problem": problem_of(error).body(REQUEST_ID.get())}

    items = await asyncio.gather(*(one(index, each) for index, each in enumerate(asked)))
    failed = sum("problem" in item for item in items)
    running = any(item.get("status") == "running" for item in items)
    return call.reply(
        {"items": items, "added": len(items) - failed, "failed": failed}, 202 if running else 200
    )


@router.get("/memories", summary="List memories, page by page", openapi_extra=extra("Page"))
async def list_all(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    filters: Filters = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RESULTS)] = 100,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
    sort_by: Annotated[str, Query(description=", ".join(SORT_COLUMNS))] = "created_at",
    order: Annotated[str, Query(description="asc or desc")] = "desc",
    as_of: Annotated[str | None, Query(description="List what was true at that moment")] = None,
    history: Annotated[bool, Query(description="With what the memories have taken the place of")] = False,
) -> Response:
    behind = None if cursor is None else Cursor.read(cursor)
    if behind is not None:
        sort_by, order = behind.sort_by, behind.order
    page = await call.memory._page(
        **call.scope(user_id, agent_id, run_id),
        limit=limit,
        offset=0,
        filters=read_filters(filters),
        sort_by=sort_by,
        order=order,
        as_of=as_of,
        history=history,
        after=None if behind is None else behind.position(),
    )
    results, more = page["results"], page["total"] > len(page["results"])
    total = page["total"] if behind is None else behind.total
    body: dict[str, Any] = {
        "total": total,
        "next_cursor": Cursor.behind(results, sort_by, order, total).text() if more else None,
        "results": [with_text_ids(cast("dict[str, Any]", record)) for record in results],
    }
    if history:
        body["earlier"] = {
            str(memory_id): [with_text_ids(cast("dict[str, Any]", record)) for record in records]
            for memory_id, records in page["earlier"].items()
        }
    return call.reply(body)


@router.delete(
    "/memories",
    summary="Delete every memory of a user, an agent or a run, or those of a filter",
    openapi_extra=extra("Deleted"),
)
async def delete_all(
    call: WriteCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    filters: Filters = None,
) -> Response:
    deleted = await call.memory.delete_all(
        **call.scope(user_id, agent_id, run_id), filters=read_filters(filters)
    )
    return call.reply({**deleted})


@router.get("/memories/{memory_id}", summary="Read a memory", openapi_extra=extra("One"))
async def get(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.get(memory_id, **call.scope())
    if found is None:
        raise _missing(memory_id)
    return call.reply(with_text_ids({**found}))


@router.patch(
    "/memories/{memory_id}",
    summary="Change the text, the metadata or the expiry of a memory",
    openapi_extra=extra("Updated"),
)
async def update(memory_id: MemoryId, body: Change, call: WriteCall) -> Response:
    changed = await call.memory.update(
        memory_id,
        body.content,
        **call.scope(),
        metadata=body.metadata,
        replace_metadata=body.replace_metadata,
        expires_at=body.expires_at if "expires_at" in body.model_fields_set else KEEP,
    )
    if changed is None:
        raise _missing(memory_id)
    return call.reply(with_text_ids({**changed}))


@router.delete("/memories/{memory_id}", summary="Delete a memory", openapi_extra=extra("Deleted"))
async def delete(memory_id: MemoryId, call: WriteCall) -> Response:
    if not await call.memory.delete(memory_id, **call.scope()):
        raise _missing(memory_id)
    return call.reply({"deleted": 1})


@router.get(
    "/memories/{memory_id}/history",
    summary="Read what happened to a memory",
    openapi_extra=extra("Histories"),
)
async def history(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.history(memory_id, **call.scope())
    if not found:
        raise _missing(memory_id)
    return call.reply({"results": json_safe(found)})


@router.get(
    "/memories/{memory_id}/sources",
    summary="Read the messages that a memory came from",
    openapi_extra=extra("Turns"),
)
async def sources(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.sources(memory_id, **call.scope())
    if not found and await call.memory.get(memory_id, **call.scope()) is None:
        raise _missing(memory_id)
    return call.reply({"results": json_safe(found)})
