"""Resolve a configuration to one object with every provider, address, key and size."""

from __future__ import annotations

import os
import secrets
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from powermem.errors import ConfigError

from .._core.inputs import absolute
from .._core.masking import is_key, shown
from .._core.wire.input_types import most_texts
from .fields import Option, Url, marker, reveal
from .models import MemoryConfig, ModelProvider
from .providers import (
    AnthropicChat,
    AzureChat,
    AzureEmbedder,
    BedrockEmbedder,
    ChatConfig,
    EmbedderConfig,
    LangChainConfig,
    OpenRouterChat,
    ProviderConfig,
    RerankerConfig,
    RuntimeEmbedder,
    VertexEmbedder,
)
from .registry import factory, generic_key_variable, provider
from .sections import Http, IntelligentMemory
from .settings import (
    EmbedderSettings,
    Prompts,
    ProviderSettings,
    RerankerSettings,
    Settings,
    StoreSettings,
    VisionSettings,
)
from .stores import OceanBaseConfig, SQLiteConfig
from .tables import (
    DASHSCOPE_RERANK,
    LOCAL_DIMENSION,
    LOCAL_MODEL,
    LOCAL_MODELS,
    MULTILINGUAL_MODEL,
    STORES,
    Kind,
    Provider,
    known_window,
)


def resolve(
    config: MemoryConfig | Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Resolve providers, addresses, keys and sizes, without I/O other than reading the configuration.

    Args:
        config: the configuration; ``None`` for `auto_config()`.
        environ: variables with vendors' keys that are not configured, such as ``OPENAI_API_KEY``; ``None``
            for ``os.environ``.

    Raises:
        ConfigError: something is wrong or missing; the message names its path.
    """
    checked = check(config)
    for kind, chosen in (("llm", checked.llm), ("embedder", checked.embedder)):
        _check_named(kind, chosen)
    environ = os.environ if environ is None else environ
    llm = ProviderSettings(**_provider("llm", checked.llm, checked.http, environ))
    return Settings(
        llm=llm,
        vision=_vision(checked, llm, environ),
        audio=_audio(checked, environ),
        embedder=_embedder(checked, environ),
        reranker=_reranker(checked, environ),
        store=store_settings(checked),
        http=checked.http,
        intelligent_memory=_intelligent_memory(checked),
        prompts=Prompts(
            checked.custom_fact_extraction_prompt,
            checked.custom_update_memory_prompt,
            checked.categories,
            checked.custom_instructions,
        ),
        security=checked.security,
        search=checked.search,
        processing=checked.processing,
        budget=checked.budget,
        ignored=checked.ignored,
    )


def store_settings(config: MemoryConfig) -> StoreSettings:
    """Return the settings of the database."""
    section = config.vector_store
    return StoreSettings(section.provider, STORES[section.provider].dialect, section.config)


def check(config: MemoryConfig | Mapping[str, Any] | None) -> MemoryConfig:
    """Return the input as a `MemoryConfig`; ``None`` stands for `auto_config()`."""
    if isinstance(config, MemoryConfig):
        return config
    data: object = config
    if config is None:
        # A given configuration needs no reader of `.env` files.
        from .environment import auto_config

        data = auto_config()
    if isinstance(data, (str, os.PathLike)):
        raise ConfigError(f"config: expected a dict or a MemoryConfig, got {_what_text(os.fspath(data))}")
    if not isinstance(data, Mapping):
        raise ConfigError(f"config: expected a dict or a MemoryConfig, got {type(data).__name__}")
    for key in data:
        if not isinstance(key, str):
            raise ConfigError(f"config: keys must be text, got {shown(key)}")
    return MemoryConfig(**data)


def _what_text(given: str | bytes) -> str:
    text = given.decode("utf-8", "replace") if isinstance(given, bytes) else given
    if text.lstrip().startswith("{"):
        return "JSON as text; read it with json.loads first"
    if "://" in text:
        return "an address; a database's is given as conn"
    if os.path.basename(text).startswith(".env") or text.endswith(".env"):
        return "a path; read a .env file with auto_config(path) first"
    if is_key(text):
        return "a key; keys belong in llm.config.api_key"
    return "a path; read the file with json.load first"


def validate_config(config: Mapping[str, Any]) -> bool:
    """Tell whether a configuration is valid; `MemoryConfig` says why it is not."""
    try:
        check(config)
    except ConfigError:
        return False
    return config is not None


def _provider(kind: Kind, chosen: ModelProvider, http: Http, environ: Mapping[str, str]) -> dict[str, Any]:
    row, config = provider(kind, chosen.provider), chosen.config
    if row.instead:
        raise ConfigError(f"{kind}.provider {row.name!r} cannot be used here: {row.instead}")
    settled: dict[str, Any] = {
        "provider": row.name,
        "protocol": row.protocol,
        "max_concurrency": config.max_concurrency,
        "timeout": http.read_timeout if config.timeout is None else config.timeout,
        "max_retries": http.max_retries if config.max_retries is None else config.max_retries,
    }
    if row.protocol in ("none", "local", "mock", "llm"):
        return {**settled, "model": config.model or row.model}
    if row.protocol == "custom":
        given = config.model_dump(exclude_unset=True)
        return {**settled, "model": config.model, "factory": factory(kind, row.name), "factory_config": given}
    if isinstance(config, LangChainConfig):
        return {**settled, **_langchain(kind, config)}
    settled |= {"options": _options(config), "headers": _headers(config)}
    if isinstance(config, (AzureChat, AzureEmbedder)):
        return {**settled, **_azure(kind, row, config, environ)}
    if isinstance(config, BedrockEmbedder):
        return {**settled, **_bedrock(kind, row, config, environ)}
    if isinstance(config, RuntimeEmbedder):
        given = reveal(config.model_kwargs) or {}
        return {**settled, "model": config.model or row.model, "options": given}
    if isinstance(config, VertexEmbedder):
        return {**settled, **_vertex(row, config, environ)}
    settled |= {"model": config.model or row.model, "base_url": _base_url(kind, row, config)}
    if kind != "reranker" and settled["model"] is None:
        raise ConfigError(
            f"{kind}.config.model: required for provider {row.name!r}, which has no default model"
        )
    has_token = isinstance(config, AnthropicChat) and config.auth_token is not None
    return {**settled, "api_key": None if has_token else _api_key(kind, row, config, environ)}


def _check_named(kind: str, chosen: ModelProvider) -> None:
    # A wrong guess would send the key to another vendor, and ignoring the settings would surprise the user.
    reaches = ("api_key", "base_url", *(() if kind == "embedder" else ("model",)))
    given = next((name for name in reaches if getattr(chosen.config, name, None) is not None), None)
    if given is not None and "provider" not in chosen.model_fields_set:
        raise ConfigError(
            f"{kind}.provider: required beside {kind}.config.{given}; set it to the intended provider, "
            "such as 'openai'"
        )


def _langchain(kind: Kind, config: LangChainConfig) -> dict[str, Any]:
    client = config.model
    if client is None or isinstance(client, str):
        what = "chat model" if kind == "llm" else "embeddings object"
        raise ConfigError(f"{kind}.config.model: expected a LangChain {what}, which only a program can give")
    names = (getattr(client, name, None) for name in ("model_name", "model"))
    named = next((name for name in names if isinstance(name, str) and name), type(client).__name__)
    return {"client": client, "model": named}


def _azure(
    kind: Kind, row: Provider, config: AzureChat | AzureEmbedder, environ: Mapping[str, str]
) -> dict[str, Any]:
    deployment = config.deployment or config.model
    if config.base_url is None:
        raise ConfigError(f"{kind}.config.azure_endpoint: required for provider {row.name!r}")
    if deployment is None:
        raise ConfigError(f"{kind}.config.deployment: required for provider {row.name!r}")
    token_provider = config.azure_ad_token_provider
    if token_provider is not None and not callable(token_provider):
        raise ConfigError(f"{kind}.config.azure_ad_token_provider: expected a function that returns a token")
    return {
        "model": config.model or deployment,
        "base_url": Url(f"{config.base_url}/openai/deployments/{quote(deployment, safe='')}"),
        "query": {"api-version": config.api_version},
        "api_key": _api_key(kind, row, config, environ) if token_provider is None else None,
        "token_provider": token_provider,
    }


def _bedrock(
    kind: Kind, row: Provider, config: BedrockEmbedder, environ: Mapping[str, str]
) -> dict[str, Any]:
    given = {
        "aws_access_key_id": config.aws_access_key_id,
        "aws_secret_access_key": config.aws_secret_access_key,
        "aws_session_token": config.aws_session_token,
        "aws_profile": config.aws_profile,
    }
    cloud = {name: value or environ.get(name.upper()) or None for name, value in given.items()}
    region = config.aws_region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
    if region is None:
        raise ConfigError(
            f"{kind}.config.aws_region: required for provider {row.name!r}; set it, or in the environment "
            "AWS_REGION"
        )
    if (cloud["aws_access_key_id"] is None) != (cloud["aws_secret_access_key"] is None):
        raise ConfigError(f"{kind}.config: aws_access_key_id and aws_secret_access_key go together")
    return {
        "model": config.model or row.model,
        "base_url": Url(config.base_url or f"https://bedrock-runtime.{region}.amazonaws.com"),
        "api_key": _api_key(kind, row, config, environ),
        "cloud": {**cloud, "aws_region": region},
    }


def _vertex(row: Provider, config: VertexEmbedder, environ: Mapping[str, str]) -> dict[str, Any]:
    host = "" if config.location == "global" else f"{config.location}-"
    return {
        "model": config.model or row.model,
        "base_url": Url(config.base_url or f"https://{host}aiplatform.googleapis.com"),
        "cloud": {
            "credentials": config.vertex_credentials_json,
            "project": config.project or environ.get("GOOGLE_CLOUD_PROJECT") or None,
            "location": config.location,
        },
    }


def _api_key(
    kind: Kind, row: Provider, config: ProviderConfig, environ: Mapping[str, str]
) -> SecretStr | None:
    if config.api_key is not None and config.api_key.get_secret_value():
        return config.api_key
    found = next((value for name in row.api_key_env if (value := environ.get(name, "").strip())), "")
    if found:
        return SecretStr(found)
    if not row.needs_key:
        return None
    generic = generic_key_variable(kind)
    vendor = " or ".join(row.api_key_env)
    ways = f"{vendor}, or {generic} beside the provider's name" if vendor else generic
    if kind == "vision":
        # Only the vendor's own variables are read.
        ways = vendor
    raise ConfigError(
        f"{kind}.config.api_key: required for provider {row.name!r}; set it, or in the environment {ways}"
    )


def _base_url(kind: Kind, row: Provider, config: ProviderConfig) -> str:
    if config.base_url is None:
        if row.base_url is None:
            raise ConfigError(
                f"{kind}.config.base_url: required for provider {row.name!r}, which has no address of its own"
                + (f"; {row.whose_address}" if row.whose_address else "")
            )
        return Url(row.base_url)
    parts = urlsplit(config.base_url)
    if row.path and parts.path.rstrip("/") in row.bare_paths:
        return Url(parts._replace(path=row.path).geturl())
    return Url(config.base_url)


def _headers(config: ProviderConfig) -> dict[str, SecretStr]:
    headers = dict(config.default_headers or {})
    if isinstance(config, AnthropicChat) and config.auth_token is not None:
        headers["Authorization"] = SecretStr(f"Bearer {config.auth_token.get_secret_value()}")
    if isinstance(config, OpenRouterChat):
        named = {"HTTP-Referer": config.site_url, "X-Title": config.app_name}
        headers |= {name: SecretStr(value) for name, value in named.items() if value}
    return headers


def _options(config: ProviderConfig) -> dict[str, Any]:
    options = {}
    for name in type(config).model_fields:
        option, value = marker(type(config), name, Option), getattr(config, name)
        if option is not None and value is not None:
            options[option.name or name] = value
    return options


def _vision(config: MemoryConfig, llm: ProviderSettings, environ: Mapping[str, str]) -> VisionSettings | None:
    chosen, model = config.vision, llm
    if chosen is not None:
        model = ProviderSettings(**_provider("vision", chosen, config.http, environ))
    elif getattr(config.llm.config, "enable_vision", False) is not True:
        return None
    keys = (chosen or config.llm).config
    details = keys.vision_details if isinstance(keys, ChatConfig) else "auto"
    return None if model.protocol == "none" else VisionSettings(model, details)


def _audio(config: MemoryConfig, environ: Mapping[str, str]) -> ProviderSettings | None:
    chosen = config.audio_llm
    if chosen is None or chosen.provider == "none":
        return None
    return ProviderSettings(**_provider("audio_llm", chosen, config.http, environ))


def _embedder(config: MemoryConfig, environ: Mapping[str, str]) -> EmbedderSettings:
    chosen = _localized(config)
    settled = _provider("embedder", chosen, config.http, environ)
    keys, row = chosen.config, provider("embedder", chosen.provider)
    if not isinstance(keys, (EmbedderConfig, LangChainConfig)):  # a registered one knows its own sizes
        return EmbedderSettings(**settled, dimension=config.vector_store.config.embedding_model_dims)
    asks = keys.pass_dimensions if isinstance(keys, EmbedderConfig) else False
    dimension = _dimension(config, row, keys.embedding_dims)
    return EmbedderSettings(
        **settled,
        required=config.embedder.provider != "default",
        dimension=dimension,
        pass_dimensions=dimension is not None and (row.dimensions if asks is None else asks),
        batch_size=min(keys.batch_size, most_texts(row.protocol, settled["model"] or "", row.max_batch)),
        cache_size=keys.cache_size,
        max_tokens=keys.max_tokens or known_window(settled["model"]),
    )


def _localized(config: MemoryConfig) -> ModelProvider:
    """Return the embedder, with every spelling of the local one normalized."""
    chosen = config.embedder
    row, keys = provider("embedder", chosen.provider), chosen.config
    model = LOCAL_MODELS.get(str(keys.model or LOCAL_MODEL).lower())
    if row.protocol == "local":
        if model is None:
            raise ConfigError(
                f"embedder.config.model: the local embedder is {LOCAL_MODEL}, or {MULTILINGUAL_MODEL} for "
                f"other languages than English; for {keys.model!r} set embedder.provider to a service that "
                f"has it, such as 'openai' or 'ollama'"
            )
    elif row.name == "huggingface" and keys.base_url is None:
        if model is None or keys.model is None:
            raise ConfigError(
                f"embedder.provider 'huggingface' runs no models here but {LOCAL_MODEL} and "
                f"{MULTILINGUAL_MODEL}: use one of these, set embedder.config.huggingface_base_url to an "
                f"inference server, or use 'sentence_transformers', 'fastembed', 'ollama' or 'langchain'"
            )
    else:
        return chosen
    return chosen.model_copy(
        update={"provider": "default", "config": keys.model_copy(update={"model": model})}
    )


def _dimension(config: MemoryConfig, row: Provider, of_embedder: int | None) -> int | None:
    of_store = config.vector_store.config.embedding_model_dims
    if row.protocol == "none":
        return None
    if row.protocol == "local":
        for path, given in (
            ("embedder.config.embedding_dims", of_embedder),
            ("vector_store.config.embedding_model_dims", of_store),
        ):
            if given not in (None, LOCAL_DIMENSION):
                raise ConfigError(
                    f"{path}: the local embedder makes vectors of {LOCAL_DIMENSION}, got {given}"
                )
        return LOCAL_DIMENSION
    if of_embedder is not None and of_store is not None and of_embedder != of_store:
        raise ConfigError(
            f"vector_store.config.embedding_model_dims: expected {of_embedder}, which is "
            f"embedder.config.embedding_dims, got {of_store}"
        )
    return of_embedder if of_embedder is not None else of_store


def _reranker(config: MemoryConfig, environ: Mapping[str, str]) -> RerankerSettings | None:
    chosen = config.reranker
    if not chosen.switch:
        return None
    row, keys = provider("reranker", chosen.provider), chosen.config
    settled = _provider("reranker", chosen, config.http, environ)
    assert isinstance(keys, RerankerConfig)
    if row.protocol == "llm" and provider("llm", config.llm.provider).protocol == "none":
        raise ConfigError("reranker.provider: 'llm' asks the language model, so set llm.provider, too")
    if row.name == "qwen" and not settled["model"].startswith("qwen3-rerank"):
        settled["base_url"] = Url(settled["base_url"].replace(*DASHSCOPE_RERANK))
    return RerankerSettings(
        **settled, top_n=keys.top_n, max_candidates=keys.max_candidates, batch_size=row.max_batch
    )


def _intelligent_memory(config: MemoryConfig) -> IntelligentMemory:
    decay = config.memory_decay
    if not decay.enabled:
        return config.intelligent_memory.model_copy(update={"enabled": False})
    if decay.forgetting_rate is None:
        return config.intelligent_memory
    return config.intelligent_memory.model_copy(update={"decay_rate": decay.forgetting_rate})


# Credentials are hashed for comparison, with a salt that only this process knows.
_SALT = secrets.token_bytes(32)

_PLAIN = (str, bytes, int, float, bool, type(None))


_FILES = ("ssl_ca", "ssl_cert", "ssl_key", "unix_socket")


def located(settings: Settings) -> Settings:
    """Return the settings with absolute paths.

    The working directory may change later, and the paths must still lead to the same files.
    """
    config: Any = settings.store.config
    update: dict[str, str] = {}
    if isinstance(config, SQLiteConfig) and is_in_file(config):
        update["database_path"] = absolute(config.database_path, "vector_store.config.database_path")
    elif isinstance(config, OceanBaseConfig) and not (config.host or config.unix_socket):
        update["ob_path"] = absolute(config.ob_path, "vector_store.config.ob_path")
    for name in _FILES:
        # Some may hold keywords instead, such as "system" for the system's certificates.
        value = getattr(config, name, None)
        if value is not None and os.path.exists(value):
            update[name] = os.path.abspath(value)
    if not update:
        return settings
    return replace(settings, store=replace(settings.store, config=config.model_copy(update=update)))


def is_in_file(config: SQLiteConfig) -> bool:
    """Tell whether the database is in a file, which others can open."""
    return config.database_path.strip() not in ("", ":memory:") and not config.database_path.startswith(
        "file:"
    )


def identity_of(settings: Settings, conn: object, *options: Hashable) -> Hashable | None:
    """Return a key that is equal for configurations that one engine can serve.

    Args:
        settings: the resolved configuration, as ``located`` returns it.
        conn: the caller's database, or ``None``; the key is valid while this object exists.
        options: further values that must be equal.

    Returns:
        ``None`` for a database in the memory of one instance, which cannot be shared.
    """
    config = settings.store.config
    if conn is None and isinstance(config, SQLiteConfig) and not is_in_file(config):
        return None
    return _key(settings), _key(conn), options


def _key(value: Any) -> Hashable:
    cls: type = type(value)
    if isinstance(value, _PLAIN):
        # ``1`` and ``True`` are equal, but different settings.
        return cls.__name__, value
    if isinstance(value, (SecretStr, SecretBytes)):
        secret = value.get_secret_value()
        raw = secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
        return "secret", blake2b(raw, key=_SALT).digest()
    names = _field_names(cls)
    if names is not None:
        return cls, tuple([_key(getattr(value, name)) for name in names])
    if isinstance(value, Mapping):
        return "mapping", frozenset((_key(name), _key(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return "list", tuple(_key(each) for each in value)
    if isinstance(value, (set, frozenset)):
        return "set", frozenset(_key(each) for each in value)
    # Any other object equals only itself.
    return "object", id(value)


@lru_cache
def _field_names(cls: type) -> tuple[str, ...] | None:
    """Return the names of the fields of a model or a dataclass; ``None`` for any other class."""
    if issubclass(cls, BaseModel):
        return tuple(cls.model_fields)
    return tuple(field.name for field in fields(cls)) if is_dataclass(cls) else None
