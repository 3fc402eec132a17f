"""The examples that talk to a language model, with the real SDK and the real web framework, over HTTP."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.chatserver import ChatServer

from .conftest import environment

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_chatbot_remembers(chats: ChatServer, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    chats.on_chat = lambda body: "I see."
    # Asked more than once, because a busy machine may be slower than the budget for recalling.
    for said in (["My sister Leila lives in Oslo."], ["Where does my sister Leila live?"] * 25):
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / "chatbot.py"), "ada"],
            cwd=tmp_path,
            env={**environment(), "OPENAI_BASE_URL": chats.url, "OPENAI_API_KEY": "k", "no_proxy": "*"},
            input="\n".join([*said, "", ""]),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == "> I see.\n" * len(said) + "> "
    assert chats.heard[0].system == ""
    assert any("] My sister Leila lives in Oslo.\n" in heard.system for heard in chats.heard[1:])
    assert len((EXAMPLES / "chatbot.py").read_text("utf-8").splitlines()) <= 21


def test_many_users_at_once_are_told_apart(chats: ChatServer, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    colours = {"alice": "green", "bob": "red", "charlie": "blue"}
    recalled: set[str] = set()
    # More than once, because a busy machine may be slower than the budget for recalling.
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / "many_users.py")],
            cwd=tmp_path,
            env={**environment(), "OPENAI_BASE_URL": chats.url, "OPENAI_API_KEY": "k", "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = "You said: What is my favourite colour?"
        assert done.stdout == "".join(f"{user}: {said}\n" for user in colours)
        asked = [heard for heard in chats.heard if heard.said == "What is my favourite colour?"]
        for heard in asked:
            found = {
                colour for colour in colours.values() if f"My favourite colour is {colour}." in heard.system
            }
            assert len(found) <= 1
            recalled |= found
        if len(recalled) == len(colours):
            return
    raise AssertionError(f"of the colours, only {recalled} were recalled")


@pytest.fixture
def service(chats: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The web service of the example, on a port of its own."""
    pytest.importorskip("openai")
    pytest.importorskip("fastapi")
    uvicorn = pytest.importorskip("uvicorn")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", chats.url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    spec = importlib.util.spec_from_file_location("fastapi_streaming", EXAMPLES / "fastapi_streaming.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fastapi_streaming", module)
    spec.loader.exec_module(module)
    module.CONFIG = {**module.CONFIG, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(module.app, log_level="error"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(120)
        assert not thread.is_alive()


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


async def test_the_web_service_streams_and_mixes_nobody(service: str, chats: ChatServer) -> None:
    names = [f"u{number:02}" for number in range(40)]

    async def converse(client: httpx.AsyncClient, name: str) -> None:
        text = f"I live in a house called {name}-hall."
        reply = await client.post("/chat", json={"text": text}, headers=bearer(name))
        assert (reply.status_code, reply.text) == (200, f"You said: {text}")
        found: list[str] = []
        while not found:
            # It is learned in the background.
            answer = await client.get("/facts", params={"query": "my house"}, headers=bearer(name))
            found = answer.json()
        assert all(f"{name}-hall" in fact for fact in found)
        reply = await client.post("/chat", json={"text": "Where is my house?"}, headers=bearer(name))
        assert reply.text == "You said: Where is my house?"

    async with httpx.AsyncClient(base_url=service, timeout=120, trust_env=False) as client:
        await asyncio.gather(*(converse(client, name) for name in names))
    prompts = [heard.system for heard in chats.heard if heard.said == "Where is my house?"]
    for prompt in prompts:
        assert sum(f"{name}-hall" in prompt for name in names) <= 1
    assert sum("-hall" in prompt for prompt in prompts) > 0


async def test_the_web_service_asks_for_a_token(service: str, chats: ChatServer) -> None:
    async with httpx.AsyncClient(base_url=service, trust_env=False) as client:
        for headers in ({}, {"Authorization": "Bearer unknown"}):
            reply = await client.post("/chat", json={"text": "Hello"}, headers=headers)
            assert reply.status_code in (401, 403)
    assert chats.heard == []


async def test_a_reader_who_goes_away_leaves_nothing_open(service: str, chats: ChatServer) -> None:
    chats.hold_after = 2
    question: dict[str, Any] = {"json": {"text": "I live in Rome."}, "headers": bearer("ada")}
    async with httpx.AsyncClient(base_url=service, timeout=120, trust_env=False) as client:
        async with client.stream("POST", "/chat", **question) as reply:
            async for piece in reply.aiter_text():
                assert piece.startswith("You")
                break
        while not (await client.get("/facts", params={"query": "Rome"}, headers=bearer("ada"))).json():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    while chats.open:  # noqa: ASYNC110 - its thread has nothing to tell us with
        await asyncio.sleep(0.01)
