"""A language model whose answers a test writes beforehand, behind the local API server."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from powermem import Memory
from tests.support.apiserver import HANG, ApiServer, failure

Messages = list[dict[str, Any]]
Answer = str | Callable[[Messages], str]

_FACT: dict[str, Any] = {
    "turn": 0, "kind": "fact", "importance": 0.5, "event_date": None, "entities": [], "speaker": None
}  # fmt: skip


class ScriptedModel:
    """Returns scripted answers only.

    Attributes:
        extractions: the messages of every request for facts.
        decisions: the messages of every request for decisions.
        segmentations: the messages of every request for the topics of a conversation.
        views: the messages of every request that showed images or documents.
    """

    def __init__(self, api: ApiServer) -> None:
        self.extractions: list[Messages] = []
        self.decisions: list[Messages] = []
        self.segmentations: list[Messages] = []
        self.views: list[Messages] = []
        self._for_facts: deque[Answer] = deque()
        self._for_decisions: deque[Answer] = deque()
        self._for_segments: deque[Answer] = deque()
        self._for_views: deque[Answer] = deque()
        self._always: Answer | None = None
        self._repeats = False
        self._api = api
        api.on_chat = self._answer

    @property
    def calls(self) -> int:
        """How many requests arrived at the model."""
        return len(self._api.of("chat"))

    def learns(self, *facts: str | dict[str, Any]) -> None:
        """Answer the next request for facts with these; a string is a fact about which no more is known."""
        self._for_facts.append(_facts_answer(facts))

    def always_learns(self, *facts: str | dict[str, Any]) -> None:
        """Answer every request for facts with these, once nothing else is prepared."""
        self._always = _facts_answer(facts)

    def repeats(self) -> None:
        """Learn what users say, word for word and each as something new, once nothing else is prepared.

        A long conversation is one topic.
        """
        self._always = _repeat
        self._repeats = True

    def decides(self, *decisions: dict[str, Any]) -> None:
        """Answer the next request for decisions with these."""
        self._for_decisions.append(json.dumps({"decisions": decisions}, ensure_ascii=False))

    def divides(self, *answers: Answer | list[list[int]]) -> None:
        """Answer the next requests for topics with these groups of turns, or with just this text."""
        for answer in answers:
            if isinstance(answer, list):
                segments = [{"topic": "a matter", "turns": turns} for turns in answer]
                answer = json.dumps({"segments": segments})
            self._for_segments.append(answer)

    def sees(self, *answers: Answer) -> None:
        """Answer the next requests that show something with this text, one after the other."""
        self._for_views.extend(answers)

    def says(self, *answers: Answer) -> None:
        """Answer the next requests for facts with just this text, one after the other."""
        self._for_facts.extend(answers)

    def rules(self, *answers: Answer) -> None:
        """Answer the next requests for decisions with just this text, one after the other."""
        self._for_decisions.extend(answers)

    def forget(self) -> None:
        """Take back what was prepared for requests for facts."""
        self._for_facts.clear()

    def _answer(self, messages: Messages, body: dict[str, Any]) -> str:
        asked, prepared = self.extractions, self._for_facts
        if isinstance(messages[1]["content"], list):
            asked, prepared = self.views, self._for_views
        elif "<memories>" in messages[1]["content"]:
            asked, prepared = self.decisions, self._for_decisions
        elif '{"segments"' in messages[0]["content"]:
            asked, prepared = self.segmentations, self._for_segments
        asked.append(messages)
        if prepared:
            answer = prepared.popleft()
        elif self._always is not None and asked is self.extractions:
            answer = self._always
        elif self._repeats and asked is self.decisions:
            answer = '{"decisions": []}'
        elif self._repeats and asked is self.segmentations:
            answer = '{"segments": [{"topic": "all", "turns": [0]}]}'
        else:
            raise AssertionError(f"nothing is prepared for {messages[1]['content']}")
        return answer if isinstance(answer, str) else answer(messages)


def hold(api: ApiServer) -> None:
    """Let the model think until the server is released."""
    api.hold()
    api.rule = lambda request: HANG if request.kind == "chat" else None


def refuse(api: ApiServer, word: str, status: int = 500) -> None:
    """Answer with an error whenever the model is asked about something with this word in it."""
    api.rule = lambda request: failure(status) if word in json.dumps(request.body) else None


def eager(config: dict[str, Any], api: ApiServer, **processing: Any) -> dict[str, Any]:
    """Return a configuration with the server's model, whose background work looks around often."""
    return {**config, "llm": openai_llm(api), "processing": {"poll_interval": 0.02, **processing}}


def fact(text: str, **more: Any) -> dict[str, Any]:
    """Return a fact in the form that a model answers with."""
    return {"text": text, **_FACT, **more}


def decision(number: int, action: str, target: str | None = None, text: str | None = None) -> dict[str, Any]:
    """Return a decision in the form that a model answers with."""
    return {"fact": number, "action": action, "target": target, "text": text}


def shown(messages: Messages, name: str) -> list[dict[str, Any]]:
    """Return the records that a request shows between the tags of this name."""
    inside = messages[1]["content"].split(f"<{name}>", 1)[1].split(f"</{name}>", 1)[0]
    return [json.loads(line) for line in inside.split("\n") if line]


def in_table(config: dict[str, Any], table: str, columns: str = "count(*)") -> list[tuple[Any, ...]]:
    """Read a table of the default collection behind the library's back, in the order of writing."""
    path = Path(config["vector_store"]["config"]["database_path"])
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT {columns} FROM memories_{table} ORDER BY 1").fetchall()
    finally:
        connection.close()


def elsewhere(config: dict[str, Any]) -> Memory:
    """Return another memory on the same file, for what happens there while the model thinks."""
    return Memory({**config, "llm": {"provider": "none"}})


def openai_llm(api: ApiServer, **more: Any) -> dict[str, Any]:
    """Return the section of a configuration that leads to the server's chat method."""
    settings = {"api_key": "sk-test", "base_url": api.url, "model": "scripted", "max_retries": 0, **more}
    return {"provider": "openai", "config": settings}


def openai_embedder(api: ApiServer, **more: Any) -> dict[str, Any]:
    """Return the section of a configuration that leads to the server's embeddings method."""
    settings = {"api_key": "sk-test", "base_url": api.url, "model": "scripted", "max_retries": 0, **more}
    return {"provider": "openai", "config": settings}


def heard(asked: list[Messages]) -> list[str]:
    """Return the messages in the conversations of requests, in order."""
    return [turn["text"] for messages in asked for turn in shown(messages, "conversation")]


def _repeat(messages: Messages) -> str:
    said = [turn for turn in shown(messages, "conversation") if turn["role"] == "user"]
    return json.dumps({"facts": [fact(turn["text"], turn=turn["turn"]) for turn in said]})


def _facts_answer(facts: tuple[str | dict[str, Any], ...]) -> str:
    whole = [fact(item) if isinstance(item, str) else item for item in facts]
    return json.dumps({"facts": whole}, ensure_ascii=False)
