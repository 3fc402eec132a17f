"""Which part of what a model writes counts as its answer: drafts, wrappings and forms, combined."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from powermem._core.parsing.answer import ParseError
from powermem._core.parsing.decisions import parse_decisions
from powermem._core.parsing.facts import parse_extraction
from powermem._core.parsing.ranking import parse_ranking
from powermem._core.parsing.segments import parse_segments

REAL = {"facts": [{"text": "Ana likes tea"}], "preferences": []}
# Longer than the answer, so that length cannot decide.
DRAFT = {"facts": [{"text": f"DRAFT {number} of what may be worth knowing"} for number in range(5)]}
ANSWER, LONG = json.dumps(REAL), json.dumps(DRAFT)
PRETTY = json.dumps(REAL, indent=2)
TURN = '{"turn": 0, "role": "user", "text": "I like tea"}'
SLOPPY = "{'facts': [{'text': 'Ana likes tea',},],}"


def _tagged(name: str) -> Callable[[str], str]:
    return lambda text: f"<{name}>{text}</{name}>"


# How a model marks what it thinks.
THOUGHTS: dict[str, Callable[[str], str]] = {
    **{
        name: _tagged(name)
        for name in (
            "think", "thinking", "THINK", "Thought", "reasoning", "seed:think", "analysis",
            "reflection", "ponder",
            "scratchpad", "xyzzy", "antml:thinking",
        )
    },
    "square": lambda text: f"[THINK]{text}[/THINK]",
    "worded": lambda text: f"[BEGIN REASONING]{text}[END REASONING]",
    "moon": lambda text: f"◁think▷{text}◁/think▷",
    "corners": lambda text: f"【think】{text}【/think】",
    "pipes": lambda text: f"<|begin_of_thought|>{text}<|end_of_thought|>",
    "shouted": lambda text: f"<|START_THINKING|>{text}<|END_THINKING|>",
    "channel": lambda text: f"<|channel|>analysis<|message|>{text}<|end|><|start|>assistant",
    "attributes": lambda text: f'<think budget="high">{text}</think>',
    "nested": lambda text: f"<think>one <plan>{text}</plan> two</think>",
    "round": lambda text: f"(thinking){text}(/thinking)",
    "without its beginning": lambda text: f"{text}</think>",
    "twice": lambda text: f"<think>{text}</think>\n<think>{text}</think>",
    "a word before": lambda text: f"Okay. <think>{text}</think>",
}  # fmt: skip

# How a draft stands among thoughts.
DRAFTS: dict[str, str] = {
    "bare": LONG,
    "in prose": f"Perhaps {LONG}? No, that is too much.",
    "in a fence": f"Let me try.\n```json\n{LONG}\n```\nToo much.",
    "cut": f"I begin: {LONG[:-30]} ... no",
    "cut in a string": f"I begin: {LONG[:-12]}",
    "empty": 'Is it {"facts": [], "preferences": []}? No.',
    "other brackets": 'The set {tea, coffee}, the list [1], f(x) = {x: [y]} and "quotes" {\'a',
}

# How the answer stands.
ANSWERS: dict[str, str] = {
    "bare": ANSWER,
    "pretty": PRETTY,
    "sloppy": SLOPPY,
    "fence": f"```json\n{ANSWER}\n```",
    "open fence": f"```json\n{ANSWER}",
    "introduced": f"Here is my response: {ANSWER}",
    "prose": f"Sure!\n\n{ANSWER}\n\nAnything else?",
    "tag": f"<answer>{ANSWER}</answer>",
    "open tag": f"<answer>\n{ANSWER}",
    "other tag": f"<facts_json>\n{ANSWER}\n</facts_json>",
    "channel": f"<|channel|>final<|message|>{ANSWER}<|return|>",
    "solution": f"<|begin_of_solution|>{ANSWER}<|end_of_solution|>",
    "end of sequence": f"{ANSWER}</s>",
}


def texts(answer: str) -> list[str]:
    """Return the facts in a complete answer."""
    found = parse_extraction(answer, turns=1)
    assert found.complete
    return [fact.text for fact in found.facts]


@pytest.mark.parametrize("thoughts", THOUGHTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_draft_among_thoughts_is_no_answer(thoughts: str, answer: str) -> None:
    for draft in DRAFTS.values():
        for gap in ("", "\n", "\n\n"):
            assert texts(THOUGHTS[thoughts](draft) + gap + ANSWERS[answer]) == ["Ana likes tea"], draft


@pytest.mark.parametrize("thoughts", sorted(set(THOUGHTS) - {"without its beginning", "channel"}))
@pytest.mark.parametrize("answer", sorted(set(ANSWERS) - {"open fence", "open tag"}))
def test_thoughts_after_the_answer_change_nothing(thoughts: str, answer: str) -> None:
    for name, draft in DRAFTS.items():
        if name.startswith("cut"):
            continue
        assert texts(f"{ANSWERS[answer]}\n{THOUGHTS[thoughts](draft)}") == ["Ana likes tea"], draft
        assert texts(f"{ANSWERS[answer]}\n<think>{draft}") == ["Ana likes tea"], draft


@pytest.mark.parametrize(
    "text",
    [
        f"A first try:\n{LONG}\n\nThat is too much. The answer:\n```json\n{ANSWER}\n```",
        f"```json\n{LONG}\n```\n\nShorter:\n\n```json\n{ANSWER}\n```",
        f"```json\n{LONG}\n```\n\n{ANSWER}",
        f"I could say {LONG}, but no. Here is my response: {ANSWER}",
        f"My thought process: {LONG}\n\nHere is my response:\n{ANSWER}",
        f"{LONG}\n{ANSWER}",
        f"### Draft\n{LONG}\n### Final\n{PRETTY}",
        f"{LONG[:-20]}\n\nLet me begin again.\n\n{ANSWER}",
        f"I'd say {{\"facts\": [\"tea... no. Answer: {ANSWER}",
        f"{ANSWER}\n\nHad there been nothing, {{\"facts\": []}} would be right.",
        f"{ANSWER}\n\nIf nothing were found I'd return {{\"facts\": []}}.",
        f"{ANSWER}\n\nThat is my final answer. (Not: {{\"facts\": []}})",
        f"The form is {{\"facts\": [...]}}, so:\n{ANSWER}",
        ANSWER.replace('"', "\u201d"),
        '{\u201cfacts\u201d: [{\u201ctext\u201d: \u201cAna likes tea\u201d}]}',
        '{"Facts": [{"Text": "Ana likes tea", "Turn": 0}]}',
        'Here: {"FACTS": ["Ana likes tea"]}',
        f'{{"facts": [{{"text": "...", "turn": 0, "kind": "..."}}]}}\n{ANSWER}',
        f"<conversation>\n{TURN}\n</conversation>\n{ANSWER}",
        f"Using <user> and List<String>: <think>{LONG}</think>\n<answer>{ANSWER}</answer>",
        f"{ANSWER}\n{ANSWER}\n{ANSWER[:20]}",
        f"The <user> said hi, and 3 <5.\n{ANSWER}",
        f"<thinking>{LONG}</think>{ANSWER}",
        f"```python\nfacts = {ANSWER}\n```",
        f"<think>a</think></think>{ANSWER}",
    ],
)  # fmt: skip
def test_the_last_complete_value_of_the_right_form_counts(text: str) -> None:
    assert texts(text) == ["Ana likes tea"]


INNER = REAL["facts"]
WRAPPED: dict[str, Any] = {
    "properties": {"type": "object", "properties": REAL},
    "a list": [REAL],
    "a name": {"response": REAL},
    "two names": {"status": "ok", "data": {"result": REAL}},
    "arguments": {"name": "facts", "arguments": REAL},
    "a string": {"name": "facts", "arguments": ANSWER},
    "tool calls": {"tool_calls": [{"type": "function", "function": {"name": "facts", "arguments": ANSWER}}]},
    "a message": {"role": "assistant", "content": ANSWER},
    "an echo": {"conversation": [{"turn": 0, "role": "user", "text": "I like tea"}], **REAL},
    "beside thoughts": {"thoughts": "perhaps nothing", **REAL},
    "after a draft": {"draft": DRAFT, "final": REAL},
    "schema": {"facts": {"type": "array", "items": INNER}},
    "two parts": [{"facts": INNER[:1]}, {"facts": []}],
    "encoded twice": ANSWER,
}  # fmt: skip


@pytest.mark.parametrize("form", WRAPPED)
def test_an_answer_may_be_wrapped(form: str) -> None:
    wrapped = json.dumps(WRAPPED[form])
    for text in (wrapped, f"```json\n{wrapped}\n```", f"<think>{LONG}</think>{wrapped}"):
        if form == "encoded twice" and text is not wrapped:
            continue
        assert texts(text) == ["Ana likes tea"]


def test_parts_of_a_list_are_all_read() -> None:
    assert texts('[{"facts": ["a"]}, {"facts": ["b"], "preferences": []}]') == ["a", "b"]
    assert texts('1. {"text": "a"}\n2. {"text": "b"}') == ["a", "b"]


NOTHING = '{"facts": [], "preferences": []}'


@pytest.mark.parametrize(
    "text",
    [
        NOTHING,
        '{"facts": []}',
        "[]",
        "```json\n[]\n```",
        f"```\n{NOTHING}\n```",
        f"There is nothing to keep:\n{NOTHING}",
        "<think>Small talk only.</think>\n[]",
        f"<think>{LONG}</think>\n{NOTHING}",
        f"<answer>{NOTHING}</answer>",
        json.dumps({"properties": json.loads(NOTHING)}),
    ],
)
def test_nothing_to_remember_is_said_in_so_many_words(text: str) -> None:
    assert texts(text) == []


_TEXT: dict[str, Any] = {"text": {"type": "string"}, "kind": {"type": "string", "enum": ["fact"]}}
SCHEMA_BACK = {
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "items": {"type": "object", "properties": _TEXT, "required": ["text", "kind"]},
        }
    },
    "required": ["facts"],
}


@pytest.mark.parametrize(
    "text",
    [
        "<html>{}</html>",
        "<html><body>[]</body></html>",
        "<!DOCTYPE html><html><head><style>a{b:c} d{}</style></head><body><h1>Bad Gateway</h1></body></html>",
        "I found [] facts",
        "I found [] facts.",
        "Here is an empty object {} for you",
        "{}",
        "[{}]",
        "[[]]",
        "null",
        '""',
        "[] or {}",
        '{"errors": []}',
        '{"errors": ["the model is overloaded"]}',
        '{"error": {"message": "overloaded", "type": "server_error"}}',
        '{"facts": [], "error": "overloaded"}',
        '{"error": {"message": "busy"}, "facts": []}',
        '{"data": []}',
        '{"items": []}',
        '{"facts": {}}',
        '{"facts": null}',
        '{"facts": false}',
        '{"facts": ""}',
        '{"facts": [""]}',
        '{"facts": [{}]}',
        '{"facts": "none"}',
        '{"preferences": []}',
        '{"facts": {"type": "array", "items": []}}',
        'As asked, {"facts": []} is for when there is nothing, but here is something.',
        json.dumps(SCHEMA_BACK),
        f"The schema is {json.dumps(SCHEMA_BACK)}.",
        TURN,
        # Nothing but thoughts.
        f"<think>{LONG}</think>",
        f"<think>Perhaps {LONG}?</think>",
        f"<xyzzy>Perhaps {LONG}?</xyzzy>\n",
    ],
)
def test_anything_else_with_brackets_is_no_answer(text: str) -> None:
    with pytest.raises(ParseError):
        parse_extraction(text, turns=1)


@pytest.mark.parametrize(
    "opening",
    [
        "<think>",
        "<THINKING>",
        "[THINK]",
        "◁think▷",
        "<ponder>",
        "<|begin_of_thought|>",
        "<|channel|>analysis<|message|>",
        "Okay. <think>",
        "<think>a</think> Hm. <think>",
    ],
)
@pytest.mark.parametrize("draft", DRAFTS)
def test_thoughts_that_never_end_hold_no_answer(opening: str, draft: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_extraction(f"{opening}{DRAFTS[draft]}", turns=1)
    assert caught.value.cut


@pytest.mark.parametrize("before", ["", "Sure: ", f"<think>{LONG}</think>\n", f"A draft: {LONG}\nBetter:\n"])
def test_a_cut_answer_says_so(before: str) -> None:
    text = json.dumps({"facts": [{"text": "Ana likes tea"}, {"text": "Ana has a dog"}]})
    found = parse_extraction(before + text[:-10], turns=1)
    assert ([fact.text for fact in found.facts], found.complete) == (["Ana likes tea"], False)
    with pytest.raises(ParseError) as caught:
        parse_extraction(text[:20], turns=1)
    assert caught.value.cut


@pytest.mark.parametrize("thoughts", THOUGHTS)
def test_every_kind_of_answer_is_read_after_thoughts(thoughts: str) -> None:
    decisions = {"decisions": [{"fact": 0, "action": "NONE", "target": "M1"}]}
    draft = {"decisions": [{"fact": 0, "action": "DELETE", "target": "M1", "text": "so long"}] * 3}
    text = THOUGHTS[thoughts](json.dumps(draft)) + json.dumps(decisions)
    (decided,) = parse_decisions(text, facts=["Ana likes tea"], memories={"M1": "Ana likes tea"}).items
    assert decided.action == "NONE"
    segments = THOUGHTS[thoughts]('{"segments": [{"turns": [0]}, {"turns": [1]}, {"turns": [2]}]}')
    assert parse_segments(segments + '{"segments": [{"turns": [0, 1, 2]}]}', turns=3).groups == [[0, 1, 2]]
    ranking = THOUGHTS[thoughts]('{"ranking": [{"alias": "M1", "score": 5}, {"alias": "M2", "score": 90}]}')
    text = ranking + '{"ranking": [{"alias": "M1", "score": 70}]}'
    assert parse_ranking(text, aliases=["M1", "M2"]) == {"M1": 0.7}
