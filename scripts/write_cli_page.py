"""Write the table of commands in docs/cli.md, from the parser of the command line.

    python scripts/write_cli_page.py

A test compares the page with what this would write.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "cli.md"
BEGIN, END = "<!-- commands: written by scripts/write_cli_page.py -->\n", "<!-- end of the commands -->\n"

# What every command has; it is explained once.
_SHARED = ("-h", "--config", "--env-file", "--db", "-j")


def table() -> str:
    """Return the table: a row for each command, with its arguments, options and purpose."""
    from powermem.cli.arguments import command_parsers

    _, parsers = command_parsers()
    rows = []
    for name, parser in parsers.items():
        command = _code(" ".join((name, *_arguments(parser))))
        rows.append(f"| {command} | {parser.description} | {', '.join(_options(parser))} |")
    return "\n".join(("| command | what it does | options |", "|---|---|---|", *rows)) + "\n"


def page(text: str) -> str:
    """Return the page with a table that is up to date."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if not action.option_strings:
            shown = str(action.metavar or "|".join(action.choices or (action.dest,)))
            yield f"[{shown}]" if action.nargs in ("?", "*") else shown


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        names = action.option_strings
        if names and names[0] not in _SHARED:
            yield _code(" ".join(names))


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`"


def main() -> int:
    """Rewrite the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    sys.exit(main())
