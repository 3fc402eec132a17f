"""The arguments of the commands with two words: ``memory``, ``manage`` and ``config``.

They are spelled as in powermem 1.1. What a command of one word does as well has the same arguments here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from .arguments import (
    Subparsers,
    add_command,
    add_owner,
    add_scope,
    describe_add,
    describe_list,
    describe_one,
    describe_search,
    describe_update,
    share,
)

Describe = Callable[[argparse.ArgumentParser], None]

COMPONENTS = ("database", "llm", "embedder", "all")
"""What ``config test`` can try."""


@dataclass(frozen=True, slots=True)
class Group:
    """A command whose second word says what to do.

    Attributes:
        name: its first word.
        summary: what its commands do.
        commands: the second word, the arguments and the summary of each.
    """

    name: str
    summary: str
    commands: tuple[tuple[str, Describe, str], ...]


def add_group(commands: Subparsers, group: Group) -> dict[str, argparse.ArgumentParser]:
    """Add a group, and return the parsers of its commands by their names."""
    parser = commands.add_parser(
        group.name,
        help=group.summary,
        description=f"{group.summary[0].upper()}{group.summary[1:]}.",
        allow_abbrev=False,
    )
    names = [name for name, _, _ in group.commands]
    inside = parser.add_subparsers(dest="action", metavar="|".join(names), required=True)
    parsers = {}
    for name, describe, summary in group.commands:
        whole = f"{group.name} {name}"
        # Behind these two, -f was the file already in powermem 1.1.
        short = ("-f",) if whole in ("config validate", "config init") else ()
        parsers[whole] = add_command(inside, name, describe, summary, short=short)
        parsers[whole].set_defaults(command=whole)
    return parsers


def _list(parser: argparse.ArgumentParser) -> None:
    describe_list(parser, 50)


def _delete(parser: argparse.ArgumentParser) -> None:
    describe_one(parser)
    _yes(parser)


def _delete_all(parser: argparse.ArgumentParser) -> None:
    add_scope(parser)
    parser.add_argument("--confirm", action="store_true", help="required, besides the answer to the question")
    _yes(parser)


def _backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the target; .gz compresses (powermem_backup_<time>.jsonl)"
    )
    add_scope(parser)
    parser.add_argument("-l", "--limit", type=int, metavar="N", help="without effect: a backup is whole")
    parser.add_argument("--include-metadata", action="store_true", help="without effect: it is included")


def _restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-i", "--input", required=True, metavar="FILE", help="a backup, or any export")
    parser.add_argument("-u", "--user", "--user-id", metavar="ID", help="restore everything to this user")
    parser.add_argument("-a", "--agent", "--agent-id", metavar="ID", help="restore everything to this agent")
    parser.add_argument(
        "--skip-duplicates", action="store_true", help="without effect: what is here already is skipped"
    )
    _dry_run(parser)
    _yes(parser)


def _cleanup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-t", "--threshold", type=share, default=0.1, metavar="SHARE",
        help="delete superseded memories of which less is retained (0.1)",
    )  # fmt: skip
    parser.add_argument(
        "--archive-threshold", type=share, default=0.3, metavar="SHARE",
        help="count those of which less than this is retained (0.3)",
    )  # fmt: skip
    add_owner(parser)
    _dry_run(parser)
    _yes(parser, "-f", "--force")


def _migrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-t", "--target-store", required=True, metavar="CONFIG", help="the configuration of the target"
    )
    parser.add_argument(
        "-s", "--source-store", metavar="CONFIG", help="that of the source (the one in use without it)"
    )
    parser.add_argument("--delete-source", action="store_true", help="move users instead of copying them")
    _dry_run(parser)
    _yes(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-s", "--section", default="all", metavar="NAME", help="only this section (all)")
    parser.add_argument("--show-secrets", action="store_true", help="refused: secrets are never shown")


def _validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="settings without effect are errors, too")
    parser.add_argument(
        "--check-connectivity", action="store_true", help="also ask the language model and the embedder"
    )


def _test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--component", choices=COMPONENTS, default="all", help="what to try (all)")


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--test", action=argparse.BooleanOptionalAction, default=False, help="try the new configuration"
    )
    parser.add_argument("--component", choices=COMPONENTS, default="all", help="what --test tries (all)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written")
    parser.add_argument("--advanced", action="store_true", help="without effect, as in powermem 1.1")


def _dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _yes(parser: argparse.ArgumentParser, *more: str) -> None:
    parser.add_argument("-y", "--yes", *more, action="store_true", help="do not ask")


GROUPS = (
    Group(
        "memory",
        "work with memories, as in powermem 1.1",
        (
            ("add", describe_add, "remember a text"),
            ("search", describe_search, "find memories"),
            ("get", describe_one, "show one memory"),
            ("update", describe_update, "change a memory"),
            ("delete", _delete, "delete a memory"),
            ("list", _list, "list memories"),
            ("delete-all", _delete_all, "delete all memories of a scope, or everything"),
        ),
    ),
    Group(
        "manage",
        "back up, restore, clean up or migrate a store",
        (
            ("backup", _backup, "write memories to a file"),
            ("restore", _restore, "store the memories of a backup"),
            ("cleanup", _cleanup, "delete expired memories, and superseded ones that have faded"),
            ("migrate", _migrate, "copy or move all memories to another store"),
        ),
    ),
    Group(
        "config",
        "show, check, try or write the configuration",
        (
            ("show", _show, "show the configuration, without secrets"),
            ("validate", _validate, "check the configuration"),
            ("test", _test, "try the database, the language model and the embedder"),
            ("init", _init, "ask for a configuration, and write it to a .env file"),
        ),
    ),
)
"""The groups, with their commands."""
