"""Look up providers by name, and register custom ones.

An OpenAI-compatible service is one row in `tables`; a custom class is registered by name with
`register_llm` or `register_embedder`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import AliasChoices, Field, create_model

from powermem.errors import ConfigError

from .._core.hints.suggestions import shown_name, unknown_provider
from .fields import Env, HttpUrl, Secret
from .providers import CustomConfig, ProviderConfig
from .tables import EMBEDDERS, LLMS, RERANKERS, STORES, TRANSCRIBERS, Factory, Kind, Provider

_BUILT_IN: dict[Kind, dict[str, Provider]] = {
    "llm": LLMS,
    "vision": LLMS,
    "audio_llm": TRANSCRIBERS,
    "embedder": EMBEDDERS,
    "reranker": RERANKERS,
}
_PREFIXES: dict[Kind, str] = {
    "llm": "LLM_",
    "vision": "VISION_",
    "audio_llm": "AUDIO_LLM_",
    "embedder": "EMBEDDING_",
    "reranker": "RERANKER_",
}
_registered: dict[Kind, dict[str, Factory]] = {"llm": {}, "audio_llm": {}, "embedder": {}, "reranker": {}}
# A custom chat model may also read images.
_registered["vision"] = _registered["llm"]


def register_llm(name: str, cls: Factory) -> None:
    """Make your own LLM class usable as ``llm.provider``.

    Args:
        name: the provider's name; registering it again replaces the class.
        cls: called as ``cls(config)`` with the contents of ``llm.config``.

    Raises:
        ConfigError: the name is built in or blank, or ``cls`` cannot be called.
    """
    _register("llm", name, cls)


def register_embedder(name: str, cls: Factory) -> None:
    """Make your own embedder class usable as ``embedder.provider``; see `register_llm`."""
    _register("embedder", name, cls)


def known_stores() -> tuple[str, ...]:
    """Return the names that ``vector_store.provider`` may have."""
    return tuple(STORES)


def known(kind: Kind) -> tuple[str, ...]:
    """Return the names of the built-in and the registered providers of a kind."""
    return (*_BUILT_IN[kind], *_registered[kind])


def provider(kind: Kind, name: str) -> Provider:
    """Return the row of a known provider; a registered one gets a new row."""
    row = _BUILT_IN[kind].get(name)
    return row or Provider(name=name, protocol="custom", config=CustomConfig, needs_key=False)


def factory(kind: Kind, name: str) -> Factory | None:
    """Return the class registered under a name."""
    return _registered[kind].get(name)


def provider_config(kind: Kind, name: str) -> type[ProviderConfig]:
    """Return the class that checks the config of a known provider."""
    return _derived(kind, provider(kind, name))


def generic_key_variable(kind: Kind) -> str:
    """Return the environment variable with the key of any chosen provider."""
    return f"{_PREFIXES[kind]}API_KEY"


def require_available(store_provider: str) -> None:
    """Refuse a database that this version cannot open.

    Raises:
        ConfigError: the provider is unknown, or known but not available yet.
    """
    row = STORES.get(store_provider)
    if row is None:
        raise ConfigError(
            f"vector_store.provider: {unknown_provider(store_provider, STORES, 'vector_store')}"
        )
    if not row.available:
        usable = ", ".join(store.name for store in STORES.values() if store.available)
        raise ConfigError(
            f"vector_store.provider {store_provider!r} is not available in this version of powermem yet; "
            f"available: {usable}"
        )


def _register(kind: Kind, name: str, cls: Factory) -> None:
    wanted = name.strip().lower() if isinstance(name, str) else ""
    if not wanted:
        raise ConfigError(f"a provider's name must be text that is not blank, got {shown_name(name)}")
    if wanted in _BUILT_IN[kind]:
        raise ConfigError(f"{wanted!r} is built in; register your {kind} under another name")
    if not callable(cls):
        raise ConfigError(f"{wanted!r}: a provider must be a class or function, got {type(cls).__name__}")
    _registered[kind][wanted] = cls


@cache
def _derived(kind: Kind, row: Provider) -> type[ProviderConfig]:
    fields: dict[str, Any] = {}
    if row.protocol not in ("langchain", "llm"):
        names = (generic_key_variable(kind), *row.api_key_env)
        fields["api_key"] = (Annotated[Secret | None, Env(*names)], None)
    if row.protocol not in ("azure", "langchain", "llm"):
        generic, keys = f"{_PREFIXES[kind]}BASE_URL", row.base_url_keys
        if kind == "reranker":
            generic, keys = "RERANKER_API_BASE_URL", ("api_base_url",)
        fields["base_url"] = (
            Annotated[HttpUrl | None, Env(generic, *row.base_url_env)],
            Field(default=None, validation_alias=AliasChoices("base_url", *keys)),
        )
    title = "".join(part.title() for part in (*row.name.split("_"), kind)) + "Config"
    return create_model(title, __base__=row.config, **fields)
