"""Strings of models, brought into a form that every store can hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.parsing.decisions import parse_decisions
from powermem._core.parsing.facts import parse_extraction
from powermem._core.text.cleaning import clean, clean_text


@given(st.text(st.characters(codec=None)))
def test_what_is_clean_can_be_written_and_stays(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert clean_text(cleaned) == cleaned
    assert not any(ord(letter) < 32 and letter not in "\t\n\r" for letter in cleaned)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_clean_text_is_left_as_it_is(text: str) -> None:
    assert clean_text(text) is text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ud83d\ude00", "\U0001f600"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        ("te\x00a\x1b\x7f\x9f", "tea"),
        ("a\x0bb\x0cc\x85d\te\nf\r", "a b c d\te\nf\r"),
        ("", ""),
    ],
)
def test_what_no_store_can_hold(text: str, expected: str) -> None:
    assert clean_text(text) == expected


def test_a_value_is_cleaned_with_its_keys() -> None:
    assert clean({"a\x00": ["\ud83d", {"b": 1.5}], "c": None}) == {"a": ["\ufffd", {"b": 1.5}], "c": None}


BAD: list[Any] = [
    "\ud83d", "\x00", "a\x00b", "\ud83d\ude00", 7, -1, 10**400, 1e400, float("nan"), float("-inf"), True,
    None, "", " ", [], [[["a"]]], {}, {"a": {}}, "x" * 5_000, ["\ud83d", None, 3, ["y"], "x" * 5_000] * 100,
    "0", "1e999", "9" * 30, "2023-99-99", "0000-00-00", "9999-12-31T23:59:59-23:59",
    "\u0665\u0665\u0665\u0665", 20230507, 99999999999,
]  # fmt: skip
FIELDS = ["text", "turn", "kind", "importance", "event_date", "entities", "speaker"]


@pytest.mark.parametrize("field", FIELDS)
def test_a_bad_field_costs_that_field_or_that_fact(field: str) -> None:
    for bad in BAD:
        facts = [{"text": "before"}, {"text": "Ana likes tea", field: bad}, {"text": "after"}]
        preference = {"type": bad, "preference": "Ana may prefer tea", "reasoning": bad}
        for ascii_only in (True, False):
            text = json.dumps({"facts": facts, "preferences": [preference]}, ensure_ascii=ascii_only)
            found = parse_extraction(text, turns=1)
            texts = [fact.text for fact in found.facts]
            assert [texts[0], texts[-1]] == ["before", "after"]
            assert field == "text" or texts[1:-1] == ["Ana likes tea"]
            for fact in found.facts:
                assert 0 <= (fact.importance or 0) <= 1
                assert fact.turn in (0, None)
                assert fact.speaker is None or 0 < len(fact.speaker) <= 128
                assert len(fact.entities) <= 64
                for each in (fact.text, fact.speaker or "", *fact.entities):
                    assert clean_text(each) == each
            (kept,) = found.preferences
            assert (kept.text, clean_text(kept.reasoning)) == ("Ana may prefer tea", kept.reasoning)


@pytest.mark.parametrize("field", ["fact", "action", "target", "text"])
def test_a_bad_field_of_a_decision_costs_no_other(field: str) -> None:
    facts, memories = ["Ana likes tea", "Bo likes jazz"], {"M1": "Ana likes coffee"}
    for bad in BAD:
        one = {"fact": 0, "action": "UPDATE", "target": "M1", "text": "Ana likes tea and coffee", field: bad}
        text = json.dumps({"decisions": [one, {"fact": 1, "action": "ADD", "target": None, "text": None}]})
        decided = parse_decisions(text, facts=facts, memories=memories)
        assert [item.action for item in decided.items if item.fact == 1] == ["ADD"]
