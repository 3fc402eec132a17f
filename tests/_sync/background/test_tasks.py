# Generated from tests/_async/background/test_tasks.py by scripts/run_unasync.py; edit that file instead.
"""Tasks, as those see them who look after them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import InvalidInputError, Memory, NotFoundError, ProcessStatus
from tests._sync.patience import comes, known, until
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, fact, hold


@pytest.mark.stores
def test_a_status_says_what_came_of_it(memory: Memory, model: ScriptedModel) -> None:
    memory.add_exchange("ana", "Ana likes tea", "Noted.", run_id="r")
    model.says(
        '{"facts": [{"text": "Ana likes tea", "turn": 0}], "preferences": '
        '[{"preference_type": "explicit", "preference": "tea", "reasoning": "She said so."}]}'
    )
    task = memory.process_async("ana")
    task.wait()
    status = memory.get_status(task.id, user_id="ana")
    assert set(status) == {
        "task_id",
        "status",
        "stage",
        "error",
        "results",
        "preferences",
        "created_at",
        "updated_at",
    }
    assert (status["task_id"], status["status"], status["error"]) == (task.id, "completed", None)
    (item,) = status["results"]
    assert (item["memory"], item["event"], item["user_id"], item["run_id"]) == (
        "Ana likes tea",
        "ADD",
        "ana",
        "r",
    )
    assert memory.get(item["id"]) is not None
    assert [found["preference"] for found in status["preferences"]] == ["tea"]
    assert status["created_at"] <= status["updated_at"]
    assert memory.get_status(int(task.id)) == status


def test_a_status_is_running_until_it_is_done(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    tasks = [memory.process_async("ana") for _ in range(2)]
    until(lambda: model.calls == 1)
    comes(lambda: _states(memory), ["pending", "running"])
    assert [(memory.get_status(task.id))["status"] for task in tasks] == ["running", "running"]
    api.release()
    memory.wait_for_processing()
    assert _states(memory) == ["completed", "completed"]


def _states(memory: Memory) -> list[str]:
    return [task["status"] for task in memory.list_tasks("ana")]


def test_there_is_no_status_of_what_is_not_there_or_not_theirs(memory: Memory, model: ScriptedModel) -> None:
    task = memory.process_async("ana")
    task.wait()
    for call in (memory.get_status, memory.cancel_task):
        for unknown in (1, "1", "no task", "c464e17e-f2ff-4e9a-a2c2-41cc55ab43b9"):
            with pytest.raises(NotFoundError, match="task_id"):
                call(unknown)
        for other in (True, None, 1.0):
            with pytest.raises(InvalidInputError, match="task_id: expected an integer or a string"):
                call(other)
        with pytest.raises(NotFoundError):
            call(task.id, user_id="bo")
        with pytest.raises(NotFoundError):
            call(task.id, agent_id="a")


@pytest.mark.stores
def test_tasks_are_listed_the_newest_first(memory: Memory, model: ScriptedModel) -> None:
    first, second, other = (memory.process_async(user_id) for user_id in ("ana", "ana", "bo"))
    memory.wait_for_processing()
    assert [task["task_id"] for task in memory.list_tasks()] == [other.id, second.id, first.id]
    assert [task["task_id"] for task in memory.list_tasks("ana")] == [second.id, first.id]
    assert [task["task_id"] for task in memory.list_tasks("ana", limit=1, offset=1)] == [first.id]
    assert memory.list_tasks("ana", limit=0) == []
    assert memory.list_tasks(status="failed") == []
    assert len(memory.list_tasks(status=ProcessStatus.COMPLETED)) == 3
    (task,) = memory.list_tasks("bo")
    assert (task["kind"], task["status"], task["user_id"], task["attempts"]) == (
        "process",
        "completed",
        "bo",
        1,
    )


def test_one_conversation_s_tasks_are_listed_alone(memory: Memory, model: ScriptedModel) -> None:
    added = memory.add("Ana likes tea", user_id="ana", run_id="r", agent_id="a", async_mode=True)
    memory.wait_for_processing()
    for scope in ({"run_id": "r"}, {"agent_id": "a"}, {"user_id": "ana", "run_id": "r"}):
        assert [task["task_id"] for task in memory.list_tasks(**scope)] == [added["task_id"]]
    assert memory.list_tasks(run_id="another") == []
    assert (memory.get_status(added["task_id"], agent_id="a"))["status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"status": "lost"}, "status"),
        ({"status": 5}, "status"),
        ({"limit": -1}, "limit"),
        ({"offset": "x"}, "offset"),
        ({"user_id": ""}, "user_id"),
    ],
)
def test_wrong_arguments_are_named(memory: Memory, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        memory.list_tasks(**arguments)


def test_everybody_s_tasks_are_not_listed_where_a_scope_is_required(config: dict[str, Any]) -> None:
    with Memory({**config, "security": {"require_scope": True}}) as memory:
        with pytest.raises(InvalidInputError, match="require_scope"):
            memory.list_tasks()
        assert memory.list_tasks("ana") == []


@pytest.mark.stores
def test_a_task_is_cancelled_before_it_begins(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    first, second = memory.process_async("ana"), memory.process_async("ana")
    until(lambda: model.calls == 1)
    comes(lambda: _states(memory), ["pending", "running"])
    assert memory.cancel_task(second.id, user_id="ana") is True
    assert (second.status, second.done, second.wait()) == (ProcessStatus.CANCELLED, True, 0)
    second.raise_for_error()
    assert memory.cancel_task(second.id) is False
    assert (memory.get_status(second.id))["status"] == "cancelled"
    api.release()
    assert first.wait() == 1
    assert memory.cancel_task(first.id) is False


@pytest.mark.stores
def test_a_task_is_cancelled_while_it_runs(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    until(lambda: model.calls == 1)
    comes(lambda: _states(memory), ["running"])
    assert memory.cancel_task(task.id)
    assert (task.status, task.wait()) == (ProcessStatus.CANCELLED, 0)
    api.release()
    # What it had begun is not stored, but its turns are not lost, and nobody is in the way.
    assert memory.process("ana") == 1
    assert known(memory) == ["Ana likes tea"]
    assert (memory.get_status(task.id))["status"] == "cancelled"


def test_a_cancelled_task_can_be_begun_again(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    until(lambda: model.calls == 1)
    comes(lambda: _states(memory), ["running"])
    memory.cancel_task(task.id)
    again = memory.retry_task(task.id)
    api.release()
    assert again.wait() == 1
    assert known(memory) == ["Ana likes tea"]


@pytest.mark.stores
@pytest.mark.parametrize("everything", [True, False])
def test_deleting_all_ends_the_work(
    memory: Memory, model: ScriptedModel, api: ApiServer, everything: bool
) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    running, waiting = memory.process_async("ana"), memory.process_async("ana")
    until(lambda: model.calls == 1)
    comes(lambda: _states(memory), ["pending", "running"])
    (memory.reset() if everything else memory.delete_all("ana"))
    assert waiting.wait(timeout=120) == 0
    assert running.wait(timeout=120) == 0
    assert {running.status, waiting.status} == {ProcessStatus.CANCELLED}
    for task in (running, waiting):
        with pytest.raises(NotFoundError):
            memory.get_status(task.id)
    api.release()
    assert memory.process("ana") == 0
    assert memory.count() == 0
    memory.add_exchange("ana", "Ana lives in Porto", "Nice.")
    assert memory.process("ana") == 1


def test_deleting_one_conversation_leaves_the_others_to_be_processed(
    memory: Memory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.", run_id="a")
    memory.add_exchange("ana", "Ana lives in Porto", "Nice.", run_id="b")
    task = memory.process_async("ana")
    until(lambda: model.calls == 1)
    memory.delete_all("ana", run_id="a")
    api.release()
    assert task.wait() == 1
    assert known(memory) == ["Ana lives in Porto"]


def test_deleting_memories_only_leaves_the_work(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    until(lambda: model.calls == 1)
    memory.delete_all("ana", filters={"memory_type": "nothing"})
    api.release()
    assert task.wait() == 1


def test_corrections_are_counted_and_told(memory: Memory, model: ScriptedModel) -> None:
    model.learns(fact("Ana lives in Porto"))
    memory.add_exchange("ana", "Ana lives in Porto", "Nice.")
    assert memory.process("ana") == 1
    model.learns(fact("Ana lives in Lisbon now"))
    model.decides({"fact": 0, "action": "UPDATE", "target": "M1", "text": "Ana lives in Lisbon now"})
    memory.add_exchange("ana", "Ana lives in Lisbon now", "Nice.")
    task = memory.process_async("ana")
    assert task.wait() == 1
    (item,) = (memory.get_status(task.id))["results"]
    assert (item["event"], item["previous_memory"]) == ("UPDATE", "Ana lives in Porto")
    assert known(memory) == ["Ana lives in Lisbon now"]


def test_ids_may_be_given_as_numbers(memory: Memory, model: ScriptedModel) -> None:
    memory.add_exchange(5, "Ana likes tea", "Noted.")
    task = memory.process_async(5)
    memory.wait_for_processing("5")
    assert (task.user_id, task.done) == ("5", True)
    comes(partial(memory.count, user_id="5"), 1)


def test_an_id_is_known_as_soon_as_it_is_handed_out(memory: Memory) -> None:
    tasks = [memory.process_async(f"user {number}") for number in range(5)]
    for task in reversed(tasks):
        assert (memory.get_status(task.id))["task_id"] == task.id
        assert task.wait(60) == 0
    again = memory.process_async("ana")
    memory.cancel_task(again.id)
    again.wait(60)
    assert again.done
