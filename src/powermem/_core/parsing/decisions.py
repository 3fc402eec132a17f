"""Parse a model's answer as decisions about facts and stored memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..prompts.decision import ACTIONS
from ..text.cleaning import normalize
from .answer import Fit, ParseError, parse_answer
from .facts import whole
from .resolution import Decision, resolve

_CONTAINERS = ("decisions", "memory", "actions", "results", "items", "data")
_SYNONYMS = {
    "CREATE": "ADD", "INSERT": "ADD", "NEW": "ADD",
    "MERGE": "UPDATE",
    "REPLACE": "SUPERSEDE", "SUPERSEDES": "SUPERSEDE",
    "REMOVE": "DELETE", "FORGET": "DELETE",
    "NOOP": "NONE", "NO_OP": "NONE", "SKIP": "NONE", "KEEP": "NONE", "NO_CHANGE": "NONE", "IGNORE": "NONE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions in an answer.

    Attributes:
        items: the valid decisions. No two change the same memory.
        rejected: a sentence for each invalid decision.
        undecided: indices of facts without a decision, ascending. Add them, so that nothing is lost.
        complete: whether the answer was complete.
    """

    items: tuple[Decision, ...]
    rejected: tuple[str, ...]
    undecided: tuple[int, ...]
    complete: bool = True


def parse_decisions(text: str, *, facts: Sequence[str], memories: Mapping[str, str]) -> Decisions:
    """Parse the decisions in an answer and resolve conflicts between them; see ``resolve``.

    Args:
        text: the answer, ideally in the form of ``DECISION_SCHEMA``. The older form
            ``{"memory": [{"id", "text", "event"}]}``, is accepted if there are as many changes as facts,
            which are matched in order.
        facts: the texts of the facts in the request.
        memories: the texts of the memories in the request, by alias. Changes to others are rejected.

    Raises:
        ParseError: the answer has no list of decisions.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'decisions'")
    return replace(read_decisions(parsed.value, facts=facts, memories=memories), complete=parsed.complete)


def read_decisions(value: Any, *, facts: Sequence[str], memories: Mapping[str, str]) -> Decisions:
    """Read the decisions in a parsed answer; see ``parse_decisions``."""
    # Some models name a memory by its text.
    aliases = {normalize(text).casefold(): alias for alias, text in reversed(list(memories.items()))}
    aliases |= {alias.casefold(): alias for alias in memories}
    given: set[Decision] = set()
    rejected: list[str] = []
    for number, (item, fact) in enumerate(_numbered(_items(value), facts)):
        try:
            given.add(_decision(item, fact, len(facts), aliases))
        except _Rejected as reason:
            rejected.append(f"decision {number}: {reason}")
    decided = {item.fact for item in given}
    undecided = tuple(fact for fact in range(len(facts)) if fact not in decided)
    return Decisions(resolve(given, facts, memories), tuple(rejected), undecided)


def _fit(value: Any) -> Fit:
    if isinstance(value, list):
        return Fit.LOOSE if any(map(_decides, value)) else Fit.NO if value else Fit.BARE
    if not isinstance(value, dict):
        return Fit.NO
    if isinstance(value.get("decisions"), list):
        return Fit.EXACT if value["decisions"] else Fit.EMPTY
    try:
        return Fit.LOOSE if any(map(_decides, _items(value))) else Fit.NO
    except ParseError:
        return Fit.NO


def _decides(item: Any) -> bool:
    return isinstance(item, Mapping) and ("action" in item or "event" in item)


class _Rejected(Exception):
    """Why one decision cannot be applied."""


def _decision(item: Any, fact: int | None, facts: int, aliases: Mapping[str, str]) -> Decision:
    """Read a single decision."""
    if not isinstance(item, Mapping):
        raise _Rejected(f"expected an object, got {type(item).__name__}")
    if fact is None or not 0 <= fact < facts:
        raise _Rejected(f"there is no fact {item.get('fact', fact)!r}")
    action = _action(item)
    if action == "ADD":
        return Decision(fact, "ADD")
    given = _given_target(item)
    target = _alias(given, aliases)
    if target is None and not (action == "NONE" and _names_nothing(item)):
        raise _Rejected(f"{action} of {given!r}, which was not offered")
    if action != "UPDATE":
        return Decision(fact, action, target)
    text = item.get("text")
    text = text.strip() if isinstance(text, str) else ""
    if not text:
        raise _Rejected(f"UPDATE of {target!r} without a text")
    return Decision(fact, action, target, text)


def _alias(given: Any, aliases: Mapping[str, str]) -> str | None:
    """Return the alias that a target stands for, which may be quoted, in brackets, or in a list."""
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, str):
        return None
    name = given.strip().casefold()
    return (
        aliases.get(name)
        or aliases.get(name.strip("\"'`()[]<>{}# .:"))
        or aliases.get(normalize(given).casefold())
    )


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if "action" in value or "event" in value:
            return [value]
        for key in _CONTAINERS:
            if isinstance(value.get(key), (list, dict)):
                return _items(value[key])
    raise ParseError("expected an object with a list 'decisions'")


def _numbered(items: list[Any], facts: Sequence[str]) -> list[tuple[Any, int | None]]:
    """Pair each item with its fact. Items without a number are matched in order if that is unambiguous."""
    if any(isinstance(item, Mapping) and "fact" in item for item in items):
        numbers = {normalize(text): number for number, text in reversed(list(enumerate(facts)))}
        given = [item.get("fact") if isinstance(item, Mapping) else None for item in items]
        return [(item, _number(value, numbers)) for item, value in zip(items, given, strict=True)]
    # Without numbers, a NONE is about a stored memory that stays unchanged, unless all items are NONE.
    changes = [item for item in items if not (isinstance(item, Mapping) and _is_none(item))]
    if len(changes) == len(facts):
        return list(zip(changes, range(len(facts)), strict=True))
    if not changes and len(facts) == 1 and items:
        return [(items[0], 0)]
    return [(item, None) for item in changes]


def _number(value: Any, numbers: Mapping[str, int]) -> int | None:
    """Return the number of a fact, which may be given by its text."""
    number = whole(value)
    return numbers.get(normalize(value)) if number is None and isinstance(value, str) else number


def _is_none(item: Mapping[str, Any]) -> bool:
    try:
        return _action(item) == "NONE"
    except _Rejected:
        return False


def _action(item: Mapping[str, Any]) -> str:
    given = item.get("action", item.get("event"))
    name = given.strip().upper().replace(" ", "_") if isinstance(given, str) else given
    if name is None and ("action" in item or "event" in item):
        name = "NONE"
    name = _SYNONYMS.get(name, name) if isinstance(name, str) else None
    if name not in ACTIONS:
        raise _Rejected(f"unknown action {given!r}")
    return str(name)


def _names_nothing(item: Mapping[str, Any]) -> bool:
    given = _given_target(item)
    return given is None or str(given).strip().casefold() in ("", "null", "none")


def _given_target(item: Mapping[str, Any]) -> Any:
    return item.get("target", item.get("id"))
