"""Which providers are known, and how a program adds its own."""

from __future__ import annotations

from typing import Any

import pytest

from powermem.config import MemoryConfig
from powermem.config.registry import known, known_stores, register_embedder, register_llm, require_available
from powermem.config.tables import DETECTED, EMBEDDERS, LLMS, RERANKERS, STORES
from powermem.errors import ConfigError


def complaint(**data: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        MemoryConfig(**data)
    return str(caught.value)


def test_the_tables_are_complete() -> None:
    assert set(known("llm")) >= {
        "openai", "openai_structured", "azure", "qwen", "deepseek", "siliconflow", "vllm", "ollama",
        "lmstudio", "zai", "gemini", "openrouter", "anthropic", "langchain", "none", "noop", "qwen_asr",
    }  # fmt: skip
    assert set(known("embedder")) >= {
        "default", "local", "openai", "qwen", "siliconflow", "huggingface", "ollama", "lmstudio",
        "azure_openai", "gemini", "vertexai", "together", "aws_bedrock", "zai", "langchain", "ob_mass",
        "mock", "none",
    }  # fmt: skip
    assert set(known("reranker")) == {
        "qwen", "jina", "zai", "cohere", "tei", "llm", "generic", "zero_entropy", "llm_reranker",
        "huggingface", "sentence_transformer",
    }  # fmt: skip
    assert set(known_stores()) == {
        "sqlite",
        "oceanbase",
        "seekdb",
        "postgres",
        "pgvector",
        "mysql",
        "mariadb",
    }
    assert set(DETECTED) <= set(LLMS)
    for row in (*LLMS.values(), *EMBEDDERS.values(), *RERANKERS.values()):
        assert not row.needs_key or row.api_key_env or row.instead or row.name == "ob_mass", row.name
        assert row.base_url is None or row.base_url.startswith(("https://", "http://localhost:")), row.name
        assert row.protocol != "openai" or row.base_url or row.base_url_env or row.instead, row.name
    for name in STORES:
        assert MemoryConfig(vector_store={"provider": name}).vector_store.provider == name


@pytest.mark.parametrize("provider", [name for name in LLMS if name != "langchain"])
def test_every_llm_takes_the_common_keys(provider: str) -> None:
    section = {
        "provider": provider,
        "config": {"api_key": "k", "model": "m", "temperature": 0.1, "max_tokens": 5, "top_p": 0.5,
                   "top_k": 2, "timeout": 3, "max_retries": 0, "max_concurrency": 1, "enable_vision": False},
    }  # fmt: skip
    assert MemoryConfig(llm=section).llm.config.model == "m"


def test_every_store_can_be_opened() -> None:
    for name in known_stores():
        require_available(name)
    with pytest.raises(ConfigError, match="did you mean 'sqlite'"):
        require_available("sqllite")


def test_registering_a_provider() -> None:
    register_llm("Test-LLM", dict)
    register_embedder("test-embedder", dict)
    assert "test-llm" in known("llm")
    assert "test-embedder" in known("embedder")
    config = MemoryConfig(llm={"provider": "test-llm", "config": {"anything": 1, "max_concurrency": 2}})
    assert config.llm.config.max_concurrency == 2
    assert "test-embedder" in complaint(embedder={"provider": "test-llm"})
    assert complaint(llm={"provider": "test-llm", "config": {"max_concurrency": "x"}}) == (
        "llm.config.max_concurrency: expected an integer, got 'x'"
    )


@pytest.mark.parametrize(
    ("name", "cls", "said"),
    [
        ("openai", dict, "built in"),
        (" ", dict, "not blank"),
        (3, dict, "not blank"),
        ("mine", "not a class", "must be a class or function, got str"),
    ],
)
def test_registering_nonsense(name: Any, cls: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        register_llm(name, cls)
