"""What an agent remembers and recalls, for one owner."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..._core import clock
from ..._core.inputs import check_count, check_seconds, check_share, check_text_given, named
from ..._core.integrations.messages import as_message, keyed, query_of, read_agent_messages, said
from ..._core.values import Scope
from ...errors import ClosedError
from ...types import MemoryRecord
from .files import AsyncMemoryFiles
from .history import AsyncSessionHistory

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..memory import AsyncMemory

T = TypeVar("T")

_logger = logging.getLogger("powermem.integrations")

# Seconds that the first recall may take, in which the database is opened and a local model loaded.
_OPENING = 10.0
# Number of keys of stored messages to remember, so that a session that is sent again is not looked up.
_KEYS = 10_000


@named("AsyncAgentMemory")
class AsyncAgentMemory:
    """Remembers what is said to an agent, and recalls it, for one owner that the application fixes.

    Args:
        memory: where it is stored. It must stay open as long as this is used.
        user_id: whose memory it is.
        agent_id: of which agent.
        run_id: of which conversation; what is recalled is then limited to it.
        max_tokens: the estimated size of a recalled block.
        limit: maximum number of memories in it.
        threshold: minimum score of a recalled memory.
        timeout: seconds after which an agent goes on without what is being recalled.

    Attributes:
        memory: the memory.
    """

    def __init__(
        self,
        memory: AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        max_tokens: int = 1000,
        limit: int = 10,
        threshold: float | None = 0.05,
        timeout: float = 2.0,
    ) -> None:
        self.memory = memory
        self._ids: dict[str, Any] = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
        self._scope = memory._scope(user_id, agent_id, run_id)
        self._max_tokens = check_count(max_tokens, "max_tokens", least=1)
        self._limit = check_count(limit, "limit", least=1)
        self._threshold = check_share(threshold, "threshold")
        self._timeout = check_seconds(timeout, "timeout")
        self._opened = False
        self._learner: Any = None
        self._stored: dict[str, None] = {}

    async def recall(self, messages: str | Iterable[Any], *, max_tokens: int | None = None) -> str:
        """Return a block of what is remembered, to put into a prompt; ``""`` if there is nothing.

        It never fails: after the timeout, or an error, it logs a warning and returns ``""``. The block is
        marked as recalled, so that it is not learned when it comes back in a conversation.

        Args:
            messages: the conversation so far, in the form of any provider, or a query.
            max_tokens: the estimated size of the block.
        """
        query = query_of(read_agent_messages(messages))
        if not query.strip():
            return ""
        budget = self._max_tokens if max_tokens is None else max_tokens
        return await self._in_time(partial(self._context, query, budget)) or ""

    async def recall_records(
        self, messages: str | Iterable[Any], *, limit: int | None = None
    ) -> list[MemoryRecord]:
        """Return the memories that answer a conversation or a query, best first; none if it fails.

        Like ``recall`` it never fails, for frameworks that put what is found into the prompt themselves.

        Args:
            messages: the conversation so far, in the form of any provider, or a query.
            limit: maximum number of memories.
        """
        query = query_of(read_agent_messages(messages))
        if not query.strip():
            return []
        return await self._in_time(partial(self.search, query, limit=limit)) or []

    async def search(self, query: str, *, limit: int | None = None) -> list[MemoryRecord]:
        """Return the memories that answer a query, best first.

        Unlike ``recall`` it raises what goes wrong, so that a tool can tell it to the model.
        """
        size = self._limit if limit is None else limit
        answer = await self.memory.search(
            check_text_given(query, "query"), **self._ids, limit=size, threshold=self._threshold
        )
        return list(answer["results"])

    async def remember(self, messages: str | Iterable[Any], *, session_id: str | None = None) -> int:
        """Store what users and agents said, and learn from it in the background.

        Each message is stored once: a session may be sent again as it grows, by any number of processes.
        Recalled blocks, blank messages and those of tools and systems are left out. On return the messages
        are on disk.

        Args:
            messages: the new messages, or the whole session, oldest first; ``AgentMessage`` or the form of
                any provider.
            session_id: the session; the ``run_id`` of what is remembered, unless one is fixed.

        Returns:
            The number of messages that were new.

        Raises:
            StoreError: they could not be stored; the same call again loses nothing.
        """
        session = None if session_id is None else check_text_given(str(session_id), "session_id")
        spoken = keyed(session, said(read_agent_messages(messages)))
        at, zone = clock.now(), self.memory._zone
        fresh = {}
        for key, one in spoken.items():
            when = at if one.sent_at is None else clock.parse_local(one.sent_at, zone).at
            message = None if key in self._stored else as_message(one, when)
            if message is not None:
                fresh[key] = message
        if not fresh:
            return 0
        run = session if self._scope.run_id is None else self._scope.run_id
        access = self.memory._access
        access.check()
        scope = self._scope._replace(run_id=run)
        whose = self.memory._attendance.owner(scope, access)
        learn = None if self._learner is None else partial(self._hand_over, scope)
        count = await access.engine().keeper.keep_once(fresh, whose, learn)
        self._stored.update(dict.fromkeys(fresh))
        for key in list(self._stored)[: max(0, len(self._stored) - _KEYS)]:
            del self._stored[key]
        return count

    def learn_in(self, memory: Any) -> Self:
        """Let another memory of the same database learn from what is stored here.

        A memory that an adapter has opened for calls of the other colour may have no event loop that runs
        between them, and the application waits for its own.
        """
        self._learner = memory
        return self

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until what was remembered can be recalled; return ``False`` after the timeout."""
        return await self.memory.augmentation.wait(timeout)

    def history(self, session_id: str) -> AsyncSessionHistory:
        """Return the history of a session."""
        return AsyncSessionHistory(self.memory, session_id, **self._ids)

    def files(self) -> AsyncMemoryFiles:
        """Return the files of this owner."""
        return AsyncMemoryFiles(self.memory, **self._ids)

    def _hand_over(self, scope: Scope) -> None:
        access = self._learner._access
        try:
            access.engine().keeper.learn(self._learner._attendance.owner(scope, access))
        except ClosedError as error:
            _logger.warning("what was stored is learned with the next message: %s", error)

    async def _in_time(self, recalling: Callable[[], Awaitable[T]]) -> T | None:
        """Return what is recalled, or ``None`` after the timeout or an error."""
        # The first time, the database is opened and a local model loaded.
        timeout = self._timeout if self._opened or self._timeout is None else max(self._timeout, _OPENING)
        try:
            access = self.memory._access
            access.check()
            bridge = access.engine().keeper.bridge
            found = await bridge.within(recalling, timeout)
        except TimeoutError:
            _logger.warning("recalling took more than %s s; the agent goes on without it", timeout)
        except Exception as error:
            _logger.warning("nothing could be recalled; the agent goes on without it: %r", error)
        else:
            self._opened = True
            return found
        return None

    async def _context(self, query: str, max_tokens: int) -> str:
        found = await self.memory.context(
            query, **self._ids, limit=self._limit, threshold=self._threshold, max_tokens=max_tokens
        )
        # A plain one: some frameworks refuse, or cannot store, a subclass.
        return str(found)
