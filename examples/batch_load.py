"""Load a file of conversations as a JSON configuration says; started again, it goes on where it stopped.

    python batch_load.py [CONFIG]

The configuration, ``batch_load.json`` beside this script by default, has two sections: ``memory``, which is
what ``Memory`` takes, and ``load``: the file with one item a line (``input``), the ``checkpoint``, and
``concurrency``, ``batch_size``, ``rate_limit`` and ``defaults`` as ``add_many`` has them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powermem import Memory
from powermem.types import ProgressRecord

HERE = Path(__file__).parent


def read(path: Path) -> Iterator[Any]:
    """Yield the items of a file, one at a time, so that its size does not matter."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def show(counts: ProgressRecord) -> None:
    total = f" of {counts['total']}" if counts["total"] else ""
    rate = f"{counts['rate']:.0f} a second"
    print(f"{counts['done']}{total} done, {counts.get('failed', 0)} failed, {rate}", file=sys.stderr)


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "batch_load.json"
    config = json.loads(path.read_text("utf-8"))
    load = config["load"]
    checkpoint = Path(load["checkpoint"])
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with Memory(config["memory"]) as memory:
        result = memory.add_many(
            # A relative path is looked up beside the configuration.
            read(path.parent / load["input"]),
            concurrency=load.get("concurrency", 16),
            batch_size=load.get("batch_size", 64),
            rate_limit=load.get("rate_limit"),
            checkpoint=checkpoint,
            on_progress=show if sys.stderr.isatty() else None,
            **load.get("defaults", {}),
        )
        print(f"{result['added']} added, {result['skipped']} done before, {result['failed']} failed")
        for error in result["errors"]:
            print(f"line {error['index'] + 1}: {error['error']}")
        print(f"{memory.count()} memories of {len(memory.users())} users")
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
