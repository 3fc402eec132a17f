"""Resolved configurations."""

from __future__ import annotations

from typing import Any

import pytest

from powermem.config import MemoryConfig, Settings, resolve
from powermem.config.registry import register_embedder, register_llm
from powermem.config.tables import EMBEDDERS, LLMS, RERANKERS
from powermem.errors import ConfigError


def settle(environ: dict[str, str] | None = None, **config: Any) -> Settings:
    return resolve(config, environ or {})


def llm(provider: str, **config: Any) -> dict[str, Any]:
    return {"llm": {"provider": provider, "config": config}}


def embedder(provider: str, **config: Any) -> dict[str, Any]:
    return {"embedder": {"provider": provider, "config": config}}


def complaint(environ: dict[str, str] | None = None, **config: Any) -> str:
    MemoryConfig(**config)
    with pytest.raises(ConfigError) as caught:
        resolve(config, environ or {})
    return str(caught.value)


def test_nothing_configured() -> None:
    settings = settle()
    assert (settings.llm.provider, settings.llm.protocol) == ("none", "none")
    assert (settings.embedder.provider, settings.embedder.protocol) == ("default", "local")
    assert (settings.embedder.model, settings.embedder.dimension) == ("all-MiniLM-L6-v2", 384)
    assert settings.reranker is None
    assert (settings.store.provider, settings.store.dialect) == ("sqlite", "sqlite")
    assert settings.ignored == ()
    assert settings == resolve(MemoryConfig(), {})


@pytest.mark.parametrize("given", [[], "config.json", 3, {1: 2}])
def test_what_is_no_configuration(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"^config: "):
        resolve(given, {})


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("openai", "https://api.openai.com/v1"),
        ("qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
        ("deepseek", "https://api.deepseek.com/v1"),
        ("siliconflow", "https://api.siliconflow.cn/v1"),
        ("vllm", "http://localhost:8000/v1"),
        ("ollama", "http://localhost:11434/v1"),
        ("lmstudio", "http://localhost:1234/v1"),
        ("zai", "https://open.bigmodel.cn/api/paas/v4"),
        ("gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("openrouter", "https://openrouter.ai/api/v1"),
        ("anthropic", "https://api.anthropic.com/v1"),
    ],
)
def test_the_vendors_addresses(provider: str, url: str) -> None:
    settings = settle(**llm(provider, api_key="k", model="m")).llm
    assert settings.base_url == url
    assert settings.protocol == ("anthropic" if provider == "anthropic" else "openai")


@pytest.mark.parametrize(
    ("provider", "given", "used"),
    [
        ("ollama", "http://box:11434", "http://box:11434/v1"),
        ("ollama", "http://box:11434/", "http://box:11434/v1"),
        ("ollama", "http://box:11434/v1", "http://box:11434/v1"),
        ("ollama", "http://box/proxy/ollama", "http://box/proxy/ollama"),
        ("vllm", "http://box:8000", "http://box:8000/v1"),
        ("lmstudio", "http://box:1234", "http://box:1234/v1"),
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1"),
        ("qwen", "https://dashscope-intl.aliyuncs.com/api/v1", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("qwen", "https://proxy.example/qwen", "https://proxy.example/qwen"),
        ("openai", "http://box:9000", "http://box:9000"),
    ],
)  # fmt: skip
def test_addresses_that_were_given(provider: str, given: str, used: str) -> None:
    assert settle(**llm(provider, api_key="k", model="m", base_url=given)).llm.base_url == used


def test_a_reranker() -> None:
    section = {"enabled": True, "provider": "qwen", "config": {"api_key": "k", "top_n": 4}}
    reranker = settle(reranker=section).reranker
    assert reranker is not None
    assert (reranker.model, reranker.top_n) == ("qwen3-rerank", 4)
    assert reranker.base_url == "https://dashscope.aliyuncs.com/compatible-api/v1/reranks"
    native = {**section, "config": {"api_key": "k", "api_base_url": "https://dashscope.aliyuncs.com/api/v1"}}
    again = settle(reranker=native).reranker
    assert again is not None
    assert again.base_url == reranker.base_url
    assert settle(reranker={**section, "enabled": False}).reranker is None
    assert complaint(reranker={"enabled": True, "provider": "generic"}).startswith(
        "reranker.config.base_url: required"
    )


def test_the_language_model_as_a_reranker() -> None:
    section = {"enabled": True, "provider": "llm", "config": {"timeout": 5}}
    settings = settle(reranker=section, **llm("openai", api_key="k"))
    assert settings.reranker is not None
    assert (settings.reranker.protocol, settings.reranker.max_candidates) == ("llm", 30)
    # The language model has its own.
    assert settings.ignored == ("reranker.config.timeout",)
    assert "set llm.provider" in complaint(reranker=section)


@pytest.mark.parametrize("kind", ["llm", "embedder", "reranker"])
def test_a_missing_key_is_missed(kind: str) -> None:
    table = {"llm": LLMS, "embedder": EMBEDDERS, "reranker": RERANKERS}[kind]
    address = {"base_url": "https://host.example/v1"}
    deployment = {"deployment": "d"}
    for row in table.values():
        if row.instead or row.protocol in ("langchain", "llm"):
            continue
        config = {**(address if row.protocol not in ("none", "local", "mock") else {})}
        config |= {"aws_region": "r"} if row.protocol == "bedrock" else {}
        config |= deployment if row.protocol == "azure" else {"model": "all-MiniLM-L6-v2"}
        section: dict[str, Any] = {kind: {"provider": row.name, "config": config}}
        if kind == "reranker":
            section[kind]["enabled"] = True
        if not row.needs_key:
            resolve(section, {})
            continue
        said = complaint(**section)
        assert said.startswith(f"{kind}.config.api_key: required for provider {row.name!r}"), said
        for variable in row.api_key_env:
            assert variable in said
            found = getattr(resolve(section, {variable: " from-outside "}), kind)
            assert found.api_key.get_secret_value() == "from-outside"
        section[kind]["config"] = {**config, "api_key": "configured"}
        kept = getattr(resolve(section, dict.fromkeys(row.api_key_env, "other")), kind)
        assert kept.api_key.get_secret_value() == "configured"


def test_the_processs_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "from-outside")
    found = resolve(llm("deepseek")).llm.api_key
    assert found is not None
    assert found.get_secret_value() == "from-outside"


def test_one_vendors_key_is_not_sent_to_another() -> None:
    every = {name: "k" for row in LLMS.values() if row.name != "siliconflow" for name in row.api_key_env}
    assert "SILICONFLOW_API_KEY" in complaint({**every, "LLM_API_KEY": "k"}, **llm("siliconflow"))


def test_options_are_what_was_set() -> None:
    settings = settle(**llm("openai", api_key="k", temperature=0, top_k=4, store=True, max_tokens=None)).llm
    assert settings.options == {"temperature": 0.0, "store": True}
    qwen = settle(**llm("qwen", api_key="k", top_k=4, search_params={"a": 1})).llm
    assert qwen.options == {"top_k": 4, "search_options": {"a": 1}}
    assert settle(**llm("openai", api_key="k", top_k=4)).ignored == ("llm.config.top_k",)


def test_limits_come_from_http_unless_set() -> None:
    http = {"read_timeout": 7, "max_retries": 1}
    settings = settle(
        http=http, **llm("ollama"), **embedder("ollama", timeout=2, max_retries=0, max_concurrency=3)
    )
    assert (settings.llm.timeout, settings.llm.max_retries, settings.llm.max_concurrency) == (7, 1, 64)
    assert (settings.embedder.timeout, settings.embedder.max_retries, settings.embedder.max_concurrency) == (
        2,
        0,
        3,
    )


def test_azure() -> None:
    config = {
        "azure_endpoint": "https://r.openai.azure.com/",
        "api_key": "k",
        "deployment_name": "gpt 4",
        "api_version": "v",
    }
    settings = settle(**llm("azure", **config)).llm
    assert settings.base_url == "https://r.openai.azure.com/openai/deployments/gpt%204"
    assert (settings.protocol, settings.query, settings.model) == ("azure", {"api-version": "v"}, "gpt 4")
    token = settle(
        **llm("azure", azure_endpoint="https://r", model="m", azure_ad_token_provider=lambda: "t")
    ).llm
    assert token.api_key is None
    assert token.token_provider is not None
    assert token.token_provider() == "t"
    assert complaint(**llm("azure", api_key="k", model="m")).startswith("llm.config.azure_endpoint: required")
    assert complaint(**llm("azure", api_key="k", base_url="https://r")).startswith(
        "llm.config.deployment: required"
    )
    said = complaint(**llm("azure", model="m", base_url="https://r", azure_ad_token_provider="t"))
    assert said.startswith("llm.config.azure_ad_token_provider: expected a function")
    same = settle(
        **embedder("azure_openai", azure_endpoint="https://r", azure_deployment="e", api_key="k")
    ).embedder
    assert same.base_url == "https://r/openai/deployments/e"


def test_anthropic_with_a_token() -> None:
    settings = settle(**llm("anthropic", auth_token="t")).llm
    assert settings.api_key is None
    assert settings.headers["Authorization"].get_secret_value() == "Bearer t"


def test_headers() -> None:
    settings = settle(
        **llm("openrouter", api_key="k", site_url="https://a", default_headers={"X-A": "b"})
    ).llm
    assert {name: value.get_secret_value() for name, value in settings.headers.items()} == {
        "X-A": "b",
        "HTTP-Referer": "https://a",
    }


@pytest.mark.parametrize("provider", ["vllm", "lmstudio"])
def test_a_model_without_default(provider: str) -> None:
    assert complaint(**llm(provider)).startswith(f"llm.config.model: required for provider {provider!r}")


class ChatModel:
    model_name = "parrot"


def test_langchain() -> None:
    client = ChatModel()
    settings = settle(
        **llm("langchain", model=client), **embedder("langchain", model=client, embedding_dims=3)
    )
    assert settings.llm.client is client
    assert (settings.llm.protocol, settings.llm.model) == ("langchain", "parrot")
    assert (settings.embedder.client, settings.embedder.dimension) == (client, 3)
    for wrong in ({}, {"model": "gpt-4"}):
        assert complaint(**llm("langchain", **wrong)).startswith(
            "llm.config.model: expected a LangChain chat model"
        )


@pytest.mark.parametrize(
    "section",
    [
        {"provider": "default"},
        {"provider": "local", "config": {"embedding_dims": 384}},
        {"provider": "huggingface", "config": {"model": "all-MiniLM-L6-v2"}},
        {"provider": "huggingface", "config": {"model": "sentence-transformers/all-MiniLM-L6-v2"}},
    ],
)
def test_the_local_embedder_has_one_identity(section: dict[str, Any]) -> None:
    assert settle(embedder=section).embedder == settle().embedder


@pytest.mark.parametrize("provider", ["default", "local", "huggingface"])
@pytest.mark.parametrize(
    "model",
    ["multilingual-e5-small", "intfloat/multilingual-e5-small", "Multilingual-E5-Small", "multilingual"],
)
def test_the_multilingual_embedder_has_one_identity(provider: str, model: str) -> None:
    found = settle(**embedder(provider, model=model)).embedder

    assert (found.provider, found.model, found.dimension) == ("default", "multilingual-e5-small", 384)


def test_embedders_that_cannot_be_used() -> None:
    assert complaint(**embedder("aws_bedrock")).startswith("embedder.config.aws_region: required")
    assert "all-MiniLM-L6-v2" in complaint(**embedder("huggingface", model="BAAI/bge-m3"))
    assert "all-MiniLM-L6-v2" in complaint(**embedder("huggingface"))
    assert complaint(**embedder("default", model="bge")).startswith(
        "embedder.config.model: the local embedder is"
    )
    assert complaint(**embedder("default", embedding_dims=5)).startswith(
        "embedder.config.embedding_dims: the local"
    )
    assert "audio_llm" in complaint(**llm("qwen_asr", api_key="k"))
    assert complaint(**embedder("ob_mass", api_key="k", model="m")).startswith(
        "embedder.config.base_url: required"
    )


def test_an_inference_server_of_hugging_face() -> None:
    server = {"huggingface_base_url": "http://tei:8080", "model": "BAAI/bge-m3"}
    settings = settle(**embedder("huggingface", **server)).embedder
    assert (settings.protocol, settings.base_url) == ("openai", "http://tei:8080/v1")


def test_the_length_of_vectors() -> None:
    store: dict[str, Any] = {"vector_store": {"provider": "sqlite", "config": {"embedding_model_dims": 1536}}}
    asked = settle(**embedder("qwen", api_key="k"), **store).embedder
    assert (asked.dimension, asked.pass_dimensions) == (1536, True)
    assert settle(**embedder("ollama", embedding_dims=768)).embedder.pass_dimensions is False
    assert (
        settle(**embedder("ollama", embedding_dims=768, pass_dimensions=True)).embedder.pass_dimensions
        is True
    )
    assert settle(**embedder("openai", api_key="k")).embedder.dimension is None
    assert settle(**embedder("none"), **store).embedder.dimension is None
    said = complaint(**embedder("openai", api_key="k", embedding_dims=512), **store)
    assert said == (
        "vector_store.config.embedding_model_dims: expected 512, which is embedder.config.embedding_dims, "
        "got 1536"
    )
    assert complaint(**store).startswith("vector_store.config.embedding_model_dims: the local embedder makes")


def test_batches_keep_to_the_vendors_limit() -> None:
    assert settle(**embedder("openai", api_key="k")).embedder.batch_size == 128
    assert settle(**embedder("qwen", api_key="k", batch_size=64)).embedder.batch_size == 10
    assert settle(**embedder("gemini", api_key="k", batch_size=5)).embedder.batch_size == 5


def test_older_names_of_decay() -> None:
    settings = settle(intelligent_memory={"decay_rate": 2}, memory_decay={"forgetting_rate": 3})
    assert settings.intelligent_memory.decay_rate == 3
    assert settle(intelligence={"decay_rate": 2}).intelligent_memory.decay_rate == 2
    assert settle(memory_decay={"enabled": False}).intelligent_memory.enabled is False


def test_prompts_and_security() -> None:
    settings = settle(
        custom_fact_extraction_prompt="F", custom_update_memory_prompt="U", security={"require_scope": True}
    )
    assert (settings.prompts.fact_extraction, settings.prompts.update_memory) == ("F", "U")
    assert settings.security.require_scope


class Mine:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config


def test_a_registered_provider_gets_what_was_written() -> None:
    register_llm("mine", Mine)
    register_embedder("mine", Mine)
    written = {
        "api_key": "secret-1",
        "region": "eu",
        "nested": {"token": "secret-2", "n": [1, "a"]},
        "url": "http://u:p@h/",
    }
    settings = settle(**llm("mine", **written), **embedder("mine", **written))
    for part in (settings.llm, settings.embedder):
        assert part.protocol == "custom"
        assert part.build().config == written
        assert "secret-" not in repr(part)
        assert "u:p" not in repr(part)
    with pytest.raises(ConfigError, match="not a registered one"):
        settle().llm.build()
