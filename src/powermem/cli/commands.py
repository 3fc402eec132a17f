"""The commands. Each takes options and output, and returns the exit code."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence

from . import moving, tasks, views
from .configuration import configuration, open_memory, scope
from .demo import demo
from .evaluating import evaluate
from .loading import load
from .mcp import mcp
from .output import CommandError, Output, UsageError, print_error
from .serving import keys, serve
from .tasks import worker

Command = Callable[[Namespace, Output], int]


def add(options: Namespace, output: Output) -> int:
    """Remember a text."""
    text = _words(options.text)
    with open_memory(options) as memory:
        result = memory.add(
            text,
            **scope(options),
            metadata=options.metadata,
            infer=not options.no_infer,
            timestamp=options.timestamp,
            timezone=options.timezone,
        )
    output.print_result(result, views.added)
    return 0


def search(options: Namespace, output: Output) -> int:
    """Find memories."""
    query = _words(options.text)
    with open_memory(options) as memory:
        found = memory.search(
            query,
            **scope(options),
            filters=options.filters,
            limit=options.limit,
            threshold=options.threshold,
            max_tokens=options.max_tokens,
            around=options.around,
            as_of=options.as_of,
            rerank=False if options.no_rerank else None,
            explain=options.explain,
        )
    output.print_result(found, views.hits)
    return 0


def get(options: Namespace, output: Output) -> int:
    """Show one memory."""
    with open_memory(options) as memory:
        found = memory.get(options.id, options.user, options.agent)
    if found is None:
        raise _missing(options)
    output.print_result(found, views.record)
    return 0


def list_memories(options: Namespace, output: Output) -> int:
    """List memories."""
    with open_memory(options) as memory:
        page = memory.get_all(
            **scope(options),
            limit=options.limit,
            offset=options.offset,
            filters=options.filters,
            sort_by=options.sort,
            order=options.order,
        )
    output.print_result(page, views.memories)
    return 0


def update(options: Namespace, output: Output) -> int:
    """Change a memory."""
    text = _words(options.text) if options.text else None
    if text is None and options.metadata is None:
        raise UsageError("update: give the new TEXT, or --metadata")
    if options.replace_metadata and options.metadata is None:
        raise UsageError("update: --replace-metadata needs --metadata")
    with open_memory(options) as memory:
        changed = memory.update(
            options.id,
            text,
            options.user,
            options.agent,
            options.metadata,
            replace_metadata=options.replace_metadata,
        )
    if changed is None:
        raise _missing(options)
    output.print_result(changed, views.record)
    return 0


def delete(options: Namespace, output: Output) -> int:
    """Delete a memory, or all of a scope."""
    if options.all == (options.id is not None):
        raise UsageError("delete: give either an ID or --all")
    if options.all:
        return _delete_all(options, output)
    if options.run is not None or options.filters is not None:
        raise UsageError("delete: --run and --filters go with --all")
    with open_memory(options) as memory:
        found = memory.delete(options.id, options.user, options.agent)
    if not found:
        raise _missing(options)
    output.print_result({"id": options.id, "deleted": True}, views.deleted)
    return 0


def _delete_all(options: Namespace, output: Output) -> int:
    if not any(scope(options).values()):
        raise UsageError("delete: --all needs --user, --agent or --run")
    with open_memory(options) as memory:
        if not options.yes:
            count = memory.count(**scope(options), filters=options.filters)
            _confirm(f"Delete {count} memories and what they came from?")
        result = memory.delete_all(**scope(options), filters=options.filters)
    output.print_result(result, views.deleted)
    return 0


def history(options: Namespace, output: Output) -> int:
    """Show what happened to a memory."""
    with open_memory(options) as memory:
        entries = memory.history(options.id)
    if not entries:
        raise _missing(options)
    output.print_result(entries, views.history)
    return 0


def stats(options: Namespace, output: Output) -> int:
    """Show statistics, and the store, embedder and extractor."""
    with open_memory(options) as memory:
        numbers = memory.get_statistics(options.user, options.agent)
    output.print_result(numbers, views.statistics)
    return 0


def config(options: Namespace, output: Output) -> int:
    """Show or check the configuration."""
    return _show_config(options, output) if options.action == "show" else _validate(options, output)


def _show_config(options: Namespace, output: Output) -> int:
    from ..config import MemoryConfig

    output.print_result(MemoryConfig(**configuration(options)).masked(), views.configuration)
    return 0


def _validate(options: Namespace, output: Output) -> int:
    problems = _problems(options)
    if not output.as_json:
        for problem in problems:
            print_error(problem)
    output.print_result({"valid": not problems, "errors": problems}, views.validity)
    return 1 if problems else 0


def _problems(options: Namespace) -> Sequence[str]:
    from ..config import resolve
    from ..config.registry import require_available
    from ..errors import ConfigError

    try:
        require_available(resolve(configuration(options)).store.provider)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _words(given: Sequence[str]) -> str:
    """Return a text from the command line, or from standard input if it is ``-``."""
    if list(given) != ["-"]:
        return " ".join(given)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError("standard input: this is not UTF-8 text") from None


def _missing(options: Namespace) -> CommandError:
    owners = (("user", getattr(options, "user", None)), ("agent", getattr(options, "agent", None)))
    whose = " and ".join(f"{name} {given!r}" for name, given in owners if given)
    return CommandError(f"there is no memory with the id {options.id!r}" + (f" of {whose}" if whose else ""))


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("delete: --all asks first; without a terminal add --yes")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("nothing was deleted")


COMMANDS: Mapping[str, Command] = {
    "demo": demo,
    "load": load,
    "add": add,
    "search": search,
    "get": get,
    "list": list_memories,
    "update": update,
    "delete": delete,
    "history": history,
    "export": moving.export,
    "report": moving.report,
    "import": moving.import_file,
    "copy": moving.copy,
    "move-user": moving.move_user,
    "reembed": moving.reembed,
    "process": tasks.process,
    "tasks": tasks.tasks,
    "worker": worker,
    "serve": serve,
    "keys": keys,
    "mcp": mcp,
    "stats": stats,
    "evaluate": evaluate,
    "config": config,
}
