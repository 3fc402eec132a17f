"""The ledger of a budget."""

from __future__ import annotations

from typing import Any

import pytest

from powermem._core.wire.budget import Refusal, Spend, enter, is_unpaid, request_tokens
from powermem.errors import ProviderError, ProviderTimeoutError

LIMITS = {"llm_calls": 3, "llm_tokens": 100}


def test_a_day_is_counted_up_to_its_limit() -> None:
    ledger: dict[str, int] = {}
    for _ in range(3):
        entered = enter(ledger, Spend(5, {"llm_calls": 1, "llm_tokens": 30}, LIMITS))
        assert isinstance(entered, dict)
        ledger = entered
    assert ledger == {"day": 5, "llm_calls": 3, "llm_tokens": 90}
    assert enter(ledger, Spend(5, {"llm_calls": 1, "llm_tokens": 1}, LIMITS)) == Refusal("llm_calls", 3)
    assert enter(ledger, Spend(5, {"llm_calls": 0, "llm_tokens": 11}, LIMITS)) == Refusal("llm_tokens", 90)
    assert enter(ledger, Spend(6, {"llm_calls": 1}, LIMITS)) == {"day": 6, "llm_calls": 1}


def test_a_clock_that_is_behind_frees_nothing() -> None:
    ledger = {"day": 6, "llm_calls": 2}
    assert enter(ledger, Spend(5, {"llm_calls": 1}, LIMITS)) == {"day": 6, "llm_calls": 3}
    assert enter(ledger, Spend(5, {"llm_calls": 2}, LIMITS)) == Refusal("llm_calls", 2)


@pytest.mark.parametrize(("day", "calls"), [(5, 2), (6, 2), (7, 7)])
def test_a_correction_is_of_its_own_day(day: int, calls: int) -> None:
    ledger = {"day": 7, "llm_calls": 2}
    assert enter(ledger, Spend(day, {"llm_calls": 5}, None)) == {"day": 7, "llm_calls": calls}


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("abcdef", 2),
        ("我喜欢茶", 4),
        (
            [
                {"type": "text", "text": "abc"},
                {"type": "image_url", "image_url": {"url": "data:" + "A" * 99}},
            ],
            1,
        ),
        (None, 0),
        ("\ud83d", 1),
    ],
)
def test_tokens_are_estimated_from_the_text(content: Any, tokens: int) -> None:
    assert request_tokens([{"role": "user", "content": content}]) == tokens


@pytest.mark.parametrize(
    ("error", "unpaid"),
    [
        (ProviderError("refused", status=429), True),
        (ProviderError("unreachable"), True),
        (ProviderError("garbled", status=200), False),
        (ProviderTimeoutError("no answer"), False),
    ],
)
def test_what_was_hardly_paid_for(error: ProviderError, unpaid: bool) -> None:
    assert is_unpaid(error) is unpaid
