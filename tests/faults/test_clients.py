"""Conversations in processes that are killed, that end, and that fork."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem._core.embedding import minilm
from powermem._core.values import Scope
from tests.support.chatserver import ChatServer

pytest.importorskip("openai")

_SAID = "I live in Rome."
_BEGIN = """
import os, signal, sys
import openai
from powermem import Memory
config = {"vector_store": {"provider": "sqlite", "config": {"database_path": sys.argv[1]}},
          "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
client = openai.OpenAI(base_url=sys.argv[2], api_key="k", max_retries=0)
memory = Memory(config).llm.register(client)
memory.llm.opening_budget = 60.0
def ask(text, **more):
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], **more)
"""
_FIRST = """
memory.attribution("u")
ask("What is my dog called?")
"""
_STREAM = f"""
memory.attribution("u")
for piece in ask({_SAID!r}, stream=True):
"""
_FORK = """
from powermem._core import forks
# However slow this machine is: what is tested is that a fork waits, not for how long.
forks._PATIENCE = 60.0
children = []
for name in ("a", "b"):
    child = os.fork()
    if child == 0:
        memory.attribution(name)
        ask("I live in Rome.")
        memory.augmentation.wait(60)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
memory.attribution("parent")
ask("I live in Rome.")
memory.augmentation.wait(60)
"""


def configured(path: Path, embedder: str = "mock") -> dict[str, Any]:
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(path)}},
        "embedder": {"provider": embedder},
        "llm": {"provider": "none"},
    }


def spoken(path: Path, user_id: str) -> list[tuple[str, str]]:
    with Memory(configured(path)) as memory:
        store: Any = memory._access.open().store
        return [(turn.role, turn.content) for turn in store.scan_turns(Scope(user_id=user_id), 0, 100)]


@pytest.mark.parametrize(
    "end", ["os.kill(os.getpid(), signal.SIGTERM)", "os._exit(0)", "raise SystemExit(1)"]
)
def test_a_stream_that_is_broken_off_costs_at_most_the_reply(
    tmp_path: Path, chats: ChatServer, end: str
) -> None:
    path = tmp_path / "memory.db"
    code = f"{_BEGIN}{_STREAM}    {end}\n"
    subprocess.run([sys.executable, "-c", code, str(path), chats.url], timeout=120, capture_output=True)
    assert spoken(path, "u")[0] == ("user", _SAID)


@pytest.mark.skipif(not minilm.available(), reason="the local model is not installed")
def test_the_first_call_of_a_process_is_with_memory(tmp_path: Path, chats: ChatServer) -> None:
    path = tmp_path / "memory.db"
    with Memory(configured(path, "local")) as memory:
        memory.add("My dog is called Bello", user_id="u", infer=False)
    code = _BEGIN.replace('"mock"', '"local"') + _FIRST
    subprocess.run([sys.executable, "-c", code, str(path), chats.url], check=True, timeout=120)
    (heard,) = chats.heard
    assert "My dog is called Bello" in heard.system


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_client_that_was_registered_before_a_fork_is_attended_in_each_process(
    tmp_path: Path, chats: ChatServer
) -> None:
    path = tmp_path / "memory.db"
    subprocess.run([sys.executable, "-c", _BEGIN + _FORK, str(path), chats.url], check=True, timeout=120)
    for name in ("a", "b", "parent"):
        assert spoken(path, name) == [("user", _SAID), ("assistant", f"You said: {_SAID}")]
