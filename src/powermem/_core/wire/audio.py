"""Requests to speech-to-text models: OpenAI's transcriptions, and chats that take audio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ProviderError
from ...types import ChatMessage, Completion
from ..messages.parts import decoded
from ..text.cleaning import clean_text
from .formats import as_dict, count

# By the extension of the file name, from which servers tell the format.
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
        boundary: separates the fields; must not occur in the recording.
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
    """Read the text in a reply; empty for a recording without speech.

    Raises:
        ProviderError: the reply has no transcript.
    """
    text = as_dict(reply).get("text")
    if not isinstance(text, str):
        raise ProviderError(f"{provider} sent a reply without a transcript", provider=provider)
    usage = as_dict(reply.get("usage"))
    return Completion(
        clean_text(text).strip(), count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    )


def listening_messages(audio: Mapping[str, str]) -> list[ChatMessage]:
    """Build the messages that pass a recording to DashScope's models."""
    url = f"data:{_MEDIA_TYPES[audio['format']]};base64,{audio['data']}"
    return [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": url}}]}]
