"""``powermem shell``, through a pipe and on a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from powermem.cli.arguments import parse
from powermem.cli.shell import Session

from .conftest import Ran, Run, environment


@pytest.fixture
def piped(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run lines in the shell."""

    def run(*lines: str) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return cli("shell")

    return run


def test_lines_are_commands(piped: Run) -> None:
    ran = piped(
        "# a comment, and a blank line", "",
        "set user ann", "set json on",
        'add "I keep bees, don\'t you?" --no-infer',
        "memory list",
        "exit",
        "list",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(ran.out)
    second, _ = decoder.raw_decode(ran.out[end:].lstrip())
    assert first["results"][0]["user_id"] == "ann"
    assert [item["memory"] for item in second] == ["I keep bees, don't you?"]


def test_a_line_has_its_own_options(piped: Run) -> None:
    ran = piped("set user ann", "add x --no-infer -u bob", "set user none", "memory list -u bob -j")
    assert ran.code == 0
    assert '"user_id": "bob"' in ran.out
    assert ran.err.splitlines()[-1] == "user none, agent none, run none, json off"


def test_deleting_asks_and_reads_the_next_line(piped: Run) -> None:
    ran = piped("add x --no-infer -u ann", "memory delete-all -u ann --confirm", "y", "memory list -j")
    assert ran.code == 0, ran.err
    assert ran.out.endswith("[]\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bogus", "'bogus'"),
        ("add 'x", "No closing quotation"),
        ("get 389596920147940871", "there is no memory"),
        ("list -l 0", "at least 1"),
        ("set colour red", "expected user, agent or run"),
        ("show me", "expected settings"),
        ("shell", "outside of the shell"),
        ("-j worker", "outside of the shell"),
        ("SERVE", "outside of the shell"),
    ],
)
def test_an_error_does_not_end_it(piped: Run, line: str, said: str) -> None:
    ran = piped(line, "memory list -j")
    assert ran.code == 1
    assert said in ran.err
    assert ran.out.endswith("[]\n")


def test_help(piped: Run) -> None:
    assert "exit" in piped("help").out
    assert "usage: powermem memory add" in piped("add --help").out


@pytest.mark.parametrize(
    ("words", "begun", "wanted"),
    [
        ([], "ad", ["add"]),
        ([], "s", ["search", "serve", "set", "shell", "show", "stats"]),
        ([], "ex", ["exit", "export"]),
        (["memory"], "del", ["delete", "delete-all"]),
        (["add"], "--no", ["--no-infer"]),
        (["memory", "list"], "--so", ["--sort", "--sort-by"]),
        (["stats", "-u", "ann"], "--t", ["--time-range"]),
        (["nothing"], "x", []),
    ],
)
def test_words_are_completed(words: list[str], begun: str, wanted: list[str]) -> None:
    assert Session(parse(["shell"])).completed(words, begun) == wanted


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
def test_on_a_terminal(config: Path, tmp_path: Path) -> None:
    """A history is kept, words are completed, and errors do not end the shell."""
    import pty

    pytest.importorskip("readline")
    (tmp_path / "home").mkdir()
    run = environment({"HOME": str(tmp_path / "home"), "TERM": "dumb"})
    terminal, end = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "powermem", "shell", "--config", str(config)],
        stdin=end, stdout=end, stderr=end, env=run,
    )  # fmt: skip
    os.close(end)
    seen = b""

    def wait(wanted: bytes) -> None:
        nonlocal seen
        while wanted not in seen:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # Linux says so when the other end is closed
                part = b""
            assert part, seen
            seen += part
        seen = seen.partition(wanted)[2]

    try:
        wait(b"powermem> ")
        os.write(terminal, b"bogus\n")
        wait(b"powermem: error: ")
        wait(b"powermem> ")
        os.write(terminal, b"memory li\t-j\n")
        wait(b"[]")
        wait(b"powermem> ")
        os.write(terminal, b"exit\n")
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.wait()
        os.close(terminal)
    kept = (tmp_path / "home" / ".powermem_history").read_text("utf-8").split("\n")
    assert [line for line in kept if line in ("bogus", "memory list -j", "exit")] == [
        "bogus", "memory list -j", "exit",
    ]  # fmt: skip
