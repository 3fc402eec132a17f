"""Which part of a long message a fact was concluded from.

A fact is also found by the words around it in its message. Of a message of any length these are as many as of
a short one, or else a message with many facts would be cut into words, and stored, once for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 2_000
"""Characters of the longest message that is its own excerpt."""

MOST_TURNS = 32
"""To how many messages a fact is tied at most, where it does not say which one it came from."""

_PIECE = 600
# A word that is in more pieces than this tells nothing of where it is.
_MOST_PLACES = 8
_WORD = re.compile(r"\w{2,}")


class Excerpts:
    """The parts of some messages, found by the words in them.

    Args:
        texts: the messages.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._pieces: dict[int, list[str]] = {}
        self._excerpts: dict[tuple[int, int], str] = {}
        self._words: dict[int | None, dict[str, list[tuple[int, int]]]] = {}

    def of(self, fact: str, message: int) -> str:
        """Return what a message says around a fact."""
        text = self._texts[message]
        return text if len(text) <= LONGEST else self._around(*self._find(fact, message))

    def message_of(self, fact: str) -> int:
        """Return which message a fact is most likely from; the first, where no word tells."""
        return self._find(fact, None)[0]

    def _find(self, fact: str, message: int | None) -> tuple[int, int]:
        """Return the message, of one or of all, and the piece of it with the most telling words of a fact."""
        places = self._index(message)
        votes: dict[tuple[int, int], float] = {}
        for word in set(_WORD.findall(fact.lower())):
            found = places.get(word, ())
            if len(found) <= _MOST_PLACES:
                for place in found:
                    votes[place] = votes.get(place, 0) + 1 / len(found)
        # The first of the best, whatever the order of the words.
        return min(votes, key=lambda place: (-votes[place], place), default=(message or 0, 0))

    def _index(self, message: int | None) -> dict[str, list[tuple[int, int]]]:
        """Return in which pieces each word is, of one message or of all; in so many that it tells nothing,
        in no more than that."""
        if (index := self._words.get(message)) is None:
            index = self._words[message] = {}
            for number in range(len(self._texts)) if message is None else (message,):
                for i, piece in enumerate(self._cut(number)):
                    for word in set(_WORD.findall(piece.lower())):
                        found = index.setdefault(word, [])
                        if len(found) <= _MOST_PLACES:
                            found.append((number, i))
        return index

    def _cut(self, number: int) -> list[str]:
        if (pieces := self._pieces.get(number)) is None:
            text = self._texts[number]
            pieces, start = [], 0
            while start < len(text):
                end = start + _PIECE
                if end < len(text) and (blank := text.rfind(" ", start + _PIECE // 2, end)) > 0:
                    end = blank + 1
                pieces.append(text[start:end])
                start = end
            self._pieces[number] = pieces
        return pieces

    def _around(self, number: int, piece: int) -> str:
        # The same object each time, so that its hash is computed once.
        if (excerpt := self._excerpts.get((number, piece))) is None:
            excerpt = "".join(self._cut(number)[max(0, piece - 1) : piece + 2])
            self._excerpts[number, piece] = excerpt
        return excerpt
