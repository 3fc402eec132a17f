# Generated from src/powermem/_async/bulk/loading.py by scripts/run_unasync.py; edit that file instead.
"""Adding many items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from operator import itemgetter
from time import perf_counter
from typing import Any, cast

from ..._concurrency import END, Feed, Items, Lock, gather, sleep, to_thread
from ..._core.hints.names import suggested
from ..._core.hints.suggestions import shown_name
from ..._core.inputs import Item, Listener
from ..._core.messages.forms import holds_messages, is_listed
from ..._core.results.records import usage_record
from ..._core.transfer.checkpoint import Checkpoint
from ..._core.values import Usage
from ...errors import InvalidInputError
from ...types import AddManyResult, ItemError, UsageRecord
from .progress import Progress

_SAVE_INTERVAL = 1.0

Outcome = UsageRecord | Exception
"""The usage of a call, or its error."""
AddEach = Callable[[Sequence[Mapping[str, Any]]], Sequence[Outcome]]
"""Executes calls of ``add``, given their arguments."""


class Loader:
    """Takes items from an iterable and adds them.

    Args:
        add: adds several items.
        items: the items.
        accepted: the names of the arguments of ``add``.
        width: maximum number of concurrent calls of ``add``.
        share: number of items in each call.
        defaults: arguments for items that lack them.
        collect: whether to collect errors; otherwise the first error ends the load.
        listener: gets the progress.
        checkpoint: records finished items, to skip them in a later run.
        rate_limit: maximum number of items per second.
    """

    def __init__(
        self,
        add: AddEach,
        items: Items[Item],
        *,
        accepted: Sequence[str],
        width: int,
        share: int,
        defaults: Mapping[str, Any],
        collect: bool,
        listener: Listener | None,
        checkpoint: Checkpoint | None,
        rate_limit: float | None,
    ) -> None:
        self._add = add
        self._accepted = accepted
        self._known = frozenset(accepted)
        self._check_names(defaults)
        self._feed: Feed[Item] = Feed(items)
        self._width = width
        self._share = share
        self._defaults = dict(defaults)
        self._collect = collect
        self._checkpoint = checkpoint
        self._interval = None if rate_limit is None else 1.0 / rate_limit
        self._progress = Progress(listener, len(items) if isinstance(items, Sized) else None)
        self._taking = Lock()
        self._telling = Lock()
        self._index = 0
        self._over = False
        self._next_start = 0.0
        self._saved = perf_counter()
        self._counts = {"added": 0, "failed": 0, "skipped": 0}
        self._errors: list[ItemError] = []
        self._usage = cast("dict[str, float]", usage_record(Usage()))

    def run(self) -> AddManyResult:
        """Add everything.

        Returns:
            The result of ``add_many``.
        """
        try:
            gather([self._work] * self._width)
        finally:
            if self._checkpoint is not None:
                to_thread(self._checkpoint.save)
        self._tell(last=True)
        self._usage["seconds"] = round(self._progress.seconds, 6)
        errors = sorted(self._errors, key=itemgetter("index"))
        result = {**self._counts, "errors": errors, "usage": self._usage}
        return cast("AddManyResult", result)

    def _work(self) -> None:
        while taken := self._take():
            calls: dict[int, dict[str, Any]] = {}
            outcomes: dict[int, Outcome] = {}
            for index, item in taken:
                try:
                    calls[index] = self._arguments(index, item)
                except InvalidInputError as error:
                    outcomes[index] = error
            outcomes.update(zip(calls, self._add(list(calls.values())), strict=True))
            self._settle([(index, outcomes[index]) for index, _ in taken])

    def _take(self) -> list[tuple[int, Item]]:
        """Return the next items that no earlier run has added, at the rate limit; none at the end."""
        taken: list[tuple[int, Item]] = []
        with self._taking:
            while not self._over and len(taken) < self._share:
                item: Any = self._feed.take()
                if item is END:
                    self._over = True
                    break
                index = self._index
                self._index += 1
                if self._checkpoint is not None:
                    if index == 0:
                        self._checkpoint.begin(item)
                        to_thread(self._checkpoint.save)
                    if self._checkpoint.has(index):
                        self._counts["skipped"] += 1
                        self._tell()
                        continue
                if self._interval is not None:
                    self._pace(self._interval)
                taken.append((index, item))
        return taken

    def _pace(self, interval: float) -> None:
        now = perf_counter()
        if now < self._next_start:
            sleep(self._next_start - now)
        self._next_start = max(now, self._next_start) + interval

    def _arguments(self, index: int, item: Item) -> dict[str, Any]:
        given: dict[str, Any]
        if isinstance(item, Mapping) and ("messages" in item or not holds_messages(item)):
            given = dict(item)
        elif isinstance(item, str) or is_listed(item) or holds_messages(item):
            given = {"messages": item}
        else:
            raise InvalidInputError(
                f"expected a string, messages or a dict of arguments, got {type(item).__name__}"
            )
        self._check_names(given)
        if "messages" not in given:
            raise InvalidInputError("messages: is missing")
        arguments = {**self._defaults, **given}
        if self._checkpoint is not None:
            arguments.setdefault("idempotency_key", self._checkpoint.key(index))
        return arguments

    def _check_names(self, names: Iterable[Any]) -> None:
        for name in names:
            if name not in self._known:
                raise InvalidInputError(
                    f"{shown_name(name)} is not an argument of add; "
                    f"{suggested(name, self._accepted)}expected some of {', '.join(self._accepted)}"
                )

    def _settle(self, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        with self._telling:
            # The items of a batch share the record of those that cost nothing of their own.
            free: Outcome | None = None
            for index, outcome in outcomes:
                failed = isinstance(outcome, Exception)
                self._counts["failed" if failed else "added"] += 1
                if self._checkpoint is not None:
                    self._checkpoint.add(index, failed=failed)
                if not isinstance(outcome, Exception):
                    if outcome is not free:
                        costs = cast("Mapping[str, float]", outcome)
                        self._usage = {
                            name: total + costs.get(name, 0) for name, total in self._usage.items()
                        }
                        free = None if any(costs.values()) else outcome
                elif self._collect:
                    self._errors.append({"index": index, "error": f"{type(outcome).__name__}: {outcome}"})
                else:
                    raise outcome
            if self._checkpoint is not None and perf_counter() - self._saved > _SAVE_INTERVAL:
                to_thread(self._checkpoint.save)
                self._saved = perf_counter()
            self._tell()

    def _tell(self, *, last: bool = False) -> None:
        self._progress.tell(sum(self._counts.values()), last=last, **self._counts)
