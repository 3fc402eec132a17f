"""The formats of requests and replies: OpenAI's, which most providers share, and Anthropic's Messages API."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json

from ...errors import InvalidInputError, ProviderError
from ...types import ChatMessage, Completion, Schema
from ..patterns import Pattern
from ..text.cleaning import clean_text
from .ability import Abilities, Structure
from .reasons import FILTERED, UNUSABLE


def encode(body: Mapping[str, Any]) -> bytes:
    """Write a request's body as JSON in UTF-8.

    A lone surrogate, such as a badly truncated text contains, has no UTF-8 form and becomes a question mark.

    Raises:
        ValueError: a number is not finite.
        TypeError: a value has no JSON form.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def decode(body: bytes) -> Any:
    """Read the JSON of a reply.

    A lone surrogate, such as a model's badly truncated text contains, is kept, so that the rest of the reply
    is not lost.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        if b"\\u" not in body:
            raise
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            pass
        raise


# Finish reasons of incomplete answers, from OpenAI, Anthropic, Google, Mistral, Ollama and others.
_CUT = frozenset({
    "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "model_length",
    "model_context_window_exceeded", "context_length", "token_limit", "incomplete", "pause_turn",
})  # fmt: skip
# Finish reasons of refused answers.
_FILTERS = frozenset({
    "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
    "language", "guardrail_intervened", "refusal", "sensitive",
})  # fmt: skip
# A larger count of tokens is not credible and counts as 0.
_MOST_TOKENS = 2**31
# Fewer blanks than this at the end of an answer may precede a second one.
_RUN = 8
# In order of precedence. In vLLM's replies, stop_reason is the token that ended the answer.
_FINISHES = ("finish_reason", "done_reason", "stop_reason")


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
        messages: in OpenAI's format.
        schema: the schema of the answer, if any.
        abilities: what the endpoint accepts.
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
    """Put a schema into the prompt, for an endpoint that does not enforce it."""
    text = "Answer with one JSON object and nothing else. It must follow this JSON schema:\n" + json.dumps(
        schema.body, ensure_ascii=False, separators=(",", ":")
    )
    first = messages[0] if messages else {}
    # Many chat templates allow only one system message.
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def read_chat(provider: str, reply: Any) -> Completion:
    """Read the answer in a chat reply.

    Raises:
        ProviderError: the reply has no answer, or the model refused.
    """
    choices = reply.get("choices") if isinstance(reply, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise ProviderError(f"{provider} sent a reply without an answer", provider=provider)
    if message.get("refusal"):
        raise ProviderError(f"{provider}: the model refused to answer", provider=provider, reason=FILTERED)
    finish = next((found for found in map(choice.get, _FINISHES) if found), reply.get("done_reason"))
    if is_filtered(finish):
        raise ProviderError(
            f"{provider}: the content filter stopped the answer", provider=provider, reason=FILTERED
        )
    if finish == "error" or choice.get("error"):
        raise ProviderError(f"{provider}: the answer ended in an error", provider=provider, status=502)
    usage = as_dict(reply.get("usage"))
    return Completion(
        text=_text(message, cut=is_cut(finish)),
        prompt_tokens=count(usage.get("prompt_tokens")),
        completion_tokens=count(usage.get("completion_tokens")),
        truncated=is_cut(finish) and not _ran_on(message.get("content")),
    )


def _ran_on(content: object) -> bool:
    """Return whether only blanks are missing: with enforced JSON, some models write blanks without end."""
    if not isinstance(content, str):
        return False
    answer = content.rstrip()
    if len(content) - len(answer) < _RUN or not answer.endswith("}"):
        return False
    try:
        return isinstance(from_json(answer), dict)
    except ValueError:
        return False


def _text(message: Mapping[str, Any], *, cut: bool) -> str:
    """Return the text of a message from whichever field holds it.

    Some models call a tool that was not offered, and some servers report the whole answer as reasoning.
    """
    text = text_of(message.get("content"))
    calls = message.get("tool_calls")
    called = calls if isinstance(calls, list) else []
    functions = [call.get("function") for call in called if isinstance(call, dict)]
    arguments = [
        function.get("arguments")
        for function in (*functions, message.get("function_call"))
        if isinstance(function, dict)
    ]
    text = with_arguments(text, arguments)
    if text.strip():
        return clean_text(text)
    # Reasoning that was cut off contains only drafts.
    thoughts = () if cut else (message.get("reasoning_content"), message.get("reasoning"))
    found = next((thought for thought in map(text_of, thoughts) if "{" in thought or "[" in thought), text)
    return clean_text(found)


def with_arguments(text: str, arguments: Iterable[Any]) -> str:
    """Append the arguments of tool calls to a text, each as JSON on its own line."""
    written = (
        item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in arguments if item
    )
    return "\n".join(part for part in (text, *written) if part.strip())


def is_cut(finish: object) -> bool:
    """Return whether a finish reason means that the end of the answer is missing."""
    return _word(finish) in _CUT


def is_filtered(finish: object) -> bool:
    """Return whether a finish reason means that the answer was refused."""
    return _word(finish) in _FILTERS


def _word(finish: object) -> str:
    return finish.lower().rpartition(".")[2] if isinstance(finish, str) else ""


def text_of(content: Any) -> str:
    """Return the text of a message's content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "".join(text for text in texts if isinstance(text, str))


def as_dict(value: Any) -> dict[str, Any]:
    """Return a JSON object of a reply, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def count(value: Any) -> int:
    """Return a number of tokens; 0 for providers that do not report it."""
    return int(value) if isinstance(value, int) and 0 <= value < _MOST_TOKENS else 0


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
        texts: the texts to embed.
        dimension: the length of the vectors to request.
        packed: whether to request base64, which is a third of the size and much faster to parse.
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
        provider: the provider's name, for errors.
        reply: the parsed reply; vectors may be lists or base64 of little-endian float32.
        expected: number of texts in the request.

    Returns:
        Vectors of shape (expected, dimension), in the order of the texts.

    Raises:
        ProviderError: vectors are missing, differ in length, or contain something other than finite numbers.
    """
    items = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ProviderError(f"{provider} sent a reply without embeddings", provider=provider, reason=UNUSABLE)
    placed = {_index(item, position): item.get("embedding") for position, item in enumerate(items)}
    if len(items) == expected == 1:
        # Some servers send another index, but there is only one text.
        placed = {0: items[0].get("embedding")}
    if len(items) != expected or placed.keys() != set(range(expected)):
        raise ProviderError(
            f"{provider} sent embeddings that do not match the {expected} texts",
            provider=provider,
            reason=UNUSABLE,
        )
    return as_vectors(provider, [placed[position] for position in range(expected)])


def as_vectors(provider: str, rows: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Convert lists of numbers, or base64 of float32, to one array, and validate it.

    Args:
        provider: the provider's name, for errors.
        rows: one for each text; none give an array of shape (0, 0).

    Raises:
        ProviderError: rows differ in length, or contain something other than finite numbers.
    """
    if not len(rows):
        return np.empty((0, 0), dtype=np.float32)
    try:
        with np.errstate(over="ignore"):
            ready = isinstance(rows, np.ndarray)
            vectors = np.array(rows if ready else [_unpacked(row) for row in rows], dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise ProviderError(
            f"{provider} sent embeddings of different lengths or not of numbers",
            provider=provider,
            reason=UNUSABLE,
        ) from None
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise ProviderError(
            f"{provider} sent an empty or nested embedding", provider=provider, reason=UNUSABLE
        )
    if not np.isfinite(vectors).all():
        raise ProviderError(
            f"{provider} sent an embedding with a number that is not finite",
            provider=provider,
            reason=UNUSABLE,
        )
    return vectors


def _index(item: Mapping[str, Any], position: int) -> object:
    index = item.get("index")
    # An index that is not an integer matches no text.
    return position if index is None else index if type(index) is int else -1


def _unpacked(row: Any) -> Any:
    if not isinstance(row, str):
        return row
    try:
        return np.frombuffer(base64.b64decode(row, validate=True), dtype="<f4")
    except binascii.Error as error:
        raise ValueError("not base64") from error


VERSION = "2023-06-01"
# The API requires a limit; this one fits a long list of facts.
_MAX_TOKENS = 4096
_DATA_URL = Pattern(r"data:([\w.+/-]+)(?:;[\w.+-]+=[^;,]*)*;base64,(.*)", re.DOTALL | re.IGNORECASE)


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


class ChatForm(NamedTuple):
    """Functions that build a request and read its reply."""

    build: Callable[[str, Sequence[ChatMessage], Schema | None, Abilities, Mapping[str, Any]], dict[str, Any]]
    read: Callable[[str, Any], Completion]


OPENAI = ChatForm(chat_body, read_chat)
ANTHROPIC = ChatForm(messages_body, read_message)
