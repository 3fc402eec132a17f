"""What an expression finds, its cheap test must let through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powermem._core.grounding import evidence, ground, words
from powermem._core.parsing import decisions
from powermem._core.patterns import Pattern
from powermem._core.prompts import quoting
from powermem._core.rules import sentences
from powermem._core.text.prefilter import Prefilter


@pytest.mark.parametrize(
    ("pattern", "prefilter"),
    [
        pytest.param(decisions._FORGET, decisions._MAY_ASK_TO_FORGET, id="forget"),
        pytest.param(evidence._FIRST, evidence._MAY_BE_FIRST, id="first"),
        pytest.param(evidence._SECOND, evidence._MAY_BE_SECOND, id="second"),
        pytest.param(ground._PERSON, ground._MAY_BE_PERSON, id="person"),
    ],
)
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(data=st.data())
def test_it_allows_all_that_the_expression_finds(
    pattern: Pattern, prefilter: Prefilter, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(re.compile(pattern.pattern, pattern.flags)))
    for written in (text, text.upper()):
        assert prefilter.allows(written) or not pattern.search(written)


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        pytest.param(words._DATE, words._IN_DATES, id="date"),
        pytest.param(sentences._END, sentences._MAY_END, id="end"),
    ],
)
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(data=st.data())
def test_it_has_one_of_the_signs_of_what_the_expression_finds(
    pattern: Pattern, first: Pattern, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(re.compile(pattern.pattern, pattern.flags)))
    assert first.search(text)


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.text(alphabet=".!?…؟。！； \u0e19\u0e30\u0e04ครับคะ'\")」ab😀🎉\u0964", max_size=24))
def test_ends_are_found_where_the_expression_finds_them(line: str) -> None:
    found = [match.span() for match in sentences._possible_ends(line)]
    assert found == [match.span() for match in sentences._END.finditer(line)]


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.text(alphabet="<>&a#\x7f\u200b;\u3008lt", max_size=12))
def test_sealing_finds_the_same_signs(text: str) -> None:
    assert quoting.seal(text) == quoting._SPECIAL.sub(quoting._escaped, text)


def test_letters_that_count_as_equal() -> None:
    prefilter = Prefilter("kis", "sit")
    assert prefilter.allows("K\u0130\u017f")
    assert prefilter.allows("\u017f\u0131T!")
    assert not prefilter.allows("transition")
    assert not prefilter.allows("")
