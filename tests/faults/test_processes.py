"""Several processes, one file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from tests.faults.database import check_database, rows
from tests.faults.processes import Process
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, openai_llm

SHARED = [f"Everybody knows that train {number} leaves at nine" for number in range(15)]


def test_four_processes_write_and_search_one_file(path: Path, config: dict[str, Any]) -> None:
    own = {
        name: [f"{name} keeps secret number {number}" for number in range(60)]
        for name in ("A", "B", "C", "D")
    }
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                Process("add_and_search", config=config, name=name, own=texts, shared=SHARED, seed=seed)
            )
            for seed, (name, texts) in enumerate(own.items())
        ]
        for process in processes:
            assert process.hears() == "ready"
        for process in processes:
            process.send()
        reports = [report for process in processes for report in process.finish()]
    assert [report["errors"] for report in reports] == [[], [], [], []]
    # Everybody finds at once what he wrote himself, and what others wrote before him.
    assert [report["missed"] for report in reports] == [[], [], [], []]
    with Memory(config) as memory:
        listed = memory.get_all(user_id="u", limit=1000)["results"]
        wanted = [*SHARED, *(text for texts in own.values() for text in texts)]
        assert sorted(item["memory"] for item in listed) == sorted(wanted)
        # Exactly one of them was told that it added a text.
        assert sorted(item["id"] for item in listed) == sorted(
            n for report in reports for n in report["added"]
        )
        (hit,) = memory.search(SHARED[7], user_id="u", limit=1)["results"]
        assert hit["memory"] == SHARED[7]
        assert len(memory.sources(hit["id"])) == 4
    check_database(path)


def test_ten_at_once_from_four_processes_make_one(path: Path, config: dict[str, Any], api: ApiServer) -> None:
    config["llm"] = openai_llm(api)
    ScriptedModel(api).always_learns("Ana loves chess")
    with ExitStack() as stack:
        processes = [stack.enter_context(Process("serve", config=config)) for _ in range(4)]
        for process in processes:
            assert process.hears() == "ready"
        ten = [processes[number % 4] for number in range(10)]
        for user, infer in (("u", False), ("v", True)):
            for process in ten:
                process.ask("add", "I love chess", user_id=user, infer=infer)
            results = [process.told() for process in ten]
            events = [item["event"] for result in results for item in result["results"]]
            assert sorted(events) == ["ADD"] + ([] if infer else ["NONE"] * 9)
            assert [process.call("count", user_id=user) for process in processes] == [1] * 4
        for process in processes:
            assert process.finish() == []
    # Each was evidence.
    assert rows(path, "SELECT count(*) FROM memories_links") == [(20,)]
    check_database(path)


@pytest.mark.stores
def test_four_processes_see_each_other_and_lose_nothing(new_vector_store: dict[str, Any]) -> None:
    config = {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
    with ExitStack() as stack:
        # The first makes the tables.
        stack.enter_context(Memory(config)).initialize()
        processes = [stack.enter_context(Process("serve", config=config)) for _ in range(4)]
        for process in processes:
            assert process.hears() == "ready"
        for number in range(12):
            writer, reader = processes[number % 4], processes[(number + 1) % 4]
            text = f"beacon {number} is lit"
            writer.call("add", text, user_id="u", infer=False)
            hits = reader.call("search", text, user_id="u", limit=1)["results"]
            assert [hit["memory"] for hit in hits] == [text]
        for number in range(20):
            processes[number % 4].ask("add", f"all at once, {number}", user_id="u", infer=False)
        for number in range(20):
            assert processes[number % 4].told()["results"][0]["event"] == "ADD"
        assert [process.call("count", user_id="u") for process in processes] == [32] * 4
        found = [process.call("search", "all at once", user_id="u", limit=40) for process in processes]
        assert [len({hit["id"] for hit in page["results"]}) for page in found] == [20] * 4


def test_a_search_sees_what_another_process_committed(
    path: Path, config: dict[str, Any], api: ApiServer
) -> None:
    config["llm"] = openai_llm(api)
    model = ScriptedModel(api)
    with Process("serve", config=config) as other, Memory(config) as memory:
        assert other.hears() == "ready"

        def here(query: str) -> list[str]:
            return [item["memory"] for item in memory.search(query, user_id="u")["results"]]

        def there(query: str) -> list[str]:
            return [item["memory"] for item in other.call("search", query, user_id="u")["results"]]

        # Both have the memories of this user in their caches before anything happens.
        assert here("tea") == there("tea") == []
        (tea,) = other.call("add", "I like tea", user_id="u", infer=False)["results"]
        assert here("tea") == ["I like tea"]
        assert memory.update(tea["id"], "I like coffee")
        assert there("coffee") == ["I like coffee"]
        assert there("tea") == here("tea")
        model.learns("I like juice more than coffee")
        model.rules('{"decisions": [{"fact": 0, "action": "SUPERSEDE", "target": "M1"}]}')
        (juice,) = other.call("add", "I like juice now, not coffee", user_id="u")["results"]
        assert juice["supersedes"] == tea["id"]
        assert here("coffee") == there("coffee") == ["User likes juice more than coffee"]
        assert memory.delete(juice["id"])
        assert there("juice") == here("juice") == []
        memory.add(["I like tea", "I like jam"], user_id="u", infer=False)
        assert sorted(there("like")) == ["I like jam", "I like tea"]
        assert other.call("delete_all", user_id="u") == {"deleted": 3}
        assert here("like") == []
        (best,) = other.call("add", "I like ice with cherries", user_id="u", infer=False)["results"]
        memory.add("I like ice", user_id="u", infer=False)
        assert (
            here("ice with cherries")
            == there("ice with cherries")
            == ["I like ice with cherries", "I like ice"]
        )
        assert other.call("delete", best["id"])
        # What is deleted does not take the place of what is not.
        (hit,) = memory.search("ice with cherries", user_id="u", limit=1)["results"]
        assert hit["memory"] == "I like ice"
        memory.delete(hit["id"])
        other.call("add", "I like cake", user_id="u", infer=False)
        assert here("like") == ["I like cake"]
        memory.reset()
        assert there("like") == []
        memory.add("I like ice", user_id="u", infer=False)
        assert there("like") == here("like") == ["I like ice"]
        assert other.finish() == []
    check_database(path)
