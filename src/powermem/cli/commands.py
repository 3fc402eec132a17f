"""The commands. Each takes options and output, and returns the exit code."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..types import MemoryPage, SearchResult, UpdatedRecord
from . import configuring, managing, moving, tasks, views
from .asking import confirm
from .completion import completion
from .configuration import open_memory, scope
from .demo import demo
from .evaluating import evaluate
from .loading import load
from .mcp import mcp
from .output import CommandError, Output, UsageError
from .serving import keys, serve
from .shell import shell
from .tasks import worker
from .wizard import init

Command = Callable[[Namespace, Output], int]

_EVERY = 2**31 - 1
"""A limit that no store reaches, and that every database takes."""


def add(options: Namespace, output: Output) -> int:
    """Remember a text."""
    text = _words(options.text)
    with open_memory(options) as memory:
        result = memory.add(
            text,
            **scope(options),
            metadata=options.metadata,
            scope=options.scope,
            memory_type=options.memory_type,
            infer=not options.no_infer,
            timestamp=options.timestamp,
            timezone=options.timezone,
        )
    output.print_result(result, views.added)
    return 0


def search(options: Namespace, output: Output) -> int:
    """Find memories."""
    output.print_result(_found(options), views.hits)
    return 0


def memory_search(options: Namespace, output: Output) -> int:
    """Find memories; their ids are also called ``memory_id``, as in powermem 1.1."""
    found = _found(options)
    results = [{**hit, "memory_id": hit["id"]} for hit in found["results"]]
    output.print_result({**found, "results": results}, views.hits)
    return 0


def _found(options: Namespace) -> SearchResult:
    query = _words(options.text)
    with open_memory(options) as memory:
        return memory.search(
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
    output.print_result(_page(options), views.memories)
    return 0


def memory_list(options: Namespace, output: Output) -> int:
    """List memories; in JSON an array, as in powermem 1.1."""
    page = _page(options)
    output.print_result(page["results"] if output.as_json else page, views.memories)
    return 0


def _page(options: Namespace) -> MemoryPage:
    with open_memory(options) as memory:
        return memory.get_all(
            **scope(options),
            limit=_EVERY if options.limit is None else options.limit,
            offset=options.offset,
            filters=options.filters,
            sort_by=options.sort,
            order=options.order,
        )


def update(options: Namespace, output: Output) -> int:
    """Change a memory."""
    output.print_result(_changed(options), views.record)
    return 0


def memory_update(options: Namespace, output: Output) -> int:
    """Change a memory; its text is also called ``data``, as in powermem 1.1."""
    changed = _changed(options)
    output.print_result({**changed, "data": changed["memory"]} if output.as_json else changed, views.record)
    return 0


def _changed(options: Namespace) -> UpdatedRecord:
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
    return changed


def delete(options: Namespace, output: Output) -> int:
    """Delete a memory, or all of a scope."""
    if options.all == (options.id is not None):
        raise UsageError("delete: give either an ID or --all")
    if options.all:
        return _delete_all(options, output)
    if options.run is not None or options.filters is not None:
        raise UsageError("delete: --run and --filters go with --all")
    return _delete_one(options, output)


def memory_delete(options: Namespace, output: Output) -> int:
    """Delete a memory, after a question."""
    if not options.yes:
        confirm(f"Delete the memory {options.id}?", otherwise="nothing was deleted")
    return _delete_one(options, output)


def memory_delete_all(options: Namespace, output: Output) -> int:
    """Delete all memories of a scope, or without one everything, after a question."""
    if not options.confirm:
        raise CommandError("memory delete-all: this deletes all memories of the scope; add --confirm")
    whose = {name: given for name, given in scope(options).items() if given is not None}
    with open_memory(options) as memory:
        if not options.yes:
            of = ", ".join(f"{name} {given}" for name, given in whose.items()) or "EVERYBODY"
            confirm(f"Delete all memories of {of}? This cannot be undone.", otherwise="nothing was deleted")
        if whose:
            result = memory.delete_all(**whose)
        else:
            result = {"deleted": memory.count()}
            memory.reset()
    output.print_result(result, views.deleted)
    return 0


def _delete_one(options: Namespace, output: Output) -> int:
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
            if not sys.stdin.isatty():
                raise UsageError("delete: --all asks first; without a terminal add --yes")
            confirm(f"Delete {count} memories and what they came from?", otherwise="nothing was deleted")
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
        numbers = memory.get_statistics(options.user, options.agent, options.time_range)
        users = len(memory.get_users()) if options.detailed else None
    given = {"user_id": options.user, "agent_id": options.agent}
    if options.time_range != "all":
        given["time_range"] = options.time_range
    filters = {name: value for name, value in given.items() if value is not None}
    more: dict[str, Any] = {"filters": filters} if filters else {}
    if users is not None:
        more["unique_users"] = users
    output.print_result({**numbers, **more}, views.statistics)
    return 0


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
    "shell": shell,
    "completion": completion,
    "memory add": add,
    "memory search": memory_search,
    "memory get": get,
    "memory list": memory_list,
    "memory update": memory_update,
    "memory delete": memory_delete,
    "memory delete-all": memory_delete_all,
    "manage backup": managing.backup,
    "manage restore": managing.restore,
    "manage cleanup": managing.cleanup,
    "manage migrate": managing.migrate,
    "config show": configuring.show,
    "config validate": configuring.validate,
    "config test": configuring.test,
    "config init": init,
}
