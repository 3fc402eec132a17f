"""Cases of a labelled set: conversations with their facts, and messages that change what is stored.

A line with ``memories`` is a decision case; see ``labelled`` for the other lines::

    {"id": "d01", "lang": "en", "style": "move", "timestamp": "2025-03-12T10:00:00Z",
     "memories": ["User lives in Oslo"], "messages": [{"role": "user", "content": "I moved to Bergen."}],
     "expected": "SUPERSEDE", "target": 0}

``expected`` is one of ADD, UPDATE, SUPERSEDE, DELETE and NONE, and ``target`` the number of the memory that
it changes or that says it already; ADD has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ...errors import InvalidInputError
from ..parsing.decisions import Decision
from ..prompts.decision import ACTIONS
from .labelled import Labelled, read_labelled


@dataclass(frozen=True, slots=True)
class DecisionCase:
    """A message that comes when some memories are stored.

    Attributes:
        conversation: the message, and what it is called; without labels.
        memories: the texts of what is stored.
        expected: the right decision.
        target: the index of the memory that it is about; ``None`` for ADD.
    """

    conversation: Labelled
    memories: tuple[str, ...]
    expected: str
    target: int | None


def read_cases(lines: Iterable[str], *, source: str) -> tuple[list[Labelled], list[DecisionCase]]:
    """Read a labelled set with both kinds of cases.

    Raises:
        InvalidInputError: a line is wrong; its number is named.
    """
    conversations: list[Labelled] = []
    decisions: list[DecisionCase] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{source}, line {number}"
        try:
            item = json.loads(line)
        except ValueError as error:
            raise InvalidInputError(f"{where}: {error}") from error
        if not isinstance(item, dict) or "memories" not in item:
            conversations += read_labelled([line], source=where)
            continue
        (conversation,) = read_labelled([json.dumps({"facts": [], **item})], source=where)
        decisions.append(_decision_case(conversation, item, where))
    if not conversations and not decisions:
        raise InvalidInputError(f"{source}: there is no case in it")
    names = [item.id for item in conversations] + [item.conversation.id for item in decisions]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidInputError(f"{source}: two cases have the id {twice!r}")
    return conversations, decisions


def _decision_case(conversation: Labelled, item: dict[str, object], where: str) -> DecisionCase:
    memories, expected, target = item["memories"], item.get("expected"), item.get("target")
    if not isinstance(memories, list) or not all(isinstance(text, str) for text in memories):
        raise InvalidInputError(f"{where}: memories: expected a list of texts, got {memories!r}")
    if expected not in ACTIONS:
        raise InvalidInputError(f"{where}: expected: one of {', '.join(ACTIONS)}, got {expected!r}")
    known = isinstance(target, int) and 0 <= target < len(memories)
    if (expected == "ADD") != (target is None) or (target is not None and not known):
        raise InvalidInputError(f"{where}: target: the number of a memory, and none for ADD; got {target!r}")
    return DecisionCase(conversation, tuple(memories), str(expected), target if known else None)  # type: ignore[arg-type]


def alias(number: int) -> str:
    """Return the name under which a model is shown a memory."""
    return f"M{number + 1}"


def is_right(case: DecisionCase, decided: Iterable[Decision], undecided: int) -> bool:
    """Return whether the decisions about a case do what is expected, and change no other memory.

    Args:
        case: the case.
        decided: the decisions about its facts.
        undecided: how many facts have none, and are added.
    """
    items = list(decided)
    changes = {(item.action, item.target) for item in items if item.action not in ("ADD", "NONE")}
    adds = undecided + sum(item.action == "ADD" for item in items)
    if case.target is None:
        return not changes and adds > 0
    wanted = (case.expected, alias(case.target))
    if case.expected == "NONE":
        return not changes and not adds
    return changes == {wanted}
