"""Every example of the documentation, run as it stands.

The blocks of a file run in order, in one directory and with the names that those before them have made.
Those in which a memory is used run a second time in the form of the site's async tab. Settings are checked,
and written to the file whose name stands behind their language. A block marked ``output`` is what the block
above it prints. Whatever is not to be run says ``no-run`` and why.
"""

from __future__ import annotations

import ast
import asyncio
import io
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from powermem import MemoryConfig
from powermem.cli import main
from powermem.config.environment import from_variables
from tests.support.apiserver import ApiServer

from .markdown import ROOT, Block, documents, in_async, read_blocks

PROMPT = "$ "
# Shown to be read, and without anything that could be run.
FIGURES = ("text",)
SETTINGS = ("dotenv", "json")
# How a copy of the project is installed and tested: its own test runs these.
SHELL = ("bash", "sql")

# The pages whose examples talk to a language model by themselves.
TALKING = ("clients.md", "coming-from.md", "tutorial.md")


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_work(
    path: Path,
    services: ApiServer,
    place: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    blocks = read_blocks(path)
    _need(blocks)
    if path.name in TALKING:
        request.getfixturevalue("providers")
    elif path.parent.name == "integrations":
        request.getfixturevalue("addressed")
    _work(blocks, place, capsys)


def _need(blocks: list[Block]) -> None:
    """Skip a page about packages that are not installed here; ``nox -s frameworks`` has them."""
    for name in {
        name for block in blocks if block.note.startswith("with ") for name in block.note.split()[1:]
    }:
        pytest.importorskip(name)


def _tabbed() -> Iterator[Any]:
    """Yield the pages that the site shows in both colours, with their blocks in the async one."""
    for path in documents()[1:]:
        blocks = in_async(read_blocks(path))
        if blocks != read_blocks(path):
            yield pytest.param(path, blocks, id=str(path.relative_to(ROOT)))


@pytest.mark.parametrize(("path", "blocks"), [*_tabbed()])
def test_the_async_form_of_the_examples_does_the_same(
    path: Path,
    blocks: list[Block],
    services: ApiServer,
    place: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    if path.name in TALKING:
        request.getfixturevalue("providers")
    _work(blocks, place, capsys)


def _work(blocks: list[Block], place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    loop = asyncio.new_event_loop()
    try:
        for block in blocks:
            if block.note.startswith("no-run"):
                assert len(block.note.split()) > 2, f"{block.place}: say why the block is not to be run"
            elif block.language == "python":
                printed = _run(block, names, loop, capsys)
            elif block.language == "console":
                printed = _type(block, capsys)
            elif block.note == "output":
                assert printed == block.code, f"{block.place}: the block above prints something else"
            elif block.language in SETTINGS:
                _configure(block, place)
            else:
                assert block.language in (*FIGURES, *SHELL), f"{block.place}: what is to be done with this?"
    finally:
        loop.close()


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_example_is_overlooked(path: Path) -> None:
    assert path.read_text("utf-8").count("\n```") == 2 * len(read_blocks(path))


def _run(
    block: Block, names: dict[str, Any], loop: asyncio.AbstractEventLoop, capsys: pytest.CaptureFixture[str]
) -> str:
    # Blank lines before the code make a traceback show the line of the document.
    text = "\n" * (block.line - 1) + block.code
    code = compile(text, str(block.path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    waiting = eval(code, names)
    if waiting is not None:
        loop.run_until_complete(waiting)
    return capsys.readouterr().out


def _type(block: Block, capsys: pytest.CaptureFixture[str]) -> str:
    for line in block.code.splitlines():
        assert line.startswith(PROMPT), f"{block.place}: a line to type begins with {PROMPT!r}"
        name, *arguments = shlex.split(line.removeprefix(PROMPT), comments=True)
        assert name in ("powermem", "pmem"), f"{block.place}: {name!r} is not our command"
        assert main(arguments) == 0, f"{block.place}: {line}\n{capsys.readouterr().err}"
    return capsys.readouterr().out


def _configure(block: Block, place: Path) -> None:
    if block.language == "json":
        MemoryConfig(**json.loads(block.code))
    else:
        MemoryConfig(**from_variables(dotenv_values(stream=io.StringIO(block.code))))
    if block.note:
        (place / block.note).write_text(block.code, "utf-8")
