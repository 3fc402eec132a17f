"""Answers that are clear only with their question: "Do you have allergies?" "Yes, shellfish." is one fact.

The fact is in the voice of the one who answers, in the words of both: "I have allergies: shellfish."
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..patterns import Pattern
from .frames import SUBJECT, as_sentence, confirmed, continued, filled
from .sentences import phrases
from .verbs import as_speaker

__all__ = ["Restated", "restate"]


class Restated(NamedTuple):
    """What an answer tells together with its question.

    Attributes:
        text: a statement.
        used: how many sentences of the answer are in it.
    """

    text: str
    used: int


# What "that" is, only the talk before the question would tell.
_POINTS = phrases(
    "that | this | it | those | these | here | him | her(?! \\w) | them | something | going", before=r"\b"
)
_QUESTION_LEAD = phrases(
    r"""
    (?:and|so|but|ok|okay|oh|well|wow|great|nice|cool|thanks|thank you|got it|noted|sure|hey|hi|hmm*
    |perfect|alright|right|also|then
    |by the way|btw|just curious|out of curiosity|quick question|one more (?:thing|question)|first|next
    |lastly|finally|interesting
    |understood|sorry|in that case|before (?:that|we (?:start|begin|continue))|to (?:start|begin|help
    |clarify|confirm)|if i may ask
    |may i ask|can i ask|could i ask|can you tell me|could you tell me|tell me|remind me
    |do you mind (?:me asking|telling me)
    |would you mind telling me|i'm curious|i wonder|for the (?:booking|order|record|form|file))
    """,
    after=r"\b[\s,.:!;\u2014\u2013-]+",
)
# "Where do you live these days, Joy?"
_TAIL = Pattern(
    r"(?:,? (?:these days|now|currently|at the moment|right now|today|again|then|by the way|btw"
    r"|if i may ask|please)"
    r"|, [A-Z]\w+)+$"
)
_CALLED = Pattern(r"[A-Z][\w-]+,\s+")
_PIECE = Pattern(r"[,;:]\s+|\s[-\u2014\u2013]+\s")
_ASKS = phrases(
    r"""
    (?:what|which|where|when|who|why|how)\b(?!\s+about\b) | (?:do|does|did|are|is|was|were|have|has|had
    |can|will)\s+(?:you|your|the|she|he
    |they|it|[A-Z]) | any\s+\w | your\s+\w
    """,
    after="",
)
# "Yes two", but of the others only with punctuation behind them: not "Right now I paint", "No milk for me".
_PUNCTUATION = r"(?:\s*[,.!;:\u2014\u2013-]+\s*|\s*$)"
_YES = phrases(
    rf"""
    (?:yes+|yeah|yea|yep|yup|ya)(?!\w|')(?:{_PUNCTUATION}|\s+)
    | (?:sure|of course|definitely|absolutely|indeed|correct|that's right|right|mhm|uh-?huh|totally|certainly
    |affirmative|exactly|sure do|sure am|(?:i|we|they) (?:do|am|are|have|did|was|were)
    |(?:she|he|it) (?:is|does|did|has|was)){_PUNCTUATION}
    """,
    after="",
)
_NO = phrases(
    rf"""
    (?:nope|nah)(?!\w|')(?:{_PUNCTUATION}|\s+) | no\s+(?=(?:i|i'm|we|she|he|it|they|not|never|thanks)\b)
    | (?:no|not really|not yet|not any ?more|never|negative|no way|(?:unfortunately|sadly) not|not at all|none
    |i'm not|(?:i|we|they) (?:don't|didn't|haven't|aren't|can't|won't|wasn't|weren't|do not|am not|have not)
    |(?:she|he|it) (?:isn't|doesn't|didn't|hasn't|wasn't)){_PUNCTUATION}
    """,
    after="",
)
_FILLER = phrases(
    r"""
    (?:well|um+|uh+|hm+|oh|so|actually|honestly|currently|right now|at the moment|just|about|maybe
    |probably|i think|i guess|it's|it is
    |that's|that would be|that'd be|they're|they are|haha|lol|mostly|mainly|originally|let me see
    |let's see|thanks|ok|okay|sure)
    """,
    after=r"\b[\s,.:!;-]+",
)
_EMPTY = phrases(
    r"""
    (?:no|not) (?:idea|sure|clue) | idk | dunno | don't know | i don't know | who knows | nothing(?: much
    | special)? | whatever | anything
    | anywhere | any | none of your \w+ | why | what | it depends | depends | maybe | same | you too | ok
    | okay | thanks | thank you
    | great | good | fine | cool | nice | lol | haha\w* | sounds \w+ | no thanks | no thank you
    | that's it | that's all | not much
    | (?:hey|hi|hello|congrat\w*|wow|oh|good luck)\b.* | hm+ | guess | secret | you decide | up to you
    | skip | pass | later | soon | never mind | nvm
    | both | neither | all of (?:them|it)
    | the (?:first|second|last|other|same)(?: one)? | this one | that one | that | this | it
    | like i said | see above | please | hi | hello
    """,
    after=r"\W*(?:haha\w*|lol|tbh|really|yet|sorry|thanks|either|though)?\W*$",
)
# A subject with its verb: the answer is a sentence of its own.
_SENTENCE = Pattern(
    r"(?:^|[\s,;])(?:i|we|he|she|it|they|you|there|that|this|who)(?:'(?:m|s|re|ve|ll|d))?\s(?!and\b|or\b)"
    r"|\b(?:my|our|his|her|their|the|its)\s(?:[\w-]+\s){1,3}(?:is|are|was|were|has|have|had|will|does|did|can|\w+ed)\b"
    r"|\b(?:is|are|was|were|helps?|makes?|made|feels?|felt|has|have|had|got|went|gives?|keeps?)\b"
    r"|\b(?:i'm|i've|i'll|i'd|we're|we've|it's|he's|she's|they're|that's|there's|im|ive)\b"
    r"|^(?:please|can|could|would|tell|show|give|let|help|don't|do|make|explain|write|check|try|thank)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 14


def restate(question: str, answer: Sequence[str]) -> Restated | None:
    """Join an answer with its question.

    Args:
        question: the sentence that asks.
        answer: the sentences of the answer.

    Returns:
        A statement in the voice of the one who answers; ``None`` if the answer needs no question, or the
        two
        cannot be joined.
    """
    asked = _asked(question)
    if asked is None or not answer:
        return None
    first = answer[0].replace("\u2019", "'").strip()
    if first.endswith("?") or _POINTS.search(asked):
        return None
    yes, no = _YES.match(first), _NO.match(first)
    resolved = _resolved(asked, first)
    if resolved is not None:
        return Restated(resolved, 1)
    word = yes or no
    if word and (statement := confirmed(asked, positive=yes is not None)):
        return _with_rest(statement, first, word, answer)
    filler = _FILLER.match(first)
    told = first
    while filler:
        told = told[filler.end() :]
        filler = _FILLER.match(told)
    if yes and not no:
        told = first[yes.end() :]
    if not _is_elliptic(told):
        return None
    told = told.strip(" .!,;")
    used = 1
    if len(answer) > 1 and _is_elliptic(answer[1]) and not _YES.match(answer[1]) and not _NO.match(answer[1]):
        told, used = f"{told}; {answer[1].strip(' .!')}", 2
    text = filled(asked, told)
    return None if text is None else Restated(as_sentence(text), used)


def _asked(question: str) -> str | None:
    """Return what a question asks, without what leads to it: "Great, so where do you live?"."""
    plain = _TAIL.sub("", question.replace("\u2019", "'").strip().rstrip("?!. "))
    start = 0
    while match := _QUESTION_LEAD.match(plain, start) or _CALLED.match(plain, start):
        start = match.end()
    core = plain[start:]
    if _ASKS.match(core):
        return core
    pieces = list(_PIECE.finditer(core))
    for piece in reversed(pieces):
        rest = core[piece.end() :]
        link = re.match(r"(?:and|so|but|or) ", rest)
        rest = rest[link.end() :] if link else rest
        if _ASKS.match(rest):
            return rest
    return None


def _is_elliptic(text: str) -> bool:
    plain = text.replace("\u2019", "'").strip(" .!,;")
    if not plain or text.rstrip().endswith("?") or len(plain.split()) > _MOST_WORDS:
        return False
    return _EMPTY.match(plain) is None and _SENTENCE.search(plain) is None


def _with_rest(statement: str, first: str, word: re.Match[str], answer: Sequence[str]) -> Restated | None:
    """Add what follows "yes" or "no" to the statement that it confirms or denies."""
    start = word.end()
    while again := _YES.match(first, start) or _NO.match(first, start):
        start = again.end()
    rest = first[start:].strip(" .!,;")
    used = 1
    if not rest and len(answer) > 1:
        rest, used = answer[1].strip(" .!,;"), 2
    if not rest or _EMPTY.match(rest):
        return Restated(as_sentence(statement), used if rest else 1)
    number = re.match(r"(?:i|we)(?:'ve| have)?(?: got| have)? (\w+)$", rest, re.IGNORECASE)
    if number and statement.startswith("I have "):
        return Restated(as_sentence(f"I have {number[1]} {statement[7:]}"), used)
    if _is_elliptic(rest):
        return Restated(as_sentence(f"{statement}: {continued(rest)}"), used)
    if used == 2:
        # What is true now is worth a fact of its own; "Yes! I start in April" tells of an event in full.
        return Restated(as_sentence(statement), 1) if _LASTS.match(statement) else None
    return None if _YES.match(word[0]) else Restated(as_sentence(f"{statement}: {rest}"), 1)


_LASTS = phrases("i'm | i am | i have | i don't | i can | i can't | my")


_THIRD = Pattern(r"(?:she|he|they|it)\b(?=['\s])", re.IGNORECASE)
_VERB = "is|are|was|were|does|do|did|has|have|will|can"
_SUBJECT = phrases(
    rf"""
    (?:(?:where|when|what|why|how(?: \w+)?|who|which \w+)(?:'s| (?:{_VERB}))?|{_VERB})
    (?P<who>{SUBJECT}|(?:your|the) [\w-]+)\b(?!'s)
    """,
    after=".*",
)


def _resolved(asked: str, first: str) -> str | None:
    """Put the one whom a question is about in place of the pronoun that begins its answer."""
    yes = _YES.match(first) or _NO.match(first)
    told = first[yes.end() :] if yes else first
    pronoun = _THIRD.match(told)
    about = _SUBJECT.fullmatch(asked) if pronoun else None
    if pronoun is None or about is None or len(told.split()) > 2 * _MOST_WORDS:
        return None
    who = as_speaker(about["who"])
    return as_sentence(f"{who}{told[pronoun.end() :]}".rstrip(" .!"))
