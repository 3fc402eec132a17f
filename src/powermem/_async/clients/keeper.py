"""Keeping what is said to language models, and beginning to learn from it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import tzinfo
from time import monotonic

from ..._concurrency import AsyncBridge, AsyncEvent, AsyncMailbox, AsyncWorker
from ..._core import clock
from ..._core.changes.writes import AddTurn, BufferTurn
from ..._core.clients import Attended, spoken
from ..._core.messages.normalize import read_messages
from ..._core.prompts import strip_recalled
from ..._core.tasks.buffering import waiting_turns
from ..._core.tasks.task import lane_of
from ..._core.values import Message, Scope
from ...errors import ClosedError, ProcessTimeout
from ..assembly import Components, Share
from ..processing.handle import AsyncProcessTask

_logger = logging.getLogger("powermem.clients")

BATCH_SIZE = 100
"""The default for the most exchanges that are written in one transaction."""

# How many exchanges that came to no good end are remembered, so that the next attempt is known as such.
_UNANSWERED = 1000

# How many users with too little to learn from are remembered; what they said is on disk anyway.
_UNLEARNED = 10_000


@dataclass(frozen=True, slots=True)
class Whose:
    """Who a turn belongs to, and when it is learned from.

    Attributes:
        scope: of the turn.
        work: the scope of the task that learns from it.
        threshold: number of waiting messages at which learning begins.
        zone: whose calendar counts.
        share: keeps the engine open while it is referenced.
    """

    scope: Scope
    work: Scope
    threshold: int
    zone: tzinfo
    share: Share


@dataclass(eq=False)
class AsyncOngoing:
    """An exchange with a language model that is under way.

    Attributes:
        attended: the request.
        whose: the owner, as it was when the call was made.
        kept: is resolved when what the user said is on disk, or cannot be put there.
    """

    attended: Attended
    whose: Whose
    keeper: AsyncKeeper
    kept: Future[None] = field(default_factory=Future)
    over: bool = False

    def end(self, reply: str, whole: bool) -> None:
        """Keep the reply, which is whole or was broken off. Called once; further calls have no effect.

        May be called while an object is being collected.
        """
        if not self.over:
            self.over = True
            self.keeper.end(self, strip_recalled(reply), whole)

    def fail(self) -> None:
        """Say that there is no reply; asking the same another time is the same exchange."""
        if not self.over:
            self.over = True
            self.keeper.fail(self)


@dataclass(slots=True)
class _Item:
    """Something to be kept: what the user said, or the reply."""

    messages: list[Message]
    ongoing: AsyncOngoing
    ends: bool


class AsyncKeeper:
    """Puts what is said into the buffer, in its order and as much as there is in one transaction.

    Nothing that a client calls here waits for the store: things are put into a line, and one worker takes
    them out.

    Args:
        open_engine: returns the components that they are kept with.

    Attributes:
        bridge: leads to where the engine lives.
        batch_size: how many exchanges may be written in one transaction.
        closed: whether nothing more is kept.
        prompt: whether what was said last was on disk in time.
    """

    def __init__(self, open_engine: Callable[[], Awaitable[Components]]) -> None:
        self.bridge = AsyncBridge("powermem-recall")
        self.batch_size = BATCH_SIZE
        self.closed = False
        self.prompt = True
        self._open_engine = open_engine
        self._mailbox: AsyncMailbox[_Item | AsyncEvent] = AsyncMailbox()
        self._worker = AsyncWorker("powermem-keeper", self._work)
        self._learns = True
        self._unanswered: OrderedDict[tuple[Scope, str], None] = OrderedDict()
        self._unlearned: OrderedDict[str, Scope] = OrderedDict()
        self._learning: set[AsyncProcessTask] = set()

    def begin(self, attended: Attended, whose: Whose) -> AsyncOngoing:
        """Put what a user says into the line.

        Args:
            attended: the request.
            whose: the owner.
        """
        ongoing = AsyncOngoing(attended, whose, self)
        self.bridge.call_soon(self._start)
        messages = spoken("user", attended.said, attended.asked_at)
        if not messages or self._is_retried(ongoing):
            ongoing.kept.set_result(None)
        else:
            self._mailbox.post(_Item(messages, ongoing, False))
        return ongoing

    def end(self, ongoing: AsyncOngoing, reply: str, whole: bool) -> None:
        """Put a reply into the line."""
        if not whole and not reply.strip():
            self._note_unanswered(ongoing)
        if self.closed or ongoing.whose.share.ended:
            _logger.warning("a reply ended after the memory was closed; it is not remembered")
            return
        # A reply follows its question, even if the clock was put back meanwhile.
        messages = spoken("assistant", reply, max(clock.now(), ongoing.attended.asked_at))
        if messages or ongoing.attended.said.strip():
            self._mailbox.post(_Item(messages, ongoing, True))

    def fail(self, ongoing: AsyncOngoing) -> None:
        """Note that a call has failed; what the user said waits for the next exchange."""
        self._note_unanswered(ongoing)
        if ongoing.attended.said.strip():
            self._note_unlearned(ongoing.whose)

    async def keep(self, messages: Sequence[Message], whose: Whose) -> list[AddTurn]:
        """Keep messages now, and begin to learn from them; on return they are on disk."""
        changes = _turns(messages, whose, clock.now())
        if changes:
            await self._apply(changes)
            await self._learn([whose])
        return [waiting.turn for waiting in changes]

    async def settle(self, timeout: float | None) -> bool:
        """Wait until all that was heard so far is in the buffer; return whether it is within the timeout."""
        if not self._worker.alive:
            if self.closed or not self._mailbox.waiting:
                return True
            # Another thread has just left something, and had no time to start the worker here.
            self._start()
        mark = AsyncEvent()
        self._mailbox.post(mark)
        return await mark.wait(timeout)

    async def learn_all(self, timeout: float | None) -> bool:
        """Wait until all that was heard so far is learned; return whether it is within the timeout."""
        deadline = None if timeout is None else monotonic() + timeout
        if not await self.settle(timeout):
            return False
        if self._unlearned:
            await self._begin(dict(self._unlearned))
        try:
            for task in list(self._learning):
                await task.wait(None if deadline is None else max(0.0, deadline - monotonic()))
        except ProcessTimeout:
            return False
        self._forget_learned()
        return True

    async def close(self, timeout: float | None, *, learn: bool = True) -> None:
        """Store what was said so far, and refuse more.

        Args:
            timeout: seconds, or ``None`` to wait for ever.
            learn: begin to learn from it; otherwise the next start does.
        """
        self.closed = True
        self._learns = learn
        if self._worker.alive:
            self._mailbox.end()
            if not await self._worker.join(timeout):
                _logger.warning("closing with exchanges that could not be kept in %s s", timeout)
        await self.bridge.close()

    def _start(self) -> None:
        if not self._worker.alive and not self.closed:
            self._worker.start()

    def _is_retried(self, ongoing: AsyncOngoing) -> bool:
        """Tell whether the same was asked before, and was not answered."""
        key = (ongoing.whose.scope, ongoing.attended.said)
        try:
            del self._unanswered[key]
        except KeyError:
            return False
        return True

    def _note_unanswered(self, ongoing: AsyncOngoing) -> None:
        self._unanswered[ongoing.whose.scope, ongoing.attended.said] = None
        while len(self._unanswered) > _UNANSWERED:
            self._unanswered.popitem(last=False)

    async def _work(self, stopping: AsyncEvent) -> None:
        while items := await self._mailbox.take(lambda: self.batch_size):
            said = [item for item in items if isinstance(item, _Item)]
            if said:
                await self._keep(said)
                await self._learn([item.ongoing.whose for item in said if item.ends])
            for item in items:
                if isinstance(item, AsyncEvent):
                    item.set()

    async def _keep(self, items: Sequence[_Item]) -> None:
        at = clock.now()
        try:
            changes = [turn for item in items for turn in _turns(item.messages, item.ongoing.whose, at)]
            await self._apply(changes)
        except Exception as error:
            if len(items) > 1 and not isinstance(error, ClosedError):
                # What the store refuses of one must not be the loss of the others.
                for item in items:
                    await self._keep([item])
                return
            _logger.warning("what was said could not be kept: %r", error)
            for item in items:
                self._unanswered.pop((item.ongoing.whose.scope, item.ongoing.attended.said), None)
        for item in items:
            if not item.ends and not item.ongoing.kept.done():
                item.ongoing.kept.set_result(None)

    async def _apply(self, changes: Sequence[BufferTurn]) -> None:
        if changes:
            components = await self._open_engine()
            await components.store.apply(changes)

    async def _learn(self, whose: Sequence[Whose]) -> None:
        """Begin to learn from those of whom enough messages wait."""
        due = {}
        try:
            for each in whose:
                lane = lane_of(each.scope)
                self._note_unlearned(each)
                if each.threshold > 1:
                    components = await self._open_engine()
                    if await components.store.count_buffered(lane, each.threshold) < each.threshold:
                        continue
                due[lane] = each.work
            if due and self._learns:
                await self._begin(due)
        except Exception as error:
            # The turns are kept, and the next exchange begins again.
            _logger.warning("learning from what was said could not be begun: %r", error)

    def _note_unlearned(self, whose: Whose) -> None:
        # Without the share: what waits is on disk, and must keep no instance alive.
        self._unlearned[lane_of(whose.scope)] = whose.work
        if len(self._unlearned) > _UNLEARNED:
            self._unlearned.popitem(last=False)

    async def _begin(self, works: Mapping[str, Scope]) -> None:
        components = await self._open_engine()
        begun = await components.scheduler.begin(list(works.values()))
        self._forget_learned()
        self._learning.update(begun)
        for lane in works:
            self._unlearned.pop(lane, None)

    def _forget_learned(self) -> None:
        # The set stays the same one: others may be adding to it, on other threads as well.
        self._learning.difference_update([task for task in list(self._learning) if task.done])


def _turns(messages: Sequence[Message], whose: Whose, at: int) -> list[BufferTurn]:
    """Return the changes that keep messages, which are checked like those of any caller."""
    checked = [
        each
        for message in messages
        for each in read_messages(
            {"role": message.role, "content": message.content},
            sent_at=None if message.sent_at is None else clock.local_time(message.sent_at, whose.zone),
        )
    ]
    return waiting_turns(checked, whose.scope, at)
