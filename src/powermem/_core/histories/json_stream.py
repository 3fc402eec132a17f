"""Read JSON piece by piece, so that a file may be larger than the memory.

A value is decoded by Python's own decoder as soon as it is complete in the buffer. What is broken is told and
passed over; of a file that ends early, everything complete is returned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..patterns import Pattern

_CHUNK = 1 << 16
_SPACE = Pattern(r"[ \t\r\n\ufeff]*")
# A quote alone opens a string that has no end yet.
_TOKEN = Pattern(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}
# The longest text that a decoder may report an error in because it is cut: \uD83D\uDE00 or -Infinity.
_CUT = 14
_decode = json.JSONDecoder().raw_decode


class Text(Protocol):
    """A file of text."""

    def read(self, size: int, /) -> str:
        """Return at most ``size`` characters; none at the end."""


class BrokenJSON(ValueError):
    """The text is not JSON from a position on, and cannot be read further.

    Attributes:
        position: the number of characters before it.
        cut: whether the text just ends there.
    """

    def __init__(self, reason: str, position: int, *, cut: bool) -> None:
        super().__init__(f"{reason} at character {position}")
        self.position = position
        self.cut = cut


class JSONStream:
    """Reads the values of a JSON text one after another.

    Args:
        file: the text.
        problem: is called with a description of what was passed over.
    """

    def __init__(self, file: Text, problem: Callable[[str], None]) -> None:
        self._file = file
        self._problem = problem
        self._buffer = ""
        self._at = 0
        self._before = 0
        self._ended = False
        self._broken = False

    @property
    def position(self) -> int:
        """The number of characters read."""
        return self._before + self._at

    def peek(self) -> str:
        """Return the next character that is not blank; ``""`` at the end."""
        while True:
            self._at = _SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """Return the next value.

        Raises:
            BrokenJSON: there is none. Of a value that the end of the text cuts, the complete parts are
            returned
                and the next call raises.
        """
        if not self.peek():
            raise BrokenJSON("the text ends", self.position, cut=True)
        want = _CHUNK
        while True:
            try:
                value, end = _decode(self._buffer, self._at)
                # A number may go on in the next piece, such as 1.5e3 after "1" or "1.5e".
                if self._ended or self._buffer[end - 1] in '"]}' or len(self._buffer) - end > _CUT:
                    self._at = end
                    return value
            except json.JSONDecodeError as error:
                if not self._is_cut(error):
                    return self._passed_over(error)
                if self._ended:
                    return self._cut_value()
            except RecursionError:
                return self._passed_over(ValueError("nested too deeply"))
            # Twice as much each time, so that a long value is decoded a few times, not once a piece.
            self._more(want)
            want *= 2

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the array that comes next."""
        for _ in self.array():
            value = self.value()
            if value is not _NOTHING:
                yield value

    def array(self) -> Iterator[int]:
        """Yield the number of each element of the array that comes next; the caller reads the element."""
        yield from (number for number, _ in self._entries("[", "]"))

    def object(self) -> Iterator[str]:
        """Yield each key of the object that comes next; the caller reads its value."""
        for _, key in self._entries("{", "}"):
            yield key

    def skip(self) -> None:
        """Pass over the next value, however long it is."""
        kind = self.peek()
        if kind == "[":
            for _ in self.array():
                self.skip()
        elif kind == "{":
            for _ in self.object():
                self.skip()
        else:
            self.value()

    def _entries(self, opening: str, closing: str) -> Iterator[tuple[int, str]]:
        if self.peek() != opening:
            raise BrokenJSON(f"expected {opening!r}", self.position, cut=not self.peek())
        self._at += 1
        number = 0
        while not self._broken:
            found = self.peek()
            if found == ",":
                self._at += 1
                continue
            if found == closing:
                self._at += 1
                return
            if not found:
                self._end()
                return
            key = ""
            if opening == "{":
                before = self.position
                given = self.value()
                if not isinstance(given, str) or self.peek() != ":":
                    if self._ended and not self.peek():
                        self._end()
                        return
                    raise BrokenJSON("expected a key", before, cut=False)
                key = given
                self._at += 1
                if not self.peek():
                    self._end()
                    return
            number += 1
            yield number, key

    def _end(self) -> None:
        if not self._broken:
            self._broken = True
            self._problem(f"the file ends early, after character {self.position}; what is complete was read")

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - _CUT

    def _cut_value(self) -> Any:
        text = self._buffer[self._at :]
        self._end()
        self._at = len(self._buffer)
        return salvage(text)

    def _passed_over(self, error: Exception) -> Any:
        """Pass over a value that is not JSON, by its brackets."""
        start = self.position
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        place = start + error.pos - self._at if isinstance(error, json.JSONDecodeError) else start
        depth = read = 0
        while True:
            found = _TOKEN.search(self._buffer, self._at + read)
            if found is None or found[0] == '"':
                if not self._more():
                    break
                continue
            token = found[0]
            if depth == 0 and token in ",]}":
                self._at = found.start()
                self._problem(f"not valid JSON at character {place}: {reason}; this item is left out")
                return _NOTHING
            if token in "[{":
                depth += 1
            elif token in "]}":
                depth -= 1
            read = found.end() - self._at
        self._at = len(self._buffer)
        self._broken = True
        self._problem(f"not valid JSON at character {place}: {reason}; nothing after it could be read")
        return _NOTHING

    def _more(self, size: int = _CHUNK) -> bool:
        """Read more text; keep what is not used yet."""
        if self._ended:
            return False
        piece = self._file.read(size)
        if not piece:
            self._ended = True
            return False
        # Characters used are dropped only now, so that positions in the buffer stay valid in between.
        if self._at > _CHUNK:
            self._before += self._at
            self._buffer = self._buffer[self._at :] + piece
            self._at = 0
        else:
            self._buffer += piece
        return True


_NOTHING = object()
NOTHING = _NOTHING
"""Stands for a value that was passed over."""


def salvage(text: str) -> Any:
    """Return what is complete of a JSON text that may end anywhere; `NOTHING` if that is nothing.

    An array or object keeps the elements that are complete.
    """
    try:
        return _decode(text, _SPACE.match(text).end())[0]  # type: ignore[union-attr]
    except (json.JSONDecodeError, RecursionError):
        pass
    opened: list[str] = []
    safe: tuple[int, str] | None = None
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in ("[", "{"):
            opened.append(token)
            safe = (found.end(), "".join(_CLOSING[one] for one in reversed(opened)))
        elif token == '"':
            break
        elif token in ("]", "}"):
            if not opened:
                break
            opened.pop()
            safe = (found.end(), "".join(_CLOSING[one] for one in reversed(opened)))
        elif token == ",":
            safe = (found.start(), "".join(_CLOSING[one] for one in reversed(opened)))
    if safe is None:
        return _NOTHING
    end, closing = safe
    try:
        return json.loads(text[:end] + closing)
    except (json.JSONDecodeError, RecursionError):
        return _NOTHING
