"""``powermem evaluate``: models and prompts measured on a labelled set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from powermem.errors import InvalidInputError
from powermem.evaluation import evaluate
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, fact, openai_llm

from .conftest import Run

MOVE: dict[str, Any] = {
    "id": "move", "lang": "en", "style": "casual", "timestamp": "2025-03-12T10:00:00Z",
    "messages": [{"role": "user", "name": "Mia", "content": "I moved to Oslo yesterday. Is it raining?"}],
    "facts": [{"contains": ["moved", "Oslo"], "who": "Mia", "date": "2025-03-11"}],
}  # fmt: skip
NEWS: dict[str, Any] = {
    "id": "news", "lang": "de", "style": "update", "memories": ["User lives in Bergen", "User has a dog"],
    "messages": [{"role": "user", "content": "I live in Oslo now."}],
    "expected": "SUPERSEDE", "target": 0,
}  # fmt: skip


def write(path: Path, *items: Any) -> str:
    path.write_text("".join(f"{json.dumps(item)}\n" for item in items), "utf-8")
    return str(path)


@pytest.fixture
def cases(somewhere: Path) -> str:
    return write(somewhere / "cases.jsonl", MOVE, NEWS)


def test_a_model_is_measured_and_its_answers_recorded_and_replayed(
    cases: str, api: ApiServer, somewhere: Path
) -> None:
    model = ScriptedModel(api)
    model.learns(fact("I moved to Oslo yesterday", turn=0), fact("It is raining", turn=0))
    model.learns("User lives in Oslo")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    config = {"llm": openai_llm(api), "embedder": {"provider": "none"}}
    asked = evaluate(cases, config, record="answers.jsonl", prices=(1.0, 2.0))
    figures = asked["groups"]["all"]
    assert (asked["model"], figures["facts"], figures["found"], figures["junk"]) == ("scripted", 1, 1, 0)
    assert (figures["attributed_right"], figures["facts_left_out"]) == (1, 1)
    assert (figures["decisions"], figures["decisions_right"], figures["failed"]) == (1, 1, 0)
    assert figures["llm_calls"] == model.calls == 3
    tokens = figures["prompt_tokens"] + 2 * figures["completion_tokens"]
    assert figures["cost"] == pytest.approx(tokens / 1e6)
    assert list(asked["groups"]) == ["all", "de", "de update", "en", "en casual"]
    again = evaluate(cases, config, replay="answers.jsonl", prices=(1.0, 2.0))
    assert model.calls == 3
    assert again == asked


def test_what_is_missed_wrong_and_junk_is_told(cases: str, somewhere: Path) -> None:
    found = {"facts": [{"text": "Mia moved to Oslo"}, {"text": "Mia is from Oslo"}]}
    write(somewhere / "a.jsonl", {"model": "m"}, {"case": "move", "text": found})
    told = evaluate(cases, replay="a.jsonl")
    assert told["wrong"] == [["move", "moved + Oslo"]]
    assert told["junk"] == [["move", "Mia is from Oslo"]]
    # Nothing was recorded of the other case.
    assert "no further answer" in told["errors"]["news"]
    assert told["groups"]["all"]["failed"] == 1


@pytest.mark.parametrize(
    ("expected", "target", "decisions", "right"),
    [
        ("SUPERSEDE", 0, [("SUPERSEDE", "M1")], True),
        ("SUPERSEDE", 0, [("ADD", None)], False),
        ("SUPERSEDE", 0, [("SUPERSEDE", "M2")], False),
        ("SUPERSEDE", 0, [("SUPERSEDE", "M1"), ("SUPERSEDE", "M2")], False),
        ("ADD", None, [("ADD", None)], True),
        ("ADD", None, [("SUPERSEDE", "M1")], False),
        ("NONE", 0, [("ADD", None)], False),
    ],
)
def test_a_decision_is_right_if_it_does_what_is_expected_and_no_more(
    somewhere: Path, expected: str, target: int | None, decisions: list[tuple[str, str | None]], right: bool
) -> None:
    file = write(somewhere / "cases.jsonl", {**NEWS, "expected": expected, "target": target})
    answers = [
        {"facts": [{"text": "User lives in Oslo now"}]},
        {"decisions": [decision(0, action, alias) for action, alias in decisions]},
    ]
    write(somewhere / "a.jsonl", {"model": "m"}, *({"case": "news", "text": text} for text in answers))
    assert evaluate(file, replay="a.jsonl")["groups"]["all"]["decisions_right"] == int(right)


def test_recordings_stand_side_by_side(cases: str, somewhere: Path, bare: Run) -> None:
    for name, text in (("one", "Mia moved to Oslo on 11 March 2025"), ("two", "Mia is tall")):
        answers = [{"case": "move", "text": {"facts": [{"text": text}]}}]
        write(somewhere / f"{name}.jsonl", {"model": name}, *answers, {"case": "news", "text": {"facts": []}})
    ran = bare("evaluate", cases, "--replay", "one.jsonl", "--replay", "two.jsonl", "--json")
    assert ran.code == 0, ran.err
    first, second = ran.document["runs"]
    assert (first["groups"]["all"]["recall"], second["groups"]["all"]["recall"]) == (1.0, 0.0)
    table = bare("evaluate", cases, "--replay", "one.jsonl", "--replay", "two.jsonl", "--details").out
    assert "one (one)" in table
    assert "two (two)" in table
    assert "missed" in table


def test_without_a_model_the_rules_are_measured(cases: str, bare: Run, config: Path) -> None:
    ran = bare("evaluate", cases, "--json", "--config", str(config))
    (run,) = ran.document["runs"]
    assert run["model"] == "rules"
    assert run["groups"]["all"]["recall"] == 1.0


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([{**NEWS, "expected": "MOVE"}], "expected: one of"),
        ([{**NEWS, "target": 2}], "target"),
        ([{**NEWS, "memories": "one"}], "memories"),
        ([{"id": "x"}], "line 1"),
        ([MOVE, MOVE], "two cases"),
        ([], "no case"),
    ],
)
def test_what_is_wrong_with_a_set_is_told(somewhere: Path, items: list[Any], reason: str) -> None:
    file = write(somewhere / "cases.jsonl", *items)
    with pytest.raises(InvalidInputError, match=reason):
        evaluate(file)


@pytest.mark.parametrize("place", ["nowhere.jsonl", "empty.jsonl"])
def test_a_recording_that_is_none_is_refused(cases: str, somewhere: Path, place: str) -> None:
    (somewhere / "empty.jsonl").touch()
    with pytest.raises(InvalidInputError, match=place):
        evaluate(cases, replay=place)


def test_options_that_contradict_each_other_are_refused(cases: str, bare: Run) -> None:
    assert bare("evaluate", cases, "--replay", "a.jsonl", "--record", "b.jsonl").code == 2
