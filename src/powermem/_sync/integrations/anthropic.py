# Generated from src/powermem/_async/integrations/anthropic.py by scripts/run_unasync.py; edit that file instead.
"""Anthropic's memory tool over memories."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from anthropic.lib.tools import BetaAbstractMemoryTool, ToolError

from ...errors import PowerMemError
from .files import MemoryFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..memory import Memory

T = TypeVar("T", bound="MemoryTool")


def _told(method: Callable[[T, Any], str]) -> Any:
    """Let a method tell the model what went wrong, as Anthropic's own tools do."""

    @wraps(method)
    def call(self: T, command: Any) -> str:
        try:
            return method(self, command)
        except PowerMemError as error:
            raise ToolError(str(error)) from error

    return call


class MemoryTool(BetaAbstractMemoryTool):  # type: ignore[misc, unused-ignore]
    """Anthropic's memory tool, whose files are memories; its answers are those of the reference tool.

    Pass it as one of the ``tools`` of ``client.beta.messages.tool_runner``. The owner is fixed here: the
    model names paths below ``/memories``, and none leads to the files of another owner.

    Args:
        memory: where the files are stored; it must stay open as long as the tool is used.
        user_id: whose files they are.
        agent_id: of which agent.
        run_id: of which conversation.
        options: further arguments of Anthropic's class, such as ``cache_control``.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.files = MemoryFiles(memory, user_id=user_id, agent_id=agent_id, run_id=run_id)

    @_told
    def view(self, command: Any) -> str:
        """Return a file with numbered lines, or the listing of a directory."""
        return self.files.view(command.path, getattr(command, "view_range", None))

    @_told
    def create(self, command: Any) -> str:
        """Create a file that does not exist."""
        self.files.create(command.path, command.file_text)
        return f"File created successfully at: {command.path}"

    @_told
    def str_replace(self, command: Any) -> str:
        """Replace a text that is exactly once in a file."""
        new = getattr(command, "new_str", None) or ""
        lines = self.files.replace(command.path, command.old_str, new)
        return (
            "The memory file has been edited. Here is the snippet showing the change (with line numbers):\n"
            f"{lines}"
        )

    @_told
    def insert(self, command: Any) -> str:
        """Insert a text behind a line."""
        self.files.insert(command.path, command.insert_line, command.insert_text)
        return f"The file {command.path} has been edited."

    @_told
    def delete(self, command: Any) -> str:
        """Delete a file, or a directory with everything in it."""
        self.files.delete(command.path)
        return f"Successfully deleted {command.path}"

    @_told
    def rename(self, command: Any) -> str:
        """Move a file or a directory."""
        self.files.rename(command.old_path, command.new_path)
        return f"Successfully renamed {command.old_path} to {command.new_path}"

    def clear_all_memory(self) -> str:
        """Delete all files."""
        self.files.clear()
        return "All memory cleared"
