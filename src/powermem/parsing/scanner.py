"""A reader for JSON as language models write it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_MAX_DEPTH = 64
_MAX_STARTS = 64

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[+-]?[A-Za-z_$][\w$-]*")
_PLAIN = {quote: re.compile(rf"[^\\{quote}]+") for quote in "\"'"}
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_OPENING = re.compile(r"[{\[]")
# What follows the quote that really ends a string. Any other quote belongs to the text: "He said "hi" to me".
_AFTER_KEY = re.compile(r"\s*(?::|\Z)")
_AFTER_STRING = re.compile(
    r"""\s*(?:[}\]"{\[]|,\s*(?:["'{\[\]}0-9-]|true|false|null|True|False|None|\w+\s*:|\Z)|\Z)"""
)
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: dict[str, Any] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None, "undefined": None,
    "NaN": None, "nan": None, "Infinity": None, "-Infinity": None, "+Infinity": None,
}  # fmt: skip
_MISSING: Any = object()


class Unreadable(Exception):
    """The text at a position is not even nearly JSON.

    Attributes:
        position: where, in characters.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Found(NamedTuple):
    """A value, where it stands in the text, whether it was cut, and as a list of lines if it is an object."""

    value: Any
    start: int
    end: int
    cut: bool
    lines: list[Any]


class Scanner:
    """Reads one value after another from a text, forgiving what models get wrong.

    Forgiven are: prose around the value, trailing and missing commas, comments, single quotes, bare keys,
    Python's and JavaScript's literals, wrong escapes, raw line breaks and unescaped quotes in strings, and
    a text that ends too early. Of the latter complete items are kept and the one that was cut is dropped.

    Attributes:
        cut: whether the text ended, or a bracket closed the wrong thing, inside the value read last.
    """

    def __init__(self, text: str) -> None:
        self.cut = False
        self._text = text
        self._at = 0

    def values(self) -> list[Found]:
        """Return the objects and arrays found in the text; only its first 64 brackets are tried.

        Raises:
            Unreadable: there is none.
        """
        found: list[Found] = []
        failure = Unreadable("no JSON object or array in it", 0)
        for _ in range(_MAX_STARTS):
            opening = _OPENING.search(self._text, self._at)
            if opening is None:
                break
            self._at, self.cut = opening.start(), False
            try:
                value = self._value(0)
            except Unreadable as error:
                failure = error
                self._at = opening.end()
                continue
            lines = [value] if isinstance(value, dict) else []
            found.append(Found(value, opening.start(), self._at, self.cut, lines))
        if not found:
            raise failure
        return found

    def _value(self, depth: int) -> Any:
        """Read a value; ``_MISSING`` when the text ends before it and nothing of it can be kept."""
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
                # The bracket is left for the array around this object.
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
            # An item that was cut is dropped: half a fact may say the opposite of the whole.
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

    def _string(self, after: re.Pattern[str]) -> Any:
        quote = self._peek()
        plain = _PLAIN[quote]
        self._at += 1
        pieces: list[str] = []
        while True:
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
        while True:
            if match := _SPACE.match(self._text, self._at):
                self._at = match.end()
            if not (commas and self._peek() == ","):
                return
            self._at += 1


def _number(text: str) -> int | float:
    # Python refuses to read integers of more than 4,300 digits.
    if len(text) < 400 and text.lstrip("+-").isdigit():
        return int(text)
    return float(text)
