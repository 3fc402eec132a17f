"""``powermem shell``: commands that are typed, or piped in."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from .configuration import open_memory
from .output import Output, print_error

_PROMPT = "powermem> "
_OF_MEMORIES = ("add", "search", "get", "update", "delete", "list")
"""Words that mean a command of ``memory``, as in the shell of powermem 1.1."""
_ALONE = ("shell", "serve", "worker", "mcp")
"""Commands that take the terminal for themselves."""
_KEPT = ("config", "env_file", "db")
_HELP = """\
add TEXT, search QUERY, get ID, update ID TEXT, delete ID, list    as `powermem memory ...`, with its options
stats, history ID, and every other command                         as on the command line
set user|agent|run ID, set json on|off                             for the commands that follow; none unsets
show settings, clear, help, exit"""
_NOTHING = ("none", "-", "")


def shell(options: Namespace, output: Output) -> int:
    """Run commands until the input ends.

    Returns:
        1 if a command failed that did not come from a terminal.
    """
    del output
    session = Session(options)
    # Commands share the engine of this memory, so that none of them opens the store again.
    with open_memory(options):
        if sys.stdin.isatty():
            with _line_editing(session):
                print("Type help for the commands, exit to leave.")
                _converse(session)
            return 0
        failed = False
        for line in iter(sys.stdin.readline, ""):
            failed = session.run(line) != 0 or failed
            if session.ended:
                break
        return 1 if failed else 0


def _converse(session: Session) -> None:
    while not session.ended:
        try:
            session.run(input(_PROMPT))
        except KeyboardInterrupt:
            print("\nexit leaves", file=sys.stderr)
        except EOFError:
            print()
            return


class Session:
    """The settings that hold from one line to the next.

    Args:
        options: those of ``powermem shell``.

    Attributes:
        ended: whether ``exit`` was asked for.
    """

    def __init__(self, options: Namespace) -> None:
        self.ended = False
        self._options = options
        self._given: dict[str, str | None] = {"user": None, "agent": None, "run": None}
        self._json = bool(options.json)
        self._words: dict[str, Callable[[list[str]], int]] = {
            "set": self._set, "show": self._show, "clear": self._clear, "help": self._help,
            "exit": self._exit, "quit": self._exit, "q": self._exit,
        }  # fmt: skip

    def run(self, line: str) -> int:
        """Run a line.

        Returns:
            The exit code that the command would have.
        """
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            print_error(f'{error}: write \\\' for an apostrophe, or quote the text with "..."')
            return 2
        if not words:
            return 0
        word = words[0].lower()
        if word in self._words:
            return self._words[word](words[1:])
        if word in _ALONE:
            print_error(f"{word}: run it outside of the shell")
            return 2
        return self._run_command(["memory", *words] if word in _OF_MEMORIES else words)

    def _run_command(self, words: list[str]) -> int:
        from . import execute
        from .arguments import parse

        try:
            options = parse(words)
        except SystemExit as stopped:
            return stopped.code if isinstance(stopped.code, int) else 1
        if options.command in _ALONE:
            return self.run(str(options.command))
        for name in _KEPT:
            if getattr(options, name, None) is None:
                setattr(options, name, getattr(self._options, name))
        for name, given in self._given.items():
            if given is not None and getattr(options, name, "") is None:
                setattr(options, name, given)
        options.json = options.json or self._json
        options.verbose = options.verbose or self._options.verbose
        return execute(options)

    def _set(self, words: list[str]) -> int:
        if len(words) == 2 and words[0] in self._given:
            self._given[words[0]] = None if words[1].lower() in _NOTHING else words[1]
            return self._show([])
        if len(words) == 2 and words[0] == "json":
            self._json = words[1].lower() in ("on", "true", "yes", "1")
            return self._show([])
        print_error("set: expected user, agent or run and an id, or json on or json off")
        return 2

    def _show(self, words: list[str]) -> int:
        if words not in ([], ["settings"]):
            print_error("show: expected settings")
            return 2
        settings = {**self._given, "json": "on" if self._json else "off"}
        print(", ".join(f"{name} {value or 'none'}" for name, value in settings.items()), file=sys.stderr)
        return 0

    def _clear(self, words: list[str]) -> int:
        del words
        if sys.stdout.isatty():
            print("\x1b[H\x1b[2J", end="", flush=True)
        return 0

    def _help(self, words: list[str]) -> int:
        del words
        print(_HELP)
        return 0

    def _exit(self, words: list[str]) -> int:
        del words
        self.ended = True
        return 0

    def completed(self, words: list[str], begun: str) -> list[str]:
        """Return what a word may be.

        Args:
            words: those before it.
            begun: its beginning.
        """
        from .completion import nodes

        path = " ".join(["memory", *words] if words and words[0] in _OF_MEMORIES else words)
        tree = {node.path: node for node in nodes()}
        while path and path not in tree:
            path = path.rpartition(" ")[0]
        if begun.startswith("-"):
            found = [name for names in tree[path].options for name in names]
        else:
            found = list(tree[path].words)
            if not words:
                found += [*self._words, *_OF_MEMORIES]
        return sorted({word for word in found if word.startswith(begun)})


@contextmanager
def _line_editing(session: Session) -> Iterator[None]:
    """Keep a history and complete words, where Python has the module readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    history = Path.home() / ".powermem_history"
    with suppress(OSError):  # there is none yet
        readline.read_history_file(history)
    readline.set_completer(_completer(readline, session))
    readline.set_completer_delims(" ")
    # libedit, which stands in for readline on macOS, has its own words for this.
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(None)
        with suppress(OSError):  # a home that cannot be written keeps no history
            readline.write_history_file(history)


def _completer(readline: ModuleType, session: Session) -> Callable[[str, int], str | None]:
    found: list[str] = []

    def complete(begun: str, number: int) -> str | None:
        if number == 0:
            before: Any = readline.get_line_buffer()[: readline.get_begidx()]
            found[:] = session.completed(before.split(), begun)
        return f"{found[number]} " if number < len(found) else None

    return complete
