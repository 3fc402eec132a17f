"""The shapes of what the tools return, and the texts beside them."""

# Without `from __future__ import annotations`: a TypedDict whose annotations are strings does not know at
# run time which of its keys are required.
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_types import CallToolResult, TextContent
from typing_extensions import NotRequired, TypedDict

from .._core.clock import date_phrase, parse
from .._core.prompts.quoting import quote_recalled
from ..rest import memory_detail
from ..types import MemoryRecord

MEMORY_URI = "memory://memories/{memory_id}"


class MemoryItem(TypedDict):
    """A memory, which holds since ``valid_from``.

    ``score`` is 0 to 1, where it was searched for; ``truncated`` says that the text was cut.
    """

    id: str
    text: str
    valid_from: str
    score: NotRequired[float]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any]]
    truncated: NotRequired[bool]


class Recalled(TypedDict):
    """Memories, best first; ``left_out`` is how many more there were than fit."""

    memories: list[MemoryItem]
    left_out: int
    warnings: NotRequired[list[str]]


class Listed(TypedDict):
    """A page of memories, the newest first; ``next_offset`` leads to the next one, if there is one."""

    memories: list[MemoryItem]
    total: int
    next_offset: int | None


class Change(TypedDict):
    """What happened to a memory: ``ADD``, ``UPDATE``, ``DELETE``, or ``NONE`` if it was known already."""

    id: str
    text: str
    event: str
    truncated: NotRequired[bool]


class Remembered(TypedDict):
    """What came of a text; with the status ``running``, ``get_status`` tells more of the task."""

    status: str
    task_id: str
    changes: list[Change]
    left_out: int
    warnings: NotRequired[list[str]]


class Found(TypedDict):
    """A result of ``search``, as ChatGPT wants it."""

    id: str
    title: str
    url: str


class FoundList(TypedDict):
    """The result of ``search``, as ChatGPT wants it."""

    results: list[Found]


class Document(TypedDict):
    """The result of ``fetch``, as ChatGPT wants it."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


class Updated(TypedDict):
    """A memory after a change."""

    memory: MemoryItem
    warnings: NotRequired[list[str]]


class Forgotten(TypedDict):
    """Whether a memory was forgotten, and which."""

    id: str
    forgotten: bool
    text: str


class TaskState(TypedDict):
    """A task in the background."""

    task_id: str
    status: str
    stage: str
    memories: int
    error: NotRequired[str]


class Status(TypedDict):
    """Whose memory this is, what is in it and what keeps it; with a task, that task's state."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None
    memories: int
    store: str
    embedder: str
    extractor: str
    version: str
    may_write: bool
    task: NotRequired[TaskState]


def item(record: Mapping[str, Any]) -> MemoryItem:
    """Return a memory as the tools show it."""
    shown: MemoryItem = {
        "id": str(record["id"]),
        "text": record["memory"],
        "valid_from": record["valid_from"],
    }
    if "score" in record:
        shown["score"] = round(record["score"], 4)
    if record.get("tags"):
        shown["tags"] = list(record["tags"])
    if record.get("metadata"):
        shown["metadata"] = dict(record["metadata"])
    return shown


def title(record: MemoryRecord) -> str:
    """Return a title of at most 60 characters."""
    return memory_detail(record)["memory_key"]


def lines(items: Sequence[MemoryItem]) -> str:
    """Write memories as lines for a model, the newest first, marked as recalled."""
    newest = sorted(items, key=lambda each: (each["valid_from"], int(each["id"])), reverse=True)
    return quote_recalled(
        f"{date_phrase(parse(each['valid_from']))}: {each['text']} (id {each['id']})" for each in newest
    )


def result(text: str, structured: Mapping[str, Any]) -> CallToolResult:
    """Return a result: a text to read, and the same as data."""
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=dict(structured))


def json_result(structured: Mapping[str, Any]) -> CallToolResult:
    """Return a result whose text is its data as JSON, which is how ChatGPT and older clients read it."""
    return result(json.dumps(structured, ensure_ascii=False), structured)


def sent(answer: CallToolResult) -> str:
    """Return a result as it is sent."""
    return answer.model_dump_json(by_alias=True, exclude_none=True)
