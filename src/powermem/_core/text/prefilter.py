"""Tell in little time that an expression that ignores case cannot match, by letters that its matches contain.

An expression of many alternatives tries each of them at each letter, which takes a hundred times as long.
"""

from __future__ import annotations

from ..patterns import Pattern

# What an expression that ignores case takes for the same letter, other than capitals.
_SAME = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k", "\u212b": "å"})
_WORD = Pattern(r"\w+")


class Prefilter:
    """The words and letters of which each match of an expression contains at least one.

    Args:
        parts: letters anywhere in a text, separated by white space.
        words: whole words, separated by white space.
    """

    def __init__(self, parts: str, words: str = "") -> None:
        self._parts = tuple(parts.translate(_SAME).split())
        self._ascii_parts = tuple(filter(str.isascii, self._parts))
        self._words = frozenset(words.translate(_SAME).split())

    def allows(self, text: str) -> bool:
        """Return whether the expression may match a text; if not, it need not be tried."""
        if text.isascii():
            folded, parts = text.lower(), self._ascii_parts
        else:
            folded, parts = text.translate(_SAME).lower(), self._parts
        if self._words and not self._words.isdisjoint(_WORD.findall(folded)):
            return True
        # Not `any`, which would resume a generator for each.
        for part in parts:  # noqa: SIM110
            if part in folded:
                return True
        return False
