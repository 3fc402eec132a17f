"""Names in a conversation: of the speakers, and of what they speak about."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..text import MONTHS, WEEKDAYS

_NOT_NAMES = frozenset(
    word.lower()
    for word in (
        *MONTHS, *WEEKDAYS, *(day[:3] for day in WEEKDAYS), "I", "Im", "Ive", "Ill", "OK", "Okay", "Oh", "Yes", "No", "PM",
        "AM", "Mom", "Dad", "Mum", "Hey", "Hi", "Hello", "Wow", "LOL", "OMG", "BTW", "FYI", "User", "The", "A", "An", "God",
    )
)  # fmt: skip
# Capitalized words inside a sentence, with the small words that join them: "Museum of Modern Art".
_INNER = re.compile(
    r"(?<=[\w,;:)'\"\u2019] )[A-Z][\w&'\u2019-]*(?: (?:of|the|de|la|van|von|and|&) (?=[A-Z])|(?: [A-Z][\w&'\u2019-]*))*"
)
_PIECE = re.compile(r"[A-Z][\w&'\u2019-]*(?: (?:of|de|la|van|von|the|&)(?= [A-Z])| [A-Z][\w&'\u2019-]*)*")
_QUOTED = re.compile(r"[\"\u201c\u300a]([^\"\u201d\u300b]{2,60})[\"\u201d\u300b]")
_POSSESSIVE = re.compile(r"['\u2019]s?$")
_STATED = re.compile(
    r"(?:\b(?:my (?:full |first )?name(?:'s| is)|i(?:'m| am) called|call me|people call me)\s+|^(?:hi|hey|hello)?[,!\s]*(?:i'm|i am|this is)\s+)"
    r"(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})(?=\s*(?:[,.!;(\u2014-]|$|and\b|from\b|here\b|but\b))",
    re.IGNORECASE,
)
_STATED_CHINESE = re.compile(r"我(?:的名字)?(?:叫|是叫|名叫)(?:做)?([\u4e00-\u9fff]{2,4}|[A-Za-z]+)(?=[\uff0c,。.!\uff01\s]|$)")
# "I'm Vegan" and "I'm Canadian" are no names.
_ADJECTIVES = frozenset(
    """american british english irish scottish welsh canadian mexican french german italian spanish portuguese dutch
    polish russian ukrainian chinese japanese korean indian australian european african asian brazilian turkish greek
    swedish norwegian danish finnish swiss austrian belgian vietnamese thai filipino nigerian egyptian iranian israeli
    arab latino latina hispanic christian catholic muslim jewish hindu buddhist atheist vegan vegetarian gay lesbian
    bisexual trans male female single married happy sad tired busy fine good great excited sorry sure ready back here
    done new sick allergic diabetic autistic left right free home late early hungry retired pregnant""".split()
)


def stated_name(sentence: str) -> str | None:
    """Return the name with which a speaker introduces themselves, as in "I'm Alice" or "my name is Bo Li"."""
    plain = sentence.replace("\u2019", "'")
    if match := _STATED.search(plain):
        name = match["name"]
        # The pattern ignores case for its fixed words only.
        words = name.split()
        if all(word[0].isupper() for word in words) and words[0].lower() not in _ADJECTIVES:
            return str(name)
    if match := _STATED_CHINESE.search(sentence):
        return match[1]
    return None


def names_in(sentence: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return the names in a sentence: capitalized words and quoted titles.

    Args:
        sentence: a sentence.
        known: words, lower case, known to be names; only such a word counts at the start of the sentence.

    Returns:
        Each name once, in order.
    """
    found: dict[str, None] = {}
    for match in _PIECE.finditer(sentence):
        name = _POSSESSIVE.sub("", match[0])
        words = name.split()
        starts = sentence[: match.start()].rstrip().endswith(("", ".", "!", "?", ":")) and not sentence[: match.start()].strip(" \"'(")
        if starts and words[0].lower() not in known:
            words = words[1:]
        while words and (words[0].lower() in _NOT_NAMES or words[0].startswith(("I'", "I\u2019"))):
            words = words[1:]
        while words and words[-1].lower() in _NOT_NAMES:
            words = words[:-1]
        if words and words[0][0].isupper() and len(" ".join(words)) > 1:
            found[" ".join(words)] = None
    for match in _QUOTED.finditer(sentence):
        found[match[1].strip()] = None
    return tuple(found)


def known_names(sentences: Iterable[str], speakers: Iterable[str]) -> frozenset[str]:
    """Return the words, lower case, that are names in a conversation: of speakers, or capitalized in mid-sentence."""
    known: set[str] = set()
    for speaker in speakers:
        known.update(part.lower() for part in speaker.split())
    for sentence in sentences:
        for match in _INNER.finditer(sentence):
            known.update(_POSSESSIVE.sub("", word).lower() for word in match[0].split() if word[0].isupper())
    return frozenset(known - _NOT_NAMES)
