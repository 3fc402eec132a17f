"""Start a server and keep it until Ctrl-C: ``python -m scripts.servers mariadb``."""

from __future__ import annotations

import argparse
import json
import signal

from . import SERVERS, Missing


def main() -> int:
    """Run the server that the command line names."""
    known = {server.name: server for server in SERVERS}
    parser = argparse.ArgumentParser(description="Start a database server for experiments.")
    parser.add_argument("server", choices=known)
    chosen = known[parser.parse_args().server]
    try:
        chosen.find()
    except Missing as error:
        parser.error(str(error))
    server = chosen()
    try:
        server.start()
        server.create("test")
        print(json.dumps(server.config("test"), indent=2), flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
