"""A reply that comes in pieces, put together again."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from ..messages.forms import part_of, text_of
from ..text.cleaning import clean_text


class Transcript:
    """Collects the text of a streamed reply, whatever API it comes from."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """What was said so far."""
        # Only together the pieces are characters: one may have been cut in two.
        return clean_text("".join(self._pieces))

    def feed(self, event: object) -> None:
        """Hear one event."""
        piece = self._decoder.decode(event) if isinstance(event, bytes) else _piece(event)
        if piece:
            self._pieces.append(piece)


def _piece(event: object) -> str:
    if isinstance(event, str):
        return event
    kind = part_of(event, "type")
    # The SDKs' own helpers add events of their own, which say the same once more.
    if kind == "response.output_text.delta":
        return _text(part_of(event, "delta"))
    if kind == "content_block_delta":
        return _text(part_of(part_of(event, "delta"), "text"))
    choices = part_of(event, "choices")
    if isinstance(choices, Sequence) and choices and not isinstance(choices, str):
        first = choices[0]
        return "" if part_of(first, "index") else text_of(part_of(part_of(first, "delta"), "content"))
    # Pieces of messages, as frameworks have them.
    return text_of(part_of(event, "content")) if part_of(event, "delta") is None else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
