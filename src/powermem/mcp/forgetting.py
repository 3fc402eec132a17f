"""The tool that forgets, after asking the person where the host can."""

# Without `from __future__ import annotations`: the SDK reads the annotations, which name a function in here.
from typing import Annotated, Any

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import BaseModel, Field

from ..tokens import cut
from . import results
from .bounds import shortened
from .calls import CHANGES, PlainTool, plain_tool
from .tools import DEFAULT_TOKENS, Book, MemoryId

_SHOWN_TOKENS = 300
_NOT_CONFIRMED = (
    "nothing was forgotten: this host cannot ask the person. Ask them yourself whether to forget {text!r}, "
    "and only if they say yes, call forget again with confirm set to true"
)


class Answer(BaseModel):
    """What the person says."""

    forget: bool = Field(title="Forget it", description="It cannot be undone.", default=True)


def forget_tool(book: Book) -> PlainTool:
    """Make the tool that forgets a memory."""

    async def ask(memory_id: MemoryId, confirm: bool, ctx: Context) -> Answer | Elicit[Answer]:
        caller = book.caller().writing()
        record = await book.find(caller, memory_id)
        text = cut(record["memory"], _SHOWN_TOKENS)
        if can_ask(ctx):
            return Elicit(f"Forget this memory for good?\n\n{text}", Answer)
        if not confirm:
            raise ToolError(_NOT_CONFIRMED.format(text=text))
        return Answer()

    async def forget(
        memory_id: MemoryId,
        answer: Annotated[ElicitationResult[Answer], Resolve(ask)],
        confirm: Annotated[
            bool,
            Field(description="Whether the person has agreed; needed where the host cannot ask them itself."),
        ] = False,
    ) -> Annotated[CallToolResult, results.Forgotten]:
        """Forget one memory for good, when the person wants that. The person is asked first."""
        caller = book.caller().writing()
        record = await book.find(caller, memory_id)
        text = record["memory"]
        forgotten = False
        if isinstance(answer, AcceptedElicitation) and answer.data.forget:
            forgotten = await book.memory.delete(memory_id, **caller.ids)

        def write(said: str) -> CallToolResult:
            outcome: results.Forgotten = {"id": str(record["id"]), "forgotten": forgotten, "text": said}
            return results.result(
                f"Forgotten: {said}" if forgotten else f"Kept, as the person wishes: {said}", outcome
            )

        return write(shortened(text, lambda said: results.sent(write(said)), DEFAULT_TOKENS))

    return plain_tool(forget, "forget", "Forget a memory", CHANGES)


def can_ask(ctx: Context[Any, Any]) -> bool:
    """Return whether the host can show a question to the person."""
    capabilities = ctx.client_capabilities
    offered = capabilities.elicitation if capabilities is not None else None
    # A host of before the modes of asking says only that it can ask.
    if offered is None or (offered.form is None and offered.url is not None):
        return False
    # From 2026-07-28 on the question is a result; before, it takes a connection that leads back to the host.
    version = ctx.protocol_version or ""
    return version >= "2026-07-28" or ctx.session.can_send_request
