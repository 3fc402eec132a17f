"""Labelled conversations and what is counted over them."""

from __future__ import annotations

import json
from datetime import date

import pytest

from powermem._core.clock import parse
from powermem._core.evaluation.labelled import Kept, Label, Tally, judge, read_labelled
from powermem.errors import InvalidInputError

CONVERSATION = {
    "id": "a1",
    "lang": "en",
    "style": "casual",
    "timestamp": "2025-03-12T10:00:00Z",
    "messages": [{"role": "user", "content": "I moved to Oslo yesterday.", "name": "Mia"}],
    "facts": [{"contains": ["moved", "Oslo"], "who": "Mia", "date": "2025-03-11"}],
    "allowed": ["weather"],
}


def labelled() -> list[str]:
    return [json.dumps(CONVERSATION), "", "  "]


def test_a_set_is_read() -> None:
    (found,) = read_labelled(labelled())
    assert (found.id, found.lang, found.style, found.allowed) == ("a1", "en", "casual", ("weather",))
    assert found.messages[0].actor_id == "Mia"
    assert found.messages[0].sent_at == parse("2025-03-12T10:00:00Z")
    assert found.facts == (Label(("moved", "Oslo"), "Mia", date(2025, 3, 11)),)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"facts": [{"contains": "Oslo"}]}, "contains: expected a list of strings, got 'Oslo'"),
        ({"facts": [{"contains": []}]}, "contains: expected a list"),
        ({"facts": [{}]}, "'contains' is missing"),
        ({"messages": [{"role": "user"}]}, "'content' is missing"),
    ],
)
def test_a_faulty_line_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidInputError, match=f"my set, line 2: {says}"):
        read_labelled([json.dumps(CONVERSATION), json.dumps({**CONVERSATION, **change})], source="my set")
    with pytest.raises(InvalidInputError, match="my set, line 1: "):
        read_labelled(["{"], source="my set")


@pytest.mark.parametrize(
    ("memory", "found", "right", "junk"),
    [
        (Kept("I moved to Oslo.", "Mia", parse("2025-03-11T08:00:00Z")), 1, 1, 0),
        (Kept("Moved to OSLO on 11 March 2025.", "mia"), 1, 1, 0),
        (Kept("2025-03-11: moved to Oslo", "Mia"), 1, 1, 0),
        (Kept("I moved to Oslo.", "Mia"), 1, 0, 0),
        (Kept("I moved to Oslo.", None, parse("2025-03-11")), 1, 0, 0),
        (Kept("I moved to Oslo on 111 March 2025.", "Mia"), 1, 0, 0),
        (Kept("I moved.", "Mia"), 0, 0, 1),
        (Kept("The weather is mild."), 0, 0, 0),
    ],
)
def test_a_memory_is_compared_with_labels(memory: Kept, found: int, right: int, junk: int) -> None:
    (conversation,) = read_labelled(labelled())
    tally = judge(conversation, [memory])
    assert (tally.facts, tally.found, tally.right, tally.memories, tally.junk) == (1, found, right, 1, junk)


def test_strings_stand_together_in_one_memory() -> None:
    (conversation,) = read_labelled(labelled())
    tally = judge(conversation, [Kept("I moved."), Kept("I like Oslo.")])
    assert (tally.found, tally.junk) == (0, 2)
    assert [where for where, _ in tally.missed] == ["a1"]
    assert tally.needless == [("a1", "I moved."), ("a1", "I like Oslo.")]


def test_tallies_add_up() -> None:
    assert (Tally().recall, Tally().junk_share) == (1.0, 0.0)
    one = Tally(facts=3, found=1, memories=4, junk=1, needless=[("a", "x")])
    both = one + Tally(facts=1, found=1, memories=4, junk=3, needless=[("b", "y")])
    assert (both.recall, both.junk_share) == (0.5, 0.5)
    assert both.needless == [("a", "x"), ("b", "y")]
