"""Preferences, as a model's answer and as rules tell them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem._core.changes.reconcile import NewMemories, learn
from powermem._core.parsing.answer import ParseError
from powermem._core.parsing.facts import parse_extraction
from powermem._core.rules.extraction import extract, stated_preferences
from powermem._core.text.cleaning import content_hash
from powermem._core.values import Extracted, Fact, FoundPreference, Message, Scope

CHEAP = {
    "type": "implicit",
    "preference": "Ana may prefer cheap hotels",
    "reasoning": "She chose the cheapest of three.",
}
HIKING = {"type": "explicit", "preference": "Ana loves hiking", "reasoning": "She said 'I love hiking'."}


def read(value: Any) -> Extracted:
    return parse_extraction(json.dumps(value), turns=2)


def test_both_types_are_read() -> None:
    found = read({"facts": [{"text": "Ana loves hiking"}], "preferences": [CHEAP, HIKING]})
    assert found.facts == [Fact("Ana loves hiking")]
    assert found.preferences == [
        FoundPreference("implicit_preference", CHEAP["preference"], CHEAP["reasoning"]),
        FoundPreference("explicit_preference", HIKING["preference"], HIKING["reasoning"]),
    ]


@pytest.mark.parametrize("value", [{"facts": ["a"]}, ["a"], {"facts": ["a"], "preferences": None}])
def test_an_answer_may_lack_preferences(value: Any) -> None:
    assert read(value) == Extracted([Fact("a")], [])


@pytest.mark.parametrize(
    "preferences", [{}, 3, "tea", ["tea", 3, None, [], {"preference": " "}, {"text": 3}], [[HIKING]]]
)
def test_malformed_preferences_cost_no_facts(preferences: Any) -> None:
    assert read({"facts": ["a"], "preferences": preferences}) == Extracted([Fact("a")], [])


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"preference": "x"}, FoundPreference("implicit_preference", "x", "")),
        ({**HIKING, "type": "Explicit_Preference "}, "explicit_preference"),
        ({**HIKING, "type": "stated"}, "implicit_preference"),
        ({"text": "x", "preference_type": "explicit_preference", "reason": " y "},
         FoundPreference("explicit_preference", "x", "y")),
    ],
)  # fmt: skip
def test_one_preference(item: Any, expected: Any) -> None:
    (found,) = read({"facts": [], "preferences": [item]}).preferences
    assert found == expected or found.kind == expected


def test_each_text_counts_once() -> None:
    found = read({"facts": [], "preferences": [HIKING, {**CHEAP, "preference": " Ana loves  hiking"}]})
    assert [item.kind for item in found.preferences] == ["explicit_preference"]


def test_preferences_are_never_taken_for_facts() -> None:
    found = read({"preferences": [HIKING]})
    assert (found.facts, len(found.preferences)) == ([], 1)
    # Under another name, facts are still found beside them.
    assert read({"erinnerungen": ["a"], "preferences": [HIKING]}).facts == [Fact("a")]


def test_a_cut_answer() -> None:
    whole = json.dumps({"facts": [], "preferences": [HIKING, CHEAP]})
    assert len(parse_extraction(whole[:-20], turns=1).preferences) >= 1
    with pytest.raises(ParseError):
        parse_extraction('{"facts": [], "preferences": [{"type": "expl', turns=1)


def test_rules_find_what_was_said() -> None:
    facts = extract(
        [
            Message("user", "My name is Ana. I love hiking in the Alps. I work as a nurse."),
            Message("user", ""),
        ]
    )
    (found,) = stated_preferences(facts)
    assert found.kind == "explicit_preference"
    assert "hiking in the Alps" in found.text
    assert found.reasoning == f'Ana said: "{found.text}"'
    assert stated_preferences([Fact("I like tea", kind="preference")])[0].reasoning.startswith("User said")


def test_what_is_stored() -> None:
    scope = Scope("u", None, "r")
    change = learn(NewMemories(scope, 7), FoundPreference("explicit_preference", "Ana likes tea", "why"))
    stored = change.preference
    assert (stored.scope, stored.kind, stored.text, stored.reasoning, stored.created_at) == (
        scope,
        "explicit_preference",
        "Ana likes tea",
        "why",
        7,
    )
    assert stored.hash == content_hash(" Ana likes  tea")
    assert stored.id > 0
