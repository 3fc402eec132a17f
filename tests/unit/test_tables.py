"""Results as tables: which are recognised, and what is shown of them."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem import RecalledFact, types
from powermem._core.results.tables import LONGEST, MOST_ROWS, Table, as_html, as_text, tables_of

RECORD: dict[str, Any] = {
    **dict.fromkeys(get_type_hints(types.MemoryRecord), None), "id": 1, "memory": "Likes tea",
    "valid_from": "2026-05-01T10:00:00+00:00", "metadata": {}, "tags": [], "categories": [],
}  # fmt: skip
HIT = {**RECORD, "score": 0.75}
EVENT = {
    "id": 1, "memory": "Likes tea", "event": "ADD", "user_id": None, "agent_id": None, "run_id": None,
    "metadata": {}, "created_at": "2026-05-01T10:00:00+00:00",
}  # fmt: skip
USAGE = {
    "llm_calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "embedded_texts": 1, "facts_left_out": 0,
    "seconds": 0.5,
}  # fmt: skip
ADDED = {"results": [EVENT], "status": "completed", "task_id": "1", "usage": USAGE, "extractor": "rules"}


@pytest.mark.parametrize(
    ("result", "caption", "rows"),
    [
        ({"results": [HIT]}, "1 found, best first", [(0.75, "Likes tea", "2026-05-01 10:00")]),
        ({"results": [], "warnings": ["no reranker"]}, "nothing found", []),
        ({"results": [RECORD], "total": 7}, "1 of 7 memories", [("Likes tea", "2026-05-01 10:00")]),
        (ADDED, "1 change, completed, by rules, calls of models: 0, 0.50 s", [("ADD", "Likes tea")]),
        ([HIT, {**HIT, "around": []}], "SearchHit: 2", [(0.75, "Likes tea", "2026-05-01 10:00")] * 2),
        (
            [RecalledFact(1, "tea", 0.5, "2026-05-01T10:00")],
            "FactRecord: 1",
            [(0.5, "tea", "2026-05-01 10:00")],
        ),
        (
            {"reembedded": 3, "embedder": "x", "seconds": 1.5},
            "ReembedResult",
            [("reembedded", "3"), ("embedder", "x"), ("seconds", "1.5")],
        ),
    ],
)
def test_a_result_is_shown_by_its_shape(result: object, caption: str, rows: list[tuple[Any, ...]]) -> None:
    (table,) = tables_of(result)
    assert (table.caption, [*table.rows]) == (caption, rows)


def test_many_searches_are_many_tables() -> None:
    assert [table.caption for table in tables_of([{"results": [HIT]}, {"results": []}])] == [
        "1 found, best first",
        "nothing found",
    ]


@pytest.mark.parametrize(
    "other",
    [{}, [], {"a": 1}, {"results": [{"a": 1}]}, [1], [HIT, {"a": 1}], "text", None, {1: 2}, [RECORD, ADDED]],
)
def test_what_is_no_result_is_left_alone(other: object) -> None:
    assert tables_of(other) == []


def test_every_shape_that_comes_in_lists_has_its_columns() -> None:
    for name in (
        "SearchHit",
        "MemoryRecord",
        "HistoryRecord",
        "TurnRecord",
        "PreferenceRecord",
        "TaskRecord",
    ):
        record = dict.fromkeys(getattr(types, name).__required_keys__, "x")
        (table,) = tables_of([record])
        assert table.caption == f"{name}: 1"
        assert len(table.columns) > 2


def test_many_rows_are_counted_and_long_texts_cut() -> None:
    (table,) = tables_of({"results": [{**HIT, "memory": "x" * 1000}] * (MOST_ROWS + 5)})
    assert len(table.rows) == MOST_ROWS
    assert table.below == ("and 5 more",)
    assert table.rows[0][1] == "x" * LONGEST + "…"


@given(st.text(), st.text(), st.text())
def test_no_text_of_a_result_is_read_as_html(caption: str, cell: str, below: str) -> None:
    from html.parser import HTMLParser

    shown: list[str] = []
    tags: set[str] = set()

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            shown.append(data)

        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.add(tag)

    reader = Reader()
    reader.feed(as_html([Table(caption, (cell, "b"), ((cell, 0.5),), (below,))]))
    reader.close()
    assert "".join(shown) == f"{caption}{cell}b{cell}0.50{below}"
    assert tags <= {"div", "table", "thead", "tbody", "tr", "th", "td", "em"}


def test_lines_are_for_a_terminal() -> None:
    assert as_text(tables_of({"results": [{**HIT, "memory": "two\nlines"}]})) == (
        "1 found, best first\n  0.75  two lines  2026-05-01 10:00"
    )
