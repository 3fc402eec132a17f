# Generated from tests/_async/test_reporting.py by scripts/run_unasync.py; edit that file instead.
"""Reading what a report shows, on every store."""

from __future__ import annotations

import io
from typing import Any

import pytest

from powermem import Memory
from powermem._core.values import Scope
from powermem._sync.bulk import reporting
from powermem._sync.bulk.reporting import Reporter

pytestmark = pytest.mark.stores


def report(memory: Memory, latest: int, *scope: str | None) -> tuple[dict[str, int], str]:
    components = memory._access.open(any_vectors=True)
    target = io.StringIO()
    counts = Reporter(components.store, Scope(*scope), latest).write(target)
    return counts, target.getvalue()


def test_a_report_has_what_took_the_place_of_what(memory: Memory) -> None:
    for city in ("Rome", "Paris"):
        memory.add(f"I live in {city}.", user_id="ana", agent_id="guide")
    memory.add("I live in Oslo.", user_id="ben")
    counts, html = report(memory, 10, "ana", "guide", None)
    assert counts == {"memories": 2, "shown": 2}
    assert html.count("<article") == 2
    assert html.count("Took the place of") == html.count("its place was taken by") == 1
    assert "Oslo" not in html


def test_memories_are_read_batch_by_batch(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "_BATCH", 3)
    for number in range(10):
        memory.add(f"Note {number}", user_id="ana", infer=False)
    components = memory._access.open(any_vectors=True)
    sizes = []
    scan = components.store.scan

    def counted(*arguments: Any, **options: Any) -> Any:
        found = scan(*arguments, **options)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(components.store, "scan", counted)
    counts, html = report(memory, 8, "ana", None, None)
    assert counts == {"memories": 10, "shown": 8}
    # One pass to count, then the latest in batches.
    assert sizes == [10, 0, 3, 3, 2]
    at = [html.index(f">Note {number}<") for number in range(9, 1, -1)]
    assert at == sorted(at)
    assert ">Note 1<" not in html
