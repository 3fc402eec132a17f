"""What a process does that serves memories and nothing else."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from powermem.server import create_app
from powermem.server.process import _permanent


async def test_what_exists_after_the_start_is_exempt_from_garbage_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[bool] = []
    app = create_app(
        {
            "vector_store": {"config": {"database_path": str(tmp_path / "m.db")}},
            "embedder": {"provider": "mock"},
            "llm": {"provider": "none"},
        }
    )
    memory = app.state.powermem.memory
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(memory._access.components is not None))
    async with _permanent(app).router.lifespan_context(app):
        # What is loaded before the store opens, and then what that needed.
        assert frozen == [False, True]
