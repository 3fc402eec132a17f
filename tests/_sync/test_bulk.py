# Generated from tests/_async/test_bulk.py by scripts/run_unasync.py; edit that file instead.
"""Adding many items."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from tests.support.apiserver import ApiServer, Behaviour, Request, failure
from tests.support.scripted import openai_embedder


def notes(count: int) -> list[str]:
    return [f"Note {number} about tea" for number in range(count)]


def texts(memory: Memory) -> list[str]:
    return sorted(item["memory"] for item in (memory.get_all(limit=10_000))["results"])


def test_add_many_takes_texts_and_arguments(memory: Memory) -> None:
    items: list[Any] = [
        "I like tea",
        {"messages": "I like rain", "user_id": "v", "metadata": {"n": 1}},
        {"messages": [{"role": "user", "content": "I live in Porto"}], "infer": False},
    ]
    result = memory.add_many(items, user_id="u")
    assert {key: result[key] for key in ("added", "failed", "skipped", "errors")} == {
        "added": 3,
        "failed": 0,
        "skipped": 0,
        "errors": [],
    }
    assert result["usage"]["embedded_texts"] == 3
    assert result["usage"]["seconds"] > 0
    assert memory.users() == ["u", "v"]
    assert memory.count(user_id="u") == 2


def test_an_async_iterable_will_do(memory: Memory) -> None:
    def produce() -> Iterator[str]:
        for text in notes(20):
            yield text

    assert (memory.add_many(produce(), infer=False))["added"] == 20


def test_items_are_taken_as_they_are_needed(memory: Memory) -> None:
    taken = 0
    ahead = []

    def produce() -> Generator[str, None, None]:
        nonlocal taken
        for text in notes(200):
            taken += 1
            yield text

    def listen(counts: dict[str, Any]) -> None:
        ahead.append(taken - counts["done"])

    memory.add_many(produce(), infer=False, batch_size=8, concurrency=2, on_progress=listen)
    assert taken == 200
    assert max(ahead) <= 8


def test_with_one_at_a_time_the_order_is_kept(memory: Memory) -> None:
    memory.add_many(notes(30), infer=False, concurrency=1)
    listed = (memory.get_all(sort_by="id", order="asc"))["results"]
    assert [item["memory"] for item in listed] == notes(30)


def test_an_item_may_be_messages(memory: Memory, tmp_path: Path) -> None:
    def items() -> Generator[Any, None, None]:
        yield {"role": "user", "content": "I like tea"}
        yield [{"role": "human", "content": "I like rain"}, {"role": "assistant", "tool_calls": [{}]}]
        yield {"messages": (one for one in [("user", "I like snow")])}

    path = tmp_path / "done.json"
    for added in (3, 0):
        # What is the same item in another run is the same, wherever it is in memory.
        result = memory.add_many(items(), infer=False, checkpoint=path)
        assert (result["added"], result["failed"], result["skipped"]) == (added, 0, 3 - added)
    assert memory.count() == 3


def test_what_fails_is_told_and_the_rest_is_added(memory: Memory) -> None:
    items: list[Any] = [
        "I like tea",
        " ",
        5,
        {"user_id": "u"},
        {"messages": "x", "colour": "red"},
        "I like rain",
    ]
    result = memory.add_many(items, infer=False)
    assert (result["added"], result["failed"]) == (2, 4)
    assert [error["index"] for error in result["errors"]] == [1, 2, 3, 4]
    shown = [error["error"] for error in result["errors"]]
    assert "there is no text" in shown[0]
    assert "expected a string, messages or a dict of arguments, got int" in shown[1]
    assert "messages: is missing" in shown[2]
    assert "'colour' is not an argument of add; expected some of messages, user_id" in shown[3]


def test_an_item_that_cannot_be_embedded_fails_alone(
    api: ApiServer, config: dict[str, Any], tmp_path: Path
) -> None:
    def rule(request: Request) -> Behaviour | None:
        return failure(400, "too long") if "poison" in str(request.body) else None

    api.rule = rule
    items = [*notes(9), "poison", {"messages": "one more", "user_id": "v"}]
    with Memory({**config, "embedder": openai_embedder(api)}) as memory:
        for attempt, (added, skipped) in enumerate([(10, 0), (0, 10)]):
            result = memory.add_many(items, user_id="u", infer=False, checkpoint=tmp_path / "load.json")
            assert (result["added"], result["failed"], result["skipped"]) == (added, 1, skipped), attempt
            assert [error["index"] for error in result["errors"]] == [9]
            assert "too long" in result["errors"][0]["error"]
        assert memory.count() == 10
        for item in (memory.get_all())["results"]:
            assert len(memory.sources(item["id"])) == 1


def test_the_first_error_can_end_it(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="there is no text"):
        memory.add_many(["I like tea", " ", *notes(100)], infer=False, concurrency=1, on_error="raise")
    assert memory.count() == 1


def test_progress_can_be_listened_to(memory: Memory) -> None:
    told: list[dict[str, Any]] = []

    def listen(counts: dict[str, Any]) -> None:
        told.append(counts)

    memory.add_many([*notes(9), " "], infer=False, on_progress=listen)
    assert {key: told[-1][key] for key in ("done", "total", "added", "failed", "skipped")} == {
        "done": 10,
        "total": 10,
        "added": 9,
        "failed": 1,
        "skipped": 0,
    }
    assert told[-1]["rate"] > 0
    memory.add_many(iter(["one more"]), infer=False, on_progress=listen)
    assert told[-1]["total"] is None


def test_a_rate_limit_holds(memory: Memory) -> None:
    started = perf_counter()
    memory.add_many(notes(11), infer=False, rate_limit=50)
    assert perf_counter() - started >= 0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": "abc"}, "items: expected an iterable"),
        ({"items": {"messages": "x"}}, "items: expected an iterable"),
        ({"items": 5}, "items: expected an iterable"),
        ({"items": [], "concurrency": 0}, "concurrency: must be at least 1"),
        ({"items": [], "batch_size": 0}, "batch_size: must be at least 1"),
        ({"items": [], "on_error": "ignore"}, "on_error: expected one of 'collect', 'raise'"),
        ({"items": [], "rate_limit": 0}, "rate_limit: expected a positive number"),
        ({"items": [], "colour": "red"}, "'colour' is not an argument of add"),
    ],
)
def test_wrong_arguments(memory: Memory, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        memory.add_many(**arguments)


def test_a_checkpoint_lets_a_load_go_on(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    seen: list[int] = []

    def produce() -> Generator[str, None, None]:
        for number, text in enumerate(notes(50)):
            if number == 30 and not seen:
                seen.append(number)
                raise RuntimeError("the source broke")
            yield text

    with pytest.raises(RuntimeError, match="the source broke"):
        memory.add_many(produce(), infer=False, batch_size=4, concurrency=2, checkpoint=path)
    result = memory.add_many(produce(), infer=False, checkpoint=path)
    assert result["added"] + result["skipped"] == 50
    assert result["skipped"] >= 1
    assert texts(memory) == sorted(notes(50))
    result = memory.add_many(produce(), infer=False, checkpoint=path)
    assert (result["added"], result["skipped"]) == (0, 50)


def test_a_checkpoint_that_lags_behind_does_no_harm(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    items = [{"messages": f"I like tea number {n}. I live in Porto.", "user_id": "u"} for n in range(20)]
    memory.add_many(items, checkpoint=path)
    state = json.loads(path.read_text("utf-8"))
    # As if the process had been killed before it could write the last state.
    path.write_text(json.dumps({**state, "done": 5, "beyond": [7]}), "utf-8")
    before = memory.get_all(limit=1000, sort_by="id")
    result = memory.add_many(items, checkpoint=path)
    assert (result["added"], result["skipped"]) == (14, 6)
    assert memory.get_all(limit=1000, sort_by="id") == before
    for item in before["results"]:
        sources = [turn["content"] for turn in memory.sources(item["id"])]
        assert len(set(sources)) == len(sources)


def test_what_failed_is_tried_again(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    result = memory.add_many(["I like tea", " ", "I like rain"], infer=False, checkpoint=path)
    assert (result["added"], result["failed"]) == (2, 1)
    result = memory.add_many(["I like tea", "repaired", "I like rain"], infer=False, checkpoint=path)
    assert (result["added"], result["failed"], result["skipped"]) == (1, 0, 2)
    result = memory.add_many(["I like tea", "repaired", "I like rain"], infer=False, checkpoint=path)
    assert result["skipped"] == 3


def test_a_checkpoint_belongs_to_its_items(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    memory.add_many(["I like tea"], infer=False, checkpoint=path)
    with pytest.raises(InvalidInputError, match="belongs to the load of other items"):
        memory.add_many(["I like rain"], infer=False, checkpoint=path)
    assert memory.count() == 1


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"powermem_load": 9}', '{"powermem_load": 1, "id": "x"}']
)
def test_a_file_that_is_no_checkpoint_is_left_alone(memory: Memory, tmp_path: Path, content: str) -> None:
    path = tmp_path / "load.json"
    path.write_text(content, "utf-8")
    with pytest.raises(InvalidInputError, match="checkpoint"):
        memory.add_many(["I like tea"], checkpoint=path)
    assert path.read_text("utf-8") == content


def test_a_checkpoint_that_cannot_be_written(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="checkpoint: cannot write"):
        memory.add_many(["I like tea"], checkpoint=tmp_path / "missing" / "load.json")
    assert memory.count() == 0


def test_the_same_key_at_once_is_carried_out_once(memory: Memory) -> None:
    items = [{"messages": f"Said {number}", "idempotency_key": "k", "user_id": "u"} for number in range(8)]
    result = memory.add_many(items, infer=False)
    assert result["added"] == 8
    assert memory.count() == 1
