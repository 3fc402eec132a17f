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


class Attribution(NamedTuple):
    """The owner of a turn.

    ``entity_id`` is the user, ``process_id`` the agent and ``session_id`` the conversation.
    """

    entity_id: str | None = None
    process_id: str | None = None
    session_id: str | None = None


_NO_SPEAKER = Attribution()


class Attributions:
    """The current speaker of one memory, separate in each context."""

    def current(self) -> Attribution:
        """Return the speaker in the caller's context; empty if none was set."""
        held = _held.get()
        return _NO_SPEAKER if held is None else held.get(self, _NO_SPEAKER)

    def attribute(self, entity_id: Id, process_id: Id | None) -> None:
        """Set the speaker in the caller's context; the session continues for the same user.

        Raises:
            InvalidInputError: an id is of a wrong type, blank or too long.
        """
        entity = check_name(entity_id, "entity_id")
        process = None if process_id is None else check_name(process_id, "process_id")
        before = self.current()
        # A session belongs to the user who started it. One set before any user is kept.
        session = before.session_id if before.entity_id in (None, entity) else None
        self._set(Attribution(entity, process, session))

    def begin_session(self, session_id: Id | None = None) -> None:
        """Start or continue a conversation in the caller's context.

        Raises:
            InvalidInputError: the id is of a wrong type, blank or too long.
        """
        session = uuid.uuid4().hex if session_id is None else check_name(session_id, "session_id")
        self._set(self.current()._replace(session_id=session))

    def _set(self, attribution: Attribution) -> None:
        # A new mapping each time, since copies of the context share the old one.
        held = WeakKeyDictionary[Attributions, Attribution](_held.get() or {})
        held[self] = attribution
        _held.set(held)


_held: ContextVar[WeakKeyDictionary[Attributions, Attribution] | None] = ContextVar(
    "powermem_attribution", default=None
)


def check_name(value: object, name: str) -> str:
    """Return a required id.

    Raises:
        InvalidInputError: it is missing, of a wrong type, blank or too long.
    """
    checked = check_id(value, name)
    if checked is None:
        raise InvalidInputError(f"{name}: expected a string, an integer or a UUID, got None")
    return checked


def reply_text(reply: object) -> str:
    """Return the text of a whole reply; ``""`` for tool calls only, or an unknown form.

    Args:
        reply: a text, or an object or mapping in the form of OpenAI's two APIs, of Anthropic's, or a message
            with ``content``.
    """
    if isinstance(reply, str):
        return reply
    texts = (text_of(content_of(message)) for message in unpacked(reply) if not is_silent(message))
    return "\n".join(filter(None, texts))


class Transcript:
    """Collects the text of a streamed reply from any API."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """The text so far."""
        # Joined before cleaning, since a chunk may end within a character.
        return clean_text("".join(self._pieces))

    def feed(self, event: object) -> None:
        """Add one event."""
        piece = self._decoder.decode(event) if isinstance(event, bytes) else _piece(event)
        if piece:
            self._pieces.append(piece)


def _piece(event: object) -> str:
    if isinstance(event, str):
        return event
    kind = part_of(event, "type")
    # Ignore the additional events of the SDKs' helpers, which repeat the same text.
    if kind == "response.output_text.delta":
        return _text(part_of(event, "delta"))
    if kind == "content_block_delta":
        return _text(part_of(part_of(event, "delta"), "text"))
    choices = part_of(event, "choices")
    if isinstance(choices, Sequence) and choices and not isinstance(choices, str):
        first = choices[0]
        return "" if part_of(first, "index") else text_of(part_of(part_of(first, "delta"), "content"))
    # Message chunks of frameworks.
    return text_of(part_of(event, "content")) if part_of(event, "delta") is None else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


# Bytes. Longer than any reply of a model; the rest is ignored.
_LONGEST = 32 * 2**20


class RawReply:
    """Collects the text of a reply from the bytes of its body.

    Args:
        content_type: of the reply; an event stream is parsed by event, anything else as one JSON value.
    """

    def __init__(self, content_type: str) -> None:
        self._transcript = Transcript() if "event-stream" in content_type.lower() else None
        self._body = bytearray()
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Add a chunk of bytes."""
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
        """The text so far."""
        if self._transcript is not None:
            return self._transcript.text
        body = _decoded(self._body)
        return reply_text(body) if isinstance(body, dict) else ""


def _decoded(text: bytes | bytearray) -> object:
    try:
        return json.loads(text)
    except ValueError:
        # The end marker of a stream, or an incomplete body.
        return None


# Characters. Of a longer query, such as a pasted document, only the end is used.
_LONGEST_QUERY = 2000
_USUAL_KEYS = ("messages", "input", "contents", "prompt")
# Stands for the name of a positional argument.
_FIRST = "powermem: the first positional argument"


class Exchange(NamedTuple):
    """A user's message and the reply, either of which may be ``""``. Times are microseconds UTC."""

    who: Attribution
    said: str
    reply: str
    asked_at: int
    replied_at: int


@dataclass(frozen=True, slots=True)
class Attended:
    """A request of a registered client.

    Attributes:
        api: its API.
        who: the speaker.
        said: the user's new message; ``""`` if the request passes a tool's result.
        query: the query for recalling.
        asked_at: time of the request, microseconds UTC.
        rest: further positional arguments.
        key: the argument that holds the messages.
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
        """Return the positional and keyword arguments, including the recalled memories."""
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
        api: its API.
        who: the speaker.
        positional: positional arguments; an iterator of messages is read here, and replaced by a list.
        keywords: keyword arguments.
        at: the current time, microseconds UTC.

    Returns:
        The request, or ``None`` if it has no message of a user.
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


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a client.

    Attributes:
        path: attribute names from the client on.
        api: the API of its requests.
        managed: whether it returns a context manager that sends the request on entry.
    """

    path: tuple[str, ...]
    api: Api
    managed: bool = False


@dataclass(frozen=True, slots=True)
class ClientMethods:
    """The methods of a client that talk to a language model.

    Attributes:
        asynchronous: whether they are coroutine functions.
        methods: the supported ones.
        refused: paths of unsupported methods that call a model.
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
# Every client of an SDK, including those for other clouds, is a subclass of one of these.
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
        InvalidInputError: it is not a client of a supported provider.
    """
    for cls in type(client).__mro__:
        offered = _KNOWN.get((cls.__module__.split(".")[0], cls.__name__))
        if offered is not None:
            return offered
    if isinstance(client, type):
        raise InvalidInputError(f"client: expected a client, got the class {client.__name__}; make one first")
    given = "None" if client is None else f"{type(client).__module__}.{type(client).__qualname__}"
    raise InvalidInputError(
        f"client: expected one of {_NAMES}, or a subclass, got {given}; use wrap() or observe() for others"
    )
