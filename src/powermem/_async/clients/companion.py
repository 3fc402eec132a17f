"""Who attends the calls of clients for one memory."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol
from weakref import WeakSet

from ... import clock
from ..._concurrency import AsyncBridge, AsyncEvent, AsyncMailbox, AsyncWorker, LoopFuture, async_at_exit
from ...clients import Api, Attended, Attribution, Attributions, Exchange, attend
from ...errors import ClosedError

_logger = logging.getLogger("powermem.clients")

_UNATTRIBUTED = "nobody is named, so nothing is recalled or remembered: call attribution(entity_id) first"
_AT_HOME = (
    "the client is called on the thread of the memory's own event loop, which would have to wait for itself; "
    "the call goes on without. Use an async client, or call this one through asyncio.to_thread"
)


BUDGET = 0.3
"""Seconds that a call waits for what is recalled, unless somebody says otherwise."""

# Seconds that the end of the process waits for what was said last.
_AT_EXIT = 5.0


class AsyncHome(Protocol):
    """The memory, as far as its companion needs it."""

    async def _recall_texts(self, query: str, who: Attribution) -> list[str]: ...

    async def _keep_exchanges(self, exchanges: Sequence[Exchange]) -> None: ...


class AsyncCompanion:
    """Recalls before a call of a language model, and keeps what was said after it.

    Nothing that a client calls here waits for the memory. What is to be kept is put into a line, and one
    worker puts it into the buffer, in its order and as much as there is in one transaction.

    Args:
        home: the memory.

    Attributes:
        attributions: who is speaking.
        clients: those that are attended.
        budget: seconds that a call waits for what is recalled; 0 recalls nothing.
        limit: how many memories a call recalls at most.
        threshold: those with a lower score are left out.
        batch_size: how many exchanges may be written in one transaction.
        closed: whether it attends no more.
    """

    def __init__(self, home: AsyncHome) -> None:
        self.attributions = Attributions()
        self.clients: WeakSet[object] = WeakSet()
        self.budget = BUDGET
        self.limit = 5
        self.threshold: float | None = 0.1
        self.batch_size = 100
        self.closed = False
        self._home = home
        self._bridge = AsyncBridge("powermem-recall")
        self._mailbox: AsyncMailbox[Exchange | AsyncEvent] = AsyncMailbox()
        self._keeper = AsyncWorker("powermem-keeper", self._work)
        self._warned: set[str] = set()

    def locate(self) -> None:
        """Notice which event loop the memory belongs to."""
        self._bridge.attach()

    def attend(self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> Attended | None:
        """Look at a request; see ``Listener`` of the clients' driver."""
        if self.closed:
            return None
        who = self.named()
        if who is None:
            return None
        self._bridge.tell(self._start)
        return attend(api, who, positional, keywords, clock.now())

    def named(self) -> Attribution | None:
        """Return who is speaking; complain, once, when nobody has said so."""
        who = self.attributions.current()
        if who.entity_id is not None:
            return who
        self._warn_once(_UNATTRIBUTED)
        return None

    def recall(self, attended: Attended) -> Future[list[str]] | None:
        """Begin to recall for a caller whose thread does nothing else meanwhile."""
        if not self.budget:
            return None
        if self._bridge.at_home:
            self._warn_once(_AT_HOME)
            return None
        return self._bridge.submit(partial(self._home._recall_texts, attended.query, attended.who))

    def recall_soon(self, attended: Attended) -> LoopFuture[list[str]] | None:
        """Begin to recall for a caller on an event loop."""
        if not self.budget:
            return None
        return self._bridge.begin(partial(self._home._recall_texts, attended.query, attended.who))

    def hear(self, attended: Attended, reply: str) -> None:
        """Put an exchange into the line."""
        if self.closed:
            _logger.warning("a reply ended after the memory was closed; it is not remembered")
            return
        exchange = attended.exchange(reply, clock.now())
        if exchange.said.strip() or exchange.reply.strip():
            self._mailbox.post(exchange)

    async def settle(self, timeout: float | None) -> bool:
        """Wait until all that was heard so far is in the buffer; return whether it is, in so many seconds."""
        if not self._keeper.alive:
            return True
        mark = AsyncEvent()
        self._mailbox.post(mark)
        return await mark.wait(timeout)

    async def close(self, timeout: float | None) -> None:
        """Attend no more, and keep what was heard."""
        self.closed = True
        if self._keeper.alive:
            self._mailbox.end()
            if not await self._keeper.join(timeout):
                _logger.warning("closing with exchanges that could not be kept in %s s", timeout)
        await self._bridge.close()

    def _start(self) -> None:
        if not self._keeper.alive:
            async_at_exit(self._settle_at_exit)
            self._keeper.start()

    async def _settle_at_exit(self) -> None:
        # Whoever forgets to close loses nothing by it; a store that hangs must not keep the process alive.
        await self.settle(_AT_EXIT)

    async def _work(self, stopping: AsyncEvent) -> None:
        while items := await self._mailbox.take(lambda: self.batch_size):
            exchanges = [item for item in items if isinstance(item, Exchange)]
            if exchanges:
                await self._keep(exchanges)
            for item in items:
                if isinstance(item, AsyncEvent):
                    item.set()

    async def _keep(self, exchanges: Sequence[Exchange]) -> None:
        try:
            await self._home._keep_exchanges(exchanges)
        except ClosedError as error:
            _logger.warning("%s exchanges could not be kept: %s", len(exchanges), error)
        except Exception as error:
            if len(exchanges) == 1:
                _logger.warning("what was said could not be kept: %r", error)
                return
            # What the store refuses of one must not be the loss of the others.
            for exchange in exchanges:
                await self._keep([exchange])

    def _warn_once(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            _logger.warning("%s", warning)
