"""Split a message into sentences."""

from __future__ import annotations

import re

from .reading import phrases

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
