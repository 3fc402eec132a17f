# Generated from tests/_async/test_import_bytes.py by scripts/run_unasync.py; edit that file instead.
"""Files in other encodings, compressed, cut short, or of another kind are read rightly or refused."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem.errors import InvalidInputError

CONFIG: dict[str, Any] = {
    "vector_store": {"config": {"database_path": ":memory:"}},
    "llm": {"provider": "none"},
    "embedder": {"provider": "none"},
}
TEXTS = ["Café crème", "I like tea", "我喜欢茶"]


def exported() -> str:
    file = io.StringIO()
    with Memory(CONFIG) as memory:
        for text in TEXTS:
            memory.add(text, user_id="u", infer=False)
        memory.export_memories(file)
    return file.getvalue()


def imported(source: Any) -> list[str]:
    with Memory(CONFIG) as memory:
        try:
            result = memory.import_memories(source)
        finally:
            kept = [item["memory"] for item in (memory.get_all())["results"]]
            assert not any("\ufffd" in text for text in kept)
        assert result["failed"] == 0
        return sorted(kept)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-32"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-32", "crlf", "no last line end", "gzip", "gzip utf-16"],
)
@pytest.mark.parametrize("name", ["export.jsonl", "export.jsonl.gz"])
def test_what_can_be_told_is_read(tmp_path: Path, written: Any, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(written(exported()))
    assert imported(path) == sorted(TEXTS)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lambda text: text.encode("gb18030"), r"line \d is not UTF-8 text \(byte 0x"),
        (lambda text: text.replace("我喜欢茶", "x").encode("latin-1"), r"Save the file as UTF-8"),
        (lambda text: text.encode("utf-16-le"), "is not UTF-8 text"),
        (lambda text: gzip.compress(text.encode())[:-20], "compressed file is damaged or cut short"),
        (lambda text: b"id,memory\n1,hello\n", "neither an export of powermem, nor JSON"),
        (lambda text: b"\x89PNG\r\n\x1a\n", "line 1 is not UTF-8 text"),
    ],
    ids=["gbk", "latin-1", "utf-16 without a mark", "cut gzip", "csv", "image"],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(tmp_path: Path, written: Any, expected: str) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(written(exported()))
    with pytest.raises(InvalidInputError, match=expected):
        imported(path)


def test_a_file_is_read_in_the_encoding_it_was_opened_with(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes((exported()).encode("gb18030"))
    with path.open(encoding="gb18030") as file:
        assert imported(file) == sorted(TEXTS)
    with path.open(encoding="utf-8") as file, pytest.raises(InvalidInputError, match="encoding that the"):
        imported(file)
    with path.open("rb") as file, pytest.raises(InvalidInputError, match="is not UTF-8 text"):
        imported(file)


def test_a_line_that_was_cut_costs_that_line(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes((exported()).encode()[:-30])
    with Memory(CONFIG) as memory:
        result = memory.import_memories(path)
    assert (result["imported"], result["failed"]) == (2, 1)
    assert result["errors"][0]["line"] == 7


@pytest.mark.parametrize(
    "header",
    [
        {"embedder": ["a", "b", "c"]},
        {"embedder": 5},
        {"embedder": ["a", "b", 0]},
        {"index": None},
        {"index": "x"},
        {"index": 10**30},
        {"powermem_export": None},
        {"powermem_export": "x"},
        {"powermem_export": 99},
    ],
)
def test_an_odd_header_is_refused(tmp_path: Path, header: dict[str, Any]) -> None:
    first, _, rest = (exported()).partition("\n")
    path = tmp_path / "export.jsonl"
    path.write_text(json.dumps({**json.loads(first), **header}) + "\n" + rest, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="source: the "):
        imported(path)
