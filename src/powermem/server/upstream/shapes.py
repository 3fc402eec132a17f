"""Requests of powermem 1.1's clients, and memories as these read them. Unknown keys are ignored."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from ..._core import clock
from .envelope import moment

MOST_AT_ONCE = 100
MOST_DELETED = 1000
"""What 1.1's own client asks for at once to delete everything of somebody."""

Id = StrictStr | StrictInt
Threshold = Annotated[float, Field(ge=0, le=1)]
Order = Literal["asc", "desc"]
TimeRange = Literal["7d", "30d", "90d", "all"]
InTime = Annotated[TimeRange | None, Query(description="Only what was created in that time")]


class Body(BaseModel):
    """A JSON object."""

    model_config = ConfigDict(extra="ignore")


class Owned(Body):
    """A body with the ids of a scope."""

    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None


class Item(Body):
    """Something to remember."""

    content: StrictStr
    metadata: dict[str, Any] | None = None
    filters: dict[str, Any] | None = None
    scope: StrictStr | None = None
    memory_type: StrictStr | None = None


class CreateMemory(Owned, Item):
    """Something to remember of somebody."""

    infer: StrictBool = True


class CreateMemories(Owned):
    """Several things to remember of somebody."""

    memories: Annotated[list[Item], Field(min_length=1, max_length=MOST_AT_ONCE)]
    infer: StrictBool = True


class MemoryChange(Body):
    """A change; metadata is merged with that of the memory."""

    content: StrictStr | None = None
    metadata: dict[str, Any] | None = None


class UpdateItem(MemoryChange):
    """A change of one of several memories."""

    memory_id: Id


class MemoryChanges(Body):
    """Changes of several memories."""

    updates: Annotated[list[UpdateItem], Field(min_length=1, max_length=MOST_AT_ONCE)]
    user_id: Id | None = None
    agent_id: Id | None = None


class DeleteMemories(Body):
    """Memories to delete."""

    memory_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_DELETED)]
    user_id: Id | None = None
    agent_id: Id | None = None


class SearchMemories(Owned):
    """A query."""

    query: StrictStr
    filters: dict[str, Any] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 30
    threshold: Threshold | None = None
    time_range: TimeRange | None = None
    sort_by: Literal["score", "created_at", "updated_at"] | None = None
    order: Order = "desc"


class CreateOfAgent(Body):
    """Something for an agent to remember, as it is said."""

    content: StrictStr
    user_id: Id | None = None
    run_id: Id | None = None


class ProfileMessages(Body):
    """What somebody says of themselves; a text, a message or messages."""

    messages: StrictStr | dict[str, Any] | list[StrictStr | dict[str, Any]]
    agent_id: Id | None = None
    run_id: Id | None = None
    metadata: dict[str, Any] | None = None
    filters: dict[str, Any] | None = None
    scope: StrictStr | None = None
    memory_type: StrictStr | None = None
    prompt: StrictStr | None = None
    infer: StrictBool = True


class UpdateOfUser(Body):
    """A change of a user's memory."""

    content: StrictStr
    agent_id: Id | None = None
    metadata: dict[str, Any] | None = None


def memory(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a memory as these clients read it."""
    found = {
        "memory_id": str(record["id"]),
        "id": str(record["id"]),
        "content": record["memory"],
        "user_id": record["user_id"],
        "agent_id": record["agent_id"],
        "run_id": record["run_id"],
        "metadata": record["metadata"] or {},
        "created_at": moment(record["created_at"]),
        "updated_at": moment(record["updated_at"]),
    }
    if "score" in record:
        found["score"] = record["score"]
    return found


def since(time_range: TimeRange | None) -> int:
    """Return when a range of time begins, in microseconds UTC; 0 if it has no begin."""
    if time_range in (None, "all"):
        return 0
    return clock.now() - int(time_range[:-1]) * 86_400_000_000


def within(time_range: TimeRange | None, filters: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a filter narrowed to what was created in a range of time."""
    begin = since(time_range)
    if not begin:
        return filters
    recent = {"created_at": {"gte": clock.to_iso(begin)}}
    return {"AND": [filters, recent]} if filters else recent
