"""Requests of MemOS's API, as far as they have a meaning here. What else a client sends is ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from ...errors import InvalidInputError

Id = StrictStr | StrictInt
Ids = Id | list[Id]
"""Their client sends a list where several are possible; here a memory belongs to one."""

MOST_RESULTS = 100
LARGEST_PAGE = 50
MOST_MESSAGES = 50
USUAL_MESSAGES = 6


def single(ids: Ids | None, name: str) -> Id | None:
    """Return the only id of a list, or the id itself.

    Raises:
        InvalidInputError: there are several.
    """
    if not isinstance(ids, list):
        return ids
    if len(ids) > 1:
        raise InvalidInputError(f"{name}: a memory belongs to one of them here; send the request for each")
    return ids[0] if ids else None


class Body(BaseModel):
    """A JSON object; unknown keys are ignored, since each version of their client has further ones."""

    model_config = ConfigDict(extra="ignore")


class Owned(Body):
    """A body that names a user or an agent."""

    user_id: Ids | None = None
    agent_id: Ids | None = None


class AddMessage(Owned):
    """Messages of a conversation."""

    messages: Annotated[list[dict[str, Any]], Field(min_length=1)]
    conversation_id: Id | None = None
    async_mode: StrictBool = True
    tags: list[StrictStr] | None = None
    info: dict[str, Any] | None = None
    source: StrictStr | None = None
    app_id: StrictStr | None = None


class GetStatus(Body):
    """A task."""

    task_id: Id


class SearchMemory(Owned):
    """A query; ``relativity`` is the lowest score."""

    query: StrictStr
    conversation_id: Id | None = None
    memory_limit_number: Annotated[int, Field(ge=0, le=MOST_RESULTS)] = 6
    include_preference: StrictBool = True
    preference_limit_number: Annotated[int, Field(ge=0, le=MOST_RESULTS)] = 6
    filter: dict[str, Any] | None = None
    relativity: Annotated[float, Field(ge=0, le=1)] | None = None


class GetMemory(Owned):
    """A page of memories, from 1."""

    include_preference: StrictBool = True
    filter: dict[str, Any] | None = None
    page: Annotated[int, Field(ge=1)] = 1
    size: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 10


class GetMessage(Owned):
    """The latest messages of a conversation."""

    conversation_id: Id
    message_limit_number: Annotated[int, Field(ge=1, le=MOST_MESSAGES)] | None = None


class UpdateMemory(Body):
    """A new text, title or status of a memory; null leaves it as it is."""

    memory_id: Id
    content: StrictStr | None = None
    title: StrictStr | None = None
    status: Literal["activated", "archived", "deleted"] | None = None


class AddFeedback(Owned):
    """What somebody says about what is remembered."""

    feedback_content: Annotated[StrictStr, Field(min_length=1)]
    conversation_id: Id | None = None
    app_id: StrictStr | None = None
    feedback_time: StrictStr | None = None


class DeleteMemory(Owned):
    """What to delete, named in exactly one way."""

    memory_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)] | None = None
    filter: dict[str, Any] | None = None
