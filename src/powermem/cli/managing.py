"""``powermem manage``: backup, restore, cleanup and migrate."""

from __future__ import annotations

import math
import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core import clock
from .._core.filters.parse import parse as parse_filters
from .._core.transfer.sources import Page, Source
from .._core.values import Row, Scope
from . import views
from .asking import confirm
from .configuration import configuration, open_memory, scope
from .moving import configured, progress
from .output import CommandError, Output, Part, UsageError, print_error

if TYPE_CHECKING:
    from .._sync.memory import Memory

_PAGE = 1000
_SAMPLES = 3


def backup(options: Namespace, output: Output) -> int:
    """Write memories to a file."""
    target = options.output or f"powermem_backup_{datetime.now():%Y%m%d_%H%M%S}.jsonl"
    Path(target).expanduser().parent.mkdir(parents=True, exist_ok=True)
    with open_memory(options) as memory, progress(output, "Writing the backup") as listen:
        done = memory.export_memories(target, **scope(options), on_progress=listen)
    if options.limit is not None and done["exported"] > options.limit:
        print_error(f"--limit has no effect: a backup is whole, so it has all {done['exported']} memories")
    output.print_result(
        {
            "status": "success",
            "file": target,
            "count": done["exported"],
            "turns": done["turns"],
            "size_bytes": os.path.getsize(Path(target).expanduser()),
        },
        _backed_up,
    )
    return 0


def restore(options: Namespace, output: Output) -> int:
    """Store the memories of a backup."""
    count, samples = _examined(options.input)
    if options.dry_run:
        output.print_result({"dry_run": True, "would_restore": count, "samples": samples}, _would_be_restored)
        return 0
    if not options.yes:
        confirm(f"Restore {views.memories_counted(count)}?", otherwise="nothing was restored")
    with open_memory(options) as memory, progress(output, "Restoring") as listen:
        if options.user is None and options.agent is None:
            done: Mapping[str, Any] = memory.import_memories(options.input, on_progress=listen)
            counts = {"restored": done["imported"], "skipped": done["skipped"], "errors": done["failed"]}
        else:
            counts = _restored_to(memory, options)
    output.print_result({"status": "success", **counts}, _restored)
    return 1 if counts["errors"] else 0


def _pages(path: str) -> Iterator[Page]:
    with closing(Source(path)) as source:
        while True:
            page = source.take(_PAGE)
            yield page
            if page.last:
                return


def _examined(path: str) -> tuple[int, list[str]]:
    count = 0
    samples: list[str] = []
    for page in _pages(path):
        count += len(page.memories)
        samples += [stored.row.text for stored in page.memories[: _SAMPLES - len(samples)]]
    return count, samples


def _restored_to(memory: Memory, options: Namespace) -> dict[str, int]:
    """Store the current memories of a backup as those of another user or agent, with ids of their own."""
    counts = {"restored": 0, "skipped": 0, "errors": 0}
    for page in _pages(options.input):
        counts["errors"] += len(page.errors)
        for row in (stored.row for stored in page.memories if stored.row.valid_to is None):
            added = memory.add(**_arguments(row, options))
            new = any(item["event"] != "NONE" for item in added["results"])
            counts["restored" if new else "skipped"] += 1
    return counts


def _arguments(row: Row, options: Namespace) -> dict[str, Any]:
    return {
        "messages": row.text,
        "user_id": options.user or row.scope.user_id,
        "agent_id": options.agent or row.scope.agent_id,
        "run_id": row.scope.run_id,
        "actor_id": row.actor_id,
        "memory_type": row.memory_type,
        "metadata": row.metadata,
        "timestamp": clock.to_iso(row.valid_from),
        "infer": False,
    }


def cleanup(options: Namespace, output: Output) -> int:
    """Delete expired memories, and superseded ones of which little is retained.

    What is retained of a superseded memory falls as the recency of a new one does in searches: to 37 % within
    the days of ``intelligent_memory``. A memory that holds is kept, however old it is.
    """
    if not 0 < options.threshold < options.archive_threshold:
        raise UsageError(
            "manage cleanup: --threshold must be more than 0 and less than --archive-threshold, got "
            f"{options.threshold:g} and {options.archive_threshold:g}"
        )
    days = _retention_days(options)
    now = clock.now()

    def faded(threshold: float) -> dict[str, Any]:
        return {"valid_to": {"lt": clock.to_iso(now - int(days * -math.log(threshold) * clock.DAY))}}

    with open_memory(options) as memory:
        scanned = memory.count(options.user, options.agent)
        expired = _ids(memory, options, {"expires_at": {"lte": clock.to_iso(now)}})
        forgotten = _ids(memory, options, faded(options.threshold)) - expired
        fading = _ids(memory, options, faded(options.archive_threshold)) - forgotten - expired
        found = {
            "total_scanned": scanned + len(expired | forgotten | fading),
            "expired": len(expired),
            "forgotten": len(forgotten),
        }
        doomed = sorted(expired | forgotten)
        if options.dry_run:
            output.print_result(
                {"dry_run": True, "would_delete": len(doomed), "would_archive": len(fading), **found},
                _would_be_cleaned,
            )
            return 0
        if doomed and not options.yes:
            confirm(f"Delete {views.memories_counted(len(doomed))}?", otherwise="nothing was deleted")
        for each in doomed:
            # It is gone already if it was an earlier version of another one.
            memory.delete(each)
    output.print_result({"status": "success", "deleted": len(doomed), "errors": 0, **found}, _cleaned)
    return 0


def _retention_days(options: Namespace) -> float:
    from ..config import resolve

    settings = resolve(configuration(options)).intelligent_memory
    return settings.decay_rate * settings.decay_rate_multipliers.short_term


def _ids(memory: Memory, options: Namespace, filters: Mapping[str, Any]) -> set[int]:
    """Return the ids of the memories under a condition, also of those that no search finds any more."""
    whose = Scope(user_id=options.user, agent_id=options.agent)
    expression = parse_filters(filters)
    store = memory._access.open(any_vectors=True).store
    found: set[int] = set()
    after = 0
    while page := store.scan(whose, expression, after, _PAGE):
        after = page[-1].row.id
        found.update(stored.row.id for stored in page)
    return found


def migrate(options: Namespace, output: Output) -> int:
    """Copy or move all memories to another store."""
    for name in ("target_store", "source_store"):
        given = getattr(options, name)
        if given is not None and given.lstrip("-").isdigit():
            raise UsageError(
                f"manage migrate: there are no sub stores, so --{name.replace('_', '-')} is not the number "
                f"{given} but the configuration of a store, such as other.json"
            )
    with ExitStack() as stack:
        source = stack.enter_context(
            open_memory(options) if options.source_store is None else configured(options.source_store)
        )
        count = source.count()
        between = {
            "source": options.source_store or "the configured store",
            "target": options.target_store,
            "delete_source": options.delete_source,
        }
        if options.dry_run:
            output.print_result({"dry_run": True, **between, "estimated_count": count}, _would_be_migrated)
            return 0
        if not options.yes:
            confirm(
                f"{'Move' if options.delete_source else 'Copy'} {views.memories_counted(count)} to "
                f"{options.target_store}?",
                otherwise="nothing was migrated",
            )
        target = stack.enter_context(configured(options.target_store))
        if options.delete_source:
            for user in source.get_users():
                source.move_user(user, target)
        with progress(output, "Migrating") as listen:
            # What belongs to no user cannot be moved; it is copied.
            source.copy_to(target, on_progress=listen)
        left = source.count() if options.delete_source else None
    if left:
        raise CommandError(
            f"memories without a user: {left}, copied to {options.target_store} and still in the source"
        )
    output.print_result({"status": "success", **between, "result": count}, _migrated)
    return 0


def _backed_up(result: Mapping[str, Any]) -> Iterator[Part]:
    yield (
        f"{views.memories_counted(result['count'])} and {result['turns']} source turns written to "
        f"{result['file']} ({result['size_bytes'] / 1024:.1f} KB)"
    )


def _would_be_restored(result: Mapping[str, Any]) -> Iterator[Part]:
    yield f"{views.memories_counted(result['would_restore'])} would be restored; nothing was changed"
    yield from (f"  {text}" for text in result["samples"])


def _restored(result: Mapping[str, Any]) -> Iterator[Part]:
    yield f"{result['restored']} restored, {result['skipped']} here already, {result['errors']} failed"


def _would_be_cleaned(result: Mapping[str, Any]) -> Iterator[Part]:
    yield (
        f"{views.memories_counted(result['would_delete'])} would be deleted: {result['expired']} expired, "
        f"{result['forgotten']} superseded long ago; nothing was changed"
    )


def _cleaned(result: Mapping[str, Any]) -> Iterator[Part]:
    yield f"{views.memories_counted(result['deleted'])} deleted"


def _would_be_migrated(result: Mapping[str, Any]) -> Iterator[Part]:
    done = "moved" if result["delete_source"] else "copied"
    yield (
        f"{views.memories_counted(result['estimated_count'])} would be {done} from {result['source']} to "
        f"{result['target']}; nothing was changed"
    )


def _migrated(result: Mapping[str, Any]) -> Iterator[Part]:
    done = "moved" if result["delete_source"] else "copied"
    yield f"{views.memories_counted(result['result'])} {done} to {result['target']}"
