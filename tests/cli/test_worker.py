"""``powermem worker`` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem.cli.configuration import place
from tests.support.apiserver import HANG, ApiServer, failure
from tests.support.scripted import ScriptedModel

from .conftest import Run, environment
from .test_tasks import model, until_asked

__all__ = ["model"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


class Child:
    """A worker process, spoken to by signals and read line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def hears(self, event: str) -> dict[str, Any]:
        """Return the next thing that it says, which is to be of this kind."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()
        said: dict[str, Any] = json.loads(line)
        assert said["event"] == event, said
        return said

    def ends(self) -> tuple[int, list[str]]:
        """Wait for its end; return the exit code and what it said until then."""
        out, _ = self.process.communicate(timeout=120)
        return self.process.returncode, [json.loads(line)["event"] for line in out.splitlines()]


@contextmanager
def working(config: Path, *arguments: str) -> Iterator[Child]:
    """Run a worker while a block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "powermem", "worker", "--json", "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with process:
        try:
            child = Child(process)
            child.hears("watching")
            yield child
        finally:
            process.kill()


def settle(config: Path, **settings: Any) -> dict[str, Any]:
    """Write settings of the work in the background into the configuration; return all of it."""
    sections: dict[str, Any] = json.loads(config.read_text("utf-8"))
    sections["processing"] = {"poll_interval": 0.05, **settings}
    config.write_text(json.dumps(sections), "utf-8")
    return sections


def leave(api: ApiServer, sections: dict[str, Any], *users: str) -> list[str]:
    """Leave a task for each user in the store that nobody works on; return the ids."""
    api.rule = lambda request: HANG if request.kind == "chat" else None
    with Memory({**sections, "processing": {"resume": False}}) as memory:
        ids = [memory.add("I keep bees", user_id=user, async_mode=True)["task_id"] for user in users]
        while len(api.of("chat")) < len(users):
            time.sleep(0.01)
        memory.close(drain=False)
    api.rule = lambda request: None
    api.requests.clear()
    return ids


def states(cli: Run) -> dict[str, str]:
    """Return the state of each task."""
    return {task["task_id"]: task["status"] for task in cli("tasks", "--json").document["tasks"]}


def test_what_others_left_is_done(api: ApiServer, cli: Run, model: ScriptedModel, config: Path) -> None:
    model.always_learns("They keep bees")
    ids = leave(api, settle(config), "alice", "bob")
    with working(config) as worker:
        done = [worker.hears("task") for _ in ids]
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ends() == (0, ["stopping", "stopped"])
    assert {task["task_id"]: task["status"] for task in done} == dict.fromkeys(ids, "completed")
    assert states(cli) == dict.fromkeys(ids, "completed")


def test_a_worker_waits_for_work(api: ApiServer, cli: Run, model: ScriptedModel, config: Path) -> None:
    model.always_learns("They keep bees")
    sections = settle(config)
    with working(config) as worker:
        [task_id] = leave(api, sections, "alice")
        api.release()
        assert worker.hears("task")["task_id"] == task_id


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_what_is_under_way(
    api: ApiServer, cli: Run, model: ScriptedModel, config: Path, number: signal.Signals
) -> None:
    model.always_learns("They keep bees")
    ids = leave(api, settle(config), "alice", "bob")
    api.rule = lambda request: HANG
    with working(config, "--concurrency", "1") as worker:
        until_asked(api, worker.process)
        worker.process.send_signal(number)
        worker.hears("stopping")
        api.release()
        done = worker.hears("task")
        assert worker.ends() == (0, ["stopped"])
    assert len(api.of("chat")) == 1
    left = ids[1 - ids.index(done["task_id"])]
    assert states(cli) == {done["task_id"]: "completed", left: "pending"}


def test_a_second_signal_leaves_the_work_to_others(
    api: ApiServer, cli: Run, model: ScriptedModel, config: Path
) -> None:
    model.always_learns("They keep bees")
    [task_id] = leave(api, settle(config), "alice")
    api.rule = lambda request: HANG
    with working(config) as worker:
        until_asked(api, worker.process)
        worker.process.send_signal(signal.SIGTERM)
        worker.hears("stopping")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ends() == (0, ["stopped"])
    assert states(cli) == {task_id: "pending"}
    api.rule = lambda request: None
    with working(config) as worker:
        assert worker.hears("task")["task_id"] == task_id


def test_a_killed_workers_task_is_finished_by_another(
    api: ApiServer, cli: Run, model: ScriptedModel, config: Path
) -> None:
    model.always_learns("They keep bees")
    [task_id] = leave(api, settle(config, lease_seconds=1), "alice")
    api.rule = lambda request: HANG
    with working(config) as worker:
        until_asked(api, worker.process)
        worker.process.kill()
    assert states(cli) == {task_id: "running"}
    api.rule = lambda request: None
    with working(config) as worker:
        done = worker.hears("task")
        assert (done["task_id"], done["status"]) == (task_id, "completed")
    assert len(cli("list", "-u", "alice", "--json").document["results"]) == 1


def test_a_task_that_fails_is_told(api: ApiServer, cli: Run, model: ScriptedModel, config: Path) -> None:
    [task_id] = leave(api, settle(config), "alice")
    api.rule = lambda request: failure(401, "wrong key")
    with working(config) as worker:
        done = worker.hears("task")
        assert (done["task_id"], done["status"]) == (task_id, "failed")
        assert "wrong key" in done["error"]
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ends() == (0, ["stopping", "stopped"])


def test_it_speaks_to_people(config: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "powermem", "worker", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert line == f"powermem worker: watching sqlite at {tmp_path / 'memory.db'}, collection memories\n"
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "powermem worker: stopped"


def test_a_worker_without_a_store_says_why(cli: Run, tmp_path: Path) -> None:
    ran = cli("worker", "--db", str(tmp_path))
    assert ran.code == 1
    assert ran.err.startswith("powermem: error: ")
    assert ran.out == ""


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            {"provider": "postgres", "config": {"host": "db", "db_name": "app", "password": "geheim"}},
            "postgres at db/app, collection power_mem",
        ),
        (
            {
                "provider": "postgres",
                "config": {"connection_string": "postgresql://me:geheim@db:5433/app", "collection_name": "c"},
            },
            "postgres at db/app, collection c",
        ),
        ({"provider": "mysql", "config": {"host": "db"}}, "mysql at db/powermem, collection memories"),
        (
            {"provider": "oceanbase", "config": {"ob_path": "data"}},
            "oceanbase at data, collection power_mem",
        ),
    ],
)
def test_a_store_is_named_without_secrets(section: dict[str, Any], said: str) -> None:
    assert place({"vector_store": section}) == said
