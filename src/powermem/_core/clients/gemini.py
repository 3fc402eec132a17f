"""The spellings of contents and of the system instruction in Gemini's SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..messages.forms import part_of


def listed(contents: Any) -> Sequence[Any]:
    """Return contents as a list of what the SDK takes: contents, lists of parts, and parts."""
    return contents if isinstance(contents, list) else [contents]


def grouped(contents: Any) -> Sequence[Any]:
    """Return contents as messages, as the SDK groups them: neighbouring parts are one message."""
    messages: list[Any] = []
    parts: list[Any] = []
    for item in listed(contents):
        if not isinstance(item, list) and not _is_content(item):
            parts.append(item)
            continue
        _close(messages, parts)
        messages.append(_message(item) if isinstance(item, list) else item)
    _close(messages, parts)
    return messages


def content(role: str, text: str) -> dict[str, Any]:
    """Return a content with one text."""
    return {"role": "model" if role == "assistant" else role, "parts": [{"text": text}]}


def instruction(given: Any, block: str) -> Any:
    """Return a system instruction with a text appended."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return block
    if isinstance(given, str):
        return f"{given}\n\n{block}"
    if _is_content(given):
        given = part_of(given, "parts") or []
    return [*given, block] if isinstance(given, Sequence) else [given, block]


def _is_content(item: Any) -> bool:
    return not isinstance(item, str) and (
        part_of(item, "parts") is not None or (isinstance(item, Mapping) and "role" in item)
    )


def _close(messages: list[Any], parts: list[Any]) -> None:
    if parts:
        messages.append(_message(parts))
        parts.clear()


def _message(parts: Sequence[Any]) -> dict[str, Any]:
    calls = any(part_of(part, "function_call") or part_of(part, "functionCall") for part in parts)
    return {"role": "model" if calls else "user", "parts": list(parts)}
