"""Messages, whether they are mappings or objects, and whoever names their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TEXT_TYPES = ("text", "input_text", "output_text", None)
# Names that frameworks have for the roles of the providers.
_ROLES = {"human": "user", "ai": "assistant"}
SYSTEM_ROLES = ("system", "developer")


def part_of(item: object, name: str) -> Any:
    """Return a part of a mapping or an attribute of an object, or ``None`` without one."""
    if isinstance(item, Mapping):
        return item.get(name)
    return getattr(item, name, None)


def text_of(content: object) -> str:
    """Return the text of a message's content: a string, or the text among its parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    texts = []
    for part in content:
        text = part if isinstance(part, str) else part_of(part, "text")
        if isinstance(text, str) and (isinstance(part, str) or part_of(part, "type") in _TEXT_TYPES):
            texts.append(text)
    return "\n".join(filter(None, texts))


def role_of(message: object) -> str:
    """Return who speaks; for an item that is no message, what it is."""
    role = part_of(message, "role") or part_of(message, "type") or ""
    return _ROLES.get(str(role), str(role))
