"""A model's answer, read as preferences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cleaning import normalize
from ..types import FoundPreference

_TEXTS = ("preference", "text", "content")
_REASONS = ("reasoning", "reason", "evidence")
_KINDS = ("type", "kind", "preference_type")


def read_preferences(value: Any) -> list[FoundPreference]:
    """Read the preferences in what an answer has under that key.

    Args:
        value: best a list in the form of ``EXTRACTION_SCHEMA``.

    Returns:
        The preferences in order, each text once. What is malformed is left out, and what does not say of
        which type it is counts as implicit, which claims less.
    """
    found: dict[str, FoundPreference] = {}
    for item in value if isinstance(value, list) else [value]:
        preference = _preference(item)
        if preference is not None:
            found.setdefault(normalize(preference.text), preference)
    return list(found.values())


def _preference(item: Any) -> FoundPreference | None:
    if not isinstance(item, Mapping):
        return None
    text = _first(item, _TEXTS)
    explicit = _first(item, _KINDS).lower().startswith("explicit")
    kind = "explicit_preference" if explicit else "implicit_preference"
    return FoundPreference(kind, text, _first(item, _REASONS)) if text else None


def _first(item: Mapping[Any, Any], keys: tuple[str, ...]) -> str:
    return next((item[key].strip() for key in keys if isinstance(item.get(key), str)), "")
