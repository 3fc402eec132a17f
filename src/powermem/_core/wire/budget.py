"""Daily limits on the use of models, and the ledger of what was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...errors import ProviderError, ProviderTimeoutError
from ...tokens import estimate_tokens
from ...types import ChatMessage
from ..clock import DAY

LLM_CALLS = "llm_calls"
LLM_TOKENS = "llm_tokens"
EMBEDDED_TEXTS = "embedded_texts"


class Spend(NamedTuple):
    """An entry for the ledger: the expected use of a model, or a correction of an earlier entry.

    Attributes:
        day: days since 1970-01-01, UTC.
        amounts: amount by name, such as ``LLM_CALLS``.
        limits: maximum per day by name. ``None`` for a correction: it is never refused, may have negative
            amounts, and has no effect once its day is over.
    """

    day: int
    amounts: Mapping[str, int]
    limits: Mapping[str, int] | None


class Refusal(NamedTuple):
    """An entry was refused because it would exceed a limit.

    Attributes:
        name: name of the limited amount.
        used: the amount in the ledger.
    """

    name: str
    used: int


def day_of(moment: int) -> int:
    """Return the day of a moment, in days since 1970-01-01, UTC."""
    return moment // DAY


def start_of(day: int) -> int:
    """Return the first moment of a day, microseconds UTC."""
    return day * DAY


def enter(ledger: Mapping[str, int], spend: Spend) -> dict[str, int] | Refusal:
    """Return the ledger with one more entry, or a refusal. A ledger covers one day, and starts over the next.

    Args:
        ledger: the result of the last call; empty at first.
        spend: the entry.
    """
    today = ledger.get("day", spend.day)
    if today != spend.day and spend.limits is None:
        return dict(ledger)
    if today > spend.day + 1:
        # The ledger is from the future, so a wrong clock wrote it. Start over rather than wait for that day.
        ledger, today = {}, spend.day
    # An entry for yesterday, from a process whose clock is slightly behind, counts for today.
    entered = {"day": spend.day} if today < spend.day else {**ledger, "day": today}
    for name, amount in spend.amounts.items():
        used = entered.get(name, 0)
        if spend.limits is not None and used + amount > spend.limits[name]:
            return Refusal(name, used)
        entered[name] = used + amount
    return entered


def request_tokens(messages: Sequence[ChatMessage]) -> int:
    """Return the estimated number of tokens in a request; see ``powermem.tokens`` for the accuracy."""
    return sum(_content_tokens(message.get("content")) for message in messages)


def is_unpaid(error: ProviderError) -> bool:
    """Return whether a failed request is probably not billed."""
    answered = error.status is not None and error.status < 300
    return not answered and not isinstance(error, ProviderTimeoutError)


def _content_tokens(content: Any) -> int:
    if isinstance(content, str):
        return estimate_tokens(content)
    if isinstance(content, Sequence):
        return sum(_content_tokens(part.get("text")) for part in content)
    return 0
