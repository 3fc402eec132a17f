"""The storage of CrewAI's memory: what its own storage does, and crews that ask a local model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("crewai.memory")

from crewai import Agent, Crew, Task
from crewai.llm import LLM
from crewai.memory.storage.backend import EmbeddingDimensionMismatchError, StorageBackend
from crewai.memory.types import MemoryRecord
from crewai.memory.unified_memory import Memory as CrewMemory

from powermem import Memory
from powermem.integrations.crewai import PowerMemStorage
from tests.support.chatserver import ChatServer

FACT = "The user lives in Rome."


@pytest.fixture(autouse=True)
def untraced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CREWAI_DISABLE_TELEMETRY", "OTEL_SDK_DISABLED"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path / "crew"))
    monkeypatch.setenv("CREWAI_TRACING_ENABLED", "false")


def embed(texts: list[str]) -> list[list[float]]:
    """Return vectors of 64 numbers in which each word counts at its place."""
    found = []
    for text in texts:
        vector = [0.0] * 64
        for word in text.lower().replace(".", " ").replace("?", " ").split():
            vector[hashlib.md5(word.encode()).digest()[0] % 64] += 1.0
        found.append(vector)
    return found


def record(content: str, scope: str = "/", **fields: Any) -> MemoryRecord:
    return MemoryRecord(content=content, scope=scope, embedding=embed([content])[0], **fields)


@pytest.fixture
def storage(memory: Memory) -> Iterator[PowerMemStorage]:
    made = PowerMemStorage(memory, user_id="ana")
    yield made
    made.close()


def test_it_is_a_storage_of_crewai(storage: PowerMemStorage) -> None:
    assert isinstance(storage, StorageBackend)


def test_records_come_back_as_they_were(storage: PowerMemStorage) -> None:
    kept = record(
        FACT, "/people/ana", categories=["home"], metadata={"from": {"chat": 1}}, importance=0.9,
        source="ana", private=True, created_at=datetime(2024, 5, 8, 12), last_accessed=datetime(2024, 5, 9),
    )  # fmt: skip
    same = record(FACT, "/people/ana")
    for _ in range(2):
        storage.save([kept, same])
    assert storage.count() == 2
    assert storage.get_record(kept.id) == kept.model_copy(update={"embedding": None})
    assert storage.get_record("unknown") is None


def test_the_nearest_are_found_first(storage: PowerMemStorage) -> None:
    storage.save([record("a b c d"), record("a b x y"), record("p q r s")])
    found = storage.search(embed(["a b c d"])[0], limit=2)
    assert [(one.content, round(score, 3)) for one, score in found] == [("a b c d", 1.0), ("a b x y", 0.5)]
    assert [one.content for one, _ in storage.search(embed(["a b c d"])[0], min_score=0.9)] == ["a b c d"]
    assert storage.search([]) == storage.search(embed(["a"])[0], limit=0) == []


def test_scopes_hold_what_is_below_them(storage: PowerMemStorage) -> None:
    storage.save([record("one", "/a"), record("two", "/a/b"), record("three", "/ab"), record("four", "/a_b")])
    query = embed(["one two three four"])[0]
    assert sorted(one.content for one, _ in storage.search(query, scope_prefix="/a")) == ["one", "two"]
    assert sorted(one.content for one in storage.list_records("/a")) == ["one", "two"]
    assert [storage.count(scope) for scope in (None, "/", "/a", "/a/b/", "/ab", "/c")] == [4, 4, 2, 1, 1, 0]
    assert storage.list_scopes() == ["/a", "/a_b", "/ab"]
    assert storage.list_scopes("/a") == ["/a/b"]
    storage.reset("/a")
    assert sorted(one.content for one in storage.list_records()) == ["four", "three"]


def test_records_are_filtered_and_described(storage: PowerMemStorage) -> None:
    day = datetime(2024, 5, 8)
    storage.save(
        [
            record("one", "/x", categories=["p", "q"], metadata={"kind": "a"}, created_at=day),
            record("two", "/x/y", categories=["q"], metadata={"kind": "b"}, created_at=day + timedelta(1)),
            record("three", "/z", categories=["r"], created_at=day + timedelta(2)),
        ]
    )
    query = embed(["one two three"])[0]
    found = storage.search(query, categories=["p", "r"])
    assert sorted(one.content for one, _ in found) == ["one", "three"]
    assert [one.content for one, _ in storage.search(query, metadata_filter={"kind": "b"})] == ["two"]
    assert storage.list_categories() == {"p": 1, "q": 2, "r": 1}
    assert storage.list_categories("/z") == {"r": 1}
    assert [one.content for one in storage.list_records()] == ["three", "two", "one"]
    assert [one.content for one in storage.list_records(limit=1, offset=1)] == ["two"]
    info = storage.get_scope_info("/x")
    assert (info.record_count, info.categories, info.child_scopes) == (2, ["p", "q"], ["/x/y"])
    assert (info.oldest_record, info.newest_record) == (day, day + timedelta(1))
    assert storage.delete(older_than=day + timedelta(1), scope_prefix="/x") == 1
    assert storage.delete(categories=["q"], metadata_filter={"kind": "a"}) == 0
    (last,) = storage.list_records("/z")
    assert storage.delete(record_ids=[last.id, "unknown"]) == 1
    assert [one.content for one in storage.list_records()] == ["two"]


def test_records_are_changed(storage: PowerMemStorage) -> None:
    first = record(FACT, "/home", metadata={"n": 1}, created_at=datetime(2024, 5, 8))
    storage.save([first])
    changed = first.model_copy(update={"content": "The user lives in Oslo.", "embedding": embed(["oslo"])[0]})
    storage.update(changed)
    assert storage.get_record(first.id) == changed.model_copy(update={"embedding": None})
    # Without a vector, as CrewAI changes what is no text: the record keeps its own.
    moved = storage.get_record(first.id).model_copy(update={"scope": "/north", "metadata": {"n": 2}})
    storage.update(moved)
    ((found, score),) = storage.search(embed(["oslo"])[0], scope_prefix="/north")
    assert (found, round(score, 3)) == (moved, 1.0)
    storage.touch_records([first.id])
    assert storage.get_record(first.id).last_accessed > first.last_accessed
    storage.update(record("new"))
    assert storage.count() == 2


def test_a_changed_dimension_is_refused(memory: Memory) -> None:
    storage = PowerMemStorage(memory)
    assert storage.search([1.0, 2.0]) == []
    storage.save([record(FACT)])
    wrong = MemoryRecord(content="short", embedding=[1.0, 2.0, 3.0])
    for change in (
        lambda: storage.save([wrong]),
        lambda: storage.save([record("fits"), wrong]),
        lambda: storage.search([1.0, 2.0, 3.0]),
        lambda: storage.update(storage.list_records()[0].model_copy(update={"embedding": [1.0, 2.0, 3.0]})),
    ):
        with pytest.raises(EmbeddingDimensionMismatchError) as raised:
            change()
        assert (raised.value.stored_dim, raised.value.new_dim) == (64, 3)
    assert [one.content for one in storage.list_records()] == [FACT]
    storage.reset()
    storage.save([wrong])
    assert storage.count() == 1
    storage.close()


def test_owners_never_cross(memory: Memory) -> None:
    ana, ben = (PowerMemStorage(memory, user_id=name) for name in ("ana", "ben"))
    kept = record(FACT)
    ana.save([kept])
    ben.save([record("The user lives in Oslo.")])
    assert [one.content for one, _ in ben.search(embed([FACT])[0])] == ["The user lives in Oslo."]
    assert ben.get_record(kept.id) is None
    assert ben.delete(record_ids=[kept.id]) == 0
    ben.update(kept.model_copy(update={"content": "stolen"}))
    ben.reset()
    assert [one.content for one in ana.list_records()] == [FACT]
    # Nor are they among the memories of the application.
    assert memory.count() == 0
    for storage in (ana, ben):
        storage.close()


async def test_both_colours(storage: PowerMemStorage) -> None:
    await storage.asave([record(FACT)])
    assert [one.content for one, _ in await storage.asearch(embed([FACT])[0])] == [FACT]
    assert await storage.adelete() == 1


def crew(memory: Memory, model: ChatServer, user_id: str) -> tuple[Crew, CrewMemory]:
    llm = LLM(model="openai/gpt-4o", base_url=model.url, api_key="k")
    kept = CrewMemory(storage=PowerMemStorage(memory, user_id=user_id), llm=llm, embedder=embed)
    agent = Agent(role="Concierge", goal="Help the guest", backstory="Knows the city.", llm=llm)
    task = Task(description="{request}", expected_output="An answer", agent=agent)
    return Crew(agents=[agent], tasks=[task], memory=kept), kept


def test_a_crew_remembers_across_two_runs(config: dict[str, Any], model: ChatServer) -> None:
    learned = [FACT]

    def answer(body: dict[str, Any]) -> str:
        asked = str(body["messages"])
        if "You are Concierge" in asked:
            return "Thought: I know it.\nFinal Answer: Noted."
        # CrewAI asks what to remember of a task, and then what that is about.
        if "suggested_scope" in str(body.get("response_format")):
            extracted: dict[str, list[str]] = {"entities": [], "dates": [], "topics": []}
            analysis = {"suggested_scope": "/guest", "categories": ["home"], "importance": 0.9}
            return json.dumps({**analysis, "extracted_metadata": extracted})
        return json.dumps({"memories": [learned.pop()] if learned else []})

    model.on_chat = answer
    with Memory(config) as memory:
        first, kept = crew(memory, model, "ana")
        first.kickoff(inputs={"request": "Remember where I live."})
        kept.close()
    with Memory(config) as memory:
        for user_id in ("ben", "ana"):
            second, kept = crew(memory, model, user_id)
            start = len(model.heard)
            second.kickoff(inputs={"request": "Where does the user live?"})
            asked = [heard.shown for heard in model.heard[start:] if "You are Concierge" in heard.shown]
            assert (FACT in "".join(asked)) == (user_id == "ana")
            kept.close()
