"""A real HTTP server on loopback that behaves like the APIs of OpenAI, Azure, Anthropic and of rerankers.

In a test it runs on a thread of its own (``ApiServer``); a benchmark runs it as a process of its own:

    python tests/support/apiserver.py --port 0 --embed-delay-ms 20 --chat-delay-ms 200

which prints the port it listens on. It needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

if not __package__:
    # Run as a script: what is imported next lies beside it.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import answers
from tests.support.behaviours import (
    DROP,
    EMPTY,
    GARBAGE,
    HANG,
    NO_MONEY,
    Behaviour,
    Limits,
    failure,
    no_structure,
    page,
    slow_down,
    too_long,
)
from tests.support.serving import ThreadedServer

__all__ = [
    "DROP",
    "EMPTY",
    "GARBAGE",
    "HANG",
    "NO_MONEY",
    "Api",
    "ApiServer",
    "Behaviour",
    "Limits",
    "Request",
    "failure",
    "no_structure",
    "page",
    "slow_down",
    "too_long",
]

OnChat = Callable[[list[dict[str, Any]], dict[str, Any]], str]
OnAudio = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Request:
    """A request that arrived.

    Attributes:
        path: without the query.
        query: what follows the question mark.
        headers: names in small letters.
        body: the parsed JSON, or the fields of a form.
        moment: seconds on the monotonic clock.
        connection: number of the connection, counted from 1.
    """

    path: str
    query: str
    headers: dict[str, str]
    body: dict[str, Any]
    moment: float
    connection: int

    @property
    def kind(self) -> str:
        """What is asked for: ``chat``, ``embed``, ``rerank``, ``listen``, or an empty text."""
        return next((kind for ending, kind in _KINDS.items() if self.path.endswith(ending)), "")


_KINDS = {
    "/chat/completions": "chat",
    "/messages": "chat",
    "/embeddings": "embed",
    "/embed": "typed",
    ":predict": "typed",
    "/invoke": "typed",
    "/rerank": "rerank",
    "/reranks": "rerank",
    "/text-rerank": "rerank",
    "/audio/transcriptions": "listen",
}


class Api:
    """What the server knows and does; shared between its thread and the tests.

    Attributes:
        requests: everything that arrived, in order.
        connections: how many were accepted.
        open: those that are open now.
        in_flight: how many requests are being answered.
        most_in_flight: the largest that number ever was.
        script: how the next requests are answered, one for each; then as usual.
        rule: asked for each request that has no script; returns ``None`` for the usual answer.
        on_chat: makes the text of a chat's answer from its messages and body.
        on_audio: makes the transcript of a recording from the fields of the form.
        limits: what the models can take, for requests that are answered as usual.
        delays: seconds that an answer takes, by kind: ``chat``, ``embed``, ``typed``, ``rerank``, ``listen``.
    """

    def __init__(self, delays: Mapping[str, float] | None = None, record: bool = True) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.open: set[_Connection] = set()
        self.in_flight = 0
        self.most_in_flight = 0
        self.script: deque[Behaviour | None] = deque()
        self.rule: Callable[[Request], Behaviour | None] = lambda request: None
        self.on_chat: OnChat = _empty_answer
        self.on_audio: OnAudio = lambda fields: ""
        self.limits = Limits()
        self.delays = dict(delays or {})
        self.record = record

    def of(self, kind: str) -> list[Request]:
        """Return the requests of a kind."""
        return [request for request in self.requests if request.kind == kind]

    def behaviour(self, request: Request) -> Behaviour:
        """Decide how a request is answered."""
        chosen = self.script.popleft() if self.script else self.rule(request)
        if chosen is None and self.limits.refuses(request.kind, request.body):
            chosen = self.limits.refusal
        return chosen or Behaviour(delay=self.delays.get(request.kind, 0.0))

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Make the usual answer."""
        try:
            match request.kind:
                case "chat":
                    return 200, _json(self._chat(request))
                case "embed":
                    return 200, answers.embeddings(request.body, self.limits.spoil)
                case "typed":
                    return 200, _json(answers.typed_embeddings(request.path, request.body))
                case "rerank":
                    return 200, _json(answers.ranking(request.body))
                case "listen":
                    return 200, _json(answers.transcript(self.on_audio, request.body))
                case _:
                    return 404, _json({"error": {"message": f"no such path: {request.path}"}})
        except ValueError as error:
            return 400, _json({"error": {"message": str(error), "type": "invalid_request_error"}})
        except Exception as error:
            # Most likely a wrong expectation in `on_chat`. Not a 5xx: the client would only try again.
            return 418, _json({"error": {"message": f"{type(error).__name__}: {error}"}})

    def _chat(self, request: Request) -> dict[str, Any]:
        messages, body = request.body["messages"], request.body
        answers.check_images(messages)
        if not request.path.endswith("/messages"):
            return answers.chat(*self.limits.cut(self.on_chat(messages, body)), body)
        system = body.get("system")
        messages = [{"role": "system", "content": system}, *messages] if system else messages
        return answers.message(*self.limits.cut(self.on_chat(messages, body)), body)


class ApiServer(ThreadedServer, Api):
    """The server on a thread of its own; use it in a ``with`` block.

    Args:
        delays: see ``Api``.
        tls: to serve HTTPS with.
    """

    def __init__(
        self, delays: Mapping[str, float] | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        Api.__init__(self, delays)
        ThreadedServer.__init__(self, "apiserver", "https" if tls else "http")
        self._tls = tls

    def close_idle(self) -> None:
        """Close the connections without a request, as servers do after a while; wait until it is done."""
        done = threading.Event()

        def close() -> None:
            for connection in list(self.open):
                if not connection.busy:
                    connection.close()
            done.set()

        self._loop.call_soon_threadsafe(close)
        if not done.wait(120):
            raise RuntimeError("the server does not react")

    async def _serve(self) -> None:
        async with _listening(self, 0, self._released, self._tls) as port:
            self._listens(port)
            await self._stop.wait()


# More than accepting, telling us of it, and closing take together.
_TURNS_TO_CLOSE = 10


@contextlib.asynccontextmanager
async def _listening(api: Api, port: int, released: asyncio.Event, tls: ssl.SSLContext | None = None) -> Any:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(api, released), "127.0.0.1", port, backlog=1024, ssl=tls
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        # One that was accepted just now is known to us only some turns of the loop later.
        for _ in range(_TURNS_TO_CLOSE):
            _close_all(api)
            await asyncio.sleep(0)


def _close_all(api: Api) -> None:
    for connection in list(api.open):
        connection.close()


class _Connection(asyncio.Protocol):
    """One connection: requests are answered one after the other."""

    def __init__(self, api: Api, released: asyncio.Event) -> None:
        self._api = api
        self._released = released
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._api.connections += 1
        self._number = self._api.connections
        self._api.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._api.open.discard(self)
        # On Python 3.10 a TLS transport that is not closed by hand complains when it goes.
        self._transport.close()
        if self._task is not None:
            self._task.cancel()

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._task is not None

    def close(self) -> None:
        """Close it, even during requests."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._next()

    def _next(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if self._task is not None or end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        whole = end + 4 + int(headers.get("content-length", "0"))
        if len(self._received) < whole:
            return
        body = bytes(self._received[end + 4 : whole])
        del self._received[:whole]
        target = urlsplit(first.split()[1])
        kind = headers.get("content-type", "")
        if kind.startswith("multipart/"):
            sent = answers.fields(kind, body)
        elif kind.startswith("application/x-www-form-urlencoded"):
            sent = dict(parse_qsl(body.decode()))
        else:
            sent = json.loads(body or b"{}")
        self._handle(Request(target.path, target.query, headers, sent, time.monotonic(), self._number))

    def _handle(self, request: Request) -> None:
        api = self._api
        if api.record:
            api.requests.append(request)
        api.in_flight += 1
        api.most_in_flight = max(api.most_in_flight, api.in_flight)
        behaviour = api.behaviour(request)
        if behaviour.delay or behaviour.hang or behaviour.blanks:
            self._task = asyncio.get_running_loop().create_task(self._later(request, behaviour))
            self._task.add_done_callback(self._done)
        else:
            self._reply(request, behaviour)
            api.in_flight -= 1

    def _done(self, task: asyncio.Task[None]) -> None:
        self._api.in_flight -= 1
        self._task = None
        if not task.cancelled():
            task.result()
            self._next()

    async def _later(self, request: Request, behaviour: Behaviour) -> None:
        await asyncio.sleep(behaviour.delay)
        if behaviour.hang:
            await self._released.wait()
        if behaviour.blanks:
            body = self._api.answer(request)[1]
            self._transport.write(_head(200, behaviour.blanks + len(body), {}))
            for _ in range(behaviour.blanks):
                self._transport.write(b" ")
                await asyncio.sleep(0.01)
            self._transport.write(body)
            return
        self._reply(request, behaviour)

    def _reply(self, request: Request, behaviour: Behaviour) -> None:
        if behaviour.drop:
            self._transport.close()
            return
        status, body = behaviour.status, behaviour.body
        if body is None and status == 200:
            status, body = self._api.answer(request)
        data = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else _json(body)
        head = _head(status, len(data), behaviour.headers)
        if behaviour.cut is not None:
            self._transport.write(head + data[: behaviour.cut])
            self._transport.close()
            return
        self._transport.write(head + data)


_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Server Error"}


def _head(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Other')}"]
    lines += [f"{name}: {value}" for name, value in {"content-type": "application/json", **headers}.items()]
    return "\r\n".join([*lines, f"content-length: {length}", "", ""]).encode("latin-1")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _empty_answer(messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
    return '{"facts": []}'


async def _main(arguments: argparse.Namespace) -> None:
    delays = {"embed": arguments.embed_delay_ms / 1000, "chat": arguments.chat_delay_ms / 1000}
    api = Api(delays, record=False)
    async with _listening(api, arguments.port, asyncio.Event()) as port:
        print(port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--embed-delay-ms", type=float, default=0.0)
    parser.add_argument("--chat-delay-ms", type=float, default=0.0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
