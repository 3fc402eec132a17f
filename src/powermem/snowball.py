"""Stems of words in other languages than English, by the algorithms of Snowball, where it is installed."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from .forks import free_in_child

_lock = threading.Lock()
free_in_child(_lock)


def stem_in(language: str, word: str) -> str | None:
    """Return the stem of a word.

    Args:
        language: Snowball's name for it, such as ``"german"``.
        word: case-folded, with its accents.

    Returns:
        The stem, which need not be a word itself; ``None`` when the extra ``languages`` is not installed.
    """
    stemmer = _stemmer(language)
    if stemmer is None:
        return None
    # It takes the word apart in its own attributes.
    with _lock:
        return str(stemmer.stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    try:
        import snowballstemmer

        return snowballstemmer.stemmer(language)
    except (ImportError, KeyError):
        # PyStemmer, which takes its place when it is installed, may be older and know fewer languages.
        return None
