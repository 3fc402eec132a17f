"""What is new in a request to a language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..messages.forms import content_of, is_listed, part_of, role_of, text_of, unpacked
from ..prompts.quoting import quote_recalled, quote_summary, strip_recalled
from ..text.cleaning import clean_text
from ..values import Message
from .apis import Api, Arguments
from .attribution import Attribution
from .continuity import NOTHING, SEPARATE, Continuity, Recollection

# Characters. Of a longer query, such as a pasted document, only the end is used.
_LONGEST_QUERY = 2000
_USUAL_KEYS = ("messages", "input", "contents", "prompt")
# Arguments that name a conversation at the provider.
_KEPT_ELSEWHERE = ("previous_response_id", "conversation")
# Stands for the name of a positional argument.
_FIRST = "powermem: the first positional argument"


class Exchange(NamedTuple):
    """A user's message and the reply, either of which may be ``""``. Times are microseconds UTC."""

    who: Attribution
    said: str
    reply: str
    asked_at: int
    replied_at: int


class Attended(NamedTuple):
    """A request of a registered client.

    Attributes:
        api: its API.
        who: the speaker.
        said: the user's new message; ``""`` if the request passes a tool's result.
        query: the query for recalling.
        asked_at: time of the request, microseconds UTC.
        sent: the messages of the request.
        continuity: how much of its session it gets.
        rest: further positional arguments.
        key: the argument that holds the messages.
        arguments: the keyword arguments.
    """

    api: Api
    who: Attribution
    said: str
    query: str
    asked_at: int
    sent: Sequence[Any]
    continuity: Continuity
    rest: tuple[Any, ...]
    key: str
    arguments: Arguments

    def call(self, recalled: Recollection = NOTHING) -> tuple[tuple[Any, ...], Arguments]:
        """Return the positional and keyword arguments, including what was recalled."""
        arguments = self.arguments
        if recalled.turns:
            arguments = self.api.precede(arguments, self.key, recalled.turns)
        blocks = (quote_summary(recalled.summary), quote_recalled(recalled.texts))
        if block := "\n\n".join(filter(None, blocks)):
            arguments = self.api.inject(arguments, self.key, block)
        if self.key != _FIRST:
            return self.rest, arguments
        return (arguments[_FIRST], *self.rest), {
            name: value for name, value in arguments.items() if name != _FIRST
        }


def attend(
    api: Api,
    who: Attribution,
    positional: tuple[Any, ...],
    keywords: Mapping[str, Any],
    at: int,
    continuity: Continuity = SEPARATE,
) -> Attended | None:
    """Read a request.

    Args:
        api: its API.
        who: the speaker.
        positional: positional arguments; an iterator of messages is read here, and replaced by a list.
        keywords: keyword arguments.
        at: the current time, microseconds UTC.
        continuity: how much of its session it gets; nothing if the provider keeps the session.

    Returns:
        The request, or ``None`` if it has no message of a user.
    """
    arguments, rest = dict(keywords), positional
    for name in api.parameters[: len(rest)]:
        if name in arguments:
            # The function refuses a value given twice.
            return None
        arguments[name], rest = rest[0], rest[1:]
    key = api.key or next((name for name in _USUAL_KEYS if name in arguments), _FIRST)
    if key == _FIRST:
        if not rest:
            return None
        arguments[_FIRST], rest = rest[0], rest[1:]
    given = arguments.get(key)
    if api.key and is_listed(given) and not isinstance(given, Sequence):
        given = arguments[key] = list(given)
    messages = None if given is None else api.read(given)
    if messages is None:
        return None
    if not api.key and not isinstance(messages, str) and not all(map(_is_extendable, messages)):
        return None
    said, query = new_messages(messages)
    if not query:
        return None
    if any(arguments.get(name) for name in _KEPT_ELSEWHERE):
        continuity = SEPARATE
    sent = [messages] if isinstance(messages, str) else messages
    query = clean_text(query)[-_LONGEST_QUERY:]
    return Attended(api, who, said, query, at, sent, continuity, rest, key, arguments)


def _is_extendable(message: object) -> bool:
    """Tell whether a system message can be added to messages of this type."""
    return not isinstance(message, str) and all(
        part_of(message, name) is None for name in ("value", "message")
    )


def new_messages(messages: str | Sequence[Any]) -> tuple[str, str]:
    """Find the new message in a conversation.

    Args:
        messages: a text, or messages in the form of any provider, oldest first.

    Returns:
        The user's message if it is new, ``""`` if a reply or a tool's result follows it; and the user's last
        message, ``""`` if there is none. Recalled memories are removed from both.
    """
    if isinstance(messages, str):
        text = strip_recalled(messages)
        return text, text
    answered = False
    newest = (one for message in reversed(messages) for one in reversed(unpacked(message)))
    for place, message in enumerate(newest):
        plain = isinstance(message, str)
        role, content = ("user", message) if plain else (role_of(message), content_of(message))
        text = strip_recalled(text_of(content)) if role == "user" else ""
        if text.strip():
            return ("" if answered else text), text
        # The model continues an assistant message in last place, so that is not a reply.
        if role != "system" and not (role == "assistant" and place == 0):
            answered = True
    return "", ""


def messages_of(exchange: Exchange) -> list[Message]:
    """Return the messages to store of an exchange."""
    return [
        *spoken("user", exchange.said, exchange.asked_at),
        *spoken("assistant", exchange.reply, exchange.replied_at),
    ]


def spoken(role: str, text: str, at: int) -> list[Message]:
    """Return the message to store of a text; none of a blank one."""
    # Cleaned, since a stream may have ended within a character.
    text = clean_text(text).strip()
    return [Message(role, text, None, at)] if text else []
