"""Which values an English pattern accepts: a place, a company, a trade, a name, a number."""

from __future__ import annotations

import re

from ...patterns import Pattern
from . import places
from .claim import words
from .tools import is_tool

_PRONOUN = Pattern(
    (
        r"(?:an?|my|our|his|her|their|your|another|some|this|that|it|me|him|them|us|someone"
        r"|something|myself|one|what|where|how"
        r"|all|any|every|each|no|nowhere|here|there)\b"
    ),
    re.IGNORECASE,
)
_NOT_PLACES = Pattern(
    (
        r"(?:fear|harmony|peace|sin|hope|denial|silence|poverty|person|bed|town|marketing"
        r"|sales|engineering|finance|product"
        r"|research|operations|hr|support|design|the (?:moment|past|present|future"
        r"|countryside|city|country)|\w+day|part|front"
        r"|it|tears|pain|luxury|place|general|january|february|march|april|may|june|july"
        r"|august|september|october"
        r"|november|december|management|english|(?:the )?next .*|(?:the )?(?:first|second"
        r"|third|fourth|\d+\w*) floor.*|plan [a-z])$"
    ),
    re.IGNORECASE,
)
_BEFORE_PLACE = Pattern(
    (
        r"(?:(?:downtown|central|northern|southern|eastern|western|rural|suburban|sunny"
        r"|rainy|beautiful|the (?:suburbs|outskirts"
        r"|center|centre|city|town|heart|middle|north|south|east|west) of|the city|nearby"
        r"|inner|greater)\s+)+"
    ),
    re.IGNORECASE,
)
_NOT_COMPANIES = Pattern(
    (
        r"(?:home|nights?|work|school|least|first|once|times?|all|free|fun|money|weekends?"
        r"|noon|midnight|dawn|lunch|the (?:moment"
        r"|time|weekend|same time|office|end)|good|peace|hours?|minutes?|years?|months?"
        r"|weeks?|days?|\d.*|university|college|early"
        r"|late|bed|smoking|drinking|coffee|alcohol|sugar|meat|vaping|\w+ing|that|town|now"
        r"|today|everything|social media|facebook"
        r"|twitter|instagram|tiktok|discord|reddit|whatsapp|linkedin|christmas|easter"
        r"|halloween|\w+days?|home .*|the (?:house|room"
        r"|gym|band|team|club|group|party|meeting|company)|my .*|church|gym|the)$"
    ),
    re.IGNORECASE,
)
_CLUBS = Pattern(
    (
        r"\b(?:club|gym|choir|band|team|class|course|league|group|society|community"
        r"|association|network|forum|orchestra|library"
        r"|church|meetup|channel|server|crossfit|army|navy|call|meeting|tinder|peloton|gang"
        r"|union|party|fitness|yoga|program\w*)\b"
    ),
    re.IGNORECASE,
)
_TRADES = words("""
    nurse doctor teacher engineer developer programmer designer lawyer attorney accountant chef cook waiter
    waitress
    barista bartender pilot driver electrician plumber carpenter mechanic architect artist writer author
    journalist
    editor photographer musician actor actress scientist researcher professor lecturer librarian pharmacist
    dentist
    therapist psychologist veterinarian vet paramedic firefighter soldier manager consultant analyst
    salesperson
    salesman realtor secretary receptionist cashier baker butcher farmer gardener florist hairdresser tailor
    translator
    interpreter economist banker broker trader intern student freelancer director administrator technician
    physiotherapist surgeon physician midwife caregiver nanny tutor coach trainer guide clerk courier postman
    judge
    politician entrepreneur founder ceo cto cfo coo producer recruiter marketer supervisor foreman welder
    painter
    mathematician physicist chemist biologist geologist statistician sculptor dancer singer composer
    stewardess
    principal superintendent officer detective inspector auditor copywriter lead partner resident apprentice
    trainee
    assistant associate technologist operator programmer sysadmin devops planner strategist optician
    radiologist
    cardiologist dermatologist pediatrician paralegal barber stylist curator archivist bookkeeper
    """)
_SCHOOL = Pattern(
    (
        r"\b(?:university|college|school|academy|institute|polytechnic|mit|ucla|nyu"
        r"|stanford|harvard|yale|princeton|oxford"
        r"|cambridge|berkeley|eth|caltech|cornell|columbia|duke|lse|tu|state|high)\b"
    ),
    re.IGNORECASE,
)
_NO_NAME = words(
    "sick tired happy busy single married home great good fine late ready sorry sure "
    "here there back someone somebody nobody"
    " nice kind strict very so really not too always the a an my her his their away "
    "gone new old dead pregnant amazing lovely"
    " awesome wonderful people other casually seriously long-term long retiring angry "
    "mad upset moving leaving calling coming"
    " asleep funny smart on in at from was is and retired"
)
_WHEN = Pattern(
    (
        r"\d|day\b|noon|midnight|morning|evening|afternoon|night|january|february|march"
        r"|april|may|june|july|august|september"
        r"|october|november|december|spring|summer|fall|autumn|winter|week|month|year|jan"
        r"|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|q[1-4]"
    ),
    re.IGNORECASE,
)
_ADJECTIVES = Pattern(
    (
        r"(?:not|very|so|too|really|down|up|broken|slow|fast|ready|fine|important|required"
        r"|missing|unknown|full|wrong|great|good|bad|ok"
        r"|okay|nice|huge|small|big|amazing|terrible|awful|closed|open|late|early|done"
        r"|finished|unreachable|offline|online|stable"
        r"|unstable|flaky|optional|green|running|working|failing|crashing|growing|getting"
        r"|being|a (?:mess|problem|pain|bottleneck|good \w+"
        r"|bit \w+)|happy|sick|tired|busy|back|away|gone|tight|short|long|easy|hard"
        r"|confusing|the (?:best|worst|same|problem|reason|one)|to \w+"
        r"|safe|secret|trouble|progress|place|charge|production|use|danger|order|time|hold"
        r"|sale|track|fire|par|schedule|well|what|where|how|when|under|over)\b"
    ),
    re.IGNORECASE,
)
_MOST_WORDS = 8


def accepts(value: str, kind: str, matched: str, *, lower: bool) -> bool:
    """Return whether a pattern's value is of the kind that it is meant for.

    Args:
        value: the value as written.
        kind: the kind; ``""`` accepts every value.
        matched: the whole match.
        lower: whether the statement is written without capitals, so that they tell nothing.
    """
    if len(value.split()) > _MOST_WORDS:
        return False
    check = _CHECKS.get(kind)
    return check is None or check(value, matched, lower)


def _place(value: str, matched: str, lower: bool) -> bool:
    core = _BEFORE_PLACE.sub("", value)
    if places.is_known(places.canonical(core)):
        return True
    if _PRONOUN.match(core) or _NOT_PLACES.match(core) or is_tool(core) or re.match(r"the [a-z]", core):
        return False
    if re.search(r"\d", core) or len(core.split()) > 5:
        return False
    return lower or core[:1].isupper()


def _company(value: str, matched: str, lower: bool) -> bool:
    if not value or _NOT_COMPANIES.match(value):
        return False
    return bool(re.match(r"(?:an?|the) \w", value, re.I)) or _firm(value, matched, lower)


def _firm(value: str, matched: str, lower: bool) -> bool:
    if not value or _NOT_COMPANIES.match(value) or _PRONOUN.match(value) or re.match(r"the [a-z]", value):
        return False
    return value[0].isupper() or (lower and len(value.split()) < 4)


def _joined(value: str, matched: str, lower: bool) -> bool:
    return value[:1].isupper() and _firm(value, matched, False) and not _CLUBS.search(value)


def _trade(value: str, matched: str, lower: bool) -> bool:
    words = re.split(r" (?:at|for|in|of|on) ", value.lower())[0].split()
    return 0 < len(words) <= 5 and words[-1] in _TRADES and words[0] not in ("not", "nolonger")


def _job(value: str, matched: str, lower: bool) -> bool:
    return 0 < len(value.split()) <= 5 and not re.match(r"(?:team|part|bit|whole|result)\b", value)


def _school(value: str, matched: str, lower: bool) -> bool:
    return bool(_SCHOOL.search(value)) and (value[0].isupper() or lower) and not _PRONOUN.match(value)


def _name(value: str, matched: str, lower: bool) -> bool:
    words = value.split()
    if not words or len(words) > 4 or any(char.isdigit() for char in value) or words[0].lower() in _NO_NAME:
        return False
    return words[0][0].isupper() or (lower and len(words) <= 2)


def _age(value: str, matched: str, lower: bool) -> bool:
    return bool(value) and not re.search(r"\d\s*(?:%|kg|cm|minutes|weeks|months)", matched)


def _number(value: str, matched: str, lower: bool) -> bool:
    digits = sum(char.isdigit() for char in value)
    return (
        digits >= 3
        or "@" in value
        or (bool(re.search("address|handle|user|github", matched, re.I)) and digits > 0)
    )


def _favourite(value: str, matched: str, lower: bool) -> bool:
    if (
        not value
        or len(value.split()) > 6
        or re.search(r"\b(?:part|thing|bit|moment|memory|way|place to|one)\b", matched)
    ):
        return False
    return not re.match(
        (
            r"(?:when|that|to|not|really|so|the one|because|probably|hard|nolonger|gone|on|in|a "
            r"few|\w+ing\b(?= my| the| a))\b"
        ),
        value,
        re.IGNORECASE,
    )


def _digit(value: str, matched: str, lower: bool) -> bool:
    return any(char.isdigit() for char in value)


def _when(value: str, matched: str, lower: bool) -> bool:
    return bool(_WHEN.search(value)) and len(value.split()) <= 6


def _setting(value: str, matched: str, lower: bool) -> bool:
    return bool(value) and not _ADJECTIVES.match(value) and not re.match(r"\w+(?:ed|ing)\b", value)


def _stored(value: str, matched: str, lower: bool) -> bool:
    if not value or _ADJECTIVES.match(value):
        return False
    told = re.search(r"\b(?:stored|hosted|deployed|kept|saved|managed|tracked)\b", matched)
    return bool(told) or (value[0].isupper() and not _WHEN.search(value))


def _again(value: str, matched: str, lower: bool) -> bool:
    return bool(re.search(r"again|start", matched))


_CHECKS = {
    "place": _place, "company": _company, "firm": _firm, "joined": _joined, "trade": _trade, "job": _job,
    "school": _school, "name": _name, "age": _age, "number": _number, "favourite": _favourite,
    "digit": _digit,
    "when": _when, "setting": _setting, "stored": _stored, "again": _again,
}  # fmt: skip
