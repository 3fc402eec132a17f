"""Start a server and keep it until it is told to end: ``python -m scripts.servers mariadb``."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from . import SERVERS, Missing, Server

# Those of a terminal that is closed, of Ctrl-C, and of whoever ends this process politely.
_ENDING = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGINT", "SIGTERM") if hasattr(signal, name))


def main(arguments: Sequence[str] | None = None, servers: Sequence[type[Server]] = SERVERS) -> int:
    """Run the server that the command line names.

    Args:
        arguments: command line without the program's name; ``None`` takes the real one.
        servers: those that may be named.
    """
    known = {server.name: server for server in servers}
    parser = argparse.ArgumentParser(description="Start a database server for experiments.")
    parser.add_argument("server", choices=known)
    chosen = known[parser.parse_args(arguments).server]
    try:
        chosen.find()
    except Missing as error:
        parser.error(str(error))
    for number in _ENDING:
        # What nohup has switched off stays so.
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    server = chosen()
    try:
        server.start()
        server.create("test")
        print(json.dumps(server.config("test"), indent=2), flush=True)
        signal.pause()
    finally:
        # Being told twice must not leave the server running.
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        server.stop()
    return 0


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    raise SystemExit(main())
