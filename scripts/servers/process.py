"""A database server as a child process that is nobody special and listens to this machine only."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PATIENCE = 60.0
_UNPRIVILEGED = "nobody"

# Waits for a line. When this process ends without one, even killed, it ends the server and its folder.
_GUARD = """
read line && exit
kill -s "$2" "$1"
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "$1" || break
  sleep 0.25
done
kill -s KILL -- "-$1"
rm -rf -- "$3"
"""


class Missing(Exception):
    """The server is not installed; the message says how to get it."""


class Server(ABC):
    """A server with its data in a folder of its own.

    Started as root, it runs as ``nobody``, since database servers refuse to run as root.

    Attributes:
        user: who may do everything.
        password: of that user, made up for this server.
        folder: where everything is.
    """

    name: str
    user = "powermem"

    def __init__(self) -> None:
        self.password = secrets.token_hex(8)
        # A socket's path may have 107 characters, and nobody must be able to reach it.
        self.folder = Path(tempfile.mkdtemp(prefix=f"powermem-{self.name}-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._prepared = False

    @classmethod
    @abstractmethod
    def find(cls) -> Path:
        """Return where the program is.

        Raises:
            Missing: it is not installed.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Make an empty database."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Return the command that runs the server and stays in the foreground."""

    @abstractmethod
    def probe(self) -> None:
        """Connect once, and do what the first connection has to; raise when nobody answers yet."""

    @abstractmethod
    def config(self, database: str) -> dict[str, Any]:
        """Return ``vector_store.config`` for a database of this server."""

    @abstractmethod
    def create(self, database: str) -> None:
        """Create a database."""

    @abstractmethod
    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers; data from an earlier start is still there."""
        if not self._prepared:
            self.own(self.folder)
            self.prepare()
            self._prepared = True
        with (self.folder / "server.log").open("ab") as log:
            self._process = self._spawn(self.command(), stdout=log, stderr=subprocess.STDOUT)
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", str(self._process.pid), self.stop_signal.name[3:], self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._end(self.stop_signal)
        shutil.rmtree(self.folder, ignore_errors=True)

    stop_signal = signal.SIGTERM

    def kill(self) -> None:
        """End the server as a crash would; ``start`` brings it back."""
        self._end(signal.SIGKILL)

    def run(self, command: Sequence[str | Path]) -> None:
        """Run a command to its end as the server's user."""
        done = self._spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = done.communicate()
        if done.returncode:
            raise RuntimeError(f"{self.name}: {command[0]} failed\n{output.decode(errors='replace')}")

    def own(self, path: Path) -> None:
        """Give a file or folder to the user that the server runs as."""
        if os.geteuid() == 0:
            shutil.chown(path, _UNPRIVILEGED, _group())

    def reachable(self, program: Path, tree: Path) -> Path:
        """Return the program, or its copy when its folders are closed to the server's user.

        Args:
            program: below ``tree``.
            tree: everything that it needs.
        """
        if os.geteuid() != 0 or all(folder.stat().st_mode & 0o005 == 0o005 for folder in program.parents):
            return program
        copy = self.folder / "program"
        if not copy.exists():
            shutil.copytree(tree, copy, symlinks=True)
        return copy / program.relative_to(tree)

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the server's processes."""
        return {"PATH": os.defpath, "HOME": str(self.folder), "TMPDIR": str(self.folder), "TZ": "UTC"}

    def _spawn(self, command: Sequence[str | Path], **streams: Any) -> subprocess.Popen[bytes]:
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = {"user": _UNPRIVILEGED, "group": _group(), "extra_groups": []}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the tests, which stop the server themselves.
            start_new_session=True,
            **streams,
            **user,
        )

    def _dismiss(self) -> None:
        """Send the guard home before it takes an end that is wanted for one that is not."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.communicate(b"\n")

    def _wait(self) -> None:
        assert self._process is not None
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return self.probe()
            except Exception as error:
                if self._process.poll() is None and time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                log = (self.folder / "server.log").read_text(errors="replace")[-4000:]
                self._end(signal.SIGKILL)
                raise RuntimeError(f"{self.name} did not start: {error}\n{log}") from error

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._dismiss()
        children = _children(process.pid) if how == signal.SIGKILL else []
        process.send_signal(how)
        # PostgreSQL's sessions are in groups of their own, and would answer until they notice.
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        until = time.monotonic() + _PATIENCE
        while any(map(lives, children)) and time.monotonic() < until:
            time.sleep(0.005)
        # What it started in its session goes too.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    """Return the processes that a process has started; only Linux tells."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def lives(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _group() -> int:
    import pwd

    return pwd.getpwnam(_UNPRIVILEGED).pw_gid


def free_port() -> int:
    """Return a TCP port of this machine that nobody uses at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
