"""Read the title, the tags and the categories of a fact in a model's answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..changes.facets import MOST_TAGS
from ..patterns import Pattern

TITLE_LENGTH = 60
"""Characters of a title at most."""

_TAG_LENGTH = 40
_NOTHING = frozenset(("", "null", "none", "n/a", "unknown", "other", "misc", "general"))
_BETWEEN = Pattern(r"\s*[,;\u3001\uff0c\uff1b|\n]\s*")
_LAST_WORD = Pattern(r"\s+\S*\Z")
_AROUND = " \t#.,;:!\"'`*-_[](){}\u2026\u3002\uff0c\uff1b\u3001"


def read_title(value: Any) -> str | None:
    """Return a title of at most 60 characters, cut behind a word, or ``None``."""
    if not isinstance(value, str):
        return None
    title = " ".join(value.split()).strip(" .\"'\u2026\u3002")
    if len(title) > TITLE_LENGTH:
        # One character more shows whether a word ends there. Without a space, as in Chinese, cut anywhere.
        title = (_LAST_WORD.sub("", title[: TITLE_LENGTH + 1]))[:TITLE_LENGTH].rstrip(" ,;:.-")
    return None if title.lower() in _NOTHING else title


def read_tags(value: Any) -> tuple[str, ...]:
    """Return at most eight tags, each once; case does not tell tags apart."""
    tags: dict[str, str] = {}
    for name in _names(value):
        tag = " ".join(name.split()).strip(_AROUND)
        if len(tag) <= _TAG_LENGTH and tag.lower() not in _NOTHING:
            tags.setdefault(tag.casefold(), tag)
    return tuple(tags.values())[:MOST_TAGS]


def read_categories(value: Any, allowed: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the allowed categories of a fact, as they are configured, and the other names."""
    known = {name.casefold(): name for name in allowed}
    kept: dict[str, None] = {}
    others: dict[str, None] = {}
    for given in _names(value):
        name = " ".join(given.split())
        found = known.get(name.casefold()) or known.get(name.strip(_AROUND).casefold())
        if found is not None:
            kept[found] = None
        elif name.strip(_AROUND).lower() not in _NOTHING:
            others[name] = None
    return tuple(kept), tuple(others)


def _names(value: Any) -> list[str]:
    """Return the texts in a list, or those that a model has written as one."""
    if isinstance(value, str):
        return _BETWEEN.split(value)
    if not isinstance(value, list):
        return []
    return [name for name in value if isinstance(name, str)]
