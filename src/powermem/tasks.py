"""Work that is done in the background, as plain values; times are microseconds UTC."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from .errors import (
    AuthenticationError,
    ConfigError,
    EmbeddingMismatchError,
    InvalidInputError,
    ProviderError,
    QuotaExceededError,
)
from .types import EventName, Scope, TaskEvent, Turn
from .wire.reasons import FILTERED, QUOTA, TOO_LONG
from .wire.retry import is_passing


class ProcessStatus(str, Enum):
    """How far a task has come. The last three are final, though a failed task can be tried again."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nobody works on it any more."""
        return self not in OPEN

    def __str__(self) -> str:
        return self.value


OPEN = frozenset({ProcessStatus.PENDING, ProcessStatus.RUNNING})
"""The states of a task that is still to be done."""


LONGEST_PAUSE = 60.0
"""Seconds for which a task waits at most before it is tried again."""


def is_due(due_at: int, at: int) -> bool:
    """Tell whether a task may begin: also where a clock that was ahead said when.

    Args:
        due_at: when it is due, microseconds UTC.
        at: now, microseconds UTC.
    """
    return not at < due_at <= at + int(LONGEST_PAUSE * 1_000_000)


OVER_BUDGET = "over budget"
"""The stage of a task that failed because a budget was used up, and is begun again when it is due."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a store keeps it.

    Attributes:
        id: ids are in the order in which tasks were made, which is the order of the work of one lane.
        lane: whose work it is; see ``lane_of``.
        scope: whose memories come of it.
        kind: ``"process"`` extracts from the turns that are buffered when it begins, ``"refine"`` from its
            own.
        status: how far it has come.
        stage: what is being done, for people to read.
        attempts: how often it was begun.
        error: why the last attempt failed.
        knowledge_count: how many memories it wrote.
        payload: what the work needs besides the turns; JSON values.
        outcome: what came of it: ``results`` and ``preferences``; JSON values.
        created_at: when it was made.
        updated_at: when any of this changed last.
        due_at: it is not begun before.
    """

    id: int
    lane: str
    scope: Scope
    kind: str
    created_at: int
    updated_at: int
    due_at: int
    status: ProcessStatus = ProcessStatus.PENDING
    stage: str = "queued"
    attempts: int = 0
    error: str | None = None
    knowledge_count: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BufferedTurn:
    """A turn that waits to be processed.

    Attributes:
        turn: what was said.
        lane: whose work it is.
        task_id: the task that has taken it on, if one has.
        parts: the parts of the message that are not text, as JSON, or ``None``.
    """

    turn: Turn
    lane: str
    task_id: int | None = None
    parts: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """What somebody likes or wants, and how that is known.

    Attributes:
        id: time-ordered.
        scope: whose it is.
        kind: ``"explicit_preference"`` or ``"implicit_preference"``.
        text: what is preferred.
        reasoning: why one may think so.
        hash: the identity of the text; a scope holds it once.
        created_at: when it was learned.
    """

    id: int
    scope: Scope
    kind: str
    text: str
    reasoning: str
    hash: str
    created_at: int


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """Numbers about the work to do.

    Attributes:
        buffered: turns that no task has taken on.
        by_status: how many tasks there are in each state.
        oldest_at: when the oldest of the waiting turns and open tasks was made; ``None`` when there is none.
    """

    buffered: int
    by_status: Mapping[ProcessStatus, int]
    oldest_at: int | None


def lane_of(scope: Scope) -> str:
    """Return the key under which a scope's work is done in order: the user, or who stands in for one."""
    for letter, name in zip("uar", scope, strict=True):
        if name:
            return f"{letter}:{name}"
    # Not empty: pages of lanes begin behind the empty string.
    return "-"


def lane_scope(scope: Scope) -> Scope:
    """Return the widest scope with the same lane."""
    for number, name in enumerate(scope):
        if name:
            return Scope(**{Scope._fields[number]: name})
    return Scope()


def work_scope(scope: Scope, agent_id: str | None) -> Scope:
    """Return the scope of the task that learns from a scope's messages.

    It is all of the user's, but found by programs that look for the tasks of the memory's own agent.
    """
    whole = lane_scope(scope)
    return whole if whole.user_id is None else whole._replace(agent_id=agent_id)


# What a provider says again, and what every way of asking was tried for.
_LASTING = frozenset({FILTERED, QUOTA, TOO_LONG})


_DONE = "powermem:done:"

ALL_DONE = (_DONE, "powermem:done;")
"""The key of every note that a call is over is the first one or behind it, and before the second one."""


def done_key(task_id: int) -> str:
    """Return the key under which it is noted what came of a call that is over when it returns."""
    return f"{_DONE}{task_id}"


def done_pattern(scope: Scope) -> str | None:
    """Return the pattern of SQL's LIKE for the notes of a scope; ``None`` where they do not tell."""
    if scope.run_id is not None:
        return None
    user, agent = ("%" if each is None else _digest(each) for each in (scope.user_id, scope.agent_id))
    return f'[%,["{user}","{agent}"],[%'


def done_note(scope: Scope, at: int, items: Sequence[Mapping[str, Any]]) -> str:
    """Return what is noted: which memories came of it, and nothing of what they say or whose they are.

    What they say is looked up, so that a memory that is deleted is gone from here too.
    """
    told = [[item["id"], item["event"]] for item in items]
    return json.dumps([at, [_digest(scope.user_id), _digest(scope.agent_id)], told], separators=(",", ":"))


def noted_ids(note: str) -> list[int]:
    """Return the ids of the memories of which a note tells."""
    return [memory_id for memory_id, _ in json.loads(note)[2]]


def noted_task(
    task_id: int, note: str, whose: Scope, describe: Callable[[int, EventName], TaskEvent]
) -> Task | None:
    """Return a call that is over as a task, or ``None`` when it is somebody else's.

    Args:
        task_id: its id.
        note: what was noted of it.
        whose: who asks; ids that are ``None`` match everything.
        describe: returns an item of the results for a memory's id and what happened to it.
    """
    at, (user, agent), told = json.loads(note)
    if any(
        given is not None and _digest(given) != noted
        for given, noted in ((whose.user_id, user), (whose.agent_id, agent))
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


def is_hopeless(error: Exception) -> bool:
    """Tell whether trying again cannot help until somebody has changed something."""
    if isinstance(error, ProviderError) and error.reason in _LASTING:
        return True
    if isinstance(error, ProviderError) and error.status is not None:
        return not is_passing(error.status)
    return isinstance(
        error,
        (ConfigError, InvalidInputError, AuthenticationError, EmbeddingMismatchError, QuotaExceededError),
    )
