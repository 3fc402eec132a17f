# Generated from src/powermem/_async/bulk/histories.py by scripts/run_unasync.py; edit that file instead.
"""Loading chat histories and the exports of other memories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, cast

from ..._concurrency import Lock, to_thread
from ..._core.changes.addition import Addition
from ..._core.changes.writes import Remember
from ..._core.clock import now
from ..._core.histories.calls import Part, Target, in_parts, key_of_all
from ..._core.histories.history import History
from ..._core.histories.values import Kept
from ..._core.inputs import Listener
from ..._core.results.records import usage_record
from ..._core.transfer.sources import Page
from ..._core.values import Usage
from ...errors import InvalidInputError, PowerMemError
from ...types import HistoryResult, PlaceError
from ..adding import Adding
from ..stores.base import Store
from .importing import Importer
from .loading import Loader, Outcome

_MOST_ERRORS = 100
# What is read ahead of what is stored.
_READ = 256
# Memories of one transaction.
_PAGE = 500
# What is kept under the key of a message: that it is stored, in the form of a result of ``add``.
_DONE = '{"results": [], "status": "completed", "task_id": "", "usage": {}}'


class HistoryLoader:
    """Loads the items of one history.

    A message is stored along with its key, in one transaction; what has a key already is left out. So a
    second load, or that of a newer export, stores what is new.

    Args:
        adding: adds the messages.
        store: knows the keys.
        importer: stores memories of other libraries.
        read: checks the arguments of ``add``.
        maker: the caller tasks are created for.
        target: where the items go.
        infer: whether to extract facts.
        again: whether to store what was stored before.
    """

    def __init__(
        self,
        adding: Adding,
        store: Store,
        importer: Importer,
        read: Callable[..., Addition],
        maker: object,
        target: Target,
        *,
        infer: bool,
        again: bool,
    ) -> None:
        self._adding = adding
        self._store = store
        self._importer = importer
        self._read = read
        self._maker = maker
        self._target = target
        self._infer = infer
        self._again = again
        self._lock = Lock()
        self._messages = self._skipped = self._failed = 0
        self._conversations: set[int] = set()
        self._errors: list[PlaceError] = []

    def load(
        self, history: History, *, width: int, rate_limit: float | None, listener: Listener | None
    ) -> HistoryResult:
        """Load a history.

        Args:
            history: the history.
            width: maximum number of concurrent calls of ``add``.
            rate_limit: maximum number of calls started per second.
            listener: gets the progress.

        Returns:
            The result of ``load_history``.
        """
        share = 1 if self._infer else 64
        loader = Loader(
            self._store_each,
            self._calls(history),
            accepted=("messages",),
            width=width if self._infer else 1,
            share=share if rate_limit is None else 1,
            defaults={},
            collect=True,
            listener=listener,
            checkpoint=None,
            rate_limit=rate_limit,
        )
        done = loader.run()
        report = history.report
        for fault in report.faults:
            self._note(fault.where, fault.reason)
        return {
            "format": history.format,
            "user_id": self._target.user_id,
            "conversations": len(self._conversations),
            "messages": self._messages,
            "memories": self._importer.imported,
            "skipped": self._skipped + self._importer.skipped,
            "failed": self._failed,
            "left_out": {reason: count for reason, count in report.left_out.items() if count},
            "errors": self._errors,
            "usage": done["usage"],
        }

    def _calls(self, history: History) -> Iterator[Mapping[str, Any]]:
        """Yield parts of conversations, and pages of memories, read on a thread."""
        found = in_parts(history, history.format, single=not self._infer)
        kept: list[Kept] = []
        while batch := to_thread(_taken, found):
            for one in batch:
                if isinstance(one, Part):
                    yield {"messages": one}
                    continue
                kept.append(one)
                if len(kept) == _PAGE:
                    yield {"messages": kept}
                    kept = []
        if kept:
            yield {"messages": kept}

    def _store_each(self, taken: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Store parts and pages; errors are noted with their positions."""
        nothing: list[Outcome] = [usage_record(Usage()) for _ in taken]
        parts: dict[int, Part] = {}
        for place, one in enumerate(taken):
            if isinstance(one["messages"], Part):
                parts[place] = one["messages"]
            else:
                self._store_memories(one["messages"])
        if parts:
            outcomes = self._store_parts(list(parts.values()))
            for place, outcome in zip(parts, outcomes, strict=True):
                nothing[place] = outcome
        return nothing

    def _store_memories(self, kept: Sequence[Kept]) -> None:
        page = Page()
        moment = now()
        for one in kept:
            try:
                page.put(self._target.memory(one, moment))
            except InvalidInputError as error:
                with self._lock:
                    self._note(one.where, str(error))
        try:
            with self._lock:
                self._importer.put(page)
        except PowerMemError as error:
            with self._lock:
                for one in kept:
                    self._note(one.where, str(error))

    def _store_parts(self, parts: Sequence[Part]) -> list[Outcome]:
        keys = [key for part in parts for key in part.keys]
        known = set() if self._again else self._store.known_requests(self._target.keys, keys)
        left: list[tuple[int, Part, list[int]]] = []
        with self._lock:
            for place, part in enumerate(parts):
                self._conversations.add(hash(part.conversation))
                kept = [number for number, key in enumerate(part.keys) if key not in known]
                self._skipped += len(part.keys) - len(kept)
                if kept:
                    left.append((place, part, kept))
        outcomes: list[Outcome] = [usage_record(Usage()) for _ in parts]
        if not left:
            return outcomes
        calls = [self._call(part, kept) for _, part, kept in left]
        found = self._adding.add_each(calls, self._addition, self._maker)
        with self._lock:
            for (place, part, kept), outcome in zip(left, found, strict=True):
                if isinstance(outcome, Exception):
                    if not isinstance(outcome, PowerMemError):
                        raise outcome
                    self._failed += len(kept) - 1
                    self._note(part.messages[kept[0]].where, str(outcome))
                else:
                    self._messages += len(kept)
                outcomes[place] = outcome
        return outcomes

    def _call(self, part: Part, kept: Sequence[int]) -> dict[str, Any]:
        call = self._target.call(part, kept, infer=self._infer)
        keys = [part.keys[number] for number in kept]
        if self._infer and not self._again:
            # If the process dies between the turns and the facts, the next load finds the turns by it.
            call["idempotency_key"] = key_of_all(keys)
        return {**call, "keys": keys}

    def _addition(self, keys: Sequence[str], **call: Any) -> Addition:
        asked = self._read(**call)
        scope = self._target.keys
        return replace(asked, also=[Remember(scope, key, _DONE, asked.new.at) for key in keys])

    def _note(self, where: str, error: str) -> None:
        self._failed += 1
        if len(self._errors) < _MOST_ERRORS:
            self._errors.append({"where": where, "error": " ".join(error.split())})


def _taken(found: Any) -> list[Part | Kept]:
    return cast("list[Part | Kept]", list(islice(found, _READ)))
