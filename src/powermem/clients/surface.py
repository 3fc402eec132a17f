"""Which methods of a provider's client talk to a language model. The SDKs are not imported for it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InvalidInputError
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
class Surface:
    """What a client offers; ``asynchronous`` is its colour."""

    asynchronous: bool
    methods: tuple[Method, ...]


_OPENAI = (Method(("chat", "completions", "create"), CHAT), Method(("responses", "create"), RESPONSES))
_ANTHROPIC = (
    Method(("messages", "create"), MESSAGES),
    Method(("messages", "stream"), MESSAGES, managed=True),
)
_KNOWN = {
    ("openai", "OpenAI"): Surface(False, _OPENAI),
    ("openai", "AsyncOpenAI"): Surface(True, _OPENAI),
    ("anthropic", "Anthropic"): Surface(False, _ANTHROPIC),
    ("anthropic", "AsyncAnthropic"): Surface(True, _ANTHROPIC),
}


def surface_of(client: object) -> Surface:
    """Return what a client offers.

    Raises:
        InvalidInputError: it is no client of a provider that is known here.
    """
    for cls in type(client).__mro__:
        surface = _KNOWN.get((cls.__module__.split(".")[0], cls.__name__))
        if surface is not None:
            return surface
    names = ", ".join(f"{package}.{name}" for package, name in _KNOWN)
    given = "None" if client is None else f"{type(client).__module__}.{type(client).__qualname__}"
    raise InvalidInputError(
        f"client: expected one of {names}, got {given}; any other one is served by wrap() and observe()"
    )
