"""Stems of words: English by an own implementation, other languages by Snowball if it is installed.

The English algorithm is M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, pp. 130-137.
Names of steps and conditions are the paper's. As in Porter's own program, words of one or two letters are
left alone. It is our own because its stems are stored in every index: another implementation or version would
not find them.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from ..forks import free_in_child

_VOWELS = frozenset("aeiou")

# Each table maps a suffix to its replacement.
_STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "abli": "able",
    "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate",
    "alism": "al", "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive",
    "biliti": "ble",
}  # fmt: skip
_STEP_3 = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
_STEP_4 = dict.fromkeys(
    ("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism",
     "ate", "iti", "ous", "ive", "ize"), "",
)  # fmt: skip


def stem(word: str) -> str:
    """Return the stem of a lower-case English word.

    Args:
        word: ASCII letters ``a`` to ``z`` only.

    Returns:
        The stem, which need not be a word: ``"relational"`` gives ``"relat"``.
    """
    if len(word) < 3:
        return word
    word = _plural(word)
    word = _past_and_gerund(word)
    if word[-1] == "y" and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    word = _replace(word, _STEP_2, above=0)
    word = _replace(word, _STEP_3, above=0)
    word = _replace(word, _STEP_4, above=1)
    return _tidy(word)


def _shape(word: str) -> str:
    """Spell a word in ``c`` (consonant) and ``v`` (vowel); ``y`` is a vowel after a consonant."""
    shape = ""
    for letter in word:
        vowel = letter in _VOWELS or (letter == "y" and shape[-1:] == "c")
        shape += "v" if vowel else "c"
    return shape


def _measure(word: str) -> int:
    """Return the paper's *m*: the number of vowel runs that are followed by a consonant run."""
    return _shape(word).count("vc")


def _has_vowel(word: str) -> bool:
    """Return whether the paper's ``*v*`` holds."""
    return "v" in _shape(word)


def _ends_double(word: str) -> bool:
    """Return whether the paper's ``*d`` holds: the word ends in a double consonant."""
    return len(word) > 1 and word[-1] == word[-2] and _shape(word)[-1] == "c"


def _ends_short(word: str) -> bool:
    """Return whether the paper's ``*o`` holds: it ends consonant, vowel, consonant other than w, x, y."""
    return _shape(word)[-3:] == "cvc" and word[-1] not in "wxy"


def _plural(word: str) -> str:
    """Step 1a."""
    if word.endswith(("sses", "ies")):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def _past_and_gerund(word: str) -> str:
    """Step 1b."""
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            break
    else:
        return word
    if not _has_vowel(rest):
        return word
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if _ends_double(rest) and rest[-1] not in "lsz":
        return rest[:-1]
    if _measure(rest) == 1 and _ends_short(rest):
        return rest + "e"
    return rest


def _replace(word: str, table: dict[str, str], above: int) -> str:
    """Steps 2, 3 and 4: replace the longest suffix if the rest has a measure over ``above``."""
    # Only the longest matching suffix is tried, even if its condition fails.
    for length in range(min(7, len(word) - 1), 1, -1):
        suffix = word[-length:]
        if suffix in table:
            rest = word[:-length]
            fits = _measure(rest) > above and (suffix != "ion" or rest[-1] in "st")
            return rest + table[suffix] if fits else word
    return word


def _tidy(word: str) -> str:
    """Step 5."""
    if word.endswith("e"):
        rest = word[:-1]
        measure = _measure(rest)
        if measure > 1 or (measure == 1 and not _ends_short(rest)):
            word = rest
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word


_lock = threading.Lock()
free_in_child(_lock)


def stem_in(language: str, word: str) -> str | None:
    """Return the stem of a word, or ``None`` if the extra ``languages`` is not installed.

    Args:
        language: Snowball's name of the language, such as ``"german"``.
        word: case-folded, with accents.
    """
    stemmer = _stemmer(language)
    if stemmer is None:
        return None
    # A stemmer keeps its state in attributes, so it is not thread-safe.
    with _lock:
        stem = stemmer.stemWord(word)
    return str(stem)


@cache
def _stemmer(language: str) -> Any:
    try:
        import snowballstemmer

        return snowballstemmer.stemmer(language)
    except (ImportError, KeyError):
        # If PyStemmer is installed, snowballstemmer uses it; old versions of it know fewer languages.
        return None
