"""English sentences: which say something worth keeping, and what kind of thing."""

from __future__ import annotations

import re

from ..text import query_terms
from . import vocabulary as words
from .reading import Reading

_CALL = re.compile(r"([A-Z]\w+)[,!]\s+")
_WORD = re.compile(r"[\w-]+")


def read(sentence: str, *, names: frozenset[str], lenient: bool) -> Reading | None:
    """Judge a sentence.

    Args:
        sentence: one sentence as it was written.
        names: names, lower case, of people and things in the conversation.
        lenient: whether a statement about anything counts, and not only what concerns the speaker or a name.

    Returns:
        The statement and its kind, or ``None`` when there is nothing to keep.
    """
    core, remembered = _core(sentence, names)
    plain = _plain(core)
    if not plain or _is_question(plain):
        return None
    kind = _kind(plain)
    if remembered or kind == "instruction":
        return Reading(core, kind or "fact", remembered=True) if _content(plain) > 0 else None
    if _is_talk(plain):
        return None
    if words.ELSEWHERE.match(plain):
        return _elsewhere(core, plain, kind, lenient)
    if not _is_statement(plain, names, lenient):
        return None
    if _content(plain) < (1 if lenient or kind in words.STRONG_KINDS else 2):
        return None
    return Reading(core, kind or ("event" if words.PAST.search(plain) else "fact"))


def _plain(text: str) -> str:
    return text.replace("\u2019", "'")


def _core(sentence: str, names: frozenset[str]) -> tuple[str, bool]:
    """Return the statement without openers, names called and tag questions, and whether it is to be remembered."""
    plain = _plain(sentence)
    start = 0
    remembered = False
    while True:
        before = start
        for pattern in (words.OPENER, words.THANKS_FOR):
            if match := pattern.match(plain, start):
                start = match.end()
        if match := words.REMEMBER.match(plain, start):
            start, remembered = match.end(), True
        match = _CALL.match(plain, start)
        if match and match[1].lower() in names:
            start = match.end()
        if start == before:
            break
    core = sentence[start:].strip()
    if _plain(core).rstrip("!").endswith("?") and (tag := words.TAG.search(_plain(core))):
        head = core[: tag.start()]
        if len(head.split()) > 3:
            core = head + "."
    if start and core[:1].islower():
        core = core[0].upper() + core[1:]
    return core, remembered


def _is_question(plain: str) -> bool:
    return plain.rstrip("!)\"' ").endswith(("?", "\uff1f")) or words.QUESTION.match(plain) is not None


def _is_talk(plain: str) -> bool:
    """Tell whether a sentence is a request, small talk or a reaction."""
    if words.COMMAND.match(plain) or words.SMALL_TALK.match(plain) or words.BACKCHANNEL.match(plain):
        return True
    if opinion := words.OPINION.match(plain):
        # "I think I'll go" is about the speaker, "I think it's great" is not.
        rest = plain[opinion.end() :]
        return words.SUBJECT.match(rest) is None or words.BACKCHANNEL.match(rest) is not None
    return False


def _elsewhere(core: str, plain: str, kind: str | None, lenient: bool) -> Reading | None:
    """Judge a sentence that begins with "she" or "that"."""
    if _content(plain) < (2 if lenient else 3):
        return None
    alone = lenient or words.SUBJECT.search(plain) is not None
    continues = words.CONTINUES.match(plain) is not None
    return Reading(core, kind or "fact", continues=continues, alone=alone) if alone or continues else None


def _kind(plain: str) -> str | None:
    return next((kind for kind, pattern in words.KIND_PATTERNS if pattern.search(plain)), None)


def _is_statement(plain: str, names: frozenset[str], lenient: bool) -> bool:
    if words.SUBJECT.search(plain) or words.USER.match(plain) or words.ELLIPTIC.match(plain):
        return True
    if lenient:
        long_enough = len(plain.split()) > 2
        return long_enough or words.VERB.search(plain) is not None or words.PAIR.match(plain) is not None
    first = _WORD.match(plain)
    named = first is not None and first[0][0].isupper() and first[0].lower() in names
    return named and words.VERB.search(plain) is not None


def _content(plain: str) -> int:
    """Count the terms of a sentence that could tell it from another."""
    return sum(term not in words.GENERIC and len(term) > 1 for term in query_terms(plain))
