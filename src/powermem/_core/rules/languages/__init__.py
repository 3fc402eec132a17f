"""The words of other languages than English, and which of these languages a text is in."""

from __future__ import annotations

import re

from ...patterns import Pattern
from ...text.languages import stop_words
from .arabic_script import ARABIC, HEBREW, PERSIAN, URDU
from .chinese import CHINESE
from .germanic import DUTCH, GERMAN, SCANDINAVIAN
from .hindi import HINDI
from .japanese import JAPANESE
from .korean import KOREAN
from .lexicon import Lexicon
from .other_european import FINNISH, GREEK, HUNGARIAN
from .romance import FRENCH, ITALIAN, PORTUGUESE, ROMANIAN, SPANISH
from .slavic import CZECH, POLISH, RUSSIAN, UKRAINIAN
from .southeast_asian import INDONESIAN, THAI, VIETNAMESE
from .turkish import TURKISH

__all__ = ["LEXICONS", "Lexicon", "language_of"]

_LATIN = (
    GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH, POLISH, TURKISH, SCANDINAVIAN, CZECH, ROMANIAN,
    INDONESIAN, FINNISH, HUNGARIAN, VIETNAMESE,
)  # fmt: skip
# In this order: the letters of kana and hangul before the Han characters that Japanese has too, those of Urdu
# and Persian before those that they share with Arabic.
_BY_SCRIPT = (
    (Pattern("[\u3041-\u3096\u30a1-\u30fa]"), JAPANESE),
    (Pattern("[\u1100-\u11ff\uac00-\ud7a3]"), KOREAN),
    (Pattern("[\u3400-\u9fff]"), CHINESE),
    (Pattern("[\u0900-\u0963]"), HINDI),
    (Pattern("[\u0e01-\u0e4e]"), THAI),
    (Pattern("[\u05d0-\u05ea]"), HEBREW),
    (Pattern("[\u0370-\u03ff\u1f00-\u1fff]"), GREEK),
    (Pattern("[ٹڈڑںےہھ]"), URDU),
    (Pattern("[پچژگک\u06cc]"), PERSIAN),
    (Pattern("[\u0621-\u064a]"), ARABIC),
    (Pattern("[іїєґІЇЄҐ]"), UKRAINIAN),
    (Pattern("[\u0400-\u04ff]"), RUSSIAN),
)
LEXICONS = (*_LATIN, *(lexicon for _, lexicon in _BY_SCRIPT))
_ASCII_WORD = Pattern(r"[A-Za-z]{2,}")
_WORD = Pattern(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
# Letters that no other of these languages has.
_OWN_LETTERS = (
    (Pattern("[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE), VIETNAMESE),
    (Pattern("[ğış]", re.IGNORECASE), TURKISH),
    (Pattern("[łśżźćńąę]", re.IGNORECASE), POLISH),
    (Pattern("[ěřůžčš]", re.IGNORECASE), CZECH),
    (Pattern("[ñ¿¡]", re.IGNORECASE), SPANISH),
    (Pattern("[ãõ]", re.IGNORECASE), PORTUGUESE),
    (Pattern("[ß]", re.IGNORECASE), GERMAN),
    (Pattern("[șță]", re.IGNORECASE), ROMANIAN),
    (Pattern("[őű]", re.IGNORECASE), HUNGARIAN),
    (Pattern("[åøæ]", re.IGNORECASE), SCANDINAVIAN),
    (Pattern("[œûù]", re.IGNORECASE), FRENCH),
)
_ENGLISH_SPEAKER = Pattern(
    r"\b(?:I|[Ii]['\u2019](?:m|ve|d|ll)|[Mm]y|[Ww]e|[Oo]ur|[Yy]ou|[Yy]our|[Tt]he|is|are)\b"
)
_MOST_CHARACTERS = 2_000


def language_of(text: str, expected: Lexicon | None = None) -> Lexicon | None:
    """Return the language that a text is in, or ``None`` for English and where there is no evidence.

    Args:
        text: a sentence or a whole conversation.
        expected: the language of the conversation, which decides where the sentence alone does not.
    """
    if not text.isascii() and (found := _by_script(text)):
        return found
    words = {word.lower() for word in _WORD.findall(text[:_MOST_CHARACTERS])}
    return _latin(text[:_MOST_CHARACTERS], words, expected)


def _by_script(text: str) -> Lexicon | None:
    for pattern, lexicon in _BY_SCRIPT:
        if own := pattern.findall(text):
            # "I love 寿司" is English.
            return lexicon if len(own) >= len(_ASCII_WORD.findall(text)) else None
    return None


def _latin(text: str, words: set[str], expected: Lexicon | None) -> Lexicon | None:
    """Return the language with the most function words and letters of its own.

    Of languages with about as many, it is the one in which the sentence is known to say something.
    """
    evidence = _evidence(text, words)
    if expected is not None and expected.code in evidence:
        evidence[expected.code] += 2
    english = len(words & stop_words("english")) + (0 if expected else 1)
    most = max(evidence.values())
    if most < english or (most == english and _ENGLISH_SPEAKER.search(text)):
        return None
    close = [lexicon for lexicon in _LATIN if evidence[lexicon.code] >= max(most - 1, 0)]
    if len(close) > 1 or most == english:
        for lexicon in close:
            understood = lexicon.understood(text)
            evidence[lexicon.code] += understood + (understood > 0)
    best = max(close, key=lambda lexicon: evidence[lexicon.code])
    return best if evidence[best.code] > english else None


def _evidence(text: str, words: set[str]) -> dict[str, int]:
    """Return the number of function words of each language, and two for letters of its own."""
    evidence = {
        lexicon.code: max((len(words & stop_words(name)) for name in lexicon.stop_words), default=0)
        for lexicon in _LATIN
    }
    if not text.isascii():
        for pattern, lexicon in _OWN_LETTERS:
            if pattern.search(text):
                evidence[lexicon.code] += 2
    return evidence
