"""Check, merge, encode and decode the metadata that users attach."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInputError
from ..types import Metadata
from .masking import shown
from .text.cleaning import check_text

MAX_DEPTH = 32
"""The deepest nesting of objects and lists. SQLite's JSON functions stop at 1000 levels, MySQL's at 100."""

MAX_BITS = 1024
"""The largest integers. Python refuses to convert those of more than 4,300 digits to text."""


# With arguments other than its defaults, json.dumps would make a new encoder for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def check_metadata(value: object) -> Metadata:
    """Return a copy of metadata that every store can hold.

    Args:
        value: a ``dict`` of JSON values, or ``None`` for an empty one.

    Raises:
        InvalidInputError: JSON cannot represent a value; the message has its path.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"metadata: expected a dict, got {type(value).__name__}")
    copy: Metadata = _check(value, "metadata", 0)
    return copy


def _check(value: Any, path: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise InvalidInputError(f"{path}: nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return check_text(value, path)
    if value is None or isinstance(value, (int, float)):
        _check_number(value, path)
        return value
    if isinstance(value, (list, tuple)):
        return [_check(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidInputError(f"{path}: keys must be strings, got {shown(key)}")
        return {
            check_text(key, path): _check(item, f"{path}.{key}", depth + 1) for key, item in value.items()
        }
    raise InvalidInputError(
        f"{path}: expected a string, number, bool, None, list or dict, got {type(value).__name__}; "
        "convert it first, for example with str() or .isoformat()"
    )


def _check_number(value: float | None, path: str) -> None:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise InvalidInputError(f"{path}: an integer of more than {MAX_BITS} bits; store it as a string")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInputError(f"{path}: {shown(value)} is not a JSON number")


def merge(old: Metadata, new: Metadata) -> Metadata:
    """Merge as in RFC 7396: objects are merged, ``None`` removes a key, other values replace."""
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def encode(metadata: Mapping[str, Any]) -> str:
    """Write metadata or facets as JSON text."""
    return _encode(metadata) if metadata else "{}"


def decode(text: str) -> Metadata:
    """Read metadata from JSON text."""
    decoded: Metadata = json.loads(text) if text != "{}" else {}
    return decoded
