"""What happened: the messages, and the changes of the memories that there are, in sessions and one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query
from starlette.responses import Response

from ..._async.bulk.exporting import AsyncExporter
from ..._core import clock
from ..._core.transfer.sources import Page
from ..._core.values import Scope
from ...errors import InvalidInputError
from ..call import Call, ReadCall
from ..caller import ScopeIds
from ..v1.parameters import AgentId, RunId, UserId
from .envelope import moment, ok
from .shapes import InTime, Order, TimeRange, since

router = APIRouter(prefix="/memories", tags=["powermem 1.1"])

_PREVIEW = 240
"""Characters of a preview; as in powermem 1.1."""

_NATURE = {
    "precision": "event_log",
    "capabilities": {
        "event_log": True,
        "memory_snapshot": True,
        "before_after_diff": True,
        "source_on_demand": True,
    },
}


class Event(NamedTuple):
    """A message, or a change of a memory. The first four are its place among all.

    Attributes:
        at: when; microseconds UTC.
        kind: 0 for a message, 1 for a change.
        id: of the message or the memory.
        number: of the change.
        scope: whose.
        name: ``MESSAGE``, or what the history calls it.
        content: what was said, or is remembered since.
        further: whatever else there is.
    """

    at: int
    kind: int
    id: int
    number: int
    scope: Scope
    name: str
    content: str
    further: dict[str, Any]

    def body(self, include_source: bool) -> dict[str, Any]:
        """Return the event as clients read it."""
        found = {
            "event_id": ".".join(map(str, self[:4])),
            "occurred_at": _moment(self.at),
            **self.scope._asdict(),
            "memory_id": str(self.id) if self.kind else None,
            "event_type": self.name,
            "content_preview": self.content[:_PREVIEW],
            "metadata": self.further,
            "precision": _NATURE["precision"],
        }
        return {**found, "source_content": self.content} if include_source else found


def _moment(at: int) -> str:
    return moment(clock.to_iso(at))


def _of(page: Page) -> Iterator[Event]:
    for turn in page.turns:
        yield Event(turn.sent_at, 0, turn.id, 0, turn.scope, "MESSAGE", turn.content, {"role": turn.role})
    for stored in page.memories:
        for number, entry in enumerate(stored.history):
            content = entry.new_memory or entry.old_memory or ""
            further = {"old_memory": entry.old_memory, "new_memory": entry.new_memory, "actor": entry.actor}
            place = entry.created_at, 1, stored.row.id, number
            yield Event(*place, stored.row.scope, entry.event, content, further)


async def _events(call: Call, ids: ScopeIds, time_range: TimeRange | None) -> AsyncIterator[Event]:
    """Yield what happened, page by page and in no order."""
    scope = call.memory._scope(**ids, required=True)
    components = await call.memory._access.open(any_vectors=True)
    begin = since(time_range)
    async for page in AsyncExporter(components.store, scope, None, vectors=False).pages():
        for event in _of(page):
            if event.at >= begin:
                yield event


def _read(cursor: str) -> tuple[int, ...]:
    try:
        found = tuple(map(int, cursor.split(".")))
    except ValueError:
        found = ()
    if len(found) != 4:
        raise InvalidInputError("cursor: expected next_cursor of the page before")
    return found


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
    begin, newest_first = None if cursor is None else _read(cursor), order == "desc"
    kept: list[Event] = []
    total = 0
    async for event in _events(call, call.scope(user_id, agent_id, run_id), time_range):
        if event_type not in (None, event.name) or (q and q.lower() not in event.content.lower()):
            continue
        total += 1
        if begin is None or (event[:4] < begin if newest_first else event[:4] > begin):
            kept.append(event)
        if len(kept) > 10 * limit:
            # No more is held than a few pages.
            kept = sorted(kept, key=itemgetter(0, 1, 2, 3), reverse=newest_first)[: limit + 1]
    kept.sort(key=itemgetter(0, 1, 2, 3), reverse=newest_first)
    events = [event.body(include_source) for event in kept[:limit]]
    after = events[-1]["event_id"] if len(kept) > limit else None
    data = {"events": events, "total": total, "limit": limit, "next_cursor": after, "order": order}
    return ok({**data, **_NATURE}, "Timeline retrieved successfully")


class _Session:
    """What happened in one run of one user."""

    def __init__(self, first: Event) -> None:
        self.first = self.last = first
        self.count = 0
        self.memories: set[int] = set()

    def note(self, event: Event) -> None:
        self.count += 1
        self.first = min(self.first, event, key=attrgetter("at"))
        self.last = max(self.last, event, key=attrgetter("at"))
        if event.kind:
            self.memories.add(event.id)

    def body(self) -> dict[str, Any]:
        return {
            **self.first.scope._asdict(),
            "first_seen": _moment(self.first.at),
            "last_seen": _moment(self.last.at),
            "event_count": self.count,
            "memory_count": len(self.memories),
            "latest_preview": self.last.content[:_PREVIEW],
            "precision": _NATURE["precision"],
        }


async def _sessions(call: Call, ids: ScopeIds, time_range: TimeRange | None) -> list[dict[str, Any]]:
    found: dict[Scope, _Session] = {}
    async for event in _events(call, ids, time_range):
        if event.scope.run_id is not None:
            found.setdefault(event.scope, _Session(event)).note(event)
    return [session.body() for session in found.values()]


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
    found = await _sessions(call, call.scope(user_id, agent_id, run_id), time_range)
    found.sort(key=itemgetter(sort_by, "run_id"), reverse=order == "desc")
    page = found[offset : offset + limit]
    data = {"sessions": page, "total": len(found), "limit": limit, "offset": offset, **_NATURE}
    return ok(data, "Sessions retrieved successfully")


@router.get("/session-stats", summary="Read numbers about what happened in the runs")
async def session_stats(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    time_range: InTime = None,
) -> Response:
    names: Counter[str] = Counter()
    runs: set[Scope] = set()
    memories: set[int] = set()
    async for event in _events(call, call.scope(user_id, agent_id, run_id), time_range):
        if event.scope.run_id is not None:
            names[event.name] += 1
            runs.add(event.scope)
            memories |= {event.id} if event.kind else set()
    data = {
        "total_sessions": len(runs),
        "total_events": names.total(),
        "changed_memories": len(memories),
        # Nothing is written down that changes nothing.
        "no_op_events": 0,
        "no_op_rate": 0.0,
        "event_types": names,
    }
    return ok({**data, **_NATURE}, "Session statistics retrieved successfully")
