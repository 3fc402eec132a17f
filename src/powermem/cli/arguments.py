"""The arguments of the command line."""

from __future__ import annotations

import argparse
import difflib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .._core.clock import parse as parse_moment
from .._core.histories import FORMATS as HISTORY_FORMATS
from .._core.inputs import SORT_COLUMNS
from .._core.masking import mask_text
from .._core.tasks.task import ProcessStatus
from .._core.transfer import FORMATS
from .._version import __version__
from ..errors import InvalidInputError

Subparsers = Any
"""What ``add_subparsers`` returns; argparse has no public name for it."""

SHELLS = ("bash", "zsh", "fish")
"""The shells that can complete commands."""

_USAGE = 2
_INTRODUCTION = "A lasting memory for AI agents: keeps what matters from conversations and finds it again."
_EPILOGUE = """\
Without --config and --env-file, the configuration comes from .env and the environment. The default is
SQLite at ./data/powermem_dev.db, the local embedder, and rules that extract facts.

  powermem demo
  powermem add "I moved to Lisbon last week" --user alice
  powermem search "where does she live?" --user alice
  powermem load conversation.json --user alice

Exit codes: 0 success, 1 error, 2 wrong usage, 130 interrupted.
"""
_LOAD = """\
FILE may be the export of a chat or of another memory, as it was downloaded (a file, a ZIP or a folder):
chatgpt, claude, gemini, whatsapp, telegram, slack, discord, csv, mbox; mem0, zep, letta, memobase, mcp-memory
(the official memory server). What was loaded before is left out, so that the same command resumes, and loads
what is new of a newer export; it needs no --checkpoint. --dry-run shows what is in it. docs/histories.md has
the details.

Otherwise FILE contains one JSON value on each line or, if its name ends in .json, one document: an array of
values or a single one. '-' reads lines from standard input. A value is
  "a text"
  [{"role": "user", "content": "..."}, ...]     messages; in a .json file also the array itself
  {"messages": ..., "user_id": ..., "timestamp": ..., ...}     the arguments of Memory.add
  {"sessions": [{"date": ..., "turns": [{"speaker": ..., "text": ...}, ...]}, ...]}
Arguments in a value override the options. Values are stored concurrently; if later ones correct earlier ones,
use --concurrency 1. The sessions of a conversation are always stored in order.
"""
_TASKS = """\
Without an action, the newest tasks are listed. 'retry ID' restarts a failed or cancelled task and waits for
it. 'cancel ID' cancels a task; its messages are kept, and another task can process them.
"""
_WORKER = """\
A worker runs the tasks of all processes and users of the store. On SIGTERM or ^C it finishes its current
tasks and exits; on a second one it exits at once and leaves them to other workers. Any number of workers may
share a store, and if it is a server, they may run on several machines.
"""
_SERVE = """\
Without keys, the server answers only on this machine. As soon as there is a key, every request needs one. On
SIGTERM or ^C it finishes its requests and background tasks, and exits; on a second one it exits at once.
"""
_KEYS = """\
'create' makes a key and shows it once; only its hash is kept, in the store. A key that is tied to a user, an
agent or a run reaches nothing else. Every server on the store knows of a revoked key within two seconds.
"""
_MCP = """\
Hosts such as Claude Desktop, Cursor or VS Code start this command themselves and speak to it over its pipes;
docs/mcp.md has their configurations. With 'streamable-http', it listens at http://127.0.0.1:8848/mcp.
Whose memories they are is set here, not by a model: with --user, or in POWERMEM_USER_ID, else the login name.
"""
_COMPLETION = """\
The script is printed; 'powermem completion bash --install' puts it where the shell reads it at its next
start.
"""
_SHELL = """\
Each line is a command as after 'powermem', such as 'add "I keep bees" -u alice'. Besides there are
'set user ID', 'set agent ID', 'set run ID' and 'set json on' for the commands that follow, 'show settings',
'clear', 'help' and 'exit'. Lines may also come from a pipe; the exit code is 1 if one of them failed.
"""
_MORE = {
    "completion": _COMPLETION,
    "keys": _KEYS,
    "load": _LOAD,
    "mcp": _MCP,
    "serve": _SERVE,
    "shell": _SHELL,
    "tasks": _TASKS,
    "worker": _WORKER,
}


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        line = mask_text(" ".join(message.split()))
        self.exit(_USAGE, f"powermem: error: {line} (see '{self.prog} --help')\n")


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the arguments.

    Returns:
        The options; ``command`` names the function to call.

    Raises:
        SystemExit: help or the version was asked for (0), or something is wrong (2).
    """
    parser, commands = command_parsers()
    options, left = parser.parse_known_args(argv)
    if options.install_completion is not None and options.command is None:
        options = parser.parse_args(["completion", options.install_completion, "--install"])
    if options.command is None:
        parser.print_help()
        parser.exit()
    # argparse does not collect further words of a text behind an option.
    takes_words = isinstance(getattr(options, "text", None), list)
    if left and not (takes_words and not any(word.startswith("-") for word in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}{_meant(left, commands[options.command])}")
    if left:
        options.text += left
    return options


def _meant(left: Sequence[str], command: argparse.ArgumentParser) -> str:
    options = re.findall(r"--[a-z-]+", command.format_help())
    for word in left:
        close = difflib.get_close_matches(word.partition("=")[0], options, 1)
        if word.startswith("--") and close:
            return f"; did you mean {close[0]}?"
    return ""


def command_parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the whole parser, and that of each command by its name, such as ``"memory add"``."""
    # It describes its commands with the functions below.
    from .groups import GROUPS, add_group

    parser = _Parser(
        prog="powermem",
        description=_INTRODUCTION,
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"powermem {__version__}")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show where an unexpected error came from"
    )
    parser.add_argument(
        "--install-completion",
        choices=SHELLS,
        metavar="SHELL",
        help="the same as: completion SHELL --install",
    )
    _everywhere(parser, unset=None, off=False, short=("-f",))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    parsers: dict[str, argparse.ArgumentParser] = {}
    for name, describe, summary in (
        ("demo", _demo, "learn from a sample conversation, search it, and correct a memory"),
        ("load", _load, "remember the conversations in a file"),
        ("add", describe_add, "remember a text"),
        ("search", describe_search, "find memories"),
        ("get", describe_one, "show one memory"),
        ("list", describe_list, "list memories"),
        ("update", describe_update, "change a memory"),
        ("delete", _delete, "delete a memory, or all of a scope"),
        ("history", _id, "show what happened to a memory"),
        ("export", _export, "write memories to a file"),
        ("report", _report, "write a user's memories over time as one HTML file"),
        ("import", _import, "store memories from an export, from powermem 1.1 or from mem0"),
        ("copy", _copy, "copy memories from one store into another"),
        ("move-user", _move_user, "move a user to another store while both are in use"),
        ("reembed", _reembed, "embed all memories again with the configured embedder"),
        ("process", _process, "process all buffered messages, and wait for the result"),
        ("tasks", _tasks, "list background tasks, retry or cancel one"),
        ("worker", _worker, "run background tasks until stopped"),
        ("serve", _serve, "serve memories over HTTP"),
        ("keys", _keys, "create, list or revoke keys of the server"),
        ("mcp", _mcp, "serve memories to an agent host by the Model Context Protocol"),
        ("stats", _stats, "show statistics, and the store, embedder and extractor in use"),
        ("evaluate", _evaluate, "measure a language model and a prompt on a labelled set"),
        ("shell", _nothing, "run commands that are typed or piped in"),
        ("completion", _completion, "print the script by which a shell completes commands"),
    ):
        parsers[name] = add_command(commands, name, describe, summary, epilog=_MORE.get(name))
    for group in GROUPS:
        parsers |= add_group(commands, group)
    return parser, parsers


def add_command(
    commands: Subparsers,
    name: str,
    describe: Callable[[argparse.ArgumentParser], None],
    summary: str,
    *,
    epilog: str | None = None,
    short: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Add the parser of a command.

    Args:
        commands: where to add it.
        name: its last word.
        describe: adds its arguments.
        summary: what it does.
        epilog: more about it.
        short: the short options that `_everywhere` may add.
    """
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    describe(command)
    # Suppressed defaults, so that an option before the command is not reset if it is missing behind it.
    _everywhere(command, unset=argparse.SUPPRESS, off=argparse.SUPPRESS, short=short)
    return command


def _everywhere(parser: argparse.ArgumentParser, *, unset: Any, off: Any, short: Sequence[str] = ()) -> None:
    group = parser.add_argument_group("before or after the command")
    group.add_argument("--config", metavar="FILE", default=unset, help="configuration in JSON")
    group.add_argument("--env-file", *short, metavar="FILE", default=unset, help="configuration in .env form")
    group.add_argument("--db", metavar="PATH", default=unset, help="use this SQLite file")
    group.add_argument("-j", "--json", action="store_true", default=off, help="print one JSON document")


def _nothing(parser: argparse.ArgumentParser) -> None:
    del parser


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="|".join(SHELLS), help="whose script")
    parser.add_argument("--install", action="store_true", help="write it into the shell's configuration")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep", action="store_true", help="keep the temporary database")
    parser.add_argument(
        "--llm", action="store_true", help="use the configured language model instead of rules"
    )


def _load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="an export, JSON lines, a .json document, or -")
    parser.add_argument(
        "--format",
        choices=("auto", "powermem", *HISTORY_FORMATS),
        default="auto",
        help="the format of FILE (auto); powermem is what is described below",
        metavar="NAME",
    )
    parser.add_argument(
        "--me",
        action="append",
        metavar="NAME",
        help="the speaker who is the user; may be given several times",
    )
    parser.add_argument(
        "--date-order",
        choices=("day-first", "month-first"),
        help="of dates such as 3/4/24; found from all dates if not given",
    )
    parser.add_argument(
        "--columns",
        type=_columns,
        metavar="FIELD=NAME,...",
        help="of CSV: the columns of text, speaker, time, conversation, id, reply_to, role",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of a text file that is not UTF-8")
    parser.add_argument("--dry-run", action="store_true", help="show what is in an export, and store nothing")
    parser.add_argument("--again", action="store_true", help="also store what was loaded before")
    add_scope(parser)
    _saying(parser)
    parser.add_argument("--concurrency", type=_count, default=8, metavar="N", help="concurrent values (8)")
    parser.add_argument("--checkpoint", metavar="PATH", help="record progress there, and resume from it")
    parser.add_argument("--rate", type=_rate, metavar="N", help="the most values started per second")


def describe_add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``add``."""
    parser.add_argument("text", nargs="+", metavar="TEXT", help="what was said; - reads standard input")
    add_scope(parser)
    _saying(parser)
    parser.add_argument("--scope", metavar="NAME", help="kept as the metadata 'scope'")
    parser.add_argument("--memory-type", metavar="NAME", help="kept with every memory, such as long_term")


def describe_search(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``search``."""
    parser.add_argument("text", nargs="+", metavar="QUERY", help="a question or any text")
    add_scope(parser)
    _filters(parser)
    _limit(parser, 10)
    parser.add_argument(
        "-t", "--threshold", type=share, metavar="SCORE", help="leave out lower scores, 0 to 1"
    )
    parser.add_argument("--as-of", type=_moment, metavar="WHEN", help="what was true at that time")
    parser.add_argument(
        "--max-tokens", type=_count, metavar="N", help="the most tokens of all texts found, estimated"
    )
    parser.add_argument(
        "--around", type=_whole, default=0, metavar="N", help="show N turns before and after each result"
    )
    parser.add_argument("--no-rerank", action="store_true", help="skip the configured reranker")
    parser.add_argument("--explain", action="store_true", help="show the parts of each score")


def describe_one(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``get``."""
    _id(parser)
    add_owner(parser)


def describe_list(parser: argparse.ArgumentParser, limit: int = 100) -> None:
    """Add the arguments of ``list``."""
    add_scope(parser)
    _filters(parser)
    parser.add_argument(
        "-l",
        "--limit",
        type=_limit_or_all,
        default=limit,
        metavar="N",
        help=f"the most to show; -1 for all ({limit})",
    )
    parser.add_argument("-o", "--offset", type=_whole, default=0, metavar="N", help="skip the first N")
    parser.add_argument(
        "-s", "--sort", "--sort-by", choices=SORT_COLUMNS, default="created_at", help="sort by (created_at)"
    )
    parser.add_argument("--order", choices=("asc", "desc"), default="desc", help="the order (desc)")


def describe_update(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``update``."""
    _id(parser)
    parser.add_argument("text", nargs="*", metavar="TEXT", help="the new text; - reads standard input")
    add_owner(parser)
    _metadata(parser, "merged into the existing metadata; null removes a key")
    parser.add_argument("--replace-metadata", action="store_true", help="replace it instead of merging")


def _delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", metavar="ID", help="which memory")
    parser.add_argument("--all", action="store_true", help="all memories of the scope")
    add_scope(parser)
    _filters(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="with --all, do not ask")


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the target; .gz compresses, - is standard output")
    add_scope(parser)
    _filters(parser)
    parser.add_argument("--vectors", action="store_true", help="include the vectors")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help="whose memories")
    parser.add_argument(
        "-o",
        "--output",
        default="report.html",
        metavar="FILE",
        help="the target (report.html); - is standard output",
    )
    parser.add_argument("-a", "--agent", "--agent-id", metavar="ID", help="of this agent only")
    parser.add_argument("-r", "--run", "--run-id", metavar="ID", help="of this conversation only")
    parser.add_argument(
        "--limit", type=_count, default=10_000, metavar="N", help="show the latest N; all are counted (10000)"
    )


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="an export, a database of powermem 1.1, or -")
    parser.add_argument("--format", choices=FORMATS, default="auto", help="its format (auto)")
    parser.add_argument("--collection", metavar="NAME", help="the table of a database that has several")


def _copy(parser: argparse.ArgumentParser) -> None:
    _two_stores(parser)
    add_scope(parser)
    _filters(parser)


def _two_stores(parser: argparse.ArgumentParser) -> None:
    purpose = "its configuration, in JSON or in .env form"
    parser.add_argument("--from", dest="source", required=True, metavar="CONFIG", help=purpose)
    parser.add_argument("--to", dest="target", required=True, metavar="CONFIG", help=purpose)


def _move_user(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help="whose memories, tasks and messages")
    _two_stores(parser)
    parser.add_argument("--keep", action="store_true", help="leave what was moved where it was, to be read")
    parser.add_argument(
        "--cancel", action="store_true", help="undo a move that was interrupted before its switch"
    )


def _reembed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--batch-size", type=_count, default=256, metavar="N", help="memories at a time (256)"
    )
    parser.add_argument(
        "--everything", action="store_true", help="also memories that this embedder has embedded before"
    )


def _process(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-u", "--user", "--user-id", metavar="ID", help="only messages of this user")


def _tasks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("list", "retry", "cancel"), default="list", help="list, retry or cancel"
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="which task")
    parser.add_argument("-u", "--user", "--user-id", metavar="ID", help="whose")
    parser.add_argument("-a", "--agent", "--agent-id", metavar="ID", help="which agent's")
    parser.add_argument("-r", "--run", "--run-id", metavar="ID", help="of which conversation")
    parser.add_argument(
        "--status", choices=[str(each) for each in ProcessStatus], help="only tasks in this state"
    )
    _limit(parser, 20)
    parser.add_argument("--watch", action="store_true", help="refresh the list until interrupted")
    parser.add_argument(
        "--every", type=_rate, default=2.0, metavar="SECONDS", help="the interval of --watch (2)"
    )


def _worker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--concurrency", type=_count, metavar="N", help="users processed concurrently")


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="ADDRESS", help="listen there (127.0.0.1)")
    parser.add_argument("--port", type=_port, metavar="N", help="listen on it (8848)")
    parser.add_argument("--workers", type=_count, metavar="N", help="the number of processes (1)")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), help="what the log shows (info)"
    )
    # No tables, so no package for them either.
    parser.set_defaults(json=True)


def _keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("create", "list", "revoke"), default="list", help="what to do (list)"
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help="the id or the name of the key to revoke")
    parser.add_argument("--name", metavar="TEXT", help="what the new key is for")
    parser.add_argument(
        "--may", choices=("read", "write", "admin"), default="write", help="what it may do (write)"
    )
    parser.add_argument("-u", "--user", "--user-id", metavar="ID", help="the only user that it reaches")
    parser.add_argument("-a", "--agent", "--agent-id", metavar="ID", help="the only agent")
    parser.add_argument("-r", "--run", "--run-id", metavar="ID", help="the only conversation")
    parser.add_argument("--expires", type=_moment, metavar="WHEN", help="from when on it is refused")


def _mcp(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "transport",
        nargs="?",
        choices=("stdio", "streamable-http", "sse"),
        default="stdio",
        metavar="TRANSPORT",
        help="stdio or streamable-http (stdio)",
    )
    parser.add_argument("port", nargs="?", type=_port, metavar="PORT", help="of streamable-http (8848)")
    add_scope(parser)
    parser.add_argument(
        "--tools", choices=("core", "upstream"), default="core", help="upstream: those of powermem 1.1 (core)"
    )
    parser.add_argument(
        "--any-user",
        action="store_true",
        help="with --tools upstream, let the model's arguments choose the user",
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="to listen at (127.0.0.1)")
    parser.add_argument(
        "--oauth-issuer", metavar="URL", help="the authorization server whose tokens are taken"
    )
    parser.add_argument(
        "--oauth-resource", metavar="URL", help="the address of this server, as tokens name it"
    )
    parser.add_argument(
        "--oauth-user-claim", default="sub", metavar="CLAIM", help="the claim that is the user's id (sub)"
    )
    # No tables, so no package for them either.
    parser.set_defaults(json=True)


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the labelled set, JSON lines")
    parser.add_argument(
        "--prompt", metavar="FILE", help="instructions for extraction, instead of those in use"
    )
    parser.add_argument("--record", metavar="PATH", help="write the model's answers there")
    parser.add_argument(
        "--replay",
        metavar="PATH",
        action="append",
        help="recorded answers, without a model; again to compare",
    )
    parser.add_argument(
        "--prices",
        metavar=("IN", "OUT"),
        nargs=2,
        type=float,
        help="of a million tokens of requests and answers",
    )
    parser.add_argument("--details", action="store_true", help="show what was missed, wrong and junk")


def _stats(parser: argparse.ArgumentParser) -> None:
    add_owner(parser)
    parser.add_argument(
        "-t", "--time-range", type=str.lower, choices=("7d", "30d", "90d", "all"), default="all",
        help="only what was created in that time (all)",
    )  # fmt: skip
    parser.add_argument("-d", "--detailed", action="store_true", help="also how many users there are")


def _id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="which memory")


def add_owner(parser: argparse.ArgumentParser) -> None:
    """Add the options of a user and an agent."""
    parser.add_argument("-u", "--user", "--user-id", metavar="ID", help="whose memory")
    parser.add_argument("-a", "--agent", "--agent-id", metavar="ID", help="which agent's")


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the options of a scope."""
    add_owner(parser)
    parser.add_argument("-r", "--run", "--run-id", metavar="ID", help="of which conversation")


def _saying(parser: argparse.ArgumentParser) -> None:
    _metadata(parser, "kept with every memory")
    parser.add_argument("--timestamp", type=_moment, metavar="WHEN", help="when it was said, in ISO 8601")
    parser.add_argument(
        "--timezone",
        metavar="ZONE",
        help="the time zone of times without an offset, such as Europe/Berlin (the configured one, else UTC)",
    )
    parser.add_argument("--no-infer", action="store_true", help="store each message word for word")


def _metadata(parser: argparse.ArgumentParser, purpose: str) -> None:
    parser.add_argument("-m", "--metadata", type=_object, metavar="JSON", help=purpose)


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f", "--filters", type=_object, metavar="JSON", help="conditions on columns and metadata"
    )


def _limit(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument(
        "-l", "--limit", type=_count, default=default, metavar="N", help=f"the most to show ({default})"
    )


def _port(text: str) -> int:
    number = _number(text, 0)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"expected a port up to 65535, got {text!r}")
    return number


def _number(text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text!r}")
    return int(text)


def _count(text: str) -> int:
    return _number(text, 1)


def _whole(text: str) -> int:
    return _number(text, 0)


def _limit_or_all(text: str) -> int | None:
    if text.startswith("-") and text[1:].isascii() and text[1:].isdigit():
        return None
    return _number(text, 1)


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return number


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return rate


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'expected a JSON object such as {{"topic": "food"}}, got {text!r}')
    return value


def _columns(text: str) -> dict[str, str]:
    found = dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)
    if not found or len(found) != len(text.split(",")):
        raise argparse.ArgumentTypeError(
            f"expected FIELD=NAME,... such as text=Body,speaker=From, got {text!r}"
        )
    return {field.strip(): name.strip() for field, name in found.items()}


def _moment(text: str) -> str:
    try:
        parse_moment(text)
    except InvalidInputError:
        raise argparse.ArgumentTypeError(
            f"expected a moment such as 2025-03-08 or 2025-03-08T10:12:00Z, got {text!r}"
        ) from None
    return text
