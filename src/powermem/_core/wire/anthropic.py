"""Anthropic's format of chat requests, the Messages API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import InvalidInputError, ProviderError
from ...types import ChatMessage, Completion, Schema
from ..text.cleaning import clean_text
from .ability import Abilities, Structure
from .openai import as_dict, count, is_cut, is_filtered, text_of, with_arguments, with_schema
from .reasons import FILTERED

VERSION = "2023-06-01"
# The API requires a limit; this one fits a long list of facts.
_MAX_TOKENS = 4096
_DATA_URL = re.compile(r"data:([\w.+/-]+)(?:;[\w.+-]+=[^;,]*)*;base64,(.*)", re.DOTALL | re.IGNORECASE)


def messages_body(
    model: str,
    messages: Sequence[ChatMessage],
    schema: Schema | None,
    abilities: Abilities,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Build a request; see ``chat_body``. A schema becomes a tool that the model must call."""
    forced = abilities.structure == Structure.SCHEMA
    if schema is not None and not forced:
        messages = with_schema(messages, schema)
    body: dict[str, Any] = {"model": model, "max_tokens": _MAX_TOKENS}
    body.update((name, value) for name, value in parameters.items() if name not in abilities.refused)
    system = "\n\n".join(text_of(m.get("content")) for m in messages if m.get("role") == "system")
    if system:
        body["system"] = system
    body["messages"] = _turns(message for message in messages if message.get("role") != "system")
    if schema is not None and forced:
        tool = {"name": schema.name, "description": "Give the answer.", "input_schema": schema.body}
        body["tools"] = [tool]
        body["tool_choice"] = {"type": "tool", "name": schema.name}
    return body


def read_message(provider: str, reply: Any) -> Completion:
    """Read the answer in a reply; the input of a tool call becomes JSON text.

    Raises:
        ProviderError: the reply has no answer, or the model refused.
    """
    content = as_dict(reply).get("content")
    stop = as_dict(reply).get("stop_reason")
    if isinstance(content, list) and is_filtered(stop):
        raise ProviderError(f"{provider}: the model refused to answer", provider=provider, reason=FILTERED)
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else None
    # An answer that was cut off may have no block at all.
    if blocks is None or not (blocks or is_cut(stop)):
        raise ProviderError(f"{provider} sent a reply without an answer", provider=provider)
    text = text_of([block for block in blocks if block.get("type") == "text"])
    inputs = [block.get("input") for block in blocks if block.get("type") == "tool_use"]
    usage = as_dict(reply.get("usage"))
    prompt = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return Completion(
        text=clean_text(with_arguments(text, inputs)),
        prompt_tokens=sum(count(usage.get(name)) for name in prompt),
        completion_tokens=count(usage.get("output_tokens")),
        truncated=is_cut(stop),
    )


def _turns(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Convert messages; the API knows two roles, and the user's must come first."""
    turns: list[ChatMessage] = [
        {
            "role": "assistant" if message.get("role") == "assistant" else "user",
            "content": _content(message.get("content")),
        }
        for message in messages
    ]
    if not turns or turns[0]["role"] == "assistant":
        turns.insert(0, {"role": "user", "content": "(start)"})
    return turns


def _content(content: Any) -> Any:
    if not isinstance(content, list):
        return content or ""
    return [_part(part) for part in content if isinstance(part, dict)]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") == "file":
        return _document(part["file"])
    if part.get("type") != "image_url":
        return dict(part)
    image = part.get("image_url")
    url = image.get("url", "") if isinstance(image, dict) else str(image)
    return {"type": "image", "source": _inline(url) or {"type": "url", "url": url}}


def _document(file: Mapping[str, Any]) -> dict[str, Any]:
    source = _inline(file["file_data"])
    if source is None:
        raise InvalidInputError("file_data: expected a data URL with a media type and nothing else")
    return {"type": "document", "source": source, "title": file.get("filename", "file")}


def _inline(url: str) -> dict[str, str] | None:
    match = _DATA_URL.fullmatch(url)
    return None if match is None else {"type": "base64", "media_type": match[1], "data": match[2]}
