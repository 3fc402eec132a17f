"""The forms in which applications, providers' SDKs and frameworks represent messages.

An item is a mapping or an object, and each provider names its fields differently. This module knows the
names; `messages` checks what a caller passes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..patterns import Pattern

if TYPE_CHECKING:
    from typing import TypeGuard

ROLES = ("user", "assistant", "system", "tool")
"""The roles that messages have after reading."""

_ROLES = {
    "user": "user", "human": "user", "humanmessage": "user", "humanmessagechunk": "user",
    "assistant": "assistant", "ai": "assistant", "model": "assistant", "bot": "assistant", "gpt": "assistant",
    "chatbot": "assistant", "agent": "assistant", "aimessage": "assistant", "aimessagechunk": "assistant",
    "system": "system", "developer": "system", "systemmessage": "system", "systemmessagechunk": "system",
    "tool": "tool", "function": "tool", "toolmessage": "tool", "toolmessagechunk": "tool", "ipython": "tool",
    "functionmessage": "tool", "functionmessagechunk": "tool", "function_call_output": "tool",
}  # fmt: skip

SYNONYMS = "human, ai, model, bot, developer, function"
"""The best-known synonyms of roles, for error messages."""

_TEXT_TYPES = (None, "text", "input_text", "output_text")
# Types of items that are not said to anyone: what a model writes for programs or itself, and what programs
# answer.
_SILENT = Pattern(
    r"tool|function|call|think|thought|reason|refus|search|execut|code|result|citation|signature|approval"
    r"|container|reference|source|step|removed?\b|compaction|non_standard",
    re.IGNORECASE,
)
_CONTENTS = ("content", "parts", "message", "value")
# An object with one of these fields is an item of a conversation.
_MARKS = ("role", "type", "content", "parts", "choices", "candidates", "output")
# An item with one of these fields is a message even without content.
_WITHOUT_CONTENT = ("tool_calls", "function_call", "refusal", "audio", "tool_call_id", "reasoning_content")


def part_of(item: object, name: str) -> Any:
    """Return a value of a mapping or an attribute of an object, or ``None`` if there is none."""
    if isinstance(item, Mapping):
        return item.get(name)
    found = getattr(item, name, None)
    # A method is no field, such as `str.index`.
    return None if callable(found) and not isinstance(found, str) else found


def is_listed(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether a value is a collection of items, such as a list or a generator."""
    # A pydantic model is iterable too: over its fields.
    return isinstance(value, Iterable) and not (
        isinstance(value, (str, bytes, bytearray, memoryview, Mapping, set, frozenset))
        or hasattr(type(value), "model_fields")
    )


def is_message(item: object) -> bool:
    """Return whether a value other than a string looks like a message or another item of a conversation."""
    return isinstance(item, Mapping) or any(part_of(item, name) is not None for name in _MARKS)


def holds_messages(value: object) -> bool:
    """Return whether a value is a message or a whole reply, not a part of one."""
    return written_role(value) is not None or unpacked(value)[0] is not value


def unpacked(item: object) -> Sequence[object]:
    """Return the messages that an item is or holds.

    Args:
        item: a message, possibly as LangChain serializes it, or a whole reply of a provider's API.
    """
    if isinstance(item, str):
        return (item,)
    if isinstance(item, tuple) and len(item) == 2 and role_named(item[0]) and isinstance(item[1], str):
        return ({"role": item[0], "content": item[1]},)
    if _filled(choices := part_of(item, "choices")):
        return (part_of(choices[0], "message"),)  # OpenAI's chat completions
    if _filled(found := part_of(item, "candidates")):
        return (part_of(found[0], "content"),)  # Gemini
    if part_of(item, "role") is None:
        if _filled(output := part_of(item, "output")):
            return tuple(output)  # OpenAI's responses
        if part_of(inner := part_of(item, "message"), "content") is not None:
            return (inner,)  # Ollama, Cohere
    return (_from_langchain(item) if isinstance(item, Mapping) else item,)


def _from_langchain(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the message in a serialized one of LangChain's; any other mapping as it is."""
    if isinstance(kept := item.get("kwargs"), Mapping) and "lc" in item:  # of langchain_core.load.dumpd
        names = item.get("id")
        return {"type": names[-1] if isinstance(names, list) and names else None, **kept}
    if isinstance(data := item.get("data"), Mapping) and "content" in data:  # of messages_to_dict
        return {"type": item.get("type"), **data}
    return item


def role_named(name: object) -> str | None:
    """Return the role for one of its names, or ``None``."""
    if type(name) is not str:
        # The value of an enumeration's member.
        name = getattr(name, "value", name)
    if not isinstance(name, str):
        return None
    return _ROLES.get(name) or _ROLES.get(name.strip().lower())


def written_role(item: object) -> object:
    """Return the role of an item as written, in any field, or ``None``."""
    for name in ("role", "from"):
        if (role := part_of(item, name)) is not None:
            return role
    kind = part_of(item, "type")
    if kind is not None and role_named(kind):
        return kind
    # Gemini allows a single message without a role.
    return "user" if part_of(item, "parts") is not None and part_of(item, "content") is None else None


def role_of(item: object) -> str:
    """Return the role of a message, or the type of another item; ``""`` if it has neither."""
    role = written_role(item)
    return role_named(role) or str(role or part_of(item, "type") or "")


def is_silent(item: object) -> bool:
    """Return whether an item or a part is known to hold nothing said to anyone, such as a tool call."""
    kind = part_of(item, "type")
    if isinstance(kind, str):
        return bool(_SILENT.search(kind)) or (kind in _TEXT_TYPES and bool(part_of(item, "thought")))
    if part_of(item, "thought") is True:
        return True
    if content_of(item) is not None:
        return False
    fields: Collection[Any] = item.keys() if isinstance(item, Mapping) else getattr(item, "__dict__", {})
    given = [name for name in fields if part_of(item, str(name)) is not None]
    return bool(given) and any(_SILENT.search(str(name)) for name in given)


def is_other_item(item: object) -> bool:
    """Return whether an item of a conversation is typed and is no message."""
    kind = part_of(item, "type")
    return isinstance(kind, str) and kind not in (*_TEXT_TYPES, "message") and content_of(item) is None


def content_of(item: object) -> object:
    """Return the content of a message, in any field: a string, parts, or ``None``."""
    if part_of(item, "type") == "function_call_output":
        return part_of(item, "output")
    found = next((value for name in _CONTENTS if (value := part_of(item, name)) not in (None, "")), None)
    if found is None and part_of(item, "content") is None:
        # Spoken answers have a transcript instead.
        found = part_of(part_of(item, "audio"), "transcript")
    return part_of(item, "content") if found is None else found


def lacks_content(item: object) -> bool:
    """Return whether a message has neither content nor a substitute for it."""
    has = item.__contains__ if isinstance(item, Mapping) else lambda name: hasattr(item, name)
    return not any(map(has, (*_CONTENTS, "output"))) and not has_content_substitute(item)


def has_content_substitute(item: object) -> bool:
    """Return whether a message has a substitute for content, such as tool calls."""
    return any(part_of(item, name) for name in _WITHOUT_CONTENT)


def text_in(part: object) -> str | None:
    """Return the text of a part, or ``None`` for a part that is not text."""
    if isinstance(part, str):
        return part
    if part_of(part, "type") not in _TEXT_TYPES or part_of(part, "thought"):
        return None
    text = part_of(part, "text")
    if not isinstance(text, str):
        text = part_of(text, "value")
    return text if isinstance(text, str) else None


def text_of(content: object) -> str:
    """Return the text of a message's content: the string, or its text parts, joined by line breaks."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, Sequence):
        return ""
    return "\n".join(text for part in content if (text := text_in(part)))


def _filled(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
