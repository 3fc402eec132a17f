"""What a rough memory says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from powermem._core.clock import parse
from powermem._core.messages.normalize import read_messages
from powermem._core.messages.rough import ROUGH_TYPE, is_rough, rough_metadata, rough_texts
from powermem._core.prompts.quoting import quote_recalled
from powermem._core.values import Message, Row, Scope

MORNING = parse("2025-12-10T09:44:31Z")
NOON = parse("2025-01-02T12:05:00+00:00")
PREFIX = "[09:44 AM on 10 December, 2025 UTC]"


def written(messages: Sequence[Message], at: int) -> list[str]:
    """Return what is written of a conversation."""
    return [rough.text for rough in rough_texts(messages, at)]


def test_each_message_is_a_line() -> None:
    messages = [
        Message("user", "I've booked a trip to Guangzhou.", "Ana", MORNING),
        Message("assistant", "Lovely!"),
        Message("user", "At\nlast.", sent_at=NOON),
    ]
    assert written(messages, MORNING) == [
        f"user: {PREFIX}: I've booked a trip to Guangzhou.\n"
        f"assistant: {PREFIX}: Lovely!\n"
        "user: [12:05 PM on 02 January, 2025 UTC]: At\nlast.\n"
    ]


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2025-12-10T00:00:59Z", "12:00 AM on 10 December, 2025"),
        ("2025-12-10T23:59:59Z", "11:59 PM on 10 December, 2025"),
        ("1969-07-20T20:17:40Z", "08:17 PM on 20 July, 1969"),
    ],
)
def test_the_time(moment: str, shown: str) -> None:
    assert written([Message("user", "x", sent_at=parse(moment))], 0) == [f"user: [{shown} UTC]: x\n"]


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-04-22T22:30:00-04:00", "10:30 PM on 22 April, 2026 UTC-04:00"),
        ("2025-12-31T23:00:00+14:00", "11:00 PM on 31 December, 2025 UTC+14:00"),
        ("2026-01-01T00:10:00+05:45", "12:10 AM on 01 January, 2026 UTC+05:45"),
        ("2026-01-01T00:10:00Z", "12:10 AM on 01 January, 2026 UTC"),
    ],
)
def test_the_time_that_the_speakers_clock_showed(moment: str, shown: str) -> None:
    (message,) = read_messages({"role": "user", "content": "x", "timestamp": moment})
    assert written([message], 0) == [f"user: [{shown}]: x\n"]


def test_recalled_and_hidden_text_is_left_out() -> None:
    recalled = quote_recalled(["User likes tea"])
    messages = [Message("system", "Be brief."), Message("user", f"{recalled}\nHi"), Message("user", recalled)]
    assert written(messages, MORNING) == [f"user: {PREFIX}: Hi\n"]
    assert written(messages[:1], MORNING) == [f"system: {PREFIX}: Be brief.\n"]
    assert written(messages[2:], MORNING) == []


def test_parts_are_named() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    messages = [Message("user", "Look", parts=(image, sound)), Message("user", "", parts=({"type": "file"},))]
    assert written(messages, MORNING) == [f"user: {PREFIX}: Look [image] [audio]\nuser: {PREFIX}: [file]\n"]


def test_long_conversations_are_cut_between_lines() -> None:
    messages = [Message("user", f"{number} " + "x" * 450) for number in range(9)]
    messages.insert(4, Message("user", "y" * 9_000))
    texts = written(messages, MORNING)
    assert "".join(texts) == "".join(f"user: {PREFIX}: {message.content}\n" for message in messages)
    assert [text.count("\n") for text in texts] == [4, 1, 4, 1]


def test_the_tag_joins_the_callers() -> None:
    tag = "mode:fast"
    assert rough_metadata({}) == {"tags": [tag]}
    assert rough_metadata({"a": 1, "tags": ["x"]}) == {"a": 1, "tags": ["x", tag]}
    assert rough_metadata({"tags": "x"}) == {"tags": ["x", tag]}
    assert rough_metadata({"tags": [tag, "x"]}) == {"tags": ["x", tag]}


def test_what_is_rough() -> None:
    def row(memory_type: str | None, **metadata: object) -> Row:
        return Row(1, Scope(), "x", "h", memory_type=memory_type, metadata=metadata)

    assert is_rough(row(ROUGH_TYPE, tags=["mode:fast"]))
    assert not is_rough(row(ROUGH_TYPE))
    assert not is_rough(row(ROUGH_TYPE, tags="mode:fast"))
    assert not is_rough(row("fact", tags=["mode:fast"]))


def test_each_text_knows_its_messages_and_no_others() -> None:
    messages = [Message("system", "Be brief."), *(Message("user", "x" * 300) for _ in range(40))]
    found = rough_texts(messages, MORNING)
    assert [index for rough in found for index in rough.messages] == list(range(1, 41))
    assert max(len(rough.messages) for rough in found) < 7
