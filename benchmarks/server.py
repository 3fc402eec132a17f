"""Searching over HTTP, many connections at once, open streams of progress, and starting."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from powermem import AsyncMemory

from . import corpus
from .endpoint import serving
from .measure import ROOT, interleave, run_as_child
from .report import Figure, figure, quantile

ROWS = 10_000
LIMIT = 10
CONNECTIONS = 64
STREAMS = 1_000
_QUERIES = 50
_PER_ROUND = 50
_LOAD_SECONDS = 2.0


def run(options: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, serving() as endpoint:
        path = corpus.database(Path(folder), ROWS, 1)
        config = Path(folder) / "config.json"
        config.write_text(
            json.dumps({**corpus.config(path, endpoint.url), "processing": {"concurrency": 0}}), "utf-8"
        )
        asked = [
            _request("/v1/search", {"query": each, "user_id": corpus.user(0), "limit": LIMIT})
            for each in _texts()
        ]
        with (
            _process("powermem", config=str(config)) as ours,
            _process("powermem", config=str(config), keys="k" * 32) as keyed,
        ):
            body = _once(ours, asked[0])
            with _process("bare", body=body.decode()) as bare:
                figures = _latency(options.rounds, config, ours, keyed, asked)
                figures += _throughput(options.rounds, ours, bare, asked)
            figures += _streams(options.rounds, ours, asked)
        figures.append(_start(options.rounds, config))
    return figures


def _texts() -> list[str]:
    return corpus.queries(_QUERIES, seed=11)


def _latency(rounds: int, config: Path, ours: int, keyed: int, asked: Sequence[bytes]) -> list[Figure]:
    loop = asyncio.new_event_loop()
    memory = AsyncMemory(json.loads(config.read_text("utf-8")))
    texts, requests = cycle(_texts()), cycle(asked)
    key = b"X-API-Key: " + b"k" * 32 + b"\r\n"
    with _Connection(ours) as connection, _Connection(keyed) as with_key:

        def in_process() -> list[float]:
            return _timed(
                lambda: loop.run_until_complete(
                    memory.search(next(texts), user_id=corpus.user(0), limit=LIMIT)
                )
            )

        def over_http() -> list[float]:
            return _timed(lambda: connection.ask(next(requests)))

        def over_http_with_key() -> list[float]:
            return _timed(lambda: with_key.ask(next(requests).replace(b"Host:", key + b"Host:", 1)))

        def live() -> list[float]:
            return _timed(lambda: connection.ask(_LIVE))

        contenders = {"memory": in_process, "http": over_http, "key": over_http_with_key, "live": live}
        for warm in contenders.values():
            warm()
        samples = {
            name: [each for part in parts for each in part]
            for name, parts in interleave(rounds, contenders).items()
        }
    loop.run_until_complete(memory.close())
    loop.close()
    what = f"search, {ROWS:,} memories, over HTTP"
    inside = statistics.median(samples["memory"])
    return [
        figure(what, samples["http"], "ms", floor=samples["memory"], beside="the same call in a process"),
        figure(
            f"{what}: beyond the call",
            [each - inside for each in samples["http"]],
            "ms",
            target="at most 1.5",
        ),
        figure(f"{what}, with a key: beyond the call", [each - inside for each in samples["key"]], "ms"),
        figure("GET /health/live", samples["live"], "ms"),
    ]


def _throughput(rounds: int, ours: int, bare: int, asked: Sequence[bytes]) -> list[Figure]:
    contenders = {
        "memory": lambda: asyncio.run(_load(ours, asked)),
        "bare": lambda: asyncio.run(_load(bare, [_request("/search", {"query": "x"})])),
    }
    samples = interleave(max(2, rounds // 2), contenders)
    return [
        figure(
            f"requests a second at {CONNECTIONS} connections, one process: searches of {ROWS:,} memories",
            samples["memory"],
            "/s",
            floor=samples["bare"],
            beside="a bare FastAPI route that returns the same body",
            target="at least a third",
            more_is_better=True,
        )
    ]


def _streams(rounds: int, port: int, asked: Sequence[bytes]) -> list[Figure]:
    exchange = {"user_id": "s", "user_message": "I live in Rome", "assistant_message": "Nice"}
    _once(port, _request("/v1/exchanges", exchange))
    task = json.loads(_once(port, _request("/v1/tasks", {"user_id": "s"})))["task_id"]
    requests = cycle(asked)
    alone: list[float] = []
    beside: list[float] = []
    left: list[dict[str, int]] = []
    with _Connection(port) as connection:
        for _ in range(max(3, rounds // 2)):
            alone += [each for _ in range(4) for each in _timed(lambda: connection.ask(next(requests)))]
            with _open(port, f"/v1/tasks/{task}/events"):
                beside += [each for _ in range(4) for each in _timed(lambda: connection.ask(next(requests)))]
            while json.loads(_once(port, _get("/benchmark/held")))["followers"]:
                time.sleep(0.01)
            left.append(json.loads(_once(port, _get("/benchmark/held"))))
    return [
        figure(
            f"search beside {STREAMS:,} open streams of progress: p99",
            [quantile(beside, 0.99)],
            "ms",
            floor=quantile(alone, 0.99),
            beside="p99 without them",
            target="at most twice",
        ),
        figure(
            f"blocks of Python's memory after {STREAMS:,} streams, beyond those after the first time",
            [left[-1]["blocks"] - left[0]["blocks"]],
            "",
            target=f"fewer than {STREAMS}",
        ),
        # The rest is the C library's: with searches beside the streams it grew eleven times and then no more,
        # by 6 MB in all, and by 1 with MALLOC_ARENA_MAX=1.
        figure(
            "the same: memory of the process", [(left[-1]["resident"] - left[0]["resident"]) / 2**20], "MB"
        ),
    ]


def _start(rounds: int, config: Path) -> Figure:
    samples = []
    for _ in range(max(3, rounds // 2)):
        port = _free_port()
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "powermem", "serve", "--config", str(config), "--port", str(port)],
            stderr=subprocess.DEVNULL,
        )
        try:
            while not _ready(port):
                time.sleep(0.002)
            samples.append((time.perf_counter() - started) * 1000)
        finally:
            process.terminate()
            process.wait()
    return figure("powermem serve: start to ready", samples, "ms", target="at most 1000")


_LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _request(path: str, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


class _Connection:
    """A kept connection that does as little as a client can."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        received = b""
        while True:
            received += self._socket.recv(1 << 18)
            if (body := _whole(received)) is not None:
                return body

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *raised: object) -> None:
        self._socket.close()


def _whole(received: bytes) -> bytes | None:
    head, ended, body = received.partition(b"\r\n\r\n")
    if not ended:
        return None
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
        raise RuntimeError(received.decode())
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return body if len(body) >= length else None


def _once(port: int, request: bytes) -> bytes:
    with _Connection(port) as connection:
        return connection.ask(request)


def _timed(call: Any) -> list[float]:
    samples = []
    for _ in range(_PER_ROUND):
        started = time.perf_counter()
        call()
        samples.append((time.perf_counter() - started) * 1000)
    return samples


def _same(client: asyncio.Protocol) -> asyncio.Protocol:
    return client


async def _load(port: int, requests: Sequence[bytes]) -> float:
    """Return the requests a second of all connections, each of which asks as soon as it is answered."""
    until = time.perf_counter() + _LOAD_SECONDS
    done = 0

    class Client(asyncio.Protocol):
        def __init__(self, number: int) -> None:
            self.ended = asyncio.get_running_loop().create_future()
            self._requests = cycle([*requests[number % len(requests) :], *requests[: number % len(requests)]])
            self._received = b""

        def connection_made(self, transport: Any) -> None:
            self._transport = transport
            transport.write(next(self._requests))

        def data_received(self, data: bytes) -> None:
            nonlocal done
            self._received += data
            try:
                whole = _whole(self._received)
            except RuntimeError as error:
                self.ended.set_exception(error)
                return
            if whole is None:
                return
            self._received = b""
            done += 1
            if time.perf_counter() < until:
                self._transport.write(next(self._requests))
            else:
                self._transport.close()
                self.ended.set_result(None)

    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    clients = [Client(number) for number in range(CONNECTIONS)]
    for each in clients:
        await loop.create_connection(partial(_same, each), "127.0.0.1", port)
    await asyncio.gather(*(client.ended for client in clients))
    return done / (time.perf_counter() - started)


@contextmanager
def _open(port: int, path: str) -> Iterator[None]:
    """Keep a thousand streams open."""
    sockets = []
    try:
        for _ in range(STREAMS):
            each = socket.create_connection(("127.0.0.1", port))
            sockets.append(each)
            each.sendall(_get(path))
        for each in sockets:
            received = b""
            while b"event: status" not in received:
                received += each.recv(1 << 16)
        yield
    finally:
        for each in sockets:
            each.close()


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def _ready(port: int) -> bool:
    try:
        return b"ready" in _once(port, _get("/health/ready"))
    except (OSError, RuntimeError):
        return False


@contextmanager
def _process(what: str, **arguments: Any) -> Iterator[int]:
    """Serve in a process of its own; yield the port."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", json.dumps({"what": what, "port": port, **arguments})],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                _once(port, _LIVE)
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait()


def _serve(what: str, port: int, **arguments: Any) -> None:
    import gc

    import uvicorn
    from fastapi import FastAPI

    if what == "bare":
        app = FastAPI()
        answer = json.loads(arguments["body"])

        @app.post("/search")
        async def search(body: dict[str, Any]) -> Any:
            return answer

        @app.get("/health/live")
        async def live() -> Any:
            return {}

    else:
        from powermem.server import create_app
        from powermem.server.logs import configure

        config = json.loads(Path(arguments["config"]).read_text("utf-8"))
        if "keys" in arguments:
            config["server"] = {"api_keys": [arguments["keys"]]}
        app = create_app(config)
        service = app.state.powermem
        service.open_to_everybody("/benchmark/held")

        @app.get("/benchmark/held")
        async def held() -> Any:
            gc.collect()
            blocks = sys.getallocatedblocks()
            return {"followers": service.progress.followers, "blocks": blocks, "resident": _resident()}

        configure("info", "text", open(os.devnull, "w"))  # noqa: SIM115
    gc.freeze()
    uvicorn.run(app, port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    run_as_child(_serve)
