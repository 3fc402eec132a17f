"""Facets: what extraction found about a memory besides its text. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..values import Fact, Message

MOST_TAGS = 8
"""Tags of a memory at most; more say no more about it."""

_JOINED = {"entities": 64, "tags": MOST_TAGS, "categories": 64, "claims": 64}


def facets_of(fact: Fact, claims: Sequence[str] = ()) -> dict[str, Any]:
    """Return the facets of a fact: ``importance``, ``event_at``, ``entities``, ``title``, ``tags``,
    ``categories``, ``claims``; without those that it has not.

    Args:
        fact: the fact.
        claims: the keys by which a later statement about the same attribute finds it.
    """
    found = {
        "importance": fact.importance,
        "event_at": fact.event_at,
        "entities": list(fact.entities) or None,
        "title": fact.title,
        "tags": list(fact.tags) or None,
        "categories": list(fact.categories) or None,
        "claims": list(claims) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def role_of(message: Message | None) -> dict[str, Any]:
    """Return the facet ``role`` of what an assistant said; of other messages none."""
    return {"role": message.role} if message is not None and message.role == "assistant" else {}


def joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facets of a memory whose text was changed.

    Args:
        old: those that it had. Its title is about the old text, and goes.
        new: those of the fact that changed it. Its lists come first, since what is too much is cut off.
    """
    lists = {
        name: _each_once([*new.get(name, ()), *old.get(name, ())])[:most]
        for name, most in _JOINED.items()
        if name in new or name in old
    }
    kept = {name: value for name, value in old.items() if name != "title"}
    return {**kept, **new, **lists}


def _each_once(names: Sequence[str]) -> list[str]:
    once: dict[str, str] = {}
    for name in names:
        once.setdefault(name.casefold(), name)
    return list(once.values())
