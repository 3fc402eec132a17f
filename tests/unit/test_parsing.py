"""How a language model's answer is read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.clock import parse
from powermem._core.parsing import decisions
from powermem._core.parsing.answer import Fit, ParsedJSON, ParseError, parse_answer
from powermem._core.parsing.decisions import Decision, Decisions
from powermem._core.parsing.facts import parse_extraction, read_facts
from powermem._core.parsing.segments import parse_segments
from powermem._core.values import Fact

# Control characters are cleaned away.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda children: st.lists(children) | st.dictionaries(TEXTS, children),
    max_leaves=20,
)


def parse_json(text: str) -> ParsedJSON:
    """Read an answer of any form."""
    return parse_answer(text, lambda value: Fit.LOOSE if isinstance(value, (dict, list)) else Fit.NO, "JSON")


SAME = "Ana wants tea forgotten"


def parse_decisions(text: str, *, facts: int, aliases: list[str]) -> Decisions:
    """Read decisions about facts and memories that all say the same."""
    return decisions.parse_decisions(text, facts=[SAME] * facts, memories=dict.fromkeys(aliases, SAME))


def read_decisions(value: Any, *, facts: int, aliases: list[str]) -> Decisions:
    """Read decisions about facts and memories that all say the same."""
    return decisions.read_decisions(value, facts=[SAME] * facts, memories=dict.fromkeys(aliases, SAME))


CONTAINERS = st.lists(JSON, min_size=1) | st.dictionaries(TEXTS, JSON, min_size=1)


@given(CONTAINERS)
def test_valid_json_is_read_as_it_is(value: Any) -> None:
    assert parse_json(json.dumps(value)).value == value
    assert parse_json(json.dumps(value, ensure_ascii=False)).complete


@given(CONTAINERS, st.sampled_from(["", "json", "JSON "]), st.booleans())
def test_a_fence_changes_nothing(value: Any, tag: str, ascii_only: bool) -> None:
    parsed = parse_json(f"\n```{tag}\n{json.dumps(value, ensure_ascii=ascii_only, indent=1)}\n```\n")
    assert parsed.value == value
    assert parsed.complete


@given(CONTAINERS)
def test_prose_around_changes_nothing(value: Any) -> None:
    parsed = parse_json(f"Sure, here you are:\n\n{json.dumps(value)}\n\nAnything else?")
    assert parsed.value == value
    assert parsed.complete


@given(st.text() | st.text(alphabet="{}[]\",:'\\ \nab1-.e/*`<think>rufalsn"))
def test_any_text_is_read_or_refused(text: str) -> None:
    # Any other error fails the test.
    with suppress(ParseError):
        parse_json(text)


@given(st.text(alphabet="{}[]\",:'\\ \nab1-.e/*factsxmoryidtion", max_size=80))
def test_any_text_is_facts_and_decisions_or_refused(text: str) -> None:
    with suppress(ParseError):
        assert all(fact.text.strip() for fact in parse_extraction(text, turns=2).facts)
    with suppress(ParseError):
        assert all(item.fact in (0, 1) for item in parse_decisions(text, facts=2, aliases=["M1"]).items)


@given(JSON)
def test_any_value_is_facts_and_decisions_or_refused(value: Any) -> None:
    with suppress(ParseError):
        assert all(fact.text.strip() for fact in read_facts(value, turns=1))
    with suppress(ParseError):
        assert all(item.fact in (0, 1) for item in read_decisions(value, facts=2, aliases=["M1"]).items)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('\ufeff{"a": true}', {"a": True}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": "x\ny\tz"}', {"a": "x\ny\tz"}),
        (r'{"a": "it\'s \d \u00e9 \ud83d\ude00 C:\x", }', {"a": "it's \\d é 😀 C:\\x"}),
        ("{'a': 'it\\'s', 'b': True, 'c': None}", {"a": "it's", "b": True, "c": None}),
        ("{'a': 'he's here', 'b': 1}", {"a": "he's here", "b": 1}),
        ('{"a": "He said "hi" to me", "b": 1}', {"a": 'He said "hi" to me', "b": 1}),
        ("{a: 1, b_2: [x: 1]}", None),
        ('{a: 1, "b": .5, c: +2, d: -1.5e3}', {"a": 1, "b": 0.5, "c": 2, "d": -1500.0}),
        ('{"a": NaN, "b": [-Infinity]}', {"a": None, "b": [None]}),
        ('{"a": NaN, "b": [undefined,]}', {"a": None, "b": [None]}),
        ('{"a": 1, // one\n /* two */ "b": 2,}', {"a": 1, "b": 2}),
        ('{"a": [{"b": 1} {"b": 2}\n{"b": 3}]}', {"a": [{"b": 1}, {"b": 2}, {"b": 3}]}),
        ('{"a": "x" "b": "y"}', {"a": "x", "b": "y"}),
        ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ('<think>maybe {"a": 0, "b": 0}</think>\n{"a": 1}', {"a": 1}),
        ('maybe {"a": 0, "b": 0} </think> {"a": 1}', {"a": 1}),
        ('<think>a</think><think>b {"c": [1, 2, 3]}</think>{"a": 1}', {"a": 1}),
        ('Here: {"a": "the </think> tag"}.', {"a": "the </think> tag"}),
        ('As in [1], the answer: {"a": "b"}.', {"a": "b"}),
        ("Use {braces} so: ```json\n{'a': 'x ``` y'}\n```", {"a": "x ``` y"}),
        (r'"{\"a\": 1}"', {"a": 1}),
        ('"just text"', None),
        ("null", None),
    ],
)
def test_what_models_get_wrong_is_forgiven(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(ParseError):
            parse_json(text)
        return
    parsed = parse_json(text)
    assert parsed.value == value
    assert parsed.complete


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"facts": [{"text": "a"}, {"text": "b", "tu', {"facts": [{"text": "a"}]}),
        ('{"facts": ["abc", "de', {"facts": ["abc"]}),
        ('{"facts": ["a", "b"', {"facts": ["a", "b"]}),
        ('{"facts": [1, 2', {"facts": [1]}),
        ('{"data": {"facts": ["a"', {"data": {"facts": ["a"]}}),
        ('{"facts": ["a"], "more": tru', {"facts": ["a"]}),
        ('{"facts": ["a"}', {"facts": ["a"]}),
        ('{"text": "a"}\n{"text": "b"}\n{"text": "c', [{"text": "a"}, {"text": "b"}]),
        ('```json\n{"facts": ["a", "b', {"facts": ["a"]}),
    ],
)
def test_what_is_complete_survives_a_cut(text: str, value: Any) -> None:
    parsed = parse_json(text)
    assert parsed.value == value
    assert not parsed.complete


def test_a_cut_anywhere_never_invents() -> None:
    whole = {
        "facts": [
            {
                "text": 'Ana said "hi" {x}',
                "turn": 0,
                "importance": 0.5,
                "event_date": None,
                "entities": ["Ana"],
            },
            {"text": "Bo [y] \u00e9", "turn": 1, "importance": 1, "event_date": "2023-05-07", "entities": []},
        ]
    }
    text = json.dumps(whole)
    for end in range(1, len(text)):
        parsed = parse_json(text[:end])
        assert not parsed.complete
        assert all(fact in whole["facts"] for fact in parsed.value.get("facts", []))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "\ufeff",
        "Sorry, I cannot.",
        "[" * 100_000,
        '{"a":' * 10_000,
        '{"data":' * 9_000 + "1" + "}" * 9_000,
    ],
)
def test_hopeless_text_is_refused(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_json(text)
    assert isinstance(caught.value, ValueError)
    assert caught.value.message


def test_an_error_says_where() -> None:
    with pytest.raises(ParseError, match=r"expected a value, found 'oops' \(at character 6\)") as caught:
        parse_json('{"a": oops}')
    assert caught.value.position == 6


def test_numbers_of_any_length() -> None:
    assert parse_json('{"n": ' + "1" * 5_000 + "}").value == {"n": float("inf")}


def test_a_fact_in_full() -> None:
    text = """{"facts": [{"text": " Ana moved to Oslo ", "turn": 1, "kind": "Event", "importance": 0.7,
    "event_date": "2023-05-07", "entities": ["Ana", "Oslo", "Ana", "", null], "speaker": "Ana"}]}"""
    assert parse_extraction(text, turns=2).facts == [
        Fact("Ana moved to Oslo", 1, "event", 0.7, parse("2023-05-07"), ("Ana", "Oslo"), "Ana")
    ]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("x", Fact("x")),
        ({"fact": "x"}, Fact("x")),
        ({"memory": "x", "kind": "rumour"}, Fact("x")),
        ({"text": "x", "turn": "1"}, Fact("x", turn=1)),
        ({"text": "x", "turn": 1.0}, Fact("x", turn=1)),
        ({"text": "x", "turn": 2}, Fact("x")),
        ({"text": "x", "turn": -1}, Fact("x")),
        ({"text": "x", "turn": True}, Fact("x")),
        ({"text": "x", "importance": 7}, Fact("x", importance=1.0)),
        ({"text": "x", "importance": -1}, Fact("x", importance=0.0)),
        ({"text": "x", "importance": "0.9"}, Fact("x", importance=0.9)),
        ({"text": "x", "importance": "high"}, Fact("x")),
        ({"text": "x", "importance": None}, Fact("x")),
        ({"text": "x", "event_date": "2023-05"}, Fact("x", event_at=parse("2023-05-01"))),
        ({"text": "x", "event_date": 2023}, Fact("x", event_at=parse("2023-01-01"))),
        ({"text": "x", "event_date": "2023-5-7"}, Fact("x", event_at=parse("2023-05-07"))),
        (
            # The day that is written there, whatever the day is in UTC.
            {"text": "x", "event_date": "2023-05-07T22:30:00-04:00"},
            Fact("x", event_at=parse("2023-05-07")),
        ),
        ({"text": "x", "event_date": "2023-02-30"}, Fact("x")),
        ({"text": "x", "event_date": "soon"}, Fact("x")),
        ({"text": "x", "entities": "Ana"}, Fact("x", entities=("Ana",))),
        ({"text": "x", "speaker": "null"}, Fact("x")),
        ({"text": "x", "speaker": 3}, Fact("x")),
    ],
)
def test_one_fact(item: Any, expected: Fact) -> None:
    assert read_facts({"facts": [item]}, turns=2) == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"facts": []}, []),
        ([], []),
        (["a", "b"], ["a", "b"]),
        ({"facts": "a"}, ["a"]),
        ({"fact": ["a"]}, ["a"]),
        ({"fact": "a"}, ["a"]),
        ({"text": "a", "turn": 0}, ["a"]),
        ({"items": ["a"]}, ["a"]),
        ({"results": [{"memory": "a"}]}, ["a"]),
        ({"memory": [{"text": "a"}]}, ["a"]),
        ({"data": {"facts": ["a"]}}, ["a"]),
        ({"erinnerungen": ["a"]}, ["a"]),
        ({"facts": {"items": [{"text": "a"}]}}, ["a"]),
        ({"facts": {"1": {"text": "a"}, "2": {"text": "b"}}}, ["a", "b"]),
        ({"facts": ["a", "None", "...", {"role": "user", "text": "hi"}]}, ["a"]),
        ({"facts": ["a", " a", "b"]}, ["a", "b"]),
        ({"facts": ["a", 1, None, {}, {"text": " "}, ["x"], "b"]}, ["a", "b"]),
    ],
)
def test_where_facts_may_be(value: Any, expected: list[str]) -> None:
    assert [fact.text for fact in read_facts(value, turns=1)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "3",
        '"a"',
        "null",
        "{}",
        '{"facts": null}',
        '{"foo": 1}',
        '{"facts": 3}',
        '{"facts": [1, 2]}',
        '{"facts": [',
    ],
)
def test_no_list_of_facts_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        parse_extraction(text, turns=1)


def test_facts_of_a_cut_answer() -> None:
    assert [fact.text for fact in parse_extraction('{"facts": ["a", "b', turns=1).facts] == ["a"]


def decide(items: Any, facts: int = 2) -> Decisions:
    return read_decisions({"decisions": items}, facts=facts, aliases=["M1", "M2"])


def test_decisions_in_full() -> None:
    text = """{"decisions": [
    {"fact": 0, "action": "ADD", "target": null, "text": null},
    {"fact": 1, "action": "UPDATE", "target": "M1", "text": " Ana wants tea forgotten, merged "},
    {"fact": 2, "action": "SUPERSEDE", "target": "M2", "text": null},
    {"fact": 3, "action": "DELETE", "target": "M3", "text": null},
    {"fact": 4, "action": "NONE", "target": "M4", "text": null}]}"""
    assert parse_decisions(text, facts=5, aliases=["M1", "M2", "M3", "M4"]) == Decisions(
        (
            Decision(0, "ADD"),
            Decision(1, "UPDATE", "M1", "Ana wants tea forgotten, merged"),
            Decision(2, "SUPERSEDE", "M2"),
            Decision(3, "DELETE", "M3"),
            Decision(4, "NONE", "M4"),
        ),
        (),
        (),
    )


@pytest.mark.parametrize("action", ["UPDATE", "SUPERSEDE", "DELETE", "NONE"])
@pytest.mark.parametrize("target", ["M9", 17, "M1 "])
def test_an_alias_that_was_not_offered_is_rejected(action: str, target: Any) -> None:
    decided = decide([{"fact": 0, "action": action, "target": target, "text": f"{SAME} now"}])
    if target == "M1 ":
        assert decided.items[0].target == "M1"
    else:
        assert decided.items == ()
        assert repr(target) in decided.rejected[0]
        assert decided.undecided == (0, 1)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"fact": "0", "action": "add"}, Decision(0, "ADD")),
        ({"fact": 0, "action": "ADD", "target": "M9", "text": "y"}, Decision(0, "ADD")),
        ({"fact": 0, "action": "noop", "target": "M2"}, Decision(0, "NONE", "M2")),
        ({"fact": 0, "action": "skip", "target": None}, Decision(0, "NONE", "M1")),
        ({"fact": 0, "action": None}, Decision(0, "NONE", "M1")),
        ({"fact": 0, "action": "Replace", "target": "m1"}, Decision(0, "SUPERSEDE", "M1")),
        ({"fact": 0, "event": "forget", "id": "M2"}, Decision(0, "DELETE", "M2")),
    ],
)
def test_writings_of_a_decision(item: Any, expected: Decision) -> None:
    assert decide([item]).items == (expected,)


@pytest.mark.parametrize(
    "item",
    [
        {"fact": 2, "action": "ADD"},
        {"fact": -1, "action": "ADD"},
        {"fact": None, "action": "ADD"},
        {"fact": 0, "action": "EXPLODE"},
        {"fact": 0},
        {"fact": 0, "action": "UPDATE", "target": "M1"},
        {"fact": 0, "action": "UPDATE", "target": "M1", "text": "  "},
        {"fact": 0, "action": ["ADD"]},
    ],
)
def test_a_decision_that_makes_no_sense_is_rejected(item: Any) -> None:
    decided = decide([{"fact": 1, "action": "ADD"}, item])
    assert decided.items == (Decision(1, "ADD"),)
    assert len(decided.rejected) == 1
    assert decided.rejected[0].startswith("decision 1: ")
    assert decided.undecided == (0,)


def test_one_fact_may_supersede_several_memories() -> None:
    decided = decide([{"fact": 0, "action": "SUPERSEDE", "target": alias} for alias in ("M1", "M2")], facts=1)
    assert decided.items == (Decision(0, "SUPERSEDE", "M1"), Decision(0, "SUPERSEDE", "M2"))


def test_a_memory_is_superseded_once() -> None:
    decided = decide([{"fact": number, "action": "SUPERSEDE", "target": "M1"} for number in (0, 1)])
    assert decided.items == (Decision(0, "SUPERSEDE", "M1"), Decision(1, "ADD"))
    assert decided.rejected == ()


def test_the_form_without_fact_numbers() -> None:
    text = """{"memory": [
    {"id": "0", "text": "Likes tea", "event": "NONE"},
    {"id": "1", "text": "Ana wants tea and jam forgotten", "event": "UPDATE", "old_memory": "Likes jam"},
    {"id": "7", "text": "Has a dog", "event": "ADD"}]}"""
    assert parse_decisions(text, facts=2, aliases=["0", "1"]) == Decisions(
        (Decision(0, "UPDATE", "1", "Ana wants tea and jam forgotten"), Decision(1, "ADD")), (), ()
    )
    unclear = parse_decisions(text, facts=3, aliases=["0", "1"])
    assert unclear.items == ()
    assert len(unclear.rejected) == 2
    assert unclear.undecided == (0, 1, 2)
    known = parse_decisions('[{"id": "0", "text": "Likes tea", "event": "NONE"}]', facts=1, aliases=["0"])
    assert known.items == (Decision(0, "NONE", "0"),)


@pytest.mark.parametrize("text", ["{}", "3", '{"foo": []}', "null", "no"])
def test_no_list_of_decisions_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        parse_decisions(text, facts=1, aliases=[])


def test_no_decisions_leave_all_undecided() -> None:
    assert decide([]) == Decisions((), (), (0, 1))


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ('{"facts": ["a"], "preferences": []}', True),
        ('```json\n{"facts": ["a"]}\n```', True),
        ('{"facts": ["a", "b', False),
        ('{"facts": ["a"}', False),
        ('<think>perhaps {"facts": ["a"]}', False),
    ],
)
def test_facts_say_whether_they_are_all(text: str, complete: bool) -> None:
    with suppress(ParseError):
        assert parse_extraction(text, turns=1).complete is complete


@pytest.mark.parametrize("cut", [True, False])
def test_decisions_and_segments_say_whether_they_are_all(cut: bool) -> None:
    decisions = '{"decisions": [{"fact": 0, "action": "ADD"}, {"fact": 1, "action": "ADD"}]}'
    segments = '{"segments": [{"turns": [0, 1]}, {"turns": [2, 3]}]}'
    end = -6 if cut else None
    decided = parse_decisions(decisions[:end], facts=2, aliases=[])
    assert (decided.complete, decided.undecided) == (not cut, (1,) if cut else ())
    assert parse_segments(segments[:end], turns=4).complete is not cut
