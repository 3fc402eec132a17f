"""A language model that fails, hangs and talks nonsense now and then, behind the local API server."""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from typing import Any

from tests.support import answers
from tests.support.apiserver import DROP, GARBAGE, HANG, ApiServer, Behaviour, Request, failure
from tests.support.scripted import decision, fact, shown

_NOTE = re.compile(r"note (\d+) of (\w+)")
Note = tuple[str, int]
"""Whose note it is, and its number."""

_LEARNED = re.compile(r"(\w+) wrote note (\d+), ")
_BROKEN = '{"facts": [{"text": "half a'
_UNLUCKY = "no luck today"


def note(user: str, number: int) -> str:
    """Return what a user says."""
    return f"This is note {number} of {user}, please remember it"


def spread(user: str) -> int:
    """Return how many seconds lie between every other note of a user: some say all in one breath, and what
    others say falls apart into topics."""
    return 7200 if user in ("ana", "dan") else 1


def learned(user: str, number: int) -> str:
    """Return how that begins which the model finds in ``note``."""
    return f"{user} wrote note {number}, "


def numbered(text: str) -> Note:
    """Return the user and the number that a text of either kind is about."""
    if (said := _NOTE.search(text)) is not None:
        return said[2], int(said[1])
    found = _LEARNED.match(text)
    assert found is not None, text
    return found[1], int(found[2])


class UnreliableModel:
    """Finds one fact in each note; fails, hangs and answers nonsense with a probability of 10 % each.

    Args:
        api: where it is asked.
        seed: for its moods.
        unlucky: it always fails when it is asked about this user.

    Attributes:
        healthy: whether it answers everything as it should.
        moods: how often it did what.
    """

    def __init__(self, api: ApiServer, seed: int, unlucky: str) -> None:
        self.healthy = False
        self.moods: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._unlucky = f" of {unlucky},"
        self._asked = 0
        self._readings = 0
        self._more = threading.Condition()
        api.delays["chat"] = 0.02
        api.rule = self._behave
        api.on_chat = self._answer

    def wait(self, requests: int, timeout: float) -> None:
        """Wait until it was asked so many times more, or until it takes too long."""
        with self._more:
            until = self._asked + requests
            self._more.wait_for(lambda: self._asked >= until, timeout)

    def _behave(self, request: Request) -> Behaviour | None:
        with self._more:
            self._asked += 1
            self._more.notify_all()
        if self.healthy:
            return None
        if self._unlucky in request.body["messages"][1]["content"]:
            return failure(500, _UNLUCKY)
        return self._moody(request.body)

    def _moody(self, body: dict[str, Any]) -> Behaviour | None:
        broken = Behaviour(body=answers.chat(_BROKEN, "stop", body))
        moods = {
            "fails": [failure(500, "broken down"), failure(429, "too much to do"), DROP],
            "hangs": [HANG],
            "breaks": [broken, broken, GARBAGE],
        }
        mood = self._chance.choices([*moods, "answers"], [10, 10, 10, 70])[0]
        self.moods[mood] += 1
        return self._chance.choice(moods[mood]) if mood in moods else None

    def _answer(self, messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
        if '{"segments"' in messages[0]["content"]:
            turns = [turn["turn"] for turn in shown(messages, "conversation")]
            return json.dumps({"segments": [{"topic": "notes", "turns": turns}]})
        if "<memories>" in messages[1]["content"]:
            facts = shown(messages, "facts")
            return json.dumps({"decisions": [decision(number, "ADD") for number in range(len(facts))]})
        # Different each time: what is stored twice must not be taken for the same.
        self._readings += 1
        found = [
            fact(
                f"{learned(*numbered(turn['text']))}remember it{', please' * self._readings}",
                turn=turn["turn"],
            )
            for turn in shown(messages, "conversation")
            if _NOTE.search(turn["text"])
        ]
        return json.dumps({"facts": found, "preferences": []})
