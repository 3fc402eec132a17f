"""``powermem process`` and ``powermem tasks``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from tests.support.apiserver import HANG, ApiServer, failure
from tests.support.scripted import ScriptedModel, openai_llm

from .conftest import Run, environment
from .test_errors import failed


@pytest.fixture
def model(api: ApiServer, config: Path) -> ScriptedModel:
    """The language model that the configuration of the command line leads to."""
    sections = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**sections, "llm": openai_llm(api)}), "utf-8")
    return ScriptedModel(api)


def buffer(config: Path, *texts: str, user: str = "alice") -> None:
    """Put messages of a user into the buffer."""
    with Memory(json.loads(config.read_text("utf-8"))) as memory:
        for text in texts:
            memory.add_message(user, "user", text)


def refuse_everything(api: ApiServer) -> None:
    """Answer every request in such a way that trying again cannot help."""
    api.rule = lambda request: failure(401, "wrong key")


def test_process_says_what_was_done(cli: Run, model: ScriptedModel, config: Path) -> None:
    model.always_learns("Alice keeps bees")
    buffer(config, "I keep bees", "in the garden")
    ran = cli("process")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "2 messages in the buffer; 1 task completed, 0 failed; 1 memory written\n"
    assert "Alice keeps bees" in cli("list", "-u", "alice").out


def test_process_nothing(cli: Run) -> None:
    ran = cli("process", "--json")
    assert ran.code == 0
    assert ran.document == {"buffered": 0, "memories": 0, "completed": 0, "failed": 0, "errors": []}


def test_process_for_one_user(cli: Run, model: ScriptedModel, config: Path) -> None:
    model.always_learns("Bob sails")
    buffer(config, "I keep bees", user="alice")
    buffer(config, "I sail", user="bob")
    ran = cli("process", "--user-id", "bob", "--json")
    assert ran.code == 0, ran.err
    assert (ran.document["completed"], ran.document["memories"]) == (1, 1)
    assert cli("tasks", "--json").document["stats"]["buffered"] == 1


def test_process_shows_each_error(cli: Run, api: ApiServer, model: ScriptedModel, config: Path) -> None:
    refuse_everything(api)
    for user in ("alice", "bob"):
        buffer(config, "I keep bees", user=user)
    ran = cli("process", "--json")
    assert ran.code == 1
    assert (ran.document["completed"], ran.document["failed"]) == (0, 2)
    assert all("wrong key" in fault["error"] for fault in ran.document["errors"])
    listed = cli("tasks", "--status", "failed", "--json").document["tasks"]
    assert {task["task_id"] for task in listed} == {fault["task_id"] for fault in ran.document["errors"]}
    shown = cli("process")
    assert shown.code == 1
    assert "wrong key" in shown.out
    assert "Traceback" not in shown.err


def test_an_interrupted_process_leaves_the_work(
    api: ApiServer, model: ScriptedModel, config: Path, cli: Run
) -> None:
    api.script.append(HANG)
    model.always_learns("Alice keeps bees")
    buffer(config, "I keep bees")
    child = subprocess.Popen(
        [sys.executable, "-m", "powermem", "process", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with child:
        until_asked(api, child)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
    assert (child.returncode, out) == (130, "")
    assert err.endswith("powermem: interrupted\n")
    [task] = cli("tasks", "--json").document["tasks"]
    assert task["status"] == "pending"
    assert cli("process").code == 0
    [task] = cli("tasks", "--json").document["tasks"]
    assert (task["status"], task["knowledge_count"]) == ("completed", 1)


def until_asked(api: ApiServer, child: subprocess.Popen[str], requests: int = 1) -> None:
    """Wait until a process has asked the model so often."""
    while len(api.of("chat")) < requests:
        assert child.poll() is None, child.communicate()
        time.sleep(0.01)


def test_tasks_are_listed(cli: Run, model: ScriptedModel, config: Path) -> None:
    assert "No tasks found." in cli("tasks").out
    model.always_learns("Alice keeps bees")
    buffer(config, "I keep bees")
    assert cli("process").code == 0
    buffer(config, "I sail", user="bob")
    ran = cli("tasks")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        "1 message buffered, 0 tasks pending, 0 running, 0 failed; the oldest waits for "
    )
    document = cli("tasks", "--json").document
    [task] = document["tasks"]
    assert (task["user_id"], task["status"], task["knowledge_count"]) == ("alice", "completed", 1)
    assert task["task_id"] in ran.out
    assert document["stats"]["completed"] == 1
    assert cli("tasks", "-u", "bob", "--json").document["tasks"] == []
    assert cli("tasks", "--status", "failed", "--json").document["tasks"] == []


def test_a_failed_task_is_shown_and_tried_again(
    cli: Run, api: ApiServer, model: ScriptedModel, config: Path
) -> None:
    refuse_everything(api)
    buffer(config, "I keep bees")
    [fault] = cli("process", "--json").document["errors"]
    assert "wrong key" in cli("tasks").out
    again = cli("tasks", "retry", fault["task_id"])
    assert again.code == 1
    assert again.out.startswith(f"task {fault['task_id']} failed: ")
    api.rule = lambda request: None
    model.always_learns("Alice keeps bees")
    again = cli("tasks", "retry", fault["task_id"])
    assert (again.code, again.out) == (0, f"task {fault['task_id']} completed: 1 memory\n")
    ran = cli("tasks", "retry", fault["task_id"])
    assert ran.code == 1
    assert "completed" in failed(ran.err)


def test_a_task_is_cancelled(cli: Run, api: ApiServer, model: ScriptedModel, config: Path) -> None:
    api.rule = lambda request: HANG
    with Memory(json.loads(config.read_text("utf-8"))) as memory:
        added = memory.add("I keep bees", user_id="alice", async_mode=True)
        memory.close(drain=False)
    ran = cli("tasks", "cancel", added["task_id"])
    assert (ran.code, ran.out) == (0, f"Cancelled {added['task_id']}.\n")
    ran = cli("tasks", "cancel", added["task_id"])
    assert ran.code == 1
    assert failed(ran.err) == f"task {added['task_id']} is cancelled already"


def test_other_commands_leave_the_work_alone(
    cli: Run, api: ApiServer, model: ScriptedModel, config: Path
) -> None:
    api.rule = lambda request: HANG
    with Memory(json.loads(config.read_text("utf-8"))) as memory:
        memory.add("I keep bees", user_id="alice", async_mode=True)
        while not api.of("chat"):
            time.sleep(0.01)
        memory.close(drain=False)
    asked = len(api.of("chat"))
    for arguments in (["list"], ["search", "bees"], ["tasks"], ["stats"], ["add", "I sail", "--no-infer"]):
        assert cli(*arguments).code == 0
    [task] = cli("tasks", "--json").document["tasks"]
    assert task["status"] == "pending"
    assert len(api.of("chat")) == asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tasks", "retry"], "need the ID"),
        (["tasks", "list", "1"], "takes none"),
        (["tasks", "cancel", "1", "--watch"], "--watch"),
        (["tasks", "--status", "asleep"], "'asleep'"),
        (["tasks", "--watch", "--every", "0"], "positive"),
        (["worker", "--concurrency", "0"], "at least 1"),
    ],
)
def test_wrong_usage(cli: Run, arguments: list[str], said: str) -> None:
    ran = cli(*arguments)
    assert ran.code == 2
    assert said in failed(ran.err)


@pytest.mark.parametrize("action", ["retry", "cancel"])
def test_an_unknown_task(cli: Run, action: str) -> None:
    ran = cli("tasks", action, "389596920147940871")
    assert ran.code == 1
    assert "389596920147940871" in failed(ran.err)


def test_watching_ends_when_interrupted(config: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "powermem", "tasks", "--watch", "--json", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with child:
        assert child.stdout is not None
        seen: list[Any] = [json.loads(child.stdout.readline()) for _ in range(2)]
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=120)
    assert (child.returncode, err) == (0, "")
    assert [overview["tasks"] for overview in seen] == [[], []]
