"""Type checkers find no fault in a right program that uses the library, and each fault in a wrong one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from powermem import AsyncMemory, AsyncProcessTask, Memory, ProcessTask

HERE = Path(__file__).parent
PROGRAMS = ["_async/user.py", "_async/wrong.py", "_sync/user.py", "_sync/wrong.py"]
FAULT = "  # error"

Fault = tuple[str, int, str]
"""A program, the number of a line, and what is wrong there."""


def mypy() -> list[Fault]:
    """Return what mypy reports in strict mode."""
    # Without our configuration: as in somebody's project.
    options = ["--strict", "--config-file=", "--explicit-package-bases", "--python-version=3.10"]
    text = _run("mypy", *options, *PROGRAMS)
    found = [re.fullmatch(r"(.+?):(\d+): error: (.+)", line) for line in text.splitlines()]
    return [(each[1], int(each[2]), each[3]) for each in found if each is not None]


def pyright() -> list[Fault]:
    """Return what pyright reports in strict mode."""
    text = _run("basedpyright", "--outputjson", "--pythonpath", sys.executable, "--project", ".")
    return [
        (
            Path(found["file"]).relative_to(HERE).as_posix(),
            found["range"]["start"]["line"] + 1,
            found["message"],
        )
        for found in json.loads(text)["generalDiagnostics"]
    ]


@pytest.mark.parametrize("check", [mypy, pyright])
def test_each_mistake_is_reported_and_nothing_else(check: Callable[[], list[Fault]]) -> None:
    marked = {
        (program, number)
        for program in PROGRAMS
        for number, line in enumerate(_lines(program), start=1)
        if line.endswith(FAULT)
    }
    assert {program for program, _ in marked} == {"_async/wrong.py", "_sync/wrong.py"}
    reported = check()
    assert [fault for fault in reported if fault[:2] not in marked] == []
    assert marked - {fault[:2] for fault in reported} == set()


@pytest.mark.parametrize("program", ["_async/user.py", "_sync/user.py"])
def test_the_right_program_uses_every_public_name(program: str) -> None:
    memory, task = (Memory, ProcessTask) if program.startswith("_sync") else (AsyncMemory, AsyncProcessTask)
    opened = memory({"llm": {"provider": "none"}, "embedder": {"provider": "none"}})
    parts = [
        type(part) for part in (opened.processing, opened.augmentation, opened.llm, opened.config.storage)
    ]
    used = set(re.findall(r"\.(\w+)", "\n".join(_lines(program))))
    for cls in (memory, task, *parts):
        assert {name for name in dir(cls) if not name.startswith("_")} - used == set(), cls


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=HERE, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def _lines(program: str) -> list[str]:
    return (HERE / program).read_text(encoding="utf-8").splitlines()
