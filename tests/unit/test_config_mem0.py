"""Configurations written for mem0 2.2: every section, provider and key is mapped, ignored or refused."""

from __future__ import annotations

from typing import Any

import pytest

from powermem.config import MemoryConfig, resolve
from powermem.errors import ConfigError

# What every class of a language model's settings takes in mem0.
BASE = {
    "model": "m", "temperature": 0.1, "api_key": "k", "max_tokens": 2000, "top_p": 0.1, "top_k": 1,
    "enable_vision": False, "vision_details": "auto", "http_client_proxies": None,
}  # fmt: skip
REASONING = {**BASE, "reasoning_effort": "low", "is_reasoning_model": None}
AZURE = {"azure_deployment": "d", "azure_endpoint": "https://a.example", "api_version": "v", "api_key": "k"}

# Each language model of mem0: its settings there, and the address that is called here.
LLMS: dict[str, tuple[dict[str, Any], str]] = {
    "ollama": ({**BASE, "ollama_base_url": "http://o:1"}, "http://o:1/v1"),
    "openai": (
        {**REASONING, "openai_base_url": None, "models": None, "route": "fallback", "store": False,
         "openrouter_base_url": None, "site_url": None, "app_name": None, "response_callback": None},
        "https://api.openai.com/v1"),
    "openai_structured": (REASONING, "https://api.openai.com/v1"),
    "groq": (REASONING, "https://api.groq.com/openai/v1"),
    "together": (REASONING, "https://api.together.xyz/v1"),
    "litellm": ({**REASONING, "base_url": "http://l:4000"}, "http://l:4000/v1"),
    "azure_openai": ({**REASONING, "azure_kwargs": AZURE}, "https://a.example/openai/deployments/d"),
    "azure_openai_structured": (
        {**REASONING, "azure_kwargs": {**AZURE, "default_headers": {"x-a": "b"}}},
        "https://a.example/openai/deployments/d"),
    "anthropic": (
        {**BASE, "anthropic_base_url": None, "enable_sampling_parameters": None},
        "https://api.anthropic.com/v1"),
    "gemini": (
        {**BASE, "vertexai": None, "project": None, "location": None},
        "https://generativelanguage.googleapis.com/v1beta/openai"),
    "deepseek": ({**BASE, "deepseek_base_url": "https://d.example"}, "https://d.example"),
    "minimax": ({**BASE, "minimax_base_url": None}, "https://api.minimax.io/v1"),
    "xai": ({**BASE, "xai_base_url": "https://x.example/v1"}, "https://x.example/v1"),
    "sarvam": (REASONING, "https://api.sarvam.ai/v1"),
    "lmstudio": (
        {**BASE, "lmstudio_base_url": "http://l:1/v1", "lmstudio_response_format": None}, "http://l:1/v1"),
    "vllm": ({**BASE, "vllm_base_url": "http://v:1/v1"}, "http://v:1/v1"),
}  # fmt: skip

EMBEDDERS: dict[str, tuple[dict[str, Any], str]] = {
    "openai": ({"openai_base_url": None, "api_key": "k", "embedding_dims": 1536}, "https://api.openai.com/v1"),
    "ollama": ({"ollama_base_url": "http://o:1", "model": "m"}, "http://o:1/v1"),
    "huggingface": (
        {"huggingface_base_url": "http://h:1", "model_kwargs": {"device": "cpu"}, "model": "m"}, "http://h:1/v1"),
    "azure_openai": ({"azure_kwargs": AZURE, "model": "m"}, "https://a.example/openai/deployments/d"),
    "gemini": (
        {"api_key": "k", "output_dimensionality": 768},
        "https://generativelanguage.googleapis.com/v1beta/openai"),
    "together": ({"api_key": "k"}, "https://api.together.xyz/v1"),
    "vertexai": (
        {"vertex_credentials_json": "x.json", "memory_add_embedding_type": "RETRIEVAL_DOCUMENT",
         "memory_update_embedding_type": None, "memory_search_embedding_type": None},
        "https://us-central1-aiplatform.googleapis.com"),
    "aws_bedrock": (
        {"aws_access_key_id": "a", "aws_secret_access_key": "s", "aws_session_token": None,
         "aws_region": "us-west-2"}, "https://bedrock-runtime.us-west-2.amazonaws.com"),
    "lmstudio": ({"lmstudio_base_url": "http://l:1/v1", "model": "m"}, "http://l:1/v1"),
}  # fmt: skip

RERANKERS: dict[str, tuple[dict[str, Any], str | None]] = {
    "cohere": (
        {"model": "rerank-v3.5", "api_key": "k", "top_k": 3, "return_documents": False,
         "max_chunks_per_doc": None}, "https://api.cohere.com/v2/rerank"),
    "zero_entropy": ({"api_key": "k", "top_k": 3}, "https://api.zeroentropy.dev/v1/models/rerank"),
    "llm_reranker": (
        {"model": "m", "provider": "openai", "top_k": 3, "temperature": 0.0, "max_tokens": 100,
         "api_key": "k", "scoring_prompt": None, "llm": None}, None),
}  # fmt: skip

# What is refused: the section, the provider, and a part of what is said to do instead.
REFUSED = (
    ("llm", "aws_bedrock", {"aws_region": "us-east-1", "model_kwargs": {}}, "ChatBedrockConverse"),
    ("llm", "bedrock", {}, "did you mean 'aws_bedrock'?"),
    ("llm", "litellm", {"model": "gpt-4o"}, "it is that of a LiteLLM proxy; without one, set the provider"),
    ("llm", "langchain", {"model": "gpt-4o"}, "expected a LangChain chat model"),
    ("embedder", "langchain", {}, "expected a LangChain embeddings object"),
    ("embedder", "huggingface", {"model": "multi-qa-MiniLM-L6-cos-v1"}, "huggingface_base_url"),
    ("embedder", "groq", {}, "groq has no embeddings"),
    ("reranker", "sentence_transformer", {"device": "cpu", "batch_size": 32}, "use 'tei'"),
    ("reranker", "huggingface", {"max_length": 512, "normalize": True}, "use 'tei'"),
    *(
        ("vector_store", name, {"path": "/tmp/x"}, "there is no store for it; 'sqlite' keeps vectors too")
        for name in (
            "qdrant", "chroma", "milvus", "upstash_vector", "azure_ai_search", "pinecone", "mongodb", "redis",
            "valkey", "databricks", "elasticsearch", "vertex_ai_vector_search", "opensearch", "weaviate",
            "faiss", "langchain", "s3_vectors", "baidu", "cassandra", "neptune", "turbopuffer", "oracledb",
        )
    ),
    ("vector_store", "azure_mysql", {}, "did you mean 'mysql'?"),
    ("vector_store", "supabase", {}, "did you mean 'postgres'?"),
)  # fmt: skip

EMPTY: dict[str, Any] = {"llm": {"provider": "none"}, "embedder": {"provider": "none"}}


def found(section: str, provider: str, config: dict[str, Any], **more: Any) -> Any:
    return resolve({**EMPTY, **more, section: {"provider": provider, "config": config}}, {})


@pytest.mark.parametrize(("provider", "row"), LLMS.items(), ids=list(LLMS))
def test_a_language_model_of_mem0(provider: str, row: tuple[dict[str, Any], str]) -> None:
    llm = found("llm", provider, row[0]).llm
    assert llm.base_url == row[1]
    if "reasoning_effort" in row[0]:
        assert llm.options["reasoning_effort"] == "low"
    assert llm.options["max_tokens"] == 2000


@pytest.mark.parametrize("provider", ["groq", "together", "xai", "minimax", "sarvam"])
def test_a_key_may_come_from_the_variable_of_mem0(provider: str) -> None:
    settings = resolve(
        {**EMPTY, "llm": {"provider": provider}}, {f"{provider.upper()}_API_KEY": "from the environment"}
    )
    assert settings.llm.api_key is not None
    assert settings.llm.api_key.get_secret_value() == "from the environment"
    assert settings.llm.model
    with pytest.raises(ConfigError, match=f"{provider.upper()}_API_KEY"):
        resolve({**EMPTY, "llm": {"provider": provider}}, {})


@pytest.mark.parametrize(("provider", "row"), EMBEDDERS.items(), ids=list(EMBEDDERS))
def test_an_embedder_of_mem0(provider: str, row: tuple[dict[str, Any], str]) -> None:
    assert found("embedder", provider, row[0]).embedder.base_url == row[1]


@pytest.mark.parametrize(("provider", "row"), RERANKERS.items(), ids=list(RERANKERS))
def test_a_reranker_of_mem0(provider: str, row: tuple[dict[str, Any], str | None]) -> None:
    llm = {"provider": "openai", "config": {"api_key": "k"}}
    section = {"provider": provider, "config": row[0], "enabled": True}
    reranker = resolve({**EMPTY, "llm": llm, "reranker": section}, {}).reranker
    assert reranker is not None
    assert reranker.base_url == row[1]
    assert reranker.top_n == 3


@pytest.mark.parametrize(
    ("section", "provider", "config", "said"), REFUSED, ids=[f"{row[0]}-{row[1]}" for row in REFUSED]
)
def test_what_is_refused_says_what_to_write(
    section: str, provider: str, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve({**EMPTY, section: {"provider": provider, "config": config, "enabled": True}}, {}) if (
            section == "reranker"
        ) else found(section, provider, config)
    assert said in str(caught.value)
    assert "unknown key" not in str(caught.value)


def test_pgvector_of_mem0() -> None:
    given = {
        "dbname": "d", "collection_name": "mem0", "embedding_model_dims": 1536, "user": "u", "password": "p",
        "host": "h", "port": 5433, "diskann": True, "hsnw": None, "hnsw": False, "minconn": 2, "maxconn": 7,
        "sslmode": "require", "connection_string": None, "connection_pool": None,
    }  # fmt: skip
    del given["hsnw"]
    store = found("vector_store", "pgvector", given).store.config
    assert (store.host, store.port, store.db_name, store.pool_size) == ("h", 5433, "d", 7)
    assert store.hnsw is False


def test_every_section_of_mem0() -> None:
    config = MemoryConfig(
        vector_store={"provider": "sqlite"},
        llm={"provider": "none"},
        embedder={"provider": "none"},
        history_db_path="/tmp/history.db",
        version="v1.1",
        reranker=None,
        custom_instructions="Only what is about food.",
        custom_fact_extraction_prompt="Find facts.",
        custom_update_memory_prompt="Decide.",
        custom_categories=[{"food": "what they eat"}],
        enable_graph=True,
        graph_store={
            "provider": "neo4j", "custom_prompt": None, "threshold": 0.7,
            "config": {"url": "bolt://x", "username": "neo4j", "password": "p", "database": "neo4j",
                       "base_label": True},
        },
    )  # fmt: skip
    prompts = resolve(config, {}).prompts
    assert prompts.instructions == "Only what is about food."
    assert prompts.fact_extraction == "Find facts."
    assert prompts.update_memory == "Decide."
    assert prompts.categories == {"food": "what they eat"}
    assert set(config.ignored) == {"history_db_path", "enable_graph"}


@pytest.mark.parametrize(
    ("config", "wanted"), [({"vertexai": True}, {"llm.config.vertexai"}), ({"vertexai": False}, set())]
)
def test_only_what_changes_something_is_told(config: dict[str, Any], wanted: set[str]) -> None:
    settings = found("llm", "gemini", {"api_key": "k", **config})
    assert set(settings.ignored) == wanted
