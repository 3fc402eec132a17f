"""The database servers of tests and experiments end with the process that started them, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.process import lives

ROOT = Path(__file__).resolve().parents[2]
# A server of a kind that starts at once.
LAUNCHER = """
import json, sys
from pathlib import Path
from servers import Server
from servers.__main__ import main

class Sleeper(Server):
    name = "sleeper"
    find = classmethod(lambda cls: Path("/bin/sleep"))
    prepare = lambda self: None
    command = lambda self: [self.find(), "1000"]
    probe = lambda self: None
    create = lambda self, database: None
    drop = lambda self, database: None
    config = lambda self, database: [self.pid, str(self.folder)]

main(["sleeper"], [Sleeper])
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def wait(condition: Callable[[], bool]) -> None:
    """Wait until something is the case; the time limit of the tests ends what never will be."""
    while not condition():
        time.sleep(0.01)


def in_background() -> None:
    """Take signals as a process in the background does, whose shell has it ignore Ctrl-C.

    The tests may run under ``nohup``, and what a process ignores its children ignore too.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_server_ends_with_its_launcher(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        preexec_fn=in_background,
    ) as launcher:
        assert launcher.stdout is not None
        said = "".join(launcher.stdout.readline().decode() for _ in range(4))
        pid, folder = json.loads(said)
        assert lives(pid)
        assert Path(folder).is_dir()
        launcher.send_signal(how)
        assert launcher.wait() == (-how if how == signal.SIGKILL else 0)
    wait(lambda: not lives(pid))
    wait(lambda: not Path(folder).exists())
