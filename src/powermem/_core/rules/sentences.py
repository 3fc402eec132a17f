"""Split a message into sentences, and classify those of the assistant and of other languages."""

from __future__ import annotations

import re
from typing import NamedTuple


class Reading(NamedTuple):
    """A sentence worth keeping.

    Attributes:
        text: its wording, without opening words.
        kind: one of ``_core.prompts.KINDS``.
        remembered: whether the speaker asked for it to be remembered or followed from now on.
        continues: whether its subject is a pronoun ("she", "it"), so that it belongs to the previous
            sentence.
        alone: whether it makes sense without the previous sentence.
    """

    text: str
    kind: str
    remembered: bool = False
    continues: bool = False
    alone: bool = True


_PART = re.compile(r"\s+\|\s+|\s*\n\s*\|\s*")
_SPACE = re.compile(r"\s+")


def phrases(text: str, *, before: str = "", after: str = r"\b") -> re.Pattern[str]:
    """Compile alternatives, ignoring case.

    Args:
        text: regular expressions, separated by ``|`` with spaces or a line break around it, on as many lines
            as needed. Any other run of white space stands for one space.
        before: a pattern in front of each alternative.
        after: a pattern behind each alternative.
    """
    squeezed = _SPACE.sub(" ", _PART.sub("|", text)).strip()
    return re.compile(f"{before}(?:{squeezed}){after}", re.IGNORECASE)


_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BULLET = re.compile(r"\s*(?:[-*+>\u2022\u2023\u25aa\u00b7]+|\(?\d{1,2}[.)])\s+")
# A run of closing marks, with quotes after it, before white space; CJK marks need no space. The look-behind
# keeps a long run such as "....." from being tried once for each of its marks.
_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]+[\"')\]\u201d\u2019]*(?=\s)|[\u3002\uff01\uff1f\uff1b]+[\u201d\u2019\u300d\u300f\uff09]*"
)
_ABBREVIATION = phrases(
    r"""
    mr | mrs | ms | dr | prof | sr | jr | st | mt | vs | approx | dept | est | fig | no | vol | gen | col
    | lt | sgt | rev | jan | feb | mar | apr | jun | jul | aug | sep | sept | oct | nov | dec | mon | tue
    | tues | wed | thu | thurs | fri | sat | sun | e\.g | i\.e | a\.k\.a | cf | al | (?!i\b)[a-z]
    """,
    before=r"\b",
    after=r"\.$",
)
# These end a sentence only if no lower-case letter follows: "at 5 a.m. I left", but "at 5 a.m. on Monday".
_MAYBE = phrases(r"etc | inc | ltd | co | corp | a\.m | p\.m | [a-z](?:\.[a-z])+", before=r"\b", after=r"\.$")
_DECORATION = re.compile(r"(?:(?![\"'(\[$#@\u00a3\u00a5\u20ac\u201c\u2018\u300c\u300e<\u00bf\u00a1])[\W_])+")
# At least the length of the longest abbreviation with its dot.
_WINDOW = 12


def split(text: str) -> list[str]:
    """Split a text into sentences.

    A line break always ends a sentence. Abbreviations, initials, decimals, addresses and an ellipsis before a
    lower-case letter do not. Code blocks, list bullets and leading decoration such as emoji are dropped.

    Returns:
        The sentences in order, with their punctuation; none is blank.
    """
    sentences = []
    for line in _CODE.sub("\n", text).splitlines():
        bullet = _BULLET.match(line)
        for piece in _pieces(line[bullet.end() :] if bullet else line):
            decoration = _DECORATION.match(piece)
            sentence = (piece[decoration.end() :] if decoration else piece).rstrip()
            if sentence:
                sentences.append(sentence)
    return sentences


def _pieces(line: str) -> list[str]:
    pieces = []
    start = 0
    for end in _END.finditer(line):
        if _ends(line, start, end):
            pieces.append(line[start : end.end()])
            start = end.end()
    pieces.append(line[start:])
    return pieces


def _ends(line: str, start: int, end: re.Match[str]) -> bool:
    """Return whether a mark that could end a sentence does."""
    mark = end[0]
    goes_on = line[end.end() : end.end() + _WINDOW].lstrip()[:1].islower()
    if mark.startswith(("\u2026", "..")):
        return not goes_on
    if mark[0] == ".":
        before = line[max(start, end.start() - _WINDOW) : end.start() + 1]
        # Before the abbreviations, since "a.m." also ends in an initial.
        if _MAYBE.search(before):
            return not goes_on
        if _ABBREVIATION.search(before):
            return False
    # Not at a quotation within a sentence: '"Really?" she asked'.
    return not (goes_on and len(mark) > 1 and mark[-1] in "\"'\u201d\u2019")


# "I've booked table 4 for Friday."
_DONE = phrases(
    """
    booked | reserved | scheduled | ordered | cancell?ed | rescheduled | purchased | bought | paid
    | registered | enrolled | signed you | sent | emailed | submitted | renewed | transferred
    """,
    before=r"(?:\w+[,!.]? )?(?:i(?:'ve| have)(?: just| now| already)? |i (?:just |also )?)",
)
# "Your flight on Monday has been cancelled."
_YOURS = phrases(
    """
    order | reservation | booking | flight | ticket | appointment | confirmation | reference | case
    | tracking | membership | subscription | account | policy | invoice | refund | delivery | package
    """,
    before=r"your (?:\w+ ){0,3}",
    after=r"(?: \w+){0,3} (?:is|was|has|will|are|were)\b",
)
_DONE_CHINESE = re.compile(
    "我?已经?(?:为您|帮您|为你|帮你|替您|替你)?(?:预订|预定|订|安排|取消|购买|发送|登记|注册)"
)


def read_assistant(sentence: str) -> Reading | None:
    """Classify a sentence: ``"I've booked table 4 for Friday."`` is an event; advice gives ``None``."""
    plain = sentence.replace("\u2019", "'")
    if plain.endswith(("?", "\uff1f")):
        return None
    if _DONE.match(plain) or _YOURS.match(plain) or _DONE_CHINESE.search(sentence):
        return Reading(sentence, "event")
    return None


# First-person words that are not everyday English words as well: German, French, Spanish, Portuguese,
# Italian, Dutch, Russian; then Japanese and Korean.
_FIRST_PERSON = phrases(
    r"""
    \b(?:ich|mein\w*|mir|mich|wir|unser\w*)\b | \b(?:je|j'\w+|mon|mes|nous|notre|moi)\b
    | \b(?:yo|soy|mis?|vivo|tengo|trabajo|prefiero|nosotros|nuestr\w+|estoy)\b
    | \b(?:eu|meus?|minhas?|moro|tenho|sou|n\u00f3s)\b
    | \b(?:io|mi[oae]|miei|sono|lavoro|abito|preferisco|noi)\b | \b(?:ik|mijn|wij|onze)\b
    | \b(?:\u044f|\u043c\u043e\u0439|\u043c\u043e\u044f|\u043c\u043e\u0438|\u043c\u043d\u0435
    |\u043c\u0435\u043d\u044f)\b | [\u79c1\u50d5\u4ffa]
    | (?:^|\s)(?:\uc800|\ub098|\uc81c|\ub0b4|\uc6b0\ub9ac)(?:\ub294|\uac00|\uc758|\ub97c|\ub3c4)?\s
    """,
    after="",
)
_QUESTION = phrases(
    r"[?\uff1f\u061f] | \u304b[\u3002.]?\s*$ | (?:\uae4c\uc694|\ub098\uc694|\ub2c8\uae4c)\W*$", after=""
)
_GREETING = phrases(
    r"""
    hola | buen[oa]s | gracias | bonjour | salut | merci | bonsoir | hallo | guten | danke | ciao | grazie
    | buongiorno | ol\u00e1 | obrigad[oa] | bom dia | \u043f\u0440\u0438\u0432\u0435\u0442
    | \u0441\u043f\u0430\u0441\u0438\u0431\u043e | \u0437\u0434\u0440\u0430\u0432\u0441\u0442\u0432\w+
    | \u3053\u3093\u306b\u3061\u306f | \u3042\u308a\u304c\u3068\u3046 | \u304a\u306f\u3088\u3046
    | \uc548\ub155 | \uac10\uc0ac
    """,
    after="",
)
_GREETING_LENGTH = 25


def read_foreign(sentence: str, *, lenient: bool) -> Reading | None:
    """Classify a sentence.

    Args:
        sentence: one sentence as written.
        lenient: keep statements about anything, not only those in the first person.

    Returns:
        The statement, of the kind ``"fact"``, or ``None`` if there is nothing to keep.
    """
    if _QUESTION.search(sentence):
        return None
    if len(sentence) < _GREETING_LENGTH and _GREETING.match(sentence):
        return None
    if _FIRST_PERSON.search(sentence) is None and not lenient:
        return None
    # Two words say little, except in scripts without spaces.
    return Reading(sentence, "fact") if len(sentence.split()) > 2 or not sentence[0].isascii() else None
