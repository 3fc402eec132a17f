"""What a user passes to ``add``, checked and brought into one form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timezone, tzinfo
from functools import partial
from typing import Any, TypeAlias

from .cleaning import check_text, clean_text
from .clock import LocalTime, parse_local
from .errors import InvalidInputError
from .forms import (
    ROLES,
    SYNONYMS,
    content_of,
    holds_messages,
    is_listed,
    is_message,
    is_other_item,
    is_silent,
    lacks_content,
    part_of,
    role_named,
    stands_without_content,
    text_in,
    unpacked,
    written_role,
)
from .inputs import check_id
from .masking import shown
from .parts import MAX_BYTES, read_part, size_of
from .prompts import HIDDEN_ROLES
from .types import Message

Messages: TypeAlias = str | Mapping[str, Any] | Iterable[Any]
"""What users may give as messages; see ``read_messages``."""

Content: TypeAlias = str | Mapping[str, Any] | Iterable[Any] | None
"""What users may give as what a message says: a text or parts, in the form of any provider."""

_logger = logging.getLogger("powermem.messages")

_TIME_KEYS = ("timestamp", "created_at", "chat_time", "time")


def read_messages(
    messages: object,
    *,
    actor_id: str | None = None,
    sent_at: LocalTime | None = None,
    zone: tzinfo = timezone.utc,
    private_urls: bool = False,
) -> list[Message]:
    """Read messages in any of the accepted forms.

    What cannot be remembered, such as a call of a tool or a part of an unknown type, is left out, and the
    logger ``powermem.messages`` tells of it.

    Args:
        messages: a string (something the user said), one message, or several of these, in the form of any
            provider. ``content`` may be a list of parts. ``name`` (or ``actor_id``) says who spoke and
            ``timestamp`` when.
        actor_id: who spoke, where a message does not say.
        sent_at: when, where a message does not say.
        zone: of times without an offset.
        private_urls: whether images may have any address, and not only ``https://`` ones of public hosts.

    Returns:
        The messages that say anything; the content of one without text is ``""``. Nothing gives an empty
        list, and so do messages that only hold what is never remembered, such as calls of tools.

    Raises:
        InvalidInputError: nothing says anything, or something is of the wrong type.
    """
    items = check_messages(messages)
    if not items:
        return []
    reader = _Reader(actor_id, sent_at, zone, private_urls)
    for i, item in enumerate(items):
        reader.read(item, "messages" if isinstance(messages, str) else f"messages[{i}]")
    return reader.found()


def check_conversation(messages: object) -> Sequence[Any]:
    """Return the items that messages are, where only some of them are read.

    Raises:
        InvalidInputError: they are of a wrong type, or one has an unknown role.
    """
    items = check_messages(messages)
    for i, item in enumerate(items):
        for one in () if isinstance(item, str) else unpacked(item):
            written = written_role(one)
            if written is not None and role_named(written) is None:
                raise InvalidInputError(_wrong_role(one, written, f"messages[{i}]"))
    return items


def check_messages(messages: object) -> Sequence[Any]:
    """Return the items that messages are.

    Raises:
        InvalidInputError: they are of a wrong type.
    """
    if type(messages) is list:
        return messages
    if isinstance(messages, str) or is_message(messages):
        return (messages,)
    if isinstance(messages, (list, tuple)):
        return messages
    if is_listed(messages):
        return tuple(messages)
    raise InvalidInputError(
        f"messages: expected a string, a message or a list of messages, got {type(messages).__name__}"
    )


def dated(messages: Sequence[Message], now: LocalTime) -> list[Message]:
    """Return messages that all say when they were sent: if one does not, it came with its neighbour.

    Args:
        messages: a conversation.
        now: when it was sent where no message says so.
    """
    first = next((message for message in messages if message.sent_at is not None), None)
    at, utc_offset = now if first is None else (first.sent_at, first.utc_offset)
    found = []
    for message in messages:
        if message.sent_at is None:
            message = replace(message, sent_at=at, utc_offset=utc_offset)
        at, utc_offset = message.sent_at, message.utc_offset
        found.append(message)
    return found


def spoken(messages: Sequence[Message]) -> Sequence[Message]:
    """Return messages without those that nobody said, such as system prompts, unless there are no others."""
    return [message for message in messages if message.role not in HIDDEN_ROLES] or messages


def has_parts(messages: Sequence[Message]) -> bool:
    """Return whether any message has a part that is not text."""
    return any(message.parts for message in messages)


class _Reader:
    """Reads one message after the other.

    A part that cannot be used is a complaint. It is raised only when nothing else is there to remember, since
    a conversation is worth more than one of its parts.
    """

    def __init__(
        self, actor_id: str | None, sent_at: LocalTime | None, zone: tzinfo, private_urls: bool
    ) -> None:
        self._actor_id = actor_id
        self._sent_at = sent_at
        self._zone = zone
        self._private_urls = private_urls
        self._kept: list[Message] = []
        self._complaints: list[InvalidInputError] = []
        self._silent = False

    def found(self) -> list[Message]:
        """Return what there is to remember.

        Raises:
            InvalidInputError: nothing, though something was meant to be.
        """
        if not self._kept:
            if self._complaints:
                raise self._complaints[0]
            if not self._silent:
                raise InvalidInputError("messages: there is no text in them")
        for complaint in self._complaints:
            _logger.warning("a part of a message is left out: %s", complaint)
        return self._kept

    def read(self, item: object, path: str) -> None:
        """Read an item: a message, or what holds some."""
        if isinstance(item, str):
            if text := check_text(item, path).strip():
                self._kept.append(_message("user", text, self._actor_id, self._sent_at))
            return
        content = item.get("content") if type(item) is dict else None
        if content and isinstance(content, str) and (role := role_named(item.get("role"))):  # type: ignore[attr-defined]
            # Most messages are like this, and nothing else has to be looked for.
            self._keep(item, role, content, path)
            return
        for one in unpacked(item):
            self._read(one, path)

    def _read(self, item: object, path: str) -> None:
        if not is_message(item):
            raise InvalidInputError(f"{path}: expected a string or a message, got {type(item).__name__}")
        written = written_role(item)
        role = role_named(written)
        if role is None:
            if written is None and is_silent(item):
                self._leave_out(item, path)
                return
            wrong = InvalidInputError(_wrong_role(item, written, path))
            if written is not None or not is_other_item(item):
                raise wrong
            self._complaints.append(wrong)
            return
        if lacks_content(item) and role != "assistant":
            raise InvalidInputError(f"{path}: a message needs 'content'; it has {_fields(item)}")
        self._keep(item, role, content_of(item), path)

    def _keep(self, item: object, role: str, content: object, path: str) -> None:
        get: Callable[[str], Any] = item.get if isinstance(item, dict) else partial(part_of, item)
        given = get("name") or get("actor_id") or None
        name = self._actor_id if given is None else check_id(given, f"{path}.name")
        # An assistant's message that only calls tools has no content.
        text, parts = ("", ()) if content is None else self._content(content, f"{path}.content", role)
        if text or parts:
            self._kept.append(
                _message(role, text, name, self._moment(get, path, isinstance(item, dict)), parts)
            )
        elif role != "user" and (content is None or stands_without_content(item)):
            self._leave_out(item, path)

    def _moment(self, get: Callable[[str], Any], path: str, strict: bool) -> LocalTime | None:
        for key in _TIME_KEYS:
            value = get(key)
            # Of an object, a field of another type has another meaning.
            if value is not None and (strict or isinstance(value, (str, int, float, date))):
                return parse_local(value, self._zone, f"{path}.{key}")
        return self._sent_at

    def _content(self, content: object, path: str, role: str) -> tuple[str, tuple[Mapping[str, Any], ...]]:
        """Return the text of a message, and its other parts."""
        if isinstance(content, str):
            return _checked(content, path, role), ()
        if holds_messages(content):
            # A whole message or reply, where its content was meant.
            whole, content = content, [part for one in unpacked(content) for part in _parts(content_of(one))]
            if not content and role != "user":
                self._leave_out(whole, path)
        elif isinstance(content, Mapping) or text_in(content) is not None:
            content = [content]
        if not is_listed(content):
            raise InvalidInputError(
                f"{path}: expected a string or a list of parts, got {type(content).__name__}"
            )
        texts: list[str] = []
        parts: list[Mapping[str, Any]] = []
        size = 0
        for i, part in enumerate(content):
            where = f"{path}[{i}]"
            if (text := text_in(part)) is not None:
                texts.append(_checked(text, where, role))
                continue
            if is_silent(part):
                self._leave_out(part, where)
                continue
            try:
                read = read_part(part, where, private_urls=self._private_urls)
                if size + size_of(read) > MAX_BYTES:
                    raise InvalidInputError(
                        f"{path}: the parts of a message may have {MAX_BYTES >> 20} MB together, got "
                        f"{(size + size_of(read)) / 2**20:.1f}; pass large images by their URL"
                    )
            except InvalidInputError as error:
                if role in HIDDEN_ROLES or (role == "assistant" and isinstance(part_of(part, "type"), str)):
                    # Nobody chose what a model or a tool sends.
                    self._leave_out(part, where)
                else:
                    self._complaints.append(error)
                continue
            size += size_of(read)
            parts.append(read)
        return "\n".join(filter(None, texts)), tuple(parts)

    def _leave_out(self, item: object, path: str) -> None:
        self._silent = True
        if _logger.isEnabledFor(logging.DEBUG):
            kind = part_of(item, "type")
            what = f"type {shown(kind)}" if isinstance(kind, str) else f"fields {_fields(item)}"
            _logger.debug("%s is left out: nothing of it is remembered (%s)", path, what)


def _checked(text: str, path: str, role: str) -> str:
    # A caller can mend what a user says; what a model or a tool sends is taken as far as it goes.
    return (check_text(text, path) if role == "user" else clean_text(text)).strip()


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


def _parts(content: object) -> Iterable[object]:
    return content if is_listed(content) else () if content is None else (content,)


def _wrong_role(item: object, written: object, path: str) -> str:
    allowed = f"expected one of {', '.join(ROLES)} (or a synonym such as {SYNONYMS})"
    if written is not None:
        return f"{path}.role: {allowed}, got {shown(written)}"
    kind = part_of(item, "type")
    # A part of a message, where a message is expected, has a type and no role.
    has = f"type {shown(kind)}" if isinstance(kind, str) else _fields(item)
    return f"{path}.role: {allowed}; a message needs 'role' and 'content', and this one has {has}"


def _fields(item: object) -> str:
    if isinstance(item, Mapping):
        return (
            ", ".join(shown(key)[1:-1] if isinstance(key, str) else shown(key) for key in list(item)[:20])
            or "nothing"
        )
    return f"those of {type(item).__name__}"
