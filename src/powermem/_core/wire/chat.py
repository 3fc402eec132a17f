"""The forms of chat requests that we speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ...types import ChatMessage, Completion, Schema
from .ability import Abilities
from .anthropic import messages_body, read_message
from .openai import chat_body, read_chat


class ChatForm(NamedTuple):
    """How to write a request and how to read its reply."""

    build: Callable[[str, Sequence[ChatMessage], Schema | None, Abilities, Mapping[str, Any]], dict[str, Any]]
    read: Callable[[str, Any], Completion]


OPENAI = ChatForm(chat_body, read_chat)
ANTHROPIC = ChatForm(messages_body, read_message)
