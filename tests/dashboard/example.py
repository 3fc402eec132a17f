"""What a person might have told over two years, as a language model would have learned it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.support.apiserver import ApiServer
from tests.support.scripted import decision, fact, openai_llm, shown
from tests.support.served import Served

USER = "ana"


class Said(NamedTuple):
    """A message, the fact in it, and what it takes the place of.

    Attributes:
        at: when it was said.
        message: the words.
        fact: what a model learns of them.
        title: of the fact.
        tags: of the fact.
        instead: the beginning of the fact that it supersedes.
    """

    at: str
    message: str
    fact: str
    title: str
    tags: list[str]
    instead: str = ""


class Told(NamedTuple):
    """A server to which the story was told.

    Attributes:
        served: the server.
        ids: of the memories, by their texts.
    """

    served: Served
    ids: dict[str, str]


STORY = [
    Said(
        "2024-02-03",
        "We found a flat in Porto, near the river!",
        "Ana lives in Porto, near the river",
        "Home",
        ["home"],
    ),
    Said(
        "2024-02-03",
        "The rent is 900 euros.",
        "Ana pays 900 euros of rent a month",
        "Rent",
        ["home", "money"],
    ),
    Said("2024-03-17", "I'm vegetarian, please keep that in mind.", "Ana is vegetarian", "Diet", ["food"]),
    Said(
        "2024-05-02",
        "I started as a nurse at São João hospital.",
        "Ana works as a nurse at São João hospital",
        "Work",
        ["work"],
    ),
    Said(
        "2024-06-21",
        "Bruno and I are getting married next June.",
        "Ana and Bruno will marry in June 2025",
        "Wedding",
        ["family"],
    ),
    Said(
        "2024-09-09",
        "We adopted Mia, a grey cat from the shelter.",
        "Ana has a grey cat named Mia from the shelter",
        "Cat",
        ["pets"],
    ),
    Said(
        "2024-11-30",
        "I'm allergic to hazelnuts, found out the hard way.",
        "Ana is allergic to hazelnuts",
        "Allergy",
        ["health", "food"],
    ),
    Said(
        "2025-01-12",
        "I'm learning the cello again, on Thursdays.",
        "Ana has a cello lesson on Thursdays",
        "Cello",
        ["music"],
    ),
    Said(
        "2025-03-08",
        "We moved to Faro, five minutes from the sea.",
        "Ana lives in Faro, five minutes from the sea",
        "Home",
        ["home"],
        "Ana lives in Porto",
    ),
    Said(
        "2025-03-15",
        "New job: I'm a ward manager at Faro's hospital.",
        "Ana is a ward manager at the hospital of Faro",
        "Work",
        ["work"],
        "Ana works as a nurse",
    ),
    Said(
        "2025-06-14",
        "We did it, we are married!",
        "Ana and Bruno married on 14 June 2025",
        "Wedding",
        ["family"],
        "Ana and Bruno will marry",
    ),
    Said(
        "2025-09-20",
        "The cello lesson moved to Mondays at six.",
        "Ana has a cello lesson on Mondays at 18:00",
        "Cello",
        ["music"],
        "Ana has a cello lesson on Thursdays",
    ),
    Said(
        "2026-01-05",
        "I eat fish again, doctor's advice. Still no meat.",
        "Ana eats fish but no meat",
        "Diet",
        ["food", "health"],
        "Ana is vegetarian",
    ),
    Said(
        "2026-04-11",
        "We bought a house in Olhão and move in July.",
        "Ana and Bruno bought a house in Olhão and move there in July 2026",
        "House",
        ["home", "family"],
    ),
    Said(
        "2026-07-18",
        "First night in our house in Olhão.",
        "Ana lives in her own house in Olhão",
        "Home",
        ["home"],
        "Ana lives in Faro",
    ),
]
OTHERS = {
    "ben": ["Ben rides a red bicycle to work", "Ben's sister Clara lives in Oslo"],
    "chen": ["Chen prefers tea to coffee", "Chen is preparing for a marathon in Berlin"],
    "dara": ["Dara plays chess on Sundays"],
}


class Storyteller:
    """A language model that learns from each message of the story what the story says.

    Args:
        api: the server that it answers on.
    """

    def __init__(self, api: ApiServer) -> None:
        self._told: Said = STORY[0]
        api.on_chat = self._answer

    def tell(self, served: Served) -> dict[str, str]:
        """Store the story, and what others said; return the ids of the memories by their texts."""
        ids: dict[str, str] = {}
        for self._told in STORY:
            body = {
                "messages": [{"role": "user", "content": self._told.message}],
                "user_id": USER,
                "agent_id": "assistant",
                "timestamp": f"{self._told.at}T18:30:00Z",
                "metadata": {"source": "chat", "device": "phone"},
            }
            ids |= {each["memory"]: each["id"] for each in add(served, body)}
        for user, facts in OTHERS.items():
            for text in facts:
                add(served, {"messages": text, "user_id": user, "infer": False})
        return ids

    def _answer(self, messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
        told = self._told
        if "<memories>" not in messages[1]["content"]:
            return json.dumps({"facts": [fact(told.fact, title=told.title, tags=told.tags)]})
        near = shown(messages, "memories")
        target = next((m["alias"] for m in near if told.instead and m["text"].startswith(told.instead)), None)
        made = decision(0, "ADD") if target is None else decision(0, "SUPERSEDE", target)
        return json.dumps({"decisions": [made]})


def configuration(api: ApiServer, **more: Any) -> dict[str, Any]:
    """Return a configuration with the model of the story and the local embedder."""
    return {
        "llm": openai_llm(api),
        "embedder": {"provider": "local"},
        "processing": {"concurrency": 1, "poll_interval": 0.05},
        **more,
    }


def add(served: Served, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Add memories; return what came of it."""
    answer = served.client.post("/v1/memories", json=body, headers=served.admin)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found
