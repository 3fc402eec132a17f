"""Background tasks as plain values. All times are microseconds UTC."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from ...errors import (
    AuthenticationError,
    ConfigError,
    EmbeddingMismatchError,
    InvalidInputError,
    ProviderError,
    QuotaExceededError,
)
from .. import clock
from ..instruments import AGE, DEPTH, record
from ..values import Scope, Turn
from ..wire.reasons import FILTERED, QUOTA, TOO_LONG, is_passing


class ProcessStatus(str, Enum):
    """The state of a task. The last three are final, although failed and cancelled tasks can be retried."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the task has ended."""
        return self not in OPEN

    def __str__(self) -> str:
        return self.value


# Pickles name it as users do, so that it can move.
ProcessStatus.__module__ = "powermem"

OPEN = frozenset({ProcessStatus.PENDING, ProcessStatus.RUNNING})
"""The states of tasks that are not over."""


LONGEST_PAUSE = 60.0
"""The longest pause before a retry, in seconds."""


def is_due(due_at: int, at: int) -> bool:
    """Return whether a task may start.

    A due time further away than any pause was set by a clock that was ahead, and is ignored.

    Args:
        due_at: when the task is due.
        at: the current time.
    """
    return not at < due_at <= at + int(LONGEST_PAUSE * 1_000_000)


OVER_BUDGET = "over budget"
"""The stage of a task that failed because a budget was exhausted; it is retried when it is due."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as stored.

    Attributes:
        id: ids increase in the order of creation, in which the tasks of a lane are executed.
        lane: the key under which tasks are serialized; see `lane_of`.
        scope: the scope of the memories that it writes.
        kind: ``"process"`` extracts from the turns that are in the buffer when it starts, ``"refine"`` from
            its own.
        status: its state.
        stage: the current step, for humans.
        attempts: the number of starts.
        error: why the last attempt failed.
        knowledge_count: the number of memories written.
        payload: the input besides the turns; JSON values.
        outcome: the result, with ``results`` and ``preferences``; JSON values.
        created_at: when it was created.
        updated_at: when any of these fields last changed.
        due_at: the earliest start.
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


class BufferedTurn(NamedTuple):
    """A turn that waits to be processed.

    Attributes:
        turn: the turn.
        lane: the lane that processes it; see `lane_of`.
        task_id: the task that has claimed it, or ``None``.
        parts: the parts of the message that are not text, as JSON, or ``None``.
    """

    turn: Turn
    lane: str
    task_id: int | None = None
    parts: str | None = None


class BegunTask(NamedTuple):
    """A task that was started, and its turns that wait, in chronological order."""

    task: Task
    turns: Sequence[BufferedTurn]


class Preference(NamedTuple):
    """A preference of a user, and the evidence for it.

    Attributes:
        id: time-ordered.
        scope: its scope.
        kind: ``"explicit_preference"`` or ``"implicit_preference"``.
        text: the preference.
        reasoning: the evidence.
        hash: the hash of the text, unique within a scope.
        created_at: when it was learned.
    """

    id: int
    scope: Scope
    kind: str
    text: str
    reasoning: str
    hash: str
    created_at: int


class QueueStatistics(NamedTuple):
    """Statistics of the pending work.

    Attributes:
        buffered: the number of turns that no task has claimed.
        by_status: the number of tasks in each state.
        oldest_at: when the oldest waiting turn or open task was created, or ``None``.
    """

    buffered: int
    by_status: Mapping[ProcessStatus, int]
    oldest_at: int | None

    def oldest_age(self) -> float | None:
        """Return the age of the oldest waiting item in seconds, or ``None``."""
        return None if self.oldest_at is None else max(0.0, (clock.now() - self.oldest_at) / 1_000_000)

    def record(self) -> None:
        """Tell the metrics how much waits, runs and has failed."""
        record(DEPTH, self.buffered, {"powermem.state": "buffered"})
        for status in (ProcessStatus.PENDING, ProcessStatus.RUNNING, ProcessStatus.FAILED):
            record(DEPTH, self.by_status.get(status, 0), {"powermem.state": status.value})
        record(AGE, self.oldest_age() or 0.0, {})


def lane_of(scope: Scope) -> str:
    """Return the lane of a scope, whose tasks run in sequence: that of the user, else agent or run."""
    for letter, name in zip("uar", scope, strict=True):
        if name:
            return f"{letter}:{name}"
    # Not the empty string, behind which the first page of lanes begins.
    return "-"


def lane_scope(scope: Scope) -> Scope:
    """Return the widest scope with the same lane."""
    for number, name in enumerate(scope):
        if name:
            return Scope(**{Scope._fields[number]: name})
    return Scope()


def work_scope(scope: Scope, agent_id: str | None) -> Scope:
    """Return the scope of the task that processes a scope's messages.

    It covers the whole user, but carries the agent, so that programs which list the tasks of their agent find
    it.
    """
    whole = lane_scope(scope)
    return whole if whole.user_id is None else whole._replace(agent_id=agent_id)


# A provider would give the same answer again, and every way of asking has been tried.
_LASTING = frozenset({FILTERED, QUOTA, TOO_LONG})


def is_hopeless(error: Exception) -> bool:
    """Return whether a retry is pointless until the user changes something, such as a key or a setting."""
    if isinstance(error, ProviderError) and error.reason in _LASTING:
        return True
    if isinstance(error, ProviderError) and error.status is not None:
        return not is_passing(error.status)
    return isinstance(
        error,
        (ConfigError, InvalidInputError, AuthenticationError, EmbeddingMismatchError, QuotaExceededError),
    )


WINDOW = 60.0
"""Length of the window of a rate, in seconds."""


class Rate:
    """Counts events in total and in the last minute.

    Args:
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = 0
        self._clock = clock
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count one event."""
        with self._lock:
            self.total += 1
            self._recent.append(self._clock())
            self._forget()

    def per_minute(self) -> int:
        """Return the number of events in the last minute."""
        with self._lock:
            self._forget()
            return len(self._recent)

    def _forget(self) -> None:
        begin = self._clock() - WINDOW
        while self._recent and self._recent[0] < begin:
            self._recent.popleft()
