"""Stored rows in the form that the public methods return."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import blake2b
from typing import Literal, TypeAlias, cast

from ...types import (
    EventName,
    FullRecord,
    HistoryRecord,
    MemoryEvent,
    MemoryRecord,
    MemoryStatistics,
    MessageRecord,
    NeighbourRecord,
    PreferenceRecord,
    SearchHit,
    SearchResult,
    TaskEvent,
    TaskRecord,
    TaskStatus,
    TurnRecord,
    UpdatedRecord,
    UsageRecord,
)
from ..changes.writes import (
    Added,
    AddMemory,
    AddTurn,
    Change,
    Delete,
    DoneNote,
    Duplicate,
    Items,
    Outcome,
    ReplaceText,
    Reply,
    Supersede,
    Updated,
)
from ..clock import to_iso
from ..inputs import is_theirs
from ..query.around import Neighbour, in_time
from ..query.search import Answer, Hit
from ..tasks.task import Preference, ProcessStatus, Task, lane_of
from ..text.cleaning import content_hash
from ..values import HistoryEntry, Row, Scope, Statistics, Turn, Usage

_Shown: TypeAlias = Literal["running", "completed", "failed", "cancelled"]
_Status: TypeAlias = Literal["pending", "running", "completed", "failed", "cancelled"]
_AGES = ("< 1 day", "1-7 days", "7-30 days", "> 30 days")


def record(row: Row) -> MemoryRecord:
    """Return a memory as search and list results show it."""
    created = to_iso(row.created_at)
    facets = row.facets
    return {
        "id": row.id,
        "memory": row.text,
        "user_id": row.scope.user_id,
        "agent_id": row.scope.agent_id,
        "run_id": row.scope.run_id,
        "actor_id": row.actor_id,
        "memory_type": row.memory_type,
        "metadata": row.metadata,
        "title": facets.get("title") if facets else None,
        "tags": list(facets.get("tags", ())) if facets else [],
        "categories": list(facets.get("categories", ())) if facets else [],
        "hash": row.hash,
        "created_at": created,
        # Nearly always equal, and formatting a time takes longer than everything else here.
        "updated_at": created if row.updated_at == row.created_at else to_iso(row.updated_at),
        "valid_from": created if row.valid_from == row.created_at else to_iso(row.valid_from),
        "valid_to": None if row.valid_to is None else to_iso(row.valid_to),
        "expires_at": None if row.expires_at is None else to_iso(row.expires_at),
        "superseded_by": row.superseded_by,
        "access_count": row.access_count,
    }


def earlier_records(earlier: Mapping[int, Sequence[Row]], whose: Scope) -> dict[int, list[MemoryRecord]]:
    """Return what memories have taken the place of, by their ids, the latest first.

    Args:
        earlier: the same as rows.
        whose: the scope of the list; what belongs to others is left out.
    """
    theirs = {
        memory_id: [record(row) for row in rows if is_theirs(row.scope, whose)]
        for memory_id, rows in earlier.items()
    }
    return {memory_id: records for memory_id, records in theirs.items() if records}


def full_record(row: Row) -> FullRecord:
    """Return a memory as ``get`` shows it, with its text under both names."""
    return {**record(row), "content": row.text}


def updated_record(row: Row, warnings: list[str]) -> UpdatedRecord:
    """Return a memory as ``update`` shows it, with the key ``warnings`` only if there are any."""
    shown = cast("UpdatedRecord", full_record(row))
    if warnings:
        shown["warnings"] = warnings
    return shown


def hit_record(hit: Hit, *, explain: bool) -> SearchHit:
    """Return a search result."""
    shown = cast("SearchHit", record(hit.row))
    shown["score"] = hit.score
    if explain:
        shown["score_details"] = {name: round(part, 6) for name, part in hit.details.items()}
    return shown


def neighbour_record(one: Neighbour) -> NeighbourRecord:
    """Return a turn beside a result."""
    turn, memory = one.turn, one.memory
    row = memory or Row(
        id=turn.id,
        scope=turn.scope,
        text=turn.content,
        hash=content_hash(turn.content),
        actor_id=turn.actor_id,
        created_at=turn.created_at,
        updated_at=turn.created_at,
        valid_from=turn.sent_at,
    )
    shown = cast(
        "NeighbourRecord",
        {
            **record(row),
            "turn_id": turn.id,
            "role": turn.role,
            "sent_at": to_iso(turn.sent_at),
            "distance": one.distance,
        },
    )
    if memory is None:
        shown["id"] = None
    return shown


def answer_record(answer: Answer, *, explain: bool) -> SearchResult:
    """Return the result of a search, with the key ``warnings`` only if there are any."""
    shown: SearchResult = {"results": [hit_record(hit, explain=explain) for hit in answer.hits]}
    if answer.around is not None:
        for item in shown["results"]:
            item["around"] = [neighbour_record(one) for one in in_time(answer.around.get(item["id"], ()))]
    if answer.warnings:
        shown["warnings"] = list(answer.warnings)
    return shown


def event_item(outcome: Outcome, event: EventName = "ADD") -> MemoryEvent | None:
    """Return an item of ``add``'s results, or ``None`` if nothing changed."""
    previous: str | None = None
    if isinstance(outcome, (Added, Duplicate)):
        row = outcome.row
    elif isinstance(outcome, Updated):
        row, previous = outcome.row, outcome.previous
    elif isinstance(outcome, Row):
        row, previous = outcome, outcome.text
    else:
        return None
    item: MemoryEvent = {
        "id": row.id,
        "memory": row.text,
        "event": event,
        "user_id": row.scope.user_id,
        "agent_id": row.scope.agent_id,
        "run_id": row.scope.run_id,
        "metadata": row.metadata,
        "created_at": to_iso(row.created_at),
    }
    if previous is not None:
        item["previous_memory"] = previous
    return item


def event_items(changes: Sequence[Change], outcomes: Sequence[Outcome], items: Items) -> list[MemoryEvent]:
    """Return the items of ``add``'s results for a part of a batch.

    A memory that supersedes others gives an ``UPDATE`` for each of these, and no ``ADD``.
    """
    changes, outcomes = changes[items.begin : items.end], outcomes[items.begin : items.end]
    if items.verbatim:
        verbatim = [event_item(one, "NONE" if isinstance(one, Duplicate) else "ADD") for one in outcomes]
        return [item for item in verbatim if item is not None]
    part = list(zip(changes, outcomes, strict=True))
    successors = {change.row.id: outcome for change, outcome in part if isinstance(change, AddMemory)}
    superseding = {change.successor for change, outcome in part if isinstance(change, Supersede) and outcome}
    found = (_changed_item(change, outcome, successors, superseding) for change, outcome in part)
    return [item for item in found if item is not None]


def _changed_item(
    change: Change, outcome: Outcome, successors: Mapping[int, Outcome], superseding: Collection[int]
) -> MemoryEvent | None:
    if isinstance(change, Supersede) and isinstance(outcome, Updated):
        item = event_item(successors[change.successor], "UPDATE")
        assert item is not None, "the successor was written in the same batch"
        item["previous_memory"], item["supersedes"] = outcome.previous, change.id
        return item
    if isinstance(change, AddMemory) and isinstance(outcome, Added) and change.row.id not in superseding:
        return event_item(outcome)
    if isinstance(change, ReplaceText) and isinstance(outcome, Updated):
        return event_item(outcome, "UPDATE")
    return event_item(outcome, "DELETE") if isinstance(change, Delete) else None


def kept_text(kept: Reply | DoneNote, changes: Sequence[Change], outcomes: Sequence[Outcome]) -> str | None:
    """Return the text stored under a key for a call, given the batch that contains its changes.

    ``None`` if what is stored says the same.
    """
    if isinstance(kept, Reply):
        return json.dumps({**kept.result, "results": event_items(changes, outcomes, kept.items)})
    items = kept.items
    if kept.evident and type(outcomes[items.begin]) is Added:
        return None
    if items.verbatim:
        told = [
            [one.row.id, "NONE" if isinstance(one, Duplicate) else "ADD"]
            for one in outcomes[items.begin : items.end]
            if isinstance(one, (Added, Duplicate))
        ]
    else:
        told = [[item["id"], item["event"]] for item in event_items(changes, outcomes, items)]
    return completion_note(kept.scope, kept.at, told)


_DONE = "powermem:done:"
_encode = json.JSONEncoder(separators=(",", ":")).encode

COMPLETION_KEYS = (_DONE, "powermem:done;")
"""The range of the keys of all completion notes: from the first value up to, but excluding, the second."""


def completion_key(task_id: int) -> str:
    """Return the key of the completion note of a call of ``add`` that ran in the foreground."""
    return f"{_DONE}{task_id}"


def completion_pattern(scope: Scope) -> str | None:
    """Return the SQL LIKE pattern of a scope's completion notes, or ``None``, since they hold no runs."""
    if scope.run_id is not None:
        return None
    user, agent = ("%" if each is None else _digest(each) for each in (scope.user_id, scope.agent_id))
    return f'[%,["{user}","{agent}"],[%'


def completion_note(scope: Scope, at: int, told: Sequence[Sequence[int | str]]) -> str:
    """Return a completion note: ids and events of memories, and hashes of their owners, but no text.

    The text is looked up when the note is read, so that deleted memories leave no trace here.

    Args:
        scope: the owners.
        at: when the call was made.
        told: the id and the event of each item.
    """
    # The run comes last, since `completion_pattern` matches the beginning.
    return _encode([at, [_digest(scope.user_id), _digest(scope.agent_id)], told, _digest(scope.run_id)])


def ids_in_note(note: str) -> list[int]:
    """Return the ids of the memories in a completion note."""
    return [memory_id for memory_id, _ in json.loads(note)[2]]


def task_from_note(
    task_id: int, note: str, whose: Scope, describe: Callable[[int, EventName], TaskEvent]
) -> Task | None:
    """Return a completion note as a task, or ``None`` if it belongs to another user, agent or run.

    Args:
        task_id: its id.
        note: the completion note.
        whose: the scope to match; ids that are ``None`` match all.
        describe: makes an item of the results from a memory id and an event.
    """
    # Notes of earlier versions have no run.
    at, (user, agent), told, *run = json.loads(note)
    noted = (user, agent, run[0] if run else None)
    if any(
        given is not None and _digest(given) != digest for given, digest in zip(whose, noted, strict=True)
    ):
        return None
    results = [describe(memory_id, event) for memory_id, event in told]
    return Task(
        task_id,
        lane_of(whose),
        whose,
        "add",
        at,
        at,
        at,
        ProcessStatus.COMPLETED,
        "done",
        knowledge_count=len(results),
        outcome={"results": results},
    )


@lru_cache(maxsize=1024)
def _digest(name: str | None) -> str:
    return blake2b((name or "").encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def event_in_note(memory_id: int, event: EventName, row: Row | None) -> TaskEvent:
    """Return an item of a completion note with the current memory, or with ``None`` if it was deleted."""
    item = None if row is None else event_item(Added(row), event)
    return {"id": memory_id, "memory": None, "event": event} if item is None else {**item}


def history_record(entry: HistoryEntry) -> HistoryRecord:
    """Return one entry of a memory's history."""
    return {
        "memory_id": entry.memory_id,
        "event": entry.event,
        "old_memory": entry.old_memory,
        "new_memory": entry.new_memory,
        "created_at": to_iso(entry.created_at),
        "actor": entry.actor,
    }


def turn_record(turn: Turn | AddTurn) -> TurnRecord:
    """Return a source turn."""
    return {
        "id": turn.id,
        "role": turn.role,
        "content": turn.content,
        "actor_id": turn.actor_id,
        "sent_at": to_iso(turn.sent_at),
    }


def message_record(role: str, sent_at: int, turn: AddTurn | None) -> MessageRecord:
    """Return a message with its turn; the id is ``None`` if the message was empty and not stored."""
    if turn is None:
        return {"id": None, "role": role, "content": "", "actor_id": None, "sent_at": to_iso(sent_at)}
    return {**turn_record(turn)}


def task_record(task: Task) -> TaskStatus:
    """Return a task as in ``get_status``, where a pending task counts as running."""
    waiting = task.status is ProcessStatus.PENDING
    shown: TaskStatus = {
        "task_id": str(task.id),
        "status": cast("_Shown", str(ProcessStatus.RUNNING if waiting else task.status)),
        "stage": task.stage,
        "error": task.error,
        "results": list(task.outcome.get("results", ())),
        "preferences": list(task.outcome.get("preferences", ())),
        "created_at": to_iso(task.created_at),
        "updated_at": to_iso(task.updated_at),
    }
    warnings = task.outcome.get("warnings")
    if warnings:
        shown["warnings"] = list(warnings)
    return shown


def listed_task(task: Task) -> TaskRecord:
    """Return a task as in ``list_tasks``: with its actual status, and without its results."""
    return {
        "task_id": str(task.id),
        "status": cast("_Status", str(task.status)),
        "stage": task.stage,
        "error": task.error,
        "kind": task.kind,
        "user_id": task.scope.user_id,
        "agent_id": task.scope.agent_id,
        "run_id": task.scope.run_id,
        "attempts": task.attempts,
        "knowledge_count": task.knowledge_count,
        "created_at": to_iso(task.created_at),
        "updated_at": to_iso(task.updated_at),
        "due_at": to_iso(task.due_at),
    }


def preference_record(preference: Preference) -> PreferenceRecord:
    """Return a preference."""
    return {
        "id": preference.id,
        "preference_type": preference.kind,
        "preference": preference.text,
        "reasoning": preference.reasoning,
        "user_id": preference.scope.user_id,
        "agent_id": preference.scope.agent_id,
        "run_id": preference.scope.run_id,
        "created_at": to_iso(preference.created_at),
    }


def statistics_record(numbers: Statistics, *, store: str, embedder: str, extractor: str) -> MemoryStatistics:
    """Return the result of ``get_statistics``."""
    first_day = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return {
        "total_memories": numbers.total,
        "by_type": dict(numbers.by_type),
        "by_tag": dict(numbers.by_tag),
        "by_category": dict(numbers.by_category),
        "avg_importance": round(numbers.average_importance, 4),
        "top_accessed": [
            {"id": memory_id, "content": text[:50], "access_count": count}
            for memory_id, text, count in numbers.top_accessed
        ],
        "growth_trend": {
            f"{first_day + timedelta(days=day):%Y-%m-%d}": count for day, count in numbers.by_day.items()
        },
        "age_distribution": {name: numbers.by_age.get(i, 0) for i, name in enumerate(_AGES)},
        "store": store,
        "embedder": embedder,
        "extractor": extractor,
    }


def usage_record(usage: Usage) -> UsageRecord:
    """Return what a call cost, as its result says it."""
    return {
        "llm_calls": usage.llm_calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "embedded_texts": usage.embedded_texts,
        "facts_left_out": usage.facts_left_out,
        "seconds": round(usage.seconds, 6),
    }


class Accesses:
    """Counts by owner and id; safe to share between tasks and between threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, rows: Iterable[Row]) -> None:
        """Count one access of each memory."""
        with self._lock:
            self._counts.update((row.scope.user_id or "", row.id) for row in rows)

    def take(self) -> Mapping[tuple[str, int], int]:
        """Return all counts and start again from zero."""
        if not self._counts:
            return {}
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Mapping[tuple[str, int], int]) -> None:
        """Count again what was taken but could not be written."""
        with self._lock:
            self._counts.update(counts)

    def include(self, rows: Sequence[Row]) -> None:
        """Add what is not written yet to the rows' own counts."""
        if not self._counts:
            return
        with self._lock:
            for row in rows:
                row.access_count += self._counts.get((row.scope.user_id or "", row.id), 0)
