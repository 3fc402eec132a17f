# Generated from src/powermem/_async/clients/keeper.py by scripts/run_unasync.py; edit that file instead.
"""Buffer exchanges with language models, and start learning from them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from time import monotonic
from typing import NamedTuple

from ..._concurrency import Bridge, Event, Mailbox, Worker, gather
from ..._core import clock
from ..._core.changes.writes import AddTurn, AlreadyDone, BufferTurn, Remember
from ..._core.clients.exchange import Attended, spoken
from ..._core.messages.normalize import read_messages
from ..._core.prompts.quoting import strip_recalled
from ..._core.tasks.buffering import waiting_turns
from ..._core.tasks.task import lane_of
from ..._core.values import Message, Scope
from ...errors import ClosedError, ProcessTimeout
from ..assembly import Components, Share
from ..processing.handle import ProcessTask

_logger = logging.getLogger("powermem.clients")

BATCH_SIZE = 100
"""Default maximum number of exchanges written in one transaction."""

# Number of failed exchanges to remember, so that a retry is recognized and not stored twice.
_UNANSWERED = 1000

# Number of users below their threshold to remember; their messages are stored anyway.
_UNLEARNED = 10_000

# Number of keys to look up at the same time.
_KEYS_AT_ONCE = 16


class Whose(NamedTuple):
    """The owner of a turn, and when to learn from it.

    Attributes:
        scope: of the turn.
        work: the scope of the task that learns from it.
        threshold: number of waiting messages at which learning begins.
        zone: time zone of the calendar.
        share: keeps the engine open while it is referenced.
    """

    scope: Scope
    work: Scope
    threshold: int
    zone: tzinfo
    share: Share


@dataclass(eq=False)
class Ongoing:
    """An exchange with a language model in progress.

    Attributes:
        attended: the request.
        whose: the owner at the time of the call.
        kept: is resolved once the user's message is stored, or could not be.
    """

    attended: Attended
    whose: Whose
    keeper: Keeper
    kept: Future[None] = field(default_factory=Future)
    over: bool = False

    def end(self, reply: str, whole: bool) -> None:
        """Store the reply, whole or interrupted. Further calls have no effect.

        May be called during garbage collection.
        """
        if not self.over:
            self.over = True
            self.keeper.end(self, strip_recalled(reply), whole)

    def fail(self) -> None:
        """Record that there is no reply; a retry of the request is the same exchange."""
        if not self.over:
            self.over = True
            self.keeper.fail(self)


@dataclass(slots=True)
class _Item:
    """Messages to store: the user's, or the reply."""

    messages: list[Message]
    ongoing: Ongoing
    ends: bool


class Keeper:
    """Writes exchanges to the buffer in order, batched into transactions.

    Clients never wait for the store: they post to a queue that a single worker drains.

    Args:
        open_engine: returns the components to store with.

    Attributes:
        bridge: runs code on the event loop or thread of the engine.
        batch_size: maximum number of exchanges in one transaction.
        closed: whether new messages are refused.
        prompt: whether the last message was stored in time.
    """

    def __init__(self, open_engine: Callable[[], Components]) -> None:
        self.bridge = Bridge("powermem-recall")
        self.batch_size = BATCH_SIZE
        self.closed = False
        self.prompt = True
        self._open_engine = open_engine
        self._mailbox: Mailbox[_Item | Event | Whose] = Mailbox()
        self._worker = Worker("powermem-keeper", self._work)
        self._learns = True
        self._summarizes = False
        self._unanswered: OrderedDict[tuple[Scope, str], None] = OrderedDict()
        self._unlearned: OrderedDict[str, Scope] = OrderedDict()
        self._learning: set[ProcessTask] = set()

    def begin(self, attended: Attended, whose: Whose) -> Ongoing:
        """Queue a user's message.

        Args:
            attended: the request.
            whose: the owner.
        """
        ongoing = Ongoing(attended, whose, self)
        self.bridge.call_soon(self._start)
        messages = spoken("user", attended.said, attended.asked_at)
        if not messages or self._is_retried(ongoing):
            ongoing.kept.set_result(None)
        else:
            self._mailbox.post(_Item(messages, ongoing, False))
        return ongoing

    def end(self, ongoing: Ongoing, reply: str, whole: bool) -> None:
        """Queue a reply."""
        if not whole and not reply.strip():
            self._note_unanswered(ongoing)
        if self.closed or ongoing.whose.share.ended:
            _logger.warning("a reply ended after the memory was closed; it is not stored")
            return
        # A reply follows its question, even if the clock was set back in between.
        messages = spoken("assistant", reply, max(clock.now(), ongoing.attended.asked_at))
        if messages or ongoing.attended.said.strip():
            self._mailbox.post(_Item(messages, ongoing, True))

    def fail(self, ongoing: Ongoing) -> None:
        """Record that a call failed; the user's message waits for the next exchange."""
        self._note_unanswered(ongoing)
        if ongoing.attended.said.strip():
            self._note_unlearned(ongoing.whose)

    def keep(self, messages: Sequence[Message], whose: Whose) -> list[AddTurn]:
        """Store messages now, and start learning from them."""
        changes = _turns(messages, whose, clock.now())
        if changes:
            self._apply(changes)
            self._learn([whose])
        return [waiting.turn for waiting in changes]

    def keep_once(
        self, messages: Mapping[str, Message], whose: Whose, learn: Callable[[], None] | None = None
    ) -> int:
        """Store the messages that were not stored under their keys before, and start learning from them.

        Args:
            messages: by idempotency key, in the order in which they were said.
            whose: the owner.
            learn: lets another memory learn from them instead.

        Returns:
            The number of messages that were new.
        """
        store = (self._open_engine()).store
        known = gather([partial(store.recall_request, whose.scope, key) for key in messages], _KEYS_AT_ONCE)
        fresh = {key: messages[key] for key, kept in zip(messages, known, strict=True) if kept is None}
        count = self._keep_fresh(fresh, whose) if fresh else 0
        # Also if all were stored before: the process that stored them may have ended before it learned.
        if count or store.count_buffered(lane_of(whose.scope), 1):
            if learn is None:
                self._learn([whose])
            else:
                learn()
        return count

    def learn(self, whose: Whose) -> None:
        """Start learning, soon, from what another memory has stored; may be called from any thread.

        Raises:
            ClosedError: the memory was closed, or its event loop does not run.
        """
        if self.closed:
            raise ClosedError("the memory was closed")
        self.bridge.call_soon(self._start)
        self._mailbox.post(whose)

    def _keep_fresh(self, messages: Mapping[str, Message], whose: Whose) -> int:
        at = clock.now()
        changes = [_once(key, message, whose, at) for key, message in messages.items()]
        try:
            self._apply([change for each in changes for change in each])
        except AlreadyDone:
            # Another caller is storing some of them at this moment.
            if len(changes) == 1:
                return 0
            return sum([self._keep_fresh({key: messages[key]}, whose) for key in messages])
        return len(changes)

    def settle(self, timeout: float | None) -> bool:
        """Wait until all messages so far are in the buffer; return whether they are within the timeout."""
        if not self._worker.alive:
            if self.closed or not self._mailbox.waiting:
                return True
            # Another thread has just posted an item, and has not started the worker yet.
            self._start()
        mark = Event()
        self._mailbox.post(mark)
        return mark.wait(timeout)

    def learn_all(self, timeout: float | None) -> bool:
        """Wait until all messages so far are processed; return whether they are within the timeout."""
        deadline = None if timeout is None else monotonic() + timeout
        if not self.settle(timeout):
            return False
        if self._unlearned:
            self._begin(dict(self._unlearned))
        try:
            for task in list(self._learning):
                task.wait(None if deadline is None else max(0.0, deadline - monotonic()))
        except ProcessTimeout:
            return False
        self._forget_learned()
        if not self._summarizes:
            return True
        left = None if deadline is None else max(0.0, deadline - monotonic())
        return (self._open_engine()).summarizer.settle(left)

    def close(self, timeout: float | None, *, learn: bool = True) -> None:
        """Store the queued messages, and accept no more.

        Args:
            timeout: seconds, or ``None`` for no limit.
            learn: start learning from them; otherwise the next start does.
        """
        self.closed = True
        self._learns = learn
        if self._worker.alive:
            self._mailbox.end()
            if not self._worker.join(timeout):
                _logger.warning("closing with exchanges that could not be stored in %s s", timeout)
        self.bridge.close()

    def _start(self) -> None:
        if not self._worker.alive and not self.closed:
            self._worker.start()

    def _is_retried(self, ongoing: Ongoing) -> bool:
        """Tell whether the same request failed before."""
        key = (ongoing.whose.scope, ongoing.attended.said)
        try:
            del self._unanswered[key]
        except KeyError:
            return False
        return True

    def _note_unanswered(self, ongoing: Ongoing) -> None:
        self._unanswered[ongoing.whose.scope, ongoing.attended.said] = None
        while len(self._unanswered) > _UNANSWERED:
            self._unanswered.popitem(last=False)

    def _work(self, stopping: Event) -> None:
        # Each round is a call, so that what waits for the next one refers to no memory of the last.
        while self._round():
            pass

    def _round(self) -> bool:
        items = self._mailbox.take(lambda: self.batch_size)
        messages = [item for item in items if isinstance(item, _Item)]
        if messages:
            self._keep(messages)
            ended = [item.ongoing for item in messages if item.ends]
            self._learn([ongoing.whose for ongoing in ended])
            self._summarize(ended)
        told = [item for item in items if isinstance(item, Whose)]
        if told:
            self._learn(told)
        for item in items:
            if isinstance(item, Event):
                item.set()
        return bool(items)

    def _keep(self, items: Sequence[_Item]) -> None:
        at = clock.now()
        try:
            changes = [turn for item in items for turn in _turns(item.messages, item.ongoing.whose, at)]
            self._apply(changes)
        except Exception as error:
            if len(items) > 1 and not isinstance(error, ClosedError):
                # Retry one by one, since the store may refuse a single item.
                for item in items:
                    self._keep([item])
                return
            _logger.warning("messages could not be stored: %r", error)
            for item in items:
                self._unanswered.pop((item.ongoing.whose.scope, item.ongoing.attended.said), None)
        for item in items:
            if not item.ends and not item.ongoing.kept.done():
                item.ongoing.kept.set_result(None)

    def _apply(self, changes: Sequence[BufferTurn | Remember]) -> None:
        if changes:
            components = self._open_engine()
            components.store.apply(changes)

    def _learn(self, whose: Sequence[Whose]) -> None:
        """Start learning for the owners with enough waiting messages."""
        due = {}
        try:
            for each in whose:
                lane = lane_of(each.scope)
                self._note_unlearned(each)
                if each.threshold > 1:
                    components = self._open_engine()
                    if components.store.count_buffered(lane, each.threshold) < each.threshold:
                        continue
                due[lane] = each.work
            if due and self._learns:
                self._begin(due)
        except Exception as error:
            # The turns are stored, and the next exchange tries again.
            _logger.warning("learning from stored messages could not be started: %r", error)

    def _summarize(self, ended: Sequence[Ongoing]) -> None:
        for ongoing in ended:
            wanted = ongoing.attended.continuity
            if wanted.turns and wanted.summary is not False:
                self._summarizes = True
                (self._open_engine()).summarizer.ask(ongoing.whose.scope, wanted)

    def _note_unlearned(self, whose: Whose) -> None:
        # Without the share: the messages are stored, and must not keep an instance alive.
        self._unlearned[lane_of(whose.scope)] = whose.work
        if len(self._unlearned) > _UNLEARNED:
            self._unlearned.popitem(last=False)

    def _begin(self, works: Mapping[str, Scope]) -> None:
        components = self._open_engine()
        begun = components.scheduler.begin(list(works.values()))
        self._forget_learned()
        self._learning.update(begun)
        for lane in works:
            self._unlearned.pop(lane, None)

    def _forget_learned(self) -> None:
        # Modified in place, since other threads may be adding to the same set.
        self._learning.difference_update([task for task in list(self._learning) if task.done])


def _once(key: str, message: Message, whose: Whose, at: int) -> list[BufferTurn | Remember]:
    """Return the changes that store a message, unless one was stored under this key."""
    turns = _turns([message], whose, at)
    first = str(turns[0].turn.id) if turns else ""
    return [Remember(whose.scope, key, first, at, strict=True), *turns]


def _turns(messages: Sequence[Message], whose: Whose, at: int) -> list[BufferTurn]:
    """Return the changes that store messages, validated like those of any caller."""
    checked = [
        each
        for message in messages
        for each in read_messages(
            {"role": message.role, "content": message.content},
            actor_id=message.actor_id,
            sent_at=None if message.sent_at is None else clock.local_time(message.sent_at, whose.zone),
        )
    ]
    return waiting_turns(checked, whose.scope, at)
