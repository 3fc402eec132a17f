"""A process that is killed while it writes loses nothing that it was told is stored."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from tests.faults.database import check_database
from tests.faults.processes import Process


@pytest.mark.parametrize(("seed", "colour"), [(1, "sync"), (2, "async"), (3, "sync"), (4, "async")])
def test_no_acknowledged_write_is_lost(path: Path, config: dict[str, Any], seed: int, colour: str) -> None:
    acknowledged = random.Random(seed).randrange(50, 400)
    print(f"seed {seed}, killed after {acknowledged} acknowledgements")
    with Process("add_forever", config=config, seed=seed, colour=colour) as process:
        told = [process.hears() for _ in range(acknowledged)]
        process.kill()
        told += process.rest()
    texts: dict[int, str | None] = {}
    for _event, memory_id, text in told:
        texts[memory_id] = text
    with Memory(config) as memory:
        for memory_id, text in texts.items():
            kept = memory.get(memory_id)
            if kept is not None and text is not None:
                # A change that was under way when the process was killed may have been made.
                assert kept["memory"] in (text, f"{text}, corrected")
                (hit, *_) = memory.search(kept["memory"], user_id=kept["user_id"], limit=1)["results"]
                assert hit["id"] == memory_id
            elif text is not None:
                assert [entry["event"] for entry in memory.history(memory_id)] == ["ADD", "DELETE"]
            else:
                assert kept is None
        # What was under way: at most one write of each of the eight writers.
        assert abs(memory.count() - sum(text is not None for text in texts.values())) <= 8
        listed = memory.get_all(limit=10_000)["results"]
        assert len({item["memory"] for item in listed}) == len(listed)
        check_database(path)
        # And it goes on.
        memory.add("I like tea", user_id="u", infer=False)
    check_database(path)


def test_a_process_killed_while_it_makes_the_database_does_no_harm(
    path: Path, config: dict[str, Any]
) -> None:
    with Process("serve", config=config) as process:
        while not path.exists():
            process.check()
        process.kill()
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u", infer=False)
    check_database(path)
