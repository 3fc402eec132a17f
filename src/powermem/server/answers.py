"""The bodies of replies, for the description of the routes. What is sent is not checked against them."""

# Without `from __future__ import annotations`, for the sake of the TypedDicts; see types.py.
import sys
from typing import Any

from ..types import (
    AddResult,
    FullRecord,
    HistoryRecord,
    ImportResult,
    MemoryPage,
    MemoryStatistics,
    PreferenceRecord,
    SearchResult,
    TaskRecord,
    TaskStatus,
    TurnRecord,
    UpdatedRecord,
    UsageRecord,
)

if sys.version_info >= (3, 13):
    from typing import NotRequired, TypedDict
else:
    from typing_extensions import NotRequired, TypedDict


class Priced(TypedDict):
    """What every reply says of its cost."""

    usage: UsageRecord


class ProblemBody(TypedDict):
    """An error, as ``application/problem+json``."""

    type: str
    title: str
    status: int
    detail: str
    error: str
    advice: str
    request_id: str


class Added(AddResult[str]):
    """What ``add`` stored."""


class BatchItem(TypedDict):
    """What came of an item: the keys of ``Added``, or a problem."""

    index: int
    problem: NotRequired[ProblemBody]


class AddedBatch(Priced):
    """What came of each item."""

    items: list[BatchItem]
    added: int
    failed: int


class Page(MemoryPage[str], Priced):
    """A page of memories."""

    next_cursor: str | None


class One(FullRecord[str], Priced):
    """A memory."""


class Updated(UpdatedRecord[str], Priced):
    """A memory as changed."""


class Deleted(Priced):
    """How many memories were deleted."""

    deleted: int


class Histories(Priced):
    """What happened to a memory."""

    results: list[HistoryRecord[str]]


class Turns(Priced):
    """Messages."""

    results: list[TurnRecord[str | None]]


class Found(SearchResult[str], Priced):
    """What a search found."""


class FoundMany(Priced):
    """What each query found."""

    answers: list[SearchResult[str]]


class ContextText(Priced):
    """A text for a prompt."""

    context: str
    tokens: int


class Status(TaskStatus[str], Priced):
    """The state of a task."""


class Cancelled(TaskStatus[str], Priced):
    """The state of a task, and whether it was unfinished."""

    cancelled: bool


class Tasks(Priced):
    """Tasks."""

    results: list[TaskRecord]


class Users(Priced):
    """Users."""

    results: list[str]
    total: int
    next_cursor: str | None


class Preferences(Priced):
    """Preferences."""

    results: list[PreferenceRecord[str]]


class Statistics(MemoryStatistics[str], Priced):
    """Numbers about memories."""


class Key(Priced):
    """What a key may do."""

    id: str | None
    name: str
    may: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None


class DayOfUsage(TypedDict):
    """What models did on a day, in UTC; ``cost`` if prices are set."""

    day: str
    llm_calls: int
    prompt_tokens: int
    completion_tokens: int
    embedded_texts: int
    cost: float | None


class UsageByDay(Priced):
    """What models did by day, the limits of a day, and the prices of a million tokens."""

    days: list[DayOfUsage]
    budget: dict[str, int | None]
    prices: dict[str, float] | None


class Imported(ImportResult, Priced):
    """What was imported."""


class Health(TypedDict):
    """How the process does."""

    status: str


class Version(TypedDict):
    """The version."""

    version: str


def extra(reply: str) -> dict[str, Any]:
    """Return the mark of a route whose reply is the class of this name."""
    return {"x-reply": reply}
