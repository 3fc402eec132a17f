"""Programs written for Memori, run with another import: scripts, web applications, many users at once."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from powermem._sync.engine import ENGINES
from powermem.compat import Memori, QuotaExceededError, UnsupportedLLMProviderError
from powermem.errors import InvalidInputError
from tests._sync.patience import until
from tests.support.chatserver import ChatServer

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

MODEL = "gpt-4o-mini"


class ChatRequest(BaseModel):
    message: str


@pytest.fixture(autouse=True)
def surroundings(chats: ChatServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a program finds: a provider's server, a key of Memori's, and a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        **chats.variables,
        "MEMORI_API_KEY": "your-api-key",
        "LLM_PROVIDER": "none",
        "EMBEDDING_PROVIDER": "mock",
        "DATABASE_PROVIDER": "sqlite",
    }.items():
        monkeypatch.setenv(name, value)
    before = list(ENGINES._engines.values())
    yield
    # What instances that were dropped keep open for the next one ends with the process; here, with the test.
    made = [engine for engine in list(ENGINES._engines.values()) if engine not in before]

    def dropped() -> bool:
        gc.collect()
        return not any(engine.holders for engine in made)

    until(dropped)
    for engine in made:
        engine.close(False, 10.0)


@pytest.fixture
def session_local() -> Any:
    engine = create_engine(
        "sqlite:///memori.db", connect_args={"check_same_thread": False}, poolclass=NullPool
    )
    return sessionmaker(bind=engine)


async def ask(client: Any, text: str, **more: Any) -> Any:
    return await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": text}], **more
    )


async def test_a_script(chats: ChatServer) -> None:
    client = openai.AsyncOpenAI()
    mem = Memori().llm.register(client)
    mem.attribution(entity_id="user_123", process_id="async_agent")
    response = await ask(client, "I prefer async Python.")
    assert response.choices[0].message.content == "You said: I prefer async Python."
    # Synchronous, on the thread of the event loop.
    mem.augmentation.wait()
    (fact,) = mem.recall("async Python", limit=5)
    assert (fact.content, fact.date_created, fact.rank_score) == (
        "I prefer async Python.",
        fact.created_at,
        fact.similarity,
    )
    await ask(client, "Which Python do I prefer?")
    assert "I prefer async Python." in chats.heard[-1].system
    mem.close()
    await client.close()


async def test_a_script_with_its_own_database(chats: ChatServer, session_local: Any) -> None:
    client = openai.AsyncOpenAI()
    mem = Memori(conn=session_local).llm.register(client)
    mem.attribution(entity_id="user_123", process_id="async_agent")
    mem.config.storage.build()
    await ask(client, "I prefer async Python.")
    mem.augmentation.wait()
    assert [fact.content for fact in mem.recall("Python")] == ["I prefer async Python."]
    mem.close()
    await client.close()


async def test_anthropic(chats: ChatServer) -> None:
    client = anthropic.AsyncAnthropic()
    mem = Memori().llm.register(client)
    mem.attribution(entity_id="user_123", process_id="claude_agent")
    message = await client.messages.create(
        model="claude", max_tokens=1024, messages=[{"role": "user", "content": "I live in Rome."}]
    )
    assert message.content[0].text == "You said: I live in Rome."
    mem.augmentation.wait()
    assert [fact.content for fact in mem.recall("Rome")] == ["I live in Rome."]
    mem.close()
    await client.close()


async def test_a_web_application(chats: ChatServer, session_local: Any) -> None:
    app, security = FastAPI(), HTTPBearer()
    made: list[Any] = []

    def startup() -> None:
        Memori(conn=session_local).config.storage.build()

    @app.post("/chat/{user_id}")
    async def chat(user_id: str, req: ChatRequest) -> dict[str, str]:
        client = openai.AsyncOpenAI()
        mem = Memori(conn=session_local).llm.register(client)
        mem.attribution(entity_id=user_id, process_id="fastapi_async")
        made.append(client)
        response = await ask(client, req.message)
        return {"response": response.choices[0].message.content}

    def get_user_id(credentials: HTTPAuthorizationCredentials = Depends(security)) -> str:  # noqa: B008
        if credentials.credentials != "valid_token":
            raise HTTPException(status_code=401, detail="Invalid token")
        return "user_123"

    @app.post("/chat")
    async def authenticated(req: ChatRequest, user_id: str = Depends(get_user_id)) -> dict[str, str]:
        client = openai.AsyncOpenAI()
        mem = Memori().llm.register(client)
        mem.attribution(entity_id=user_id, process_id="authenticated_chat")
        made.append(client)
        response = await ask(client, req.message)
        return {"response": response.choices[0].message.content}

    async def generate_stream(user_id: str, message: str) -> Any:
        client = openai.AsyncOpenAI()
        mem = Memori().llm.register(client)
        mem.attribution(entity_id=user_id, process_id="stream_bot")
        made.append(client)
        async for chunk in await ask(client, message, stream=True):
            content = chunk.choices[0].delta.content
            if content:
                yield content

    @app.post("/stream/{user_id}")
    async def stream_chat(user_id: str, message: str) -> StreamingResponse:
        return StreamingResponse(generate_stream(user_id, message), media_type="text/event-stream")

    startup()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as web:
        reply = await web.post("/chat/ana", json={"message": "I live in Oslo."})
        assert reply.json() == {"response": "You said: I live in Oslo."}
        assert (
            await web.post("/chat", json={"message": "Hi"}, headers={"authorization": "Bearer x"})
        ).status_code == 401
        token = {"authorization": "Bearer valid_token"}
        reply = await web.post("/chat", json={"message": "I live in Rome."}, headers=token)
        assert reply.json() == {"response": "You said: I live in Rome."}
        reply = await web.post("/stream/ben", params={"message": "I live in Bern."})
        assert reply.text == "You said: I live in Bern."
    for options, users in (
        ({"conn": session_local}, {"ana": "Oslo"}),
        ({}, {"user_123": "Rome", "ben": "Bern"}),
    ):
        mem = Memori(**options)
        mem.augmentation.wait()
        for user, city in users.items():
            facts = mem.attribution(user).recall("Where do I live?")
            assert [fact.content for fact in facts] == [f"I live in {city}."]
        mem.close()
    for client in made:
        await client.close()


async def test_many_users_at_once(chats: ChatServer) -> None:
    async def worker(user_id: str) -> str:
        async with openai.AsyncOpenAI() as client:
            mem = Memori().llm.register(client)
            mem.attribution(entity_id=user_id, process_id="worker")
            response = await ask(client, f"My favourite number is {user_id.removeprefix('user_')}.")
            return str(response.choices[0].message.content)

    replies = await asyncio.gather(*[worker(f"user_{i}") for i in range(100)])
    assert replies == [f"You said: My favourite number is {i}." for i in range(100)]
    Memori().augmentation.wait()

    async def batch_recall(entity_ids: list[str], query: str) -> dict[str, Any]:
        tasks = []
        for entity_id in entity_ids:
            mem = Memori()
            mem.attribution(entity_id=entity_id, process_id="batch_recall")
            tasks.append(asyncio.to_thread(mem.recall, query, limit=5))
        return dict(zip(entity_ids, await asyncio.gather(*tasks), strict=True))

    found = await batch_recall(["user_7", "user_42"], "favourite number")
    assert {user: [fact.content for fact in facts] for user, facts in found.items()} == {
        "user_7": ["My favourite number is 7."],
        "user_42": ["My favourite number is 42."],
    }


async def test_a_sync_client_beside_an_async_one(chats: ChatServer) -> None:
    async_client, sync_client = openai.AsyncOpenAI(), openai.OpenAI()
    first = Memori().llm.register(async_client)
    first.attribution(entity_id="user_123", process_id="async")
    await ask(async_client, "I like tea.")
    second = Memori().llm.register(sync_client)
    second.attribution(entity_id="user_456", process_id="sync")
    response = await asyncio.to_thread(
        sync_client.chat.completions.create,
        model=MODEL,
        messages=[{"role": "user", "content": "I like coffee."}],
    )
    assert response.choices[0].message.content == "You said: I like coffee."
    first.augmentation.wait()
    assert [fact.content for fact in first.recall("What do I like?")] == ["I like tea."]
    assert [fact.content for fact in second.recall("What do I like?")] == ["I like coffee."]
    sync_client.close()
    await async_client.close()


def test_settings_and_errors_have_memoris_names() -> None:
    mem = Memori()
    mem.augmentation.max_workers = 100
    mem.augmentation.db_writer_batch_size = 200
    assert (mem.augmentation.max_workers, mem.augmentation.db_writer_batch_size) == (100, 200)
    assert mem.attribution("u", "p").set_session("s") is mem
    assert (mem.config.entity_id, mem.config.process_id, mem.config.session_id) == ("u", "p", "s")
    mem.config.recall_facts_limit = 7
    assert mem.llm.recall_limit == 7
    assert mem.config.llm.provider == "none"
    assert issubclass(QuotaExceededError, Exception)
    with pytest.raises(UnsupportedLLMProviderError, match=r"got builtins\.object"):
        mem.llm.register(object())
    for arguments in ({}, {"client": object(), "chatopenai": object()}):
        with pytest.raises(InvalidInputError, match="register"):
            mem.llm.register(**arguments)
    for name, instead in (("agent_recall", "cloud"), ("provision", "conn"), ("openai", "llm.register")):
        with pytest.raises(AttributeError, match=instead):
            getattr(mem, name)
    mem.close()


@pytest.mark.parametrize(
    "keyword",
    [
        "client",
        "openai_chat",
        "claude",
        "gemini",
        "xai",
        "chatbedrock",
        "chatgooglegenai",
        "chatopenai",
        "chatvertexai",
    ],
)
def test_each_keyword_registers(chats: ChatServer, keyword: str) -> None:
    with openai.OpenAI() as client, Memori() as mem:
        mem.llm.register(**{keyword: client}).attribution("u", "p")
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "I like tea."}])
        mem.augmentation.wait()
        assert [fact.content for fact in mem.recall("What do I like?")] == ["I like tea."]
        mem.llm.unregister(client)


def test_a_thread_has_the_only_speaker_and_none_of_two() -> None:
    with Memori() as mem:
        mem.attribution("ana", "p")
        mem.add("Ana likes tea.", user_id="ana", agent_id="p", infer=False)

        def recalled() -> list[str]:
            found: list[str] = []
            thread = threading.Thread(target=lambda: found.extend(fact.content for fact in mem.recall("tea")))
            thread.start()
            thread.join()
            return found

        assert recalled() == ["Ana likes tea."]
        mem.attribution("ben", "p")
        mem.attribution("ana", "p")
        assert recalled() == []
