"""The replies of language models: text, streams, and raw responses."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence

from ..messages.forms import content_of, is_silent, part_of, text_of, unpacked
from ..text.cleaning import clean_text


def reply_text(reply: object) -> str:
    """Return the text of a whole reply; ``""`` for tool calls only, or an unknown form.

    Args:
        reply: a text, or an object or mapping in the form of OpenAI's two APIs, of Anthropic's, or a message
            with ``content``.
    """
    if isinstance(reply, str):
        return reply
    texts = (text_of(content_of(message)) for message in unpacked(reply) if not is_silent(message))
    return "\n".join(filter(None, texts))


class Transcript:
    """Collects the text of a streamed reply from any API."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """The text so far."""
        # Joined before cleaning, since a chunk may end within a character.
        return clean_text("".join(self._pieces))

    def feed(self, event: object) -> None:
        """Add one event."""
        piece = self._decoder.decode(event) if isinstance(event, bytes) else _piece(event)
        if piece:
            self._pieces.append(piece)


def _piece(event: object) -> str:
    if isinstance(event, str):
        return event
    kind = part_of(event, "type")
    # Ignore the additional events of the SDKs' helpers, which repeat the same text.
    if kind == "response.output_text.delta":
        return _text(part_of(event, "delta"))
    if kind == "content_block_delta":
        return _text(part_of(part_of(event, "delta"), "text"))
    choices = part_of(event, "choices")
    if isinstance(choices, Sequence) and choices and not isinstance(choices, str):
        first = choices[0]
        return "" if part_of(first, "index") else text_of(part_of(part_of(first, "delta"), "content"))
    candidates = part_of(event, "candidates")
    if isinstance(candidates, Sequence) and candidates and not isinstance(candidates, str):
        parts = part_of(part_of(candidates[0], "content"), "parts") or ()
        return "".join(text_of([part]) for part in parts)  # Gemini
    # Message chunks of frameworks.
    return text_of(part_of(event, "content")) if part_of(event, "delta") is None else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


# Bytes. Longer than any reply of a model; the rest is ignored.
_LONGEST = 32 * 2**20


class RawReply:
    """Collects the text of a reply from the bytes of its body.

    Args:
        content_type: of the reply; an event stream is parsed by event, anything else as one JSON value.
    """

    def __init__(self, content_type: str) -> None:
        self._transcript = Transcript() if "event-stream" in content_type.lower() else None
        self._body = bytearray()
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Add a chunk of bytes."""
        self._size += len(piece)
        if self._size > _LONGEST:
            return
        self._body += piece
        if self._transcript is None or b"\n" not in piece:
            return
        *lines, rest = self._body.split(b"\n")
        self._body = bytearray(rest)
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"data":
                event = _decoded(value)
                if isinstance(event, dict):
                    self._transcript.feed(event)

    @property
    def text(self) -> str:
        """The text so far."""
        if self._transcript is not None:
            return self._transcript.text
        body = _decoded(self._body)
        return reply_text(body) if isinstance(body, dict) else ""


def _decoded(text: bytes | bytearray) -> object:
    try:
        return json.loads(text)
    except ValueError:
        # The end marker of a stream, or an incomplete body.
        return None
