"""Limits of a request: the size of its body, the time until its response begins, and its number a minute.

A client that goes away cancels its call.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import RequestTimeoutError, TooLargeError, TooManyRequestsError

_GRACE = 0.25
"""Seconds after which a client is watched; most requests are over by then, and cost no task for it."""

_DISCARDED = 64 * 1024 * 1024
"""The most bytes that are read of a body that is too large already."""

_MOST_CALLERS = 10_000

_ATTENDED = "powermem.attended"


class Attendance:
    """Middleware that watches the client, the body and the clock of each request.

    Args:
        app: the application.
        max_body: largest body in bytes.
        timeout: seconds until a response must begin.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, timeout: float) -> None:
        self._app = app
        self._max_body = max_body
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        attended = _Attended(scope, receive, send, self._max_body)
        scope[_ATTENDED] = attended
        loop = asyncio.get_running_loop()
        timers = (loop.call_later(_GRACE, attended.watch), loop.call_later(self._timeout, attended.expire))
        try:
            await self._app(scope, attended.receive, attended.send)
        except asyncio.CancelledError:
            if not attended.cancelled:
                raise
            await attended.absorb()
        finally:
            for timer in timers:
                timer.cancel()
            attended.end()
        if attended.expired and not attended.began:
            raise RequestTimeoutError(f"the response did not begin within {self._timeout:g} seconds")


def unlimited(scope: Scope) -> None:
    """Lift the limits of body and time from a request, for a body that is read as a stream."""
    scope[_ATTENDED].lift()


class _Attended:
    """One request: it is cancelled when the client goes away, or when its time is over."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body: int) -> None:
        self._receive = receive
        self._send = send
        self._left: int | None = max_body
        self._max_body = max_body
        # By the headers, so that a client without a body is watched though nobody reads it; from HTTP/2 on
        # they do not tell.
        self._ended = scope.get("http_version", "1.1") < "2" and not any(
            name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]
        )
        self._announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        self._handed_over = not self._ended
        self._waits = any(name == b"expect" for name, _ in scope["headers"])
        self._task = asyncio.current_task()
        self._watched = False
        self._watcher: asyncio.Task[None] | None = None
        self._gone: asyncio.Event | None = None
        self._whole = False
        self.began = False
        self.cancelled = False
        self.expired = False

    async def receive(self) -> Message:
        if not self._handed_over:
            self._handed_over = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if self._ended:
            self._watched = True
            gone = self._look()
            await gone.wait()
            return {"type": "http.disconnect"}
        if self._left is not None and self._announced.isdigit() and int(self._announced) > self._left:
            await self._refuse(more=True)
        message = await self._receive()
        if self._left is not None:
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                await self._refuse(more=message.get("more_body", False))
            self._announced = b""
        if not message.get("more_body", False):
            self._ended = True
            if self._watched and message["type"] != "http.disconnect":
                self._look()
        return message

    async def send(self, message: Message) -> None:
        self.began = True
        # Before it is sent: once a response is whole, the server says that the client has gone.
        self._whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    def watch(self) -> None:
        """Cancel the call when the client goes away, from the end of the body on."""
        self._watched = True
        if self._ended:
            self._look()

    def expire(self) -> None:
        """Cancel the call unless its response has begun."""
        if not self.began and self._left is not None:
            self.expired = True
            self._cancel()

    def lift(self) -> None:
        self._left = None

    def end(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    async def absorb(self) -> None:
        """Let the task of the request go on after it was cancelled here."""
        uncancel = getattr(self._task, "uncancel", None)
        if uncancel is not None:
            uncancel()

    async def _refuse(self, *, more: bool) -> None:
        """Read the rest of a body that is too large, so that its client reads the answer; then refuse it."""
        left = 0 if self._waits else _DISCARDED
        while more and left > 0:
            message = await self._receive()
            more = message.get("more_body", False)
            left -= len(message.get("body", b""))
        raise TooLargeError(
            f"at most {self._max_body:,} bytes are accepted", {"Connection": "close"} if more else None
        )

    def _look(self) -> asyncio.Event:
        if self._gone is None:
            self._gone = asyncio.Event()
            self._watcher = asyncio.get_running_loop().create_task(self._await_disconnect(self._gone))
        return self._gone

    async def _await_disconnect(self, gone: asyncio.Event) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        gone.set()
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None and not self.cancelled and not self._whole:
            self.cancelled = True
            self._task.cancel()


class Rates:
    """Limits the requests of each caller, in this process: a bucket that fills steadily.

    Args:
        per_minute: requests a minute, which may all come at once; 0 for no limit.
        elapsed: a monotonic clock, in seconds.
    """

    def __init__(self, per_minute: int, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._elapsed = elapsed
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request.

        Raises:
            TooManyRequestsError: it is one too many.
        """
        if not self._per_minute:
            return
        now, rate = self._elapsed(), self._per_minute / 60
        left, at = self._buckets.pop(caller, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - at) * rate)
        if left < 1:
            self._buckets[caller] = left, now
            raise TooManyRequestsError(
                f"at most {self._per_minute} requests a minute",
                {"Retry-After": str(math.ceil((1 - left) / rate))},
            )
        self._buckets[caller] = left - 1, now
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
