"""``powermem load``: many conversations, several at once."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .._concurrency import gather
from ..errors import PowerMemError
from . import views
from .configuration import open_memory, scope
from .output import Output
from .source import Call, Entry, calls, open_source

if TYPE_CHECKING:
    from .._sync.memory import Memory

_MOST_ERRORS = 100
# A round ends when its slowest value is stored; that of many values is a small part of it.
_ROUND = 16


@dataclass(slots=True)
class Tally:
    """What has been done.

    Attributes:
        added: calls of ``Memory.add`` that went well.
        failed: values and calls that did not.
        events: what became of memories, and how often.
        errors: the first ones; a bad file must not fill the memory.
    """

    added: int = 0
    failed: int = 0
    events: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, str]] = field(default_factory=list)

    def include(self, other: Tally) -> None:
        """Add what was done elsewhere."""
        self.added += other.added
        self.failed += other.failed
        self.events.update(other.events)
        self.errors.extend(other.errors[: _MOST_ERRORS - len(self.errors)])

    def fail(self, where: str, error: PowerMemError) -> None:
        """Count an error."""
        self.failed += 1
        self.errors.append({"where": where, "error": " ".join(str(error).split())})


def load(options: Namespace, output: Output) -> int:
    """Remember the conversations in a file."""
    started = perf_counter()
    tally = Tally()
    with (
        open_source(options.file) as source,
        open_memory(options) as memory,
        output.progress(f"Loading {options.file}", source.total) as advance,
    ):
        store = partial(store_entry, memory, _defaults(options), advance)
        for entries in _rounds(source.entries, options.concurrency * _ROUND):
            for done in gather([partial(store, entry) for entry in entries], limit=options.concurrency):
                tally.include(done)
    result = {
        "file": options.file,
        "added": tally.added,
        "failed": tally.failed,
        "events": dict(tally.events),
        "errors": tally.errors,
        "seconds": round(perf_counter() - started, 3),
    }
    output.give(result, views.loaded)
    return 1 if tally.failed else 0


def store_entry(memory: Memory, defaults: Call, advance: Callable[[int], None], entry: Entry) -> Tally:
    """Store one value of a file; what is wrong with it goes into the tally."""
    tally = Tally()
    try:
        found = calls(entry.value, defaults)
    except PowerMemError as error:
        tally.fail(entry.where, error)
        found = []
    for inside, call in found:
        try:
            result = memory.add(**call)
        except PowerMemError as error:
            tally.fail(f"{entry.where}, {inside}" if inside else entry.where, error)
        else:
            tally.added += 1
            tally.events.update(item["event"] for item in result["results"])
    advance(entry.size)
    return tally


def _defaults(options: Namespace) -> dict[str, Any]:
    given = {**scope(options), "metadata": options.metadata, "timestamp": options.timestamp}
    return {key: value for key, value in given.items() if value is not None} | {"infer": not options.no_infer}


def _rounds(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    remaining = iter(entries)
    while chunk := list(islice(remaining, size)):
        yield chunk
