"""Requests of mem0's self-hosted server and of its client. What else is sent is ignored, as it is there."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

MOST_RESULTS = 1000
USUAL_RESULTS = 20
"""The number of results where a request names none; that of mem0 2."""

Id = StrictStr | StrictInt


class Body(BaseModel):
    """A JSON object; unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore")


class Owned(Body):
    """A body with the ids of a scope."""

    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None


class MemoryCreate(Owned):
    """Messages to remember; ``expiration_date`` is a day, which begins in UTC."""

    messages: Annotated[list[dict[str, Any]], Field(min_length=1)]
    metadata: dict[str, Any] | None = None
    expiration_date: date | None = None
    infer: StrictBool | None = None
    memory_type: StrictStr | None = None
    prompt: StrictStr | None = None


class MemoryUpdate(Body):
    """A change; what is left out stays as it is, and an ``expiration_date`` of null is taken away."""

    text: StrictStr | None = None
    metadata: dict[str, Any] | None = None
    expiration_date: date | None = None


class SearchRequest(Owned):
    """A query. Its ids are in ``filters``; those beside it are from older clients, and take precedence."""

    query: StrictStr
    filters: dict[str, Any] | None = None
    top_k: Annotated[int, Field(ge=1, le=MOST_RESULTS)] | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    explain: StrictBool | None = None
    rerank: StrictBool | None = None
    show_expired: StrictBool | None = None


class ClientAdd(MemoryCreate):
    """Messages to remember, as ``MemoryClient`` sends them: the ids are in ``filters``, or beside them."""

    filters: dict[str, Any] | None = None
    app_id: StrictStr | None = None
    custom_instructions: StrictStr | None = None
    timestamp: int | None = None

    def ids(self) -> dict[str, Id]:
        """Return the ids beside the filter."""
        named = {"user_id": self.user_id, "agent_id": self.agent_id, "run_id": self.run_id}
        return {name: value for name, value in named.items() if value is not None}


class ClientList(Body):
    """What to list; the ids are in ``filters``."""

    filters: dict[str, Any] | None = None
    start_date: StrictStr | None = None
    end_date: StrictStr | None = None

    def narrowed(self) -> dict[str, Any] | None:
        """Return the filter, with the dates as a part of it."""
        dates = {"gte": self.start_date, "lte": self.end_date}
        between = {name: value for name, value in dates.items() if value is not None}
        parts = [each for each in (self.filters, {"created_at": between} if between else None) if each]
        return {"AND": parts} if len(parts) > 1 else next(iter(parts), None)


class ClientSearch(Body):
    """A query; the ids are in ``filters``."""

    query: StrictStr
    filters: dict[str, Any] | None = None
    top_k: Annotated[int, Field(ge=1, le=MOST_RESULTS)] | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    rerank: StrictBool | None = None
    show_expired: StrictBool | None = None


class MemoryOfBatch(MemoryUpdate):
    """One of several memories, and its change."""

    memory_id: Id


class BatchOfMemories(Body):
    """Several memories."""

    memories: Annotated[list[MemoryOfBatch], Field(min_length=1, max_length=MOST_RESULTS)]
