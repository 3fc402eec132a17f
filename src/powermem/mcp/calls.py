"""A tool whose errors are sentences for the person and the model, without what only a programmer can use."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Mapping
from typing import Any

from mcp.server.mcpserver.context import Context
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from .._core.masking import mask_text
from ..errors import PowerMemError

_logger = logging.getLogger("powermem.mcp")

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
ADDS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
CHANGES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)

_WHOSE = frozenset({"user_id", "agent_id", "run_id", "user", "user_name", "userId", "namespace"})


class PlainTool(Tool):
    """A tool that refuses arguments it does not have, and whose errors are plain sentences."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """Run the tool; a failure is a result with ``is_error``."""
        unknown = [name for name in arguments if name not in self.parameters["properties"]]
        if unknown:
            return failed(self._unknown(unknown[0]))
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            return failed(self._reason(error))

    def _unknown(self, name: str) -> str:
        known = list(self.parameters["properties"])
        if name in _WHOSE:
            hint = "; whose memory it is follows from the connection"
        else:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
        return f"{self.name} has no argument {name!r}{hint} (its arguments: {', '.join(known) or 'none'})"

    def _reason(self, error: ToolError) -> str:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            return f"{self.name}: {wrong_arguments(cause)}"
        if isinstance(cause, PowerMemError):
            return str(cause)
        if isinstance(error, UnexpectedToolError):
            _logger.error("unexpected error in the tool %s", self.name, exc_info=cause)
            return (
                f"{self.name} failed unexpectedly ({type(cause).__name__}); the log of the server says more"
            )
        return str(cause) if isinstance(cause, (ToolError, ResourceError)) else str(error)


def plain_tool(
    fn: Callable[..., Any], name: str, title: str, annotations: ToolAnnotations, description: str = ""
) -> PlainTool:
    """Make a tool of a function; its docstring is what the model reads, unless another text is given."""
    text = " ".join((description or fn.__doc__ or "").split())
    tool = PlainTool.from_function(
        fn,
        name=name,
        title=title,
        description=text,
        annotations=annotations.model_copy(update={"title": title}),
    )
    assert isinstance(tool, PlainTool)
    tool.parameters = {**_untitled(tool.parameters), "additionalProperties": False}
    tool.fn_metadata.output_schema = _untitled(tool.fn_metadata.output_schema)
    return tool


def failed(message: str) -> CallToolResult:
    """Return the result of a call that failed."""
    return CallToolResult(content=[TextContent(type="text", text=mask_text(message))], is_error=True)


def wrong_arguments(error: ValidationError) -> str:
    """Say in one line what is wrong with the arguments of a call."""
    said = []
    for problem in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        said.append(f"{path}: {message[:1].lower()}{message[1:]}")
    return "; ".join(dict.fromkeys(said))


def _untitled(schema: Any) -> Any:
    """Return a schema without the titles that repeat the names; they cost tokens and say nothing."""
    if isinstance(schema, Mapping):
        return {
            key: {name: _untitled(part) for name, part in value.items()}
            if key == "properties"
            else _untitled(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_untitled(part) for part in schema] if isinstance(schema, list) else schema
