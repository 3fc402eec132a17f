"""``powermem mcp`` as a host starts it: a process and pipes, on which nothing but the protocol appears."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

import powermem

from .conftest import data

PACKAGE = str(Path(powermem.__file__).parents[1])
# A plug-in that talks in every way there is.
NOISY = """
import logging, sys, warnings
import powermem
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
class Loud:
    dims = 8
    def __init__(self, config):
        print("noise: a plug-in greets")
    def embed(self, texts):
        print("noise: embedding", flush=True)
        warnings.warn("noise: a warning")
        sys.__stdout__.write("noise: written\\n")
        import os
        os.write(1, b"noise: to the descriptor\\n")
        os.system("echo noise: from a child")
        return [[float(len(text) % 7 + 1)] * 8 for text in texts]
powermem.register_embedder("loud", Loud)
from powermem.cli import mcp_main
sys.exit(mcp_main())
"""


def environment(**more: str) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **passed_on,
        "PYTHONPATH": PACKAGE,
        "EMBEDDING_PROVIDER": "mock",
        "POWERMEM_USER_ID": "alice",
        **more,
    }


class Host:
    """A host of 2024 that knows nothing of the SDK: lines of JSON over pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._ids = iter(range(1, 1_000))

    def send(self, method: str, params: Any = None, *, number: int | None = None) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        if number is not None:
            message["id"] = number
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hears(self) -> Any:
        """Return the next line, which must be a message of the protocol."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server ended"
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, method: str, params: Any = None) -> Any:
        number = next(self._ids)
        self.send(method, params, number=number)
        answer = self.hears()
        assert answer["id"] == number
        return answer

    def call(self, name: str, **arguments: Any) -> Any:
        return self.ask("tools/call", {"name": name, "arguments": arguments})["result"]

    def greet(self, version: str) -> Any:
        about = {"name": "old", "version": "1"}
        answer = self.ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": about})
        self.send("notifications/initialized")
        return answer["result"]

    def leaves(self) -> tuple[int, bytes, str]:
        """Close the pipe; return the exit code, what else came, and what went to standard error."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err.decode()


@contextmanager
def host(*program: str, cwd: Path, **more: str) -> Iterator[Host]:
    process = subprocess.Popen(
        [sys.executable, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**more),
        cwd=cwd,
    )
    with process:
        try:
            yield Host(process)
        finally:
            process.kill()


def test_an_old_host_is_served_and_hears_nothing_but_the_protocol(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(NOISY, "utf-8")
    with host("noisy.py", "--db", "memory.db", cwd=tmp_path, EMBEDDING_PROVIDER="loud") as old:
        about = old.greet("2024-11-05")
        assert about["protocolVersion"] == "2024-11-05"
        assert about["serverInfo"]["name"] == "powermem"
        assert "recall" in about["instructions"]
        assert old.ask("ping")["result"] == {}
        tools = old.ask("tools/list")["result"]["tools"]
        assert [tool["name"] for tool in tools][:2] == ["remember", "recall"]
        assert old.call("remember", text="I live in Lisbon.")["isError"] is False
        # This host reads the text only.
        assert "I live in Lisbon." in old.call("recall", query="Where do I live?")["content"][0]["text"]
        assert old.call("recall", wrong=1)["isError"] is True
        assert old.ask("no/such/method")["error"]["code"] == -32601
        code, out, err = old.leaves()
    assert (code, out) == (0, b"")
    for noise in (
        "a plug-in greets",
        "embedding",
        "a warning",
        "written",
        "to the descriptor",
        "from a child",
    ):
        assert f"noise: {noise}" in err, "it was said, but elsewhere"


async def test_a_host_of_today_is_served_without_a_handshake(tmp_path: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "powermem", "mcp", "--db", str(tmp_path / "memory.db")],
        env=environment(),
        cwd=tmp_path,
    )
    async with Client(command) as client:
        assert client.protocol_version == "2026-07-28"
        assert not (await client.call_tool("remember", {"text": "I live in Lisbon."})).is_error
        found = await client.call_tool("recall", {"query": "Where do I live?"})
        assert [hit["text"] for hit in data(found)["memories"]] == ["I live in Lisbon."]
        assert data(await client.call_tool("get_status", {}))["user_id"] == "alice"
        assert "I live in Lisbon." in (await client.read_resource("memory://recent")).contents[0].text


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_broken_store_is_an_answer_and_a_signal_the_end(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_text("this is no database, and long enough to be looked at " * 20, "utf-8")
    with host("-m", "powermem", "mcp", "--db", "memory.db", cwd=tmp_path) as old:
        old.greet("2025-11-25")
        result = old.call("recall", query="Where do I live?")
        assert result["isError"] is True
        assert "memory.db" in result["content"][0]["text"]
        # Its host keeps the pipes open, so that its reader waits for more.
        old.process.send_signal(signal.SIGTERM)
        code = old.process.wait(120)
        _, out, err = old.leaves()
    assert (code, out) == (128 + signal.SIGTERM, b"")
    assert "memory.db" in err


def test_without_the_sdk_it_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['mcp'] = None; from powermem.cli import mcp_main; sys.exit(mcp_main())"
    with host("-c", program, cwd=tmp_path) as old:
        code, out, err = old.leaves()
    assert (code, out) == (1, b"")
    assert "pip install 'mcp>=" in err
