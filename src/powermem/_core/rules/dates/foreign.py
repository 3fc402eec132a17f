"""Days that a sentence in a language other than English names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from ...patterns import Pattern
from .day_words import DayWords
from .east_asian import CHINESE, JAPANESE, KOREAN
from .northern_and_eastern import (
    CZECH,
    DANISH,
    FINNISH,
    HUNGARIAN,
    INDONESIAN,
    NORWEGIAN,
    POLISH,
    ROMANIAN,
    SWEDISH,
    TURKISH,
    VIETNAMESE,
)  # fmt: skip
from .other_alphabets import ARABIC, GREEK, HEBREW, HINDI, PERSIAN, RUSSIAN, UKRAINIAN
from .spans import Found
from .western_european import DUTCH, FRENCH, GERMAN, ITALIAN, PORTUGUESE, SPANISH

_LATIN = (
    GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, POLISH, TURKISH, SWEDISH, DANISH, NORWEGIAN, CZECH,
    ROMANIAN, INDONESIAN, FINNISH, HUNGARIAN, VIETNAMESE,
)  # fmt: skip
# Told apart by their letters; those of Ukrainian and Persian come before what they share with others.
_BY_LETTERS: tuple[tuple[Pattern, DayWords], ...] = (
    (Pattern("[іїєґ]", re.IGNORECASE), UKRAINIAN),
    (Pattern("[\u0400-\u04ff]"), RUSSIAN),
    (Pattern("[\u0400-\u04ff]"), UKRAINIAN),
    (Pattern("[\u0900-\u0963]"), HINDI),
    (Pattern("[پچژگک\u06cc]"), PERSIAN),
    (Pattern("[\u0621-\u064a]"), ARABIC),
    (Pattern("[\u05d0-\u05ea]"), HEBREW),
    (Pattern("[\u0370-\u03ff]"), GREEK),
)
_KANA = Pattern("[\u3041-\u30fa]")
_HANGUL = Pattern("[\uac00-\ud7a3]")
_HAN = Pattern("[\u3400-\u9fff]")


def east_asian(sentence: str, today: date) -> Iterable[Found]:
    """Find the days that a sentence in Chinese, Japanese or Korean names."""
    if _HANGUL.search(sentence):
        return KOREAN.find(sentence, today)
    if _KANA.search(sentence):
        return JAPANESE.find(sentence, today)
    return CHINESE.find(sentence, today) if _HAN.search(sentence) else ()


def by_letters(sentence: str, today: date) -> Iterable[Found]:
    """Find the days that a sentence names in a language which its letters tell, such as Russian."""
    for letters, words in _BY_LETTERS:
        if letters.search(sentence) and (own := list(words.find(sentence, today))):
            return own
    return ()


def in_latin_letters(sentence: str, today: date) -> Iterable[Found]:
    """Find the days that a sentence in another language with Latin letters names."""
    best: list[Found] = []
    most = 0
    for words in _LATIN:
        # Some words belong to several languages, such as "hier" to French and German: the language with the
        # most words of its own in the sentence wins.
        evidence = words.evidence(sentence)
        if evidence > most and (found := list(words.find(sentence, today))):
            best, most = found, evidence
    return best
