"""A real HTTP server on loopback that chats in the forms of OpenAI's two APIs, Anthropic's and Gemini's.

It streams as Server-Sent Events when it is asked to. It needs nothing but the standard library, so that a
benchmark can run it as a process of its own: ``python tests/support/chatserver.py 0.05`` prints the port, and
pauses for 0.05 seconds between the pieces of a stream.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if not __package__:
    # Run as a script: what is imported next lies beside it.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import answers
from tests.support.serving import ThreadedServer

Body = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """An answer that calls a tool, instead of a text."""

    name: str
    arguments: Body = field(default_factory=dict)


OnChat = Callable[[Body], "str | Call"]


@dataclass
class Heard:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: Body

    @property
    def system(self) -> str:
        """The system prompt, whatever its form."""
        body = self.body
        given = body.get("instructions") or body.get("system") or body.get("systemInstruction")
        if given is None:
            given = [
                part["content"]
                for part in body.get("messages", [])
                if part["role"] in ("system", "developer")
            ]
        return text_of(given)

    @property
    def said(self) -> str:
        """What the user says last."""
        messages = _messages(self.body)
        if isinstance(messages, str):
            return messages
        texts = [text_of(_content(each)) for each in messages if each.get("role") == "user"]
        return texts[-1] if texts else ""

    @property
    def shown(self) -> str:
        """All that the model is shown of the conversation, system prompt and tools' results included."""
        messages = _messages(self.body)
        given = messages if isinstance(messages, str) else json.dumps(messages, ensure_ascii=False)
        return f"{self.system}\n{given}"


def _messages(body: Body) -> Any:
    return body.get("messages") or body.get("input") or body.get("contents") or []


def _content(message: Body) -> Any:
    return message.get("content", message.get("parts"))


def text_of(content: Any) -> str:
    """Return the text of a content in any form."""
    if isinstance(content, list):
        return "\n".join(map(text_of, content))
    if isinstance(content, dict):
        return text_of(content["parts"]) if "parts" in content else content.get("text") or ""
    return content or ""


@dataclass
class Chat:
    """What the server knows and does; shared between its thread and the tests.

    Attributes:
        heard: everything that arrived, in order.
        on_chat: makes an answer, a text or the call of a tool; by default it repeats what the user said.
        status: answered instead of a reply, if it is not 200.
        tool: the name of a tool to call when the user speaks, instead of answering.
        stop_after: close the connection after this many chunks of a stream.
        hold_after: send this many chunks of a stream, and the rest when ``release`` is called.
        pause: seconds between two pieces of a stream.
        open: how many connections are open.
        dropped: how many streams their readers gave up.
    """

    heard: list[Heard] = field(default_factory=list)
    on_chat: OnChat | None = None
    status: int = 200
    tool: str | None = None
    stop_after: int | None = None
    hold_after: int | None = None
    pause: float = 0.0
    open: int = 0
    dropped: int = 0

    def answer(self, heard: Heard) -> str | Call:
        """Make an answer."""
        return f"You said: {heard.said}" if self.on_chat is None else self.on_chat(heard.body)


class ChatServer(ThreadedServer, Chat):
    """The server on a thread of its own; use it in a ``with`` block."""

    def __init__(self) -> None:
        Chat.__init__(self)
        ThreadedServer.__init__(self, "chatserver")

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which the providers' own clients, and frameworks, talk to this server."""
        return {
            "OPENAI_BASE_URL": self.url,
            "OPENAI_API_BASE": self.url,
            "OPENAI_API_KEY": "k",
            "ANTHROPIC_BASE_URL": self.address,
            "ANTHROPIC_API_KEY": "k",
            "GOOGLE_GEMINI_BASE_URL": self.address,
            "GOOGLE_API_KEY": "k",
        }

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024)
        self._listens(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        ours = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = json.loads(await _body(reader, headers) or b"{}")
        heard = Heard(first.split()[1].partition("?")[0], headers, body)
        self.heard.append(heard)
        if self.status != 200:
            error = {"error": {"type": "server_error", "message": "the server was told to refuse"}}
            writer.write(_reply(self.status, json.dumps(error).encode()))
        elif heard.path.endswith("/embeddings"):
            writer.write(_reply(200, answers.embeddings(body)))
        elif body.get("stream") or heard.path.endswith(":streamGenerateContent"):
            return await self._stream(heard, reader, writer)
        else:
            writer.write(_reply(200, json.dumps(_whole(heard, self.answer(heard), self.tool)).encode()))
        await writer.drain()
        return True

    async def _stream(self, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
            b"connection: close\r\n\r\n"
        )
        gone = asyncio.ensure_future(reader.read(1))
        try:
            async for count, event in _numbered(_events(heard, self.answer(heard)), self.pause):
                if self.stop_after == count:
                    return False
                if self.hold_after == count:
                    released = asyncio.ensure_future(self._released.wait())
                    await asyncio.wait({released, gone}, return_when=asyncio.FIRST_COMPLETED)
                    released.cancel()
                if gone.done():
                    self.dropped += 1
                    return False
                writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        finally:
            gone.cancel()
        # One request a connection, for what was read ahead cannot be put back.
        return False


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _numbered(events: Iterator[tuple[bool, bytes]], pause: float) -> AsyncIterator[tuple[int, bytes]]:
    """Count the events that carry text; the others have the number of the one before, negative."""
    count = 0
    for spoken, event in events:
        yield (count if spoken else -1), event
        count += spoken
        await asyncio.sleep(pause if spoken else 0)


def _reply(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _whole(heard: Heard, answer: str | Call, tool: str | None) -> Body:
    body = heard.body
    if tool and _last_role(body) == "user":
        answer = Call(tool)
    called = isinstance(answer, Call)
    if heard.path.endswith(":generateContent"):
        return _generated(_gemini_part(answer))
    if heard.path.endswith("/messages"):
        block = (
            _tool_use(answer, _place(body)) if isinstance(answer, Call) else {"type": "text", "text": answer}
        )
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
            "usage": {"input_tokens": 1, "output_tokens": 1}, "content": [block],
            "stop_reason": "tool_use" if called else "end_turn", "stop_sequence": None,
        }  # fmt: skip
    if heard.path.endswith("/responses"):
        return _response(
            body, [_function_call(answer, _place(body)) if isinstance(answer, Call) else _item(answer, body)]
        )
    message: Body = {"role": "assistant", "content": None if called else answer}
    if isinstance(answer, Call):
        message["tool_calls"] = [_tool_call(answer, _place(body))]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if called else "stop"}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
        "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }  # fmt: skip


def _tool_use(call: Call, place: int) -> Body:
    return {"type": "tool_use", "id": f"call_{place}", "name": call.name, "input": call.arguments}


def _function_call(call: Call, place: int) -> Body:
    return {
        "type": "function_call", "id": f"fc_{place}", "call_id": f"call_{place}", "name": call.name,
        "status": "completed", "arguments": json.dumps(call.arguments),
    }  # fmt: skip


def _tool_call(call: Call, place: int) -> Body:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": f"call_{place}", "type": "function", "function": function}


def _gemini_part(answer: str | Call) -> Body:
    if isinstance(answer, Call):
        return {"functionCall": {"name": answer.name, "args": answer.arguments}}
    return {"text": answer}


def _generated(part: Body, reason: str | None = "STOP") -> Body:
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}}
    if reason is not None:
        candidate["finishReason"] = reason
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini", "responseId": "r_1"}


def _last_role(body: Body) -> str:
    messages = _messages(body)
    if isinstance(messages, str):
        return "user"
    last = messages[-1] if messages else {}
    content = _content(last)
    if isinstance(content, list) and any(
        part.get("type") == "tool_result" or "functionResponse" in part for part in content
    ):
        return "tool"
    return str(last.get("role", "tool"))


def _item(text: str, body: Body) -> Body:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {
        "type": "message", "id": f"m_{_place(body)}", "role": "assistant", "status": "completed",
        "content": [part],
    }  # fmt: skip


def _place(body: Body) -> int:
    """Return the place of an answer in the conversation; ids are made of it, which are different in each."""
    messages = _messages(body)
    return 1 if isinstance(messages, str) else 1 + len(messages)


def _response(body: Body, output: list[Body]) -> Body:
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "model": body["model"], "status": "completed",
        "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip


def pieces_of(text: str) -> list[str]:
    """Return the pieces in which a text is streamed."""
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:]


def _events(heard: Heard, answer: str | Call) -> Iterator[tuple[bool, bytes]]:
    """Yield the events of a stream, and whether each carries text."""
    call = answer if isinstance(answer, Call) else None
    pieces = pieces_of(answer) if isinstance(answer, str) else []
    if heard.path.endswith(":streamGenerateContent"):
        for number, piece in enumerate(pieces):
            yield True, _data(_generated({"text": piece}, None if number < len(pieces) - 1 else "STOP"))
        if call is not None:
            yield False, _data(_generated(_gemini_part(call)))
    elif heard.path.endswith("/messages"):
        yield from _message_events(heard.body, pieces, call)
    elif heard.path.endswith("/responses"):
        yield from _response_events(heard.body, pieces, call)
    else:
        yield from _chat_events(heard.body, pieces, call)


def _chat_events(body: Body, pieces: list[str], call: Call | None) -> Iterator[tuple[bool, bytes]]:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    for number, piece in enumerate(pieces):
        delta: Body = {"content": piece, **({} if number else {"role": "assistant"})}
        yield True, _data({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    if call is not None:
        delta = {"role": "assistant", "tool_calls": [{"index": 0, **_tool_call(call, _place(body))}]}
        yield False, _data({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    reason = "stop" if call is None else "tool_calls"
    yield False, _data({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        yield False, _data({**base, "choices": [], "usage": usage})
    yield False, b"data: [DONE]\n\n"


def _response_events(body: Body, pieces: list[str], call: Call | None) -> Iterator[tuple[bool, bytes]]:
    empty = _response(body, [])
    part: Body = {"type": "output_text", "text": "", "annotations": []}
    place = {"item_id": f"m_{_place(body)}", "output_index": 0, "content_index": 0}
    yield False, _named("response.created", {"response": {**empty, "status": "in_progress"}})
    if call is not None:
        item = _function_call(call, _place(body))
        begun = {**item, "arguments": "", "status": "in_progress"}
        whole = {"item_id": item["id"], "output_index": 0}
        yield False, _named("response.output_item.added", {"output_index": 0, "item": begun})
        given = item["arguments"]
        yield False, _named("response.function_call_arguments.delta", {**whole, "delta": given})
        yield False, _named("response.function_call_arguments.done", {**whole, "arguments": given})
        yield False, _named("response.output_item.done", {"output_index": 0, "item": item})
        yield False, _named("response.completed", {"response": _response(body, [item])})
        return
    item = {**_item("", body), "content": []}
    yield False, _named("response.output_item.added", {"output_index": 0, "item": item})
    yield False, _named("response.content_part.added", {**place, "part": part})
    for piece in pieces:
        yield True, _named("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
    text = "".join(pieces)
    yield False, _named("response.output_text.done", {**place, "text": text, "logprobs": []})
    yield False, _named("response.completed", {"response": _response(body, [_item(text, body)])})


def _message_events(body: Body, pieces: list[str], call: Call | None) -> Iterator[tuple[bool, bytes]]:
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    yield False, _named("message_start", {"message": message})
    block: Body = (
        {"type": "text", "text": ""} if call is None else {**_tool_use(call, _place(body)), "input": {}}
    )
    yield False, _named("content_block_start", {"index": 0, "content_block": block})
    if call is not None:
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}
        yield False, _named("content_block_delta", {"index": 0, "delta": delta})
    for piece in pieces:
        yield (
            True,
            _named("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}}),
        )
    yield False, _named("content_block_stop", {"index": 0})
    end = {"stop_reason": "end_turn" if call is None else "tool_use", "stop_sequence": None}
    yield False, _named("message_delta", {"delta": end, "usage": {"output_tokens": 1}})
    yield False, _named("message_stop", {})


def _named(kind: str, data: Body) -> bytes:
    return f"event: {kind}\n".encode() + _data({"type": kind, "sequence_number": 0, **data})


def _data(data: Body) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


if __name__ == "__main__":
    with ChatServer() as running:
        running.pause = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
        print(running.port, flush=True)
        threading.Event().wait()
