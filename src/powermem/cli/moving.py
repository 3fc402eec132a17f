"""``powermem export``, ``report``, ``import``, ``copy``, ``move-user`` and ``reembed``."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..types import ImportResult, ProgressRecord, ReembedResult
from . import views
from .configuration import open_memory, scope, without_resuming
from .output import Column, Output, Part, UsageError

if TYPE_CHECKING:
    from .._sync.memory import Memory


def export(options: Namespace, output: Output) -> int:
    """Write memories to a file."""
    to_standard_output = options.file == "-"
    target: Any = sys.stdout.buffer if to_standard_output else options.file
    with open_memory(options) as memory, progress(output, "Exporting") as listen:
        result = memory.export_memories(
            target,
            **scope(options),
            filters=options.filters,
            include_vectors=options.vectors,
            on_progress=listen,
        )
    if not to_standard_output:
        output.print_result({"file": options.file, **result}, _exported)
    return 0


def report(options: Namespace, output: Output) -> int:
    """Write a user's memories over time as one HTML file."""
    from .._core.inputs import check_scope
    from .._sync.bulk.reporting import Reporter

    to_standard_output = options.output == "-"
    target: Any = sys.stdout.buffer if to_standard_output else options.output
    whose = check_scope(options.user, options.agent, options.run)
    with open_memory(options) as memory:
        components = memory._access.open(any_vectors=True)
        result = Reporter(components.store, whose, options.limit).write(target)
    if not to_standard_output:
        output.print_result({"file": options.output, **result}, _reported)
    return 0


def import_file(options: Namespace, output: Output) -> int:
    """Store memories from a file."""
    source: Any = sys.stdin.buffer if options.file == "-" else options.file
    with open_memory(options) as memory, progress(output, "Importing") as listen:
        result = memory.import_memories(
            source, options.format, collection=options.collection, on_progress=listen
        )
    output.print_result({"file": options.file, **result}, _imported)
    return 1 if result["failed"] else 0


def copy(options: Namespace, output: Output) -> int:
    """Copy memories from one store into another."""
    with _both("copy", options) as (source, target), progress(output, "Copying") as listen:
        result = source.copy_to(target, **scope(options), filters=options.filters, on_progress=listen)
    output.print_result({"from": options.source, "to": options.target, **result}, _imported)
    return 0


def move_user(options: Namespace, output: Output) -> int:
    """Move a user from one store to another, or undo that."""
    between = {"user": options.user, "from": options.source, "to": options.target}
    with _both("move-user", options) as (source, target), progress(output, "Moving") as listen:
        if options.cancel:
            source.cancel_move(options.user, target)
            output.print_result({**between, "cancelled": True}, _cancelled)
            return 0
        result = source.move_user(options.user, target, keep=options.keep, on_progress=listen)
    output.print_result({**between, **result}, _moved)
    return 0


def reembed(options: Namespace, output: Output) -> int:
    """Move the store to the configured embedder."""
    with _closing(open_memory(options)) as memory, progress(output, "Embedding") as listen:
        result = memory.reembed(
            batch_size=options.batch_size, on_progress=listen, everything=options.everything
        )
    output.print_result(result, _reembedded)
    return 0


@contextmanager
def _both(command: str, options: Namespace) -> Iterator[tuple[Memory, Memory]]:
    if any(given is not None for given in (options.config, options.env_file, options.db)):
        raise UsageError(f"{command}: give the configurations as --from and --to")
    with configured(options.source) as source, configured(options.target) as target:
        yield source, target


def configured(path: str) -> Memory:
    """Create the memory that a configuration file describes, in JSON or in .env form."""
    from .._sync.memory import Memory
    from ..config import auto_config, load_config

    config = load_config(path) if Path(path).suffix.lower() == ".json" else auto_config(path)
    return Memory(without_resuming(config))


@contextmanager
def _closing(memory: Memory) -> Iterator[Memory]:
    """Close a memory at the end without opening it, which would require the store's embedder."""
    try:
        yield memory
    finally:
        memory.close()


@contextmanager
def progress(output: Output, title: str) -> Iterator[Callable[[ProgressRecord], None]]:
    """Show the progress of counts while a block runs; yields the listener that takes them."""
    with output.progress(title, None) as advance:
        shown = 0

        def listen(counts: ProgressRecord) -> None:
            nonlocal shown
            advance(counts["done"] - shown)
            shown = counts["done"]

        yield listen


def _exported(result: Mapping[str, Any]) -> Iterator[Part]:
    yield f"{result['exported']} memories and {result['turns']} source turns written to {result['file']}"


def _reported(result: Mapping[str, Any]) -> Iterator[Part]:
    shown = result["shown"]
    cut = "" if shown == result["memories"] else f", the latest {shown} of them"
    yield f"{result['memories']} memories{cut}, written to {result['file']}"


def _imported(result: ImportResult) -> Iterator[Part]:
    yield f"{result['imported']} imported, {result['skipped']} here already, {result['failed']} failed"
    yield from views.errors(Column("line", right=True), result["errors"], result["failed"])


def _moved(result: Mapping[str, Any]) -> Iterator[Part]:
    yield (
        f"{result['user']} moved: {result['memories']} memories and {result['turns']} source turns copied in "
        f"{result['seconds']:.1f} s; writes were refused for {result['paused'] * 1000:.0f} ms"
    )


def _cancelled(result: Mapping[str, Any]) -> Iterator[Part]:
    yield f"{result['user']} is not moved"


def _reembedded(result: ReembedResult) -> Iterator[Part]:
    yield f"{result['reembedded']} memories embedded by {result['embedder']} in {result['seconds']:.1f} s"
