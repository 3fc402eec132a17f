"""The part of the facade that remembers what is said to language models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError
from ..inputs import Id, check_limit, check_text_given
from ..messages import Messages
from ..recalled import RecalledFact, recalled_lines
from ..records import turn_record
from ..types import Hit
from .background import AsyncBackground
from .clients.augmentation import BATCH_SIZE, AsyncAugmentation
from .retrieval.query import Query

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..clients import Attribution
    from .clients.keeper import Whose
    from .clients.registry import AsyncClients
    from .engine import AsyncEngine

# Of a user's messages, when nothing else was said: an exchange is learned from as soon as it is over.
_AT_ONCE = 1


class AsyncRemembering(AsyncBackground):
    """Attending conversations with language models."""

    def _prepare(self) -> None:
        from .clients.companion import AsyncCompanion

        self._companion = AsyncCompanion(self)
        # What was asked for before there is an engine.
        self._wished_width: int | None = None
        self._wished_size: int | None = None

    @property
    def llm(self) -> AsyncClients[Self]:
        """The clients of language models whose conversations are remembered."""
        from .clients.registry import AsyncClients

        return AsyncClients(self, self._companion)

    @property
    def augmentation(self) -> AsyncAugmentation:
        """The work that follows on a conversation with a registered client."""
        return AsyncAugmentation(self)

    def attribution(self, entity_id: Id, process_id: Id | None = None) -> Self:
        """Say who speaks from now on in this task or thread, and those begun from it.

        It is kept in a context variable: requests that are served at the same time never mix. A memory that
        nobody is named for neither recalls nor remembers.

        Args:
            entity_id: whose conversation it is; the ``user_id`` of what is remembered.
            process_id: with which agent; the ``agent_id``.

        Returns:
            This memory.

        Raises:
            InvalidInputError: an id is of a wrong type, blank, or longer than 128 characters.
        """
        self._companion.attributions.attribute(entity_id, process_id)
        return self

    def new_session(self) -> Self:
        """Begin a new conversation in this task or thread, with an id of its own; see ``session_id``."""
        self._companion.attributions.begin_session()
        return self

    def set_session(self, session_id: Id) -> Self:
        """Go on with a conversation in this task or thread.

        Args:
            session_id: the ``run_id`` of what is remembered.

        Raises:
            InvalidInputError: the id is of a wrong type, blank, or longer than 128 characters.
        """
        if session_id is None:
            raise InvalidInputError("session_id: expected a string; new_session() begins one with its own id")
        self._companion.attributions.begin_session(session_id)
        return self

    @property
    def session_id(self) -> str | None:
        """The conversation of this task or thread, if it has a name."""
        return self._companion.attributions.current().session_id

    async def recall(
        self, query: str, limit: int | None = 5, *, top_k: int | None = None
    ) -> list[RecalledFact]:
        """Find what is known of the user that ``attribution`` names, whatever the agent or conversation.

        A memory that has an ``agent_id`` of its own finds only what this agent was told.

        Args:
            query: a question or any text.
            limit: how many facts at most; 5, if it is ``None``.
            top_k: another name for ``limit``.

        Returns:
            The facts, best first; none when nobody is named.

        Raises:
            InvalidInputError: an argument is wrong.
        """
        asked = check_text_given(query, "query")
        size = check_limit(5 if limit is None else limit, top_k, least=1)
        who = self._companion.named()
        hits = () if who is None else await self._recall(asked, who, size, None)
        return [RecalledFact.of(hit) for hit in hits]

    async def observe(self, messages: Messages, reply: object = None) -> list[dict[str, Any]]:
        """Remember an exchange with any language model, and learn from it in the background.

        Of the messages, only what the user said last is new, and only if nothing was answered to it yet: a
        whole history can be handed in each time.

        Args:
            messages: what the user said: a text, a message, or the messages of the request, in the form of
                any provider.
            reply: what was answered: a text, or the reply in the form of any provider.

        Returns:
            The source turns that were kept: ``{"id", "role", "content", "actor_id", "sent_at"}``; none when
            nobody is named, see ``attribution``. They are on disk.

        Raises:
            InvalidInputError: the messages are of a wrong type.
        """
        said = self._companion.said(messages, reply)
        if said is None:
            return []
        who, heard = said
        self._owner.check()
        self._check_open()
        turns = await self._engine().keeper.keep(heard, self._whose(who))
        return [turn_record(turn) for turn in turns]

    def wrap(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does what a registered client does: it recalls before and remembers after.

        Args:
            fn: asks a language model; of either colour. Its argument ``messages``, ``input`` or ``prompt``,
                or else its first one, is a text or a list of messages. What is recalled is put into its
                argument ``system`` or ``instructions`` if that is given, and else among the messages. What it
                returns, or yields piece by piece, may have the form of any provider.

        Raises:
            InvalidInputError: it cannot be called.
        """
        from .._drivers.clients import wrapped

        if not callable(fn):
            raise InvalidInputError(f"fn: expected a function, got {type(fn).__name__}")
        self._check_open()
        self._companion.prepare()
        return wrapped(fn, self._companion)

    async def close(self, drain: bool = True, timeout: float | None = 30) -> None:
        """Finish what is under way and close everything. Calling it again does no harm; other calls then
        fail. Registered clients are left alone from then on.

        Args:
            drain: finish the background work that was begun here; otherwise park it until the next start.
            timeout: seconds that finishing may take; what takes longer is parked.
        """
        self._owner.check()
        self.llm.release()
        self._companion.closed = True
        await super().close(drain, timeout)

    @property
    def _attends(self) -> bool:
        # Where each request has a memory and a client of its own, nobody is there to close them.
        return self._companion.registered and self._design.key is not None

    def _host(self) -> AsyncEngine:
        return self._engine()

    def _carried_over(self) -> bool:
        return self._owner.forked

    def _whose(self, who: Attribution) -> Whose:
        from .clients.keeper import Whose

        scope = self._scope(*who)
        threshold = self._batch_threshold if self._auto_process else _AT_ONCE
        return Whose(scope, self._whose_work(scope), threshold, self._zone, self._share)

    async def _recall_texts(self, query: str, who: Attribution) -> list[str]:
        companion = self._companion
        return recalled_lines(await self._recall(query, who, companion.limit, companion.threshold))

    async def _recall(
        self, query: str, who: Attribution, limit: int, threshold: float | None
    ) -> Sequence[Hit]:
        # Agents share what they know of a user, unless this memory is one agent's own.
        agent = None if self._agent_id is None else who.process_id
        asked = Query(self._scope(who.entity_id, agent, None), limit, threshold=threshold, zone=self._zone)
        (answer,) = await self._answer([query], asked)
        return answer.hits

    async def _settled(self, timeout: float | None) -> bool:
        self._owner.check()
        self._check_open()
        # Also what was said to instances before this one, where each request has one of its own.
        return await self._engine().keeper.learn_all(timeout)

    def _acquired(self, engine: AsyncEngine) -> None:
        if self._wished_width is not None:
            engine.resize(self._wished_width)
        if self._wished_size is not None:
            engine.keeper.batch_size = self._wished_size

    def _width(self) -> int:
        if self._held is not None:
            return self._held.width
        return self._wished_width or self._settings.processing.concurrency

    def _widen(self, width: int) -> None:
        self._wished_width = width
        if self._held is not None:
            self._held.resize(width)

    def _write_size(self) -> int:
        if self._held is not None:
            return self._held.keeper.batch_size
        return self._wished_size or BATCH_SIZE

    def _write_at_most(self, size: int) -> None:
        self._wished_size = size
        if self._held is not None:
            self._held.keeper.batch_size = size
