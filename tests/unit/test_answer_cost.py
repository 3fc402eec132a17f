"""Reading an answer costs in proportion to its length, whatever a looping model writes."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest

from powermem._core.parsing import answer
from powermem._core.parsing.answer import ParseError
from powermem._core.parsing.decisions import parse_decisions
from powermem._core.parsing.facts import parse_extraction
from powermem._core.parsing.scanner import Scanner
from powermem._core.parsing.segments import parse_segments

pytestmark = pytest.mark.slow

PIECES = [
    "{", "[", "}", "]", '"', "'", ",", "\\", "{}", "[]", "[[", "[1,", "{ ", '{"a":[', '["', '[" ', '["a" ',
    '{"/*', "{/*", "{/**/", "{//", "/*", "'\",\"'", '","', '","a":"', '{"a":"\\', '{"x": "a" ,',
    '{"facts": ["', '{"facts": [', "```", "```json\n{", "<think>", "</think>", "<think></think>\n",
    "<think>{", "<a>{}</a>", "<a>{'", "[THINK]", "[/THINK]{", "(a)(/a)", "<|channel|>a<|message|>{",
    "<|channel|>", '{"text": "a"}\n', '{"text": "a"', '{"facts": []}\n', '<a>{"facts": []}</a>',
    '{"facts": ["a"]} x ', "{'facts': ['a']} ", '"\\ud83d', "{1:", "[1e", "{a:{", "                    {",
    '{"a": tru', '"{\\"facts\\": [', '{"a": "w,w,w,w,w,w,w,w,w,', "[x]", "<x {",
]  # fmt: skip
READERS = [
    lambda text: parse_extraction(text, turns=1),
    lambda text: parse_decisions(text, facts=["a"], memories={"M1": "a"}),
    lambda text: parse_segments(text, turns=1),
]


def calls(text: str, read: Any) -> int:
    """Count the calls that reading a text makes, of functions in Python and in C."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        with suppress(ParseError):
            read(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", PIECES)
def test_calls_grow_with_the_length_and_not_with_its_square(piece: str) -> None:
    for head in ("", '{"facts": ["'):
        few, many = (calls(head + piece * (size // len(piece)), READERS[0]) for size in (1_000, 8_000))
        assert many <= 12 * few + 2_000
        assert many <= 40 * 8_000


@pytest.mark.parametrize("piece", PIECES)
def test_characters_are_matched_a_few_times(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    matched = 0

    class Counted:
        def sub(self, by: str, text: str) -> str:
            nonlocal matched
            matched += len(text)
            return pattern.sub(by, text)

    pattern = answer._MARK
    monkeypatch.setattr(answer, "_MARK", Counted())
    for wrapped in (piece * (60_000 // len(piece)), f"<a>{piece * (60_000 // len(piece))}</a>"):
        with suppress(ParseError):
            parse_extraction(wrapped, turns=1)
    assert matched <= 10 * 60_000


@pytest.mark.parametrize("piece", PIECES)
def test_characters_are_gone_over_a_few_times(piece: str) -> None:
    for head in ("", '{"facts": ["'):
        text = head + piece * (130_000 // len(piece))
        assert Scanner(text).scan(lambda value: False).visited <= 16 * len(text) + 20_000


@pytest.mark.parametrize("read", READERS[1:])
def test_other_answers_cost_no_more(read: Any) -> None:
    for piece in ('{"a":[', '","', '<a>{"facts": []}</a>'):
        few, many = (calls(piece * (size // len(piece)), read) for size in (1_000, 8_000))
        assert many <= 12 * few + 2_000
