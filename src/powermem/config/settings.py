"""A resolved configuration: plain values that the rest of the library consumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from powermem.errors import ConfigError

from .fields import reveal
from .providers import Detail
from .sections import Budget, Http, IntelligentMemory, Processing, Search, Security
from .stores import StoreConfig
from .tables import Dialect, Factory, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Resolved settings of a model.

    Attributes:
        provider: its name, to be shown in errors and kept with stored vectors.
        protocol: how it is spoken to.
        model: the model's name, or ``None`` where there is none to name.
        base_url: address that the API's paths are appended to; of a reranker, its endpoint.
        api_key: the key, or ``None`` when it needs none.
        headers: further headers of every request.
        query: query parameters of every request.
        options: further fields of the body of every request.
        max_concurrency: requests in flight at once.
        timeout: seconds to wait for an answer.
        max_retries: attempts after the first one.
        client: the LangChain object, with protocol ``"langchain"``.
        token_provider: called for a bearer token before each request, with Azure AD.
        cloud: who asks Amazon's or Google's cloud, and where: the keys of the provider's config.
        factory: the class that the user registered, with protocol ``"custom"``.
    """

    provider: str
    protocol: Protocol
    model: str | None = None
    base_url: str | None = None
    api_key: SecretStr | None = None
    headers: Mapping[str, SecretStr] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    max_concurrency: int = 64
    timeout: float = 60.0
    max_retries: int = 3
    client: Any = field(default=None, repr=False)
    token_provider: Callable[[], str] | None = field(default=None, repr=False)
    cloud: Mapping[str, SecretStr | str | None] = field(default_factory=dict, repr=False)
    factory: Factory | None = None
    factory_config: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def build(self) -> Any:
        """Create the registered provider from what the user wrote in its config.

        Raises:
            ConfigError: the provider is not one that was registered.
        """
        if self.factory is None:
            raise ConfigError(f"provider {self.provider!r} is not a registered one")
        return self.factory(reveal(self.factory_config))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderSettings(ProviderSettings):
    """Resolved settings of an embedder.

    Attributes:
        required: whether it was asked for by name, so that a search without it would be no answer.
        dimension: length of its vectors, or ``None`` until it has answered.
        pass_dimensions: whether requests ask for that length.
        batch_size: most texts of one request.
        cache_size: texts whose vectors are remembered.
        max_tokens: the tokens that the model takes of a text, or ``None`` if that is unknown.
    """

    required: bool = field(default=False, compare=False)
    dimension: int | None = None
    pass_dimensions: bool = False
    batch_size: int = 128
    cache_size: int = 10_000
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerSettings(ProviderSettings):
    """Resolved settings of a reranker.

    Attributes:
        top_n: how many results are kept; all when it is ``None``.
        max_candidates: most memories that it is given for one query.
        batch_size: most memories of one request.
    """

    top_n: int | None = None
    max_candidates: int = 100
    batch_size: int = 1000


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """The model that reads images, and the level of detail."""

    model: ProviderSettings
    details: Detail


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Which database; ``config`` is the class of `stores` that belongs to the dialect."""

    provider: str
    dialect: Dialect
    config: StoreConfig


@dataclass(frozen=True, slots=True)
class Prompts:
    """The user's own prompts; ``None`` keeps ours. ``categories`` has descriptions by name, and
    ``instructions`` are appended to those for extraction."""

    fact_extraction: str | None = None
    update_memory: str | None = None
    categories: Mapping[str, str] = field(default_factory=dict)
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a memory needs to know.

    ``vision`` is what images are shown to, and ``audio`` what listens to recordings; ``None`` where there is
    no such model.
    """

    llm: ProviderSettings
    vision: VisionSettings | None
    audio: ProviderSettings | None
    embedder: EmbedderSettings
    reranker: RerankerSettings | None
    store: StoreSettings
    http: Http
    intelligent_memory: IntelligentMemory
    prompts: Prompts
    security: Security
    search: Search
    processing: Processing
    budget: Budget
    ignored: tuple[str, ...]
