"""A model endpoint that costs next to nothing: OpenAI's form of embeddings and chat, with delays as ordered.

    python -m benchmarks.endpoint --embed-delay-ms 20 --chat-delay-ms 200

prints its port. The vectors are ready before the first request and chosen by a checksum of the text. ``GET
/stats`` counts what was asked for. It is a process of its own, so that its work is not on anybody's loop.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import re
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .measure import ROOT

MODEL = "bench"
_PREPARED = 512
# Words of ``corpus``.
_SAID = re.compile(rb"(?:\b[a-z]{6}x\b ?){12,}")


@dataclass(frozen=True, slots=True)
class Counts:
    """What was asked for so far: chats, embedding requests, and the texts in these."""

    chat: int
    embed: int
    texts: int

    def since(self, other: Counts) -> Counts:
        """Return what came after ``other``."""
        return Counts(self.chat - other.chat, self.embed - other.embed, self.texts - other.texts)


class Served:
    """An endpoint that runs.

    Attributes:
        url: its base URL.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"

    def counts(self) -> Counts:
        """Ask how many requests came."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats") as reply:
            return Counts(**json.load(reply))


@contextlib.contextmanager
def serving(embed_delay_ms: float = 0, chat_delay_ms: float = 0) -> Iterator[Served]:
    """Run an endpoint in a process of its own."""
    delays = ["--embed-delay-ms", str(embed_delay_ms), "--chat-delay-ms", str(chat_delay_ms)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.endpoint", *delays], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline()
        if not port:
            raise RuntimeError("the endpoint did not start")
        yield Served(int(port))
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class _Answers:
    """Makes the bodies of replies, and counts them."""

    def __init__(self, dimension: int) -> None:
        # Here, because whoever starts the endpoint may be measuring what it loads itself.
        from .corpus import vectors

        rows = vectors(_PREPARED, dimension, seed=2)
        self._lists = [json.dumps([round(float(number), 7) for number in row]).encode() for row in rows]
        self._packed = [b'"%s"' % base64.b64encode(row.astype("<f4").tobytes()) for row in rows]
        self.chat = self.embed = self.texts = 0

    def embeddings(self, body: bytes) -> bytes:
        request = json.loads(body)
        given = request["input"]
        texts = [given] if isinstance(given, str) else given
        self.embed += 1
        self.texts += len(texts)
        rows = self._packed if request.get("encoding_format") == "base64" else self._lists
        items = (
            b'{"index":%d,"embedding":%s}' % (index, rows[zlib.crc32(text.encode()) % _PREPARED])
            for index, text in enumerate(texts)
        )
        return (
            b'{"data":[' + b",".join(items) + b'],"usage":{"prompt_tokens":%d,"total_tokens":0}}' % len(texts)
        )

    def completion(self, body: bytes) -> bytes:
        # Two facts that the last message states, since others are left out.
        self.chat += 1
        said = _SAID.findall(body)[-1:] or [b"nothing of note"]
        words = said[0].decode().split()
        facts = [_fact(" ".join(words[start : start + 6])) for start in (0, 6)]
        message = {"role": "assistant", "content": json.dumps({"facts": facts})}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 500, "completion_tokens": 50}
        return json.dumps({"choices": [choice], "usage": usage}).encode()

    def stats(self) -> bytes:
        return json.dumps({"chat": self.chat, "embed": self.embed, "texts": self.texts}).encode()


def _fact(text: str) -> dict[str, object]:
    rest = {"kind": "preference", "importance": 0.5, "event_date": None, "entities": [], "speaker": None}
    return {"text": text, "turn": 0, **rest}


class _Connection(asyncio.Protocol):
    """One connection; requests are answered one after the other."""

    def __init__(self, answers: _Answers, embed_delay: float, chat_delay: float) -> None:
        self._answers = answers
        self._embed_delay = embed_delay
        self._chat_delay = chat_delay
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._received) < end + 4 + length:
            return
        body = bytes(self._received[end + 4 : end + 4 + length])
        self._received.clear()
        target = head.split(b" ", 2)[1]
        if target.endswith(b"/embeddings"):
            self._answer(self._answers.embeddings(body), self._embed_delay)
        elif target.endswith(b"/chat/completions"):
            self._answer(self._answers.completion(body), self._chat_delay)
        elif target == b"/stats":
            self._answer(self._answers.stats(), 0)
        else:
            self._write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    def _answer(self, body: bytes, delay: float) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        if delay:
            asyncio.get_running_loop().call_later(delay, self._write, head + body)
        else:
            self._write(head + body)

    def _write(self, data: bytes) -> None:
        self._transport.write(data)


async def _serve(arguments: argparse.Namespace) -> None:
    answers = _Answers(arguments.dimension)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(answers, arguments.embed_delay_ms / 1000, arguments.chat_delay_ms / 1000),
        "127.0.0.1",
        arguments.port,
        backlog=1024,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--embed-delay-ms", type=float, default=0.0)
    parser.add_argument("--chat-delay-ms", type=float, default=0.0)
    parser.add_argument("--dimension", type=int, default=384)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))
