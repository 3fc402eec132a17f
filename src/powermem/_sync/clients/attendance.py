# Generated from src/powermem/_async/clients/attendance.py by scripts/run_unasync.py; edit that file instead.
"""Attends the calls of language models' clients for one memory."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from time import monotonic
from typing import Any
from weakref import WeakSet, ref

from ..._concurrency import LoopFuture, residence
from ..._core import clock
from ..._core.changes.writes import AddTurn
from ..._core.clients import (
    Api,
    Attended,
    Attribution,
    Attributions,
    Exchange,
    attend,
    messages_of,
    methods_of,
)
from ..._core.inputs import check_scope
from ..._core.query.search import Hit
from ..._core.results.recalled import recalled_lines
from ..._core.tasks.task import work_scope
from ..._drivers.clients import attach, detach
from ..access import Access
from ..retrieval.query import Query
from .keeper import Ongoing, Whose

_logger = logging.getLogger("powermem.clients")

_UNATTRIBUTED = "nobody is named, so nothing is recalled or remembered: call attribution(entity_id) first"
_AT_HOME = (
    "the client is called on the thread of the memory's own event loop, which would have to wait for itself; "
    "the call goes on without. Use a client, or call this one through asyncio.to_thread"
)
_DROPPED = (
    "the memory that a client was registered with exists no more, so nothing is recalled or remembered: "
    "registering does not keep a memory alive"
)
_FORKED = (
    "the memory that a client was registered with was used before this process was forked, so nothing is "
    "recalled or remembered here: make one memory in each process"
)


# Seconds that a call waits at most until what the user said is on disk; the provider is at work meanwhile.
_KEEPING = 1.0


@dataclass(eq=False)
class Attendance:
    """Recalls before a call of a language model, and keeps what is said in it.

    It does not keep its memory alive: a client that is attended may live longer.

    Attributes:
        access: the memory's access to its engine.
        agent_id: the agent whose memory it is.
        enough: number of waiting messages at which learning begins.
        zone: whose calendar counts.
        attributions: who is speaking.
        clients: those that are attended.
        budget: seconds that a call waits for what is recalled; 0 recalls nothing.
        opening_budget: seconds from the beginning of the opening on that calls wait for its end.
        limit: how many memories a call recalls at most.
        threshold: those with a lower score are left out.
    """

    access: ref[Access]
    agent_id: str | None
    enough: int
    zone: tzinfo
    attributions: Attributions = field(default_factory=Attributions, init=False)
    clients: WeakSet[object] = field(default_factory=WeakSet, init=False)
    budget: float = field(default=0.3, init=False)
    opening_budget: float = field(default=5.0, init=False)
    limit: int = field(default=5, init=False)
    threshold: float | None = field(default=0.1, init=False)
    _warned: set[str] = field(default_factory=set, init=False)

    @property
    def alive(self) -> bool:
        """Whether there is a memory that recalls."""
        return self.access() is not None

    def register(self, client: object) -> None:
        """Attend a client from now on; see ``Clients.register``."""
        offered = methods_of(client)
        access = self.access()
        if access is not None:
            access.check_open()
        attach(client, offered, self)
        self.clients.add(client)
        if access is not None:
            access.attends = True
        self.prepare()

    def unregister(self, client: object) -> None:
        """Leave a client alone from now on."""
        if detach(client, self):
            self.clients.discard(client)

    def release(self) -> None:
        """Leave all clients alone."""
        for client in list(self.clients):
            self.unregister(client)

    def prepare(self) -> None:
        """Begin to open the memory, if the caller is where it lives or it lives on threads."""
        access = self.access()
        if access is not None and residence() is not None and not access.forked:
            engine = access.engine()
            engine.keeper.bridge.attach()
            engine.warm()

    def named(self) -> Attribution | None:
        """Return who is speaking; warn, once, when nobody has said so."""
        who = self.attributions.current()
        if who.entity_id is not None:
            return who
        self._warn_once(_UNATTRIBUTED)
        return None

    def whose(self, who: Attribution, access: Access) -> Whose:
        """Return who a turn belongs to, and when it is learned from."""
        scope = check_scope(who.entity_id, who.process_id or self.agent_id, who.session_id)
        work = work_scope(scope, self.agent_id)
        return Whose(scope, work, self.enough, self.zone, access.share)

    def find(
        self, access: Access, query: str, who: Attribution, limit: int, threshold: float | None
    ) -> Sequence[Hit]:
        """Return what is known of a user, best first."""
        # Agents share what they know of a user, unless this memory is one agent's own.
        agent = None if self.agent_id is None else who.process_id or self.agent_id
        asked = Query(check_scope(who.entity_id, agent, None), limit, threshold=threshold, zone=self.zone)
        (answer,) = (access.open()).retrieval.search([query], asked)
        return answer.hits

    def keep(self, access: Access, said: str, reply: str) -> list[AddTurn]:
        """Keep an exchange now, and begin to learn from it; none of nobody's."""
        who = self.named()
        if who is None:
            return []
        at = clock.now()
        access.check()
        heard = messages_of(Exchange(who, said, reply, at, at))
        return access.engine().keeper.keep(heard, self.whose(who, access))

    def attend(self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> Ongoing | None:
        """Look at a request, and begin to keep what the user says in it; see ``Listener`` of the driver."""
        access = self.access()
        if access is None:
            self._warn_once(_DROPPED)
            return None
        if access.share.ended:
            return None
        who = self.named()
        if who is None:
            return None
        if access.forked:
            self._warn_once(_FORKED)
            return None
        attended = attend(api, who, positional, keywords, clock.now())
        if attended is None:
            return None
        return access.engine().keeper.begin(attended, self.whose(who, access))

    def opening(self, ongoing: Ongoing) -> tuple[Future[None], float] | None:
        """Return what to wait for before recalling, and for how many seconds at most."""
        access = self.access()
        if access is None or not self.budget or self._is_here(ongoing):
            return None
        opening = access.engine().warm()
        left = opening.since + self.opening_budget - monotonic()
        return None if left <= 0 or opening.done.done() else (opening.done, left)

    def recall(self, ongoing: Ongoing) -> Future[list[str]] | None:
        """Begin to recall for a caller whose thread does nothing else meanwhile."""
        access = self.access()
        if access is None or not self.budget:
            return None
        if self._is_here(ongoing):
            self._warn_once(_AT_HOME)
            return None
        return ongoing.keeper.bridge.submit(self._recalling(access, ongoing.attended))

    def recall_soon(self, ongoing: Ongoing) -> LoopFuture[list[str]] | None:
        """Begin to recall for a caller on an event loop."""
        access = self.access()
        if access is None or not self.budget:
            return None
        return ongoing.keeper.bridge.begin(self._recalling(access, ongoing.attended))

    def keeping(self, ongoing: Ongoing, begun: float, *, blocking: bool) -> float:
        """Return how many seconds to wait at most until what the user said is on disk.

        Args:
            ongoing: the exchange.
            begun: when the provider was asked, of ``monotonic``.
            blocking: whether the caller's thread does nothing else meanwhile.
        """
        if ongoing.kept.done() or (blocking and self._is_here(ongoing)):
            return 0.0
        # A store that was late is not waited for until it has kept up.
        return max(0.0, begun + _KEEPING - monotonic()) if ongoing.keeper.prompt else 0.0

    def kept(self, ongoing: Ongoing, in_time: bool) -> None:
        """Be told whether what the user said was on disk in time."""
        if not in_time and ongoing.keeper.prompt:
            _logger.warning("keeping what was said takes long; the reply is handed over before it is on disk")
        ongoing.keeper.prompt = in_time

    def _recalling(self, access: Access, attended: Attended) -> Any:
        return partial(self._recall_texts, access, attended)

    def _recall_texts(self, access: Access, attended: Attended) -> list[str]:
        found = self.find(access, attended.query, attended.who, self.limit, self.threshold)
        return recalled_lines(found)

    def _is_here(self, ongoing: Ongoing) -> bool:
        return ongoing.keeper.bridge.on_own_loop

    def _warn_once(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            _logger.warning("%s", warning)
