"""Divide a conversation into portions that fit a language model. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ...tokens import estimate_tokens
from ..patterns import Pattern
from ..values import Message

# Characters. A single sentence is cut only if it is longer than this.
_LONG = 400
# Minimum share of the whole for the shorter half, where the text allows it.
_EVEN = 0.15
_PARAGRAPH = Pattern(r"\n[ \t]*\n\s*")
_LINE = Pattern(r"\n\s*")
_SENTENCE = Pattern("(?<=[.!?\u2026])\\s+|(?<=[\u3002\uff01\uff1f])")
_SPACE = Pattern(r"\s+")


class Portion(NamedTuple):
    """Some messages of a conversation, or a part of one message.

    Attributes:
        messages: the messages.
        numbers: the index of each in the conversation.
    """

    messages: tuple[Message, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Portion:
        """Return a whole conversation."""
        return cls(tuple(messages), tuple(range(len(messages))))

    @property
    def size(self) -> int:
        """Estimated number of tokens."""
        return sum(estimate_tokens(message.content) for message in self.messages)

    def halves(self) -> tuple[Portion, Portion] | None:
        """Return two portions of about equal size, or ``None`` if it cannot be divided."""
        if len(self.messages) > 1:
            cut = self._middle()
            return (
                Portion(self.messages[:cut], self.numbers[:cut]),
                Portion(self.messages[cut:], self.numbers[cut:]),
            )
        parts = halve(self.messages[0].content) if self.messages else None
        if parts is None:
            return None
        first, second = (Portion((replace(self.messages[0], content=part),), self.numbers) for part in parts)
        return first, second

    def _middle(self) -> int:
        sizes = [estimate_tokens(message.content) for message in self.messages]
        half, passed = sum(sizes) / 2, 0
        for number, size in enumerate(sizes):
            # The message in the middle goes to the smaller half.
            if passed + size / 2 >= half:
                return min(max(number, 1), len(sizes) - 1)
            passed += size
        return len(sizes) - 1


def halve(text: str) -> tuple[str, str] | None:
    """Divide a text near its middle, between paragraphs, lines, sentences, words, or else anywhere.

    Returns:
        The two parts, or ``None`` for a short text of one sentence.
    """
    text = text.strip()
    uneven: tuple[str, str] | None = None
    for pattern in (_PARAGRAPH, _LINE, _SENTENCE):
        parts = _cut_near_middle(text, pattern)
        if parts is not None and min(map(len, parts)) >= _EVEN * len(text):
            return parts
        uneven = uneven or parts
    if len(text) < _LONG:
        return uneven
    middle = len(text) // 2
    return _cut_near_middle(text, _SPACE) or uneven or (text[:middle], text[middle:])


def _cut_near_middle(text: str, pattern: Pattern) -> tuple[str, str] | None:
    middle = len(text) / 2
    best: re.Match[str] | None = None
    for match in pattern.finditer(text):
        if 0 < match.end() < len(text) and (
            best is None or abs(match.start() - middle) < abs(best.start() - middle)
        ):
            best = match
    return None if best is None else (text[: best.start()], text[best.end() :])
