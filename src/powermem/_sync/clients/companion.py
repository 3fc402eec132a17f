# Generated from src/powermem/_async/clients/companion.py by scripts/run_unasync.py; edit that file instead.
"""Attends the calls of clients for one memory."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Any, Protocol
from weakref import WeakSet, ref

from ... import clock
from ..._concurrency import LoopFuture, residence
from ...clients import Api, Attended, Attribution, Attributions, attend
from .keeper import Keeper, Ongoing, Whose

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


BUDGET = 0.3
"""Seconds that a call waits for what is recalled, unless somebody says otherwise."""

OPENING_BUDGET = 5.0
"""Seconds from ``register`` on that calls wait for the memory to be open, unless somebody says otherwise."""

# Seconds that a call waits at most until what the user said is on disk; the provider is at work meanwhile.
_KEEPING = 1.0


class Host(Protocol):
    """The engine, as far as a companion needs it."""

    @property
    def keeper(self) -> Keeper:
        """Keeps what is said."""

    def warm(self) -> Opening:
        """Begin to open it, and return how that goes."""


class Opening(Protocol):
    """The opening of an engine."""

    @property
    def done(self) -> Future[None]:
        """Is resolved when it is over, whether it succeeded or not."""

    @property
    def since(self) -> float:
        """When it began, of ``monotonic``."""


class Home(Protocol):
    """The memory, as far as its companion needs it."""

    def _host(self) -> Host: ...

    def _carried_over(self) -> bool: ...

    def _whose(self, who: Attribution) -> Whose: ...

    def _recall_texts(self, query: str, who: Attribution) -> list[str]: ...


class Companion:
    """Recalls before a call of a language model, and has kept what is said in it.

    It does not keep its memory alive: a client that is attended may live longer.

    Args:
        home: the memory.

    Attributes:
        attributions: who is speaking.
        clients: those that are attended.
        registered: whether a client was ever registered.
        budget: seconds that a call waits for what is recalled; 0 recalls nothing.
        opening_budget: seconds from the beginning of the opening on that calls wait for its end.
        limit: how many memories a call recalls at most.
        threshold: those with a lower score are left out.
        closed: whether it attends no more.
    """

    def __init__(self, home: Home) -> None:
        self.attributions = Attributions()
        self.clients: WeakSet[object] = WeakSet()
        self.registered = False
        self.budget = BUDGET
        self.opening_budget = OPENING_BUDGET
        self.limit = 5
        self.threshold: float | None = 0.1
        self.closed = False
        self._home = ref(home)
        self._warned: set[str] = set()

    @property
    def alive(self) -> bool:
        """Whether there is a memory that recalls."""
        return self._home() is not None

    def prepare(self) -> None:
        """Begin to open the memory, if the caller is where it lives or it lives on threads."""
        home = self._home()
        if home is not None and residence() is not None and not home._carried_over():
            host = home._host()
            host.keeper.bridge.attach()
            host.warm()

    def attend(self, api: Api, positional: tuple[Any, ...], keywords: Mapping[str, Any]) -> Ongoing | None:
        """Look at a request, and begin to keep what the user says in it; see ``Listener`` of the driver."""
        home = self._home()
        if home is None:
            self._warn_once(_DROPPED)
            return None
        if self.closed:
            return None
        who = self.named()
        if who is None:
            return None
        if home._carried_over():
            self._warn_once(_FORKED)
            return None
        attended = attend(api, who, positional, keywords, clock.now())
        if attended is None:
            return None
        return home._host().keeper.begin(attended, home._whose(who))

    def named(self) -> Attribution | None:
        """Return who is speaking; complain, once, when nobody has said so."""
        who = self.attributions.current()
        if who.entity_id is not None:
            return who
        self._warn_once(_UNATTRIBUTED)
        return None

    def opening(self, ongoing: Ongoing) -> tuple[Future[None], float] | None:
        """Return what to wait for before recalling, and for how many seconds at most."""
        home = self._home()
        if home is None or not self.budget or self._is_here(ongoing):
            return None
        opening = home._host().warm()
        left = opening.since + self.opening_budget - monotonic()
        return None if left <= 0 or opening.done.done() else (opening.done, left)

    def recall(self, ongoing: Ongoing) -> Future[list[str]] | None:
        """Begin to recall for a caller whose thread does nothing else meanwhile."""
        home = self._home()
        if home is None or not self.budget:
            return None
        if self._is_here(ongoing):
            self._warn_once(_AT_HOME)
            return None
        return ongoing.keeper.bridge.submit(self._recalling(home, ongoing.attended))

    def recall_soon(self, ongoing: Ongoing) -> LoopFuture[list[str]] | None:
        """Begin to recall for a caller on an event loop."""
        home = self._home()
        if home is None or not self.budget:
            return None
        return ongoing.keeper.bridge.begin(self._recalling(home, ongoing.attended))

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

    def _recalling(self, home: Home, attended: Attended) -> Any:
        return partial(home._recall_texts, attended.query, attended.who)

    def _is_here(self, ongoing: Ongoing) -> bool:
        return ongoing.keeper.bridge.on_own_loop

    def _warn_once(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            _logger.warning("%s", warning)
