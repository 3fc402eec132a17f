"""Facts that the rules find in short conversations in many languages, and what they leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermem._core.evaluation.labelled import Kept, Labelled, Tally, judge, read_labelled
from powermem._core.rules.extraction import extract

FOLDER = Path(__file__).parents[1] / "data" / "extraction"


def read(name: str) -> list[Labelled]:
    return read_labelled((FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines(), source=name)


def tallied(case: Labelled) -> Tally:
    return judge(case, [Kept(fact.text, fact.speaker, fact.event_at) for fact in extract(case.messages)])


@pytest.mark.parametrize("case", read("languages"), ids=lambda case: case.id)
def test_all_facts_are_found_and_nothing_else(case: Labelled) -> None:
    result = tallied(case)
    assert (result.missed, result.wrong, result.needless) == ([], [], [])


def test_conversations_written_after_the_rules() -> None:
    """At their first reading the rules found 140 of the 151 facts, and 5 of 146 memories were junk."""
    result = sum((tallied(case) for case in read("languages_later")), Tally())
    assert result.recall > 0.95, result.missed
    assert result.junk_share < 0.03, result.needless
    assert result.right / result.attributed > 0.95, result.wrong
