"""Clocks, turns and heartbeats."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

ROOT = Path(__file__).parent.parent

T = TypeVar("T")


def interleave(rounds: int, contenders: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Let every contender have its turn in every round, so that a slow minute hits all of them.

    The order differs from round to round: whoever ran just before may have emptied the caches.

    Returns:
        What each contender returned, round by round.
    """
    names = list(contenders)
    samples: dict[str, list[T]] = {name: [] for name in names}
    order = random.Random(rounds)
    for _ in range(rounds):
        for name in order.sample(names, len(names)):
            samples[name].append(contenders[name]())
    return samples


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


async def async_seconds(call: Callable[[], Awaitable[object]]) -> float:
    """Return how long a coroutine function takes."""
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


class Heartbeat:
    """Sleeps a millisecond at a time; what it oversleeps, the loop was held, or the machine was busy.

    Attributes:
        longest: seconds, since the block was entered.
    """

    longest = 0.0

    async def __aenter__(self) -> Heartbeat:
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(0.01)
        self.longest = 0.0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _beat(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - started - 0.001)


class Neighbours:
    """How busy others kept the machine while a benchmark ran; only Linux tells.

    Processes that the benchmark started count as its own once they have ended.
    """

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._busy, self._own = _busy_seconds(), _own_seconds()

    def share(self) -> float | None:
        """Return the share of all processor time that others took, 0 to 1."""
        if self._busy is None or (busy := _busy_seconds()) is None:
            return None
        others = (busy - self._busy) - (_own_seconds() - self._own)
        elapsed = time.perf_counter() - self._started
        return min(max(others / elapsed / (os.cpu_count() or 1), 0.0), 1.0)


def _busy_seconds() -> float | None:
    try:
        with open("/proc/stat", encoding="ascii") as lines:
            user, nice, system, _, _, interrupts, soft, stolen = map(int, lines.readline().split()[1:9])
    except OSError:
        return None
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def in_fresh_process(module: str, **arguments: Any) -> Any:
    """Run a module's measurement in a process of its own and return what it found; see ``run_as_child``."""
    done = subprocess.run(
        [sys.executable, "-m", module, json.dumps(arguments)],
        cwd=ROOT,
        # The other threads of BLAS go on spinning for a while after a product, and whoever is measured next
        # would have half a machine.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def run_as_child(call: Callable[..., Any]) -> None:
    """Call a function with the arguments that ``in_fresh_process`` gave, and print what it returns."""
    if len(sys.argv) != 2:
        sys.exit("this is one measurement of a benchmark; run: python -m benchmarks")
    print(json.dumps(call(**json.loads(sys.argv[1]))))
