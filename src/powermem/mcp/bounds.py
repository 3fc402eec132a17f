"""Results that fit into a budget of tokens, counted on everything that is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..tokens import cut, estimate_tokens, within

T = TypeVar("T")

ENVELOPE = 160
"""Tokens of a response around its result: the JSON-RPC frame, the type of the result, the server's identity.

By the estimate of ``powermem.tokens``, which counts each digit and mark as one.
"""

_ELLIPSIS = "\u2026"


def fitting(items: Sequence[T], write: Callable[[Sequence[T]], str], budget: int) -> list[T]:
    """Return the items whose result fits into a budget; one that does not is passed over.

    Args:
        items: the most important first.
        write: returns everything that is sent for some of the items, as JSON.
        budget: tokens, by the estimate of ``powermem.tokens``.
    """
    if not items:
        return []
    budget -= ENVELOPE

    def cost(item: T) -> int:
        # Beside another one, so that what separates them counts.
        return estimate_tokens(write([item, item])) - estimate_tokens(write([item]))

    # What is sent around items, such as a heading, which there is only if there are any.
    around = estimate_tokens(write(items[:1])) - cost(items[0])
    kept = within(items, cost, budget - around)
    while kept and estimate_tokens(write(kept)) > budget:
        kept.pop()
    return kept


def shortened(text: str, write: Callable[[str], str], budget: int) -> str:
    """Return a text, or the longest beginning of it whose result fits into a budget.

    Args:
        text: the text.
        write: returns everything that is sent for a text, as JSON.
        budget: tokens, by the estimate of ``powermem.tokens``.
    """
    budget -= ENVELOPE
    if estimate_tokens(write(text)) <= budget:
        return text
    least, most = 0, budget
    while least < most:
        middle = (least + most + 1) // 2
        if estimate_tokens(write(cut(text, middle) + _ELLIPSIS)) <= budget:
            least = middle
        else:
            most = middle - 1
    return cut(text, least) + _ELLIPSIS
