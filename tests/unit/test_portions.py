"""Dividing what is too much for one request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.messages.portions import Portion, halve
from powermem._core.values import Message


def halved(portion: Portion) -> tuple[Portion, Portion]:
    halves = portion.halves()
    assert halves is not None
    return halves


def halves_of(text: str) -> tuple[str, str]:
    halves = halve(text)
    assert halves is not None
    return halves


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two.", ("One.", "Two.")),
        ("One thing. And two. And three things. Four!", ("One thing. And two.", "And three things. Four!")),
        (
            "A first\nline. With two.\n\nA second paragraph.",
            ("A first\nline. With two.", "A second paragraph."),
        ),
        ("我住在成都。我有一只猫。", ("我住在成都。", "我有一只猫。")),
        ("one sentence without an end", None),
        ("", None),
        ("   ", None),
    ],
)
def test_a_text_is_divided_where_it_pauses(text, parts):
    assert halve(text) == parts


@pytest.mark.parametrize("text", ["word " * 200, "x" * 1000, "字" * 500])
def test_a_long_text_without_a_pause_is_divided_anyway(text):
    first, second = halves_of(text)
    assert "".join(first + second).replace(" ", "") == text.replace(" ", "")
    assert abs(len(first) - len(second)) <= 6


words = st.text(alphabet="ab .!\n。字", max_size=600)


@given(st.lists(words, min_size=1, max_size=12))
def test_halves_hold_everything_and_come_to_an_end(texts):
    waiting, leaves = [Portion.of([Message("user", text) for text in texts])], []
    while waiting:
        portion = waiting.pop(0)
        halves = portion.halves()
        if halves is None:
            leaves.append(portion)
        else:
            waiting[:0] = halves
    said = "".join(message.content for leaf in leaves for message in leaf.messages)
    assert "".join(said.split()) == "".join("".join(texts).split())
    assert [number for leaf in leaves for number in leaf.numbers] == sorted(
        number for leaf in leaves for number in leaf.numbers
    )
    assert {number for leaf in leaves for number in leaf.numbers} == set(range(len(texts)))


def test_a_long_message_does_not_share_a_half():
    long = Message("user", "word " * 500)
    short = Message("user", "tea")
    first, second = halved(Portion.of([short, short, long]))
    assert (first.numbers, second.numbers) == ((0, 1), (2,))
    first, second = halved(Portion.of([long, short, short]))
    assert (first.numbers, second.numbers) == ((0,), (1, 2))
