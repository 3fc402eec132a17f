"""Messages as the objects of the providers' own SDKs."""

from __future__ import annotations

from typing import Any

import pytest

from powermem._core.clients.replies import reply_text
from powermem._core.messages.normalize import read_messages
from tests.unit.test_messages import BLOCKS, CALL, OUTPUT, completion

chat = pytest.importorskip("openai.types.chat")
responses = pytest.importorskip("openai.types.responses")
anthropic = pytest.importorskip("anthropic.types")


def replies() -> list[Any]:
    """Return one reply in many forms."""
    whole = chat.ChatCompletion.model_validate(completion(content="It rains.", tool_calls=[CALL]))
    message = whole.choices[0].message
    claude = {"id": "x", "type": "message", "role": "assistant", "model": "m", "content": BLOCKS}
    ended = {
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    response = {
        "id": "x", "object": "response", "created_at": 1.0, "model": "m", "output": OUTPUT, "tools": [],
        "parallel_tool_calls": True, "tool_choice": "auto",
    }  # fmt: skip
    return [
        *(whole, whole.model_dump(), whole.model_dump(exclude_none=True), message),
        *(message.model_dump(), message.model_dump(exclude_none=True), whole.to_dict()),
        anthropic.Message.model_validate({**claude, **ended}),
        responses.Response.model_validate(response),
        responses.Response.model_validate(response).model_dump(),
        responses.Response.model_validate(response).output,
    ]


@pytest.mark.parametrize("number", range(len(replies())))
def test_a_reply_is_read(number: int) -> None:
    reply = replies()[number]
    assert [(one.role, one.content) for one in read_messages(reply)] == [("assistant", "It rains.")]
    if not isinstance(reply, list):
        (message,) = read_messages({"role": "assistant", "content": reply})
        assert message.content == reply_text(reply) == "It rains."


def test_a_message_that_only_calls_tools_says_nothing() -> None:
    whole = chat.ChatCompletion.model_validate(completion(content=None, tool_calls=[CALL]))
    message = whole.choices[0].message
    for one in (whole, message, message.model_dump(exclude_none=True), message.tool_calls):
        assert read_messages({"role": "assistant", "content": one}) == []
    for one in (whole, message, message.model_dump(), message.model_dump(exclude_none=True)):
        assert read_messages([one]) == []
        assert reply_text(one) == ""
