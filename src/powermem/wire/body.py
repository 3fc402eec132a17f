"""The bodies of requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def encode(body: Mapping[str, Any]) -> bytes:
    """Write a request's body as JSON in UTF-8.

    A half of a surrogate pair, which a text cut at the wrong place leaves behind, has no UTF-8 form and
    becomes a question mark.

    Raises:
        ValueError: a number is not finite.
        TypeError: a value has no JSON form.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
