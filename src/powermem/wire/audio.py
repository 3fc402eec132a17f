"""OpenAI's form of requests that turn speech into text, and that of models which listen in a chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cleaning import clean_text
from ..errors import ProviderError
from ..parts import decoded
from ..types import ChatMessage, Completion
from .openai import count

# What the file is called: servers tell the format by its ending.
_MEDIA_TYPES = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "mpeg": "audio/mpeg", "mpga": "audio/mpeg", "m4a": "audio/mp4",
    "mp4": "audio/mp4", "ogg": "audio/ogg", "oga": "audio/ogg", "webm": "audio/webm", "flac": "audio/flac",
}  # fmt: skip


def transcription_form(
    model: str, audio: Mapping[str, str], boundary: str, parameters: Mapping[str, Any]
) -> bytes:
    """Build the body of a request, as multipart/form-data.

    Args:
        model: the model's name.
        audio: the recording as base64, and its format.
        boundary: what stands between the fields; it must not occur in the recording.
        parameters: other fields.

    Raises:
        InvalidInputError: the recording is not base64.
    """
    fields = {"model": model, "response_format": "json", **parameters}
    body = bytearray()
    for name, value in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        body += f"{value}\r\n".encode("utf-8", "replace")
    name = audio["format"]
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="audio.{name}"\r\n'
        f"Content-Type: {_MEDIA_TYPES[name]}\r\n\r\n"
    ).encode()
    body += decoded(audio["data"])
    body += f"\r\n--{boundary}--\r\n".encode()
    return bytes(body)


def read_transcript(provider: str, reply: Any) -> Completion:
    """Read the text in a reply; there is none when nobody speaks.

    Raises:
        ProviderError: there is no transcript in it.
    """
    text = reply.get("text") if isinstance(reply, dict) else None
    if not isinstance(text, str):
        raise ProviderError(f"{provider} sent a reply without a transcript", provider=provider)
    usage = reply.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Completion(
        clean_text(text).strip(), count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    )


def listening_messages(audio: Mapping[str, str]) -> list[ChatMessage]:
    """Write the chat in which DashScope's models are given a recording."""
    url = f"data:{_MEDIA_TYPES[audio['format']]};base64,{audio['data']}"
    return [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": url}}]}]
