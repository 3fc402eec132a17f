"""The output of the commands: tables for people, JSON for programs, errors in one line."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from .._core.hints.extras import pip_install
from .._core.patterns import Pattern

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_FILE = 120
_LEAST_PROSE = 24
_GAP = 2
# Stored text must not be able to send terminal escape sequences or to change the direction of text.
_UNSAFE = Pattern(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_IDS = ("id", "memory_id", "superseded_by")


class CommandError(Exception):
    """A command failed."""

    code = 1


class UsageError(CommandError):
    """The options contradict each other."""

    code = 2


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: its heading.
        prose: whether its text may wrap; any other text is never broken.
        right: whether it is right-aligned.
        style: its style in a terminal.
    """

    title: str
    prose: bool = False
    right: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its columns, and rows with a cell for each."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


Part = str | Grid
"""A line of text, or a table."""


class Output:
    """Prints results to standard output.

    Args:
        as_json: print JSON instead of tables.

    Raises:
        CommandError: rich, which tables need, is not installed.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = None if as_json else _console()

    def print_result(self, document: Any, view: Callable[[Any], Iterable[Part]]) -> None:
        """Print a result: as JSON, or as the parts that a view makes of it."""
        if self._console is None:
            _write(_json(document, indent=2))
            return
        for part in view(document):
            self.show(part)

    def print_line(self, document: Any, line: str) -> None:
        """Print one of many results: as a line of JSON or of text."""
        _write(_json(document, indent=None) if self._console is None else safe(" ".join(line.split())))

    def clear(self) -> None:
        """Clear the terminal; elsewhere print a blank line."""
        if self._console is None:
            return
        in_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        sys.stdout.write("\x1b[H\x1b[2J" if in_terminal else "\n")

    def show(self, part: Part) -> None:
        """Print a part, except in JSON mode."""
        if self._console is None:
            return
        if isinstance(part, str):
            _write(safe(part))
        elif _fits(part, self._console.width):
            _write(_drawn(part, self._console))
        else:
            _write(_stacked(part))

    @contextmanager
    def progress(self, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show a progress bar while a block runs, if standard error is a terminal.

        Args:
            title: its title.
            total: the total amount of work, if known.

        Yields:
            A function to call with the amount of work done since the last call, from one thread at a time.
        """
        if not sys.stderr.isatty() or find_spec("rich") is None:
            yield lambda done: None
            return
        from rich.console import Console
        from rich.progress import Progress, TextColumn

        columns = (*Progress.get_default_columns(), TextColumn("{task.fields[rate]}"))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total, rate="")
            calls = 0

            def advance(done: int) -> None:
                nonlocal calls
                # With a total, the amounts are shares of it and the calls are counted; without, the amounts
                # are.
                calls += done if total is None else 1
                elapsed = bar.tasks[0].elapsed or 0.0
                bar.update(task, advance=done, rate=f"{calls / elapsed:,.0f}/s" if elapsed else "")

            yield advance


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Print the library's warnings to standard error while a block runs."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("powermem: %(message)s"))
    logger = logging.getLogger("powermem")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def print_error(message: str) -> None:
    """Print an error to standard error, in one line."""
    lines = (" ".join(line.split()) for line in message.splitlines())
    print(f"powermem: error: {safe('; '.join(filter(None, lines)))}", file=sys.stderr)


def safe(text: str) -> str:
    """Return a text with escaped control characters; tabs become spaces and line breaks are kept."""
    return _UNSAFE.sub(
        lambda found: " " if found[0] == "\t" else found[0].encode("unicode_escape").decode("ascii"), text
    )


def _console() -> Console:
    try:
        from rich.console import Console
    except ImportError:
        raise CommandError(f"tables need rich: run {pip_install('cli')}, or add --json") from None
    in_terminal = sys.stdout.isatty()
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdigit() and int(wanted) > 0:
        width = int(wanted)
    else:
        width = shutil.get_terminal_size().columns if in_terminal else _WIDTH_OF_A_FILE
    coloured = in_terminal and not os.environ.get("NO_COLOR")
    return Console(
        width=width,
        color_system="auto" if coloured else None,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _json(document: Any, *, indent: int | None) -> str:
    # If the output is not UTF-8, characters that it cannot encode would become Python escapes, which are no
    # JSON.
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return json.dumps(_portable(document), ensure_ascii=plain, indent=indent)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _portable(value: Any) -> Any:
    """Return a document with its ids as strings: jq and JavaScript round integers of this size."""
    if isinstance(value, dict):
        return {
            key: str(part)
            if key in _IDS and isinstance(part, int)
            else part
            if key == "metadata"
            else _portable(part)
            for key, part in value.items()
        }
    return [_portable(part) for part in value] if isinstance(value, list) else value


def _cell(text: str) -> str:
    return safe(" ".join(text.split()))


def _fits(grid: Grid, width: int) -> bool:
    """Return whether a table fits, with unbroken cells and some width for prose."""
    from rich.cells import cell_len

    needed = 0
    for number, column in enumerate(grid.columns):
        longest = max(cell_len(_cell(text)) for text in (column.title, *(row[number] for row in grid.rows)))
        needed += (min(longest, _LEAST_PROSE) if column.prose else longest) + _GAP
    return needed - _GAP <= width


def _drawn(grid: Grid, console: Console) -> str:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    titled = any(column.title for column in grid.columns)
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=titled, header_style="bold"
    )
    for column in grid.columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.prose,
            overflow="fold",
            style=column.style,
        )
    for row in grid.rows:
        table.add_row(*(Text(_cell(text)) for text in row))
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))


def _stacked(grid: Grid) -> str:
    """Format each row as several lines, for a terminal that is too narrow for the table."""
    rows = (
        "\n".join(
            f"{column.title}: {_cell(text)}" for column, text in zip(grid.columns, row, strict=True) if text
        )
        for row in grid.rows
    )
    return "\n\n".join(rows)
