"""A model and an embedder with bad manners, behind the local API server; a seed makes a run repeat."""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from tests.faults.unreliable import Note, note, numbered
from tests.support import answers
from tests.support.apiserver import DROP, ApiServer, Behaviour, Request, failure
from tests.support.scripted import decision, fact, shown

_PAGE = "<!doctype html><html><head><style>p{}</style></head><body>[] {} Bad gateway</body></html>"
_DRAFT = json.dumps({"facts": [fact(f"draft {n}, which nobody said and nothing asks for") for n in range(9)]})
_WRAPPED: list[Callable[[str], str]] = [
    lambda answer: f"<think>{_DRAFT}</think>{answer}",
    lambda answer: f"[THINK]{_DRAFT}[/THINK]\n{answer}",
    lambda answer: f"<|channel|>analysis<|message|>{_DRAFT}<|end|><|channel|>final<|message|>{answer}",
    lambda answer: (
        f"Let me think. A first try:\n```json\n{_DRAFT}\n```\nThat was wrong. Here:\n```json\n{answer}\n```"
    ),
    lambda answer: f"Here is my response:\n{answer}",
    lambda answer: f"{answer}\n<think>That should be all.</think>",
    lambda answer: f"Okay. <SCRATCHPAD>{_DRAFT}</SCRATCHPAD> {answer}",
    lambda answer: f"```\n{answer}\n```",
]
"""What may stand around an answer without being one."""

Wire: TypeAlias = Callable[[str, str | None, dict[str, Any]], dict[str, Any]]
"""Writes an answer in the form of an API."""

FORGET = "Please forget what this says: "
_WINDOW = re.compile(r"note \d+ of \w+")


class RudeModel:
    """Finds one fact in each note, and answers in every way but the one that is expected.

    Args:
        api: where it is asked.
        seed: decides how each request is answered.

    Attributes:
        healthy: whether it answers everything as it should.
        moods: how often it did what.
        window: how many notes a chat request may hold at most.
        batch: how many texts an embedding request may hold at most.
    """

    def __init__(self, api: ApiServer, seed: int) -> None:
        self.healthy = False
        self.moods: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self.window = self._chance.choice([2, 5, 1000])
        self.batch = self._chance.choice([1, 3, 1000])
        self._lock = threading.Lock()
        api.rule = self._behave
        api.on_chat = self._answer

    def _behave(self, request: Request) -> Behaviour | None:
        with self._lock:
            if request.kind == "embed":
                return self._embed(request.body)
            return self._chat(_in_openai_form(request), self._wire(request))

    def _embed(self, body: dict[str, Any]) -> Behaviour | None:
        texts = body["input"]
        if len(texts) > self.batch:
            if self._chance.random() < 0.5:
                return failure(400, f"batch size {len(texts)} exceeds the maximum of {self.batch}")
            # A server that takes a list for one text.
            return Behaviour(body=answers.embeddings({**body, "input": texts[:1]}))
        if self.healthy:
            return None
        moods = {
            "well": None,
            "too much": failure(429, "too much to do"),
            "fails": failure(500, "broken down"),
            "no vectors": Behaviour(body={"object": "list", "data": []}),
            "not a number": Behaviour(
                body={"data": [{"index": n, "embedding": [1.0, None, "x"]} for n in range(len(texts))]}
            ),
            "page": Behaviour(body=_PAGE),
        }
        return moods[self._mood("embed: ", moods, [80, 4, 4, 4, 4, 4])]

    def _chat(self, body: dict[str, Any], wire: Wire) -> Behaviour | None:
        messages = body["messages"]
        if len(_WINDOW.findall(str(messages[1]["content"]))) > self.window:
            return failure(
                400,
                "This model's maximum context length is 512 tokens, but your messages have 700.",
                code="context_length_exceeded",
            )
        if self.healthy:
            return None
        reply = partial(self._reply, body, wire)
        answer = self._answer(messages, body)
        cut = answer[: self._chance.randrange(len(answer) + 1)]
        moods: dict[str, Behaviour | None] = {
            "well": None,
            "wrapped": reply(self._chance.choice(_WRAPPED)(answer)),
            "cut": reply(cut, "length"),
            "cut without a word": reply(cut),
            "thinks for ever": reply(f"<think>{_DRAFT} and then", "length"),
            "page": Behaviour(body=_PAGE),
            "page as an answer": reply(_PAGE),
            "something else": reply(
                self._chance.choice(
                    ['{"errors": []}', '{"data": []}', "I found [] facts", "{}", '{"facts": {}}']
                ),
            ),
            "nothing": reply(None),
            "bad fields": reply(_spoil(answer, self._chance)),
            "fails": self._chance.choice([failure(500, "broken down"), failure(503, "busy"), DROP]),
            "too much": failure(429, "too much to do"),
            "half": replace(reply(answer), cut=self._chance.randrange(200)),
        }
        return moods[self._mood("chat: ", moods, [40, 12, 8, 6, 4, 3, 3, 4, 3, 8, 4, 3, 2])]

    def _mood(self, prefix: str, moods: dict[str, Any], weights: list[int]) -> str:
        mood: str = self._chance.choices(list(moods), weights)[0]
        self.moods[prefix + mood] += 1
        return mood

    def _reply(self, body: dict[str, Any], wire: Wire, text: str | None, reason: str = "stop") -> Behaviour:
        reply = wire(text or "", reason, body)
        if text is None:
            part = reply["choices"][0]["message"] if wire is answers.chat else reply
            part["content"] = None if wire is answers.chat else []
        return Behaviour(body=reply)

    def _wire(self, request: Request) -> Wire:
        if not request.path.endswith("/messages"):
            return answers.chat
        if self._chance.random() < 0.5:
            return answers.message

        def without_tool(text: str, finish: str | None, body: dict[str, Any]) -> dict[str, Any]:
            # A model that answers in words, though it must call a tool.
            return answers.message(text, finish, {**body, "tool_choice": {}})

        return without_tool

    def _answer(self, messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
        system, told = messages[0]["content"], messages[1]["content"]
        if isinstance(told, list):
            return "A picture of a note that nobody can read."
        if '{"segments"' in system:
            turns = [turn["turn"] for turn in shown(messages, "conversation")]
            return json.dumps({"segments": [{"topic": "notes", "turns": turns}]})
        if "<memories>" in told:
            return json.dumps(
                {"decisions": self._decide(shown(messages, "facts"), shown(messages, "memories"))}
            )
        found = []
        for turn in shown(messages, "conversation"):
            if turn["role"] != "user" or turn["text"].startswith("[image"):
                continue
            about, number = numbered(turn["text"])
            unwanted = turn["text"].startswith(FORGET)
            text = f"{about} wants note {number} forgotten" if unwanted else learned(about, number)
            found.append(fact(text, turn=turn["turn"]))
        return json.dumps({"facts": found, "preferences": []})

    def _decide(self, facts: list[dict[str, Any]], memories: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.healthy:
            return [decision(number, "ADD") for number in range(len(facts))]
        unwanted = {
            number: memory["alias"]
            for number, item in enumerate(facts)
            if item["text"].endswith("forgotten")
            for memory in memories
            if f"note {item['text'].split()[-2]}," in memory["text"]
        }
        made = [decision(number, "DELETE", alias) for number, alias in unwanted.items()]
        for _ in range(self._chance.randrange(2 * len(facts) + 2)):
            number = self._chance.randrange(-1, len(facts) + 1)
            memory = self._chance.choice(
                [*memories, {"alias": "M99", "text": ""}, {"alias": None, "text": ""}]
            )
            merged = f"{memory['text']}; {facts[number % len(facts)]['text']}"
            action = self._chance.choice(["ADD", "UPDATE", "SUPERSEDE", "DELETE", "delete", "MERGE", ""])
            made.append(decision(number, action, memory["alias"], self._chance.choice([None, "", merged])))
        return made


def _in_openai_form(request: Request) -> dict[str, Any]:
    body, system = request.body, request.body.get("system")
    if request.kind != "chat" or system is None:
        return body
    return {**body, "messages": [{"role": "system", "content": system}, *body["messages"]]}


def learned(user: str, number: int) -> str:
    """Return the fact that the model finds in ``note``."""
    return f"{user} wrote note {number}, and wants it remembered"


def _spoil(answer: str, chance: random.Random) -> str:
    """Put a lone surrogate, a NUL or a value of another type into fields beside the texts."""
    value = json.loads(answer)
    bad = ["\ud83d", "\x00", 10**400, float("nan"), None, [], {"a": 1}, True, "x" * 10_000]
    for item in value.get("facts", []):
        for field in chance.sample(["kind", "importance", "event_date", "entities", "speaker"], 2):
            item[field] = chance.choice(bad)
    return json.dumps(value)


__all__ = ["FORGET", "Note", "RudeModel", "learned", "note"]
