"""Split a message into sentences, and classify those of an English-speaking assistant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ..patterns import Pattern
from .abbreviations import WINDOW, begins_date, dot_ends


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


_PART = Pattern(r"\s+\|\s+|\s*\n\s*\|\s*")
_SPACE = Pattern(r"\s+")


def phrases(text: str, *, before: str = "", after: str = r"\b") -> Pattern:
    """Return alternatives as one expression, ignoring case.

    Args:
        text: regular expressions, separated by ``|`` with spaces or a line break around it, on as many lines
            as needed. Any other run of white space stands for one space.
        before: a pattern in front of each alternative.
        after: a pattern behind each alternative.
    """
    squeezed = _SPACE.sub(" ", _PART.sub("|", text)).strip()
    return Pattern(f"{before}(?:{squeezed}){after}", re.IGNORECASE)


_CODE = Pattern(r"```.*?(?:```|\Z)", re.DOTALL)
_BULLET = Pattern(r"\s*(?:[-*+>\u2022\u2023\u25aa\u00b7]+|(?P<number>\(?\d{1,2}[.)]))\s+")
_CLOSING = "\"')\\]}\u201d\u2019\u00bb\u201c\u203a\u300d\u300f\uff09\u3011\u300b\u3009"
_WIDE = "\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef"
# Faces, hands and the like, which often stand where a dot would; hearts and things may stand for words.
_EMOJI = (
    "[\U0001f600-\U0001f64f\U0001f910-\U0001f92f\U0001f970-\U0001f97a\U0001f389\U0001f38a"
    "\U0001f44c-\U0001f44f\U0001f4aa]"
)
# Closing marks with what closes behind them, in front of white space or of a mark that opens. The marks of
# Chinese, Japanese, Hindi, Urdu, Armenian, Burmese, Khmer and Amharic need no space, nor do others in front
# of Chinese or Japanese. The look-behind keeps a run such as "....." from being tried once for each mark.
_END = Pattern(
    rf"(?<![.!?\u2026\u061f])[.!?\u2026\u061f]+[{_CLOSING}]*(?=\s|[\u00bf\u00a1]|\Z)"
    rf"|(?<![.!?\u2026])[!?\u2026]+[{_CLOSING}]*(?=[{_WIDE}])"
    rf"|[\u3002\uff01\uff1f\uff1b\uff61\u0964\u0965\u06d4\u0589\u104b\u17d4\u1362]+[!?\uff01\uff1f]*[{_CLOSING}]*"
    rf"|(?<=\s){_EMOJI}+\ufe0f?(?=\s)|(?<=[^\W_]){_EMOJI}+\ufe0f?(?=\s)"
    # Thai has no stops: polite particles end sentences, and a word for "I" begins one.
    r"|(?:(?<=ครับ)|(?<=คะ)|(?<=ค่ะ)|(?<=นะ))(?=\s)"
    r"|(?<=[\u0e00-\u0e7f])(?=\s+(?:ฉัน|ผม|ดิฉัน|หนู))"
)
# Signs with which a match begins: a mark, a face, or in Thai a space. Trying the expression only there takes
# a fifth of the time.
_MAY_END = Pattern(
    "[.!?\u2026\u061f\u3002\uff01\uff1f\uff1b\uff61\u0964\u0965\u06d4\u0589\u104b\u17d4\u1362"
    f"{_EMOJI[1:-1]}]|(?<=[\u0e00-\u0e7f])\\s"
)
# "「はい。」と言った" goes on behind what is quoted.
_QUOTED_ON = Pattern(r"[\u3001\u3068\u3063\u306a\uff0c\u7684]")
_DECORATION = Pattern(
    r"(?:(?![\"'(\[$#@\u00a3\u00a5\u20ac\u201c\u201e\u2018\u00ab\u300c\u300e\u300a\u3010\uff08<\u00bf\u00a1+\u20b9])[\W_])+"
)


def split(text: str) -> list[str]:
    """Split a text into sentences.

    A line break always ends a sentence. Abbreviations, initials, ordinals, decimals, addresses and an
    ellipsis before a lower-case letter do not. Code blocks, list bullets and leading decoration such as
    emoji are dropped.

    Returns:
        The sentences in order, with their punctuation; none is blank.
    """
    sentences = []
    for line in _CODE.sub("\n", text).splitlines():
        bullet = _BULLET.match(line)
        if bullet and bullet["number"] and begins_date(line, bullet.end()):
            bullet = None
        for piece in _pieces(line[bullet.end() :] if bullet else line):
            decoration = _DECORATION.match(piece)
            sentence = (piece[decoration.end() :] if decoration else piece).rstrip()
            if sentence:
                sentences.append(sentence)
    return sentences


def _pieces(line: str) -> list[str]:
    pieces = []
    start = 0
    for end in _possible_ends(line):
        if _ends(line, start, end):
            pieces.append(line[start : end.end()])
            start = end.end()
    pieces.append(line[start:])
    return pieces


def _possible_ends(line: str) -> Iterable[re.Match[str]]:
    """Yield the matches of ``_END``, one behind the other."""
    at = 0
    for sign in _MAY_END.finditer(line):
        if sign.start() >= at and (end := _END.match(line, sign.start())):
            yield end
            at = end.end()


def _ends(line: str, start: int, end: re.Match[str]) -> bool:
    """Return whether a mark that could end a sentence does."""
    mark = end[0]
    following = line[end.end() : end.end() + WINDOW].lstrip()
    goes_on = following[:1].islower()
    if not mark:
        return True
    if mark.startswith(("\u2026", "..")):
        return not goes_on
    closed = mark[-1] in _CLOSING
    if mark[0] == "." and (len(mark) == 1 or closed):
        before = line[max(start, end.start() - WINDOW) : end.start() + 1]
        if not dot_ends(before, line, end.end()):
            return False
    if mark[0] > "\U0001f000" and goes_on:
        return _BEGINS.match(following) is not None
    # Not at a quotation within a sentence: '"Really?" she asked'.
    return not (closed and (goes_on or _QUOTED_ON.match(line, end.end())))


# "so tired 😴 my cat kept me up"
_BEGINS = Pattern(r"(?:i|i'm|im|my|we|our|also|and|but|ich|mein\w*|je|mon|ma|mi|eu|meu|io)\b")


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


def read_assistant(sentence: str) -> Reading | None:
    """Classify a sentence: ``"I've booked table 4 for Friday."`` is an event; advice gives ``None``."""
    plain = sentence.replace("\u2019", "'")
    if plain.endswith(("?", "\uff1f")):
        return None
    if _DONE.match(plain) or _YOURS.match(plain):
        return Reading(sentence, "event")
    return None
