"""Names in a conversation: those of the speakers, and of the people and things they mention."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..clock import MONTHS, WEEKDAYS
from .sentences import phrases

_NO_NAMES = """
i im ive ill ok okay oh yes no pm am mom dad mum hey hi hello wow lol omg btw fyi user the a an god
"""
_NOT_NAMES = frozenset(
    (
        *_NO_NAMES.split(),
        *(month.lower() for month in MONTHS),
        *(day.lower() for day in WEEKDAYS),
        *(day[:3].lower() for day in WEEKDAYS),
    )
)
# Capitalized words and the small words between them: "Museum of Modern Art".
_NAME = (
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|St)\. )?[A-Z][\w&'\u2019-]*"
    r"(?: (?:of|de|la|van|von|the|&)(?= [A-Z])| [A-Z][\w&'\u2019-]*)*"
)
_PIECE = re.compile(_NAME)
_INNER = re.compile(r"(?<=[\w,;:)'\"\u2019] )" + _NAME)
_QUOTED = re.compile(r"[\"\u201c\u300a]([^\"\u201d\u300b]{2,60})[\"\u201d\u300b]")
_POSSESSIVE = re.compile(r"['\u2019]s?$")
# "My name is Bo Li", "Hi, I'm Alice."
_STATED = phrases(
    r"""
    \b(?:my (?:full |first )?name(?:'s| is)|i(?:'m| am) called|call me|people call me)
    | ^(?:hi|hey|hello)?[,!\s]*(?:i'm|i am|this is)
    """,
    after=r" (?P<name>[^\W\d][\w'-]+(?: [^\W\d][\w'-]+){0,2}?)"
    r"(?=\s*(?:[,.!;(\u2014-]|$|(?:and|from|here|but)\b))",
)
_STATED_CHINESE = re.compile(
    r"我(?:的名字)?(?:叫|是叫|名叫)做?([\u4e00-\u9fff]{2,4}|[A-Za-z]+)(?=[\uff0c,\u3002.!\uff01\s]|$)"
)
# "I'm Vegan" and "I'm Canadian" are no names.
_ADJECTIVES = """
american british english irish scottish welsh canadian mexican french german italian spanish portuguese
dutch polish russian ukrainian chinese japanese korean indian australian european african asian brazilian
turkish greek swedish norwegian danish finnish swiss austrian belgian vietnamese thai filipino nigerian
egyptian iranian israeli arab latino latina hispanic christian catholic muslim jewish hindu buddhist
atheist vegan vegetarian gay lesbian bisexual trans male female single married happy sad tired busy fine
good great excited sorry sure ready back here done new sick allergic diabetic autistic left right free
home late early hungry retired pregnant
"""
_NOT_STATED = frozenset(_ADJECTIVES.split())


def stated_name(sentence: str) -> str | None:
    """Return the name with which a speaker introduces themselves, as in "I'm Alice" or "my name is Bo Li"."""
    if match := _STATED.search(sentence.replace("\u2019", "'")):
        words = match["name"].split()
        if all(word[0].isupper() for word in words) and words[0].lower() not in _NOT_STATED:
            return " ".join(words)
    if match := _STATED_CHINESE.search(sentence):
        return match[1]
    return None


def names_in(sentence: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return the names in a sentence: capitalized words and quoted titles.

    Args:
        sentence: a sentence.
        known: lower-case words known to be names. At the beginning of a sentence, where every word has a
            capital, only these count.

    Returns:
        The names in order, without duplicates.
    """
    found: dict[str, int] = {match[1].strip(" .,!"): match.start() for match in _QUOTED.finditer(sentence)}
    # Quoted titles are blanked out, so that their words do not count as names again.
    open_text = _QUOTED.sub(lambda match: "_" * len(match[0]), sentence)
    for match in _PIECE.finditer(open_text):
        words = _POSSESSIVE.sub("", match[0]).split()
        before = sentence[: match.start()].rstrip(" \"'(\u201c")
        if (not before or before.endswith((".", "!", "?"))) and words[0].lower() not in known:
            words = words[1:]
        while words and _is_no_name(words[0]):
            words = words[1:]
        while words and _is_no_name(words[-1]):
            words = words[:-1]
        name = " ".join(words)
        if len(name) > 1:
            found.setdefault(name, match.start())
    return tuple(sorted(found, key=found.__getitem__))


def _is_no_name(word: str) -> bool:
    return word.lower() in _NOT_NAMES or word[0].islower() or word.startswith(("I'", "I\u2019"))


def known_names(sentences: Iterable[str], speakers: Iterable[str]) -> frozenset[str]:
    """Return lower-case words that are names: those of speakers, and capitalized words within sentences."""
    known: set[str] = set()
    for speaker in speakers:
        known.update(speaker.lower().split())
    for sentence in sentences:
        for name in _INNER.findall(sentence):
            known.update(_POSSESSIVE.sub("", word).lower() for word in name.split() if word[0].isupper())
    return frozenset(known - _NOT_NAMES)
