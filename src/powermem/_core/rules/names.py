"""Names in a conversation: those of the speakers, and of the people and things they mention."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..clock import MONTHS, WEEKDAYS
from ..patterns import Pattern
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
_PIECE = Pattern(_NAME)
_INNER = Pattern(r"(?<=[\w,;:)'\"\u2019] )" + _NAME)
_QUOTED = Pattern(r"[\"\u201c\u300a]([^\"\u201d\u300b]{2,60})[\"\u201d\u300b]")
_POSSESSIVE = Pattern(r"['\u2019]s?$")
# "My name is Bo Li", "Hi, I'm Alice."
_STATED = phrases(
    r"""
    \b(?:my (?:full |first )?name(?:'s| is)|i(?:'m| am) called|call me|people call me)
    | ^(?:hi|hey|hello)?[,!\s]*(?:i'm|i am|this is)
    """,
    after=r" (?P<name>[^\W\d][\w'-]+(?: [^\W\d][\w'-]+){0,2}?)"
    r"(?=\s*(?:[,.!;(\u2014-]|$|(?:and|from|here|but)\b))",
)
_STATED_CHINESE = Pattern(
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


# Words that begin a sentence about things in general, though a person could be its subject.
_NO_PERSON_WORDS = """
    life work music love food art time people money school nature family traffic weather dinner lunch
    breakfast coffee tea god everyone
    everybody someone somebody nobody anyone nothing everything something anything today tomorrow
    yesterday tonight monday most many some
    any all both each every either neither none other others such what who which where when why how there
    here then now also just only
    even still maybe perhaps sometimes usually often never always once twice recently lately finally
    actually honestly currently basically
    and but or so if because since although though while after before during until unless as at by for
    from in into of off on over to up
    with without about against between through the a an this that these those my your his her its our
    their he she it they we you i one
    two three four five yes no not ok okay oh wow well please thanks thank sorry hello hi hey dear
    congratulations great good nice cool
    awesome amazing wonderful sure right true exactly definitely absolutely probably mom mum dad grandma
    grandpa kids friends things stuff
    reality history science health sleep home rent parking church summer winter spring autumn fall
    christmas easter covid sex marriage
    happiness success failure hope fear time's nobody's
"""
_NO_PERSON = frozenset(_NO_PERSON_WORDS.split())
_NO_PERSON_ENDING = (
    "ing",
    "tion",
    "sion",
    "ness",
    "ment",
    "ity",
    "ism",
    "ance",
    "ence",
    "ship",
    "hood",
    "ics",
    "ly",
)
_OF_PERSON = phrases(
    r"""
    (?:is|was|are|were|aren't|isn't|wasn't|'s|has|has been|will be|'ll be) (?:also |now |still |just
    |currently |about to\s
    |not |going to be )*(?:an? \w+|my|our|moving|getting
    |having|expecting|pregnant|married|engaged|divorced|single|sick|ill|in (?:hospital|the hospital|town
    |labor|love)|from|allergic|vegan|vegetarian|leaving
    |starting|retiring|coming|visiting|arriving|working|studying|living|turning|dating|joining|quitting
    |running|flying|travell?ing|back (?:in|from|at)
    |\d+|born|based|named|called|promoted|fired|hired|laid off|(?!amaz|relax|interest|excit|bor|calm
    |inspir|reward|refresh
    |confus|annoy|challeng|sooth|uplift|tir|exhaust|satisf|fulfil|frustrat|entertain|charm|stunn
    |convinc)\w{2,}ing|on (?:vacation|holiday|leave
    |parental leave)|out (?:of|until|sick)|responsible|in charge|the \w+)
    | (?:just |also |recently |finally |already |never |always |still |usually |really )*(?:lives?|lived
    |works?|worked|moved|got|bought|sold|married|quit
    |split up|separated|grew up|hurt|fell|loves?|loved|likes?|hates?|plays?|played|studies|studied|teaches
    |taught|broke|passed|graduated|died
    |started|joined|left|became|won|lost|wants?
    |prefers?|speaks?|owns?|drives?|runs|ran|has|had|met|visited|adopted|told|said|asked|called|booked
    |owes|paid|lent|borrowed|recommended|invited|finished
    |accepted|signed|needs?|doesn't|didn't|can't|cannot|won't|will|'ll|turns?|turned|retired|resigned
    |collects|cooks|paints|writes|hosts|organi[sz]es|manages|leads)
    """,
    before=r"(?-i:[A-Z][a-z\u00df-\u00ff]+|[A-Z]{2,4})(?: (?-i:[A-Z][\w'-]+))?"
    r"(?: and (?-i:[A-Z]\w+))?(?: |(?='))",
)


def is_about_person(plain: str, known: frozenset[str]) -> bool:
    """Return whether a sentence begins with what is likely the name of a person, and tells of their life.

    Args:
        plain: the sentence with straight apostrophes.
        known: lower-case words known to be names.
    """
    match = _OF_PERSON.match(plain)
    if match is None:
        return False
    first = re.split(r"\W", plain, maxsplit=1)[0].lower()
    return first in known or not (
        first in _NO_PERSON or first in _NOT_NAMES or first.endswith(_NO_PERSON_ENDING)
    )


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
