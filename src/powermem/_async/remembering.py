"""The part of the facade that remembers what is said to language models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from time import monotonic
from typing import TYPE_CHECKING, Any

from .. import clock
from .._drivers.clients import wrapped
from ..buffering import waiting_turns
from ..changes import AddTurn
from ..clients import Attribution, Exchange, messages_of, new_messages, reply_text
from ..errors import InvalidInputError, ProcessTimeout
from ..inputs import Id, check_limit, check_text_given
from ..messages import Messages, check_messages, read_messages
from ..prompts import strip_recalled
from ..recalled import RecalledFact, recalled_lines
from ..records import turn_record
from ..tasks import lane_of
from ..types import Hit, Message, Scope
from .background import AsyncBackground
from .clients.augmentation import AsyncAugmentation
from .clients.companion import AsyncCompanion
from .clients.registry import AsyncClients
from .following import time_left
from .processing.handle import AsyncProcessTask
from .retrieval.search import Query

if TYPE_CHECKING:
    from typing_extensions import Self

# Of a user's messages, when nothing else was said: an exchange is learned from as soon as it is over.
_AT_ONCE = 1


class AsyncRemembering(AsyncBackground):
    """Attending conversations with language models."""

    def _prepare(self) -> None:
        self._companion = AsyncCompanion(self)
        self._learning: set[AsyncProcessTask] = set()
        self._unlearned: dict[str, Scope] = {}
        self._workers = self._settings.processing.concurrency

    @property
    def llm(self) -> AsyncClients[Self]:
        """The clients of language models whose conversations are remembered."""
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
        said, _ = new_messages(check_messages(messages))
        who = self._companion.named()
        if who is None:
            return []
        at = clock.now()
        turns = await self._keep([Exchange(who, said, strip_recalled(reply_text(reply)), at, at)])
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
        if not callable(fn):
            raise InvalidInputError(f"fn: expected a function, got {type(fn).__name__}")
        self._companion.locate()
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
        await self._companion.close(timeout)
        await super().close(drain, timeout)

    async def _open(self) -> None:
        await super()._open()
        self._companion.locate()
        self._widen(self._workers)

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

    async def _keep_exchanges(self, exchanges: Sequence[Exchange]) -> None:
        await self._keep(exchanges)

    async def _keep(self, exchanges: Sequence[Exchange]) -> list[AddTurn]:
        """Put exchanges into the buffer in one transaction, and begin to learn from them."""
        at = clock.now()
        scopes = [self._scope(*exchange.who) for exchange in exchanges]
        changes = [
            turn
            for exchange, scope in zip(exchanges, scopes, strict=True)
            for turn in waiting_turns(_checked(messages_of(exchange), self._zone), scope, at)
        ]
        if not changes:
            return []
        parts = await self._ready()
        await parts.store.apply(changes)
        self._unlearned.update((lane_of(scope), self._whose_work(scope)) for scope in scopes)
        await self._learn(self._batch_threshold if self._auto_process else _AT_ONCE)
        return [waiting.turn for waiting in changes]

    async def _learn(self, threshold: int) -> None:
        """Begin to learn from everybody of whom so many messages wait."""
        parts = await self._ready()
        due = [
            scope
            for lane, scope in list(self._unlearned.items())
            if threshold <= _AT_ONCE or await parts.store.count_buffered(lane, threshold) >= threshold
        ]
        for scope in due:
            self._unlearned.pop(lane_of(scope), None)
        if due:
            self._learning = {task for task in self._learning if not task.done}
            self._learning.update(await self._begin(parts, due, again=False))

    async def _settled(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else monotonic() + timeout
        if not await self._companion.settle(timeout):
            return False
        if self._unlearned:
            await self._learn(_AT_ONCE)
        try:
            for task in list(self._learning):
                await task.wait(time_left(deadline))
        except ProcessTimeout:
            return False
        self._learning = {task for task in self._learning if not task.done}
        return True

    def _width(self) -> int:
        return self._workers

    def _widen(self, width: int) -> None:
        self._workers = width
        if self._parts is not None:
            self._parts.processor.resize(width)

    def _write_size(self) -> int:
        return self._companion.batch_size

    def _write_at_most(self, size: int) -> None:
        self._companion.batch_size = size


def _checked(messages: Sequence[Message], zone: tzinfo) -> list[Message]:
    return [
        checked
        for message in messages
        for checked in read_messages(
            {"role": message.role, "content": message.content},
            sent_at=None if message.sent_at is None else clock.local_time(message.sent_at, zone),
        )
    ]
