"""What methods return is what their annotations say: every key, and none besides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory
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
async def test_every_result_has_the_keys_of_its_type(
    memory: AsyncMemory, model: ScriptedModel, tmp_path: Path
) -> None:
    shapes = Shapes()
    ended: list[TaskStatus] = []
    told: list[ProgressRecord] = []
    memory.processing.on_task_done(ended.append)

    async def add(*given: Any, **more: Any) -> Any:
        return shapes.result(AsyncMemory.add, await memory.add(*given, **{"user_id": "u", **more}))

    async def status(task_id: str) -> Any:
        return shapes.result(AsyncMemory.get_status, await memory.get_status(task_id))

    # Every event, and every way of adding.
    model.learns("Ana likes green tea")
    (liked,) = (await add("I like green tea", metadata={"k": [1, None]}))["results"]
    model.learns("Ana likes green tea with mint")
    model.decides(decision(0, "UPDATE", "M1", "Ana likes green tea, best with mint"))
    await status((await add("Best with mint"))["task_id"])
    model.learns("Ana likes black tea now")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    (black,) = (await add("Now I prefer black tea"))["results"]
    model.learns("Ana likes white tea now")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    shapes.result(AsyncMemory.add_message, await memory.add_message("u", "user", "White tea is better"))
    assert await memory.process("u") == 1
    model.learns("Ana wants it forgotten that she likes white tea")
    model.decides(decision(0, "DELETE", "M1"))
    (deleted,) = (await add("Forget what tea I like"))["results"]
    assert (deleted["event"], black["supersedes"]) == ("DELETE", liked["id"])
    one = await add(LONG, infer=False, idempotency_key="k")
    assert await add(LONG, infer=False, idempotency_key="k") == one
    assert (await add(LONG, infer=False))["results"][0]["event"] == "NONE"
    model.repeats()
    rough = await add(f"Later: {LONG}", async_mode=True, run_id="r")
    await status(rough["task_id"])
    many = [{"messages": "I live in Rome"}, {"messages": 5}]
    loaded = await memory.add_many(many, user_id="u", infer=False, on_progress=told.append)
    assert shapes.result(AsyncMemory.add_many, loaded)["failed"] == 1
    nothing = await memory.add_many([], on_progress=told.append)
    shapes.result(AsyncMemory.add_many, nothing)

    # In the background.
    pair = await memory.add_exchange("u", "I work in Porto", {"role": "assistant", "tool_calls": []})
    assert shapes.result(AsyncMemory.add_exchange, pair)[1]["id"] is None
    shapes.result(type(memory.processing).stats, await memory.processing.stats())
    await memory.flush()
    await memory.wait_for_processing(timeout=120)
    for task in shapes.result(AsyncMemory.list_tasks, await memory.list_tasks()):
        await status(task["task_id"])
    for task_status in ended:
        shapes.value(TaskStatus, task_status)
    shapes.result(AsyncMemory.get_preferences, await memory.get_preferences("u"))

    # Reading.
    (item,) = one["results"]
    shapes.result(AsyncMemory.search, await memory.search(LONG, user_id="u", explain=True))
    answers = await memory.search_many(["tea", "Rome"], user_id="u", around=1)
    assert shapes.result(AsyncMemory.search_many, answers)[1]["results"]
    shapes.result(AsyncMemory.get, await memory.get(item["id"]))
    shapes.result(AsyncMemory.get, await memory.get(-1))
    shapes.result(AsyncMemory.get_all, await memory.get_all(user_id="u"))
    shapes.result(AsyncMemory.get_all, await memory.get_all(user_id="u", history=True))
    for known in (liked["id"], black["id"], rough["results"][0]["id"]):
        assert shapes.result(AsyncMemory.history, await memory.history(known))
    assert shapes.result(AsyncMemory.sources, await memory.sources(item["id"]))
    assert shapes.result(AsyncMemory.get_statistics, await memory.get_statistics())["top_accessed"]
    memory.attribution("u")
    facts = await memory.recall("tea")
    assert [shapes.value(FactRecord, found.to_dict()) for found in facts]
    shapes.result(AsyncMemory.observe, await memory.observe("I like jazz", "Noted."))

    # Changing.
    shapes.result(AsyncMemory.update, await memory.update(item["id"], f"Well. {LONG}"))
    shapes.result(AsyncMemory.update, await memory.update(item["id"], metadata={"k": 2}))
    shapes.result(AsyncMemory.update, await memory.update(-1, "x"))
    await memory.delete(item["id"])
    gone = await status(one["task_id"])
    assert gone["results"] == [{"id": item["id"], "memory": None, "event": "ADD"}]

    # Moving.
    path = tmp_path / "memories.jsonl"
    exported = await memory.export_memories(path, on_progress=told.append)
    assert shapes.result(AsyncMemory.export_memories, exported)["exported"]
    with path.open("a") as file:
        file.write('{"what": "is this"}\n')
    imported = await memory.import_memories(path, on_progress=told.append)
    assert shapes.result(AsyncMemory.import_memories, imported)["errors"]
    chat = tmp_path / "chat.csv"
    chat.write_text("speaker,text,time\nAnn,I sing.,2025-01-01\nBo,I dance.,soon\n")
    history = await memory.load_history(chat, user_id="u", me="Ann", on_progress=told.append)
    shapes.result(AsyncMemory.load_history, history)
    nowhere = {"vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}}}
    async with AsyncMemory({**nowhere, "embedder": {"provider": "none"}}) as other:
        copied = await memory.copy_to(other, on_progress=told.append)
        assert shapes.result(AsyncMemory.copy_to, copied)["imported"]
        shapes.result(AsyncMemory.move_user, await memory.move_user("nobody", other))
    shapes.result(AsyncMemory.reembed, await memory.reembed(on_progress=told.append))
    await memory.close()
    for progress in told:
        shapes.value(ProgressRecord, progress)

    async with AsyncMemory(memory.config) as again:
        forgotten = await again.delete_entity_memories("u")
        shapes.result(AsyncMemory.delete_entity_memories, forgotten)
        shapes.result(AsyncMemory.delete_all, await again.delete_all(user_id="u"))

    assert shapes.called == described(AsyncMemory) | described(type(memory.processing))
    rare = {name for name, seen in shapes.seen.items() if seen != {True, False}}
    assert not rare, "these keys are always there, or never"
