"""Cutting a message into sentences."""

from __future__ import annotations

import re

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BULLET = re.compile(r"\s*(?:[-*+>\u2022\u2023\u25aa\u00b7]+|\(?\d{1,2}[.)])\s+")
# A run of closing marks, quotes after it, and then a space; CJK marks need no space.
_END = re.compile(r"[.!?\u2026]+[\"')\]\u201d\u2019]*(?=\s)|[\u3002\uff01\uff1f\uff1b]+[\u201d\u2019\u300d\u300f\uff09]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|sr|jr|st|mt|vs|approx|dept|est|fig|no|vol|inc|ltd|co|corp|gen|col|lt|sgt|rev|"
    r"jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|mon|tue|tues|wed|thu|thurs|fri|sat|sun)"
    r"|\b(?:e\.g|i\.e|a\.k\.a|cf|al)|\b(?!I\b)[A-Z])\.$",
    re.IGNORECASE,
)
# These also end sentences: only what follows tells.
_MAYBE = re.compile(r"(?:\b(?:etc|a\.m|p\.m|[A-Za-z](?:\.[A-Za-z])+))\.$", re.IGNORECASE)
_DECORATION = re.compile(r"^(?:(?![\"'(\[$#@\u00a3\u00a5\u20ac\u201c\u2018\u300c\u300e<])[\W_])+")


def split(text: str) -> list[str]:
    """Cut a text into sentences.

    Line breaks always end one. Abbreviations, initials, decimals, addresses and an ellipsis that goes on in lower
    case do not. Code blocks, list bullets and leading decoration such as emoji are left out.

    Args:
        text: a message.

    Returns:
        The sentences with their own punctuation, in order, none of them blank.
    """
    sentences = []
    for line in _CODE.sub("\n", text).splitlines():
        bullet = _BULLET.match(line)
        for piece in _pieces(line[bullet.end() :] if bullet else line):
            sentence = _DECORATION.sub("", piece).rstrip()
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
    """Tell whether a mark that could end a sentence does."""
    mark = end[0]
    following = line[end.end() :].lstrip()
    lower = following[:1].islower()
    if mark.startswith((".", "\u2026")):
        if mark[0] == "\u2026" or mark.startswith(".."):
            return not lower
        before = line[max(start, end.start() - 12) : end.start() + 1]
        if _ABBREVIATION.search(before):
            return False
        if _MAYBE.search(before):
            return not lower
    # A quoted question or exclamation inside a sentence: '"Really?" she asked'.
    return not (len(mark) > 1 and mark[-1] in "\"'\u201d\u2019" and lower)
