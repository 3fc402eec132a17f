"""Learning from what waits, blocking and in the background."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import (
    AsyncMemory,
    AsyncProcessTask,
    AuthenticationError,
    ExtractionError,
    InvalidInputError,
    PowerMemError,
    ProcessStatus,
    ProcessTimeout,
    ProviderError,
    RateLimitError,
)
from tests._async.patience import async_known, async_until
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, heard, hold

NOON = "2023-05-08T12:00:00Z"


@pytest.mark.stores
async def test_processing_returns_how_many_memories_were_written(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    user_id = "ana"
    await memory.add_exchange(user_id, "Ana likes tea", "Noted.")
    await memory.add_exchange(user_id, "Ana plays the violin", "Nice.")
    count = await memory.process(user_id)
    assert count == 2
    assert await async_known(memory, user_id) == ["Ana likes tea", "Ana plays the violin"]
    assert await memory.process(user_id) == 0
    assert model.calls == 1


async def test_the_guide_s_background_code_runs_as_it_stands(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    user_id = "ana"
    async with AsyncMemory(config, auto_process=True, batch_threshold=10) as memory:
        await memory.add_exchange(user_id, "Ana likes tea", "Noted.")
        task = memory.process_async(user_id)
        # Check status without blocking
        if task.done:
            assert task.status is ProcessStatus.COMPLETED
        # Or wait for completion
        count = await task.wait()
        assert (count, task.knowledge_count) == (1, 1)
        assert (task.done, task.status, task.error, task.user_id) == (
            True,
            ProcessStatus.COMPLETED,
            None,
            user_id,
        )
        await memory.add_exchange(user_id, "Ana plays the violin", "Nice.")
        # On exit, flush remaining messages
        count = await memory.flush(user_id)
        assert count == 1
        count = await memory.wait_for_processing(user_id, timeout=120)
        assert count == 0


async def test_a_task_is_seen_waiting_running_and_completed(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    first = memory.process_async("ana")
    second = memory.process_async("ana")
    assert isinstance(first, AsyncProcessTask)
    assert not first.done
    await async_until(lambda: model.calls == 1)
    await async_until(lambda: first.status is ProcessStatus.RUNNING)
    assert second.status is ProcessStatus.PENDING
    api.release()
    assert await first.wait() == 1
    assert await second.wait() == 0
    assert [first.status, second.status] == [ProcessStatus.COMPLETED] * 2
    assert first.id in repr(first)


@pytest.mark.stores
async def test_two_tasks_of_one_user_learn_nothing_twice(memory: AsyncMemory, model: ScriptedModel) -> None:
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    tasks = [memory.process_async("ana") for _ in range(5)]
    assert sum([await task.wait() for task in tasks]) == 1
    assert heard(model.extractions) == ["Ana likes tea", "Noted."]


async def test_a_task_may_be_begun_before_the_memory_is_open(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory = AsyncMemory(config)
    task = memory.process_async("ana")
    assert await task.wait() == 1
    await memory.close()


async def test_many_tasks_are_begun_at_once(memory: AsyncMemory, model: ScriptedModel) -> None:
    names = [f"user {number}" for number in range(200)]
    for name in names:
        await memory.add_message(name, "user", f"{name} likes tea")
    tasks = [memory.process_async(name) for name in names]
    assert [await task.wait() for task in tasks] == [1] * 200


async def test_a_store_that_cannot_be_opened_fails_the_task(config: dict[str, Any], tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    config["vector_store"] = {"config": {"database_path": str(tmp_path / "file" / "memory.db")}}
    memory = AsyncMemory(config)
    task = memory.process_async("ana")
    assert await task.wait() == 0
    assert task.status is ProcessStatus.FAILED
    with pytest.raises(PowerMemError):
        task.raise_for_error()
    await memory.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationError), (400, ProviderError), (500, ProviderError), (429, RateLimitError)],
)
async def test_errors_reach_who_waits(
    config: dict[str, Any],
    model: ScriptedModel,
    api: ApiServer,
    status: int,
    error: type[ProviderError],
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(status, "the model is out of sorts"))
        with pytest.raises(error, match="out of sorts") as raised:
            await memory.process("ana")
        assert type(raised.value) is error
        assert raised.value.status == status
        # The turns are kept.
        assert await memory.process("ana") == 1


async def test_an_answer_that_cannot_be_read_is_an_error(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        model.says("no JSON", "still none")
        with pytest.raises(ExtractionError):
            await memory.process("ana")
        assert await memory.process("ana") == 1


async def test_a_failed_task_says_why(config: dict[str, Any], model: ScriptedModel, api: ApiServer) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(500, "the model is out of sorts"))
        task = memory.process_async("ana")
        assert await task.wait() == 0
        assert (task.status, task.done, task.knowledge_count) == (ProcessStatus.FAILED, True, 0)
        assert "out of sorts" in (task.error or "")
        with pytest.raises(ProviderError, match="out of sorts"):
            task.raise_for_error()
        again = memory.process_async("ana")
        assert await again.wait() == 1
        again.raise_for_error()


async def test_giving_up_to_wait_cancels_nothing(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    for timeout in (0, 0.05):
        with pytest.raises(ProcessTimeout) as raised:
            await task.wait(timeout=timeout)
        assert isinstance(raised.value, TimeoutError)
        with pytest.raises(ProcessTimeout):
            await memory.wait_for_processing("ana", timeout=timeout)
        with pytest.raises(ProcessTimeout):
            await memory.wait_for_processing(timeout=timeout)
    assert not task.done
    await memory.add_exchange("ana", "Ana plays the violin", "Nice.")
    api.release()
    assert await task.wait() == 1
    assert await memory.flush("ana") == 1


@pytest.mark.stores
async def test_no_order_or_moment_hides_a_turn(memory: AsyncMemory, model: ScriptedModel) -> None:
    # At the same moment, before what was processed, out of order, and in the future.
    moments = [NOON, NOON, "2023-05-08T11:59:59Z", "2023-05-08T12:00:01Z", "2020-01-01T00:00:00Z"]
    moments += ["2023-05-08T11:00:00Z", "2033-05-08T11:00:00Z", NOON]
    said = []
    for number, moment in enumerate(moments):
        said.append(f"note {number}")
        await memory.add_message("ana", "user", said[-1], timestamp=moment)
        if number % 3 == 0:
            await memory.process("ana")
    await memory.flush("ana")
    assert sorted(heard(model.extractions)) == said
    assert await async_known(memory, "ana") == said


async def test_a_pause_and_another_conversation_are_looked_at_by_themselves(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    for text, moment, run_id in (
        ("Ana likes tea", "2023-05-08T10:00:00Z", "a"),
        ("Ana likes coffee", "2023-05-08T10:00:00Z", "b"),
        ("Ana plays the violin", "2023-05-08T10:29:59Z", "a"),
        ("Ana lives in Porto", "2023-05-08T10:59:59Z", "a"),
    ):
        await memory.add_message("ana", "user", text, timestamp=moment, run_id=run_id)
    assert await memory.process("ana") == 4
    assert [heard([asked]) for asked in model.extractions] == [
        ["Ana likes tea", "Ana plays the violin"],
        ["Ana likes coffee"],
        ["Ana lives in Porto"],
    ]


async def test_a_long_conversation_is_divided_into_topics(memory: AsyncMemory, model: ScriptedModel) -> None:
    said = [f"note {number}" for number in range(24)]
    for text in said:
        await memory.add_message("ana", "user", text, timestamp=NOON)
    model.divides([list(range(0, 24, 2)), list(range(1, 20, 2))])
    assert await memory.process("ana") == 24
    # Turns that the answer leaves out are not left out.
    assert sorted(heard(model.extractions)) == sorted(said)
    assert len(model.extractions) == 2


async def test_topics_that_cannot_be_read_leave_the_conversation_whole(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    for number in range(24):
        await memory.add_message("ana", "user", f"note {number}", timestamp=NOON)
    model.divides("no topics")
    assert await memory.process("ana") == 24
    assert len(model.extractions) == 1


async def test_without_a_model_rules_do_the_work(config: dict[str, Any]) -> None:
    config["llm"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:
        await memory.add_exchange("ana", "My name is Ana. I like tea.", "Noted.")
        assert await memory.process("ana") >= 1
        assert await memory.process("ana") == 0


async def test_an_empty_conversation_completes(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns()
    await memory.add_exchange("ana", "Hello", "Hi!")
    task = memory.process_async("ana")
    assert await task.wait() == 0
    assert task.status is ProcessStatus.COMPLETED
    assert await memory.process("nobody") == 0


@pytest.mark.parametrize(
    ("method", "arguments", "named"),
    [
        ("process", {"user_id": None}, "user_id"),
        ("process", {"user_id": ""}, "user_id"),
        ("flush", {"user_id": ""}, "user_id"),
        ("flush", {"user_id": 1.5}, "user_id"),
        ("wait_for_processing", {"user_id": ""}, "user_id"),
        ("wait_for_processing", {"timeout": -1}, "timeout"),
        ("wait_for_processing", {"timeout": "soon"}, "timeout"),
        ("wait_for_processing", {"timeout": True}, "timeout"),
        ("get_preferences", {"user_id": None}, "user_id"),
    ],
)
async def test_wrong_arguments_are_named(
    memory: AsyncMemory, method: str, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInputError, match=named):
        await getattr(memory, method)(**arguments)


async def test_wrong_arguments_of_a_task_are_named(memory: AsyncMemory, model: ScriptedModel) -> None:
    for user_id in (None, "", 1.5):
        with pytest.raises(InvalidInputError, match="user_id"):
            memory.process_async(user_id)
    task = memory.process_async("ana")
    for timeout in (-1, "soon", float("nan")):
        with pytest.raises(InvalidInputError, match="timeout"):
            await task.wait(timeout)
    await task.wait()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"auto_process": "yes"}, "auto_process"),
        ({"batch_threshold": 0}, "batch_threshold"),
        ({"batch_threshold": "10"}, "batch_threshold"),
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 1.5}, "max_retries"),
    ],
)
def test_wrong_options_are_named(config: dict[str, Any], options: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        AsyncMemory(config, **options)
