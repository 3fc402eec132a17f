"""The categories among which a language model chooses for each fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST = 100
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 300


def read_categories(value: Any) -> dict[str, str]:
    """Return categories as their descriptions by name; a description may be empty.

    Args:
        value: names, or mem0's ``custom_categories``: objects with a description by name; or one such object.

    Raises:
        ValueError: it is something else, or there are too many.
    """
    if isinstance(value, (str, bytes)):
        raise ValueError("expected a list of names, such as ['food', 'work'], not one text")
    items = [value] if isinstance(value, Mapping) else value
    if not isinstance(items, (list, tuple, set, frozenset)):
        raise ValueError(f"expected a list of names, got {type(value).__name__}")
    found: dict[str, str] = {}
    for item in items:
        pairs = item.items() if isinstance(item, Mapping) else [(item, "")]
        for name, description in pairs:
            found.update([_category(name, "" if description is None else description)])
    if len(found) > _MOST:
        raise ValueError(f"expected at most {_MOST} categories, got {len(found)}")
    return found


def _category(name: Any, description: Any) -> tuple[str, str]:
    for part, most in ((name, _LONGEST_NAME), (description, _LONGEST_DESCRIPTION)):
        if not isinstance(part, str):
            raise ValueError(f"expected names and descriptions as text, got {type(part).__name__}")
        if len(part) > most:
            raise ValueError(f"expected at most {most} characters, got {len(part)}")
    name = " ".join(name.split())
    if not name:
        raise ValueError("a category needs a name")
    return name, " ".join(description.split())
