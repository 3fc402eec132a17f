"""OpenAI's form of chat and embedding requests, which most providers speak."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ProviderError
from ..types import ChatMessage, Completion, Schema
from .ability import Abilities, Structure


def chat_body(
    model: str,
    messages: Sequence[ChatMessage],
    schema: Schema | None,
    abilities: Abilities,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Build a chat request.

    Args:
        model: the model's name.
        messages: in OpenAI's form.
        schema: what the answer must follow, if anything.
        abilities: what the endpoint understands.
        parameters: sampling parameters and other fields of the body.
    """
    body: dict[str, Any] = {"model": model, "messages": list(messages)}
    body.update((name, value) for name, value in parameters.items() if name not in abilities.refused)
    if abilities.renamed_limit and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")
    if abilities.without_thinking:
        body["enable_thinking"] = False
    if schema is None:
        return body
    if abilities.structure == Structure.SCHEMA:
        form = {"name": schema.name, "schema": schema.body, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body
    body["messages"] = with_schema(messages, schema)
    if abilities.structure == Structure.OBJECT:
        body["response_format"] = {"type": "json_object"}
    return body


def with_schema(messages: Sequence[ChatMessage], schema: Schema) -> list[ChatMessage]:
    """Put a schema into the prompt, for a model that cannot be held to it otherwise."""
    text = "Answer with one JSON object and nothing else. It must follow this JSON schema:\n" + json.dumps(
        schema.body, ensure_ascii=False, separators=(",", ":")
    )
    first = messages[0] if messages else {}
    # Many chat templates allow one system message only.
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def read_chat(provider: str, reply: Any) -> Completion:
    """Read the answer in a chat reply.

    Raises:
        ProviderError: there is no answer in it, or the model refused.
    """
    choices = reply.get("choices") if isinstance(reply, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise ProviderError(f"{provider} sent a reply without an answer", provider=provider)
    if message.get("refusal"):
        raise ProviderError(f"{provider}: the model refused to answer", provider=provider)
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        raise ProviderError(f"{provider}: the content filter stopped the answer", provider=provider)
    usage = reply.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Completion(
        text=text_of(message.get("content")),
        prompt_tokens=count(usage.get("prompt_tokens")),
        completion_tokens=count(usage.get("completion_tokens")),
        truncated=finish == "length",
    )


def text_of(content: Any) -> str:
    """Return the text of a message's content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part if isinstance(part, str) else part.get("text") for part in parts if part)
    return "".join(text for text in texts if isinstance(text, str))


def count(value: Any) -> int:
    """Return a number of tokens; providers that do not count send nothing or ``null``."""
    return value if isinstance(value, int) else 0


def embedding_body(
    model: str,
    texts: Sequence[str],
    *,
    dimension: int | None = None,
    packed: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build an embedding request.

    Args:
        model: the model's name.
        texts: what to embed.
        dimension: the length of vector to ask for.
        packed: whether to ask for base64, which is a third of the size and much faster to read.
        parameters: other fields of the body.
    """
    body: dict[str, Any] = {"model": model, "input": list(texts), **(parameters or {})}
    if dimension is not None:
        body["dimensions"] = dimension
    if packed:
        body["encoding_format"] = "base64"
    return body


def read_embeddings(provider: str, reply: Any, expected: int) -> npt.NDArray[np.float32]:
    """Read the vectors in an embedding reply.

    Args:
        provider: its name, for errors.
        reply: the parsed reply; vectors may be lists or base64 of little-endian float32.
        expected: how many texts were sent.

    Returns:
        Vectors of shape (expected, dimension), in the order of the texts.

    Raises:
        ProviderError: vectors are missing, differ in length or hold something that is no finite number.
    """
    items = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(items, list) or not all(_is_embedding(item) for item in items):
        raise ProviderError(f"{provider} sent a reply without embeddings", provider=provider)
    placed = {item.get("index", position): item.get("embedding") for position, item in enumerate(items)}
    if len(items) != expected or placed.keys() != set(range(expected)):
        raise ProviderError(
            f"{provider} sent embeddings that do not match the {expected} texts", provider=provider
        )
    return as_vectors(provider, [placed[position] for position in range(expected)])


def as_vectors(provider: str, rows: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Turn lists of numbers, or base64 of float32, into one array and check it.

    Args:
        provider: its name, for errors.
        rows: one for each text; none at all give an array of shape (0, 0).

    Raises:
        ProviderError: rows differ in length or hold something that is no finite number.
    """
    if not len(rows):
        return np.empty((0, 0), dtype=np.float32)
    try:
        with np.errstate(over="ignore"):
            vectors = np.array([_unpacked(row) for row in rows], dtype=np.float32)
    except (TypeError, ValueError):
        raise ProviderError(
            f"{provider} sent embeddings of different lengths or not of numbers", provider=provider
        ) from None
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise ProviderError(f"{provider} sent an empty or nested embedding", provider=provider)
    if not np.isfinite(vectors).all():
        raise ProviderError(
            f"{provider} sent an embedding with a number that is not finite", provider=provider
        )
    return vectors


def _is_embedding(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("index", 0), int)


def _unpacked(row: Any) -> Any:
    if not isinstance(row, str):
        return row
    try:
        return np.frombuffer(base64.b64decode(row, validate=True), dtype="<f4")
    except binascii.Error as error:
        raise ValueError("not base64") from error
