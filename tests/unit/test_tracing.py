"""Where nobody wants spans there are none, and they cost nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import powermem
from powermem._core.tracing import annotate, span

USE = """
import sys
from powermem import Memory
sections = {"vector_store": {"config": {"database_path": ":memory:"}}, "embedder": {"provider": "mock"}}
with Memory(sections) as memory:
    memory.add("I keep bees", user_id="alice")
    memory.search("bees", user_id="alice")
print([name for name in sys.modules if name.startswith("opentelemetry") and sys.modules[name]])
"""


@pytest.mark.parametrize("before", ["", "import sys; sys.modules['opentelemetry'] = None"])
def test_nothing_is_imported(before: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{USE}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(powermem.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_without_a_provider_nothing_is_begun() -> None:
    trace = pytest.importorskip("opentelemetry.trace")
    with span("powermem.add", {"powermem.messages": 1}):
        annotate({"powermem.results": 1})
        assert not trace.get_current_span().get_span_context().is_valid


def test_a_package_that_is_being_imported_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", type(sys)("opentelemetry.trace"))
    with span("powermem.add", {}):
        annotate({"powermem.results": 1})
