"""The clients that a memory attends, as ``memory.llm`` shows them."""

from __future__ import annotations

from typing import Generic, TypeVar

from ..._drivers.clients import attach, detach
from ...clients import surface_of
from ...errors import ClosedError
from ...inputs import check_amount, check_count, check_share, named
from .companion import AsyncCompanion

M = TypeVar("M")


@named("AsyncMemory.llm")
class AsyncClients(Generic[M]):
    """Clients of language models whose conversations are remembered.

    Args:
        memory: returned by the calls that can be chained.
        companion: attends the calls.
    """

    def __init__(self, memory: M, companion: AsyncCompanion) -> None:
        self._memory = memory
        self._companion = companion

    def register(self, client: object) -> M:
        """Recall before each call of a client, and remember what was said in it.

        What is recalled by the user's last message is put at the end of the system prompt. The arguments of
        the call stay as they are, and what it returns is the client's own. Clients that ``with_options`` and
        ``copy`` make of it are attended as well. Registering keeps neither the client nor the memory alive,
        and begins to open the memory. Registering a client again has no effect.

        Args:
            client: an ``OpenAI``, ``AsyncOpenAI``, ``AzureOpenAI``, ``AsyncAzureOpenAI``, ``Anthropic`` or
                ``AsyncAnthropic``, or one of their SDKs' clients for other clouds.

        Returns:
            The memory.

        Raises:
            InvalidInputError: it is none of these, or another memory attends it.
            ClosedError: the memory was closed.
        """
        surface = surface_of(client)
        if self._companion.closed:
            raise ClosedError("this memory was closed; make a new one")
        attach(client, surface, self._companion)
        self._companion.clients.add(client)
        self._companion.registered = True
        self._companion.prepare()
        return self._memory

    def unregister(self, client: object) -> M:
        """Leave a client alone from now on. One that was never registered is left alone already.

        Returns:
            The memory.
        """
        if detach(client, self._companion):
            self._companion.clients.discard(client)
        return self._memory

    def release(self) -> None:
        """Leave all clients alone."""
        for client in list(self._companion.clients):
            self.unregister(client)

    @property
    def recall_budget(self) -> float:
        """Seconds that a call waits for what is recalled, then it goes on without; 0 recalls nothing."""
        return self._companion.budget

    @recall_budget.setter
    def recall_budget(self, seconds: float) -> None:
        self._companion.budget = check_amount(seconds, "recall_budget")

    @property
    def opening_budget(self) -> float:
        """Seconds that calls wait for the store to be opened and a local model to be loaded.

        They count from ``register`` on, where both begin, and not as time for recalling.
        """
        return self._companion.opening_budget

    @opening_budget.setter
    def opening_budget(self, seconds: float) -> None:
        self._companion.opening_budget = check_amount(seconds, "opening_budget")

    @property
    def recall_limit(self) -> int:
        """How many memories are put into a call at most."""
        return self._companion.limit

    @recall_limit.setter
    def recall_limit(self, limit: int) -> None:
        self._companion.limit = check_count(limit, "recall_limit", least=1)

    @property
    def recall_threshold(self) -> float | None:
        """Memories with a lower score, 0 to 1, are left out."""
        return self._companion.threshold

    @recall_threshold.setter
    def recall_threshold(self, threshold: float | None) -> None:
        self._companion.threshold = check_share(threshold, "recall_threshold")
