"""The keys of the ``config`` of each model provider.

The base URL's own key and the environment variables differ from provider to provider and come
from the tables in `registry`, which derives one class per provider from those here.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_serializer, model_validator

from .fields import (
    OPTION,
    Count,
    Env,
    Foreign,
    Fraction,
    Headers,
    HttpUrl,
    Opaque,
    Option,
    Seconds,
    Secret,
    Section,
    Text,
    Whole,
    alias,
    display,
    hide,
)

Window = Annotated[int, Field(ge=16, le=1_000_000)]
"""Tokens of a text that an embedder takes; it should take a sentence."""

Detail = Literal["auto", "low", "high"]
"""Level of detail at which a model reads an image."""


class ProviderConfig(Section):
    """Settings of every provider."""

    model: Any = None
    """Name of the model; for LangChain the model itself."""
    api_key: Secret | None = None
    base_url: HttpUrl | None = None
    max_concurrency: Count = 64
    """Requests in flight at once."""
    timeout: Seconds | None = None
    """Seconds to wait for a reply; default: ``http.read_timeout``."""
    max_retries: Whole | None = None
    """Default: ``http.max_retries``."""
    default_headers: Headers | None = None


class CustomConfig(ProviderConfig):
    """The config of a registered provider; any other key is passed to its class."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _wrap_secrets(cls, data: Any) -> Any:
        return hide(data) if isinstance(data, dict) else data

    def __repr_args__(self) -> Iterable[tuple[str, Any]]:
        return list(self._shown().items())

    @model_serializer(mode="plain", when_used="json")
    def _shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = display(self.model_dump())
        return shown


class ChatConfig(ProviderConfig):
    """Settings of every LLM. Omitted sampling parameters are not sent."""

    model: Text | None = None
    temperature: Annotated[float | None, OPTION, Field(ge=0, le=2)] = None
    max_tokens: Annotated[Count | None, OPTION] = None
    top_p: Annotated[Fraction | None, OPTION] = None
    enable_vision: bool = False
    """Whether images are sent to it."""
    vision_details: Detail = "auto"


class TopKChat(ChatConfig):
    """An LLM that understands ``top_k``."""

    top_k: Annotated[Whole | None, OPTION] = None


class ReasoningChat(ChatConfig):
    """An LLM with OpenAI's API that may be told how long to think."""

    reasoning_effort: Annotated[Text | None, OPTION] = None
    """Such as ``"low"``; the model's default if omitted."""


class OpenAIChat(ReasoningChat):
    """OpenAI's API."""

    default_headers: Annotated[Headers | None, Env("OPENAI_LLM_DEFAULT_HEADERS", "LLM_DEFAULT_HEADERS")] = (
        None
    )
    store: Annotated[bool | None, OPTION] = None


class SiliconFlowChat(OpenAIChat):
    """SiliconFlow: OpenAI's API and ``top_k``."""

    default_headers: Headers | None = None
    top_k: Annotated[Whole | None, OPTION] = None


class OpenRouterChat(TopKChat):
    """OpenRouter: fallback models, and headers that name the calling application."""

    models: Annotated[list[str] | None, OPTION] = None
    route: Annotated[str | None, OPTION] = None
    site_url: str | None = None
    app_name: str | None = None


class QwenChat(TopKChat):
    """DashScope in its OpenAI-compatible mode."""

    enable_search: Annotated[bool | None, OPTION] = None
    search_params: Annotated[dict[str, Any] | None, Option("search_options")] = None


class TranscriberConfig(ProviderConfig):
    """Settings of every transcription endpoint."""

    model: Text | None = None
    language: Annotated[Text | None, OPTION] = None
    """The spoken language, such as ``"en"``; detected if omitted."""
    prompt: Annotated[Text | None, OPTION] = None
    """Names and words to expect."""
    temperature: Annotated[float | None, OPTION, Field(ge=0, le=1)] = None


class AsrConfig(ChatConfig):
    """DashScope's speech recognition, a chat with audio input."""

    asr_options: Annotated[Opaque | None, OPTION] = None


def _flattened(data: Any) -> Any:
    """Return settings of Azure with those of mem0's ``azure_kwargs`` among them, which take precedence."""
    if not isinstance(data, Mapping) or not isinstance(data.get("azure_kwargs"), Mapping):
        return data
    inner = {name: value for name, value in data["azure_kwargs"].items() if value is not None}
    return {**{name: value for name, value in data.items() if name != "azure_kwargs"}, **inner}


class AzureChat(ReasoningChat):
    """A chat deployment on Azure OpenAI."""

    base_url: Annotated[HttpUrl | None, Env("AZURE_ENDPOINT", "AZURE_OPENAI_ENDPOINT", "ENDPOINT_URL")] = (
        alias("base_url", "azure_endpoint", default=None)
    )
    deployment: Annotated[Text | None, Env("AZURE_DEPLOYMENT")] = alias(
        "deployment", "deployment_name", "azure_deployment", default=None
    )
    api_version: Annotated[Text, Env("AZURE_API_VERSION", "AZURE_OPENAI_API_VERSION")] = "2025-01-01-preview"
    azure_ad_token_provider: Foreign = None

    _flat = model_validator(mode="before")(_flattened)


class AnthropicChat(TopKChat):
    """Anthropic's own API; ``auth_token`` is a bearer token instead of a key."""

    auth_token: Annotated[Secret | None, Env("LLM_AUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN")] = None


class LangChainConfig(ProviderConfig):
    """A LangChain chat model or embeddings object, which can only be set in code."""

    model: Foreign = None
    embedding_dims: Annotated[Count | None, Env()] = None
    batch_size: Annotated[Count, Env()] = 128
    cache_size: Annotated[Whole, Env()] = 10_000
    max_tokens: Annotated[Window | None, Env()] = None


class EmbedderConfig(ProviderConfig):
    """Settings of every embedder."""

    model: Text | None = None
    embedding_dims: Annotated[Count | None, Env("EMBEDDING_DIMS", "EMBEDDING_EMBEDDING_DIMS", "DIMS")] = (
        alias("embedding_dims", "dims", default=None)
    )
    pass_dimensions: Annotated[
        bool | None, Env("EMBEDDING_PASS_DIMENSIONS", "EMBEDDING_OPENAI_PASS_DIMENSIONS")
    ] = None
    """Whether requests ask for ``embedding_dims``; depends on the provider by default."""
    batch_size: Count = 128
    """Maximum texts per request, or the provider's limit if lower."""
    cache_size: Whole = 10_000
    """Number of texts whose vectors are cached."""
    max_tokens: Window | None = None
    """The tokens that the model takes of a text, known for many models. A longer text is embedded in
    windows."""


class OpenAIEmbedder(EmbedderConfig):
    """OpenAI's API."""

    default_headers: Annotated[
        Headers | None, Env("OPENAI_EMBEDDING_DEFAULT_HEADERS", "EMBEDDING_DEFAULT_HEADERS")
    ] = None


class GeminiEmbedder(EmbedderConfig):
    """Gemini's OpenAI-compatible API."""

    embedding_dims: Annotated[
        Count | None,
        Env("EMBEDDING_DIMS", "EMBEDDING_EMBEDDING_DIMS", "EMBEDDING_OUTPUT_DIMENSIONALITY", "DIMS"),
    ] = alias("embedding_dims", "dims", "output_dimensionality", default=None)


class BedrockEmbedder(EmbedderConfig):
    """Amazon Bedrock; ``api_key`` is one of Bedrock, otherwise requests are signed."""

    aws_region: Annotated[Text | None, Env("EMBEDDING_AWS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")] = (
        alias("aws_region", "region", default=None)
    )
    aws_access_key_id: Annotated[Secret | None, Env("EMBEDDING_AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")] = (
        None
    )
    aws_secret_access_key: Annotated[
        Secret | None, Env("EMBEDDING_AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
    ] = None
    aws_session_token: Annotated[Secret | None, Env("AWS_SESSION_TOKEN")] = None
    aws_profile: Annotated[Text | None, Env("AWS_PROFILE")] = None
    """The profile for which botocore finds credentials, if no key is given."""


class RuntimeEmbedder(EmbedderConfig):
    """A model that a package runs on this machine."""

    model_kwargs: Opaque | None = None
    """Further arguments with which the package creates the model."""


class VertexEmbedder(EmbedderConfig):
    """Google's Vertex AI, with the application default credentials or those of a file."""

    vertex_credentials_json: Annotated[
        Secret | None, Env("EMBEDDING_VERTEX_CREDENTIALS_JSON", "GOOGLE_APPLICATION_CREDENTIALS")
    ] = None
    """Path of the file."""
    project: Annotated[Text | None, Env("GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT_ID")] = alias(
        "project", "project_id", "google_project_id", default=None
    )
    """By default the one that the credentials name."""
    location: Annotated[Text, Env("GOOGLE_CLOUD_LOCATION")] = "us-central1"


class AzureEmbedder(EmbedderConfig):
    """An embeddings deployment on Azure OpenAI."""

    base_url: Annotated[
        HttpUrl | None,
        Env("EMBEDDING_AZURE_ENDPOINT", "AZURE_ENDPOINT", "AZURE_OPENAI_ENDPOINT", "ENDPOINT_URL"),
    ] = alias("base_url", "azure_endpoint", default=None)
    deployment: Annotated[Text | None, Env("EMBEDDING_AZURE_DEPLOYMENT", "AZURE_DEPLOYMENT")] = alias(
        "deployment", "azure_deployment", "deployment_name", default=None
    )
    api_version: Annotated[
        Text, Env("EMBEDDING_API_VERSION", "AZURE_API_VERSION", "AZURE_OPENAI_API_VERSION")
    ] = "2025-01-01-preview"
    azure_ad_token_provider: Foreign = None

    _flat = model_validator(mode="before")(_flattened)


class RerankerConfig(ProviderConfig):
    """Settings of every reranker; ``base_url`` is the full URL of its endpoint."""

    model: Text | None = None
    enabled: Annotated[bool | None, Env()] = None
    top_n: Count | None = alias("top_n", "top_k", default=None)
    """Results to keep after reranking; all by default."""
    max_candidates: Count = 100
    """Maximum number of memories to rerank for a query."""


class LLMRerankerConfig(RerankerConfig):
    """The language model as a reranker, configured in the section ``llm``."""

    max_candidates: Count = 30
