"""Read the file of ``powermem load`` and convert its values to calls of ``Memory.add``."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from .._core.messages.forms import holds_messages
from .._core.transfer.database_files import is_database
from ..errors import InvalidInputError
from .output import CommandError

Call = dict[str, Any]
"""Keyword arguments of ``Memory.add``."""

_SHARED = ("user_id", "agent_id", "run_id", "metadata", "infer")
"""Arguments that a conversation may have for all of its sessions, and a session for itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a file.

    Attributes:
        where: its position, such as ``"line 3"``.
        value: the decoded JSON, or the error.
        size: its share of the file for the progress: bytes of a line, 1 for an item of a document.
    """

    where: str
    value: Any
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """The values of a file, read lazily, and the sum of their sizes if known."""

    entries: Iterator[Entry]
    total: int | None


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a file of JSON lines, a ``.json`` document, or ``-`` for lines on standard input.

    Raises:
        CommandError: it cannot be read, or the document is not JSON.
    """
    if name == "-":
        yield Source(_lines(sys.stdin.buffer), None)
        return
    path = Path(name).expanduser()
    if is_database(path):
        raise CommandError(f"{name}: is an SQLite database; `powermem import` reads those")
    try:
        file = path.open("rb")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    with file:
        if path.suffix.lower() == ".json":
            values = _values(name, file)
            entries = (Entry(f"item {number}", value, 1) for number, value in enumerate(values, 1))
            yield Source(entries, len(values))
        else:
            yield Source(_lines(file), path.stat().st_size)


def calls(value: Any, defaults: Mapping[str, Any]) -> list[tuple[str, Call]]:
    """Convert one value to calls of ``Memory.add``.

    Args:
        value: a text, messages, the arguments themselves, or a conversation of sessions.
        defaults: arguments for those that the value does not have.

    Returns:
        The calls in order, each with its position within the value, which is blank if there is only one.

    Raises:
        InvalidInputError: the value is none of these.
    """
    if isinstance(value, ValueError):
        raise InvalidInputError(str(value))
    if isinstance(value, (str, list)):
        return [("", {**defaults, "messages": value})]
    if not isinstance(value, dict):
        raise InvalidInputError(f"expected a text, messages or an object, got {json.dumps(value)}")
    if "sessions" in value:
        return list(_sessions(value, defaults))
    if "messages" in value:
        return [("", {**defaults, **_arguments(value)})]
    if "content" in value or holds_messages(value):
        return [("", {**defaults, "messages": [value]})]
    keys = ", ".join(map(repr, value)) or "nothing"
    raise InvalidInputError(
        f"expected an object with 'messages', 'content' or 'sessions', got one with {keys}"
    )


def _lines(file: BinaryIO) -> Iterator[Entry]:
    """Read a file line by line, so that it may be of any size."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8-sig"))
        except json.JSONDecodeError as error:
            value = ValueError(f"not valid JSON: {error.msg} at column {error.colno}")
        except (UnicodeDecodeError, RecursionError):
            value = ValueError("not a line of JSON in UTF-8")
        yield Entry(f"line {number}", value, len(line))


def _values(name: str, file: BinaryIO) -> Sequence[Any]:
    try:
        document = json.loads(file.read().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        hint = "; a file of one value a line is named .jsonl" if error.msg == "Extra data" else ""
        raise CommandError(
            f"{name}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}{hint}"
        ) from None
    except (UnicodeDecodeError, RecursionError):
        raise CommandError(f"{name}: this is not JSON in UTF-8") from None
    # An array of messages is a single conversation.
    return [document] if not isinstance(document, list) or _are_messages(document) else document


def _are_messages(values: Sequence[Any]) -> bool:
    # At least one has a role; other items, such as tool calls, may have none.
    items = [value for value in values if isinstance(value, dict) and "messages" not in value]
    return len(items) == len(values) > 0 and any(map(holds_messages, items))


def _arguments(value: Mapping[str, Any]) -> Call:
    allowed = _arguments_of_add()
    for key in value:
        if key not in allowed:
            near = get_close_matches(key, allowed, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InvalidInputError(f"unknown key {key!r}; {hint}allowed: {', '.join(allowed)}")
    return dict(value)


@cache
def _arguments_of_add() -> tuple[str, ...]:
    from .._sync.memory import Memory

    return tuple(name for name in inspect.signature(Memory.add).parameters if name != "self")


def _sessions(conversation: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[tuple[str, Call]]:
    sessions = conversation["sessions"]
    if not isinstance(sessions, list):
        raise InvalidInputError("sessions: expected a list")
    for number, session in enumerate(sessions, 1):
        where = f"session {number}"
        if not isinstance(session, dict) or not isinstance(session.get("turns"), list):
            raise InvalidInputError(f"{where}: expected an object with a list of 'turns'")
        call = {**defaults, **_shared(conversation), **_shared(session)}
        call["messages"] = [
            _message(turn, f"{where}, turn {i}") for i, turn in enumerate(session["turns"], 1)
        ]
        if session.get("date") is not None:
            call["timestamp"] = session["date"]
        yield where, call


def _shared(section: Mapping[str, Any]) -> Call:
    return {key: section[key] for key in _SHARED if key in section}


def _message(turn: Any, where: str) -> dict[str, Any]:
    if not isinstance(turn, dict) or "speaker" not in turn or "text" not in turn:
        raise InvalidInputError(f"{where}: expected an object with 'speaker' and 'text'")
    message = {"role": turn.get("role", "user"), "name": turn["speaker"], "content": turn["text"]}
    if turn.get("timestamp") is not None:
        message["timestamp"] = turn["timestamp"]
    return message
