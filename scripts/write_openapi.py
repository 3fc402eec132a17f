"""Write the description of the server's routes to ``docs/openapi.json``; a test compares the two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from powermem.server import create_app

TARGET = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"

CONFIG: dict[str, Any] = {
    "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}},
    "llm": {"provider": "none"},
    "embedder": {"provider": "none"},
}


def description() -> str:
    """Return the description as the file holds it."""
    return json.dumps(create_app(CONFIG).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(description(), "utf-8")
