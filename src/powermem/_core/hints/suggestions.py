"""Suggestions for an unknown name, by meaning first, then by similar letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..masking import MASK, is_key

_SHOWN = 60


def _words(table: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in table.items()}


_OPENAI_COMPATIBLE = {
    "xai": "https://api.x.ai/v1",
    "grok": "https://api.x.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "mistralai": "https://api.mistral.ai/v1",
    "moonshot": "https://api.moonshot.ai/v1",
    "kimi": "https://api.moonshot.ai/v1",
    "together": "https://api.together.xyz/v1",
    "togetherai": "https://api.together.xyz/v1",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "perplexity": "https://api.perplexity.ai",
    "cerebras": "https://api.cerebras.ai/v1",
    "nvidia": "https://integrate.api.nvidia.com/v1",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "minimax": "https://api.minimax.io/v1",
    "doubao": "https://ark.cn-beijing.volces.com/api/v3",
    "volcengine": "https://ark.cn-beijing.volces.com/api/v3",
    "github": "https://models.github.ai/inference",
    "litellm": "http://localhost:4000/v1",
    "llamacpp": "http://localhost:8080/v1",
    "localai": "http://localhost:8080/v1",
    "jan": "http://localhost:1337/v1",
    "jina": "https://api.jina.ai/v1",
    "jinaai": "https://api.jina.ai/v1",
    "voyage": "https://api.voyageai.com/v1",
    "voyageai": "https://api.voyageai.com/v1",
    "nomic": "http://localhost:11434/v1",
    "vllm": "http://localhost:8000/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
}
"""Services that speak OpenAI's protocol and have no name of their own here."""

_SAME: Mapping[str, frozenset[str]] = _words(
    {
        "openai": "gpt chatgpt openaichat openaillm oai o1 o3 o4 chatopenai textembedding",
        "openai_structured": "structured",
        "azure": "azureai azureoai microsoft",
        "azure_openai": "azure azureai azureoai microsoft",
        "anthropic": "claude sonnet haiku opus",
        "gemini": "google googleai googlegenai googlegemini palm bard genai vertex vertexai",
        "qwen": "dashscope tongyi alibaba aliyun bailian qwq",
        "zai": "zhipu zhipuai glm bigmodel chatglm",
        "siliconflow": "siliconcloud",
        "ollama": "llama llama2 llama3 mixtral phi gemma",
        "lmstudio": "lms",
        "aws_bedrock": "bedrock aws amazon titan",
        "langchain": "langgraph",
        "huggingface": "hf transformers tei textembeddingsinference",
        "tei": "huggingface hf crossencoder bge bgereranker local",
        "generic": "voyage voyageai mixedbread http custom",
        "default": ("minilm allminilml6v2 onnx builtin"),
        "sentence_transformers": "sbert sentencetransformer",
        "none": "off disabled disable no null false rules rule rulebased",
        "sqlite": "sqlite3 file disk local memory inmemory aiosqlite pysqlite",
        "postgres": (
            "postgresql pg psql psycopg psycopg2 psycopg3 asyncpg timescale timescaledb supabase neon "
            "cockroachdb postgre pgsql alloydb rds"
        ),
        "mysql": "azuremysql pymysql asyncmy aiomysql tidb percona aurora",
        "mariadb": "maria",
        "oceanbase": "ob obvector pyobvector obcloud",
        "seekdb": "pyseekdb pylibseekdb",
    }
)

# fmt: off
_OTHER_STORES = frozenset({
    "annoy", "astradb", "azureaisearch", "baidu", "cassandra", "chroma", "chromadb", "clickhouse",
    "databricks", "duckdb", "dynamodb", "elastic", "elasticsearch", "faiss", "hnswlib", "kuzu", "lance",
    "lancedb", "langchain", "llamaindex", "marqo", "memgraph", "milvus", "mongo", "mongodb", "mssql",
    "neo4j", "neptune", "opensearch", "oracle", "oracledb", "pinecone", "qdrant", "redis", "s3vectors",
    "sqlserver", "tcvectordb", "turbopuffer", "typesense", "upstash", "upstashvector", "usearch", "valkey",
    "vertexaivectorsearch", "vespa", "weaviate", "zilliz"
})
# fmt: on

_NO_EMBEDDINGS = {
    name: f"{name} has no embeddings: use 'openai', 'ollama', or 'default', which runs on this machine; "
    for name in ("anthropic", "claude", "deepseek", "grok", "xai", "moonshot", "kimi", "groq", "openrouter")
}

_SAME_KEYS: Mapping[str, frozenset[str]] = _words(
    {
        "api_key": "apikey key openaiapikey token apitoken secretkey authtoken",
        "base_url": "apibase url endpoint host baseurl openaiapibase apiurl address apibaseurl",
        "model": "modelname modelid name llmmodel embeddingmodel deploymentname",
        "embedding_dims": (
            "dimension dimensions dim embeddingdim embeddingdimension vectorsize size "
            "embeddingdimensions embeddingmodeldims"
        ),
        "embedding_model_dims": (
            "dimension dimensions dim dims embeddingdims embeddingdim vectorsize size embeddingdimension"
        ),
        "database_path": (
            "path dbpath file filename sqlitepath databasefile dbfile location persistdirectory "
            "dbname database url dburl dsn connectionstring"
        ),
        "connection_string": "dsn uri url dburl databaseurl connectionurl conninfo connstr",
        "user": "username dbuser login usr",
        "password": "passwd pass pwd dbpassword",
        "host": "hostname server address dbhost url",
        "db_name": "databasename schema name db",
        "collection_name": "collection table tablename index indexname namespace",
        "sslmode": "ssl tls usessl",
        "max_tokens": "maxtoken maxcompletiontokens maxoutputtokens numpredict",
        "timeout": "requesttimeout timeoutseconds readtimeout",
        "vector_store": (
            "store storage storagetype storageconfig db vectorstores vectordb vectorstoreconfig "
            "memorystore backend databaseconfig sqlite dburl"
        ),
        "llm": "model llms languagemodel chat llmconfig llmprovider chatmodel openai",
        "embedder": (
            "embeddings embeddingmodel embed embedders embedderconfig embeddingprovider embeddingconfig"
        ),
        "reranker": "rerank reranking rerankerconfig",
        "graph_store": "graph graphstoreconfig",
        "processing": "background worker workers",
        "budget": "quota limits budgets",
        "http": "proxy network requests",
        "timezone": "tz zone",
        "custom_fact_extraction_prompt": ("customprompt factextractionprompt prompt extractionprompt"),
        "provider": "type name kind vendor backend",
        "config": "settings options params args kwargs",
    }
)


def shown_name(name: object) -> str:
    """Return a name that a user wrote as it may be quoted: no key or password, and not too long."""
    text = str(name)
    if is_key(text):
        return repr(MASK)
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the name that was probably meant, by its letters."""
    from difflib import get_close_matches

    by_lower = {known.lower(): known for known in names}
    close = get_close_matches(name.lower()[:_SHOWN], by_lower, n=1, cutoff=cutoff)
    return by_lower[close[0]] if close else None


def unknown_provider(name: str, names: Iterable[str], kind: str) -> str:
    """Word the complaint about a provider that does not exist.

    Args:
        name: the unknown name.
        names: the providers of this kind.
        kind: ``"llm"``, ``"embedder"``, ``"reranker"``, ``"vision"``, ``"audio_llm"`` or ``"vector_store"``.
    """
    names = tuple(names)
    listed = ", ".join(names)
    if is_key(name):
        belongs = "addresses and passwords belong" if kind == "vector_store" else "keys belong"
        return f"unknown provider {MASK!r}; {belongs} in {kind}.config; known: {listed}"
    hint = _provider_hint(_plain(name), names, kind)
    return f"unknown provider {shown_name(name)}; {hint}known: {listed}"


def unknown_key(key: str, keys: Iterable[str], below: Iterable[str] = ()) -> str:
    """Word the complaint about a key that does not exist.

    Args:
        key: the unknown key.
        keys: the allowed keys.
        below: the allowed keys of ``config`` there, if it has one.
    """
    keys, plain = tuple(keys), _plain(key)
    meant = _by_meaning(plain, keys, _SAME_KEYS)
    if meant is None and (inside := _by_meaning(plain, below, _SAME_KEYS)) is not None:
        meant = f"config.{inside}"
    meant = meant or nearest(key, keys)
    hint = f"did you mean {meant!r}? " if meant else ""
    return f"unknown key; {hint}allowed: {', '.join(keys)}"


def _provider_hint(plain: str, names: tuple[str, ...], kind: str) -> str:
    if kind == "embedder" and plain in _NO_EMBEDDINGS:
        return _NO_EMBEDDINGS[plain]
    if kind == "vector_store":
        if hint := _store_hint(plain):
            return hint
    elif _by_meaning(plain, names, _SAME) is None and (hint := _model_hint(plain, names, kind)):
        return hint
    # People also write the name of a model, such as "gpt-4o": so its first letters are tried too.
    family = re.split(r"[^a-z]", plain, maxsplit=1)[0]
    meant = _by_meaning(plain, names, _SAME) or _by_meaning(family, names, _SAME) or nearest(plain, names)
    return f"did you mean {meant!r}? " if meant else ""


def _store_hint(plain: str) -> str:
    if plain in _OTHER_STORES:
        return "there is no store for it; 'sqlite' keeps vectors too and needs nothing installed; "
    if "://" in plain or plain.endswith((".db", ".sqlite")):
        return "write the kind of database here and its address in config; "
    return ""


def _model_hint(plain: str, names: tuple[str, ...], kind: str) -> str:
    if kind in ("llm", "vision") and plain in ("local", "default", "huggingface", "hf"):
        return "for a model on this machine use 'ollama', 'lmstudio' or 'vllm'; 'none' does without a model; "
    if plain in _OPENAI_COMPATIBLE and "openai" in names:
        address = _OPENAI_COMPATIBLE[plain]
        return f"it speaks OpenAI's protocol: set provider 'openai' and config.base_url {address!r}; "
    return ""


def _by_meaning(plain: str, names: Iterable[str], same: Mapping[str, frozenset[str]]) -> str | None:
    for name in names:
        if plain == _plain(name) or plain in same.get(name, frozenset()):
            return name
    return None


def _plain(name: str) -> str:
    """Return a name without the marks that separate its words."""
    return re.sub(r"[\s_\-.:]+(?!//)", "", name.strip().lower()[:200])
