"""The bodies of requests and replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json


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


def decode(body: bytes) -> Any:
    """Read the JSON of a reply.

    Half of a surrogate pair, which a model's text cut at the wrong place leaves behind, stays in its text: it
    must not cost the rest of the reply.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        if b"\\u" not in body:
            raise
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            pass
        raise
