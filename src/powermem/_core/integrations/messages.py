"""The messages of an agent's conversation, and the keys under which each is stored once. No I/O."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from ..clients.exchange import spoken
from ..inputs import Moment
from ..messages.forms import content_of, part_of, role_of, text_of, unpacked
from ..prompts.quoting import strip_recalled
from ..values import Message

_REMEMBERED = frozenset({"user", "assistant"})
# Characters. Of a longer query, such as a pasted document, only the end is used.
_LONGEST_QUERY = 2000


class AgentMessage(NamedTuple):
    """One message of an agent's conversation.

    Attributes:
        role: ``"user"`` or ``"assistant"``; messages of other roles are not remembered.
        text: what was said.
        id: the framework's id of the message or event, if it has a stable one.
        sent_at: when it was said: a ``datetime``, ISO-8601 text, or seconds since 1970; ``None`` for now.
        name: who said it, if the conversation has several users or agents.
    """

    role: str
    text: str
    id: str | None = None
    sent_at: Moment | None = None
    name: str | None = None


def read_agent_messages(messages: str | Iterable[Any]) -> list[AgentMessage]:
    """Return messages in the form of any provider as ``AgentMessage``, oldest first.

    Args:
        messages: a text, said by the user, or messages.
    """
    if isinstance(messages, (str, AgentMessage, Mapping)):
        messages = [messages]
    return [one if isinstance(one, AgentMessage) else _read(one) for item in messages for one in _each(item)]


def _each(item: object) -> Iterable[Any]:
    return (item,) if isinstance(item, AgentMessage) else unpacked(item)


def _read(item: object) -> AgentMessage:
    if isinstance(item, str):
        return AgentMessage("user", item)
    named = part_of(item, "name")
    given = part_of(item, "id")
    return AgentMessage(
        role_of(item),
        text_of(content_of(item)),
        given if isinstance(given, str) else None,
        part_of(item, "timestamp"),
        named if isinstance(named, str) else None,
    )


def said(messages: Iterable[AgentMessage]) -> list[AgentMessage]:
    """Return what users and agents said, without recalled memories and without blank messages."""
    spoken_ones = [one._replace(text=strip_recalled(one.text)) for one in messages if one.role in _REMEMBERED]
    return [one for one in spoken_ones if one.text.strip()]


def keyed(session_id: str | None, messages: Iterable[AgentMessage]) -> dict[str, AgentMessage]:
    """Return messages by the key under which each is stored once.

    A key is made of the session, the role and the text, with the framework's id of the message, or without
    one with the number of equal messages before it. Of a session that is sent again, longer, only what was
    added has new keys.

    Args:
        session_id: the session.
        messages: what was said, oldest first.
    """
    found: dict[str, AgentMessage] = {}
    seen: Counter[tuple[str, str, str | None]] = Counter()
    for one in messages:
        same = (one.role, one.text, one.name)
        place = one.id if one.id is not None else seen[same]
        seen[same] += one.id is None
        parts = json.dumps([session_id, place, *same]).encode()
        found.setdefault(f"turn:{sha256(parts).hexdigest()[:48]}", one)
    return found


def as_message(one: AgentMessage, at: int) -> Message | None:
    """Return the message to store, said at a moment (microseconds UTC); ``None`` for a blank one."""
    for message in spoken(one.role, one.text, at):
        message.actor_id = one.name
        return message
    return None


def query_of(messages: Iterable[AgentMessage]) -> str:
    """Return what to recall for: the last message of a user; ``""`` if there is none."""
    last = ""
    for one in said(messages):
        if one.role == "user":
            last = one.text
    return last[-_LONGEST_QUERY:]
