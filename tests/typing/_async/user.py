"""A program that uses all of ``AsyncMemory``; it is checked by type checkers and never run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI
from typing_extensions import assert_type

import powermem
from powermem import AsyncMemory, AsyncProcessTask, MemoryConfig, ProcessStatus, RecalledFact, auto_config
from powermem.errors import ConfigError, PowerMemError, ProviderError, QuotaExceededError
from powermem.rest import MemoriesData, Reply, json_safe, reply
from powermem.tokens import estimate_tokens
from powermem.types import (
    AddManyResult,
    AddResult,
    ChatMessage,
    Completion,
    DeleteAllResult,
    FullRecord,
    HistoryRecord,
    MemoryEvent,
    MemoryStatistics,
    MessageRecord,
    ProgressRecord,
    RecalledText,
    SearchHit,
    SearchResult,
    TaskRecord,
    TaskStatus,
    UpdatedRecord,
)


async def construct() -> None:
    async with AsyncMemory() as memory:
        assert_type(memory, AsyncMemory)
    configured = AsyncMemory(auto_config(), agent_id="a", auto_process=True, batch_threshold=4, max_retries=0)
    assert_type(AsyncMemory.from_config(MemoryConfig(**auto_config())), AsyncMemory)
    lent = AsyncMemory({"llm": {"provider": "none"}}, conn="sqlite:///memories.db")
    await lent.config.storage.build()
    assert_type(lent.config.timezone, str)
    await configured.initialize()
    await configured.close(drain=False, timeout=5)


class Echo:
    """A language model of the program's own."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.model = str(config.get("model"))

    def invoke(self, messages: list[ChatMessage]) -> Completion:
        return Completion(str(messages[-1]["content"]))


def configure() -> None:
    powermem.register_llm("echo", Echo)
    powermem.register_embedder("mine", Echo)
    config = powermem.load_config_from_env()
    try:
        assert_type(powermem.validate_config(config), bool)
    except ConfigError as error:
        print(error)
    with powermem.create_memory(config, agent_id="a") as memory:
        print(memory.count() + estimate_tokens("Hi"), powermem.__version__)


def explain(error: PowerMemError) -> str | None:
    if isinstance(error, QuotaExceededError):
        return error.free_at
    return error.reason if isinstance(error, ProviderError) else None


async def remember(memory: AsyncMemory) -> None:
    added = await memory.add("I live in Rome", user_id="u", metadata={"k": 1}, timezone="Europe/Rome")
    assert_type(added, AddResult)
    assert_type(added["results"][0]["memory"], str)
    assert_type(added["results"][0].get("previous_memory"), str | None)
    assert_type(added["usage"]["llm_calls"] + added["usage"]["seconds"], float)
    for event in added["results"]:
        describe_event(event)
    for warning in added.get("warnings", []):
        print(warning.upper())
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    later = await memory.add(talk, user_id=5, async_mode="async", idempotency_key="k")
    if later["status"] == "running":
        status = await memory.get_status(later["task_id"], user_id="u")
        assert_type(status, TaskStatus)
        assert_type(status["results"][0]["memory"], str | None)
        assert_type(status["preferences"][0]["preference"], str)

    loaded = await memory.add_many(
        ["one", {"messages": "two"}],
        concurrency=2,
        on_progress=show,
        checkpoint=Path("done.json"),
        infer=False,
    )
    assert_type(loaded, AddManyResult)
    for error in loaded["errors"]:
        print(error["index"] + 1, error["error"].strip())


def describe_event(event: MemoryEvent) -> str:
    if event["event"] == "UPDATE":
        return f"{event.get('previous_memory')} -> {event['memory']}"
    return event["created_at"].partition("T")[0]


def show(progress: ProgressRecord) -> None:
    total = progress["total"]
    print(progress["done"] if total is None else progress["done"] / total, progress.get("failed", 0))


async def ask(memory: AsyncMemory) -> None:
    found = await memory.search("Rome?", user_id="u", filters={"k": {"gte": 1}}, threshold=0.2, explain=True)
    assert_type(found, SearchResult)
    assert_type(found["results"][0], SearchHit)
    best = max(found["results"], key=lambda hit: hit["score"], default=None)
    if best is not None:
        assert_type(best.get("score_details", {}), dict[str, float])
        assert_type(best["superseded_by"], int | None)
        describe(best)
    several = await memory.search_many(["Rome", "Porto"], top_k=3)
    assert_type([len(answer["results"]) for answer in several], list[int])
    shown = await memory.context("Rome?", user_id="u", max_tokens=200, around=1, history=True)
    assert_type(shown, RecalledText)
    assert_type(shown.tokens, int)
    system: str = f"Be brief. {shown}"
    beside = (await memory.search("Rome?", user_id="u", around=1))["results"][0].get("around", [])
    assert_type([(turn["id"], turn["turn_id"]) for turn in beside], list[tuple[int | None, int]])
    assert system

    record = await memory.get(1, user_id="u")
    assert_type(record, FullRecord | None)
    if record is not None:
        describe(record)
        assert_type(record["content"], str)
    page = await memory.get_all(user_id="u", limit=10, sort_by="updated_at", order="asc")
    assert_type(page["total"], int)
    assert_type([item["access_count"] for item in page["results"]], list[int])
    changes = await memory.history("12")
    assert_type(changes, list[HistoryRecord])
    assert_type([change["memory_id"] for change in changes], list[int])
    assert_type(changes[0]["old_memory"], str | None)
    assert_type([turn["sent_at"] for turn in await memory.sources(12)], list[str])
    assert_type(await memory.count(user_id="u"), int)
    assert_type(await memory.count_all(filters={"k": 1}), int)
    assert_type(await memory.users() + await memory.get_users(), list[str])
    numbers = await memory.get_statistics(user_id="u", time_range="7d")
    assert_type(numbers, MemoryStatistics)
    assert_type(numbers["by_type"], dict[str, int])
    assert_type([top["content"] for top in numbers["top_accessed"]], list[str])
    assert_type([liked["reasoning"] for liked in await memory.get_preferences("u")], list[str])


def describe(record: FullRecord | SearchHit) -> str:
    return f"{record['id'] % 10} {record['memory']} {record['metadata'].get('k')} {record['valid_to'] or ''}"


async def change(memory: AsyncMemory) -> None:
    changed = await memory.update("12", "I live in Porto", metadata={"k": None}, expires_at=None)
    assert_type(changed, UpdatedRecord | None)
    if changed is not None:
        assert_type(changed.get("warnings", []), list[str])
    assert_type(await memory.delete(12, agent_id="a"), bool)
    deleted = await memory.delete_all(user_id="u")
    assert_type(deleted, DeleteAllResult)
    assert_type(deleted["deleted"], int)
    await memory.reset()


async def work_later(memory: AsyncMemory) -> None:
    pair = await memory.add_exchange("u", "Hi", "Hello", timestamp="2026-05-01", run_id="r")
    assert_type(pair, tuple[MessageRecord, MessageRecord])
    turn = await memory.add_message("u", "user", [{"type": "text", "text": "Hi"}])
    assert_type(turn["id"], int | None)
    assert_type(await memory.process("u"), int)
    task = memory.process_async("u")
    assert_type(task, AsyncProcessTask)
    assert_type(await task.wait(timeout=5), int)
    task.raise_for_error()
    if task.done and task.status is ProcessStatus.COMPLETED:
        print(task.id.upper(), task.user_id, task.knowledge_count + 1, task.error)
    assert_type(await memory.flush("u") + await memory.wait_for_processing(timeout=1), int)
    tasks = await memory.list_tasks(status=ProcessStatus.FAILED, limit=5)
    assert_type(tasks, list[TaskRecord])
    for each in tasks:
        if each["status"] == "failed" and each["attempts"] < 3:
            assert_type(await memory.retry_task(each["task_id"]), AsyncProcessTask)
        assert_type(await memory.cancel_task(each["task_id"]), bool)
    memory.processing.on_task_done(ended)
    await memory.processing.start()
    assert_type((await memory.processing.stats())["oldest_age"], float | None)
    assert_type(await memory.processing.stop(timeout=5), bool)


def ended(status: TaskStatus) -> None:
    print(status["task_id"], status["error"], status.get("warnings", []))


async def move(memory: AsyncMemory, other: AsyncMemory) -> None:
    written = await memory.export_memories("out.jsonl.gz", include_vectors=True, on_progress=show)
    assert_type(written["exported"] + written["turns"] + written["deleted"], int)
    read = await other.import_memories("out.jsonl.gz")
    assert_type([error["line"] for error in read["errors"]], list[int])
    assert_type((await memory.copy_to(other, user_id="u"))["imported"], int)
    assert_type((await memory.load_history("chat.zip", user_id="u"))["messages"], int)
    user = await memory.move_user("u", other, keep=True, on_progress=show)
    assert_type((user["memories"], user["paused"]), tuple[int, float])
    await memory.cancel_move("v", other)
    moved = await memory.reembed(batch_size=10)
    assert_type((moved["reembedded"], moved["embedder"], moved["seconds"]), tuple[int, str, float])


async def attend(memory: AsyncMemory) -> None:
    client = AsyncOpenAI()
    assert_type(memory.llm.register(client), AsyncMemory)
    assert_type(memory.llm.register(client, history=4, summary=True), AsyncMemory)
    assert_type((await memory.delete_entity_memories("ana"))["deleted"], int)
    memory.llm.recall_budget, memory.llm.recall_limit, memory.llm.recall_threshold = 0.5, 3, 0.2
    memory.llm.opening_budget = 2.0
    memory.attribution("u", "a").new_session().set_session("s")
    assert_type(memory.session_id, str | None)
    facts = await memory.recall("Rome", limit=3)
    assert_type(facts, list[RecalledFact])
    assert_type([(fact.id, fact.content, fact.similarity) for fact in facts], list[tuple[int, str, float]])
    assert_type([fact.to_dict()["created_at"] for fact in facts], list[str])
    assert_type([turn["role"] for turn in await memory.observe("Hi", "Hello")], list[str])
    memory.wrap(len)
    memory.llm.history_tokens = 1000
    memory.augmentation.max_workers, memory.augmentation.db_writer_batch_size = 2, 10
    assert_type(await memory.augmentation.wait(timeout=5), bool)
    memory.llm.unregister(client)
    memory.llm.release()


async def serve(memory: AsyncMemory, ids: Sequence[str]) -> list[FullRecord[str]]:
    found = json_safe(await memory.search("Rome"))
    assert_type(found, SearchResult[str])
    assert_type(found["results"][0]["id"], str)
    assert_type(json_safe(await memory.add("x", user_id="u"))["results"][0]["id"], str)
    assert_type(json_safe(await memory.history(ids[0]))[0]["memory_id"], str)
    assert_type([fact["id"] for fact in json_safe(await memory.recall("Rome"))], list[str])
    assert_type(reply(await memory.search("Rome")), Reply[MemoriesData])
    assert_type(reply(await memory.get_status("1"))["data"]["stage"], str)
    try:
        records = [json_safe(await memory.get(each)) for each in ids]
    except PowerMemError as error:
        print(error)
        return []
    return [record for record in records if record is not None]
