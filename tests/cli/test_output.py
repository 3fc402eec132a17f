"""What comes out: in any encoding, any width, with and without colour, into a pipe that closes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Ran, Run, environment, remember

TEXT = "Kraków 🐝 東京 naïve"
WITHOUT_RICH = (
    "import sys; sys.modules['rich'] = None; from powermem.cli import main; sys.exit(main(sys.argv[1:]))"
)
ASCII_ONLY = [
    {"LC_ALL": "C"},
    {"PYTHONIOENCODING": "ascii"},
]


@pytest.mark.parametrize("env", ASCII_ONLY)
def test_any_text_in_any_encoding(shell: Run, cli: Run, env: dict[str, str]) -> None:
    ran = shell("add", "-", "--no-infer", "-u", "zoë", env=env, given=TEXT.encode())
    assert ran.code == 0, ran.err
    [record] = cli("list", "--json").document["results"]
    assert (record["memory"], record["user_id"]) == (TEXT, "zoë")
    ran = shell("list", env=env)
    assert (ran.code, ran.err) == (0, "")
    assert "Krak" in ran.out
    ran = shell("list", "--json", env=env)
    assert ran.document["results"][0]["memory"] == TEXT


def test_json_is_readable_where_the_output_is_utf_8(shell: Run, cli: Run) -> None:
    remember(cli, TEXT)
    assert TEXT in shell("list", "--json", env={"PYTHONIOENCODING": "utf-8"}).out


def test_bytes_that_are_no_text_are_refused(shell: Run) -> None:
    code = "import sys; from powermem.cli import main; sys.exit(main(['add', 'caf\\udce9', *sys.argv[1:]]))"
    ran = shell(code=code)
    assert ran.code == 1
    assert ran.err.startswith("powermem: error: ")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("command", [["list"], ["list", "--json"], ["--help"]])
def test_a_pipe_that_closes_is_quiet(cli: Run, config: Path, tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "many.json"
    path.write_text(json.dumps([f"note number {number} {'x' * 300}" for number in range(300)]), "utf-8")
    assert cli("load", str(path), "--no-infer").code == 0
    # A whole line is wanted, and the reader is gone before the rest fits into the pipe.
    child = subprocess.Popen(
        [sys.executable, "-m", "powermem", *command, "-l", "300", "--config", str(config)]
        if command[0] == "list"
        else [sys.executable, "-m", "powermem", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert child.stdout is not None
    assert child.stderr is not None
    if command[0] == "list":
        assert child.stdout.readline()
    child.stdout.close()
    with child.stderr:
        err = child.stderr.read()
    assert (child.wait(120), err) == (141, b"")


def test_no_escape_codes_in_a_file(shell: Run, cli: Run) -> None:
    [found] = remember(cli, "red \x1b[31malert\x07 \u202eesrever")
    for ran in (
        shell("list", env={"TERM": "xterm-256color", "FORCE_COLOR": "1"}),
        cli("search", "alert"),
        cli("get", found),
        cli("history", found),
    ):
        assert ran.code == 0, ran.err
        assert "\\x1b[31malert\\x07 \\u202eesrever" in ran.out
        assert not {"\x1b", "\x07", "\u202e"} & set(ran.out)


def in_terminal(columns: int, *arguments: str, env: dict[str, str] | None = None) -> Ran:
    """Run the command line in a terminal of so many columns."""
    if sys.platform == "win32":
        pytest.skip("needs a pseudo-terminal")
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-m", "powermem", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment({"TERM": "xterm-256color", **(env or {})}),
    )
    os.close(theirs)
    chunks = []
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        while True:
            try:
                chunk = terminal.read(4096)
            except OSError:  # Linux: the other side is closed
                break
            if not chunk:
                break
            chunks.append(chunk)
    return Ran(child.wait(120), b"".join(chunks).decode("utf-8").replace("\r\n", "\n"), "")


def test_colour_in_a_terminal_unless_refused(cli: Run, config: Path) -> None:
    remember(cli, "I keep bees")
    arguments = ("list", "--config", str(config))
    assert "\x1b[" in in_terminal(100, *arguments).out
    plain = in_terminal(100, *arguments, env={"NO_COLOR": "1"}).out
    assert "\x1b" not in plain
    assert "I keep bees" in plain


def test_load_shows_progress_in_a_terminal_only(config: Path, tmp_path: Path, shell: Run) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('"I keep bees"\n', "utf-8")
    arguments = ("load", str(path), "--no-infer")
    assert "Loading" in in_terminal(100, *arguments, "--config", str(config)).out
    ran = shell(*arguments)
    assert "Loading" not in ran.out + ran.err


@pytest.mark.parametrize("columns", ["20", "40", "60"])
def test_a_narrow_terminal_loses_nothing(cli: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    [found] = remember(
        cli, "I keep bees on the roof of the old town hall", options=("-u", "a-long-user-name")
    )
    monkeypatch.setenv("COLUMNS", columns)
    for command in ("list", "search"):
        words = ("bees",) if command == "search" else ()
        shown = cli(command, *words, "-u", "a-long-user-name").out
        assert found in shown
        assert "a-long-user-name" in shown
        assert "town hall" in shown


def test_long_text_is_broken_but_complete(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = " ".join(f"word{number}" for number in range(60))
    remember(cli, text, "蜂" * 200)
    shown = cli("list").out
    assert all(word in shown for word in text.split())
    assert shown.count("蜂") == 200


def test_text_is_no_markup(cli: Run) -> None:
    remember(cli, "[bold]loud[/bold] :bee: [link=x]y[/link]")
    assert "[bold]loud[/bold] :bee: [link=x]y[/link]" in cli("list").out


def test_without_rich_there_is_json(shell: Run) -> None:
    ran = shell("add", "I keep bees", "--no-infer", "--json", code=WITHOUT_RICH)
    assert ran.code == 0, ran.err
    assert shell("list", "--json", code=WITHOUT_RICH).document["total"] == 1
    assert shell("config", "validate", "--json", code=WITHOUT_RICH).document["valid"] is True


def test_without_rich_nothing_else_is_done(shell: Run) -> None:
    ran = shell("add", "I keep bees", "--no-infer", code=WITHOUT_RICH)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "powermem: error: tables need rich: run pip install 'rich>=13', or add --json\n"
    assert shell("list", "--json", code=WITHOUT_RICH).document["total"] == 0


def test_what_is_ignored_is_said_on_standard_error(shell: Run, config: Path) -> None:
    sections = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**sections, "telemetry": {"enabled": True}}), "utf-8")
    ran = shell("list", "--json")
    assert ran.document["total"] == 0
    assert ran.err == "powermem: these settings have no effect in this version: telemetry\n"
