"""What happened: the messages, and the changes of the memories that there are, in sessions and one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from ..._async.stores.base import AsyncStore
from ..._core import clock
from ..._core.sql.events import ALWAYS, Asked, Event, Place, Session
from ...errors import InvalidInputError
from ..call import Call, ReadCall
from ..caller import ScopeIds
from ..v1.parameters import AgentId, RunId, UserId
from .envelope import moment, ok
from .shapes import InTime, Order, TimeRange, since

router = APIRouter(prefix="/memories", tags=["powermem 1.1"])

_PREVIEW = 240
"""Characters of a preview; as in powermem 1.1."""

_READ = 10_000
"""Events that are read at once where each is looked at: some 10 MB."""

_NATURE = {
    "precision": "event_log",
    "capabilities": {
        "event_log": True,
        "memory_snapshot": True,
        "before_after_diff": True,
        "source_on_demand": True,
    },
}


def _moment(at: int) -> str:
    return moment(clock.to_iso(at))


def _content(event: Event) -> str:
    """Return what was said, or is remembered since."""
    if event.turn is not None:
        return event.turn.content
    assert event.change is not None
    return event.change.new_memory or event.change.old_memory or ""


def _further(event: Event) -> dict[str, Any]:
    if event.change is None:
        return {} if event.turn is None else {"role": event.turn.role}
    change = event.change
    return {"old_memory": change.old_memory, "new_memory": change.new_memory, "actor": change.actor}


def _body(event: Event, include_source: bool) -> dict[str, Any]:
    """Return an event as clients read it."""
    place, content = event.place, _content(event)
    found = {
        "event_id": ".".join(map(str, place)),
        "occurred_at": _moment(place.happened),
        **event.scope._asdict(),
        "memory_id": str(place.id) if place.kind else None,
        "event_type": event.name,
        "content_preview": content[:_PREVIEW],
        "metadata": _further(event),
        "precision": _NATURE["precision"],
    }
    return {**found, "source_content": content} if include_source else found


async def _opened(
    call: Call, ids: ScopeIds, time_range: TimeRange | None, name: str | None = None
) -> tuple[AsyncStore, Asked]:
    """Return the store, and which events are asked for."""
    scope = call.memory._scope(**ids, required=True)
    components = await call.memory._access.open(any_vectors=True)
    return components.store, Asked(scope, since(time_range) or ALWAYS, name)


def _read(cursor: str) -> tuple[Place, int]:
    """Return the end of the page before, and the number of all events."""
    try:
        *place, total = map(int, cursor.split("."))
        return Place(*place), total
    except (TypeError, ValueError):
        raise InvalidInputError("cursor: expected next_cursor of the page before") from None


async def _containing(store: AsyncStore, asked: Asked, text: str, descending: bool) -> AsyncIterator[Event]:
    """Yield the events whose content holds a text, in order."""
    after: Place | None = None
    while found := await store.events(asked, limit=_READ, after=after, descending=descending):
        after = found[-1].place
        for event in found:
            if text.lower() in _content(event).lower():
                yield event


@router.get("/timeline", summary="Read what was said, and what became of memories, in order")
async def timeline(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    event_type: Annotated[str | None, Query(description="MESSAGE, ADD, UPDATE and the like")] = None,
    q: Annotated[str | None, Query(description="Only what contains this")] = None,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    order: Order = "desc",
    time_range: InTime = None,
    include_source: Annotated[bool, Query(description="With the whole text of each")] = False,
) -> Response:
    store, asked = await _opened(call, call.scope(user_id, agent_id, run_id), time_range, event_type)
    after, total = (None, 0) if cursor is None else _read(cursor)
    if q:
        # The database does not know of case as Python does, so each event is looked at.
        events: list[Event] = []
        total = 0
        async for event in _containing(store, asked, q, order == "desc"):
            total += 1
            beyond = after is None or (event.place < after if order == "desc" else event.place > after)
            if beyond and len(events) <= limit:
                events.append(event)
    else:
        events = await store.events(asked, limit=limit + 1, after=after, descending=order == "desc")
        total = total if after is not None else await store.count_events(asked)
    more, events = len(events) > limit, events[:limit]
    data = {
        "events": [_body(event, include_source) for event in events],
        "total": total,
        "limit": limit,
        "next_cursor": ".".join(map(str, (*events[-1].place, total))) if more else None,
        "order": order,
    }
    return ok({**data, **_NATURE}, "Timeline retrieved successfully")


async def _session(store: AsyncStore, asked: Asked, session: Session) -> dict[str, Any]:
    own = asked._replace(scope=session.scope, exact=True)
    latest = await store.events(own, limit=1, descending=True)
    return {
        **session.scope._asdict(),
        "first_seen": _moment(session.first_seen),
        "last_seen": _moment(session.last_seen),
        "event_count": session.event_count,
        "memory_count": session.memory_count,
        "latest_preview": "".join(_content(event)[:_PREVIEW] for event in latest),
        "precision": _NATURE["precision"],
    }


@router.get("/sessions", summary="List the runs, with what happened in them")
async def sessions(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    sort_by: Literal["last_seen", "first_seen", "event_count", "memory_count", "run_id"] = "last_seen",
    order: Order = "desc",
    time_range: InTime = None,
) -> Response:
    store, asked = await _opened(call, call.scope(user_id, agent_id, run_id), time_range)
    found, total = await store.sessions(
        asked, sort_by=sort_by, descending=order == "desc", limit=limit, offset=offset
    )
    page = await asyncio.gather(*(_session(store, asked, each) for each in found))
    data = {"sessions": page, "total": total, "limit": limit, "offset": offset, **_NATURE}
    return ok(data, "Sessions retrieved successfully")


@router.get("/session-stats", summary="Read numbers about what happened in the runs")
async def session_stats(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    time_range: InTime = None,
) -> Response:
    store, asked = await _opened(call, call.scope(user_id, agent_id, run_id), time_range)
    asked = asked._replace(in_runs=True)
    _, runs = await store.sessions(asked, sort_by="run_id", descending=False, limit=0, offset=0)
    names = await store.event_names(asked)
    data = {
        "total_sessions": runs,
        "total_events": names.total(),
        "changed_memories": await store.changed_memories(asked),
        # Nothing is written down that changes nothing.
        "no_op_events": 0,
        "no_op_rate": 0.0,
        "event_types": names,
    }
    return ok({**data, **_NATURE}, "Session statistics retrieved successfully")
