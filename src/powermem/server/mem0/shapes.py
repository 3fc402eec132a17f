"""Requests of mem0's self-hosted server. What else a client sends is ignored, as it is there."""

from __future__ import annotations

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
