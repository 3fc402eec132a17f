"""JSON out of whatever a language model wrote around it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from .scanner import Found, Scanner, Unreadable

_THOUGHTS = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>"))
_FENCE = "```"
# As many spaces as may part two blocks of thoughts.
_GAP = 100
_ANSWER_FOLLOWS = re.compile(r"[ \t]*(?:[\r\n{\[]|```)")


class ParseError(ValueError):
    """An answer that cannot be read.

    Attributes:
        message: what was wrong.
        position: where in the answer, in characters, or ``None`` when the form and not the text is wrong.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message if position is None else f"{message} (at character {position})")
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class ParsedJSON:
    """A value read from an answer.

    Attributes:
        value: what ``json.loads`` would have given; ``NaN`` and ``Infinity`` become ``None``.
        complete: whether all of it is there. Not when the answer was cut, when its brackets did not match, or
            when the model's thoughts never ended.
    """

    value: Any
    complete: bool = True


def parse_json(text: str) -> ParsedJSON:
    """Read the JSON value in an answer.

    Valid JSON is read as it is, also in a code fence or after a model's thoughts. Otherwise the longest
    object or array is taken; objects that follow each other directly make a list, as in JSON lines.

    Args:
        text: the answer.

    Returns:
        The value and whether it is complete.

    Raises:
        ParseError: there is no JSON in it.
    """
    text = text.strip().lstrip("\ufeff").strip()
    if not text:
        raise ParseError("the answer is empty")
    spoken = _without_thoughts(text)
    for candidate in (text, _unfenced(text), spoken, _unfenced(spoken)):
        try:
            return ParsedJSON(_loads(candidate))
        except (ValueError, RecursionError):
            # Not strict JSON: that is what the forgiving reader below is for.
            continue
    try:
        best = _longest(Scanner(spoken).values(), spoken)
    except Unreadable as error:
        raise ParseError(str(error), error.position) from None
    # Thoughts that never end hold drafts, not the answer.
    unfinished = spoken.startswith(tuple(opening for opening, _ in _THOUGHTS))
    return ParsedJSON(best.value, not (best.cut or unfinished))


def _longest(found: list[Found], text: str) -> Found:
    """Choose the value that takes the most room, after joining objects that follow each other."""
    joined: list[Found] = []
    for item in found:
        last = joined[-1] if joined else None
        if last is None or not (last.lines and item.lines) or text[last.end : item.start].strip(" \t\r\n,"):
            joined.append(item)
            continue
        # A line that was cut is dropped, as it is in a list.
        lines = last.lines if item.cut else last.lines + item.lines
        joined[-1] = Found(lines, last.start, item.end, last.cut or item.cut, lines)
    return max(joined, key=lambda item: (bool(item.value), item.end - item.start))


def _loads(text: str) -> Any:
    # strict=False allows raw line breaks in strings.
    return json.loads(text, strict=False, parse_constant=lambda _: None)


def _unfenced(text: str) -> str:
    """Return what is inside the code fence that the whole text is, or the text."""
    if len(text) >= 2 * len(_FENCE) and text.startswith(_FENCE) and text.endswith(_FENCE):
        inner = text[len(_FENCE) : -len(_FENCE)]
        tag, line_break, rest = inner.partition("\n")
        return rest if line_break and tag.strip().isalnum() else inner
    return text


def _without_thoughts(text: str) -> str:
    """Remove the blocks in which a model thinks aloud, also one whose opening tag the server already took."""
    for opening, closing in _THOUGHTS:
        at = 0
        while text.startswith(opening, at) and (end := text.find(closing, at)) >= 0:
            at = end + len(closing)
            at += len(text[at : at + _GAP]) - len(text[at : at + _GAP].lstrip())
        text = text[at:]
        before, tag, after = text.rpartition(closing)
        # With nothing opened before it, the tag must not be one that a JSON string speaks of.
        if tag and opening not in before and _ANSWER_FOLLOWS.match(after):
            text = after
    return text.strip()
