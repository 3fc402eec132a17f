# Generated from tests/_async/stores/test_topics.py by scripts/run_unasync.py; edit that file instead.
"""Title, tags and categories that a model gives are kept, found, counted and copied."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from powermem import Memory
from powermem.rest import memory_detail
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, fact, openai_llm

pytestmark = pytest.mark.stores

TRIP = fact(
    "The user travels to Guangzhou and stays at 7 Days Inn",
    title="Summer Vacation Guangzhou Travel Plan",
    tags=["Travel", "Guangzhou", "Accommodation", "Hotel"],
    categories=["travel", "sport"],
)
MEAL = fact("Jonas kocht gern", title="Kochen", tags=["Küche", "travel"], categories=["food"])


@pytest.fixture
def learning(config: dict[str, Any], api: ApiServer) -> Iterator[Memory]:
    """A memory whose model is scripted, with two categories."""
    with Memory({**config, "llm": openai_llm(api), "categories": ["travel", "food"]}) as memory:
        yield memory


def fill(memory: Memory, model: ScriptedModel) -> tuple[int, int]:
    """Store two facts with topics, and three memories with metadata or nothing; return the ids of the two."""
    model.learns(TRIP, MEAL)
    items = (memory.add("To Guangzhou, at 7 Days Inn! Jonas kocht gern.", user_id="u"))["results"]
    for text, metadata in (
        ("tagged", {"tags": ["Hotel"], "title": "Mine"}),
        ("text", {"tags": "Hotel"}),
        ("no", {}),
    ):
        memory.add(text, user_id="u", infer=False, metadata=metadata)
    return int(items[0]["id"]), int(items[1]["id"])


def found(memory: Memory, **filters: Any) -> list[str]:
    page = memory.get_all(user_id="u", filters=filters, sort_by="id", order="asc")
    hits = (memory.search("who knows", user_id="u", filters=filters, limit=50))["results"]
    listed = [record["memory"].split()[0] for record in page["results"]]
    assert {hit["memory"].split()[0] for hit in hits} <= set(listed)
    assert memory.count(user_id="u", filters=filters) == len(listed)
    return listed


def test_records_have_them(learning: Memory, model: ScriptedModel) -> None:
    trip, _ = fill(learning, model)
    record = learning.get(trip)
    assert record is not None
    assert (record["title"], record["tags"], record["categories"], record["metadata"]) == (
        "Summer Vacation Guangzhou Travel Plan",
        ["Travel", "Guangzhou", "Accommodation", "Hotel"],
        ["travel"],
        {},
    )
    detail = memory_detail(record)
    assert (detail["memory_key"], detail["tags"]) == (record["title"], record["tags"])
    plain = (learning.get_all(user_id="u", limit=1))["results"][0]
    assert (plain["title"], plain["tags"], plain["categories"]) == (None, [], [])


def test_a_category_outside_the_list_is_told(learning: Memory, model: ScriptedModel) -> None:
    model.learns(TRIP)
    result = learning.add("To Guangzhou, at 7 Days Inn!", user_id="u")
    assert any("'sport'" in warning for warning in result["warnings"])


def test_filters_name_them(learning: Memory, model: ScriptedModel) -> None:
    fill(learning, model)
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        ({"tags": {"contains": "Travel"}}, ["The"]),
        ({"tags": {"icontains": "travel"}}, ["The", "Jonas"]),
        ({"tags": {"icontains": "KÜCHE"}}, ["Jonas"]),
        ({"tags": "Travel"}, ["The"]),
        ({"tags": {"in": ["Hotel", "Küche"]}}, ["The", "Jonas", "text"]),
        # Those in the metadata count as before.
        ({"tags": {"contains": "Hotel"}}, ["The", "tagged", "text"]),
        ({"metadata.tags": {"contains": "Hotel"}}, ["tagged", "text"]),
        ({"tags": {"exists": False}}, ["no"]),
        ({"tags": {"ne": "Travel"}}, ["Jonas", "tagged", "text", "no"]),
        ({"tags": {"nin": ["Travel", "Hotel"]}}, ["Jonas", "tagged", "no"]),
        ({"tags": None}, ["no"]),
        ({"NOT": {"tags": {"contains": "Hotel"}}}, ["Jonas", "no"]),
        ({"title": {"like": "%Travel%"}}, ["The"]),
        ({"title": "Mine"}, ["tagged"]),
        ({"title": {"exists": True}}, ["The", "Jonas", "tagged"]),
        ({"categories": "food"}, ["Jonas"]),
        ({"categories": {"in": ["food", "travel"]}}, ["The", "Jonas"]),
        ({"AND": [{"categories": "travel"}, {"tags": "Hotel"}]}, ["The"]),
    ]
    for filters, texts in wanted:
        assert found(learning, **filters) == texts, filters


def test_statistics_count_them(learning: Memory, model: ScriptedModel) -> None:
    trip, _ = fill(learning, model)
    numbers = learning.get_statistics(user_id="u")
    assert numbers["by_tag"] == dict.fromkeys(
        ["Travel", "Guangzhou", "Accommodation", "Hotel", "Küche", "travel"], 1
    )
    assert numbers["by_category"] == {"travel": 1, "food": 1}
    learning.delete(trip)
    assert (learning.get_statistics(user_id="u"))["by_category"] == {"food": 1}


def test_a_copy_has_them(learning: Memory, model: ScriptedModel) -> None:
    trip, _ = fill(learning, model)
    before = learning.get(trip)
    lines = io.StringIO()
    learning.export_memories(lines, filters={"tags": "Hotel"})
    learning.reset()
    lines.seek(0)
    learning.import_memories(lines)
    after = learning.get(trip)
    assert before is not None
    assert after is not None
    assert {**after, "access_count": 0} == {**before, "access_count": 0}


def test_an_update_changes_them_and_a_version_keeps_its_own(learning: Memory, model: ScriptedModel) -> None:
    model.learns(TRIP)
    said = "I travel to Guangzhou and stay at 7 Days Inn."
    (item,) = (learning.add(said, user_id="u", timestamp="2026-04-02"))["results"]
    model.learns(fact("The user travels to Guangzhou in July", title="Journey in July", tags=["Summer"]))
    model.decides(decision(0, "UPDATE", "M1", f"{TRIP['text']} in July"))
    learning.add("I travel to Guangzhou in July.", user_id="u", timestamp="2026-08-02")
    record = learning.get(item["id"])
    assert record is not None
    assert (record["title"], record["categories"]) == ("Journey in July", ["travel"])
    assert record["tags"] == ["Summer", "Travel", "Guangzhou", "Accommodation", "Hotel"]
    (old,) = (learning.get_all(user_id="u", as_of="2026-05-01"))["results"]
    assert (old["title"], old["tags"]) == (TRIP["title"], TRIP["tags"])
    learning.update(item["id"], "The user travels to Beijing")
    record = learning.get(item["id"])
    assert record is not None
    assert (record["title"], record["tags"][0]) == (None, "Summer")
    assert [hit["id"] for hit in (learning.search("accommodation", user_id="u"))["results"]][:1] == [
        item["id"]
    ]
