"""The claims of a statement in any supported language, and which claims end which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from ...clock import to_datetime
from ...forks import undivided
from ...patterns import Pattern
from . import values
from .claim import PROJECT, SELF, Claim, Clauses, words

if TYPE_CHECKING:
    from ...values import Fact, Message

_KANA = Pattern(r"[\u3041-\u30ff]")
_HAN = Pattern(r"[\u3400-\u9fff]")
_WORD = Pattern(r"[^\W\d_]+")
# Words that are frequent in one language and hardly occur in the others.
_TELLING = {
    "english": words(
        "i i'm my the is am are live work moved in at to we our and a an has have used she "
        "he his her don't no longer of with from was"
        " for it this call me not"
    ),
    "german": words(
        "ich bin mein meine meinen habe wohne arbeite nicht mehr ist und wir hei\u00dfe "
        "jetzt bei nach gezogen kein keine keinen lieblingsessen"
        " der die das unser unsere letzten letzte seit heiße wurde auf hat sich vor von"
    ),
    "spanish": words(
        "vivo trabajo tengo me mi soy estoy ya en el la los mud\u00e9 a\u00f1os llamo con "
        "de favorito favorita dej\u00e9 es una un"
        " nuestro nuestra al del que hace ahora y yo"
    ),
}
# Neither several cars nor several jobs are rare, so what is said later ends these only by its wording.
_NEED_MARK = frozenset(
    {"car", "phone", "laptop", "computer", "bike", "diet", "job", "commute", "bank", "gym"}
)
_FEW_DATES = Pattern(r"deadline|due date|launch|release|go-live|wedding")
_TOOLS_NEED_MARK = frozenset(
    (
        "editor", "database", "cloud", "browser", "ci", "broker", "shell", "linter", "operating system",
        "frontend framework", "web framework", "chat tool", "issue tracker", "package manager", "notes tool",
        "search engine", "build tool", "version control",
    )
)  # fmt: skip
_OF_MANY = words(
    "sister brother son daughter kid baby aunt uncle cousin niece nephew friend "
    "roommate colleague neighbour dog cat ex"
    " mentor teacher friends grandmother grandfather"
)


@lru_cache(maxsize=256)
def read(text: str) -> Clauses:
    """Return the claims of a text, clause by clause. A clause that says something else has none.

    Args:
        text: a fact, as the rules keep it.
    """
    if len(text) > _LONGEST:
        return ((),)
    for language in _languages(text):
        clauses: Clauses = _reader(language)(text)
        if any(clauses):
            return tuple(tuple(clause) for clause in clauses)
    return ((),)


_LONGEST = 400


@cache
def _reader(language: str) -> Callable[[str], Clauses]:
    # A process that is forked meanwhile would wait forever for the import to end.
    with undivided():
        reader: Callable[[str], Clauses] = import_module(f".{language}", __package__).read
    return reader


def _languages(text: str) -> Sequence[str]:
    """Return the languages that a text may be in, the likeliest first."""
    if _KANA.search(text):
        return ("japanese",)
    if _HAN.search(text):
        return ("chinese",)
    words = [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]
    found = {name: sum(word in telling for word in words) for name, telling in _TELLING.items()}
    likely = sorted(found, key=lambda name: -found[name])
    return likely if not found[likely[0]] else [name for name in likely if found[name]]


def spoken(clauses: Clauses, speaker: str | None) -> Clauses:
    """Return claims with the speaker's name as the subject of what a speaker says about themselves.

    Args:
        clauses: the result of `read`.
        speaker: the name, or ``None`` for the user of an assistant.
    """
    if not speaker:
        return clauses
    name = speaker.casefold()
    return [[_said_by(claim, name) for claim in clause] for clause in clauses]


def _said_by(claim: Claim, name: str) -> Claim:
    if claim.subject in (PROJECT, name):
        return claim
    if claim.subject == SELF:
        return claim._replace(subject=name)
    # A relation is one of the speaker; a name is the same whoever says it.
    related = claim.subject.split()[0] in _RELATIONS or claim.subject.split()[-1] in _RELATIONS
    return claim._replace(subject=f"{name}'s {claim.subject}") if related else claim


_RELATIONS = _OF_MANY | words(
    "mother father wife husband partner girlfriend boyfriend fiance spouse boss "
    "manager parents in-laws twin team company family"
    " grandparents brothers sisters best"
)


def keys(clauses: Clauses) -> list[str]:
    """Return what these claims are found by: a text for each subject and attribute."""
    return list(
        dict.fromkeys(f"\x1f{claim.subject}\x1f{claim.attribute}" for clause in clauses for claim in clause)
    )


def ending(clauses: Clauses) -> list[str]:
    """Return the keys of what these claims may end."""
    each = [
        claim
        for clause in clauses
        for claim in clause
        if not claim.past and (claim.ends or claim.marked or not _needs_mark(claim))
    ]
    return keys([each])


def supersedes(new: Clauses, old: Clauses, old_at: int) -> bool:
    """Return whether a statement ends another one, wholly.

    Every clause of the old one must be ended: "I live in Oslo. I have two sons." stays if its speaker moves.

    Args:
        new: the claims of the later statement.
        old: those of the earlier one.
        old_at: when that was said, microseconds UTC.
    """
    claims = [claim for clause in new for claim in clause]
    return bool(old) and all(
        any(_ends(one, other, old_at) for one in claims for other in clause) for clause in old
    )


def _ends(new: Claim, old: Claim, old_at: int) -> bool:
    if (new.subject, new.attribute) != (old.subject, old.attribute) or old.ends or new.past:
        return False
    if new.year is not None and new.year < to_datetime(old_at).year:
        return False
    if new.ends:
        return not new.value or values.same(new.value, old.value, new.attribute)
    if not new.value or (not new.marked and _needs_mark(new)):
        return False
    if values.same(new.value, old.value, new.attribute):
        return False
    return values.comparable(old.value, new.value, new.attribute, marked=new.marked)


def _needs_mark(claim: Claim) -> bool:
    """Return whether a value ends another one only if the wording tells of a change."""
    attribute, value = claim.attribute, claim.value
    if value == "+":
        return True
    if attribute.endswith(" date"):
        return not _FEW_DATES.search(attribute)
    if set(claim.subject.split("'s ")[-1].split()) & _OF_MANY:
        return True
    return attribute in _NEED_MARK or attribute in _TOOLS_NEED_MARK or attribute.endswith((" place", " lead"))


def with_claims(facts: Sequence[Fact], messages: Sequence[Message]) -> list[Fact]:
    """Return facts with their claims. What an assistant says claims nothing about the user."""
    return [
        fact
        if fact.turn is not None and messages[fact.turn].role == "assistant"
        else fact._replace(claims=read(fact.text))
        for fact in facts
    ]
