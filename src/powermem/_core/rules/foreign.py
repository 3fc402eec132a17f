"""Sentences in other languages than English: decide which are worth keeping, and of which kind they are."""

from __future__ import annotations

import re

from .languages import Lexicon
from .sentences import Reading

__all__ = ["read", "read_assistant", "takes_back"]

_ASKS = re.compile(
    r"[?\uff1f\u061f](?:[\s\"')\]\u201d\u300d\uff09!\uff01~\uff5e]|[\U0001f300-\U0001faff])*\Z"
)
_WORD = re.compile(r"\w")
# Fewer words tell little; in scripts without spaces fewer characters.
_LEAST_WORDS = 2
_LEAST_CHARACTERS = 4


def read(sentence: str, language: Lexicon, *, lenient: bool, answered: bool = False) -> Reading | None:
    """Classify a sentence.

    Args:
        sentence: one sentence as written.
        language: the language it is in.
        lenient: keep statements about anything, not only about the speaker and people by name.
        answered: the sentence corrects or answers, so that it may be short.

    Returns:
        The statement and its kind, or ``None`` if there is nothing to keep.
    """
    core, remembered = _core(sentence, language)
    if not _WORD.search(core) or _ASKS.search(core) or language.is_question.search(core):
        return None
    if remembered or language.is_remembered.search(core):
        return Reading(core, _kind(core, language), remembered=True)
    if language.is_instruction.match(core):
        return Reading(core, "instruction", remembered=True)
    if _is_talk(core, language) or not (answered or _is_long(core, language)):
        return None
    first = language.is_first.search(core) is not None
    continues = language.is_continuing.match(core) is not None
    if lenient or first or _is_of_person(core, language):
        return Reading(core, _kind(core, language), continues=continues and not first)
    return Reading(core, _kind(core, language), continues=True, alone=False) if continues else None


def read_assistant(sentence: str, language: Lexicon) -> Reading | None:
    """Classify a sentence of an assistant: what it did for the user, or how the user's own matter stands."""
    if (
        _ASKS.search(sentence)
        or language.is_question.search(sentence)
        or not language.is_deed.search(sentence)
    ):
        return None
    return Reading(_stripped(sentence, language), "event")


def takes_back(sentence: str, language: Lexicon) -> bool:
    """Return whether a sentence says that what was said before was a joke."""
    return language.is_joke.search(sentence) is not None


def _core(sentence: str, language: Lexicon) -> tuple[str, bool]:
    """Strip words that open the sentence; return the rest, and whether it must be remembered."""
    core = _stripped(sentence, language)
    if match := language.asks_to_remember.match(core):
        rest = core[match.end() :].strip()
        if _WORD.search(rest):
            return _capitalized(rest, core), True
    return core, False


def _stripped(sentence: str, language: Lexicon) -> str:
    start = 0
    while match := language.opens.match(sentence, start):
        if match.end() == start or not _WORD.search(sentence, match.end()):
            break
        start = match.end()
    return _capitalized(sentence[start:].strip(), sentence)


def _capitalized(core: str, whole: str) -> str:
    return core[:1].upper() + core[1:] if core != whole and whole[:1].isupper() else core


def _is_talk(core: str, language: Lexicon) -> bool:
    """Return whether a sentence is a request, small talk, a reaction, or about what is not so."""
    return bool(
        language.is_command.match(core)
        or language.is_talk.match(core)
        or language.is_unreal.search(core)
        or language.is_joke.search(core)
    )


def _is_long(core: str, language: Lexicon) -> bool:
    if language.spaces:
        return len(core.split()) >= _LEAST_WORDS
    return len(_WORD.findall(core)) >= _LEAST_CHARACTERS


def _is_of_person(core: str, language: Lexicon) -> bool:
    """Return whether a sentence says of somebody by name what is said of people: "Lea heiratet im Mai."."""
    return core[0].isupper() and language.is_of_people.search(core) is not None


def _kind(core: str, language: Lexicon) -> str:
    return next((kind for kind, pattern in language.kinds if pattern.search(core)), "fact")
