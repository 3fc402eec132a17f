"""Results as a REST service sends them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem._core.clock import parse
from powermem._core.messages.rough import ROUGH_TYPE, rough_metadata, rough_texts
from powermem._core.query.search import Hit
from powermem._core.results.records import hit_record, preference_record, record, task_record
from powermem._core.tasks.task import Preference, ProcessStatus, Task
from powermem._core.values import Message, Row, Scope
from powermem.rest import memory_detail, preference_detail, reply

MORNING = parse("2025-12-10T09:44:35.901234Z")
SCOPE = Scope("ana", None, "0610")


def row(text: str, memory_type: str | None = "plan", **more: Any) -> Row:
    return Row(
        2**62 + 1,
        SCOPE,
        text,
        "h",
        memory_type=memory_type,
        created_at=MORNING,
        updated_at=MORNING + 1_000,
        **more,
    )


def task(status: ProcessStatus, **more: Any) -> Task:
    return Task(7, "u:ana", SCOPE, "refine", MORNING, MORNING, MORNING, status, **more)


@pytest.mark.parametrize("status", ["running", "completed"])
def test_what_add_returned(status: str) -> None:
    result: Any = {
        "results": [{"id": 1, "memory": "x"}],
        "status": status,
        "task_id": "c464e17e",
        "usage": {},
    }
    assert reply(result) == {
        "code": 0,
        "data": {"success": True, "task_id": "c464e17e", "status": status},
        "message": "ok",
    }


def test_what_get_status_returned() -> None:
    assert reply(task_record(task(ProcessStatus.PENDING)))["data"] == {
        "task_id": "7",
        "status": "running",
        "stage": "queued",
    }
    failed = reply(task_record(task(ProcessStatus.FAILED, error="the model is gone", stage="extracting")))
    assert failed["data"] == {
        "task_id": "7",
        "status": "failed",
        "stage": "extracting",
        "error": "the model is gone",
    }


def test_a_rough_memory() -> None:
    ((text, _),) = rough_texts(
        [Message("user", "I've booked a trip."), Message("assistant", "To Guangzhou?")], MORNING
    )
    found = hit_record(Hit(row(text, ROUGH_TYPE, metadata=rough_metadata({})), 0.054, {}), explain=False)
    assert memory_detail(found) == {
        "id": "4611686018427387905",
        "memory_key": "user: [09:44 AM on 10 December, 2025 UTC]: I've booked a trip.",
        "memory_value": "user: [09:44 AM on 10 December, 2025 UTC]: I've booked a trip.\n"
        "assistant: [09:44 AM on 10 December, 2025 UTC]: To Guangzhou?\n",
        "memory_type": "WorkingMemory",
        "create_time": 1765359875901,
        "update_time": 1765359875902,
        "conversation_id": "0610",
        "status": "activated",
        "confidence": 0.99,
        "relativity": 0.054,
        "tags": ["mode:fast"],
    }


def test_a_refined_memory() -> None:
    text = "The user plans to travel to Guangzhou in the summer. They chose 7 Days Inn."
    detail = memory_detail(record(row(text, metadata={"tags": ["Travel", 3]})))
    assert detail["memory_key"] == "The user plans to travel to Guangzhou in the summer"
    assert detail["tags"] == ["Travel", "Guangzhou", "Days Inn"]
    assert detail["memory_type"] == "plan"
    assert not {"confidence", "relativity"} & detail.keys()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Ana likes tea", "Ana likes tea"),
        ("Ana likes tea!", "Ana likes tea"),
        ("Ana " + "very " * 20 + "much likes tea", "Ana " + "very " * 10 + "very\u2026"),
        ("\u4ed6\u559c\u6b22\u8336\u3002\u4e5f\u559c\u6b22\u5496\u5561\u3002", "\u4ed6\u559c\u6b22\u8336"),
        ("x" * 90, "x" * 60 + "\u2026"),
        ("", ""),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert memory_detail(record(row(text)))["memory_key"] == title


def test_what_holds_no_more_is_archived() -> None:
    def status(**more: Any) -> str:
        return str(memory_detail(record(row("x", **more)))["status"])

    assert status(valid_to=MORNING, superseded_by=3) == "archived"
    assert status(expires_at=MORNING) == "archived"
    assert status(expires_at=parse("2999-01-01")) == "activated"


def test_memories_with_preferences() -> None:
    liked = Preference(1, SCOPE, "implicit_preference", "Ana may prefer cheap hotels", "why", "h", MORNING)
    preferences = [preference_record(liked)]
    item = {
        "preference_type": "implicit_preference",
        "preference": "Ana may prefer cheap hotels",
        "reasoning": "why",
        "conversation_id": "0610",
    }
    assert preference_detail(preferences[0]) == item
    assert reply(preferences)["data"] == {"preference_detail_list": [item]}
    whole = reply({"results": [record(row("Ana likes tea"))], "total": 1}, preferences)
    assert json.loads(json.dumps(whole)) == whole
    assert [memory["memory_value"] for memory in whole["data"]["memory_detail_list"]] == ["Ana likes tea"]
    assert whole["data"]["preference_detail_list"] == [item]
    assert reply({"results": [], "total": 0})["data"] == {"memory_detail_list": []}
    assert reply([])["data"] == {"preference_detail_list": []}


@pytest.mark.parametrize("result", [None, {}, {"deleted": 1}, "x", 3])
def test_other_results_are_refused(result: Any) -> None:
    with pytest.raises(TypeError, match="expected what add"):
        reply(result)
