"""Add messages to a store, now or in the background, and change memories."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from .._concurrency import async_gather
from .._core.changes.addition import Addition, Refinement
from .._core.changes.reconcile import NewMemories, replacement
from .._core.changes.writes import (
    AddMemory,
    AddTask,
    AlreadyDone,
    AlreadyStored,
    Amend,
    Change,
    DoneNote,
    Items,
    Remember,
    Reply,
    Updated,
)
from .._core.clock import now as clock_now
from .._core.ids import new_id
from .._core.instruments import Value
from .._core.messages.normalize import has_parts
from .._core.messages.rough import ROUGH_TYPE, rough_metadata, rough_texts
from .._core.results.records import completion_key, event_items, usage_record
from .._core.tasks.buffering import waiting_turns
from .._core.tasks.task import Task, lane_of
from .._core.text.cleaning import content_hash
from .._core.tracing import annotate, span
from .._core.values import Message, Row, Scope, Usage
from ..errors import InvalidInputError, StoreUnavailableError
from ..types import AddResult, MemoryEvent, UsageRecord
from .encoder import AsyncEncoder
from .extraction.extractor import AsyncExtractor
from .extraction.pipeline import AsyncExtraction, Verbatim
from .processing.handle import AsyncWatcher
from .processing.worker import AsyncProcessor
from .stores.base import AsyncStore

if TYPE_CHECKING:
    from .bulk.loading import Outcome as Loaded

_logger = logging.getLogger("powermem")

# Number of calls after which old finished tasks are removed, since a process may only ever add.
_CALLS = 1000


class AsyncAdding:
    """Adds memories to one store, and changes them.

    Args:
        store: holds the memories.
        encoder: embeds them.
        extractor: finds the facts.
        extraction: stores messages word for word, or the facts in them.
        processor: runs background tasks.
        watcher: follows the tasks created here.
    """

    def __init__(
        self,
        store: AsyncStore,
        encoder: AsyncEncoder,
        extractor: AsyncExtractor,
        extraction: AsyncExtraction,
        processor: AsyncProcessor,
        watcher: AsyncWatcher,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._extractor = extractor
        self._extraction = extraction
        self._processor = processor
        self._watcher = watcher
        self._calls = 0

    async def add(self, asked: Addition, started: float, maker: object, *, waits: bool = True) -> AddResult:
        """Carry out a call of ``add``.

        Args:
            asked: the checked arguments.
            started: start of the call, of ``perf_counter``.
            maker: the caller a task is created for.
            waits: whether the turns of a call that fails wait to be processed.

        Returns:
            The result of ``AsyncMemory.add``.
        """
        new, heard, key = asked.new, asked.messages, asked.key
        with span("powermem.add", _traced(len(heard), asked.infer, asked.later), store=self._store.name):
            if key is not None and (known := await self._store.recall_request(new.scope, key)) is not None:
                return _decode(known)
            usage = Usage()
            refinement = Refinement(new, asked.prompt, asked.filters)
            if asked.infer and heard and (asked.later or has_parts(heard)):
                return await self._add_later(heard, refinement, key, usage, started, maker)
            facts = asked.infer and heard
            said = () if facts else asked.verbatim
            task_id, *ids = new_id.several(1 + 2 * len(said))
            if evident := len(said) == 1:
                # The memory's before its message's, as nowhere else; see `Queries.completion`.
                ids.reverse()
            name = self._extractor.name if asked.infer else None
            reply = _Reply(new, key, usage, started, name, task_id=task_id, evident=evident, also=asked.also)
            try:
                if facts:
                    items = await self._extraction.store_facts(
                        heard,
                        new,
                        usage,
                        prompt=asked.prompt,
                        expression=asked.expression,
                        key=key,
                        notes=reply.notes,
                        call=refinement.payload if waits else None,
                    )
                else:
                    items = await self._extraction.store_verbatim(
                        Verbatim(said, new, usage, reply.notes), iter(ids)
                    )
            except AlreadyDone as done:
                return _decode(done.result)
            annotate({"powermem.results": len(items)})
            self._calls += 1
            if self._calls % _CALLS == 0:
                await self._processor.tidy()
            return reply.of(items)

    async def add_each(
        self,
        calls: Sequence[Mapping[str, Any]],
        read: Callable[..., Addition],
        maker: object,
    ) -> list[Loaded]:
        """Carry out calls of ``add``; those that store word for word share transactions.

        Args:
            calls: the arguments of each.
            read: checks the arguments of a call.
            maker: the caller tasks are created for.

        Returns:
            The usage of each call, or its error.
        """
        started = perf_counter()
        asked: dict[int, Addition] = {}
        results: dict[int, Loaded] = {}
        for i, call in enumerate(calls):
            try:
                asked[i] = read(**call)
            except Exception as error:
                results[i] = error
        together = {i: one for i, one in asked.items() if one.is_verbatim}
        if len(together) > 1:
            try:
                usages = await self._add_together(list(together.values()), started)
                results.update(zip(together, usages, strict=True))
            except StoreUnavailableError as error:
                # They may have been stored, so do not store them again.
                results.update(dict.fromkeys(together, error))
            except Exception:
                # One of them cannot be stored, so none was. Retry each separately.
                _logger.debug("a batch of calls of add failed; retrying one by one", exc_info=True)

        async def alone(i: int) -> None:
            try:
                # A load is repeated for failed items, so their turns need not wait.
                results[i] = (await self.add(asked[i], started, maker, waits=False))["usage"]
            except Exception as error:
                results[i] = error

        await async_gather([partial(alone, i) for i in asked if i not in results])
        return [results[i] for i in range(len(calls))]

    async def _add_together(self, asked: Sequence[Addition], started: float) -> list[UsageRecord]:
        shared = Usage()
        calls = []
        for one in asked:
            if one.key is None and not one.also:
                calls.append(Verbatim(one.verbatim, one.new, shared, None))
                continue
            usage = Usage()
            reply = _Reply(one.new, one.key, usage, started, None, also=one.also)
            calls.append(Verbatim(one.verbatim, one.new, usage, reply.under_key))
        traced = _traced(sum(len(one.messages) for one in asked), False, False)
        with span("powermem.add", traced, store=self._store.name):
            await self._extraction.load_verbatim(calls)
            annotate({"powermem.results": sum(len(call.messages) for call in calls)})
        # What calls without a key cost is told by the first of them.
        costs, none = [usage_record(shared)], usage_record(Usage())
        return [
            (costs.pop() if costs else none) if call.usage is shared else usage_record(call.usage)
            for call in calls
        ]

    async def _add_later(
        self,
        heard: Sequence[Message],
        refinement: Refinement,
        key: str | None,
        usage: Usage,
        started: float,
        maker: object,
    ) -> AddResult:
        """Store rough memories of messages, and the task to refine them."""
        new = refinement.new
        task_id = new_id()
        each = [waiting_turns([message], new.scope, new.at, task_id) for message in heard]
        turns = list(chain.from_iterable(each))
        texts = rough_texts(heard, new.at)
        rough = [_rough_row(text, heard, refinement) for text, _ in texts]
        vectors = await self._encoder.encode([row.text for row in rough], usage.warnings)
        usage.embedded_texts += sum(vector is not None for vector in vectors)
        memories = [
            AddMemory(row, vector, [waiting.turn.id for index in text.messages for waiting in each[index]])
            for row, vector, text in zip(rough, vectors, texts, strict=True)
        ]
        payload = refinement._replace(rough=tuple(row.id for row in rough)).payload()
        task = Task(task_id, lane_of(new.scope), new.scope, "refine", new.at, new.at, new.at, payload=payload)
        changes: list[Change] = [*turns, *memories, AddTask(task)]
        reply = _Reply(new, key, usage, started, self._extractor.name, "running", task_id)
        items = Items.behind(turns, memories, verbatim=True)
        changes += reply.under_key(items)
        # Followed from here on, so that closing waits for it.
        handle = self._watcher.watch(task_id, new.scope.user_id, maker=maker)
        try:
            outcomes = await self._store.apply(changes)
        except AlreadyDone as done:
            self._watcher.forget([handle])
            return _decode(done.result)
        except BaseException:
            self._watcher.forget([handle])
            raise
        finally:
            # Even if the caller was cancelled, since the task may be stored.
            self._processor.wake()
        self._watcher.stored([task_id])
        return reply.of(event_items(changes, outcomes, items))

    async def update(
        self, row: Row, wording: str | None, amendments: Sequence[Amend]
    ) -> tuple[Row | None, list[str]]:
        """Change a memory.

        Args:
            row: the memory.
            wording: its new text, or ``None`` to keep the text.
            amendments: further changes.

        Returns:
            The changed memory, or ``None`` if it was deleted in the meantime; and warnings.

        Raises:
            InvalidInputError: another memory of the scope has this text.
        """
        changes: list[Change] = []
        warnings: list[str] = []
        if wording is not None and wording != row.text:
            vectors = await self._encoder.encode([wording], warnings)
            changes.append(replacement(row, wording, vectors[0], clock_now(), strict=True))
        changes += amendments
        try:
            outcomes = await self._store.apply(changes) if changes else [Updated(row, row.text)]
        except AlreadyStored as known:
            raise InvalidInputError(
                f"content: memory {known.id} of the same scope already says this"
            ) from None
        last = outcomes[-1]
        return last.row if isinstance(last, Updated) else None, warnings


class _Reply:
    """The result of ``add``, apart from the items."""

    def __init__(
        self,
        new: NewMemories,
        key: str | None,
        usage: Usage,
        started: float,
        extractor: str | None,
        status: Literal["completed", "running"] = "completed",
        task_id: int | None = None,
        evident: bool = False,
        also: Sequence[Change] = (),
    ) -> None:
        self._new = new
        self._evident = evident
        self._also = also
        self._key = key
        self._usage = usage
        self._started = started
        self._task_id = new_id() if task_id is None else task_id
        self._status = status
        self._extractor = extractor

    def of(self, items: list[MemoryEvent]) -> AddResult:
        """Return the result with its items."""
        # Measured once, so that the result stored under the key equals the returned one.
        self._usage.seconds = self._usage.seconds or perf_counter() - self._started
        reply: AddResult = {
            "results": items,
            "status": self._status,
            "task_id": str(self._task_id),
            "usage": usage_record(self._usage),
        }
        if self._extractor is not None:
            reply["extractor"] = self._extractor
        if self._usage.warnings:
            reply["warnings"] = list(self._usage.warnings)
        return reply

    def under_key(self, items: Items) -> list[Change]:
        """Return the change that stores the result under the caller's key, and what else goes with it."""
        if self._key is None:
            return [*self._also]
        kept = Remember(self._new.scope, self._key, Reply(items, self.of([])), self._new.at)
        return [kept, *self._also]

    def notes(self, items: Items) -> list[Change]:
        """Return the same, and the note that ``get_status`` reads by the task id."""
        note = DoneNote(items, self._new.scope, self._new.at, self._evident)
        done = Remember(Scope(), completion_key(self._task_id), note, self._new.at)
        return [*self.under_key(items), done]


def _traced(messages: int, infer: bool, async_mode: bool) -> dict[str, Value]:
    return {"powermem.messages": messages, "powermem.infer": infer, "powermem.async_mode": async_mode}


def _decode(kept: str) -> AddResult:
    result: AddResult = json.loads(kept)
    return result


def _rough_row(text: str, heard: Sequence[Message], refinement: Refinement) -> Row:
    new = refinement.new
    said, utc_offset = next(
        ((message.sent_at, message.utc_offset) for message in heard if message.sent_at is not None),
        (new.at, new.utc_offset),
    )
    return Row(
        id=new_id(),
        scope=new.scope,
        text=text,
        hash=content_hash(text),
        actor_id=new.actor_id,
        memory_type=ROUGH_TYPE,
        metadata=rough_metadata(new.metadata),
        created_at=new.at,
        updated_at=new.at,
        valid_from=said,
        expires_at=new.expires_at,
        utc_offset=utc_offset,
    )
