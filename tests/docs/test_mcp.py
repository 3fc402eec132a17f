"""The configurations of hosts in ``docs/mcp.md``: they are read, and their commands exist."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from powermem.cli.arguments import parse
from powermem.config.environment import scope_variables

from .markdown import ROOT, Block, read_blocks

PAGE = ROOT / "docs" / "mcp.md"
BLOCKS = read_blocks(PAGE)
HOSTS = [block for block in BLOCKS if block.note == "no-run configuration of a host"]


def servers(block: Block) -> dict[str, Any]:
    """Return the servers that a configuration names."""
    if block.language == "json":
        document = json.loads(block.code)
    else:
        tomllib = pytest.importorskip("tomllib", reason="came with Python 3.11")
        document = tomllib.loads(block.code)
    (key,) = document
    assert key in ("mcpServers", "servers", "mcp_servers")
    found: dict[str, Any] = document[key]
    return found


@pytest.mark.parametrize("block", HOSTS, ids=lambda block: f"line-{block.line}")
def test_a_host_can_start_what_it_is_told(block: Block) -> None:
    (server,) = servers(block).values()
    if "url" in server:
        assert server["url"] == "http://127.0.0.1:8848/mcp"
        return
    assert server["command"] == "powermem"
    options = parse(server["args"])
    assert options.command == "mcp"
    assert options.db.startswith("~/"), "a host chooses the current directory"
    assert options.user or scope_variables(server["env"])["user_id"]


def commands() -> Iterator[list[str]]:
    """Yield the words of each line that begins our command, also behind ``--`` of another."""
    for block in BLOCKS:
        if block.language == "bash":
            for line in block.code.replace("\\\n", " ").splitlines():
                words = shlex.split(line)
                yield words[words.index("--") + 1 :] if "--" in words else words


def test_the_commands_are_ours() -> None:
    found = list(commands())
    assert len(found) >= 3
    for name, *arguments in found:
        assert name == "powermem"
        assert parse(arguments).command == "mcp"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_the_scripts_are_those_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"powermem", "powermem-mcp"} <= set(project["scripts"])
    assert "mcp" in project["optional-dependencies"]


def test_the_page_names_every_tool() -> None:
    pytest.importorskip("mcp")
    from powermem import AsyncMemory
    from powermem._core.values import Scope
    from powermem.mcp.callers import Callers
    from powermem.mcp.server import TOOL_SETS, _tools
    from powermem.mcp.tools import Book

    text = PAGE.read_text("utf-8")
    memory = AsyncMemory({"embedder": {"provider": "mock"}})
    for chosen in TOOL_SETS:
        names = [tool.name for tool in _tools(Book(memory, Callers(Scope())), chosen)]
        shown = [name for name in names if f"`{name}`" in text]
        assert shown == (names if chosen == "core" else names[:7])
