"""Which statement ends which, by rules: on labelled pairs, and case by case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem._core.clock import DAY, parse
from powermem._core.rules.claims import values
from powermem._core.rules.claims.claim import PROJECT, SELF
from powermem._core.rules.claims.reading import ending, keys, read, spoken, supersedes

_PAIRS = Path(__file__).parents[1] / "data" / "supersessions"


def _pairs(half: str) -> Iterator[dict[str, Any]]:
    for line in (_PAIRS / f"{half}.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)


def ends(new: str, old: str) -> bool:
    return supersedes(read(new), read(old), 0)


def _rates(half: str) -> tuple[float, float, list[str]]:
    """Return precision and recall of a half, and the pairs that were read wrongly."""
    right = found = wanted = 0
    wrong = []
    for pair in _pairs(half):
        got = ends(pair["new"], pair["old"])
        right += got and pair["ends"]
        found += got
        wanted += pair["ends"]
        if got != pair["ends"]:
            wrong.append(f"{pair['old']} / {pair['new']}: {got}")
    return right / found, right / wanted, wrong


@pytest.mark.parametrize("half", ["first", "second"])
def test_pairs_of_five_languages(half: str) -> None:
    precision, recall, wrong = _rates(half)
    assert precision >= 0.97, wrong
    assert recall >= 0.8, wrong
    pairs = list(_pairs(half))
    assert {pair["language"] for pair in pairs} == {"en", "zh", "de", "es", "ja"}
    assert len(pairs) >= 100
    assert sum(not pair["ends"] for pair in pairs) >= len(pairs) * 0.45


def test_hard_pairs_end_nothing_wrongly() -> None:
    precision, recall, wrong = _rates("hard")
    assert precision == 1, wrong
    assert recall >= 0.6, wrong


def test_who_says_it_is_part_of_the_claim() -> None:
    said = read("I live in Toronto. My sister lives in Leeds. Dana works at Acme.")
    assert [claim.subject for clause in spoken(said, None) for claim in clause] == [SELF, "sister", "dana"]
    by_dana = [claim.subject for clause in spoken(said, "Dana") for claim in clause]
    assert by_dana == ["dana", "dana's sister", "dana"]


def test_a_project_has_no_speaker() -> None:
    said = spoken(read("The staging server runs on port 8080."), "Dana")
    assert [claim.subject for clause in said for claim in clause] == [PROJECT]


@pytest.mark.parametrize(
    ("one", "other", "attribute", "same"),
    [
        ("NYC", "New York City", "home", True),
        ("Boise", "Boise, Idaho", "home", True),
        ("München", "Munich", "home", True),
        ("東京", "Tokyo", "home", True),
        ("Germany", "Hamburg", "home", True),
        ("New York", "York", "home", False),
        ("Acme", "Acme Corp", "employer", True),
        ("the Acme", "acme", "employer", True),
        ("Acme", "Globex", "employer", False),
        ("thirty-five", "35", "age", True),
        ("三十五", "35", "age", True),
        ("+1 555 0142", "555 0142", "phone", True),
        ("555-0142", "555-0143", "phone", False),
        ("3.1", "3.10", "python version", False),
    ],
)
def test_one_value_has_many_forms(one: str, other: str, attribute: str, same: bool) -> None:
    assert values.same(one, other, attribute) is same
    assert values.same(other, one, attribute) is same


def test_a_statement_with_another_clause_stays() -> None:
    moved = "I moved to Denver last week."
    assert ends(moved, "I live in Boston.")
    assert ends(moved, "I live in Boston with my wife and our two kids.")
    assert not ends(moved, "I live in Boston and I have two sons.")
    assert not ends(moved, "I live in Boston. My brother is a pilot.")


def test_what_happened_before_a_statement_does_not_end_it() -> None:
    said_in_2024 = parse("2024-05-01")
    old = read("I live in Boston.")
    assert not supersedes(read("I moved to Denver in 2015."), old, said_in_2024)
    assert not supersedes(read("We moved to Denver ten years ago."), old, said_in_2024)
    assert supersedes(read("I moved to Denver in 2024."), old, said_in_2024 + DAY)


def test_only_what_may_end_something_is_looked_up() -> None:
    assert ending(read("I like tea.")) == []
    assert keys(read("I like tea.")) != []
    assert ending(read("I don't like tea any more.")) == keys(read("I like tea."))
    assert ending(read("It rained all day.")) == keys(read("It rained all day.")) == []


@pytest.mark.parametrize("text", ["", " ", "...", "I", "我", "私", "?" * 500, "Me " * 999, "\x00"])
def test_any_text_can_be_read(text: str) -> None:
    assert keys(read(text)) == []
