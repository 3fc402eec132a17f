"""A model's answer, read as groups of turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answer import ParseError, parse_json
from .facts import whole

_CONTAINERS = ("segments", "groups", "topics", "episodes", "results", "items", "data")
_TURNS = ("turns", "messages", "indices", "numbers", "turn_numbers", "ids")


def parse_segments(text: str, *, turns: int) -> list[list[int]]:
    """Read the groups in an answer.

    Args:
        text: the answer, best in the form of ``SEGMENTATION_SCHEMA``; plain lists of numbers are read too.
        turns: how many turns the conversation had.

    Returns:
        Groups of turn numbers in the order of their first turn; every turn is in exactly one. A turn that was
        named twice is where it was named first, one that was not named is with the turn before it, and
        numbers of no turn are passed over.

    Raises:
        ParseError: the answer names no turn.
    """
    group_of: dict[int, int] = {}
    for group, item in enumerate(_items(parse_json(text).value)):
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
    return list(groups.values())


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
