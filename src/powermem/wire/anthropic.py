"""Anthropic's form of chat requests, the messages API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..cleaning import clean_text
from ..errors import InvalidInputError, ProviderError
from ..types import ChatMessage, Completion, Schema
from .ability import Abilities, Structure
from .openai import count, is_cut, is_filtered, text_of, with_arguments, with_schema
from .reasons import FILTERED

VERSION = "2023-06-01"
# The API wants a limit; a long list of facts fits into this one.
_MAX_TOKENS = 4096
_DATA_URL = re.compile(r"data:([\w.+/-]+)(?:;[\w.+-]+=[^;,]*)*;base64,(.*)", re.DOTALL | re.IGNORECASE)


def messages_body(
    model: str,
    messages: Sequence[ChatMessage],
    schema: Schema | None,
    abilities: Abilities,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Build a request; a schema becomes a tool that the model must call.

    Args:
        model: the model's name.
        messages: in OpenAI's form.
        schema: what the answer must follow, if anything.
        abilities: what the endpoint understands.
        parameters: sampling parameters and other fields of the body.
    """
    forced = schema is not None and abilities.structure == Structure.SCHEMA
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
        ProviderError: there is no answer in it, or the model refused.
    """
    blocks = reply.get("content") if isinstance(reply, dict) else None
    if not isinstance(blocks, list):
        raise ProviderError(f"{provider} sent a reply without an answer", provider=provider)
    stop = reply.get("stop_reason")
    if is_filtered(stop):
        raise ProviderError(f"{provider}: the model refused to answer", provider=provider, reason=FILTERED)
    blocks = [block for block in blocks if isinstance(block, dict)]
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    if blocks or is_cut(stop):
        said = text_of([block for block in blocks if block.get("type") == "text"])
        text = with_arguments(said, [call.get("input") for call in calls])
    else:
        raise ProviderError(f"{provider} sent a reply without an answer", provider=provider)
    usage = reply.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    read = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return Completion(
        text=clean_text(text),
        prompt_tokens=sum(count(usage.get(name)) for name in read),
        completion_tokens=count(usage.get("output_tokens")),
        truncated=is_cut(stop),
    )


def _turns(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Convert messages; there are two roles and the user's comes first."""
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
    inline = _DATA_URL.fullmatch(url)
    if inline is None:
        return {"type": "image", "source": {"type": "url", "url": url}}
    source = {"type": "base64", "media_type": inline[1], "data": inline[2]}
    return {"type": "image", "source": source}


def _document(file: Mapping[str, Any]) -> dict[str, Any]:
    inline = _DATA_URL.fullmatch(file["file_data"])
    if inline is None:
        raise InvalidInputError("file_data: expected a data URL with a media type and nothing else")
    source = {"type": "base64", "media_type": inline[1], "data": inline[2]}
    return {"type": "document", "source": source, "title": file.get("filename", "file")}
