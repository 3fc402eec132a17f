"""Parse a model's answer as groups of turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .answer import Fit, ParseError, parse_answer
from .facts import whole

_CONTAINERS = ("segments", "groups", "topics", "episodes", "results", "items", "data")
_TURNS = ("turns", "messages", "indices", "numbers", "turn_numbers", "ids")


class Segments(NamedTuple):
    """The division of a conversation into topics.

    Attributes:
        groups: turn numbers, ordered by the first of each group; every turn is in exactly one group.
        complete: whether the answer was complete.
    """

    groups: list[list[int]]
    complete: bool = True


def parse_segments(text: str, *, turns: int) -> Segments:
    """Parse the groups in an answer.

    Args:
        text: the answer, ideally in the form of ``SEGMENTATION_SCHEMA``; plain lists of numbers are accepted
            too.
        turns: number of turns in the conversation.

    Returns:
        The groups. A turn that appears twice stays in its first group, one that is missing joins the turn
        before it, and invalid numbers are ignored.

    Raises:
        ParseError: the answer has no valid turn number.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'segments'")
    group_of: dict[int, int] = {}
    for group, item in enumerate(_items(parsed.value)):
        for value in _numbers(item):
            number = whole(value)
            if number is not None and 0 <= number < turns:
                group_of.setdefault(number, group)
    if not group_of:
        raise ParseError(f"expected groups of turn numbers below {turns}, got none")
    group = group_of[min(group_of)]
    groups: dict[int, list[int]] = {}
    for number in range(turns):
        group = group_of.get(number, group)
        groups.setdefault(group, []).append(number)
    return Segments(list(groups.values()), parsed.complete)


def _fit(value: Any) -> Fit:
    if isinstance(value, dict) and isinstance(value.get("segments"), list):
        return Fit.EXACT
    if not isinstance(value, (dict, list)):
        return Fit.NO
    try:
        groups = map(_numbers, _items(value))
    except ParseError:
        return Fit.NO
    return Fit.LOOSE if any(whole(number) is not None for group in groups for number in group) else Fit.NO


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        found = next((value[key] for key in _CONTAINERS if isinstance(value.get(key), list)), None)
        if found is None:
            # A single group, or an object of topics and their turns.
            found = [value] if _numbers(value) else list(value.values())
        value = found
    if not isinstance(value, list):
        raise ParseError(f"expected an object with a list of segments, got {type(value).__name__}")
    return value if any(isinstance(item, (list, Mapping)) for item in value) else [value]


def _numbers(item: Any) -> list[Any]:
    if isinstance(item, Mapping):
        return next((item[key] for key in _TURNS if isinstance(item.get(key), list)), [])
    return item if isinstance(item, list) else []
