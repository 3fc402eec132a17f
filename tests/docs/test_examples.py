"""Every example of the documentation, run as it stands.

The blocks of a file run in order, in one directory and with the names that those before them have made.
Settings are checked, and written to the file whose name stands behind their language. A block marked
``output`` is what the block above it prints. Whatever is not to be run says ``no-run`` and why.
"""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from powermem import MemoryConfig
from powermem.cli import main
from powermem.config.environment import from_variables
from tests.support.apiserver import ApiServer

from .markdown import ROOT, Block, documents, read_blocks

PROMPT = "$ "
# Shown to be read, and without anything that could be run.
FIGURES = ("text",)
SETTINGS = ("dotenv", "json")
# How a copy of the project is installed and tested: its own test runs these.
SHELL = ("bash", "sql")

# The pages whose examples talk to a language model by themselves.
TALKING = ("clients.md", "coming-from.md")


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_work(
    path: Path,
    services: ApiServer,
    place: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    if path.name in TALKING:
        request.getfixturevalue("providers")
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in read_blocks(path):
        if block.note.startswith("no-run"):
            assert len(block.note.split()) > 2, f"{block.place}: say why the block is not to be run"
        elif block.language == "python":
            printed = _run(block, names, capsys)
        elif block.language == "console":
            printed = _type(block, capsys)
        elif block.note == "output":
            assert printed == block.code, f"{block.place}: the block above prints something else"
        elif block.language in SETTINGS:
            _configure(block, place)
        else:
            assert block.language in (*FIGURES, *SHELL), f"{block.place}: what is to be done with this?"


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_example_is_overlooked(path: Path) -> None:
    assert path.read_text("utf-8").count("\n```") == 2 * len(read_blocks(path))


def _run(block: Block, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    # Blank lines before the code make a traceback show the line of the document.
    code = compile("\n" * (block.line - 1) + block.code, str(block.path), "exec")
    exec(code, names)
    return capsys.readouterr().out


def _type(block: Block, capsys: pytest.CaptureFixture[str]) -> str:
    for line in block.code.splitlines():
        assert line.startswith(PROMPT), f"{block.place}: a line to type begins with {PROMPT!r}"
        name, *arguments = shlex.split(line.removeprefix(PROMPT), comments=True)
        assert name == "powermem", f"{block.place}: {name!r} is not our command"
        assert main(arguments) == 0, f"{block.place}: {line}\n{capsys.readouterr().err}"
    return capsys.readouterr().out


def _configure(block: Block, place: Path) -> None:
    if block.language == "json":
        MemoryConfig(**json.loads(block.code))
    else:
        MemoryConfig(**from_variables(dotenv_values(stream=io.StringIO(block.code))))
    if block.note:
        (place / block.note).write_text(block.code, "utf-8")
