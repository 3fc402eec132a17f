# Generated from tests/_async/test_text_ids.py by scripts/run_unasync.py; edit that file instead.
"""Ids as JavaScript can keep them: as strings, on the way out and on the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import Memory
from powermem.rest import json_safe

# What JSON.parse of JavaScript makes of a number.
_EXACT = 2**53


def in_javascript(result: Any) -> Any:
    """Return what a page would read; a number of too many bits loses digits there."""
    return json.loads(json.dumps(result), parse_int=lambda digits: int(float(digits)))


@pytest.mark.stores
def test_an_id_goes_to_a_browser_and_comes_back(memory: Memory) -> None:
    added = memory.add("I live in Rome", user_id="u", metadata={"id": 5, "superseded_by": 7})
    assert added["results"][0]["id"] > _EXACT
    assert in_javascript(added)["results"][0]["id"] != added["results"][0]["id"]
    sent = json_safe(added)
    assert in_javascript(sent) == {**sent, "usage": in_javascript(sent["usage"])}
    (item,) = sent["results"]
    known = item["id"]
    assert item["metadata"] == {"id": 5, "superseded_by": 7}

    got = memory.get(known, user_id="u")
    assert got is not None
    assert str(got["id"]) == known
    changed = memory.update(known, metadata={"k": 1})
    assert changed is not None
    assert json_safe(changed)["id"] == known
    assert [entry["memory_id"] for entry in json_safe(memory.history(known))] == [known]
    assert len(memory.sources(known)) == 1
    for form in (known, [known], {"in": [known]}, {"eq": known}, {"gte": known}, {"lte": known}):
        assert memory.count(filters={"id": form}) == 1, form
        (found,) = json_safe(memory.search("Rome", filters={"id": form}))["results"]
        assert found["id"] == known
    assert memory.count(filters={"id": {"ne": known}}) == 0
    assert memory.count(filters={"NOT": {"id": known}}) == 0
    status = memory.get_status(added["task_id"])
    assert [event["id"] for event in json_safe(status)["results"]] == [known]
    assert (memory.delete_all(user_id="u", filters={"id": known}))["deleted"] == 1
    assert memory.delete(known) is False


def test_every_shape_is_written_with_ids_as_strings(memory: Memory) -> None:
    memory.add("I live in Rome", user_id="u", memory_type="id")
    pair = memory.add_exchange("u", "I work in Porto", {"role": "assistant", "tool_calls": []})
    memory.attribution("u")
    page = memory.get_all(user_id="u")
    results: list[Any] = [
        page,
        page["results"][0],
        pair,
        memory.search("Rome", user_id="u"),
        memory.search_many(["Rome", "Porto"], user_id="u"),
        memory.get(page["results"][0]["id"]),
        memory.get_statistics(),
        memory.get_preferences("u"),
        memory.recall("Rome"),
        memory.list_tasks(),
        memory.processing.stats(),
        memory.delete_all(user_id="u"),
        memory.get(page["results"][0]["id"]),
    ]
    for result in results:
        sent = json_safe(result)
        assert type(sent) is (dict if hasattr(result, "to_dict") else type(result))
        assert _large(json.loads(json.dumps(sent))) == [], result
    assert json_safe(results[6])["by_type"] == {"id": 1}
    assert json_safe(pair)[1]["id"] is None


def _large(value: Any) -> list[int]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for part in value for number in _large(part)]
    return [value] if isinstance(value, int) and value > _EXACT else []
