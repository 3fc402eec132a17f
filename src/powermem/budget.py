"""What models may be asked on one day, and the ledger of what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .clock import DAY
from .errors import ProviderError, ProviderTimeoutError
from .tokens import estimate_tokens
from .types import ChatMessage

LLM_CALLS = "llm_calls"
LLM_TOKENS = "llm_tokens"
EMBEDDED_TEXTS = "embedded_texts"


@dataclass(frozen=True, slots=True)
class Spend:
    """An entry of a ledger: what a model is about to be asked, or a correction of that.

    Attributes:
        day: days since 1970-01-01, UTC.
        amounts: how much of what.
        limits: how much of it there may be on a day. ``None`` for a correction: it is not refused, its
            amounts may be negative, and when that day is over it has no effect.
    """

    day: int
    amounts: Mapping[str, int]
    limits: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit does not leave as much as was to be spent, so nothing was entered.

    Attributes:
        name: of what.
        used: how much of it the ledger has.
    """

    name: str
    used: int


def day_of(moment: int) -> int:
    """Return the day of a moment, as days since 1970-01-01, UTC."""
    return moment // DAY


def start_of(day: int) -> int:
    """Return the moment at which a day begins, microseconds UTC."""
    return day * DAY


def enter(ledger: Mapping[str, int], spend: Spend) -> dict[str, int] | Refusal:
    """Return a ledger with one more entry. It is that of one day, and begins anew with a later one.

    Args:
        ledger: as it was returned before; empty at first.
        spend: the entry.
    """
    today = ledger.get("day", spend.day)
    if today != spend.day and spend.limits is None:
        return dict(ledger)
    if today > spend.day + 1:
        # Only a wrong clock can have said so, and its day may be years away.
        ledger, today = {}, spend.day
    # Where clocks differ, what is said to be of yesterday is counted today.
    entered = {"day": spend.day} if today < spend.day else {**ledger, "day": today}
    for name, amount in spend.amounts.items():
        used = entered.get(name, 0)
        if spend.limits is not None and used + amount > spend.limits[name]:
            return Refusal(name, used)
        entered[name] = used + amount
    return entered


def request_tokens(messages: Sequence[ChatMessage]) -> int:
    """Return about how many tokens the texts of a request are; see ``powermem.tokens`` for the error."""
    return sum(_content_tokens(message.get("content")) for message in messages)


def is_unpaid(error: ProviderError) -> bool:
    """Tell whether a provider that failed so will hardly ask money for it."""
    answered = error.status is not None and error.status < 300
    return not answered and not isinstance(error, ProviderTimeoutError)


def _content_tokens(content: Any) -> int:
    if isinstance(content, str):
        return estimate_tokens(content)
    if isinstance(content, Sequence):
        return sum(_content_tokens(part.get("text")) for part in content)
    return 0
