"""Calls of language models by applications: the messages of a request, and the text of a reply. No I/O."""

from __future__ import annotations

import codecs
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ..errors import InvalidInputError
from .inputs import Id, check_id
from .messages.forms import content_of, is_silent, part_of, role_of, text_of, unpacked
from .prompts import quote_recalled, strip_recalled
from .text.cleaning import clean_text
from .values import Message

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """One way of asking a language model.

    Attributes:
        name: for messages to people.
        key: the argument with what is said; ``""`` for the first of the usual ones that was given.
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
    """Put it where the caller has a system prompt of its own, and else among the messages."""
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
    """Return a copy of a system message with more to it, or ``None`` for an object of a foreign kind."""
    content = _extended(part_of(message, "content"), block)
    if isinstance(message, Mapping):
        return {**message, "content": content}
    copy = getattr(message, "model_copy", None)
    return None if copy is None else copy(update={"content": content})


def _extended(prompt: Any, block: str) -> Any:
    """Return a system prompt with a text behind it; the SDKs have several marks for "not given"."""
    if isinstance(prompt, str):
        return f"{prompt}\n\n{block}" if prompt.strip() else block
    if isinstance(prompt, Sequence):
        return [*prompt, {"type": "text", "text": block}]
    return block


CHAT = Api("chat.completions", "messages", _into_messages)
RESPONSES = Api("responses", "input", _into_instructions)
MESSAGES = Api("messages", "messages", _into_system)
GENERIC = Api("a function", "", _wherever)


class Attribution(NamedTuple):
    """Who a turn belongs to.

    ``entity_id`` is the user, ``process_id`` the agent and ``session_id`` the conversation.
    """

    entity_id: str | None = None
    process_id: str | None = None
    session_id: str | None = None


_NOBODY = Attribution()


class Attributions:
    """Who is speaking to one memory. Each context has its own answer."""

    def current(self) -> Attribution:
        """Return who speaks in the caller's context; nobody, when nobody has said so."""
        held = _held.get()
        return _NOBODY if held is None else held.get(self, _NOBODY)

    def attribute(self, entity_id: Id, process_id: Id | None) -> None:
        """Say who speaks from now on in the caller's context; the session goes on for the same user.

        Raises:
            InvalidInputError: an id is of a wrong type, blank or too long.
        """
        entity = check_name(entity_id, "entity_id")
        process = None if process_id is None else check_name(process_id, "process_id")
        before = self.current()
        # A conversation belongs to whoever began it. One that was named before anybody spoke is kept.
        session = before.session_id if before.entity_id in (None, entity) else None
        self._set(Attribution(entity, process, session))

    def begin_session(self, session_id: Id | None = None) -> None:
        """Begin a new conversation in the caller's context, or go on with one.

        Raises:
            InvalidInputError: the id is of a wrong type, blank or too long.
        """
        session = uuid.uuid4().hex if session_id is None else check_name(session_id, "session_id")
        self._set(self.current()._replace(session_id=session))

    def _set(self, attribution: Attribution) -> None:
        # A new mapping each time, because copies of the context share the old one.
        held = WeakKeyDictionary[Attributions, Attribution](_held.get() or {})
        held[self] = attribution
        _held.set(held)


_held: ContextVar[WeakKeyDictionary[Attributions, Attribution] | None] = ContextVar(
    "powermem_attribution", default=None
)


def check_name(value: object, name: str) -> str:
    """Return an id that is given.

    Raises:
        InvalidInputError: it is missing, of a wrong type, blank or too long.
    """
    checked = check_id(value, name)
    if checked is None:
        raise InvalidInputError(f"{name}: expected a string, an integer or a UUID, got None")
    return checked


def reply_text(reply: object) -> str:
    """Return the text of a whole reply; ``""`` for one that only calls tools, or that cannot be read.

    Args:
        reply: a text, or an object or mapping in the form of OpenAI's two APIs, of Anthropic's, or a message
            with ``content``.
    """
    if isinstance(reply, str):
        return reply
    texts = (text_of(content_of(message)) for message in unpacked(reply) if not is_silent(message))
    return "\n".join(filter(None, texts))


class Transcript:
    """Collects the text of a streamed reply, whatever API it comes from."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """What was said so far."""
        # Only together the pieces are characters: one may have been cut in two.
        return clean_text("".join(self._pieces))

    def feed(self, event: object) -> None:
        """Hear one event."""
        piece = self._decoder.decode(event) if isinstance(event, bytes) else _piece(event)
        if piece:
            self._pieces.append(piece)


def _piece(event: object) -> str:
    if isinstance(event, str):
        return event
    kind = part_of(event, "type")
    # The SDKs' own helpers add events of their own, which say the same once more.
    if kind == "response.output_text.delta":
        return _text(part_of(event, "delta"))
    if kind == "content_block_delta":
        return _text(part_of(part_of(event, "delta"), "text"))
    choices = part_of(event, "choices")
    if isinstance(choices, Sequence) and choices and not isinstance(choices, str):
        first = choices[0]
        return "" if part_of(first, "index") else text_of(part_of(part_of(first, "delta"), "content"))
    # Pieces of messages, as frameworks have them.
    return text_of(part_of(event, "content")) if part_of(event, "delta") is None else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


# A longer reply than any model gives; beyond it nobody reads on here.
_LONGEST = 32 * 2**20


class RawReply:
    """Collects the text of a reply from the bytes of its body.

    Args:
        content_type: as the server names it; events come one by one, anything else is one JSON value.
    """

    def __init__(self, content_type: str) -> None:
        self._transcript = Transcript() if "event-stream" in content_type.lower() else None
        self._body = bytearray()
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Hear some bytes."""
        self._size += len(piece)
        if self._size > _LONGEST:
            return
        self._body += piece
        if self._transcript is None or b"\n" not in piece:
            return
        *lines, rest = self._body.split(b"\n")
        self._body = bytearray(rest)
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"data":
                event = _decoded(value)
                if isinstance(event, dict):
                    self._transcript.feed(event)

    @property
    def text(self) -> str:
        """What was said so far."""
        if self._transcript is not None:
            return self._transcript.text
        body = _decoded(self._body)
        return reply_text(body) if isinstance(body, dict) else ""


def _decoded(text: bytes | bytearray) -> object:
    try:
        return json.loads(text)
    except ValueError:
        # A mark at the end of a stream, or a body that is not whole.
        return None


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


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a client.

    Attributes:
        path: where it is, from the client on.
        api: the form of its requests.
        managed: it returns a context manager, which asks when it is entered.
    """

    path: tuple[str, ...]
    api: Api
    managed: bool = False


@dataclass(frozen=True, slots=True)
class ClientMethods:
    """The methods of a client that talk to a language model.

    Attributes:
        asynchronous: its colour.
        methods: those that are attended.
        refused: the paths of those that talk to a model, and that nobody attends.
    """

    asynchronous: bool
    methods: tuple[Method, ...]
    refused: tuple[tuple[str, ...], ...]


_OPENAI = tuple(
    Method((*path, name), api)
    for path, api in (
        (("chat", "completions"), CHAT),
        (("beta", "chat", "completions"), CHAT),
        (("responses",), RESPONSES),
        (("beta", "responses"), RESPONSES),
    )
    for name in ("create", "parse")
)
_OPENAI_REFUSED = (
    ("completions", "create"),
    ("responses", "connect"),
    ("beta", "responses", "connect"),
    ("beta", "threads", "create_and_run"),
    ("beta", "threads", "runs", "create"),
    ("batches", "create"),
)
_ANTHROPIC = tuple(
    Method((*path, name), MESSAGES, managed=name == "stream")
    for path in (("messages",), ("beta", "messages"))
    for name in ("create", "parse", "stream")
)
_ANTHROPIC_REFUSED = (
    ("completions", "create"),
    ("messages", "batches", "create"),
    ("beta", "messages", "batches", "create"),
)
# Every client of an SDK, also for the clouds of others, is one of these.
_KNOWN = {
    ("openai", "SyncAPIClient"): ClientMethods(False, _OPENAI, _OPENAI_REFUSED),
    ("openai", "AsyncAPIClient"): ClientMethods(True, _OPENAI, _OPENAI_REFUSED),
    ("anthropic", "SyncAPIClient"): ClientMethods(False, _ANTHROPIC, _ANTHROPIC_REFUSED),
    ("anthropic", "AsyncAPIClient"): ClientMethods(True, _ANTHROPIC, _ANTHROPIC_REFUSED),
}
_NAMES = "openai.OpenAI, openai.AsyncOpenAI, anthropic.Anthropic, anthropic.AsyncAnthropic"


def methods_of(client: object) -> ClientMethods:
    """Return the methods of a client that talk to a language model.

    Raises:
        InvalidInputError: it is no client of a provider that is known here.
    """
    for cls in type(client).__mro__:
        offered = _KNOWN.get((cls.__module__.split(".")[0], cls.__name__))
        if offered is not None:
            return offered
    if isinstance(client, type):
        raise InvalidInputError(f"client: expected a client, got the class {client.__name__}; make one first")
    given = "None" if client is None else f"{type(client).__module__}.{type(client).__qualname__}"
    raise InvalidInputError(
        f"client: expected one of {_NAMES}, or a subclass, got {given}; any other one is served by wrap() "
        "and observe()"
    )
