# Generated from tests/_async/test_shapes.py by scripts/run_unasync.py; edit that file instead.
"""What methods return is what their annotations say: every key, and none besides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem.types import FactRecord, ProgressRecord, TaskStatus
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, eager, openai_embedder
from tests.support.shapes import Shapes, described

# More than the embedder takes.
LONG = " ".join(f"Sentence {number} is about tea." for number in range(400))


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    # LONG takes more windows than are embedded, which is a warning.
    api.limits.embed_window = 20
    return {**eager(config, api), "embedder": openai_embedder(api)}


@pytest.mark.stores
def test_every_result_has_the_keys_of_its_type(memory: Memory, model: ScriptedModel, tmp_path: Path) -> None:
    shapes = Shapes()
    ended: list[TaskStatus] = []
    told: list[ProgressRecord] = []
    memory.processing.on_task_done(ended.append)

    def add(*given: Any, **more: Any) -> Any:
        return shapes.result(Memory.add, memory.add(*given, **{"user_id": "u", **more}))

    def status(task_id: str) -> Any:
        return shapes.result(Memory.get_status, memory.get_status(task_id))

    # Every event, and every way of adding.
    model.learns("Ana likes green tea")
    (liked,) = (add("I like green tea", metadata={"k": [1, None]}))["results"]
    model.learns("Ana likes green tea with mint")
    model.decides(decision(0, "UPDATE", "M1", "Ana likes green tea, best with mint"))
    status((add("Best with mint"))["task_id"])
    model.learns("Ana likes black tea now")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    (black,) = (add("Now I prefer black tea"))["results"]
    model.learns("Ana likes white tea now")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    shapes.result(Memory.add_message, memory.add_message("u", "user", "White tea is better"))
    assert memory.process("u") == 1
    model.learns("Ana wants it forgotten that she likes white tea")
    model.decides(decision(0, "DELETE", "M1"))
    (deleted,) = (add("Forget what tea I like"))["results"]
    assert (deleted["event"], black["supersedes"]) == ("DELETE", liked["id"])
    one = add(LONG, infer=False, idempotency_key="k")
    assert add(LONG, infer=False, idempotency_key="k") == one
    assert (add(LONG, infer=False))["results"][0]["event"] == "NONE"
    model.repeats()
    rough = add(f"Later: {LONG}", async_mode=True, run_id="r")
    status(rough["task_id"])
    many = [{"messages": "I live in Rome"}, {"messages": 5}]
    loaded = memory.add_many(many, user_id="u", infer=False, on_progress=told.append)
    assert shapes.result(Memory.add_many, loaded)["failed"] == 1
    nothing = memory.add_many([], on_progress=told.append)
    shapes.result(Memory.add_many, nothing)

    # In the background.
    pair = memory.add_exchange("u", "I work in Porto", {"role": "assistant", "tool_calls": []})
    assert shapes.result(Memory.add_exchange, pair)[1]["id"] is None
    shapes.result(type(memory.processing).stats, memory.processing.stats())
    memory.flush()
    memory.wait_for_processing(timeout=120)
    for task in shapes.result(Memory.list_tasks, memory.list_tasks()):
        status(task["task_id"])
    for task_status in ended:
        shapes.value(TaskStatus, task_status)
    shapes.result(Memory.get_preferences, memory.get_preferences("u"))

    # Reading.
    (item,) = one["results"]
    shapes.result(Memory.search, memory.search(LONG, user_id="u", explain=True))
    answers = memory.search_many(["tea", "Rome"], user_id="u", around=1)
    assert shapes.result(Memory.search_many, answers)[1]["results"]
    shapes.result(Memory.get, memory.get(item["id"]))
    shapes.result(Memory.get, memory.get(-1))
    shapes.result(Memory.get_all, memory.get_all(user_id="u"))
    shapes.result(Memory.get_all, memory.get_all(user_id="u", history=True))
    for known in (liked["id"], black["id"], rough["results"][0]["id"]):
        assert shapes.result(Memory.history, memory.history(known))
    assert shapes.result(Memory.sources, memory.sources(item["id"]))
    assert shapes.result(Memory.get_statistics, memory.get_statistics())["top_accessed"]
    memory.attribution("u")
    facts = memory.recall("tea")
    assert [shapes.value(FactRecord, found.to_dict()) for found in facts]
    shapes.result(Memory.observe, memory.observe("I like jazz", "Noted."))

    # Changing.
    shapes.result(Memory.update, memory.update(item["id"], f"Well. {LONG}"))
    shapes.result(Memory.update, memory.update(item["id"], metadata={"k": 2}))
    shapes.result(Memory.update, memory.update(-1, "x"))
    memory.delete(item["id"])
    gone = status(one["task_id"])
    assert gone["results"] == [{"id": item["id"], "memory": None, "event": "ADD"}]

    # Moving.
    path = tmp_path / "memories.jsonl"
    exported = memory.export_memories(path, on_progress=told.append)
    assert shapes.result(Memory.export_memories, exported)["exported"]
    with path.open("a") as file:
        file.write('{"what": "is this"}\n')
    imported = memory.import_memories(path, on_progress=told.append)
    assert shapes.result(Memory.import_memories, imported)["errors"]
    chat = tmp_path / "chat.csv"
    chat.write_text("speaker,text,time\nAnn,I sing.,2025-01-01\nBo,I dance.,soon\n")
    history = memory.load_history(chat, user_id="u", me="Ann", on_progress=told.append)
    shapes.result(Memory.load_history, history)
    nowhere = {"vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}}}
    with Memory({**nowhere, "embedder": {"provider": "none"}}) as other:
        copied = memory.copy_to(other, on_progress=told.append)
        assert shapes.result(Memory.copy_to, copied)["imported"]
        shapes.result(Memory.move_user, memory.move_user("nobody", other))
    shapes.result(Memory.reembed, memory.reembed(on_progress=told.append))
    memory.close()
    for progress in told:
        shapes.value(ProgressRecord, progress)

    with Memory(memory.config) as again:
        forgotten = again.delete_entity_memories("u")
        shapes.result(Memory.delete_entity_memories, forgotten)
        shapes.result(Memory.delete_all, again.delete_all(user_id="u"))

    assert shapes.called == described(Memory) | described(type(memory.processing))
    rare = {name for name, seen in shapes.seen.items() if seen != {True, False}}
    assert not rare, "these keys are always there, or never"
