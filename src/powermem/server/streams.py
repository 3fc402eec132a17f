"""Responses that are sent piece by piece, and end when the client goes away or the process stops."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

EVENTS = "text/event-stream"
LINES = "application/x-ndjson"


def event(name: str, data: object) -> bytes:
    """Return a Server-Sent Event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), to_json(data, inf_nan_mode="null"))


class Stream(Response):
    """Sends pieces as they come. `limits.Attendance` cancels it when the client goes away.

    Args:
        pieces: an async generator, which is closed at the end.
        media_type: what the pieces are.
    """

    def __init__(self, pieces: AsyncIterator[bytes], media_type: str) -> None:
        self._pieces = pieces
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(cast("AsyncGenerator[bytes, None]", self._pieces)) as pieces:
            # The first piece is made before the status is sent, so that its error has one of its own.
            first = await anext(pieces, b"")
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
