"""A process that forks: each half needs a memory of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.database import check_database, rows
from tests.faults.processes import Process

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def test_a_memory_carried_over_a_fork_is_refused(path: Path, config: dict[str, Any]) -> None:
    with Process("use_after_fork", config=config) as process:
        told = process.finish()
    refused = [answer for answer in told if answer[0] == "child"]
    assert [answer[1] for answer in refused] == ["ClosedError", "ClosedError"]
    assert all("forked" in answer[2] and "each process" in answer[2] for answer in refused)
    # A memory made in the child works, and the parent's goes on.
    assert ["own", 2] in told
    assert ["parent", 3] in told
    assert rows(path, "SELECT memory FROM memories_records ORDER BY id") == [
        ("I like tea",),
        ("I like coffee",),
        ("I like milk",),
    ]
    check_database(path)


def test_a_child_of_a_process_that_writes_has_a_memory_of_its_own(path: Path, config: dict[str, Any]) -> None:
    with Process("use_in_a_child_of_a_writer", config=config, children=6) as process:
        *ends, stored = process.finish(quiet=False)
    assert ends == [[number, 0] for number in range(6)]
    found = {text for (text,) in rows(path, "SELECT memory FROM memories_records")}
    assert found == {*stored, *(f"Note of child {number}" for number in range(6))}
    check_database(path)


_OPENING = """
import os, sys, threading
from powermem import Memory
from powermem._core import forks
forks._PATIENCE = 60.0
def add(name):
    store = {"provider": "sqlite", "config": {"database_path": os.path.join(sys.argv[1], name)}}
    config = {"vector_store": store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u")
for number in range(8):
    opening = threading.Thread(target=add, args=(f"parent{number}.db",))
    opening.start()
    child = os.fork()
    if child == 0:
        add(f"child{number}.db")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    opening.join()
"""


def test_a_fork_while_another_thread_opens_a_memory_harms_neither(tmp_path: Path) -> None:
    code = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _OPENING, str(tmp_path)]
    subprocess.run(code, check=True, timeout=120)
    for number in range(8):
        for process in ("parent", "child"):
            found = rows(tmp_path / f"{process}{number}.db", "SELECT memory FROM memories_records")
            assert found == [("I like tea",)]


def test_importing_and_constructing_write_nothing(tmp_path: Path) -> None:
    code = (
        "import powermem\n"
        "for kind in (powermem.Memory, powermem.AsyncMemory):\n"
        "    kind({'embedder': {'provider': 'mock'}, 'llm': {'provider': 'none'}})\n"
        "    kind()\n"
    )
    before = set(tmp_path.iterdir())
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    if not Path(os.environ.get("PYTHONPATH", "/")).is_absolute():
        environment["PYTHONPATH"] = str(Path(os.environ["PYTHONPATH"]).resolve())
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert set(tmp_path.iterdir()) == before
