"""``powermem load``: load many conversations concurrently."""

from __future__ import annotations

import threading
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.results.records import usage_record
from .._core.values import Usage
from ..errors import PowerMemError
from ..types import AddResult, UsageRecord
from . import views
from .configuration import open_memory, scope
from .output import Output
from .source import Call, Entry, calls, open_source

if TYPE_CHECKING:
    from .._sync.memory import Memory

_MOST_ERRORS = 100


class _Unfinished(PowerMemError):
    """A part of a value could not be stored."""


@dataclass(slots=True)
class Tally:
    """Counts of a load; thread-safe.

    Attributes:
        added: successful calls of ``Memory.add``.
        failed: failed calls, and values that could not be read.
        events: the number of memories for each event.
        errors: the first errors; their number is limited.
    """

    added: int = 0
    failed: int = 0
    events: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def succeed(self, result: AddResult) -> None:
        """Count a successful call and its events."""
        with self.lock:
            self.added += 1
            self.events.update(item["event"] for item in result["results"])

    def fail(self, number: int, where: str, error: PowerMemError) -> None:
        """Count an error."""
        with self.lock:
            self.failed += 1
            if len(self.errors) < _MOST_ERRORS:
                self.errors.append((number, {"where": where, "error": " ".join(str(error).split())}))

    def shown(self) -> list[dict[str, str]]:
        """Return the errors in the order of the file."""
        return [error for _, error in sorted(self.errors, key=lambda numbered: numbered[0])]


class Keeper:
    """Stores the values of a file, each with one or more calls of ``Memory.add``.

    Args:
        memory: the memory.
        defaults: arguments for those that a value does not have.
        tally: receives the counts.
    """

    def __init__(self, memory: Memory, defaults: Call, tally: Tally) -> None:
        self._memory = memory
        self._defaults = defaults
        self._tally = tally

    def store_each(self, taken: Sequence[Mapping[str, Any]]) -> list[UsageRecord | Exception]:
        """Store values, and count errors in the tally.

        Args:
            taken: items with the number and the value as ``messages``, and an ``idempotency_key`` if the load
                can be resumed, from which the keys of the calls are derived.

        Returns:
            For each value no usage, or an error if a call failed, so that a resumed load retries the value.
        """
        outcomes: list[UsageRecord | Exception] = []
        for one in taken:
            number, entry = one["messages"]
            stored = self._store(number, entry, one.get("idempotency_key"))
            outcomes.append(usage_record(Usage()) if stored else _Unfinished(entry.where))
        return outcomes

    def _store(self, number: int, entry: Entry, idempotency_key: str | None) -> bool:
        try:
            found = calls(entry.value, self._defaults)
        except PowerMemError as error:
            self._tally.fail(number, entry.where, error)
            return False
        stored = True
        for part, (inside, call) in enumerate(found):
            if idempotency_key is not None:
                call.setdefault("idempotency_key", f"{idempotency_key}:{part}")
            try:
                self._tally.succeed(self._memory.add(**call))
            except PowerMemError as error:
                self._tally.fail(number, f"{entry.where}, {inside}" if inside else entry.where, error)
                stored = False
        return stored


def load(options: Namespace, output: Output) -> int:
    """Remember the conversations in a file."""
    from .._core.transfer.checkpoint import Checkpoint
    from .._sync.bulk.loading import Loader

    tally = Tally()
    with (
        open_source(options.file) as source,
        open_memory(options) as memory,
        output.progress(f"Loading {options.file}", source.total) as advance,
    ):
        loader = Loader(
            Keeper(memory, _defaults(options), tally).store_each,
            _numbered(source.entries, advance),
            accepted=("messages", "idempotency_key"),
            width=options.concurrency,
            share=1,
            defaults={},
            collect=True,
            listener=None,
            checkpoint=None if options.checkpoint is None else Checkpoint(options.checkpoint),
            rate_limit=options.rate,
        )
        done = loader.run()
    result = {
        "file": options.file,
        "added": tally.added,
        "failed": tally.failed,
        "skipped": done["skipped"],
        "events": dict(tally.events),
        "errors": tally.shown(),
        "seconds": round(done["usage"]["seconds"], 3),
    }
    output.print_result(result, views.loaded)
    return 1 if tally.failed else 0


def _defaults(options: Namespace) -> dict[str, Any]:
    given = {
        **scope(options),
        "metadata": options.metadata,
        "timestamp": options.timestamp,
        "timezone": options.timezone,
    }
    return {key: value for key, value in given.items() if value is not None} | {"infer": not options.no_infer}


def _numbered(entries: Iterable[Entry], advance: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    # Progress is reported when a value is taken, so that values which a checkpoint skips are included.
    for number, entry in enumerate(entries):
        yield {"messages": (number, entry)}
        advance(entry.size)
