"""What the test server answers when nothing else is asked of it."""

from __future__ import annotations

import array
import base64
import binascii
import email
import hashlib
import json
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Items = list[dict[str, Any]]

DIMENSION = 384
LIMIT = 2048
"""Most texts in one embedding request, as at OpenAI."""
TEI_LIMIT = 32
"""Maximum texts in one rerank request, the default of a Text Embeddings Inference server."""


def chat(text: str, finish: str | None, body: dict[str, Any]) -> dict[str, Any]:
    """Answer in the form of OpenAI's chat API; an empty ``finish`` is left out."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, **({} if finish == "" else {"finish_reason": finish})}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": body.get("model"),
        "choices": [choice],
        "usage": {"prompt_tokens": _tokens(body["messages"]), "completion_tokens": len(text.split())},
    }


_STOPS = {"stop": "end_turn", "length": "max_tokens"}


def message(text: str, finish: str | None, body: dict[str, Any]) -> dict[str, Any]:
    """Answer in the form of Anthropic's messages API."""
    forced = body.get("tool_choice", {}).get("name")
    block: dict[str, Any] = {"type": "text", "text": text}
    stop = _STOPS.get(finish or "", finish)
    if forced:
        try:
            given = json.loads(text)
        except ValueError:
            # A call that was cut has no arguments.
            given = {}
        block = {"type": "tool_use", "id": "toolu_1", "name": forced, "input": given}
        stop = "tool_use" if stop == "end_turn" else stop
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [block],
        "stop_reason": stop,
        "usage": {"input_tokens": _tokens(body["messages"]), "output_tokens": len(text.split())},
    }


def embeddings(body: dict[str, Any], spoil: Callable[[Items], Items] | None = None) -> bytes:
    """Embed texts in the form of OpenAI's API, as lists or as base64.

    Args:
        body: the request.
        spoil: changes the vectors before they are sent.

    Raises:
        ValueError: the texts are not to a provider's liking.
    """
    texts = body["input"]
    texts = [texts] if isinstance(texts, str) else texts
    if not texts or len(texts) > LIMIT or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"'input' must be 1 to {LIMIT} texts that are not empty")
    if "input_type" in body and body["input_type"] not in ("query", "document"):
        raise ValueError(f"input_type: {body['input_type']!r} is neither 'query' nor 'document'")
    dimension = body.get("dimensions") or body.get("output_dimension") or DIMENSION
    write = _packed if body.get("encoding_format") == "base64" else _listed
    # Written by hand: rendering the numbers is what would take longest.
    items = ",".join(
        f'{{"object":"embedding","index":{index},"embedding":{write(text, dimension)}}}'
        for index, text in enumerate(texts)
    )
    usage = sum(len(text.split()) for text in texts)
    reply = (
        f'{{"object":"list","data":[{items}],"model":{json.dumps(body.get("model"))},'
        f'"usage":{{"prompt_tokens":{usage},"total_tokens":{usage}}}}}'
    ).encode()
    return reply if spoil is None else json.dumps({"data": spoil(json.loads(reply)["data"])}).encode()


def typed_embeddings(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Embed texts in the form of Cohere's API, of Amazon Bedrock or of Vertex AI, as strictly as they do.

    Args:
        path: of the request; it names the model, except at Cohere.
        body: the request.

    Raises:
        ValueError: the API would refuse the request.
    """
    if path.endswith(":predict"):
        return _of_vertex(path, body)
    if "cohere" not in path and path.endswith("/invoke"):
        if set(body) - {"inputText", "dimensions", "normalize"} or not isinstance(body["inputText"], str):
            raise ValueError("Malformed input request, please reformat your input and try again.")
        vector = json.loads(_listed(body["inputText"], body.get("dimensions", 1024)))
        return {"embedding": vector, "inputTextTokenCount": len(body["inputText"].split())}
    allowed = {"texts", "input_type", "embedding_types", "truncate", "output_dimension"}
    if set(body) - allowed - ({"model"} if path.endswith("/embed") else set()):
        raise ValueError(f"unknown field: {sorted(set(body) - allowed)}")
    if body["input_type"] not in ("search_document", "search_query") or body["embedding_types"] != ["float"]:
        raise ValueError("invalid request: input_type or embedding_types")
    if not 1 <= len(body["texts"]) <= 96:
        raise ValueError("total number of texts must be at most 96")
    dimension = body.get("output_dimension", 1024)
    rows = [json.loads(_listed(text, dimension)) for text in body["texts"]]
    return {"id": "1", "embeddings": {"float": rows}, "texts": body["texts"], "meta": {"billed_units": {}}}


def _of_vertex(path: str, body: dict[str, Any]) -> dict[str, Any]:
    most = 1 if "/models/gemini-" in path else 250
    if len(body["instances"]) > most:
        raise ValueError(f"{len(body['instances'])} instance(s) is not allowed, at most {most}")
    if {each["task_type"] for each in body["instances"]} - {"RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"}:
        raise ValueError("invalid task_type")
    dimension = body["parameters"].get("outputDimensionality", 768)
    return {
        "predictions": [
            {
                "embeddings": {
                    "values": json.loads(_listed(each["content"], dimension)),
                    "statistics": {"token_count": len(each["content"].split()), "truncated": False},
                }
            }
            for each in body["instances"]
        ]
    }


_WORD = re.compile(r"\w+")


def _lanes(text: str, dimension: int) -> tuple[int, array.array[int]]:
    """Add up the vectors of a text's words, so that texts that share words are near.

    Each word has a random vector of bytes. They stand in 16-bit lanes of one long integer, so that adding a
    word is a single addition; there is room for 256 words.
    """
    words = _WORD.findall(text.lower())[:256] or [text]
    total = sum(_word_lanes(word, dimension) for word in words)
    lanes = array.array("H")
    lanes.frombytes(total.to_bytes(2 * dimension, sys.byteorder))
    return len(words), lanes


@lru_cache(maxsize=100_000)
def _word_lanes(word: str, dimension: int) -> int:
    wide = bytearray(2 * dimension)
    wide[0 if sys.byteorder == "little" else 1 :: 2] = hashlib.shake_128(word.encode()).digest(dimension)
    return int.from_bytes(wide, sys.byteorder)


class _Numbers(dict[int, str]):
    """The texts of the numbers that lanes stand for, for one count of words."""

    def __init__(self, words: int, dimension: int) -> None:
        # Bytes are spread evenly from 0 to 255: their mean is 127.5 and their deviation 73.9.
        self.mean, self.scale = 127.5 * words, 1 / (73.9 * (words * dimension) ** 0.5)

    def __missing__(self, lane: int) -> str:
        text = self[lane] = f"{(lane - self.mean) * self.scale:.9f}"
        return text


_numbers = lru_cache(maxsize=1000)(_Numbers)


def _listed(text: str, dimension: int) -> str:
    words, lanes = _lanes(text, dimension)
    numbers = _numbers(words, dimension)
    return f"[{','.join([numbers[lane] for lane in lanes])}]"


def _packed(text: str, dimension: int) -> str:
    words, lanes = _lanes(text, dimension)
    numbers = _numbers(words, dimension)
    floats = array.array("f", [(lane - numbers.mean) * numbers.scale for lane in lanes])
    if sys.byteorder == "big":
        floats.byteswap()
    return f'"{base64.b64encode(floats.tobytes()).decode()}"'


def ranking(body: dict[str, Any]) -> Any:
    """Rank documents by the words they share with the query, in the form that the request has.

    Raises:
        ValueError: the documents are not to a provider's liking.
    """
    nested = body.get("input")
    asked, options = (nested, body.get("parameters", {})) if nested else (body, body)
    texts = asked["texts"] if "texts" in asked else asked["documents"]
    if not texts or ("texts" in asked and len(texts) > TEI_LIMIT):
        raise ValueError(f"batch size {len(texts)} > maximum allowed batch size {TEI_LIMIT}")
    wanted = set(_WORD.findall(asked["query"].lower()))
    scores = [len(wanted & set(_WORD.findall(text.lower()))) / len(wanted) for text in texts]
    order = sorted(range(len(scores)), key=lambda index: -scores[index])[: options.get("top_n")]
    if "texts" in asked:
        return [{"index": index, "score": scores[index]} for index in order]
    results = [{"index": index, "relevance_score": scores[index]} for index in order]
    return {"output": {"results": results}} if nested else {"results": results}


_IMAGE = re.compile(r"https?://\S+|data:image/(?:png|jpeg|gif|webp);base64,(.+)", re.DOTALL)


def check_images(messages: list[dict[str, Any]]) -> None:
    """Refuse images as the APIs do.

    Raises:
        ValueError: an image is neither an address nor the data of an image.
    """
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else []:
            if part["type"] == "image_url":
                found = _IMAGE.fullmatch(part["image_url"]["url"])
                if found is None or (found[1] and not _is_base64(found[1])):
                    raise ValueError("Invalid image_url: expected a URL or the base64 data of an image")
            elif part["type"] == "image" and not _is_base64(part["source"].get("data", "AAAA")):
                raise ValueError("messages.0.content.0.image.source.base64: invalid base64 data")


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def fields(content_type: str, body: bytes) -> dict[str, Any]:
    """Read a form; a file is a dict of its name, type and data."""
    form = email.message_from_bytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    found: dict[str, Any] = {}
    for part in form.get_payload():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        filename = part.get_filename()
        if filename is None:
            found[name] = data.decode()
        else:
            found[name] = {"filename": filename, "content_type": part.get_content_type(), "data": data}
    return found


_RECORDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")


def transcript(hear: Callable[[dict[str, Any]], str], form: dict[str, Any]) -> dict[str, Any]:
    """Answer in the form of OpenAI's transcriptions API.

    Raises:
        ValueError: a field is missing, or the recording cannot be read.
    """
    if not form.get("model"):
        raise ValueError("you must provide a model parameter")
    recording = form.get("file")
    if not isinstance(recording, dict):
        raise ValueError("[{'type': 'missing', 'loc': ('body', 'file'), 'msg': 'Field required'}]")
    if recording["filename"].rpartition(".")[2] not in _RECORDINGS:
        raise ValueError(f"Invalid file format. Supported formats: {list(_RECORDINGS)}")
    if not recording["data"]:
        raise ValueError("The audio file could not be decoded or its format is not supported.")
    text = hear(form)
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": len(text.split())}
    return {"text": text, "usage": usage}


def _tokens(messages: list[dict[str, Any]]) -> int:
    return sum(len(str(message.get("content")).split()) for message in messages)
