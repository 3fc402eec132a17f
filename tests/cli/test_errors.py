"""What is said, and returned, when something is wrong."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Run, environment, remember

MISSING = "389596920147940871"


def failed(err: str) -> str:
    """Return the message of the one line that an error is."""
    [line] = err.splitlines()
    assert line.startswith("powermem: error: ")
    return line.removeprefix("powermem: error: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serach", "x"], "'serach'"),
        (["add"], "TEXT"),
        (["add", "x", "--metadata", "{"], "--metadata: not valid JSON"),
        (["add", "x", "--metadata", "[1]"], "expected a JSON object"),
        (["add", "x", "--timestamp", "yesterday"], "'yesterday'"),
        (["add", "x", "--usr", "alice"], "--usr alice; did you mean --user?"),
        (["add", "x", "--user_id", "alice"], "did you mean --user-id?"),
        (["memory", "add", "x", "--user_id", "alice"], "did you mean --user-id?"),
        (["memory"], "add|search|get|update|delete|list|delete-all"),
        (["memory", "forget"], "'forget'"),
        (["manage", "restore"], "--input"),
        (["stats", "-t", "5d"], "'5d'"),
        (["config", "show", "--show-secrets"], "--show-secrets does not exist here"),
        (["config", "show", "-s", "graph"], "there is no section 'graph'"),
        (["completion", "powershell"], "'powershell'"),
        (["add", "x", "--meta=1"], "did you mean --metadata?"),
        (["get", "1", "2"], "unrecognized arguments: 2"),
        (["search", "x", "--limit", "0"], "at least 1, got '0'"),
        (["search", "x", "--limit", "ten"], "'ten'"),
        (["search", "x", "--threshold", "1.5"], "0 to 1"),
        (["search", "x", "--threshold", "nan"], "'nan'"),
        (["search", "x", "--as-of", "2024-13-01"], "2024-13-01"),
        (["search", "x", "--filters", "topic=food"], "--filters: not valid JSON"),
        (["list", "--offset", "-1"], "at least 0"),
        (["list", "--sort", "colour"], "'colour'"),
        (["list", "--order", "up"], "'up'"),
        (["update", "1"], "TEXT"),
        (["update", "1", "x", "--replace-metadata"], "--replace-metadata needs"),
        (["delete"], "either an ID or --all"),
        (["delete", "1", "--all", "-u", "alice"], "either an ID or --all"),
        (["delete", "1", "--filters", "{}"], "go with --all"),
        (["delete", "--all", "--yes"], "needs --user"),
        (["delete", "--all", "-u", "alice"], "--yes"),
        (["load"], "FILE"),
        (["load", "x.jsonl", "--concurrency", "0"], "--concurrency"),
        (["config"], "show|validate"),
        (["config", "edit"], "'edit'"),
        (["demo"], "--llm"),
    ],
)
def test_wrong_usage_is_two(cli: Run, arguments: list[str], said: str) -> None:
    ran = cli(*arguments)
    assert ran.code == 2
    assert said in failed(ran.err)
    assert ran.out == ""


@pytest.mark.parametrize("command", ["get", "update", "delete", "history"])
@pytest.mark.parametrize("wrong", [MISSING, "not-an-id", "9" * 30])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_missing_memory_is_one(cli: Run, command: str, wrong: str, form: tuple[str, ...]) -> None:
    text = ("new text",) if command == "update" else ()
    ran = cli(command, wrong, *text, *form)
    assert ran.code == 1
    assert failed(ran.err) == f"there is no memory with the id {wrong!r}"
    assert ran.out == ""


@pytest.mark.parametrize("command", ["get", "update", "delete"])
def test_somebody_elses_memory_is_missing(cli: Run, command: str) -> None:
    [found] = remember(cli, "I keep bees")
    text = ("new text",) if command == "update" else ()
    ran = cli(command, found, *text, "-u", "bob")
    assert ran.code == 1
    assert failed(ran.err) == f"there is no memory with the id {found!r} of user 'bob'"
    assert cli("get", found, "-u", "alice").code == 0


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_wrong_filter_is_one(cli: Run, form: tuple[str, ...]) -> None:
    ran = cli("search", "x", "--filters", '{"topic": {"equals": 1}}', *form)
    assert ran.code == 1
    assert "unknown operator 'equals'" in failed(ran.err)
    assert ran.out == ""


@pytest.mark.parametrize("text", ["", "  \n "])
def test_blank_text_is_refused(cli: Run, text: str) -> None:
    ran = cli("add", text, "-u", "alice")
    assert ran.code == 1
    assert "no text" in failed(ran.err)


def test_a_blank_user_is_not_everybody(cli: Run) -> None:
    ran = cli("list", "-u", " ")
    assert ran.code == 1
    assert "user_id" in failed(ran.err)


def test_standard_input_must_be_text(shell: Run) -> None:
    ran = shell("add", "-", given=b"\xff\xfe")
    assert ran.code == 1
    assert "UTF-8" in failed(ran.err)


def test_a_file_that_is_no_database(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("This is a shopping list, and no database at all. " * 50, "utf-8")
    ran = cli("list", "--db", str(path))
    assert ran.code == 1
    assert "notes.db" in failed(ran.err)


def test_a_directory_is_no_database(cli: Run, tmp_path: Path) -> None:
    ran = cli("list", "--db", str(tmp_path))
    assert ran.code == 1
    failed(ran.err)


def test_a_locked_database(cli: Run, tmp_path: Path, config: Path) -> None:
    remember(cli, "one")
    config.write_text(
        config.read_text("utf-8").replace('{"database_path"', '{"timeout": 0.1, "database_path"')
    )
    other = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        ran = cli("add", "two", "--no-infer")
    finally:
        other.close()
    assert ran.code == 1
    failed(ran.err)


def test_debug_shows_the_traceback(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERMEM_DEBUG", "1")
    ran = cli("get", MISSING)
    assert ran.code == 1
    assert ran.err.startswith("Traceback")
    assert ran.err.splitlines()[-1].startswith("powermem: error: ")


def test_an_unexpected_error_is_one_line_too(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("powermem.Memory.get_all", break_down)
    ran = cli("list")
    assert ran.code == 1
    assert failed(ran.err).startswith("unexpected RuntimeError: first line")


@contextmanager
def writing_end(pipe: Path, reader: subprocess.Popen[str]) -> Iterator[None]:
    """Hold a named pipe open from the moment when the child has opened it, and so is at work."""
    end = None
    while end is None:
        assert reader.poll() is None, reader.communicate()
        try:
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads it yet
                raise
            time.sleep(0.01)
    try:
        yield
    finally:
        os.close(end)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_interrupted(config: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "endless.jsonl"
    os.mkfifo(pipe)
    child = subprocess.Popen(
        [sys.executable, "-m", "powermem", "load", str(pipe), "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with child, writing_end(pipe, child):
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
    assert child.returncode == 130
    assert (out, err) == ("", "powermem: interrupted\n")
