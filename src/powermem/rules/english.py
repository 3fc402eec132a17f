"""English sentences: which say something worth keeping, and what kind of thing."""

from __future__ import annotations

import re

from ..text import query_terms
from . import statements, talk
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
    instruction = statements.INSTRUCTION.match(plain) is not None
    if remembered or instruction:
        kind = "instruction" if instruction else _kind(plain)
        return Reading(core, kind, remembered=True) if _content(plain) > 0 else None
    if _is_talk(plain):
        return None
    if statements.ELSEWHERE.match(plain):
        return _elsewhere(core, plain, lenient)
    if not _is_statement(plain, names, lenient):
        return None
    content = _content(plain)
    if content == 0:
        return None
    kind = _kind(plain)
    if lenient or kind == "identity" or statements.POSSESSION.match(plain):
        needed = 1
    elif statements.DEICTIC.search(plain):
        # What "it" or "these" may be is not known later: such a sentence needs more of its own.
        needed = 3
    else:
        needed = 1 if kind == "preference" else 2
    return Reading(core, kind) if content >= needed else None


def _plain(text: str) -> str:
    return text.replace("\u2019", "'")


def _core(sentence: str, names: frozenset[str]) -> tuple[str, bool]:
    """Return the statement without openers, names called and tag questions, and whether to remember it."""
    plain = _plain(sentence)
    start = 0
    remembered = False
    while True:
        before = start
        for pattern in (talk.OPENER, talk.THANKS_FOR):
            if match := pattern.match(plain, start):
                start = match.end()
        if match := talk.REMEMBER.match(plain, start):
            start, remembered = match.end(), True
        match = _CALL.match(plain, start)
        if match and match[1].lower() in names:
            start = match.end()
        if start == before:
            break
    core = _without_tag(sentence[start:].strip())
    if start and core[:1].islower():
        core = core[0].upper() + core[1:]
    return core, remembered


def _without_tag(core: str) -> str:
    """Return "I love hiking." for "I love hiking, don't you?"."""
    plain = _plain(core)
    if plain.rstrip("!").endswith("?") and (tag := talk.TAG.search(plain)):
        head = core[: tag.start()]
        if len(head.split()) > 2:
            return head + "."
    return core


def _is_question(plain: str) -> bool:
    return plain.rstrip("!)\"' ").endswith(("?", "\uff1f")) or talk.QUESTION.match(plain) is not None


def _is_talk(plain: str) -> bool:
    """Tell whether a sentence is a request, small talk or a reaction."""
    if talk.COMMAND.match(plain) or talk.SMALL_TALK.match(plain) or talk.BACKCHANNEL.match(plain):
        return True
    if opinion := talk.OPINION.match(plain):
        # "I think I'll go" is about the speaker, "I think it's great" is not.
        rest = plain[opinion.end() :]
        return statements.SUBJECT.match(rest) is None or talk.BACKCHANNEL.match(rest) is not None
    return False


def _elsewhere(core: str, plain: str, lenient: bool) -> Reading | None:
    """Judge a sentence that begins with "she" or "that"."""
    content = _content(plain)
    continuing = 1 if statements.PERSON.match(plain) else 3
    continues = content >= continuing and statements.CONTINUES.match(plain) is not None
    enough = 2 if lenient or statements.RELATIONSHIP.search(plain) else 3
    alone = content >= enough and (lenient or statements.SUBJECT.search(plain) is not None)
    return Reading(core, _kind(plain), continues=continues, alone=alone) if alone or continues else None


def _kind(plain: str) -> str:
    return next((kind for kind, pattern in statements.KIND_PATTERNS if pattern.search(plain)), "fact")


def _is_statement(plain: str, names: frozenset[str], lenient: bool) -> bool:
    if statements.SUBJECT.search(plain) or statements.USER.match(plain) or statements.ELLIPTIC.match(plain):
        return True
    has_verb = statements.VERB.search(plain) is not None
    if lenient:
        return has_verb or len(plain.split()) > 2 or statements.PAIR.match(plain) is not None
    first = _WORD.match(plain)
    return has_verb and first is not None and first[0][0].isupper() and first[0].lower() in names


def _content(plain: str) -> int:
    """Count the terms of a sentence that could tell it from another: a letter cannot, a number can."""
    return sum(
        term not in statements.GENERIC and (len(term) > 1 or term.isdigit()) for term in query_terms(plain)
    )
