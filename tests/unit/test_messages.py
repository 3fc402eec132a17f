"""Messages in the forms of APIs, SDKs and frameworks: what is read, and what is left out."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from powermem._core.clients.exchange import new_messages
from powermem._core.clients.replies import reply_text
from powermem._core.messages.forms import ROLES
from powermem._core.messages.normalize import read_messages
from powermem._core.messages.parts import is_public
from powermem.errors import InvalidInputError

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
PNG = "data:image/png;base64,iVBORw0KGgo="
DOTS = "iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0xLjQ="


class Role(Enum):
    """The role of a framework."""

    USER = "user"


@dataclass
class Spoken:
    """A message of a framework."""

    type: str
    content: object
    name: str | None = None


def read(messages: object, **more: Any) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in read_messages(messages, **more)]


def completion(**message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


RAINS = {"text": "It rains."}
SAID = ("assistant", "It rains.")
BLOCKS = [
    {"type": "thinking", "thinking": "Hm.", "signature": "s"},
    {"type": "redacted_thinking", "data": "x"},
    {"type": "text", "text": "It rains."},
    {"type": "tool_use", "id": "t", "name": "weather", "input": {}},
]
OUTPUT = [
    {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Hm."}]},
    {"type": "function_call", "id": "f", "call_id": "c", "name": "weather", "arguments": "{}"},
    {
        "type": "message",
        "id": "m",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "It rains.", "annotations": []}],
    },
]
REPLIES = [
    completion(content="It rains."),
    completion(content="It rains.", tool_calls=[CALL]),
    {"role": "assistant", "content": BLOCKS},
    {"object": "response", "output": OUTPUT},
    {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hm.", "thought": True}, RAINS]}}]},
    {"role": "model", "parts": [{"text": "It rains."}, {"function_call": {"name": "weather", "args": {}}}]},
    SimpleNamespace(role="model", parts=[SimpleNamespace(**RAINS, inline_data=None, function_call=None)]),
    {"role": "assistant", "content": None, "audio": {"id": "a", "transcript": "It rains."}},
    {"message": {"role": "assistant", "content": "It rains."}},
    Spoken("ai", "It rains."),
    Spoken("AIMessageChunk", [{"type": "text", **RAINS}, {"type": "tool_call", "name": "weather"}]),
    {"type": "ai", "data": {"content": "It rains.", "type": "ai", "tool_calls": [CALL]}},
    {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "AIMessage"],
        "kwargs": {"content": "It rains.", "tool_calls": []},
    },
    {"from": "gpt", "value": "It rains."},
    {"role": "CHATBOT", "message": "It rains."},
]  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES, ids=range(len(REPLIES)))
def test_what_a_model_said_is_read_the_same_on_every_way_in(reply: Any) -> None:
    assert read(reply) == [SAID]
    assert read([{"role": "user", "content": "Rain?"}, reply]) == [("user", "Rain?"), SAID]
    assert reply_text(reply) == "It rains."
    assert read({"role": "assistant", "content": reply}) == [SAID]


SILENT = [
    {"role": "assistant", "tool_calls": [CALL]},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
    {"role": "assistant", "content": [], "refusal": "I cannot."},
    completion(content=None, refusal="I cannot."),
    {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]},
    {"role": "assistant", "content": [BLOCKS[0], BLOCKS[1], BLOCKS[3]]},
    {"role": "assistant", "content": [{"type": "some_future_block", "data": 1}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "Rain"}]},
    {"role": "user", "parts": [{"function_response": {"name": "weather", "response": {}}}]},
    {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {}}}]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "weather", "input": {}}}]},
    SimpleNamespace(role="model", parts=[SimpleNamespace(text=None, function_call=object())]),
    *OUTPUT[:2],
    {"type": "item_reference", "id": "m"},
    {"type": "web_search_call", "id": "w", "status": "completed"},
    {"type": "mcp_list_tools", "id": "w", "tools": []},
    Spoken("ai", [{"type": "reasoning", "reasoning": "Hm."}]),
]


@pytest.mark.parametrize("item", SILENT, ids=range(len(SILENT)))
def test_what_nobody_said_is_left_out(item: Any, caplog: pytest.LogCaptureFixture) -> None:
    hello = {"role": "user", "content": "I live in Rome."}
    with caplog.at_level(logging.DEBUG, "powermem.messages"):
        assert read([hello, item, hello]) == [("user", "I live in Rome.")] * 2
        assert read([item]) == []
    assert {record.levelname for record in caplog.records} == {"DEBUG"}
    assert all(record.getMessage().startswith("messages[") for record in caplog.records)
    assert reply_text(item) == ""


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"role": "tool", "tool_call_id": "c", "content": "Rain"}, ("tool", "Rain")),
        ({"role": "function", "name": "weather", "content": "Rain"}, ("tool", "Rain")),
        ({"type": "function_call_output", "call_id": "c", "output": "Rain"}, ("tool", "Rain")),
        (Spoken("tool", "Rain"), ("tool", "Rain")),
        (("human", "Hello"), ("user", "Hello")),
        (SimpleNamespace(role=Role.USER, content="Hello"), ("user", "Hello")),
        (MappingProxyType({"role": "user", "content": "Hello"}), ("user", "Hello")),
        ({"role": "user", "content": {"type": "text", "text": "Hello"}}, ("user", "Hello")),
        ({"role": "user", "content": ({"text": "Hel"}, "lo")}, ("user", "Hel\nlo")),
        ({"role": "user", "content": iter([{"type": "input_text", "text": "Hello"}])}, ("user", "Hello")),
        ({"role": "user", "content": [{"type": "text", "text": {"value": "Hello"}}]}, ("user", "Hello")),
        ({"parts": [{"text": "Hello"}]}, ("user", "Hello")),
        ({"role": "user", "content": "", "parts": [{"type": "text", "text": "Hello"}]}, ("user", "Hello")),
        ({"from": "human", "value": "Hello"}, ("user", "Hello")),
    ],
)  # fmt: skip
def test_one_message(item: Any, expected: tuple[str, str]) -> None:
    assert read([item]) == [expected]


def test_messages_come_in_any_order_of_things() -> None:
    hello = {"role": "user", "content": "Hello"}

    def generated() -> Iterator[Mapping[str, str]]:
        yield hello
        yield hello

    for several in ((hello, hello), deque([hello, hello]), generated(), {1: hello, 2: hello}.values()):
        assert read(several) == [("user", "Hello")] * 2


@pytest.mark.parametrize(
    ("written", "role"),
    [
        ("human", "user"), ("User", "user"), (" USER ", "user"), ("ai", "assistant"), ("model", "assistant"),
        ("bot", "assistant"), ("developer", "system"), ("function", "tool"), ("tool", "tool"),
    ],
)  # fmt: skip
def test_roles_have_synonyms(written: str, role: str) -> None:
    assert read({"role": written, "content": "Hello"}) == [(role, "Hello")]
    said = "Hello" if role == "user" else ""
    assert new_messages([{"role": written, "content": "Hello"}])[0] == said


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ({"role": "asistant", "content": "Hello"}, "got 'asistant'"),
        ({"role": "narrator", "content": "Hello"}, "got 'narrator'"),
        ({"role": "", "content": "Hello"}, "got ''"),
        ({"role": 5, "content": "Hello"}, "got 5"),
        ({"content": "Hello"}, "this one has content"),
        ({"role": None, "content": "Hello"}, "this one has role, content"),
        ({"type": "text", "text": "Hello"}, "this one has type 'text'"),
        (SimpleNamespace(content="Hello"), "this one has those of SimpleNamespace"),
    ],
)
def test_an_unknown_or_missing_role_is_named(item: Any, named: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_messages(["I live in Rome.", item])
    assert str(caught.value).startswith("messages[1].role: expected one of user, assistant, system, tool")
    assert named in str(caught.value)
    assert all(read({"role": role, "content": "x"}) == [(role, "x")] for role in ROLES)


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        (5, "got int"), (b"Hello", "got bytes"), (None, "got NoneType"), ({"Hello"}, "got set"),
        ([5], "messages[0]: expected a string or a message, got int"), ([None], "got NoneType"),
        ([["Hello"]], "messages[0]: expected a string or a message, got list"),
        ("  ", "no text"), ([" ", {"role": "user", "content": ""}], "no text"),
        ({"role": "user", "content": None}, "no text"), ({"role": "user"}, "needs 'content'"),
        ({"role": "user", "content": 5}, "content: expected a string or a list of parts, got int"),
        ({"role": "user", "content": [5]}, "messages[0].content[0]: expected a part, got int"),
        ({"messages": [{"role": "user", "content": "x"}], "user_id": "u"}, "this one has messages, user_id"),
        ({"role": "user", "content": "x", "name": 1.5}, "messages[0].name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(messages: Any, named: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_messages(messages)
    assert named in str(caught.value)


UNUSABLE = [
    {"type": "video_url", "video_url": {"url": "https://host.example/a.mp4"}},
    {"type": "image_url", "image_url": {}},
    {"type": "image_url", "image_url": "data:image/tiff;base64,AAAA"},
    {"type": "input_audio", "input_audio": {"data": "AAAA"}},
    {"type": "file", "file": {"file_id": "file-1"}},
    {"type": "input_file", "file_url": "https://host.example/a.pdf"},
    {"type": "document", "source": {"type": "url", "url": "https://host.example/a.pdf"}},
    {"inline_data": {"mime_type": "video/mp4", "data": "AAAA"}},
    {"file_data": {"mime_type": "application/pdf", "file_uri": "gs://bucket/a.pdf"}},
    {"type": "text"},
    None,
    3,
]


@pytest.mark.parametrize("part", UNUSABLE, ids=range(len(UNUSABLE)))
def test_a_part_that_cannot_be_used_costs_only_itself(part: Any, caplog: pytest.LogCaptureFixture) -> None:
    (message,) = read_messages([{"role": "user", "content": ["I live in Rome.", part]}])
    assert (message.content, message.parts) == ("I live in Rome.", ())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    with pytest.raises(InvalidInputError, match=r"messages\[0\]\.content\[0\]"):
        read_messages([{"role": "user", "content": [part]}])


BYTES = SimpleNamespace(mime_type="image/png", data=b"\x89PNG\r\n\x1a\n")


def test_an_item_of_an_unknown_type_costs_only_itself() -> None:
    item = {"type": "something_new", "id": "x"}
    assert read([{"role": "user", "content": "I live in Rome."}, item]) == [("user", "I live in Rome.")]
    with pytest.raises(InvalidInputError, match="this one has type 'something_new'"):
        read([item])


@pytest.mark.parametrize("role", ["assistant", "tool", "system"])
def test_half_a_character_costs_no_conversation(role: str) -> None:
    hello = {"role": "user", "content": "I live in Rome."}
    broken = {"role": role, "content": "Rain \ud83d\ude00 \ud83d"}
    assert read([hello, broken]) == [("user", "I live in Rome."), (role, "Rain \U0001f600 \ufffd")]
    with pytest.raises(InvalidInputError, match=r"messages\[0\]\.content: not valid Unicode"):
        read([{**broken, "role": "user"}])


IMAGE = {"type": "image_url", "image_url": {"url": PNG}}
DOCUMENT = {"type": "file", "file": {"file_data": PDF, "filename": "file"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_image", "image_url": PNG, "detail": None, "file_id": None}, IMAGE),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DOTS}}, IMAGE),
        ({"type": "image", "source_type": "base64", "mime_type": "image/png", "data": DOTS}, IMAGE),
        ({"type": "image", "base64": DOTS, "mime_type": "image/png"}, IMAGE),
        ({"type": "image", "data": DOTS, "mimeType": "image/png"}, IMAGE),
        ({"type": "image", "image": PNG}, IMAGE),
        ({"inline_data": {"mime_type": "image/png", "data": DOTS}}, IMAGE),
        ({"inlineData": {"mimeType": "image/png", "data": DOTS}}, IMAGE),
        (SimpleNamespace(text=None, inline_data=BYTES),
         IMAGE),
        ({"type": "image", "source": {"type": "url", "url": "https://host.example/a.png"}},
         {"type": "image_url", "image_url": {"url": "https://host.example/a.png"}}),
        ({"type": "input_file", "file_data": PDF, "filename": None, "file_id": None}, DOCUMENT),
        ({"type": "document", "source": {"data": PDF[28:], "media_type": "application/pdf"}}, DOCUMENT),
        ({"type": "document", "title": "a",
          "source": {"type": "text", "data": "Hi", "media_type": "text/plain"}},
         {"type": "file", "file": {"file_data": "data:text/plain;base64,SGk=", "filename": "a"}}),
        ({"inline_data": {"mime_type": "audio/wav", "data": "UklGRg=="}}, SOUND),
        ({"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"}, SOUND),
    ],
)  # fmt: skip
def test_media_of_every_provider_come_into_one_form(part: Any, expected: dict[str, Any]) -> None:
    (message,) = read_messages({"role": "user", "content": [part, "Look"]})
    assert (list(message.parts), message.content) == ([expected], "Look")


PRIVATE = [
    "http://host.example/a.png", "http://10.0.0.5/a.png", "https://10.0.0.5/a.png",
    "https://192.168.1.1/a", "https://172.16.0.1/a", "https://127.0.0.1/a", "https://127.1/a",
    "https://0.0.0.0/a", "https://2130706433/a", "https://0x7f000001/a", "https://0177.0.0.1/a",
    "https://0x7f.1/a", "https://169.254.169.254/latest/meta-data", "https://100.64.0.1/a",
    "https://224.0.0.1/a", "https://[::1]/a", "https://[::ffff:10.0.0.1]/a",
    "https://[fe80::1%25eth0]/a", "https://[2001:db8::1]/a", "https://1.2.3.4.5/a",
    "https://localhost/a", "https://LOCALHOST:8080/a", "https://localhost./a", "https://a.localhost/a",
    "https://printer.local/a", "https://metadata.google.internal/a", "https://db.corp/a",
    "https://redis/a", "https://redis:6379/a", "https://host/a", "https://a..b/a",
    "https://127.0.0.1.nip.io/a", "https://localtest.me/a", "https://user@host.example/a",
    "https://host.example@127.0.0.1/a", "https://host.example:80@127.0.0.1/a",
    "https://127.0.0.1%2ehost.example/a", "https://\uff11\uff12\uff17.0.0.1/a",
    "https://127\u30020\u30020\u30021/a", "https://loca\u00adlhost.example/a", "https:\\\\127.0.0.1/a",
    "https:/127.0.0.1/a", "https://127.0.0.1#.host.example/a", "https://host.example\\@127.0.0.1/a",
    "https:///a", "https://host.example:x/a", "https://-/a",
]  # fmt: skip


@pytest.mark.parametrize("url", [*PRIVATE, "https://127.0.0.1\t.host.example/a", "https://host\n.example/a"])
def test_an_address_inside_a_network_is_not_handed_on(url: str) -> None:
    assert not is_public(url)
    picture = {"type": "image_url", "image_url": {"url": url}}
    for part in (
        picture,
        {"type": "input_image", "image_url": url},
        {"type": "image", "source": {"url": url}},
    ):
        (message,) = read_messages({"role": "user", "content": [part, "Look"]})
        assert (message.content, message.parts) == ("Look", ())


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example/a.png", "HTTPS://Host.Example:8443/a?b=c@d#e", "https://8.8.8.8/a.png",
        "https://b\u00fccher.example/a.png", "https://host.example./a.png", "https://a-b.c_d.example/10.0.0.1",
    ],
)  # fmt: skip
def test_an_address_of_a_public_host_is(url: str) -> None:
    assert is_public(url)
    (message,) = read_messages({"role": "user", "content": [{"type": "image_url", "image_url": url}]})
    assert [part["image_url"]["url"] for part in message.parts] == [url]


def test_a_setting_allows_private_addresses() -> None:
    part = {"type": "image_url", "image_url": {"url": "http://10.0.0.5/a.png"}}
    (message,) = read_messages({"role": "user", "content": [part]}, private_urls=True)
    assert message.parts == (part,)
    with pytest.raises(InvalidInputError, match=r"public host.*security\.allow_private_urls"):
        read_messages({"role": "user", "content": [part]})
