"""``powermem worker`` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from tests.apiserver import HANG, ApiServer, failure
from tests.scripted import ScriptedModel

from .conftest import Run, environment
from .test_tasks import api, buffer, model, until_asked

__all__ = ["api", "model"]

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
        out, _ = self.process.communicate(timeout=30)
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
    """Add settings of the work in the background to the configuration; return all of it."""
    sections: dict[str, Any] = json.loads(config.read_text("utf-8"))
    sections["processing"] = {**sections.get("processing", {}), **settings}
    config.write_text(json.dumps(sections), "utf-8")
    return sections


def leave(sections: dict[str, Any], text: str, user: str = "alice") -> str:
    """Leave a task in the store that nobody works on; return its id."""
    with Memory({**sections, "processing": {"resume": False}}) as memory:
        task_id: str = memory.add(text, user_id=user, async_mode=True)["task_id"]
        memory.close(drain=False)
    return task_id


def states(cli: Run) -> dict[str, str]:
    """Return the state of each task."""
    return {task["task_id"]: task["status"] for task in cli("tasks", "--json").document["tasks"]}


def test_what_others_leave_is_done(cli: Run, model: ScriptedModel, config: Path) -> None:
    model.always_learns("Alice keeps bees")
    sections = settle(config, poll_interval=0.05)
    with working(config) as worker:
        # The one that leaves it may have begun it; the worker does what it is asked to do in any case.
        task_id = leave(sections, "I keep bees")
        assert cli("list", "-u", "alice").code == 0
        done = worker.hears("task")
        assert (done["task_id"], done["status"]) == (task_id, "completed")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ends() == (0, ["stopping", "stopped"])
    assert states(cli) == {task_id: "completed"}
