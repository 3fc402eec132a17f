"""Tell how much of a text is in Latin script."""

from __future__ import annotations

from ..patterns import Pattern

__all__ = ["latin_share"]

# Words of Latin letters, words of other alphabets, and scripts that put no space between words. Symbols,
# digits and emoji belong to no script.
_WORDS = Pattern(
    "(?P<latin>(?:[A-Za-z]|[\u00c0-\u02af\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a](?<![\u00d7\u00f7]))+)"
    "|(?P<dense>[\u1100-\u11ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u318f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+)"
    "|(?P<long>[\u0e01-\u0e4e\u0e81-\u0ece\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3]+)"
    "|(?P<other>[^\\W\\d_])[^\\W\\d_\u3005-\u9fff\uac00-\ud7a3]*"
)
_PER_WORD = {"dense": 2, "long": 4}
"""Characters per word: two in Chinese, Japanese and Korean, four in Thai and others without spaces."""


def latin_share(text: str) -> float:
    """Return the share of a text's words that are in Latin script, 0 to 1; 1 for a text without words.

    ``"我的 MacBook Pro 坏了"`` has two words of Latin script, and about two others.
    """
    if text.isascii():
        return 1.0
    latin, others = 0, 0.0
    for match in _WORDS.finditer(text):
        kind = str(match.lastgroup)
        if kind == "latin":
            latin += 1
        elif kind in _PER_WORD:
            others += len(match[0]) / _PER_WORD[kind]
        else:
            others += 1
    return latin / (latin + others) if others else 1.0
