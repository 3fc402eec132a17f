"""Checking and merging of the metadata that users attach."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .cleaning import check_text
from .errors import InvalidInputError
from .masking import shown
from .types import Metadata

MAX_DEPTH = 32
"""How deep objects and lists may nest; SQLite's and MySQL's JSON functions stop at 1000 and 100."""

MAX_BITS = 1024
"""How large integers may be; Python itself refuses to write one of more than 4,300 digits as text."""


# Made once: for other than its own defaults, json.dumps makes an encoder at every call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def check_metadata(value: object) -> Metadata:
    """Return a copy of metadata that any store can hold.

    Args:
        value: a ``dict`` of JSON values, or ``None`` for none.

    Raises:
        InvalidInputError: the path of what JSON cannot hold.
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
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise InvalidInputError(f"{path}: an integer of more than {MAX_BITS} bits; store it as a string")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInputError(f"{path}: {shown(value)} is not a JSON number")
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


def merge(old: Metadata, new: Metadata) -> Metadata:
    """Merge as RFC 7396 says: objects merge, ``None`` removes a key, anything else replaces."""
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
