"""Facts that only repeat the request: sentences of its instructions, or the day that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ...types import ChatMessage
from ..patterns import Pattern
from ..text.cleaning import normalize
from .words import content, forms

_CONVERSATION = Pattern(r"<conversation>.*</conversation>", re.DOTALL)
_EXAMPLE = Pattern(r"[\"\u201c\u300c]([^\"\u201c\u201d\u300c\u300d]{3,120})[\"\u201d\u300d]")
_END = Pattern(r"[.:;!?\u3002]\s+|\n+")
# The names of the fields, which a model may fill in as their values.
_PLACEHOLDERS = frozenset(
    """
    text|the fact|fact|string|null|none|turn|kind|importance|event_date|entities|speaker|preference|reasoning
    |type|the number of the turn that states it|fact text|example|statement
    """.replace("\n", " ").replace(" |", "|").strip().split("|")
)  # fmt: skip
# Share of a fact's words that one sentence of the request holds, and of that sentence's words that are in the
# fact: a fact may well have a few words of a long instruction.
_OF_FACT = 0.8
_OF_SENTENCE = 0.5


class Echoes:
    """The sentences of a request that may come back as facts.

    Args:
        request: the messages of the request; the conversation in it is no part of them.
    """

    def __init__(self, request: Sequence[ChatMessage]) -> None:
        texts = [message["content"] for message in request]
        self._sentences = [
            sentence
            for text in texts
            if isinstance(text, str)
            for sentence in _read(_CONVERSATION.sub(" ", text))
        ]
        self._words = frozenset().union(*self._sentences)

    def repeats(self, text: str) -> bool:
        """Return whether a fact says no more than a sentence of the request, or a field's name."""
        if normalize(text).casefold().strip(" .\"'<>[]{}") in _PLACEHOLDERS:
            return True
        told = forms(text)
        # Most facts have words that no sentence has.
        if len(told & self._words) < _OF_FACT * len(told) or not content(text):
            return False
        for sentence in self._sentences:
            common = len(told & sentence)
            if common >= _OF_FACT * len(told) and common >= _OF_SENTENCE * len(sentence):
                return True
        return False


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[frozenset[str], ...]:
    """Return the words of each sentence and each quoted example; most requests have the same instructions."""
    pieces = [*_END.split(text), *_EXAMPLE.findall(text)]
    found = (forms(piece) for piece in pieces)
    return tuple(piece for piece in found if len(piece) > 1)
