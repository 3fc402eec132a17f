"""Requests of ``/v1``. The methods of the memory check the values; here is what JSON can hold."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

MOST_RESULTS = 1000
"""The largest page or number of results."""
MOST_ITEMS = 1000
"""The most items of a batch."""
MOST_QUERIES = 100

Id = StrictStr | StrictInt
Time = StrictStr | float
"""ISO 8601, or seconds since the epoch."""
Content = StrictStr | dict[str, Any] | list[StrictStr | dict[str, Any]]
"""A text, or parts or messages in the form of any provider."""


class Body(BaseModel):
    """A JSON object without unknown keys."""

    model_config = ConfigDict(extra="forbid")


class Scoped(Body):
    """A body with the ids of a scope."""

    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None


class Addition(Scoped):
    """The arguments of ``add``."""

    messages: Content
    metadata: dict[str, Any] | None = None
    filters: dict[str, Any] | None = None
    scope: StrictStr | None = None
    memory_type: StrictStr | None = None
    prompt: StrictStr | None = None
    infer: StrictBool = True
    actor_id: Id | None = None
    timestamp: Time | None = None
    timezone: StrictStr | None = None
    expires_at: Time | None = None
    async_mode: StrictBool | StrictStr = False
    idempotency_key: StrictStr | None = None


class Batch(Body):
    """Several additions."""

    items: Annotated[list[Addition], Field(min_length=1, max_length=MOST_ITEMS)]


class Change(Body):
    """The arguments of ``update``; what is left out stays as it is."""

    content: StrictStr | None = None
    metadata: dict[str, Any] | None = None
    replace_metadata: StrictBool = False
    expires_at: Time | None = None


class Finding(Scoped):
    """What the calls that search have in common."""

    filters: dict[str, Any] | None = None
    threshold: float | None = None
    max_tokens: int | None = None
    around: int = 0
    as_of: Time | None = None
    rerank: StrictBool | None = None


class Search(Finding):
    """The arguments of ``search``."""

    query: StrictStr
    limit: Annotated[int, Field(ge=1, le=MOST_RESULTS)] = 30
    include_expired: StrictBool = False
    explain: StrictBool = False


class SearchMany(Finding):
    """The arguments of ``search_many``."""

    queries: Annotated[list[StrictStr], Field(min_length=1, max_length=MOST_QUERIES)]
    limit: Annotated[int, Field(ge=1, le=MOST_RESULTS)] = 30
    include_expired: StrictBool = False
    explain: StrictBool = False


class Context(Finding):
    """The arguments of ``context``."""

    query: StrictStr
    limit: Annotated[int, Field(ge=1, le=MOST_RESULTS)] = 10
    history: StrictBool = False


class Exchange(Scoped):
    """The arguments of ``add_exchange``."""

    user_message: Content
    assistant_message: Content
    timestamp: Time | None = None
    timezone: StrictStr | None = None


class Message(Scoped):
    """The arguments of ``add_message``."""

    role: StrictStr
    content: Content
    timestamp: Time | None = None
    timezone: StrictStr | None = None


class Processing(Body):
    """Whose messages to process."""

    user_id: Id | None = None
