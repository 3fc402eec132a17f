"""What a task keeps of the call that made it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from powermem._core.changes.addition import Refinement
from powermem._core.changes.reconcile import NewMemories
from powermem._core.changes.writes import AddMemory, Amend, Change, LinkTurns, ReplaceText, Supersede
from powermem._core.filters.parse import parse
from powermem._core.tasks.task import Task
from powermem._core.values import Row, Scope

AT = 1_800_000_000_000_000
SCOPE = Scope("ana", "a", "r")
TASK = Task(1, "u:ana", SCOPE, "refine", AT, AT, AT)


def again(refinement: Refinement) -> Refinement:
    """Return what comes back of it after it was kept as JSON."""
    return Refinement.of(replace(TASK, payload=json.loads(json.dumps(refinement.payload()))), AT)


def test_all_of_the_call_comes_back() -> None:
    new = NewMemories(SCOPE, AT, {"k": [1, {"ü": None}]}, "taste", "Ana", AT + 1)
    refinement = Refinement(new, "Look for tastes", {"k": 1}, (3, 4))
    assert again(refinement) == refinement
    assert again(Refinement(NewMemories(SCOPE, AT))) == Refinement(NewMemories(SCOPE, AT))


def test_a_filter_with_moments_and_sets_means_the_same() -> None:
    moment = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    for filters in (
        {"created_at": {"gt": moment}},
        {"created_at": {"gt": moment.replace(tzinfo=None)}},
        {"AND": [{"k": {"in": (1, 2)}}, {"updated_at": {"lte": moment}}]},
    ):
        kept = again(Refinement(NewMemories(SCOPE, AT), filters=filters)).filters
        assert parse(kept) == parse(filters)


@pytest.mark.parametrize(
    ("change", "successor"),
    [
        (AddMemory(Row(7, SCOPE, "Tea", "h", None, None, {}, AT, AT, AT), None), (7, "Tea")),
        (ReplaceText(8, "Chess", "h", None, AT), (8, "Chess")),
        (LinkTurns(9, (1,)), (9, "")),
    ],
)
def test_the_first_of_what_was_learned_takes_the_place_of_the_rough_ones(
    change: Change, successor: tuple[int, str]
) -> None:
    refinement = Refinement(NewMemories(SCOPE, AT), rough=(3, 4))
    number, text = successor
    assert refinement.endings([change]) == [
        Supersede(3, number, text, AT, 0, user_id="ana"),
        Supersede(4, number, text, AT, 0, user_id="ana"),
    ]


def test_where_nothing_was_learned_the_rough_ones_expire() -> None:
    refinement = Refinement(NewMemories(SCOPE, AT), rough=(3,))
    assert refinement.endings([]) == [Amend(3, AT, expires_at=AT, set_expires_at=True, user_id="ana")]
    assert Refinement(NewMemories(SCOPE, AT)).endings([]) == []
