"""Anthropic's memory tool over memories, beside the reference tool that keeps files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from anthropic.lib.tools import ToolError
from anthropic.lib.tools._beta_builtin_memory_tool import BetaAsyncLocalFilesystemMemoryTool

from powermem import AsyncMemory
from powermem.integrations.anthropic import AsyncMemoryTool

ROOT = "/memories"
A, B = f"{ROOT}/a.md", f"{ROOT}/notes/b.md"

# Commands in the order in which both tools get them; what they answer must be the same.
COMMANDS: list[dict[str, Any]] = [
    {"command": "view", "path": A},
    {"command": "create", "path": A, "file_text": "one\ntwo\nthree"},
    {"command": "create", "path": A, "file_text": "again"},
    {"command": "view", "path": A},
    {"command": "view", "path": A, "view_range": [2, 3]},
    {"command": "view", "path": A, "view_range": [2, -1]},
    {"command": "view", "path": A, "view_range": [9, 12]},
    {"command": "str_replace", "path": A, "old_str": "two", "new_str": "2\n2"},
    {"command": "str_replace", "path": A, "old_str": "five", "new_str": "5"},
    {"command": "str_replace", "path": A, "old_str": "2", "new_str": "x"},
    {"command": "str_replace", "path": f"{ROOT}/none.md", "old_str": "2", "new_str": "x"},
    {"command": "insert", "path": A, "insert_line": 0, "insert_text": "zero\n"},
    {"command": "insert", "path": A, "insert_line": 5, "insert_text": "last"},
    {"command": "insert", "path": A, "insert_line": 17, "insert_text": "far"},
    {"command": "insert", "path": f"{ROOT}/none.md", "insert_line": 0, "insert_text": "far"},
    {"command": "view", "path": A},
    {"command": "create", "path": B, "file_text": "x" * 1536},
    {"command": "create", "path": f"{ROOT}/notes/deep/c.md", "file_text": ""},
    {"command": "create", "path": f"{ROOT}/.hidden", "file_text": "no"},
    {"command": "view", "path": ROOT},
    {"command": "view", "path": f"{ROOT}/notes"},
    {"command": "str_replace", "path": f"{ROOT}/notes", "old_str": "2", "new_str": "x"},
    {"command": "insert", "path": f"{ROOT}/notes", "insert_line": 0, "insert_text": "x"},
    {"command": "rename", "old_path": A, "new_path": B},
    {"command": "rename", "old_path": f"{ROOT}/none.md", "new_path": f"{ROOT}/other.md"},
    {"command": "rename", "old_path": A, "new_path": f"{ROOT}/far/away.md"},
    {"command": "rename", "old_path": f"{ROOT}/notes", "new_path": f"{ROOT}/papers"},
    {"command": "view", "path": f"{ROOT}/papers/b.md"},
    {"command": "rename", "old_path": ROOT, "new_path": f"{ROOT}/x"},
    {"command": "delete", "path": ROOT},
    {"command": "delete", "path": f"{ROOT}/none.md"},
    {"command": "delete", "path": f"{ROOT}/papers"},
    {"command": "view", "path": f"{ROOT}/papers"},
    {"command": "view", "path": "/etc/passwd"},
    {"command": "view", "path": f"{ROOT}/../../etc/passwd"},
    {"command": "delete", "path": f"{ROOT}/far/away.md"},
]


async def answer(tool: Any, command: dict[str, Any]) -> str:
    try:
        return str(await tool.call(command))
    except ToolError as error:
        return f"ToolError: {error}"


def comparable(text: str) -> str:
    """Return an answer without what a file system tells: sizes of directories, and folders left empty."""
    text = re.sub(r"^\S+\t(/memories(?:/notes)?|/memories/\S+/)$", r"-\t\1", text, flags=re.MULTILINE)
    return text.removeprefix("ToolError: path: ").removeprefix("ToolError: ").replace("must", "Path must", 1)


async def test_it_answers_like_the_reference_tool(memory: AsyncMemory, tmp_path: Path) -> None:
    ours: Any = AsyncMemoryTool(memory, user_id="ana")
    reference = BetaAsyncLocalFilesystemMemoryTool(str(tmp_path))
    for command in COMMANDS:
        expected, got = await answer(reference, command), await answer(ours, command)
        assert got.startswith("ToolError") == expected.startswith("ToolError"), (command, got, expected)
        if "passwd" in str(command):
            assert "must start with /memories" in got or "would escape /memories" in got
        else:
            assert comparable(got) == comparable(expected), command
    assert await ours.clear_all_memory() == await reference.clear_all_memory()


async def test_an_unknown_command_is_no_command(memory: AsyncMemory) -> None:
    with pytest.raises(NotImplementedError, match="Unknown command"):
        await AsyncMemoryTool(memory, user_id="ana").call({"command": "explode"})


async def test_the_model_names_no_owner(memory: AsyncMemory) -> None:
    ana, ben = AsyncMemoryTool(memory, user_id="ana"), AsyncMemoryTool(memory, user_id="ben")
    assert await answer(ana, {"command": "create", "path": A, "file_text": "Ana lives in Rome."})
    assert "does not exist" in await answer(ben, {"command": "view", "path": A})
    assert await answer(ben, {"command": "delete", "path": A, "user_id": "ana"}) != ""
    assert "Rome" in await answer(ana, {"command": "view", "path": A})


async def test_it_is_declared_as_anthropics(memory: AsyncMemory) -> None:
    tool = AsyncMemoryTool(memory, user_id="ana", cache_control={"type": "ephemeral"})
    assert tool.to_dict() == {
        "type": "memory_20250818",
        "name": "memory",
        "cache_control": {"type": "ephemeral"},
    }
