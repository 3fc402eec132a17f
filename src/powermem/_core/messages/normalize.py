"""Read and check the messages that a user passes, in any accepted form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timezone, tzinfo
from functools import partial
from typing import Any, TypeAlias

from ...errors import InvalidInputError
from ..clock import LocalTime, parse_local
from ..inputs import check_id
from ..masking import shown
from ..prompts.extraction import HIDDEN_ROLES
from ..text.cleaning import check_text, clean_text
from ..values import Message
from .forms import (
    ROLES,
    SYNONYMS,
    content_of,
    has_content_substitute,
    holds_messages,
    is_listed,
    is_message,
    is_other_item,
    is_silent,
    lacks_content,
    part_of,
    role_named,
    text_in,
    unpacked,
    written_role,
)
from .parts import MAX_BYTES, read_part, size_of

Messages: TypeAlias = str | Mapping[str, Any] | Iterable[Any]
"""Accepted forms of messages; see `read_messages`."""

Content: TypeAlias = str | Mapping[str, Any] | Iterable[Any] | None
"""Accepted forms of the content of a message: a text or parts, in the form of any provider."""

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

    Content that cannot be remembered, such as a tool call or a part of an unknown type, is dropped and logged
    to ``powermem.messages``.

    Args:
        messages: a string (said by the user), a message, or several of these, in the form of any provider.
            ``content`` may be a list of parts. ``name`` (or ``actor_id``) is the speaker, ``timestamp`` the
            time.
        actor_id: the speaker of messages that name none.
        sent_at: the time of messages that have none.
        zone: the time zone of times without an offset.
        private_urls: whether images may have any URL, not only ``https://`` URLs of public hosts.

    Returns:
        The messages with content; that of a message without text is ``""``. The list is empty if nothing was
        passed, or only content that is never remembered, such as tool calls.

    Raises:
        InvalidInputError: no message has text, or something has a wrong type.
    """
    items = check_messages(messages)
    if not items:
        return []
    reader = _Reader(actor_id, sent_at, zone, private_urls)
    for i, item in enumerate(items):
        reader.read(item, "messages" if isinstance(messages, str) else f"messages[{i}]")
    return reader.found()


def check_conversation(messages: object) -> Sequence[Any]:
    """Return messages as a sequence of items after checking their roles.

    Raises:
        InvalidInputError: they have a wrong type, or one has an unknown role.
    """
    items = check_messages(messages)
    for i, item in enumerate(items):
        for one in () if isinstance(item, str) else unpacked(item):
            written = written_role(one)
            if written is not None and role_named(written) is None:
                raise InvalidInputError(_wrong_role(one, written, f"messages[{i}]"))
    return items


def check_messages(messages: object) -> Sequence[Any]:
    """Return messages as a sequence of items, without reading these.

    Raises:
        InvalidInputError: they have a wrong type.
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


def with_times(messages: Sequence[Message], now: LocalTime) -> list[Message]:
    """Give every message a time: one without takes that of its neighbour, or ``now`` if none has one."""
    first = next((message for message in messages if message.sent_at is not None), None)
    at, utc_offset = now if first is None else (first.sent_at, first.utc_offset)
    found = []
    for message in messages:
        if message.sent_at is None:
            message = Message(message.role, message.content, message.actor_id, at, message.parts, utc_offset)
        at, utc_offset = message.sent_at, message.utc_offset
        found.append(message)
    return found


def without_hidden(messages: Sequence[Message]) -> Sequence[Message]:
    """Return messages without those of system and tools, unless there are no others."""
    return [message for message in messages if message.role not in HIDDEN_ROLES] or messages


def has_parts(messages: Sequence[Message]) -> bool:
    """Return whether any message has parts other than text."""
    return any(message.parts for message in messages)


class _Reader:
    """Reads messages one by one.

    An error in a part is only raised if there is nothing else to remember: one bad image must not lose a
    conversation.
    """

    def __init__(
        self, actor_id: str | None, sent_at: LocalTime | None, zone: tzinfo, private_urls: bool
    ) -> None:
        self._actor_id = actor_id
        self._sent_at = sent_at
        self._zone = zone
        self._private_urls = private_urls
        self._kept: list[Message] = []
        self._errors: list[InvalidInputError] = []
        # Whether something was dropped that is never remembered, so that an empty result is no error.
        self._silent = False

    def found(self) -> list[Message]:
        """Return the messages to remember.

        Raises:
            InvalidInputError: there are none, although some were passed.
        """
        if not self._kept:
            if self._errors:
                raise self._errors[0]
            if not self._silent:
                raise InvalidInputError("messages: there is no text in them")
        for error in self._errors:
            _logger.warning("a part of a message is left out: %s", error)
        return self._kept

    def read(self, item: object, path: str) -> None:
        """Read an item: a text, a message, or a reply that holds messages."""
        if isinstance(item, str):
            if text := check_text(item, path).strip():
                self._kept.append(_message("user", text, self._actor_id, self._sent_at))
            return
        content = item.get("content") if type(item) is dict else None
        if content and isinstance(content, str) and (role := role_named(item.get("role"))):  # type: ignore[attr-defined]
            # A shortcut for the usual form.
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
            self._errors.append(wrong)
            return
        if lacks_content(item) and role != "assistant":
            raise InvalidInputError(f"{path}: a message needs 'content'; it has {_fields(item)}")
        self._keep(item, role, content_of(item), path)

    def _keep(self, item: object, role: str, content: object, path: str) -> None:
        get: Callable[[str], Any] = item.get if isinstance(item, dict) else partial(part_of, item)
        given = get("name") or get("actor_id") or None
        name = self._actor_id if given is None else check_id(given, f"{path}.name")
        # An assistant's message that consists of tool calls has no content.
        text, parts = ("", ()) if content is None else self._content(content, f"{path}.content", role)
        if text or parts:
            self._kept.append(
                _message(role, text, name, self._moment(get, path, isinstance(item, dict)), parts)
            )
        elif role != "user" and (content is None or has_content_substitute(item)):
            self._leave_out(item, path)

    def _moment(self, get: Callable[[str], Any], path: str, strict: bool) -> LocalTime | None:
        for key in _TIME_KEYS:
            value = get(key)
            # An attribute of another type is something else, such as a method or a model of the framework.
            if value is not None and (strict or isinstance(value, (str, int, float, date))):
                return parse_local(value, self._zone, f"{path}.{key}")
        return self._sent_at

    def _content(self, content: object, path: str, role: str) -> tuple[str, tuple[Mapping[str, Any], ...]]:
        """Return the text of a message, and its other parts."""
        if isinstance(content, str):
            return _checked(content, path, role), ()
        texts: list[str] = []
        parts: list[Mapping[str, Any]] = []
        for i, part in enumerate(self._listed(content, path, role)):
            where = f"{path}[{i}]"
            if (text := text_in(part)) is not None:
                texts.append(_checked(text, where, role))
            elif is_silent(part):
                self._leave_out(part, where)
            elif (read := self._part(part, where, role, sum(map(size_of, parts)))) is not None:
                parts.append(read)
        return "\n".join(filter(None, texts)), tuple(parts)

    def _listed(self, content: object, path: str, role: str) -> Iterable[object]:
        """Return the parts of a content that is not a string."""
        if holds_messages(content):
            # A whole message or reply was passed as content.
            found = [part for one in unpacked(content) for part in _parts(content_of(one))]
            if not found and role != "user":
                self._leave_out(content, path)
            return found
        if isinstance(content, Mapping) or text_in(content) is not None:
            return (content,)
        if not is_listed(content):
            raise InvalidInputError(
                f"{path}: expected a string or a list of parts, got {type(content).__name__}"
            )
        return content

    def _part(self, part: object, path: str, role: str, size: int) -> Mapping[str, Any] | None:
        """Read a part that is not text; return ``None`` for one that cannot be used.

        ``size`` is the number of bytes of the message's other parts.
        """
        try:
            read = read_part(part, path, private_urls=self._private_urls)
            size += size_of(read)
            if size > MAX_BYTES:
                raise InvalidInputError(
                    f"{path.rpartition('[')[0]}: the parts of a message may have {MAX_BYTES >> 20} MB "
                    f"together, got {size / 2**20:.1f}; pass large images by their URL"
                )
        except InvalidInputError as error:
            if role in HIDDEN_ROLES or (role == "assistant" and isinstance(part_of(part, "type"), str)):
                # The caller has no influence on what a model or a tool sends.
                self._leave_out(part, path)
            else:
                self._errors.append(error)
            return None
        return read

    def _leave_out(self, item: object, path: str) -> None:
        self._silent = True
        if _logger.isEnabledFor(logging.DEBUG):
            kind = part_of(item, "type")
            what = f"type {shown(kind)}" if isinstance(kind, str) else f"fields {_fields(item)}"
            _logger.debug("%s is left out: nothing of it is remembered (%s)", path, what)


def _checked(text: str, path: str, role: str) -> str:
    # The caller can correct a user's text; the text of a model or a tool is cleaned instead.
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
    # Typically a part passed as a message: it has a type and no role.
    has = f"type {shown(kind)}" if isinstance(kind, str) else _fields(item)
    return f"{path}.role: {allowed}; a message needs 'role' and 'content', and this one has {has}"


def _fields(item: object) -> str:
    if isinstance(item, Mapping):
        return (
            ", ".join(shown(key)[1:-1] if isinstance(key, str) else shown(key) for key in list(item)[:20])
            or "nothing"
        )
    return f"those of {type(item).__name__}"
