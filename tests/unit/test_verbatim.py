"""Messages stored word for word: as the facts that they would be, only made faster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermem._core.changes.reconcile import Candidate, NewMemories, add
from powermem._core.changes.verbatim import index_short, word_for_word
from powermem._core.ids import new_id
from powermem._core.tasks.buffering import new_turn
from powermem._core.text.indexing import index
from powermem._core.values import Fact, Message, Scope

AT = 1_700_000_000_000_000
PLAIN = NewMemories(Scope("ana"), AT, utc_offset=3600)
FULL = NewMemories(Scope("ana", "bot", "r1"), AT, {"k": 1}, "note", "Ana", AT + 5, -7200)


@pytest.mark.parametrize("new", [PLAIN, FULL])
@pytest.mark.parametrize(
    "message",
    [
        Message("user", "I like tea."),
        Message("assistant", "Noted."),
        Message("user", "Is it far?", "Ben", AT - 10, utc_offset=-3600),
        Message("system", "Be brief.", None, 0),
        Message("tool", "42", "calculator", AT + 1),
    ],
)
def test_they_become_what_a_fact_without_rating_becomes(new: NewMemories, message: Message) -> None:
    turns, memories = word_for_word([(new, [message, message]), (PLAIN, [message])], iter(new_id.several(6)))
    for whose, turn, memory in zip((new, new, PLAIN), turns, memories, strict=True):
        assert turn == replace(new_turn(message, whose.scope, whose.at), id=turn.id)
        fact = Candidate(Fact(message.content, kind=None, importance=None), message, (turn.id,))
        expected = add(whose, fact)
        expected.row.id = memory.row.id
        assert memory == expected
    assert len({turn.id for turn in turns} | {memory.row.id for memory in memories}) == 6


@pytest.mark.parametrize(("length", "indexed"), [(10, True), (2000, False)])
def test_only_short_texts_are_indexed_at_once(length: int, indexed: bool) -> None:
    _, memories = word_for_word([(PLAIN, [Message("user", "tea " * (length // 4))])], iter([1, 2]))
    index_short(memories)
    assert memories[0].words == (index(memories[0].row) if indexed else None)
