"""The spellings of the input of LangChain's chat models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..messages.forms import is_listed, unpacked


def listed(given: Any) -> list[Any]:
    """Return an input as a list of messages: a text, a prompt value, or messages in several forms."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    made = getattr(given, "to_messages", None)
    messages = given if made is None else made()
    return [one for message in messages for one in _single(message)]


def read(given: Any) -> str | Sequence[Any] | None:
    """Return an input as a text or a list of messages; ``None`` for anything else."""
    if isinstance(given, str):
        return given
    return listed(given) if hasattr(given, "to_messages") or is_listed(given) else None


def _single(message: Any) -> Sequence[Any]:
    if isinstance(message, str):
        return ({"role": "user", "content": message},)
    # A pair of a role and a text.
    return unpacked(message) if isinstance(message, tuple) else (message,)
