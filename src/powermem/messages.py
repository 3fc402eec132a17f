"""What a user passes to ``add``, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timezone, tzinfo
from typing import Any

from .clock import LocalTime, parse_local
from .errors import InvalidInputError
from .metadata import check_text
from .parts import check_size, read_part
from .prompts import HIDDEN_ROLES
from .types import Message

_TIME_KEYS = ("timestamp", "created_at", "chat_time", "time")


def read_messages(
    messages: object,
    *,
    actor_id: str | None = None,
    sent_at: LocalTime | None = None,
    zone: tzinfo = timezone.utc,
) -> list[Message]:
    """Read messages in any of the accepted forms.

    Args:
        messages: a string (something the user said), one message in OpenAI's form, or a list of these.
            ``content`` may be a list of parts. ``name`` (or ``actor_id``) says who spoke and ``timestamp``
            when.
        actor_id: who spoke, where a message does not say.
        sent_at: when, where a message does not say.
        zone: of times without an offset.

    Returns:
        The messages that say anything; the content of one without text is ``""``. An empty list gives an
        empty list.

    Raises:
        InvalidInputError: nothing says anything, or something is of the wrong type.
    """
    if isinstance(messages, (str, Mapping)):
        messages = [messages]
    if not isinstance(messages, (list, tuple)):
        raise InvalidInputError(
            f"messages: expected a string, a message or a list of messages, got {type(messages).__name__}"
        )
    if not messages:
        return []
    found = [_read(item, f"messages[{i}]", actor_id, sent_at, zone) for i, item in enumerate(messages)]
    kept = [message for message in found if message.content or message.parts]
    if not kept:
        raise InvalidInputError("messages: there is no text in them")
    return kept


def spoken(messages: Sequence[Message]) -> Sequence[Message]:
    """Return messages without those that nobody said, such as system prompts, unless there are no others."""
    return [message for message in messages if message.role not in HIDDEN_ROLES] or messages


def _read(item: object, path: str, actor_id: str | None, sent_at: LocalTime | None, zone: tzinfo) -> Message:
    if isinstance(item, str):
        return _message("user", check_text(item, path).strip(), actor_id, sent_at)
    if not isinstance(item, Mapping):
        raise InvalidInputError(f"{path}: expected a string or a message, got {type(item).__name__}")
    role = item.get("role", "user")
    if not isinstance(role, str) or not role.strip():
        raise InvalidInputError(f"{path}.role: expected a string such as 'user', got {role!r}")
    if "content" not in item:
        raise InvalidInputError(
            f"{path}: a message needs 'content'; it has {', '.join(map(str, item)) or 'nothing'}"
        )
    name = item.get("name") or item.get("actor_id") or actor_id
    if name is not None and not isinstance(name, str):
        raise InvalidInputError(f"{path}.name: expected a string, got {name!r}")
    text, parts = _content(item["content"], f"{path}.content")
    return _message(role.strip(), text, name, _moment(item, path, sent_at, zone), parts)


def _message(
    role: str,
    text: str,
    name: str | None,
    sent_at: LocalTime | None,
    parts: tuple[Mapping[str, Any], ...] = (),
) -> Message:
    if sent_at is None:
        return Message(role, text, name, parts=parts)
    return Message(role, text, name, sent_at.at, parts, sent_at.utc_offset)


def _moment(item: Mapping[Any, Any], path: str, sent_at: LocalTime | None, zone: tzinfo) -> LocalTime | None:
    for key in _TIME_KEYS:
        if item.get(key) is not None:
            return parse_local(item[key], zone, f"{path}.{key}")
    return sent_at


def _content(content: object, path: str) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """Return the text of a message, and its other parts."""
    # An assistant's message that only calls tools has no content.
    if content is None:
        return "", ()
    if isinstance(content, str):
        return check_text(content, path).strip(), ()
    if not isinstance(content, (list, tuple)):
        raise InvalidInputError(f"{path}: expected a string or a list of parts, got {type(content).__name__}")
    texts: list[str] = []
    parts: list[Mapping[str, Any]] = []
    for i, part in enumerate(content):
        read = _part(part, f"{path}[{i}]")
        if isinstance(read, str):
            texts.append(read)
        else:
            parts.append(read)
    check_size(parts, path)
    return "\n".join(filter(None, texts)), tuple(parts)


def _part(part: object, path: str) -> str | Mapping[str, Any]:
    if isinstance(part, str):
        return check_text(part, path).strip()
    if not isinstance(part, Mapping):
        raise InvalidInputError(f"{path}: expected a part, got {type(part).__name__}")
    if part.get("type", "text") not in ("text", "input_text", "output_text"):
        return read_part(part, path)
    if not isinstance(part.get("text"), str):
        raise InvalidInputError(f"{path}.text: expected a string, got {type(part.get('text')).__name__}")
    return check_text(part["text"], path).strip()
