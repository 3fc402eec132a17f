"""Files of histories that are large, broken or cut: what is complete is read, and the rest is told."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem import histories
from powermem._core.histories.json_stream import NOTHING, JSONStream, salvage
from powermem.histories import Message
from tests.support import exports
from tests.support.exports import chatgpt, node, packed, write

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


class Slow(io.StringIO):
    """Gives a few characters at a time, whatever is asked for."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(3)


def elements(text: str) -> tuple[list[Any], list[str]]:
    problems: list[str] = []
    return list(JSONStream(Slow(text), problems.append).elements()), problems


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]))
def test_an_array_is_read_as_json_does(values: list[Any], indent: int | None) -> None:
    assert elements(json.dumps(values, indent=indent)) == (values, [])


@given(st.lists(VALUES, min_size=1, max_size=5), st.data())
def test_a_cut_array_keeps_what_is_complete(values: list[Any], data: st.DataObject) -> None:
    text = json.dumps(values)
    found, problems = elements(text[: data.draw(st.integers(1, len(text) - 1))])
    assert len(problems) == 1
    # All but the last one are whole.
    assert found[:-1] == values[: max(0, len(found) - 1)]


@given(VALUES, st.data())
def test_salvaged_parts_are_parts(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    found = salvage(text[: data.draw(st.integers(0, len(text)))])
    if isinstance(value, list) and isinstance(found, list) and found:
        assert found[:-1] == value[: len(found) - 1]
    elif isinstance(value, dict) and isinstance(found, dict):
        assert set(found) <= set(value)


@pytest.mark.parametrize(
    "broken", ['{"a": tru}', "nope", '{"a": 1,, "b"}', '["x" "y"]', '{"a": "\n"}', "{'a': 1}"]
)
def test_a_broken_element_is_passed_over(broken: str) -> None:
    found, problems = elements(f'[{{"n": 1}}, {broken}, {{"n": 2}}, "a, b]"]')
    assert found == [{"n": 1}, {"n": 2}, "a, b]"]
    assert len(problems) == 1
    assert problems[0].startswith("not valid JSON at character ")


def test_a_long_file_is_not_held(tmp_path: Path) -> None:
    talks = (json.dumps(chatgpt(node("u", "root", "user", "x" * 1000), id=f"c{n}")) for n in range(2000))
    path = write(tmp_path, "conversations.json", f"[{','.join(talks)}]")

    class Counting(JSONStream):
        most = 0

        def value(self) -> Any:
            Counting.most = max(Counting.most, len(self._buffer))
            return super().value()

    with path.open(encoding="utf-8") as file:
        assert sum(1 for _ in Counting(file, pytest.fail).elements()) == 2000
    assert Counting.most < 1 << 19
    assert path.stat().st_size > 1 << 21


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_half_of_a_conversation(tmp_path: Path, share: float) -> None:
    nodes = [node(f"n{n}", f"n{n - 1}" if n else "root", "user", f"Note {n}.", at=1e9 + n) for n in range(30)]
    text = json.dumps([chatgpt(*nodes)])
    history = histories.read(write(tmp_path, "conversations.json", text[: int(len(text) * share)]))
    found = [one.text for one in history if isinstance(one, Message)]
    assert len(found) >= 30 * share - 4
    assert found == [f"Note {n}." for n in range(len(found))]
    [fault] = history.report.faults
    assert "the file ends early, after character " in fault.reason


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    chat = exports.WHATSAPP_ANDROID.encode().replace(b"Bob: ok", b"Bob: \xff\xfe", 1)
    history = histories.read(write(tmp_path, "c.txt", chat), me="Ana")
    assert [one.text for one in history if isinstance(one, Message)] == [
        "I moved to Oslo.\nIt is cold: -5.",
        "ok",
        "My house",
    ]
    [fault] = history.report.faults
    assert (fault.where, fault.reason) == (
        "line 4",
        "the text is not in the encoding of the file; it is left out",
    )


# A streamed archive that is not compressed does not say how long its members are.
@pytest.mark.parametrize(
    ("method", "streamed"),
    [(zipfile.ZIP_STORED, False), (zipfile.ZIP_DEFLATED, False), (zipfile.ZIP_DEFLATED, True)],
)
def test_archives_without_their_end(tmp_path: Path, method: int, streamed: bool) -> None:
    class Pipe(io.RawIOBase):
        """A file that cannot be gone back in, so that lengths follow the data."""

        def __init__(self, file: io.BytesIO) -> None:
            self.file = file

        def writable(self) -> bool:
            return True

        def write(self, data: Any, /) -> int:
            return self.file.write(data)

    file = io.BytesIO()
    target: Any = Pipe(file) if streamed else file
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in exports.SLACK.items():
            archive.writestr(name, json.dumps(content))
    whole = file.getvalue()
    history = histories.read(
        write(tmp_path, "cut.zip", whole[: whole.index(b"D1/2024-05-03.json") - 30]), me="U1"
    )
    assert history.format == "slack"
    assert len(list(history)) == 4
    assert history.report.faults == []


def test_the_directory_of_an_archive_is_not_needed_for_what_is_cut(tmp_path: Path) -> None:
    talk = [chatgpt(node("u", "root", "user", "I moved to Oslo."))]
    path = packed(tmp_path, "a.zip", {"conversations.json": talk, "chat.html": "<html>" * 1000})
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"chat.html") + 20])
    assert [one.text for one in histories.read(path) if isinstance(one, Message)] == ["I moved to Oslo."]


@pytest.mark.parametrize("content", ["", "[]", "{}", "[[]]", "[1, 2]", '{"a": ', "null", "[null]", "\ufeff"])
@pytest.mark.parametrize("format", [one for one in histories.FORMATS if one not in ("whatsapp", "csv")])
def test_any_json_as_any_format(tmp_path: Path, content: str, format: str) -> None:
    history = histories.read(write(tmp_path, "a.json", content), format)
    assert list(history) == []


def test_nothing_stands_for_itself() -> None:
    assert salvage("nope") is NOTHING
