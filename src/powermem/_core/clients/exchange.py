"""What is new in a request: the history that an application sends along was heard before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..messages.forms import content_of, part_of, role_of, text_of, unpacked
from ..prompts.recall import quote_recalled, strip_recalled
from ..text.cleaning import clean_text
from ..values import Message
from .apis import Api, Arguments
from .attribution import Attribution

# A pasted document as a query finds no more than its end does.
_LONGEST_QUERY = 2000
_USUAL_KEYS = ("messages", "input", "contents", "prompt")
# Stands in for the name of an argument that was given by its place.
_FIRST = "powermem: the first positional argument"


class Exchange(NamedTuple):
    """What a user said and what was answered; ``""`` where nothing was. Times are microseconds UTC."""

    who: Attribution
    said: str
    reply: str
    asked_at: int
    replied_at: int


@dataclass(frozen=True, slots=True)
class Attended:
    """A request that is attended.

    Attributes:
        api: its form.
        who: who is speaking.
        said: what the user says that was not heard before; ``""`` when a tool's result is handed in.
        query: what to recall by.
        asked_at: when, microseconds UTC.
        rest: further positional arguments.
        key: where the messages stand in the arguments.
        arguments: the keyword arguments.
    """

    api: Api
    who: Attribution
    said: str
    query: str
    asked_at: int
    rest: tuple[Any, ...]
    key: str
    arguments: Arguments

    def call(self, recalled: Sequence[str]) -> tuple[tuple[Any, ...], Arguments]:
        """Return the positional and keyword arguments to call with, with what was recalled."""
        arguments = self.arguments
        if recalled:
            arguments = self.api.inject(arguments, self.key, quote_recalled(recalled))
        if self.key != _FIRST:
            return self.rest, arguments
        return (arguments[_FIRST], *self.rest), {
            name: value for name, value in arguments.items() if name != _FIRST
        }


def attend(
    api: Api, who: Attribution, positional: tuple[Any, ...], keywords: Mapping[str, Any], at: int
) -> Attended | None:
    """Read a request.

    Args:
        api: its form.
        who: who is speaking.
        positional: the arguments; messages that can be read only once are read here, and kept.
        keywords: the same.
        at: the present moment, microseconds UTC.

    Returns:
        What there is to know of it, or ``None`` when no user speaks in it.
    """
    arguments, rest = dict(keywords), positional
    key = api.key or next((name for name in _USUAL_KEYS if name in arguments), _FIRST)
    if key == _FIRST:
        if not rest:
            return None
        arguments[_FIRST], rest = rest[0], rest[1:]
    messages = arguments.get(key)
    if isinstance(messages, (Mapping, bytes)):
        return None
    if not isinstance(messages, (str, Sequence)):
        if not isinstance(messages, Iterable) or not api.key:
            return None
        messages = arguments[key] = list(messages)
    if not api.key and not isinstance(messages, str) and not all(map(_is_extendable, messages)):
        return None
    said, query = new_messages(messages)
    if not query:
        return None
    return Attended(api, who, said, clean_text(query)[-_LONGEST_QUERY:], at, rest, key, arguments)


def _is_extendable(message: object) -> bool:
    """Return whether a function that takes such messages can be given a system prompt among them."""
    return not isinstance(message, str) and all(
        part_of(message, name) is None for name in ("value", "message")
    )


def new_messages(messages: str | Sequence[Any]) -> tuple[str, str]:
    """Find what is new in a conversation.

    Args:
        messages: a text, or messages in the form of any provider, oldest first.

    Returns:
        What the user says that was not heard before, ``""`` when a tool's result is handed in; and the last
        thing that the user said, ``""`` if nothing was. What was recalled before is in neither.
    """
    if isinstance(messages, str):
        text = strip_recalled(messages)
        return text, text
    heard_before = False
    # The last ones tell, of however many.
    newest = (one for message in reversed(messages) for one in reversed(unpacked(message)))
    for place, message in enumerate(newest):
        plain = isinstance(message, str)
        role, content = ("user", message) if plain else (role_of(message), content_of(message))
        text = strip_recalled(text_of(content)) if role == "user" else ""
        if text.strip():
            return ("" if heard_before else text), text
        # An answer that stands last is one that the model is to go on with.
        if role != "system" and not (role == "assistant" and place == 0):
            heard_before = True
    return "", ""


def messages_of(exchange: Exchange) -> list[Message]:
    """Return the messages to keep of an exchange."""
    return [
        *spoken("user", exchange.said, exchange.asked_at),
        *spoken("assistant", exchange.reply, exchange.replied_at),
    ]


def spoken(role: str, text: str, at: int) -> list[Message]:
    """Return the message to keep of a text; none of a blank one."""
    # A stream may have divided a character, and what was said beside it is worth keeping.
    text = clean_text(text).strip()
    return [Message(role, text, None, at)] if text else []
