"""Facts that the rules find in short conversations in many languages, and what they leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermem._core.evaluation.labelled import Kept, judge, read_labelled
from powermem._core.rules import extract

FOLDER = Path(__file__).parents[1] / "data" / "extraction"
SETS = {
    name: read_labelled((FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()) for name in ("languages",)
}
ALL = [(name, case) for name, cases in SETS.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), ALL, ids=[f"{name}-{case.id}" for name, case in ALL])
def test_all_facts_are_found_and_nothing_else(name: str, case) -> None:
    found = [Kept(fact.text, fact.speaker, fact.event_at) for fact in extract(case.messages)]
    result = judge(case, found)
    assert (result.missed, result.wrong, result.needless) == ([], [], [])
