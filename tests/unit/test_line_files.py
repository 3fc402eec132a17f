"""Reading and writing files line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from powermem._core.transfer.files import LineReader, LineWriter


def test_a_file_is_read_in_large_pieces(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    writer = LineWriter(path)
    writer.write(f"{number} {'x' * 1000}" for number in range(1000))
    writer.finish()
    pieces = 0
    with LineReader(path) as reader:
        raw: Any = reader._file
        place = -1
        for number in range(1000):
            assert reader.take(1) == [(number + 1, f"{number} {'x' * 1000}")]
            if raw.raw.tell() != place:
                place = raw.raw.tell()
                pieces += 1
    assert pieces == 4
