# Generated from src/powermem/_async/clients/attendance.py by scripts/run_unasync.py; edit that file instead.
"""Handles the calls of registered LLM clients for one memory."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from time import monotonic
from typing import Any
from weakref import ref

from ..._concurrency import LoopFuture, residence
from ..._core import clock
from ..._core.changes.writes import AddTurn
from ..._core.clients.apis import Api
from ..._core.clients.attribution import Attribution, Attributions
from ..._core.clients.client_methods import methods_of
from ..._core.clients.continuity import SEPARATE, Continuity, Recollection, missing, spoken_turns, window
from ..._core.clients.exchange import Attended, Exchange, attend, messages_of
from ..._core.inputs import check_scope
from ..._core.query.search import Hit
from ..._core.tasks.task import work_scope
from ..._core.values import Scope
from ..._drivers.clients import ClientSet, attach, detach
from ..access import Access
from ..assembly import Components
from ..retrieval.query import Query
from .keeper import Ongoing, Whose

_logger = logging.getLogger("powermem.clients")

_UNATTRIBUTED = "no speaker is set, so nothing is recalled or remembered: call attribution(entity_id) first"
_ON_OWN_LOOP = (
    "the client is called on the thread of the memory's own event loop, which would have to wait for itself; "
    "the call continues without it. Use a client, or call this one through asyncio.to_thread"
)
_DROPPED = (
    "the memory that a client was registered with no longer exists, so nothing is recalled or remembered: "
    "registering does not keep a memory alive"
)
_FORKED = (
    "the memory that a client was registered with was used before this process was forked, so nothing is "
    "recalled or remembered here: make one memory in each process"
)


# Maximum seconds that a call waits for the user's message to be stored, while the provider is working.
_KEEPING = 1.0


@dataclass(eq=False)
class Attendance:
    """Recalls before a call of a language model, and stores the exchange.

    It holds only a weak reference to its memory, which a registered client may outlive.

    Attributes:
        access: the memory's access to its engine.
        agent_id: the agent whose memory it is.
        enough: number of waiting messages at which learning begins.
        zone: time zone of the calendar.
        attributions: the current speakers.
        clients: the registered clients.
        budget: seconds that a call waits for recalled memories; 0 recalls nothing.
        opening_budget: seconds from the start of the opening for which calls wait for it.
        limit: maximum number of memories to recall.
        threshold: minimum score of recalled memories.
        history_tokens: maximum tokens of the last turns of a session.
    """

    access: ref[Access]
    agent_id: str | None
    enough: int
    zone: tzinfo
    attributions: Attributions = field(default_factory=Attributions, init=False)
    clients: ClientSet = field(default_factory=ClientSet, init=False)
    budget: float = field(default=0.3, init=False)
    opening_budget: float = field(default=5.0, init=False)
    limit: int = field(default=5, init=False)
    threshold: float | None = field(default=0.05, init=False)
    history_tokens: int = field(default=2000, init=False)
    _warned: set[str] = field(default_factory=set, init=False)

    @property
    def alive(self) -> bool:
        """Whether the memory still exists."""
        return self.access() is not None

    def register(self, client: object, continuity: Continuity = SEPARATE) -> None:
        """Handle the calls of a client from now on; see ``Clients.register``."""
        offered = methods_of(client)
        access = self.access()
        if access is not None:
            access.check_open()
        attach(client, offered, self, continuity)
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
        """Start opening the memory, if it runs on threads or on the caller's event loop."""
        access = self.access()
        if access is not None and residence() is not None and not access.forked:
            engine = access.engine()
            engine.keeper.bridge.attach()
            engine.warm()

    def named(self) -> Attribution | None:
        """Return the current speaker; warn once if there is none."""
        who = self.attributions.current()
        if who.entity_id is not None:
            return who
        self._warn_once(_UNATTRIBUTED)
        return None

    def whose(self, who: Attribution, access: Access) -> Whose:
        """Return the owner of a turn, and when to learn from it."""
        scope = check_scope(who.entity_id, who.process_id or self.agent_id, who.session_id)
        return self.owner(scope, access)

    def find(
        self, access: Access, query: str, who: Attribution, limit: int, threshold: float | None
    ) -> Sequence[Hit]:
        """Return the memories about a user, best first."""
        asked = self._query(who, limit, threshold)
        (answer,) = (access.open()).retrieval.search([query], asked)
        return answer.hits

    def _query(self, who: Attribution, limit: int, threshold: float | None) -> Query:
        # Agents share their memories about a user, unless this memory belongs to one agent.
        agent = None if self.agent_id is None else who.process_id or self.agent_id
        return Query(check_scope(who.entity_id, agent, None), limit, threshold=threshold, zone=self.zone)

    def owner(self, scope: Scope, access: Access) -> Whose:
        """Return the owner of a turn of a scope, and when to learn from it."""
        return Whose(scope, work_scope(scope, self.agent_id), self.enough, self.zone, access.share)

    def keep(self, access: Access, said: str, reply: str) -> list[AddTurn]:
        """Store an exchange now, and start learning from it; without a speaker, store nothing."""
        who = self.named()
        if who is None:
            return []
        at = clock.now()
        access.check()
        heard = messages_of(Exchange(who, said, reply, at, at))
        return access.engine().keeper.keep(heard, self.whose(who, access))

    def attend(
        self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any], continuity: Continuity
    ) -> Ongoing | None:
        """Read a request, and start storing the user's message; see ``Listener`` of the driver."""
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
        wanted = continuity._replace(tokens=self.history_tokens)
        attended = attend(api, who, positional, keywords, clock.now(), wanted)
        if attended is None:
            return None
        return access.engine().keeper.begin(attended, self.whose(who, access))

    def opening(self, ongoing: Ongoing) -> tuple[Future[None], float] | None:
        """Return the future to wait for before recalling, and the maximum seconds."""
        access = self.access()
        if access is None or not self.budget or self._is_here(ongoing):
            return None
        opening = access.engine().warm()
        left = opening.since + self.opening_budget - monotonic()
        return None if left <= 0 or opening.done.done() else (opening.done, left)

    def recall(self, ongoing: Ongoing) -> Future[Recollection] | None:
        """Start recalling for a caller that blocks its thread."""
        access = self.access()
        if access is None or not self.budget:
            return None
        if self._is_here(ongoing):
            self._warn_once(_ON_OWN_LOOP)
            return None
        return ongoing.keeper.bridge.submit(self._recalling(access, ongoing))

    def recall_soon(self, ongoing: Ongoing) -> LoopFuture[Recollection] | None:
        """Start recalling for a caller on an event loop."""
        access = self.access()
        if access is None or not self.budget:
            return None
        return ongoing.keeper.bridge.begin(self._recalling(access, ongoing))

    def keeping(self, ongoing: Ongoing, begun: float, *, blocking: bool) -> float:
        """Return the maximum seconds to wait for the user's message to be stored.

        Args:
            ongoing: the exchange.
            begun: when the provider was asked, of ``monotonic``.
            blocking: whether the caller blocks its thread.
        """
        if ongoing.kept.done() or (blocking and self._is_here(ongoing)):
            return 0.0
        # Do not wait for a store that was late last time, until it is in time again.
        return max(0.0, begun + _KEEPING - monotonic()) if ongoing.keeper.prompt else 0.0

    def kept(self, ongoing: Ongoing, in_time: bool) -> None:
        """Record whether the user's message was stored in time."""
        if not in_time and ongoing.keeper.prompt:
            _logger.warning("storing a message is slow; the reply is returned before it is stored")
        ongoing.keeper.prompt = in_time

    def _recalling(self, access: Access, ongoing: Ongoing) -> Any:
        return partial(self._recollect, access, ongoing)

    def _recollect(self, access: Access, ongoing: Ongoing) -> Recollection:
        attended = ongoing.attended
        texts = self._recall_texts(access, attended)
        if not attended.continuity.turns:
            return Recollection(texts)
        # The reply before may still be on its way to the store.
        ongoing.keeper.settle(self.budget)
        return self._with_session(access.open(), ongoing, texts)

    def _with_session(self, components: Components, ongoing: Ongoing, texts: Sequence[str]) -> Recollection:
        attended, wanted = ongoing.attended, ongoing.attended.continuity
        scope = ongoing.whose.scope
        said = components.store.said(scope, wanted.reach)
        turns = spoken_turns(said, attended.asked_at)
        summary = None if wanted.summary is False else components.summarizer.find(scope)
        lacking, longer = missing(window(turns, wanted, summary), attended.sent, attended.said)
        text = "" if summary is None or longer else summary.text
        return Recollection(texts, lacking, text)

    def _recall_texts(self, access: Access, attended: Attended) -> list[str]:
        asked = self._query(attended.who, self.limit, self.threshold)
        passages = (access.open()).retrieval.recall(attended.query, asked)
        return [line for passage in passages for line in passage]

    def _is_here(self, ongoing: Ongoing) -> bool:
        return ongoing.keeper.bridge.on_own_loop

    def _warn_once(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            _logger.warning("%s", warning)
