"""A model's answer, read as decisions about facts and stored memories."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..prompts import ACTIONS
from .answer import Fit, ParseError, parse_answer
from .facts import whole

_CONTAINERS = ("decisions", "memory", "actions", "results", "items", "data")
_SYNONYMS = {
    "CREATE": "ADD", "INSERT": "ADD", "NEW": "ADD",
    "MERGE": "UPDATE",
    "REPLACE": "SUPERSEDE", "SUPERSEDES": "SUPERSEDE",
    "REMOVE": "DELETE", "FORGET": "DELETE",
    "NOOP": "NONE", "NO_OP": "NONE", "SKIP": "NONE", "KEEP": "NONE", "NO_CHANGE": "NONE", "IGNORE": "NONE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a fact.

    Attributes:
        fact: index of the fact.
        action: one of ``powermem.prompts.ACTIONS``.
        target: alias of the stored memory that is changed, or that already says it; ``None`` for ADD.
        text: the merged text of an UPDATE, else ``None``.
    """

    fact: int
    action: str
    target: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions of one answer.

    Attributes:
        items: those that can be applied. No two change the same memory.
        rejected: why others cannot, one sentence each.
        undecided: facts left without a decision, in order. To lose nothing, add them.
        complete: whether the answer was whole. Otherwise decisions may be missing, and facts undecided.
    """

    items: tuple[Decision, ...]
    rejected: tuple[str, ...]
    undecided: tuple[int, ...]
    complete: bool = True


def parse_decisions(text: str, *, facts: int, aliases: Collection[str]) -> Decisions:
    """Read the decisions in an answer.

    Args:
        text: the answer, best in the form of ``DECISION_SCHEMA``. ``{"memory": [{"id", "text", "event"}]}``
            is understood too; there the changes must be as many as the facts, and are taken in their order.
        facts: how many facts were shown.
        aliases: the aliases that were offered. A change to any other memory is rejected.

    Returns:
        The decisions, what was rejected, and which facts are undecided.

    Raises:
        ParseError: the answer has no list of decisions.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'decisions'")
    return replace(read_decisions(parsed.value, facts=facts, aliases=aliases), complete=parsed.complete)


def read_decisions(value: Any, *, facts: int, aliases: Collection[str]) -> Decisions:
    """Read the decisions in a value that ``parse_answer`` gave; see ``parse_decisions``."""
    reader = _Reader(facts, aliases)
    for number, (item, fact) in enumerate(_numbered(_items(value), facts)):
        try:
            reader.take(item, fact)
        except _Rejected as reason:
            reader.rejected.append(f"decision {number}: {reason}")
    return reader.result()


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


class _Reader:
    """Checks decisions one by one and against each other."""

    def __init__(self, facts: int, aliases: Collection[str]) -> None:
        self.rejected: list[str] = []
        self._facts = facts
        self._aliases = {alias.casefold(): alias for alias in aliases}
        self._items: list[Decision] = []
        self._changed: dict[str, str] = {}

    def take(self, item: Any, fact: int | None) -> None:
        if not isinstance(item, Mapping):
            raise _Rejected(f"expected an object, got {type(item).__name__}")
        if fact is None or not 0 <= fact < self._facts:
            raise _Rejected(f"there is no fact {item.get('fact', fact)!r}")
        action = _action(item)
        if action == "ADD":
            self._keep(Decision(fact, "ADD"))
            return
        target = self._target(item)
        if target is None and not (action == "NONE" and _names_nothing(item)):
            raise _Rejected(f"{action} of {_given_target(item)!r}, which was not offered")
        if target is None or action == "NONE":
            self._keep(Decision(fact, "NONE", target))
        else:
            self._change(fact, action, target, item)

    def result(self) -> Decisions:
        decided = {item.fact for item in self._items}
        undecided = tuple(fact for fact in range(self._facts) if fact not in decided)
        return Decisions(tuple(self._items), tuple(self.rejected), undecided)

    def _target(self, item: Mapping[str, Any]) -> str | None:
        given = _given_target(item)
        return None if given is None else self._aliases.get(str(given).strip().casefold())

    def _change(self, fact: int, action: str, target: str, item: Mapping[str, Any]) -> None:
        text = item.get("text")
        text = text.strip() if isinstance(text, str) else ""
        if action == "UPDATE" and not text:
            raise _Rejected(f"UPDATE of {target!r} without a text")
        earlier = self._changed.get(target)
        if earlier == action == "SUPERSEDE":
            # Two facts may take the place of one memory: the first closes it, the second is just new.
            self._keep(Decision(fact, "ADD"))
            return
        if earlier is not None:
            raise _Rejected(f"{action} of {target!r}, which another decision changes")
        self._keep(Decision(fact, action, target, text if action == "UPDATE" else None))
        self._changed[target] = action

    def _keep(self, decision: Decision) -> None:
        """Accept a decision that agrees with what was decided for the same fact before."""
        before = [item for item in self._items if item.fact == decision.fact]
        if decision in before:
            return
        # One fact may supersede, or retract, several memories; every other pair is a contradiction.
        several = decision.action in ("SUPERSEDE", "DELETE")
        if before and not (several and all(item.action == decision.action for item in before)):
            if decision.action == "ADD" and all(item.action == "SUPERSEDE" for item in before):
                return
            raise _Rejected(
                f"{decision.action} for fact {decision.fact}, which is {before[0].action} already"
            )
        self._items.append(decision)


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


def _numbered(items: list[Any], facts: int) -> list[tuple[Any, int | None]]:
    """Pair each item with its fact. Items without a number are matched in order, when that is unambiguous."""
    if any(isinstance(item, Mapping) and "fact" in item for item in items):
        return [(item, whole(item.get("fact")) if isinstance(item, Mapping) else None) for item in items]
    # Without numbers a NONE is a stored memory that stays as it was, unless there are only such.
    changes = [item for item in items if not (isinstance(item, Mapping) and _is_none(item))]
    if len(changes) == facts:
        return list(zip(changes, range(facts), strict=True))
    if not changes and facts == 1 and items:
        return [(items[0], 0)]
    return [(item, None) for item in changes]


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
    name = _SYNONYMS.get(name, name) if isinstance(name, str) else name
    if name not in ACTIONS:
        raise _Rejected(f"unknown action {given!r}")
    return str(name)


def _names_nothing(item: Mapping[str, Any]) -> bool:
    given = _given_target(item)
    return given is None or str(given).strip().casefold() in ("", "null", "none")


def _given_target(item: Mapping[str, Any]) -> Any:
    return item.get("target", item.get("id"))
