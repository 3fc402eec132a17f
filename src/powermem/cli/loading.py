"""``powermem load``: load many conversations of a file concurrently."""

from __future__ import annotations

import inspect
import json
import sys
import threading
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .._core.messages.forms import holds_messages
from .._core.results.records import usage_record
from .._core.transfer.database_files import is_database
from .._core.values import Usage
from ..errors import InvalidInputError, PowerMemError
from ..types import AddResult, UsageRecord
from . import views
from .configuration import open_memory, scope
from .histories import found_format, load_history
from .output import CommandError, Output, UsageError

if TYPE_CHECKING:
    from .._sync.memory import Memory


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


_MOST_ERRORS = 100


class _Unfinished(PowerMemError):
    """A part of a value could not be stored."""


@dataclass(slots=True)
class Tally:
    """Counts of a load; thread-safe.

    Attributes:
        added: successful calls of ``Memory.add``.
        failed: failed calls, and values that could not be read.
        events: the number of memories for each event.
        errors: the first errors; their number is limited.
    """

    added: int = 0
    failed: int = 0
    events: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def succeed(self, result: AddResult) -> None:
        """Count a successful call and its events."""
        with self.lock:
            self.added += 1
            self.events.update(item["event"] for item in result["results"])

    def fail(self, number: int, where: str, error: PowerMemError) -> None:
        """Count an error."""
        with self.lock:
            self.failed += 1
            if len(self.errors) < _MOST_ERRORS:
                self.errors.append((number, {"where": where, "error": " ".join(str(error).split())}))

    def shown(self) -> list[dict[str, str]]:
        """Return the errors in the order of the file."""
        return [error for _, error in sorted(self.errors, key=lambda numbered: numbered[0])]


class Keeper:
    """Stores the values of a file, each with one or more calls of ``Memory.add``.

    Args:
        memory: the memory.
        defaults: arguments for those that a value does not have.
        tally: receives the counts.
    """

    def __init__(self, memory: Memory, defaults: Call, tally: Tally) -> None:
        self._memory = memory
        self._defaults = defaults
        self._tally = tally

    def store_each(self, taken: Sequence[Mapping[str, Any]]) -> list[UsageRecord | Exception]:
        """Store values, and count errors in the tally.

        Args:
            taken: items with the number and the value as ``messages``, and an ``idempotency_key`` if the load
                can be resumed, from which the keys of the calls are derived.

        Returns:
            For each value no usage, or an error if a call failed, so that a resumed load retries the value.
        """
        outcomes: list[UsageRecord | Exception] = []
        for one in taken:
            number, entry = one["messages"]
            stored = self._store(number, entry, one.get("idempotency_key"))
            outcomes.append(usage_record(Usage()) if stored else _Unfinished(entry.where))
        return outcomes

    def _store(self, number: int, entry: Entry, idempotency_key: str | None) -> bool:
        try:
            found = calls(entry.value, self._defaults)
        except PowerMemError as error:
            self._tally.fail(number, entry.where, error)
            return False
        stored = True
        for part, (inside, call) in enumerate(found):
            if idempotency_key is not None:
                call.setdefault("idempotency_key", f"{idempotency_key}:{part}")
            try:
                self._tally.succeed(self._memory.add(**call))
            except PowerMemError as error:
                self._tally.fail(number, f"{entry.where}, {inside}" if inside else entry.where, error)
                stored = False
        return stored


def load(options: Namespace, output: Output) -> int:
    """Remember the conversations in a file."""
    if (format := found_format(options)) is not None:
        return load_history(options, output, format)
    if options.dry_run:
        raise UsageError("--dry-run: FILE is no export; name its format with --format if it is one")
    from .._core.transfer.checkpoint import Checkpoint
    from .._sync.bulk.loading import Loader

    tally = Tally()
    with (
        open_source(options.file) as source,
        open_memory(options) as memory,
        output.progress(f"Loading {options.file}", source.total) as advance,
    ):
        loader = Loader(
            Keeper(memory, _defaults(options), tally).store_each,
            _numbered(source.entries, advance),
            accepted=("messages", "idempotency_key"),
            width=options.concurrency,
            share=1,
            defaults={},
            collect=True,
            listener=None,
            checkpoint=None if options.checkpoint is None else Checkpoint(options.checkpoint),
            rate_limit=options.rate,
        )
        done = loader.run()
    result = {
        "file": options.file,
        "added": tally.added,
        "failed": tally.failed,
        "skipped": done["skipped"],
        "events": dict(tally.events),
        "errors": tally.shown(),
        "seconds": round(done["usage"]["seconds"], 3),
    }
    output.print_result(result, views.loaded)
    return 1 if tally.failed else 0


def _defaults(options: Namespace) -> dict[str, Any]:
    given = {
        **scope(options),
        "metadata": options.metadata,
        "timestamp": options.timestamp,
        "timezone": options.timezone,
    }
    return {key: value for key, value in given.items() if value is not None} | {"infer": not options.no_infer}


def _numbered(entries: Iterable[Entry], advance: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    # Progress is reported when a value is taken, so that values which a checkpoint skips are included.
    for number, entry in enumerate(entries):
        yield {"messages": (number, entry)}
        advance(entry.size)
