"""Cutting conversations: by silence, and by what a model answers."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.parsing.answer import ParseError
from powermem._core.parsing.segments import parse_segments
from powermem._core.tasks.buffering import GAP, by_gap
from powermem._core.values import Scope, Turn

MINUTE = 60_000_000


def turn(number: int, minutes: float, scope: Scope = Scope("u")) -> Turn:  # noqa: B008
    return Turn(number, scope, "user", "hi", None, int(minutes * MINUTE))


def numbers(segments: list[list[Turn]]) -> list[list[int]]:
    return [[turn.id for turn in segment] for segment in segments]


def test_half_an_hour_of_silence_is_a_cut() -> None:
    assert GAP == 30 * MINUTE
    turns = [turn(1, 0), turn(2, 29.9), turn(3, 59.9), turn(4, 61)]
    assert numbers(by_gap(turns)) == [[1, 2], [3, 4]]
    assert numbers(by_gap(turns, MINUTE)) == [[1], [2], [3], [4]]
    assert by_gap([]) == []


def test_turns_are_put_in_order() -> None:
    assert numbers(by_gap([turn(3, 5), turn(2, 5), turn(1, 90), turn(4, 0)])) == [[4, 2, 3], [1]]


def test_scopes_never_share_a_segment() -> None:
    other = Scope("u", None, "run")
    turns = [turn(1, 0), turn(2, 1, other), turn(3, 2), turn(4, 40, other), turn(5, 3)]
    assert numbers(by_gap(turns)) == [[1, 3, 5], [2], [4]]


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from([Scope("u"), Scope("u", "a"), Scope("v")]))))
def test_every_turn_is_in_one_segment(said: list[tuple[int, Scope]]) -> None:
    turns = [turn(number, minutes, scope) for number, (minutes, scope) in enumerate(said, 1)]
    segments = by_gap(turns)
    assert sorted(turn.id for segment in segments for turn in segment) == list(range(1, len(turns) + 1))
    for segment in segments:
        assert len({turn.scope for turn in segment}) == 1
        pairs = pairwise(segment)
        assert all(0 <= after.sent_at - before.sent_at < GAP for before, after in pairs)


def read(value: Any, turns: int = 6) -> list[list[int]]:
    return parse_segments(json.dumps(value), turns=turns).groups


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"segments": [{"topic": "a", "turns": [0, 1, 4]}, {"topic": "b", "turns": [2, 3, 5]}]},
         [[0, 1, 4], [2, 3, 5]]),
        # In the order of their first turn.
        ({"segments": [{"turns": [3, 4, 5]}, {"turns": [2, 1, 0]}]}, [[0, 1, 2], [3, 4, 5]]),
        # A turn that is missing joins the one before it; at the beginning, the one after.
        ({"segments": [{"turns": [1, 4]}, {"turns": [2]}]}, [[0, 1, 4, 5], [2, 3]]),
        # One that is named twice stays where it was named first.
        ({"segments": [{"turns": [0, 1, 2]}, {"turns": [2, 3, 4, 5]}]}, [[0, 1, 2], [3, 4, 5]]),
        # Numbers of no turn.
        ({"segments": [{"turns": [0, 1, 2, 17, -1, True]}, {"turns": ["3", 4.0, 5, None, "x"]}]},
         [[0, 1, 2], [3, 4, 5]]),
        ({"segments": [{"turns": [9]}, {"turns": [0, 1, 2, 3, 4, 5]}]}, [[0, 1, 2, 3, 4, 5]]),
        ([[0, 1, 2], [3, 4, 5]], [[0, 1, 2], [3, 4, 5]]),
        ({"groups": [[0, 1, 2], [3, 4, 5]]}, [[0, 1, 2], [3, 4, 5]]),
        ({"segments": [{"messages": [0, 1, 2]}, {"indices": [3, 4, 5]}]}, [[0, 1, 2], [3, 4, 5]]),
        ({"turns": [0, 1, 2]}, [[0, 1, 2, 3, 4, 5]]),
        ({"travel": [0, 1], "food": [2, 3, 4, 5]}, [[0, 1], [2, 3, 4, 5]]),
        ([0, 1, 2, 3, 4, 5], [[0, 1, 2, 3, 4, 5]]),
    ],
)  # fmt: skip
def test_groups_of_turns(value: Any, expected: list[list[int]]) -> None:
    assert read(value) == expected


@pytest.mark.parametrize("value", [3, "a", None, [], {}, {"segments": []}, {"segments": [{"turns": [8]}]}])
def test_no_group_is_an_error(value: Any) -> None:
    with pytest.raises(ParseError):
        read(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["segments", "turns", "topic", "x"]), inner)
    ),
    max_leaves=20,
)


@given(VALUES, st.integers(1, 8))
def test_any_answer_gives_every_turn_once_or_is_refused(value: Any, turns: int) -> None:
    with suppress(ParseError):
        groups = read(value, turns)
        assert sorted(number for group in groups for number in group) == list(range(turns))
        assert all(groups)
