"""Reading the fields of exports, which may be missing or of any type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..text.cleaning import clean_text
from .exports import Export, has_bad_bytes
from .json_stream import NOTHING, BrokenJSON, JSONStream
from .values import Report

_HEAD = 1 << 18
_FIRST_LINES = 5


def string(value: object) -> str | None:
    """Return a text or a number as text; ``None`` for anything else, and for a blank text."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def part(value: object, *path: str) -> Any:
    """Return the field at a path of keys; ``None`` if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def listed(value: object) -> Sequence[Any]:
    """Return a list as it is, and nothing of anything else."""
    return value if isinstance(value, list) else ()


def mappings(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list."""
    return (one for one in listed(value) if isinstance(one, Mapping))


def said(text: str, where: str, report: Report) -> str | None:
    """Return the text of a message as it is stored; ``None``, noted, if its bytes are damaged."""
    if has_bad_bytes(text):
        report.fault(where, "the text is not in the encoding of the file; it is left out")
        return None
    return clean_text(text).strip() or None


def names_of(files: Sequence[object]) -> dict[str, Any]:
    """Return the metadata for attached files, given their names."""
    names = [name for one in files if (name := string(one))]
    return {"attachments": names} if names else {}


@contextmanager
def json_of(export: Export, name: str, report: Report) -> Iterator[JSONStream]:
    """Open a member as JSON; what is broken is noted with the member's name."""
    with export.text(name, report) as file:
        try:
            yield JSONStream(file, lambda problem: report.fault(name, problem))
        except BrokenJSON as error:
            report.fault(name, f"not valid JSON: {error}; nothing after it could be read")


def records(export: Export, name: str, report: Report, *under: str) -> Iterator[tuple[str, Any]]:
    """Yield the values of a member, each with its position.

    These are the lines of JSON lines, the elements of an array, or of the array at one of the keys ``under``
    of an object, else the object itself.
    """
    prefix = "" if len(export.members) == 1 else f"{name}, "
    if _is_lines(export.head(name, _HEAD)):
        yield from _lines(export, name, prefix, report, *under)
        return
    with json_of(export, name, report) as stream:
        number = 0
        while kind := stream.peek():
            if kind == "[":
                for value in stream.elements():
                    number += 1
                    yield f"{prefix}item {number}", value
                continue
            if kind != "{":
                stream.value()
                report.fault(f"{prefix}item {number + 1}", "expected an object")
                number += 1
                continue
            if under:
                rest: dict[str, Any] = {}
                found = 0
                for key in stream.object():
                    if key in under and stream.peek() == "[":
                        for value in stream.elements():
                            found += 1
                            yield f"{prefix}{key} {found}", value
                    else:
                        value = stream.value()
                        if value is not NOTHING:
                            rest[key] = value
                if not found and rest:
                    number += 1
                    yield f"{prefix}item {number}", rest
                continue
            value = stream.value()
            number += 1
            if value is not NOTHING:
                yield f"{prefix}item {number}", value


def _is_lines(head: str) -> bool:
    """Return whether a text has an object on each line, some of which may be broken."""
    lines = [line for line in head.lstrip("\ufeff").split("\n") if line.strip()][:_FIRST_LINES]
    return len(lines) > 1 and any(isinstance(_decoded(line), dict) for line in lines[:-1])


def _decoded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _lines(export: Export, name: str, prefix: str, report: Report, *under: str) -> Iterator[tuple[str, Any]]:
    with export.text(name, report) as file:
        for number, line in enumerate(file.lines(), 1):
            if not (text := line.strip("\ufeff \t\r")):
                continue
            where = f"{prefix}line {number}"
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                report.fault(where, f"not valid JSON: {error}")
                continue
            key = next((key for key in under if isinstance(part(value, key), list)), None)
            if key is None:
                yield where, value
            else:
                yield from ((f"{where}, {key} {count}", one) for count, one in enumerate(value[key], 1))


def document(export: Export, name: str, report: Report) -> Any:
    """Return a whole member, which is small; ``None`` if it cannot be read."""
    with json_of(export, name, report) as stream:
        if stream.peek():
            value = stream.value()
            return None if value is NOTHING else value
    return None
