"""A tolerant parser for JSON in the output of language models."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..patterns import Pattern
from .blocks import MARK, Block, Mark, blocks_of, read_mark

_MAX_DEPTH = 64
# Limits for the output of a model in a loop: brackets that start no value, and steps of the parser.
_MOST_FALSE_STARTS = 2_000
_MOST_STEPS = 100_000

_SPACE = Pattern(r"\s*")
_LINE = Pattern(r"[^\n]*")
_NUMBER = Pattern(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = Pattern(r"[+-]?[A-Za-z_$][\w$-]*")
_PLAIN = {quote: Pattern(rf"[^\\{quote}]+") for quote in "\"'"}
_HEX = Pattern(r"[0-9a-fA-F]{4}")
_NEXT = Pattern(rf"{MARK}|[{{\[]")
# The possible beginnings of JSON. Trying to decode at every bracket would cost more.
_PLAUSIBLE = Pattern(r"""\{\s*["}]|\[\s*["\[{\]\-0-9tfnNI]""")
# strict=False allows raw line breaks in strings.
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
# What follows the closing quote of a string. Any other quote is part of the text: "He said "hi" to me".
_AFTER_KEY = Pattern(r"\s*(?::|\Z)")
_AFTER_STRING = Pattern(
    r"""\s*(?:[}\]"{\[]|,\s*(?:["'{\[\]}0-9-]|true|false|null|True|False|None|\w+\s*:|\Z)|\Z)"""
)
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: dict[str, Any] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None, "undefined": None,
    "NaN": None, "nan": None, "Infinity": None, "-Infinity": None, "+Infinity": None,
}  # fmt: skip
_MISSING: Any = object()


class Unreadable(Exception):
    """The text at a position cannot be parsed even tolerantly.

    Attributes:
        position: index of the character.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Found(NamedTuple):
    """A value, its range in the text, and whether it was cut off or damaged."""

    value: Any
    start: int
    end: int
    cut: bool = False


class Scan(NamedTuple):
    """The result of scanning a text.

    Attributes:
        values: the outermost objects and arrays, in order.
        marks: marks that may open or close a block, outside of the values.
        failure: the error of the last bracket that starts no value.
        visited: number of characters read, counting repeated reads.
    """

    values: list[Found]
    marks: list[Mark]
    failure: Unreadable
    visited: int


class Scanner:
    """Finds and parses the JSON values in a text.

    Tolerates prose around a value, trailing and missing commas, comments, single quotes, bare keys, literals
    of Python and JavaScript, wrong escapes, raw line breaks and unescaped quotes in strings, and a text that
    ends too early: then complete items are kept, and the one that was cut off is dropped.

    The time is linear in the length of the text, whatever its content: once failed attempts have read the
    text a few times in total, no further ones are made.

    Args:
        text: the text.

    Attributes:
        cut: whether the value parsed last was cut off, or closed by the wrong bracket.
    """

    def __init__(self, text: str) -> None:
        self.cut = False
        self._all = self._text = text
        self._at = 0
        self._visited = 0
        self._steps = 0
        # No comment ends after this position, so do not search for an end there again.
        self._uncommented = len(text)

    def scan(self, exact: Callable[[Any], bool]) -> Scan:
        """Find the values.

        Args:
            exact: returns whether a value has the wanted form. Such a value in valid JSON counts even if it
                seems to be inside a damaged one, which must have swallowed it.
        """
        valid, marks, others = self._valid()
        failure = Unreadable("no JSON object or array in it", 0)
        values: list[Found] = []
        limit = self._visited + 2 * len(self._text) + 1_000
        place = 0
        walls = _Walls(blocks_of(marks, len(self._text)))
        for start in others:
            if values and start < values[-1].end:
                continue
            if self._visited > limit:
                break
            self._at, self.cut = start, False
            self._end_at(walls.after(start, len(self._all)))
            try:
                value = self._value(0)
            except Unreadable as error:
                failure = error
                continue
            finally:
                self._visited += self._at - start
            if value is _MISSING:
                continue
            while place < len(valid) and valid[place].start < start:
                place += 1
            swallowed, end = place, self._at
            while swallowed < len(valid) and valid[swallowed].start < end:
                if exact(valid[swallowed].value):
                    break
                swallowed += 1
            else:
                values.append(Found(value, start, end, self.cut))
        return Scan(_merged(valid, values), _outside(marks, values), failure, self._visited)

    def _step(self) -> None:
        self._steps += 1
        if self._steps == _MOST_STEPS:
            # From here on, behave as if the text ended here.
            self._all = self._all[: self._at]
            self._end_at(self._at)

    def _end_at(self, end: int) -> None:
        if end != len(self._text):
            self._text = self._all[:end]
            self._uncommented = end

    def _valid(self) -> tuple[list[Found], list[Mark], list[int]]:
        """Return the values in valid JSON, the marks outside of them, and all other opening brackets."""
        text = self._text
        found: list[Found] = []
        marks: list[Mark] = []
        others: list[int] = []
        at = 0
        limit = 4 * len(text) + 10_000
        while len(others) < _MOST_FALSE_STARTS and (match := _NEXT.search(text, at)):
            at = start = match.start()
            if match[0] not in "{[":
                marks.append(read_mark(match))
                at = match.end()
                continue
            if self._visited <= limit and _PLAUSIBLE.match(text, start):
                try:
                    value, at = _DECODER.raw_decode(text, start)
                except json.JSONDecodeError as error:
                    # Creating the error counts the lines before it, which also takes time.
                    self._visited += error.pos - start + start // 16
                except (ValueError, RecursionError):
                    # Too many digits or nested brackets. The position is unknown, so charge a quarter.
                    self._visited += len(text) // 4
                else:
                    self._visited += at - start
                    found.append(Found(value, start, at))
                    continue
            others.append(start)
            at = start + 1
        return found, marks, others

    def _value(self, depth: int) -> Any:
        """Parse a value; ``_MISSING`` if the text ends and nothing of the value can be kept."""
        self._step()
        if depth > _MAX_DEPTH:
            raise Unreadable(f"more than {_MAX_DEPTH} levels deep", self._at)
        self._skip()
        first = self._peek()
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        if first in ('"', "'"):
            return self._string(_AFTER_STRING)
        if first == "":
            return self._end()
        return self._scalar()

    def _object(self, depth: int) -> dict[str, Any]:
        self._at += 1
        result: dict[str, Any] = {}
        while True:
            self._skip(commas=True)
            first = self._peek()
            if first == "}":
                self._at += 1
                return result
            if first == "" or first == "]":
                # Leave the bracket to the enclosing array.
                self.cut = True
                return result
            key = self._key()
            self._skip()
            if key is _MISSING or self._peek() == "":
                self.cut = True
                return result
            if self._peek() != ":":
                raise Unreadable("expected ':' after a key", self._at)
            self._at += 1
            value = self._value(depth + 1)
            if value is not _MISSING:
                result[key] = value

    def _array(self, depth: int) -> list[Any]:
        self._at += 1
        result: list[Any] = []
        while True:
            self._skip(commas=True)
            first = self._peek()
            if first == "]":
                self._at += 1
                return result
            if first == "" or first == "}":
                self.cut = True
                return result
            value = self._value(depth + 1)
            # An item that was cut off is dropped: half a fact may mean the opposite of the whole.
            if value is not _MISSING and not (self.cut and self._peek() == ""):
                result.append(value)

    def _key(self) -> Any:
        if self._peek() in ('"', "'"):
            return self._string(_AFTER_KEY)
        word = _WORD.match(self._text, self._at) or _NUMBER.match(self._text, self._at)
        if word is None:
            raise Unreadable("expected a key", self._at)
        self._at = word.end()
        return word[0]

    def _string(self, after: Pattern) -> Any:
        quote = self._peek()
        plain = _PLAIN[quote]
        self._at += 1
        pieces: list[str] = []
        while True:
            self._step()
            if chunk := plain.match(self._text, self._at):
                pieces.append(chunk[0])
                self._at = chunk.end()
            first = self._peek()
            if first == "":
                return self._end()
            self._at += 1
            if first == "\\":
                pieces.append(self._escape())
            elif after.match(self._text, self._at):
                return "".join(pieces)
            else:
                pieces.append(first)

    def _escape(self) -> str:
        letter = self._peek()
        self._at += 1
        if letter == "u" and (digits := _HEX.match(self._text, self._at)):
            self._at = digits.end()
            return self._with_low_surrogate(int(digits[0], 16))
        # A wrong escape such as "\d" is taken as the two characters it shows.
        return _ESCAPES.get(letter, "\\" + letter)

    def _with_low_surrogate(self, code: int) -> str:
        if 0xD800 <= code < 0xDC00 and self._text.startswith("\\u", self._at):
            digits = _HEX.match(self._text, self._at + 2)
            if digits and 0xDC00 <= (low := int(digits[0], 16)) < 0xE000:
                self._at = digits.end()
                return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
        return chr(code)

    def _scalar(self) -> Any:
        start = self._at
        if word := _WORD.match(self._text, start):
            if word.end() == len(self._text):
                return self._end()
            if word[0] not in _WORDS:
                raise Unreadable(f"expected a value, found {word[0][:20]!r}", start)
            self._at = word.end()
            return _WORDS[word[0]]
        if number := _NUMBER.match(self._text, start):
            self._at = number.end()
            return _number(number[0]) if self._at < len(self._text) else self._end()
        raise Unreadable(f"expected a value, found {self._peek()!r}", start)

    def _end(self) -> Any:
        self._at = len(self._text)
        self.cut = True
        return _MISSING

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, *, commas: bool = False) -> None:
        """Skip blanks and comments, and with ``commas`` also commas."""
        while True:
            self._at = self._past(_SPACE)
            first = self._peek()
            if commas and first == ",":
                self._at += 1
            elif first != "/" or not self._skip_comment():
                return

    def _skip_comment(self) -> bool:
        if self._text.startswith("//", self._at):
            self._at = self._past(_LINE)
            return True
        if not self._text.startswith("/*", self._at) or self._at >= self._uncommented:
            return False
        end = self._text.find("*/", self._at + 2)
        if end < 0:
            self._uncommented = self._at
            return False
        self._at = end + 2
        return True

    def _past(self, pattern: Pattern) -> int:
        """Return the end of the match of a pattern at the current position."""
        match = pattern.match(self._text, self._at)
        return self._at if match is None else match.end()


def _number(text: str) -> int | float:
    # int() raises an error for more than 4,300 digits.
    if len(text) < 400 and text.lstrip("+-").isdigit():
        return int(text)
    return float(text)


class _Walls:
    """Finds the last possible end of a value, which is that of the block in which it starts."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        # A closing mark without an opening one may be part of a string.
        bounding = [block for block in blocks if block.closed and (block.opened or block.holds_thoughts)]
        self._coming = sorted(((block.start, block.end) for block in bounding), reverse=True)
        self._ends: list[int] = []

    def after(self, start: int, otherwise: int) -> int:
        """Return the end of the innermost block around a position, or ``otherwise``.

        Positions must be passed in ascending order.
        """
        while self._coming and self._coming[-1][0] <= start:
            heapq.heappush(self._ends, self._coming.pop()[1])
        while self._ends and self._ends[0] <= start:
            heapq.heappop(self._ends)
        return self._ends[0] if self._ends else otherwise


def _merged(valid: list[Found], forgiven: list[Found]) -> list[Found]:
    """Return all values in order, without those in valid JSON that lie within tolerated ones."""
    merged = list(forgiven)
    place = 0
    for item in valid:
        while place < len(forgiven) and forgiven[place].end <= item.start:
            place += 1
        if place == len(forgiven) or item.start < forgiven[place].start:
            merged.append(item)
    return sorted(merged, key=lambda item: item.start)


def _outside(marks: list[Mark], values: list[Found]) -> list[Mark]:
    place = 0
    outside = []
    for mark in marks:
        while place < len(values) and values[place].end <= mark.start:
            place += 1
        if place == len(values) or mark.start < values[place].start:
            outside.append(mark)
    return outside
