"""What a program with SQLAlchemy does, in the order in which a guide shows it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from tests.support.chatserver import ChatServer
from tests.support.connecting import orm, sqlalchemy

openai = pytest.importorskip("openai")


@pytest.fixture
def sessions(place: Path, providers: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sessionmaker, and a language model that answers."""
    monkeypatch.setenv("EMBEDDING_PROVIDER", "mock")
    monkeypatch.setenv("LLM_PROVIDER", "none")
    engine = sqlalchemy.create_engine("sqlite:///app.db", connect_args={"check_same_thread": False})
    return orm.sessionmaker(bind=engine)


async def test_a_script_of_tasks(sessions: Any) -> None:
    client = openai.AsyncOpenAI()
    mem = Memory(conn=sessions).llm.register(client)
    mem.attribution(entity_id="user_123", process_id="async_agent")
    mem.config.storage.build()
    response = await client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "I prefer async Python."}]
    )
    assert response.choices[0].message.content == "I see."
    mem.augmentation.wait()
    assert [fact.content for fact in mem.recall("Python")] == ["I prefer async Python."]
    mem.close()
    await client.close()


async def test_a_web_service_with_a_memory_for_each_request(sessions: Any) -> None:
    fastapi = pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    app = fastapi.FastAPI()
    made: list[Memory] = []
    # At the start of the service; nobody closes this one.
    Memory(conn=sessions).config.storage.build()

    async def chat(user_id: str, text: str) -> dict[str, Any]:
        async with openai.AsyncOpenAI() as client:
            mem = Memory(conn=sessions).llm.register(client)
            made.append(mem)
            mem.attribution(entity_id=user_id, process_id="fastapi_async")
            response = await client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": text}]
            )
        return {"response": response.choices[0].message.content}

    app.post("/chat/{user_id}")(chat)
    users = {f"u{number}": f"I like tea number {number}." for number in range(4)}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as caller:
        calls = [caller.post(f"/chat/{user}", params={"text": text}) for user, text in users.items()]
        assert [reply.json()["response"] for reply in await asyncio.gather(*calls)] == ["I see."] * 4
    for memory in made:
        memory.augmentation.wait()
    for user, text in users.items():
        assert [item["memory"] for item in made[0].get_all(user_id=user)["results"]] == [text]
    for memory in made:
        memory.close()
