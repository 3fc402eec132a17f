"""The entry with which a history begins is the same wherever it is derived, and is never there twice."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.changes.history import derived_addition, in_order, whole_history, without_derived
from powermem._core.changes.writes import Change, Delete, DeleteWhere
from powermem._core.sql.steps import Query, Statement, Statements, Steps
from powermem._core.values import HistoryEntry, Row, Scope
from powermem._sqlite import engine as engines
from powermem._sqlite.steps import run
from tests.support.additions import ANA, memory_of

# The id of a memory may be larger than those of its changes: it may come from another library.
_OURS, _FOREIGN = 1_000, (1 << 63) - 1


def _row(memory_id: int, text: str) -> Row:
    return Row(memory_id, Scope("u"), text, "hash", actor_id="ana", created_at=5, updated_at=9)


def _changes(memory_id: int, texts: list[str]) -> list[HistoryEntry]:
    return [
        HistoryEntry(memory_id, "UPDATE", old, new, "ana", 6 + n, 2_000 + n)
        for n, (old, new) in enumerate(pairwise(texts))
    ]


@given(
    texts=st.lists(st.text(), min_size=1, max_size=4),
    memory_id=st.sampled_from([_OURS, _FOREIGN]),
    data=st.data(),
)
def test_a_history_begins_with_the_first_text(texts: list[str], memory_id: int, data: st.DataObject) -> None:
    row, changes = _row(memory_id, texts[-1]), _changes(memory_id, texts)
    history = whole_history(row, data.draw(st.permutations(changes)))
    assert [entry.new_memory for entry in history] == texts
    first = history[0]
    assert first == HistoryEntry(memory_id, "ADD", None, texts[0], "ana", 5, memory_id)
    # Once it is stored, nothing is derived, and nothing changes.
    assert derived_addition(row, history) is None
    assert whole_history(row, data.draw(st.permutations(history))) == history
    # Whatever comes back from an export is stored without it.
    assert without_derived(row, data.draw(st.permutations(history))) != history
    assert in_order(without_derived(row, history)) == changes


@pytest.mark.parametrize("entry_id", [7, 3_000])
@pytest.mark.parametrize("texts", [["a"], ["a", "b"]])
def test_an_addition_that_was_stored_with_an_id_of_its_own_stays(entry_id: int, texts: list[str]) -> None:
    row = _row(_OURS, texts[-1])
    former = replace(whole_history(row, _changes(_OURS, texts))[0], id=entry_id)
    history = [former, *_changes(_OURS, texts)]
    assert sorted(whole_history(row, history), key=str) == sorted(history, key=str)
    assert without_derived(row, history) == history


@pytest.mark.parametrize("change", [{"created_at": 4}, {"actor": None}, {"new_memory": "other"}])
def test_an_addition_that_says_something_else_is_stored(change: dict[str, object]) -> None:
    row = _row(_OURS, "text")
    (addition,) = whole_history(row, [])
    other = replace(addition, **change)
    assert without_derived(row, [other]) == [other]
    assert without_derived(row, []) == []


def _statements(
    engine: engines.Engine, changes: list[Change], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, int]]:
    """Apply changes; return the statements about histories, each with the number of its rows."""
    found: list[tuple[str, int]] = []

    def watched(steps: Steps[Any]) -> Generator[Query | Statement | Statements, Any, Any]:
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                return end.value
            if "memories_history" in step.sql:
                found.append((step.sql[:6], len(step.rows) if isinstance(step, Statements) else 1))
            answer = yield step

    with monkeypatch.context() as patch:
        patch.setattr(engines, "run", lambda connection, steps: run(connection, watched(steps)))
        engine.apply([changes])
    return found


def test_histories_cost_nothing_before_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(engines.Engine(":memory:", "memories")) as engine:
        engine.open()
        memories = [memory_of(f"note {n}") for n in range(1001)]
        assert _statements(engine, [*memories], monkeypatch) == []
        last = memories.pop()
        assert _statements(engine, [Delete(last.row.id, 0)], monkeypatch) == [
            ("SELECT", 1), ("INSERT", 1), ("INSERT", 1),
        ]  # fmt: skip
        # SQLite takes up to 900 ids in a statement.
        assert _statements(engine, [DeleteWhere(ANA, None, 0)], monkeypatch) == [
            ("SELECT", 1), ("SELECT", 1), ("INSERT", 1000), ("INSERT", 1000),
        ]  # fmt: skip
