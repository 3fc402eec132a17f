"""Find the part of a long message that a fact comes from.

A fact is also found by the words around it in its message. The excerpt is bounded: otherwise a long message
with many facts would be tokenized and stored as a whole once for each fact.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..patterns import Pattern

LONGEST = 2_000
"""A message of at most this many characters is its own excerpt."""

MOST_TURNS = 32
"""The most messages that a fact of unknown origin is linked to."""

_PIECE = 600
# A word in more pieces than this says nothing about the place.
_MOST_PLACES = 8
_WORD = Pattern(r"\w{2,}")


class Excerpts:
    """Excerpts of a list of messages, located by words; the index is built on first use."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._pieces: dict[int, list[str]] = {}
        self._excerpts: dict[tuple[int, int], str] = {}
        self._words: dict[int | None, dict[str, list[tuple[int, int]]]] = {}

    def of(self, fact: str, message: int) -> str:
        """Return the part of a message around a fact."""
        text = self._texts[message]
        return text if len(text) <= LONGEST else self._around(*self._find(fact, message))

    def message_of(self, fact: str) -> int:
        """Return the index of the message that a fact most likely comes from; 0 if no word matches."""
        return self._find(fact, None)[0]

    def _find(self, fact: str, message: int | None) -> tuple[int, int]:
        """Return message and piece that share the most, and the rarest, words with a fact.

        ``message`` limits the search to one message.
        """
        places = self._index(message)
        votes: dict[tuple[int, int], float] = {}
        for word in set(_WORD.findall(fact.lower())):
            found = places.get(word, ())
            if len(found) <= _MOST_PLACES:
                for place in found:
                    votes[place] = votes.get(place, 0) + 1 / len(found)
        # Ties go to the first place, so that the result does not depend on the order of the words.
        return min(votes, key=lambda place: (-votes[place], place), default=(message or 0, 0))

    def _index(self, message: int | None) -> dict[str, list[tuple[int, int]]]:
        """Return the pieces that contain each word; for a common word, only `_MOST_PLACES` + 1."""
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
        # Cached also because a str caches its hash, and the same excerpt is looked up again and again.
        if (excerpt := self._excerpts.get((number, piece))) is None:
            excerpt = "".join(self._cut(number)[max(0, piece - 1) : piece + 2])
            self._excerpts[number, piece] = excerpt
        return excerpt
