"""Which part of a message a fact was concluded from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.changes.reconcile import candidates
from powermem._core.messages import excerpts
from powermem._core.messages.excerpts import LONGEST, MOST_TURNS, Excerpts
from powermem._core.values import Fact, Message


def sentences(count: int) -> str:
    return " ".join(f"I bought item {number} in the shop of Ana{number}." for number in range(count))


def test_a_message_of_usual_length_is_its_own_excerpt() -> None:
    text = sentences(40)
    assert len(text) < LONGEST
    assert Excerpts([text]).of("Something else", 0) == text


@pytest.mark.parametrize("number", [0, 1, 250, 499])
def test_of_a_long_message_it_is_what_stands_around_the_fact(number: int) -> None:
    long = Excerpts([sentences(500)])
    for fact in (f"I bought item {number} in the shop of Ana{number}.", f"User was at Ana{number}'s shop"):
        excerpt = long.of(fact, 0)
        assert f"Ana{number}." in excerpt
        assert len(excerpt) <= LONGEST


def test_where_no_word_tells_it_is_the_beginning() -> None:
    long = Excerpts([sentences(500)])
    assert long.of("Gibt es nicht", 0).startswith("I bought item 0 ")
    assert Excerpts(["I live in Rome.", "I like tea."]).message_of("Gibt es nicht") == 0
    assert Excerpts(["I live in Rome.", "I like tea."]).message_of("User likes tea") == 1


@given(st.lists(st.text(max_size=3).map(lambda text: text * 900), min_size=1, max_size=3), st.text())
def test_an_excerpt_is_a_part_of_the_message(texts: list[str], fact: str) -> None:
    found = Excerpts(texts)
    for number, text in enumerate(texts):
        assert found.of(fact, number) in text
        assert len(found.of(fact, number)) <= LONGEST
    assert 0 <= found.message_of(fact) < len(texts)


def test_each_message_is_cut_into_words_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []

    class Counted:
        def findall(self, text: str) -> list[str]:
            spent[-1] += len(text)
            return text.split()

    monkeypatch.setattr(excerpts, "_WORD", Counted())
    for count in (200, 400, 800):
        spent.append(0)
        text = sentences(count)
        facts = [Fact(line, turn=0) for line in text.split(". ")]
        assert len(candidates(facts, [Message("user", text)], [1])) == count
    assert spent[2] < 4.2 * spent[0]


def test_a_fact_without_a_turn_is_tied_to_few_of_many() -> None:
    def tied(count: int, **more: Any) -> list[int]:
        messages = [Message("user", f"I was in town{number}.") for number in range(count)]
        facts = [Fact(f"User was in town{number}", **more) for number in range(count)]
        return [len(found.turns) for found in candidates(facts, messages, range(count))]

    assert tied(MOST_TURNS) == [MOST_TURNS] * MOST_TURNS
    assert tied(200) == [MOST_TURNS] * 200
    messages = [Message("user", f"I was in town{number}.") for number in range(200)]
    for number in (0, 100, 199):
        (found,) = candidates([Fact(f"User was in town{number}")], messages, range(200))
        assert number in found.turns
