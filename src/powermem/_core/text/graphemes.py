"""Where a text may be cut without dividing what a reader sees as one character.

The rules are those of Unicode's extended grapheme clusters (UAX #29), in a form that needs no table beyond
``unicodedata``: a few more places than there are counted as inside a cluster, never fewer.
"""

from __future__ import annotations

from unicodedata import category

_JOINER = "\u200d"
_VIRAMAS = frozenset("\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2")
# Thai and Lao vowels that are letters by their category, and kana's voicing marks of half width.
_TRAILING = frozenset("\u0e33\u0eb3\uff9e\uff9f")
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
# Kinds of letters and syllables of Hangul that are read as one: leading, vowel, trailing, open, closed.
_ONE_SYLLABLE = frozenset(map(tuple, ("LL", "LV", "LS", "LW", "SV", "ST", "VV", "VT", "WT", "TT")))
# Signs before a number in Arabic, Syriac and Kaithi, which belong to what follows.
_LEADING = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def is_boundary(text: str, place: int) -> bool:
    """Return whether a text may be cut before the character at ``place``."""
    if place <= 0 or place >= len(text):
        return True
    before, after = text[place - 1], text[place]
    if before < "\u0300" and after < "\u0300":
        return (before, after) != ("\r", "\n")
    if before in _LEADING or _extends(after):
        return False
    if before == _JOINER or (before in _VIRAMAS and after.isalpha()):
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        return _flag_letters_before(text, place) % 2 == 0
    return (_hangul(before), _hangul(after)) not in _ONE_SYLLABLE


def boundary_before(text: str, place: int, least: int = 0) -> int:
    """Return the last place at or before ``place``, but not before ``least``, where a text may be cut.

    Where there is none behind ``least``, it is ``least`` itself.
    """
    while place > least and not is_boundary(text, place):
        place -= 1
    return place


def boundary_after(text: str, place: int) -> int:
    """Return the first place at or after ``place`` where a text may be cut."""
    while not is_boundary(text, place):
        place += 1
    return place


def _extends(char: str) -> bool:
    kind = category(char)
    if kind[0] == "M" or char == _JOINER or char in _TRAILING:
        return True
    # Skin tones; letters of a flag's tag.
    return "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f" or char == "\u200c"


def _is_flag_letter(char: str) -> bool:
    return char in _FLAG_LETTERS


def _flag_letters_before(text: str, place: int) -> int:
    before = text[:place]
    return place - len(before.rstrip(_FLAG_LETTERS))


def _hangul(char: str) -> str:
    """Return the kind of a letter of Hangul, "L", "V" or "T", or of a syllable: "S" if open, else "W"."""
    if "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c":
        return "L"
    if "\u1160" <= char <= "\u11a7" or "\ud7b0" <= char <= "\ud7c6":
        return "V"
    if "\u11a8" <= char <= "\u11ff" or "\ud7cb" <= char <= "\ud7fb":
        return "T"
    if "\uac00" <= char <= "\ud7a3":
        return "S" if (ord(char) - 0xAC00) % 28 == 0 else "W"
    return ""
