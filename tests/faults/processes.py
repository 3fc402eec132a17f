"""Processes of a test's own, spoken to over pipes."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 120.0
_OVER = object()


class Process:
    """A process that runs one action of ``tests.faults.child``; use it in a ``with`` block.

    Args:
        action: the action's name.
        arguments: its arguments.
    """

    def __init__(self, action: str, **arguments: Any) -> None:
        self._action = action
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.child", action, json.dumps(arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[Any] = queue.Queue()
        self._errors: list[str] = []
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._errors.extend, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *raised: object) -> None:
        self.kill()
        for reader in self._readers:
            reader.join(_PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def hears(self) -> Any:
        """Return the next value that the process tells.

        Raises:
            AssertionError: it ended without telling another, or takes too long.
        """
        try:
            line = self._lines.get(timeout=_PATIENCE)
        except queue.Empty:
            raise AssertionError(f"{self._action} has said nothing for {_PATIENCE:g} s") from None
        assert line is not _OVER, f"{self._action} ended: {''.join(self._errors)}"
        return json.loads(line)

    def rest(self) -> list[Any]:
        """Return what the process tells until it ends; a line that was cut off by a kill does not count."""
        values = []
        while (line := self._lines.get(timeout=_PATIENCE)) is not _OVER:
            if line.endswith("\n"):
                values.append(json.loads(line))
        return values

    def send(self, line: str = "") -> None:
        """Write a line to the process."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Have a serving process call a method of its memory; return the result, or the error as a dict."""
        self.ask(method, *args, **kwargs)
        return self.told()

    def ask(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Have a serving process call a method, without waiting for the result."""
        self.send(json.dumps({"method": method, "args": args, "kwargs": kwargs}))

    def told(self) -> Any:
        """Return the result of what was asked."""
        answer = self.hears()
        return answer.get("result", answer)

    def finish(self, *, quiet: bool = True) -> list[Any]:
        """Close the process's input, wait for its end, check that it was a good one; return what it told.

        Args:
            quiet: whether it must not have complained.
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        told = self.rest()
        assert self._process.wait(_PATIENCE) == 0, "".join(self._errors)
        self._readers[1].join(_PATIENCE)
        assert not quiet or self._errors == []
        return told

    def stop(self) -> list[Any]:
        """Ask the process to come to an end, and wait for a good one; return what it told."""
        self._process.terminate()
        told = self.rest()
        assert self._process.wait(_PATIENCE) == 0, "".join(self._errors)
        return told

    def check(self) -> None:
        """Check that the process runs."""
        assert self._process.poll() is None, f"{self._action} ended: {''.join(self._errors)}"

    def kill(self) -> None:
        """End the process at once, as ``kill -9`` does."""
        self._process.kill()
        self._process.wait(_PATIENCE)

    def pause(self) -> None:
        """Hold the process where it is, as a machine does that has too much to do."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a process go on that was held."""
        self._process.send_signal(signal.SIGCONT)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(_OVER)
