"""Several processes of one server on one store, one of which is killed, and then all are told to stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import powermem
from powermem import Memory
from tests.support.served import CONFIG

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")

PATIENCE = 240
WRITERS, EACH = 4, 30


def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    config = {
        **CONFIG,
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "m.db")}},
    }
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    acknowledged: list[str] = []
    with serving(tmp_path, workers=3) as (process, url):
        written = threading.Event()

        def write(number: int) -> None:
            with httpx.Client(base_url=url, timeout=60) as client:
                for index in range(EACH):
                    acknowledged.append(add(client, f"Writer {number} said {index}"))
                    if len(acknowledged) > WRITERS * EACH // 4:
                        written.set()

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for each in writers:
            each.start()
        assert written.wait(PATIENCE)
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
        for each in writers:
            each.join(PATIENCE)
        assert len(set(acknowledged)) == WRITERS * EACH
        # The killed one is replaced, and its replacement is there for new requests.
        until(lambda: len(workers_of(process.pid)) == 3)
        assert httpx.get(f"{url}/health/ready").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    with Memory(config) as memory:
        kept = memory.get_all(user_id="w", limit=WRITERS * EACH + 1)
    assert {str(record["id"]) for record in kept["results"]} == set(acknowledged)


def add(client: httpx.Client, text: str) -> str:
    """Add a memory, as often as it takes; the key makes it one."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            body = {"messages": text, "user_id": "w", "infer": False}
            answer = client.post("/v1/memories", json=body, headers={"Idempotency-Key": text})
            return str(answer.raise_for_status().json()["results"][0]["id"])
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the server did not come back"


@contextmanager
def serving(folder: Path, workers: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    command = ["serve", "--config", "config.json", "--port", str(port), "--workers", str(workers)]
    source = str(Path(powermem.__file__).parents[1])
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "powermem", *command],
            cwd=folder,
            stderr=log,
            env={**os.environ, "PYTHONPATH": source},
        ) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: len(workers_of(process.pid)) == workers and is_ready(url))
            yield process, url
        finally:
            if process.poll() is None:
                process.kill()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def workers_of(pid: int) -> list[int]:
    """Return the processes that a supervisor has started to serve."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(each) for each in children if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


def until(condition: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
