"""What is seen of a memory without asking it anything."""

from __future__ import annotations

from pathlib import Path

from powermem import AsyncMemory

KEY = "sk-abcdefghijklmnop"


async def test_a_memory_shows_store_models_and_state_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "<b>memory</b>.db"
    memory = AsyncMemory(
        {
            "vector_store": {"config": {"database_path": str(path)}},
            "embedder": {"provider": "mock"},
            "llm": {"provider": "openai", "config": {"api_key": KEY, "model": "gpt-x"}},
        }
    )
    assert repr(memory) == (
        f"<{AsyncMemory.__name__}: store sqlite at {path}, embedder mock, facts by openai (gpt-x), "
        "state not open yet>"
    )
    assert not path.exists()
    await memory.initialize()
    assert f"{path}, collection memories" in repr(memory)
    assert "state open>" in repr(memory)
    shown = memory._repr_html_()
    assert "&lt;b&gt;memory&lt;/b&gt;.db" in shown
    assert "<b>" not in shown
    assert KEY not in shown + repr(memory)
    await memory.close()
    assert "state closed>" in repr(memory)


async def test_a_server_is_not_asked() -> None:
    config = {"host": "db.invalid", "user": "u", "password": "pw-17"}
    memory = AsyncMemory(
        {"vector_store": {"provider": "postgres", "config": config}, "embedder": {"provider": "none"}}
    )
    assert "store postgres, embedder none, facts by rules" in repr(memory)


def test_a_memory_that_could_not_be_made_can_be_shown() -> None:
    unmade = AsyncMemory.__new__(AsyncMemory)
    assert repr(unmade) == f"<{AsyncMemory.__name__}: state not constructed>"
