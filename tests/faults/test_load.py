"""A load that is killed goes on where it stopped: nothing is lost, nothing stored twice."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from tests.faults.child import loaded
from tests.faults.database import check_database, rows
from tests.faults.processes import Process

COUNT = 400


@pytest.mark.parametrize(("seed", "colour"), [(1, "sync"), (2, "async")])
def test_a_killed_load_resumes(path: Path, config: dict[str, Any], seed: int, colour: str) -> None:
    chance = random.Random(seed)
    checkpoint = path.with_suffix(".json")
    arguments = {"config": config, "count": COUNT, "checkpoint": str(checkpoint), "colour": colour}
    killed = 0
    for _ in range(4):
        until = chance.randrange(20, COUNT // 2)
        with Process("load", **arguments) as process:
            told = process.hears()
            while "errors" not in told and told["added"] < until:
                told = process.hears()
            process.kill()
        killed += "errors" not in told
    assert killed, "every load was over before it could be killed"
    with Process("load", **arguments) as process:
        result = process.finish()[-1]
    assert result["added"] + result["skipped"] == COUNT
    assert result["errors"] == []
    check_database(path)
    # Each text came in once, as evidence and as facts.
    turns = [content for (content,) in rows(path, "SELECT content FROM memories_turns")]
    assert sorted(turns) == sorted(loaded(number) for number in range(COUNT))
    facts = rows(path, "SELECT memory FROM memories_records")
    assert len(facts) == len(set(facts)) == 3 * COUNT
    with Memory(config) as memory:
        assert memory.count() == 3 * COUNT
