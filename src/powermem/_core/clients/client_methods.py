"""The methods of clients that are attended."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import InvalidInputError
from .apis import CHAT, MESSAGES, RESPONSES, Api


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
