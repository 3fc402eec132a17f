"""Resources, which a host attaches to a conversation, and prompts, which a person picks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from pydantic import Field

from ..errors import PowerMemError
from ..rest import json_safe
from . import results
from .bounds import shortened
from .tools import DEFAULT_TOKENS, MOST_TOKENS, Book, leading

_RECENT = 20
_JSON = "application/json"


def add_resources(server: MCPServer[Any], book: Book) -> None:
    """Add a resource for a memory, and one for the newest."""

    @server.resource(
        "memory://recent",
        name="recent",
        title="Recent memories",
        description=f"The newest memories, at most {_RECENT}.",
        mime_type="text/plain",
    )
    async def recent() -> str:
        try:
            page = await book.memory.get_all(**book.caller().ids, limit=_RECENT)
        except (PowerMemError, ToolError) as error:
            raise ResourceError(str(error)) from error
        items = [results.item(record) for record in page["results"]]
        kept = leading(items, lambda some: results.result(results.lines(some), {}), DEFAULT_TOKENS)
        return results.lines(kept) or "No memories."

    @server.resource(
        results.MEMORY_URI,
        name="memory",
        title="A memory",
        description="A memory with its history and the messages that it came from.",
        mime_type=_JSON,
    )
    async def memory(memory_id: str) -> str:
        try:
            caller = book.caller()
            record = await book.find(caller, memory_id)
            document = {
                **json_safe(record),
                "history": json_safe(await book.memory.history(record["id"], **caller.ids)),
                "sources": json_safe(await book.memory.sources(record["id"], **caller.ids)),
            }
        except ToolError as error:
            raise ResourceNotFoundError(str(error)) from error
        except PowerMemError as error:
            raise ResourceError(str(error)) from error
        return _bounded(document)


def add_prompts(server: MCPServer[Any], book: Book) -> None:
    """Add the prompts."""

    @server.prompt(
        name="recall", title="Answer with memory", description="A question, with what is remembered about it."
    )
    async def recall(question: Annotated[str, Field(description="What you want to know.")]) -> str:
        with _said():
            known = await book.memory.context(question, **book.caller().ids, max_tokens=DEFAULT_TOKENS)
        return f"{known}\n\n{question}" if known else question

    @server.prompt(
        name="keep",
        title="Remember this conversation",
        description="Store what is worth knowing from this conversation.",
    )
    async def keep() -> str:
        return (
            "Look back over our conversation. For every fact about me, preference, decision or plan that "
            "will matter in later conversations, call remember with a statement that is understood without "
            "this conversation, names and dates written out. Leave out what is only of this moment, and "
            "secrets. Then tell me in a short list what you stored."
        )

    @server.prompt(
        name="reflect",
        title="Tidy the memory",
        description="Look for what is wrong, outdated or stored twice among the newest memories.",
    )
    async def reflect() -> str:
        with _said():
            page = await book.memory.get_all(**book.caller().ids, limit=_RECENT)
        items = [results.item(record) for record in page["results"]]
        kept = leading(items, lambda some: results.result(results.lines(some), {}), DEFAULT_TOKENS)
        return (
            f"{results.lines(kept) or 'No memories.'}\n\nThese are the newest memories. Name those that "
            "contradict each other, are outdated or say the same, and propose for each what to do. Change "
            "(update_memory) or forget (forget) nothing before I have agreed."
        )


@contextmanager
def _said() -> Iterator[None]:
    """Tell the host what went wrong with a prompt; other errors than the protocol's it would not see."""
    try:
        yield
    except (PowerMemError, ToolError) as error:
        raise MCPError(code=INTERNAL_ERROR, message=str(error)) from error


def _bounded(document: dict[str, Any]) -> str:
    """Write a memory as JSON; what makes it too long is left out, the evidence first."""

    def write(part: dict[str, Any]) -> str:
        # It is sent as a string inside JSON.
        return json.dumps(json.dumps(part, ensure_ascii=False), ensure_ascii=False)

    for cut in ((), ("sources",), ("sources", "history"), ("sources", "history", "metadata")):
        kept = {name: value for name, value in document.items() if name not in cut}
        if cut:
            kept["left_out"] = list(cut)
        if shortened(".", lambda _, part=kept: write(part), MOST_TOKENS) == ".":  # type: ignore[misc]
            return json.dumps(kept, ensure_ascii=False)
    kept.pop("content", None)
    text = shortened(kept["memory"], lambda said: write({**kept, "memory": said}), MOST_TOKENS)
    return json.dumps({**kept, "memory": text, "truncated": True}, ensure_ascii=False)
