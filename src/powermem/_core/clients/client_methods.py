"""Which methods of a provider's client talk to a language model. The SDKs are not imported for it."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import InvalidInputError
from .apis import CHAT, MESSAGES, RESPONSES, Api


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
