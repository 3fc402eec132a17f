"""Network backends for httpcore, and one request on one connection.

httpcore implements HTTP, TLS and proxies on top of a replaceable network backend. Its own async backend
supports several event loop libraries and costs more than twice as much per request as this one on plain
asyncio.

Writes are buffered until the next read, so that the head and body of a request leave in one packet.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

import httpcore

from .._concurrency.calls import compute_meanwhile

_ANYIO = "anyio._backends._asyncio"

# Seconds until an attempt to connect is cancelled whose caller was cancelled and which has no timeout.
_PATIENCE = 10.0


class Reply(NamedTuple):
    """A server's reply."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def async_prepare() -> None:
    """Import on a thread what httpcore imports at the first request, which blocks for about 40 ms."""
    if _ANYIO not in sys.modules:
        await asyncio.to_thread(import_module, _ANYIO)


def prepare() -> None:
    """Do nothing: a thread may block while httpcore imports."""


async def async_exchange(
    connection: httpcore.AsyncConnectionInterface, request: httpcore.Request, seconds: float
) -> Reply:
    """Send a request and read the whole reply.

    Args:
        connection: an idle connection; afterwards it is idle again or closed.
        request: the request with its timeouts.
        seconds: maximum time for the reply. Read timeouts alone do not bound it, since some servers send
            blanks to keep the connection open.

    Raises:
        httpcore.ReadTimeout: the reply took too long.
    """
    deadline = time.monotonic() + seconds
    response = await connection.handle_async_request(request)
    try:
        chunks = []
        async for chunk in response.aiter_stream():
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise httpcore.ReadTimeout("the reply does not end")
        return Reply(response.status, response.headers, b"".join(chunks))
    finally:
        await response.aclose()


def exchange(connection: httpcore.ConnectionInterface, request: httpcore.Request, seconds: float) -> Reply:
    """Send a request and read the whole reply. See ``async_exchange``."""
    deadline = time.monotonic() + seconds
    response = connection.handle_request(request)
    try:
        chunks = []
        for chunk in response.iter_stream():
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise httpcore.ReadTimeout("the reply does not end")
        return Reply(response.status, response.headers, b"".join(chunks))
    finally:
        response.close()


class AsyncSocketBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections for tasks."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host name or address; several addresses are tried as in RFC 8305."""
        loop = asyncio.get_running_loop()
        local = None if local_address is None else (local_address, 0)
        # Only asyncio's own loops take the delay; uvloop tries one address after the other.
        racing: dict[str, Any] = (
            {"happy_eyeballs_delay": 0.25} if isinstance(loop, asyncio.BaseEventLoop) else {}
        )
        opening = loop.create_task(loop.create_connection(_Inbox, host, port, local_addr=local, **racing))
        try:
            # Until Python 3.11, asyncio.wait_for can swallow a cancellation and leak the connection.
            await asyncio.wait([opening], timeout=timeout)
        except asyncio.CancelledError:
            # asyncio leaks the socket if it is cancelled just after one of the addresses was connected. So
            # let it finish, and close the connection then.
            opening.add_done_callback(_abandon)
            loop.call_later(timeout or _PATIENCE, opening.cancel)
            raise
        if not opening.done():
            opening.add_done_callback(_abandon)
            opening.cancel()
            raise httpcore.ConnectTimeout("timed out")
        try:
            transport, inbox = opening.result()
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return _AsyncStream(transport, inbox)


def _abandon(opening: asyncio.Task[tuple[asyncio.Transport, _Inbox]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].abort()


class _Inbox(asyncio.Protocol):
    """Buffers received data until it is read."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.ended = False
        self.error: Exception | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._closed = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._wake(True)

    def eof_received(self) -> None:
        self.ended = True
        self._wake(True)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.error = exc
        self._wake(True)
        if not self._closed.done():
            self._closed.set_result(None)

    async def arrival(self, timeout: float | None) -> bool:
        """Wait until there is data to read or the stream has ended; ``False`` after ``timeout`` seconds."""
        if self.received or self.ended:
            return True
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None if timeout is None else loop.call_later(timeout, self._wake, False)
        try:
            return await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    async def closing(self) -> None:
        """Wait until the transport has closed the socket."""
        # Shielded: a cancelled caller must not cancel the future, which others may wait for.
        await asyncio.shield(self._closed)

    def _wake(self, arrived: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(arrived)


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, transport: asyncio.Transport, inbox: _Inbox) -> None:
        self._transport = transport
        self._inbox = inbox
        self._unsent: list[bytes] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
        inbox = self._inbox
        if not await inbox.arrival(timeout):
            raise httpcore.ReadTimeout("timed out")
        if not inbox.received and inbox.error is not None:
            raise httpcore.ReadError(str(inbox.error)) from inbox.error
        data = bytes(inbox.received[:max_bytes])
        del inbox.received[:max_bytes]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            self._unsent.append(buffer)

    async def aclose(self) -> None:
        # No data is pending when a connection is closed, so there is no need for an orderly end of TLS.
        self._transport.abort()
        await self._inbox.closing()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                self._transport,
                self._inbox,
                ssl_context,
                server_hostname=server_hostname,
                ssl_handshake_timeout=timeout,
            )
        except BaseException as error:
            self._transport.abort()
            # asyncio reports a handshake timeout as an aborted connection.
            if isinstance(error, ConnectionAbortedError):
                raise httpcore.ConnectTimeout("the TLS handshake did not finish in time") from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        if transport is None:
            raise httpcore.ConnectError("the connection was closed during the TLS handshake")
        return _AsyncStream(transport, self._inbox)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # Asked about an idle connection: true if the server closed it, or sent data out of turn.
            return bool(self._inbox.received) or self._inbox.ended
        return self._transport.get_extra_info(info)


class SocketBackend(httpcore.SyncBackend):
    """Opens TCP connections for threads."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host name or address."""
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options or ()))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._unsent: list[bytes] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            unsent = b"".join(self._unsent)
            self._unsent.clear()
            self._inner.write(unsent, timeout)
            compute_meanwhile()
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            self._unsent.append(buffer)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
