"""The methods of clients that are attended."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from ...errors import UnsupportedLLMProviderError
from .apis import CHAT, COMPLETION, GENERATE, LANGCHAIN, LITELLM_RESPONSES, MESSAGES, RESPONSES, Api


class Method(NamedTuple):
    """A method of a client.

    Attributes:
        path: attribute names from the client on.
        api: the API of its requests.
        asynchronous: whether it is a coroutine function.
        managed: whether it returns a context manager that sends the request on entry.
        generated: whether it is an asynchronous generator function.
    """

    path: tuple[str, ...]
    api: Api
    asynchronous: bool = False
    managed: bool = False
    generated: bool = False


class ClientMethods(NamedTuple):
    """The methods of a client that talk to a language model.

    Attributes:
        methods: the supported ones.
        refused: paths of unsupported methods that call a model.
        refused_versions: names of methods, each with the argument ``version`` for which it is unsupported.
        deriving: names of methods that return another client with the same settings.
    """

    methods: tuple[Method, ...]
    refused: tuple[tuple[str, ...], ...] = ()
    refused_versions: tuple[tuple[str, str], ...] = ()
    deriving: tuple[str, ...] = ()


def _openai(asynchronous: bool) -> ClientMethods:
    methods = tuple(
        Method((*path, name), api, asynchronous)
        for path, api in (
            (("chat", "completions"), CHAT),
            (("beta", "chat", "completions"), CHAT),
            (("responses",), RESPONSES),
            (("beta", "responses"), RESPONSES),
        )
        for name in ("create", "parse")
    )
    refused = (
        ("completions", "create"),
        ("responses", "connect"),
        ("beta", "responses", "connect"),
        ("beta", "threads", "create_and_run"),
        ("beta", "threads", "runs", "create"),
        ("batches", "create"),
    )
    return ClientMethods(methods, refused, deriving=_COPYING)


def _anthropic(asynchronous: bool) -> ClientMethods:
    methods = tuple(
        Method((*path, name), MESSAGES, asynchronous, managed=name == "stream")
        for path in (("messages",), ("beta", "messages"))
        for name in ("create", "parse", "stream")
    )
    refused = (
        ("completions", "create"),
        ("messages", "batches", "create"),
        ("beta", "messages", "batches", "create"),
    )
    return ClientMethods(methods, refused, deriving=_COPYING)


def _gemini(*path: str, asynchronous: bool = False) -> tuple[Method, ...]:
    # The SDK's chats call these methods of the same object.
    return tuple(
        Method((*path, "models", name), GENERATE, asynchronous)
        for name in ("generate_content", "generate_content_stream")
    )


_COPYING = ("copy", "with_options")
_LITELLM = ClientMethods(
    tuple(
        Method((prefix + name,), api, bool(prefix))
        for name, api in (("completion", COMPLETION), ("responses", LITELLM_RESPONSES))
        for prefix in ("", "a")
    ),
    (("text_completion",), ("atext_completion",), ("batch_completion",), ("abatch_completion",)),
)
_LANGCHAIN = ClientMethods(
    (
        Method(("invoke",), LANGCHAIN),
        Method(("ainvoke",), LANGCHAIN, True),
        Method(("stream",), LANGCHAIN),
        Method(("astream",), LANGCHAIN, generated=True),
    ),
    # Their other versions call `stream` and `astream`.
    refused_versions=(("stream_events", "v3"), ("astream_events", "v3")),
    deriving=("model_copy", "copy"),
)
# Every client of an SDK, including those for other clouds, is a subclass of one of these.
_KNOWN = {
    ("openai", "SyncAPIClient"): _openai(False),
    ("openai", "AsyncAPIClient"): _openai(True),
    ("anthropic", "SyncAPIClient"): _anthropic(False),
    ("anthropic", "AsyncAPIClient"): _anthropic(True),
    ("google.genai", "Client"): ClientMethods(
        (*_gemini(), *_gemini("aio", asynchronous=True)),
        (("batches", "create"), ("aio", "batches", "create")),
    ),
    ("google.genai", "AsyncClient"): ClientMethods(_gemini(asynchronous=True), (("batches", "create"),)),
    ("litellm", "Router"): _LITELLM,
    ("langchain_core", "BaseChatModel"): _LANGCHAIN,
}
_NAMES = (
    "openai.OpenAI, openai.AsyncOpenAI, anthropic.Anthropic, anthropic.AsyncAnthropic, google.genai.Client, "
    "the module litellm, litellm.Router, a chat model of LangChain"
)
# What to write for clients that other packages register.
_INSTEAD = {
    "langchain_core": "register the chat model itself; what bind() or a chain makes of it is attended too",
    "xai_sdk": 'use OpenAI(base_url="https://api.x.ai/v1") for models of xAI',
    "agno": "register the client that the model of Agno uses",
    "pydantic_ai": "register the client of the model's provider, such as model.client",
    "botocore": "use AnthropicBedrock, or ChatBedrockConverse of langchain_aws",
    "boto3": "use AnthropicBedrock, or ChatBedrockConverse of langchain_aws",
}


def methods_of(client: object) -> ClientMethods:
    """Return the methods of a client that talk to a language model.

    Raises:
        UnsupportedLLMProviderError: it is not a client of a supported provider.
    """
    if isinstance(client, ModuleType) and client.__name__ == "litellm":
        return _LITELLM
    packages = []
    for cls in type(client).__mro__:
        package = cls.__module__.split(".")[0]
        if package == "google":
            # A package of many libraries.
            package = ".".join(cls.__module__.split(".")[:2])
        offered = _KNOWN.get((package, cls.__name__))
        if offered is not None:
            return offered
        packages.append(package)
    if isinstance(client, type):
        raise UnsupportedLLMProviderError(
            f"client: expected a client, got the class {client.__name__}; make one first"
        )
    given = "None" if client is None else f"{type(client).__module__}.{type(client).__qualname__}"
    instead = [_INSTEAD[package] for package in packages if package in _INSTEAD]
    advice = instead[0] if instead else "use wrap() or observe() for others"
    raise UnsupportedLLMProviderError(
        f"client: expected one of {_NAMES}, or a subclass, got {given}; {advice}"
    )
