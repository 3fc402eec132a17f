"""Statements that answers make of questions: "How old are you?" "36" is "I'm 36"."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..patterns import Pattern
from .sentences import phrases
from .verbs import as_speaker, past, third_person

__all__ = ["SUBJECT", "as_sentence", "confirmed", "continued", "filled"]

_ABOUT_TALK = phrases(
    r"""
    want (?:me|to (?:know|see|hear|continue|proceed|start|try|add|talk|discuss|explore|share|focus)|help
    |any|more|some) | like (?:me|some|any
    |help|more) | need (?:me|help|any(?:thing)?|more|some|assistance|further|to (?:know|see)) | know
    | think | mean | remember | understand | mind
    | agree | see | hear | notice | recommend | suggest | happen to | have (?:any |an? |some |specific\s
    |particular |other |more )*(?:questions?|preferences?
    |concerns?|thoughts?|suggestions?|ideas?|feedback|tips?|advice|time|minute|moment|second|anything
    |something|in mind|link|screenshot|example
    |examples|details|favou?rite part) | get (?:it|that|me|what) | got (?:it|that) | ok | okay | sure
    | ready | there | kidding | joking | serious
    | interested in (?:hearing|learning more|knowing|seeing|me) | looking for (?:something|anything|help)
    | asking | saying | talking
    | trying to say | referring | feeling | been$ | doing(?: (?:today|well|ok|okay|now))?$ | up to | going$
    | able to (?:see|try|check) | been up to
    | heard | seen my | considered | thought | tried (?:asking|searching|that|this|it)$ | hope | wish
    | say | tell | find (?:that|it|this)
    | enjoy (?:it|that|this) | like (?:it|that|this)$ | believe | suppose | figure
    """,
)
_FAMILY = r"""(?:wife|husband|spouse|partner|girlfriend|boyfriend|fianc[e\u00e9]e?|mom|mum|mother|dad
    |father|parents|sons?|daughters?|kids?
    |child|children|baby|brothers?|sisters?|siblings|twins|grand(?:ma|pa|mother|father|parents|son
    |daughter)|aunt|uncle|cousin|niece|nephew
    |family|roommates?|flatmates?|friends?|boss|manager|colleagues?|teacher|neighbou?rs?|dogs?|cats?|puppy
    |kitten|pets?|ex|car|bike|house
    |flat|apartment|company|team|landlord|doctor|flight|appointment|job|office|school|wedding|birthday
    |mother-in-law|laptop|phone|app)"""
SUBJECT = rf"(?:your (?:[\w-]+ ){{0,2}}?{_FAMILY}(?: [A-Z]\w+)?|(?-i:[A-Z]\w+))"
_PREPOSITION = Pattern(
    r"(?:in|at|on|near|from|to|by|with|for|since|until|till|around|about|outside|inside|close|here|somewhere|across|between|just|over|under"
    r"|next|last|this|tomorrow|today|yesterday|every|twice|once|because|every|after|before|during|through|via|up|down"
    r"|daily|weekly|always|never|rarely|often|sometimes|ago|all|only|mostly|mainly|as"
    r"|a (?:year|month|week|few|couple|long)|\w+ (?:years?|months?|weeks?|days?) ago)\b",
    re.IGNORECASE,
)
# The preposition of the place that a verb asks for.
_PLACES = """
live:in living:in grow:in study:in studying:in stay:in staying:in born:in based:in located:in work:at
working:at teach:at meet:at move:to moving:to travel:to go:to going:to fly:to flying:to headed:to come:from
from:from
"""
_PLACE_VERB = dict(pair.split(":") for pair in _PLACES.split())
_ENDS_OPEN = Pattern(
    r"\b(?:with|for|at|on|in|from|to|about|into|as|of|like|by|called|named|born)$", re.IGNORECASE
)


def as_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def continued(text: str) -> str:
    """Return a text that goes on within a sentence; names and "I" keep their capital."""
    first = text.split(maxsplit=1)[0]
    common = _PREPOSITION.match(text) or first.lower() in _COMMON
    return text[0].lower() + text[1:] if common and first != "I" else text


_COMMON_WORDS = """
    a an the my our two three four five six seven eight nine ten one no some just only because both every
    mostly usually about once twice never always very not since when if
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def confirmed(asked: str, *, positive: bool) -> str | None:
    """Return the statement that "yes" or "no" makes of a question."""
    for pattern, build in _CLOSED:
        if match := pattern.fullmatch(asked):
            said = match["said"]
            if _ABOUT_TALK.match(said) or " or " in said:
                return None
            return build(match, _plainly(said, positive=positive), positive)
    return None


def _plainly(said: str, *, positive: bool) -> str:
    said = as_speaker(said)
    if positive:
        said = re.sub(
            r"\b(?:any|ever|yet) |,? (?:yet|at all|by any chance|or not|or anything)$|^(?:ever|already) ",
            "",
            said,
        )
        return said
    return re.sub(r"^(?:ever|already|still|also|currently) |\balready |\bstill ", "", said)


def _do(match: re.Match[str], said: str, positive: bool) -> str:
    return f"I {said}" if positive else f"I don't {said}"


def _did(match: re.Match[str], said: str, positive: bool) -> str:
    verb, _, rest = said.partition(" ")
    return f"I {past(verb.lower())} {rest}".strip() if positive else f"I didn't {said}"


def _be(match: re.Match[str], said: str, positive: bool) -> str:
    return f"I'm {said}" if positive else f"I'm not {said}"


def _were(match: re.Match[str], said: str, positive: bool) -> str:
    return f"I was {said}" if positive else f"I wasn't {said}"


def _have(match: re.Match[str], said: str, positive: bool) -> str:
    return f"I have {said}" if positive else f"I haven't {said}"


def _can(match: re.Match[str], said: str, positive: bool) -> str:
    return f"I can {said}" if positive else f"I can't {said}"


def _other_is(match: re.Match[str], said: str, positive: bool) -> str:
    return f"{as_speaker(match['who'])} {match['verb'].lower()}{'' if positive else ' not'} {said}"


def _other_does(match: re.Match[str], said: str, positive: bool) -> str:
    who = as_speaker(match["who"])
    plural = match["verb"].lower() == "do"
    if match["verb"].lower() == "did":
        verb, _, rest = said.partition(" ")
        return f"{who} {past(verb)} {rest}".strip() if positive else f"{who} didn't {said}"
    if not positive:
        return f"{who} {'do' if plural else 'does'}n't {said}"
    verb, _, rest = said.partition(" ")
    return f"{who} {verb if plural else third_person(verb)} {rest}".strip()


def filled(asked: str, told: str) -> str | None:
    """Return the statement that an elliptic answer makes of a question that asks for it."""
    for pattern, build in _OPEN:
        if match := pattern.fullmatch(asked):
            said = match.groupdict().get("said")
            if said is not None and _ABOUT_TALK.match(said):
                return None
            return build(match, told)
    return None


def _join(start: str, told: str, *, preposition: str = "") -> str:
    if _PREPOSITION.match(told) or _ENDS_OPEN.search(start):
        return f"{start} {continued(told)}"
    return f"{start} {preposition} {told}" if preposition else f"{start}: {continued(told)}"


def _preposition(said: str) -> str:
    return next((_PLACE_VERB[word] for word in said.lower().split() if word in _PLACE_VERB), "")


def _acts(match: re.Match[str]) -> str:
    """Return subject and predicate of a question with "do", "did", "are" and so on, as a statement's."""
    said, verb = as_speaker(match["said"]), match["verb"].lower()
    who = as_speaker(match["who"])
    mine = who.lower() in ("i", "you")
    who = "I" if mine else who
    if verb in ("do", "does", "did"):
        first, _, rest = said.partition(" ")
        form = past(first) if verb == "did" else first if verb == "do" else third_person(first)
        return f"{who} {form} {rest}".strip()
    if mine:
        verb = {"are": "am", "were": "was"}.get(verb, verb)
    return re.sub(r"^I am ", "I'm ", f"{who} {verb} {said}")


def _where(match: re.Match[str], told: str) -> str:
    acts = _acts(match)
    return _join(acts, told, preposition="" if _ENDS_OPEN.search(acts) else _preposition(match["said"]))


def _long(match: re.Match[str], told: str) -> str:
    return f"{_acts(match)} {'' if _PREPOSITION.match(told) else 'for '}{continued(told)}"


def _what(match: re.Match[str], told: str) -> str:
    acts = _acts(match)
    plain_object = len(match["said"].split()) == 1 or _ENDS_OPEN.search(acts)
    return f"{acts} {continued(told)}" if plain_object else f"{acts}: {continued(told)}"


def _which(match: re.Match[str], told: str) -> str:
    return f"The {match['thing']} {_acts(match)}: {told}"


def _many(match: re.Match[str], told: str) -> str:
    number = told.split(";")[0]
    rest = told[len(number) :].lstrip("; ")
    who = _acts(match)
    said = (
        f"{who} {continued(number)} {match['thing']}"
        if len(number.split()) < 3
        else f"{who} {match['thing']}: {continued(number)}"
    )
    return f"{said}: {continued(rest)}" if rest else said


def _yours(match: re.Match[str], told: str) -> str:
    thing = as_speaker(match["thing"])
    verb = {"'s": "is", "'re": "are"}.get(match["verb"].lower(), match["verb"].lower())
    return f"{thing} {verb.strip()} {continued(told)}"


def _aged(match: re.Match[str], told: str) -> str:
    who = match["who"]
    return (
        f"I'm {continued(told)}"
        if who.lower() == "you"
        else f"{as_speaker(who)} {match['verb'].lower()} {continued(told)}"
    )


def _reason(match: re.Match[str], told: str) -> str:
    return _join(_acts(match), told)


def _either(match: re.Match[str], told: str) -> str | None:
    told = told.lower() if told.lower() in match[0] else told
    return f"I {match['said']} {continued(told)}"


def _either_state(match: re.Match[str], told: str) -> str | None:
    told = told.lower() if told.lower() in match[0].lower() else told
    return f"I'm {told}"


def _elliptic_closed(match: re.Match[str], told: str) -> str | None:
    """Return ``"I have allergies: shellfish"`` for "Do you have any allergies?" "Shellfish"."""
    verb, said = match["verb"].lower(), match["said"]
    if match["who"].lower() != "you" or " or " in said or verb not in ("do", "are"):
        return None
    subject = "I" if verb == "do" else "I'm"
    if _ANYTHING.search(said):
        return f"{subject} {as_speaker(_ANYTHING.sub(continued(told), said, count=1))}"
    if _HAS.match(said):
        return f"{subject} {_plainly(said, positive=True)}: {continued(told)}"
    return None


_ANYTHING = Pattern(r"\b(?:any|some)(?:thing|one|body|where)\b", re.IGNORECASE)
_HAS = phrases(
    "have | take | taking | play | playing | speak | own | use | using | work | live | like | eat | drink"
    " | teach | study | studying | learning | reading | on | allergic"
)


_HAD = r"""(?:(?:food|drug|known|dietary) )?(?:allergies|restrictions|pets|kids|children|siblings|hobbies
|intolerances|medications?|injuries|brothers or sisters)"""


def _any(match: re.Match[str], said: str, positive: bool) -> str:
    return f"I have {'' if positive else 'no '}{said}"


def _job(match: re.Match[str], told: str) -> str:
    who = match["who"]
    whose = "My" if who.lower() == "you" else f"{as_speaker(who)}'s"
    return f"{whose} job: {continued(told)}"


def _named(match: re.Match[str], told: str) -> str | None:
    thing = match["thing"]
    if _QUIZ.match(thing):
        return None
    return f"{as_speaker(thing)} {'are' if match['verb'].strip() == 'are' else 'is'} {continued(told)}"


_QUIZ = phrases("the (?:matter|plan|point|problem|best|difference|weather|time|capital|meaning|answer)")


def _list(match: re.Match[str], told: str) -> str:
    return f"I have {match['thing']}: {continued(told)}"


def _pair(match: re.Match[str], told: str) -> str:
    return f"{as_speaker(match['thing'])}: {told}"


def _favourite(match: re.Match[str], told: str) -> str:
    return f"My {match['thing']}: {told}"


def _pattern(text: str) -> Pattern:
    return Pattern(re.sub(r"\s*\n\s*", "", text), re.IGNORECASE)


_YOU = r"you(?: guys| all| two)?(?: (?:also|still|currently|already|really|actually|happen to))?"
_ABLE = r"""(?:swim|speak|play|drive|eat|drink|come|make it|work|cook|ride|join|attend|read|dance|sing|ski
    |type
|travel|lift|bring|log in|access|reproduce|connect)\b"""
# Questions for "yes" or "no", with what the answer makes of them.
_CLOSED: tuple[tuple[Pattern, Callable[[re.Match[str], str, bool], str]], ...] = (
    (_pattern(rf"do {_YOU} (?P<said>.+)"), _do),
    (_pattern(rf"did {_YOU} (?P<said>.+)"), _did),
    (_pattern(rf"are {_YOU} (?P<said>.+)"), _be),
    (_pattern(rf"were {_YOU} (?P<said>.+)"), _were),
    (_pattern(rf"have {_YOU} (?P<said>.+)"), _have),
    (_pattern(rf"can {_YOU} (?P<said>{_ABLE}.*)"), _can),
    (_pattern(rf"(?P<verb>is|are|was|were|has|have|will|can) (?P<who>{SUBJECT}) (?P<said>.+)"), _other_is),
    (_pattern(rf"(?P<verb>does|do|did) (?P<who>{SUBJECT}) (?P<said>.+)"), _other_does),
    (_pattern(rf"any (?P<said>{_HAD})(?: i should know (?:of|about))?"), _any),
)
# "When does your lease end": a noun and its verb, with nothing that could be either.
_OF_YOURS = (
    r"your (?!(?:new|old|current|next|first|last|own|older|younger|best|other|main|favou?rite)\b)"
    r"[\w-]+(?= [\w-]+(?: [\w-]+)?$)"
)
_PERSON_ASKED = (
    rf"(?P<who>you|{SUBJECT}|{_OF_YOURS})(?: (?:all|guys|two|currently|usually|normally|typically|actually))?"
)
_DOES = rf"(?P<verb>do|does|did|are|is|was|were|have|has|will) {_PERSON_ASKED} (?P<said>.+)"
_IS = r"(?P<verb>'s| is| are| was| were)"
_LIVING = r"(?: for (?:a living|work)| (?:professionally|for money))?"
_DETAIL = r"""(?:name|job|age|address|city|country|hometown|birthday|email|phone(?: number)?|number|size
    |height
|weight|colou?r|food|sport|hobby|hobbies|budget|order number|account number|occupation|profession
    |nationality
|diet|device|version)"""
_CHOSEN = "prefer|like|want|drink|eat|use|take|have|play|drive|speak|read|work|live"
# Questions that ask for something, with what an elliptic answer makes of them. The first that fits decides.
_OPEN: tuple[tuple[Pattern, Callable[[re.Match[str], str], str | None]], ...] = (
    (_pattern(rf"what (?P<verb>do|does|did) {_PERSON_ASKED} do{_LIVING}(?P<said>)"), _job),
    (_pattern(rf"what{_IS} (?P<thing>(?:your|the) .{{2,60}})"), _named),
    (_pattern(rf"how (?:old|tall) (?P<verb>are|is|was|were) (?P<who>you|{SUBJECT})(?: now)?"), _aged),
    (_pattern(rf"how (?:many|much) (?P<thing>[\w -]{{2,40}}?) {_DOES}"), _many),
    (_pattern(rf"how long {_DOES}"), _long),
    (_pattern(rf"how(?: (?:often|far|big|early|late|frequently))? {_DOES}"), _reason),
    (_pattern(rf"(?:from |in )?where(?: in the world| abouts| exactly)? {_DOES}"), _where),
    (_pattern(rf"(?:in|at|from|to) (?:which|what) \w+ {_DOES}"), _where),
    (_pattern(rf"(?:where|when){_IS} (?P<thing>(?:your|the) .{{2,40}})"), _yours),
    (_pattern(rf"(?:when(?: exactly)?|(?:at |on )?what (?:time|day|date)|since when) {_DOES}"), _reason),
    (_pattern(rf"(?:(?:on|in|at) which \w+|why) {_DOES}"), _reason),
    (_pattern(rf"whom? {_DOES}"), _what),
    (_pattern(rf"(?:what|which) (?:(?:kind|sort|type)s? of )?(?P<thing>[\w -]{{2,40}}?) {_DOES}"), _which),
    (_pattern(rf"what {_DOES}"), _what),
    (_pattern(rf"do you (?P<said>{_CHOSEN})(?: .*)? or .+"), _either),
    (_pattern(r"are you (?P<said>.+) or .+"), _either_state),
    (_pattern(rf"any (?P<thing>{_HAD})(?: i should know (?:of|about))?"), _list),
    (_pattern(rf"(?P<thing>your (?:\w+ ){{0,2}}{_DETAIL})"), _pair),
    (_pattern(r"(?P<thing>fav(?:ou?rite)? [\w ]{2,30})"), _favourite),
    (_pattern(rf"(?P<verb>do|does|did|have|are) {_PERSON_ASKED} (?P<said>.+)"), _elliptic_closed),
)
