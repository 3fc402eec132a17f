"""The command line as a user runs it: called in this process, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

import powermem
from powermem.cli import main

PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR")
# A relative PYTHONPATH would lead nowhere from the directory of a test.
PACKAGE = str(Path(powermem.__file__).parents[1])


class Ran(NamedTuple):
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON on standard output."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty directory, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(
            ("LLM_", "EMBEDDING_", "SQLITE_", "POWERMEM_", "DATABASE_", "OPENAI_", "ANTHROPIC_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file: a database of its own, and the embedder that needs no model."""
    path = tmp_path / "config.json"
    sections = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
    }
    path.write_text(json.dumps(sections), "utf-8")
    return path


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process with exactly these arguments."""

    def run(*arguments: str) -> Ran:
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = cast(int, stopped.code)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def cli(bare: Run, config: Path) -> Run:
    """Call the command line in this process with the test's configuration."""
    return lambda *arguments: bare(*arguments, "--config", str(config))


@pytest.fixture
def shell(config: Path) -> Run:
    """Run the command line as a process, with the test's configuration and nothing else around it."""

    def run(*arguments: str, env: dict[str, str] | None = None, given: bytes = b"", code: str = "") -> Ran:
        program = ["-c", code] if code else ["-m", "powermem"]
        done = subprocess.run(
            [sys.executable, *program, *arguments, "--config", str(config)],
            input=given,
            capture_output=True,
            env=environment(env),
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Return the least environment in which Python runs, and what a test adds."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed_on, "PYTHONPATH": PACKAGE, **(extra or {})}


def remember(cli: Run, *texts: str, options: Sequence[str] = ("-u", "alice")) -> list[str]:
    """Store texts word for word and return their ids."""
    ids = []
    for text in texts:
        ran = cli("add", text, "--no-infer", "--json", *options)
        assert ran.code == 0, ran.err
        ids += [item["id"] for item in ran.document["results"]]
    return ids
