"""A reply as it comes over the wire, for callers who read that themselves."""

from __future__ import annotations

import json

from .replies import reply_text
from .streams import Transcript

# A longer reply than any model gives; beyond it nobody reads on here.
_LONGEST = 32 * 2**20


class RawReply:
    """Collects the text of a reply from the bytes of its body.

    Args:
        content_type: as the server names it; events come one by one, anything else is one JSON value.
    """

    def __init__(self, content_type: str) -> None:
        self._transcript = Transcript() if "event-stream" in content_type.lower() else None
        self._body = bytearray()
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Hear some bytes."""
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
        """What was said so far."""
        if self._transcript is not None:
            return self._transcript.text
        body = _decoded(self._body)
        return reply_text(body) if isinstance(body, dict) else ""


def _decoded(text: bytes | bytearray) -> object:
    try:
        return json.loads(text)
    except ValueError:
        # A mark at the end of a stream, or a body that is not whole.
        return None
