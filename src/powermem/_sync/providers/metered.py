# Generated from src/powermem/_async/providers/metered.py by scripts/run_unasync.py; edit that file instead.
"""Models whose use is counted, and limited by a daily budget."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..._concurrency import Batcher
from ..._core import clock
from ..._core.wire.budget import (
    EMBEDDED_TEXTS,
    LLM_CALLS,
    LLM_TOKENS,
    Refusal,
    Spend,
    day_of,
    is_unpaid,
    request_tokens,
    start_of,
)
from ..._core.wire.consumption import COMPLETION_TOKENS, PROMPT_TOKENS, Consumption, Days
from ...errors import PowerMemError, ProviderError, QuotaExceededError
from ...types import ChatMessage, Completion, Schema
from ..stores.base import Store
from .embedder import Embedder
from .llm import LLM
from .media import Transcriber

_logger = logging.getLogger("powermem")

# Maximum number of ledger entries in one transaction.
_TOGETHER = 256
# Seconds between two times that what was counted is written to the store.
_NOTED_EVERY = 10.0

T = TypeVar("T")


class Meter:
    """Counts what models do by day, and keeps it within the limits of a budget.

    A limited request is entered into the store's ledger before it is sent, and refused beyond the limit. What
    was answered is counted in this process and written now and then.

    Args:
        store: holds the ledger and the counts.
        limits: maximum per day by name; amounts without a limit are not entered.
        elapsed: a monotonic clock, in seconds.
    """

    def __init__(
        self, store: Store, limits: Mapping[str, int], elapsed: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._limits = limits
        self._elapsed = elapsed
        self._consumption = Consumption()
        self._noted_at = elapsed()
        self._entries: Batcher[Spend, Refusal | None] = Batcher(self._enter, max_size=_TOGETHER)

    def close(self) -> None:
        """Wait for pending entries, and write what was counted. Idempotent."""
        self._entries.close()
        self._note()

    def by_day(self, since: int) -> Days:
        """Return what models did by day for all processes, others' up to some seconds ago.

        Args:
            since: the first day, in days since 1970-01-01, UTC.
        """
        self._note()
        return self._store.consumption(since)

    def completion(self, messages: Sequence[ChatMessage], ask: Callable[[], Completion]) -> Completion:
        """Request a completion.

        Args:
            messages: the request, whose tokens are estimated where they are limited, and corrected after the
                reply.
            ask: sends the request.

        Raises:
            QuotaExceededError: the budget does not allow it; no request was sent.
        """
        # Estimating a prompt takes as long as writing it.
        limited = LLM_TOKENS in self._limits
        tokens = request_tokens(messages) if limited else 0
        spend = self._spend({LLM_CALLS: 1, LLM_TOKENS: tokens})
        completion = self._asked(spend, ask)
        known = completion.prompt_tokens + completion.completion_tokens
        if limited and known and known != tokens:
            self._correct(spend, {LLM_TOKENS: known - tokens})
        self._count(
            spend.day,
            {
                LLM_CALLS: 1,
                PROMPT_TOKENS: completion.prompt_tokens,
                COMPLETION_TOKENS: completion.completion_tokens,
            },
        )
        return completion

    def vectors(self, texts: int, ask: Callable[[], npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Request the vectors of ``texts`` texts.

        Raises:
            QuotaExceededError: the budget does not allow it; no request was sent.
        """
        spend = self._spend({EMBEDDED_TEXTS: texts})
        vectors = self._asked(spend, ask)
        self._count(spend.day, {EMBEDDED_TEXTS: texts})
        return vectors

    def _count(self, day: int, amounts: Mapping[str, int]) -> None:
        self._consumption.add(day, amounts)
        if self._elapsed() - self._noted_at >= _NOTED_EVERY:
            self._note()

    def _note(self) -> None:
        """Write what was counted; what cannot be written is kept for the next time."""
        self._noted_at = self._elapsed()
        taken = self._consumption.take()
        if not taken or self._store.read_only:
            return
        try:
            self._store.add_consumption(taken)
        except BaseException as error:
            self._consumption.put_back(taken)
            if not isinstance(error, PowerMemError):
                raise
            _logger.warning("the use of models could not be written: %s", error)

    def _asked(self, spend: Spend, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ProviderError as error:
            if is_unpaid(error):
                self._correct(spend, {name: -amount for name, amount in spend.amounts.items()})
            raise

    def _spend(self, amounts: Mapping[str, int]) -> Spend:
        limited = {name: amount for name, amount in amounts.items() if name in self._limits}
        spend = Spend(day_of(clock.now()), limited, self._limits)
        if limited and (refusal := self._entries.submit(spend)) is not None:
            raise _exceeded(spend, refusal)
        return spend

    def _correct(self, spend: Spend, amounts: Mapping[str, int]) -> None:
        if not amounts:
            return
        try:
            self._entries.submit(Spend(spend.day, amounts, None))
        except PowerMemError as error:
            # An answer that was paid for matters more than an exact ledger.
            _logger.warning("the use of a model could not be corrected in the ledger: %s", error)

    def _enter(self, entries: list[Spend]) -> list[Refusal | Exception | None]:
        return list(self._store.enter(entries))


class MeteredLLM:
    """A language model within a budget.

    Args:
        inner: the model.
        meter: enforces the budget.
    """

    def __init__(self, inner: LLM, meter: Meter) -> None:
        self.provider = inner.provider
        self.model = inner.model
        self._inner = inner
        self._meter = meter

    def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Answer a chat; see ``LLM``.

        Raises:
            QuotaExceededError: the budget does not allow it.
        """
        ask = partial(self._inner.complete, messages, schema=schema)
        return self._meter.completion(messages, ask)


class MeteredTranscriber:
    """A speech-to-text model within a budget.

    Args:
        inner: the model.
        meter: enforces the budget.
    """

    def __init__(self, inner: Transcriber, meter: Meter) -> None:
        self.provider = inner.provider
        self._inner = inner
        self._meter = meter

    def transcribe(self, audio: Mapping[str, str]) -> Completion:
        """Transcribe a recording; see ``Transcriber``.

        Raises:
            QuotaExceededError: the budget does not allow it.
        """
        return self._meter.completion((), partial(self._inner.transcribe, audio))


class MeteredEmbedder:
    """An embedder within a budget.

    Args:
        inner: the embedder.
        meter: enforces the budget.
    """

    def __init__(self, inner: Embedder, meter: Meter) -> None:
        self.provider = inner.provider
        self.model = inner.model
        self._inner = inner
        self._meter = meter

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until it is known."""
        return self._inner.dimension

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts; see ``Embedder``.

        Raises:
            QuotaExceededError: the budget does not allow it.
        """
        return self._meter.vectors(len(texts), partial(self._inner.embed, texts))

    def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide texts into windows, which costs nothing; see ``Embedder``."""
        return self._inner.divide(texts, most)

    def close(self) -> None:
        """Close the inner embedder. Idempotent."""
        self._inner.close()


def _exceeded(spend: Spend, refusal: Refusal) -> QuotaExceededError:
    assert spend.limits is not None, "corrections are not refused"
    name, used, limit = refusal.name, refusal.used, spend.limits[refusal.name]
    free_at = clock.to_iso(start_of(spend.day + 1))
    path = f"budget.{name}_per_day"
    return QuotaExceededError(
        f"{path}: {used} of {limit} are used, and {spend.amounts[name]} more would be too many; "
        f"free again at {free_at}",
        budget=path,
        limit=limit,
        used=used,
        free_at=free_at,
    )
