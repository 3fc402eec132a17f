"""Where each API has its messages, and where recalled text is inserted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..messages.forms import part_of, role_of

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """An API for calling a language model.

    Attributes:
        name: for error messages.
        key: the argument with the messages; ``""`` for the first given one of the usual names.
        inject: returns the arguments with a text at the end of the system prompt.
    """

    name: str
    key: str
    inject: Callable[[Arguments, str, str], Arguments]


def _into_messages(arguments: Arguments, key: str, block: str) -> Arguments:
    messages = arguments[key]
    if isinstance(messages, str):
        return {**arguments, key: f"{block}\n\n{messages}"}
    return {**arguments, key: _with_system(messages, block)}


def _wherever(arguments: Arguments, key: str, block: str) -> Arguments:
    """Add it to the caller's system prompt, or else to the messages."""
    for name in ("system", "instructions"):
        if name in arguments:
            return {**arguments, name: _extended(arguments[name], block)}
    return _into_messages(arguments, key, block)


def _into_instructions(arguments: Arguments, key: str, block: str) -> Arguments:
    return {**arguments, "instructions": _extended(arguments.get("instructions"), block)}


def _into_system(arguments: Arguments, key: str, block: str) -> Arguments:
    return {**arguments, "system": _extended(arguments.get("system"), block)}


def _with_system(messages: Sequence[Any], block: str) -> list[Any]:
    for index, message in enumerate(messages):
        if role_of(message) == "system":
            changed = _extended_message(message, block)
            if changed is None:
                break
            return [*messages[:index], changed, *messages[index + 1 :]]
    if any(
        part_of(message, "parts") is not None and part_of(message, "content") is None for message in messages
    ):
        # Gemini's contents have no role for a system prompt.
        return [{"role": "user", "parts": [{"text": block}]}, *messages]
    return [{"role": "system", "content": block}, *messages]


def _extended_message(message: Any, block: str) -> Any:
    """Return an extended copy of a system message, or ``None`` for an object of an unknown type."""
    content = _extended(part_of(message, "content"), block)
    if isinstance(message, Mapping):
        return {**message, "content": content}
    copy = getattr(message, "model_copy", None)
    return None if copy is None else copy(update={"content": content})


def _extended(prompt: Any, block: str) -> Any:
    """Return a system prompt with a text appended; the SDKs have several values for "not given"."""
    if isinstance(prompt, str):
        return f"{prompt}\n\n{block}" if prompt.strip() else block
    if isinstance(prompt, Sequence):
        return [*prompt, {"type": "text", "text": block}]
    return block


CHAT = Api("chat.completions", "messages", _into_messages)
RESPONSES = Api("responses", "input", _into_instructions)
MESSAGES = Api("messages", "messages", _into_system)
GENERIC = Api("a function", "", _wherever)
