"""The place where the examples of the documentation run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from powermem.config.environment import known_variables
from tests.support.apiserver import ApiServer
from tests.support.chatserver import ChatServer


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, with nothing configured around it."""
    for name in {*known_variables(), "POWERMEM_ENV_FILE", "POWERMEM_DEBUG", "COLUMNS"} & {*os.environ}:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def services(place: Path, api: ApiServer, chats: ChatServer, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """Whatever model an example names answers from this server, and no key lies about."""
    monkeypatch.setenv("LLM_BASE_URL", api.url)
    monkeypatch.setenv("EMBEDDING_BASE_URL", api.url)
    api.on_chat = plain_model
    return api


@pytest.fixture
def providers(addressed: ChatServer) -> ChatServer:
    """The clients of OpenAI and Anthropic, which talk to a local server."""
    for package in ("openai", "anthropic"):
        pytest.importorskip(package)
    return addressed


@pytest.fixture
def addressed(chats: ChatServer, monkeypatch: pytest.MonkeyPatch) -> ChatServer:
    """The providers' own clients, and frameworks, talk to this server."""
    for name, value in {
        **chats.variables,
        # Frameworks that would tell their makers.
        "OPENAI_AGENTS_DISABLE_TRACING": "1",
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "OTEL_SDK_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    # What an example prints must not hang on how busy the machine is.
    for attendance in ("_async.clients.attendance.AsyncAttendance", "_sync.clients.attendance.Attendance"):
        monkeypatch.setattr(f"powermem.{attendance}.budget", 30.0)
    chats.on_chat = lambda body: "I see."
    return chats


def plain_model(messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
    """Answer as a simple model does: each thing the user says is a fact, and the newest one is right."""
    asked = messages[1]["content"]
    if "<memories>" in asked:
        numbers = [record["fact"] for record in _records(asked, "facts")]
        replaced = [
            {"fact": number, "action": "SUPERSEDE", "target": "M1", "text": None} for number in numbers
        ]
        return json.dumps({"decisions": replaced})
    turns = [turn for turn in _records(asked, "conversation") if turn["role"] == "user"]
    return json.dumps({"facts": [_fact(turn) for turn in turns]})


def _fact(turn: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": turn["text"], "turn": turn["turn"], "kind": "fact", "importance": 0.5,
        "event_date": None, "entities": [], "speaker": turn["speaker"],
    }  # fmt: skip


def _records(asked: str, name: str) -> list[dict[str, Any]]:
    inside = asked.split(f"<{name}>\n", 1)[1].split(f"\n</{name}>", 1)[0]
    return [json.loads(line) for line in inside.split("\n")]
