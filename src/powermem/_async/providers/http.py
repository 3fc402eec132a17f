"""The HTTP client of a memory, with pooled connections, retries, concurrency limits and explained errors."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpcore

from ..._concurrency import AsyncLock, AsyncSemaphore, async_sleep, async_to_thread
from ..._core.wire.endpoint import Endpoint, proxy_for
from ..._core.wire.failure import (
    Backoff,
    Failure,
    garbled,
    hidden_failure,
    refused,
    timed_out,
    unreachable,
    unwritable,
)
from ..._core.wire.foreign import foreign_error
from ..._core.wire.formats import decode, encode
from ..._drivers._http import AsyncSocketBackend, Reply, async_exchange, async_prepare
from ...errors import ClosedError, ConfigError


class AsyncLimiter:
    """Limits the calls in flight to a provider, and delays all of them while it asks to slow down.

    Args:
        max_running: maximum number of calls in flight.
    """

    def __init__(self, max_running: int) -> None:
        self._slots = AsyncSemaphore(max_running)
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Start no further call for this many seconds; a longer current pause stays in effect."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a call may start, and count it as in flight during the block."""
        async with self._slots.place():
            # Keeping the place while paused costs nothing, since no other call may start either.
            while (wait := self._resume_at - time.monotonic()) > 0:
                await async_sleep(wait)
            yield


# Seconds. Servers and firewalls rarely close an idle connection in less than a minute.
_KEEPALIVE = 30.0
_BROKEN = (httpcore.NetworkError, httpcore.RemoteProtocolError)


@dataclass(slots=True)
class _Server:
    """The connections to one server.

    Attributes:
        origin: scheme, host and port.
        idle: open connections that are not in use, the most recently used one last.
        maker: creates connections, through a proxy if one is configured.
        proxy: URL of the proxy, or empty.
    """

    origin: httpcore.Origin
    idle: deque[httpcore.AsyncConnectionInterface] = field(default_factory=deque)
    maker: httpcore.AsyncConnectionPool | None = None
    proxy: str = ""


class AsyncConnections:
    """Idle connections per server, most recently used first.

    For each request, httpcore's own pool iterates over all its connections and all waiting requests: a
    hundred concurrent requests take two seconds of CPU time. So its pools only create connections here.

    Args:
        max_connections: maximum number of connections in use at once.
    """

    def __init__(self, max_connections: int) -> None:
        self._slots = AsyncSemaphore(max_connections)
        self._lock = AsyncLock()
        self._servers: dict[tuple[str, str, int], _Server] = {}
        # Connections to close once the lock is released.
        self._expired: list[httpcore.AsyncConnectionInterface] = []
        self._tls_lock = AsyncLock()
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    async def send(self, endpoint: Endpoint, body: bytes, connect_timeout: float, timeout: float) -> Reply:
        """Post a body and return the reply, whatever its status.

        Args:
            endpoint: the address.
            body: the body of the request.
            connect_timeout: seconds to wait for a connection.
            timeout: seconds to wait for the reply.

        Raises:
            httpcore errors: there was no complete reply.
            ConfigError: the proxy set in the environment cannot be used.
            ClosedError: the connections were closed before.
        """
        url = _url(endpoint.scheme, endpoint.host, endpoint.port, endpoint.target)
        timeouts = {"connect": connect_timeout, "read": timeout, "write": timeout}
        request = httpcore.Request(b"POST", url, content=body, extensions={"timeout": timeouts})
        # Set here, since httpcore would look at each whether it has to be encoded.
        request.headers = [*endpoint.headers, (b"content-length", b"%d" % len(body))]
        place = (endpoint.scheme, endpoint.host, endpoint.port)
        server = self._servers.get(place) or self._servers.setdefault(place, _Server(url.origin))
        async with self._slots.place():
            while True:
                connection = await self._take(server)
                fresh = connection is None
                if connection is None:
                    connection = await self._open(server, endpoint)
                try:
                    reply = await async_exchange(connection, request, timeout)
                except _BROKEN:
                    await connection.aclose()
                    # The server may close an idle connection at the moment it is reused. Try the next one.
                    if fresh:
                        raise
                except BaseException:
                    await connection.aclose()
                    raise
                else:
                    await self._give_back(server, connection)
                    return reply

    def proxy(self, endpoint: Endpoint) -> str:
        """Return the URL of the proxy for an endpoint, or ``""``."""
        server = self._servers.get((endpoint.scheme, endpoint.host, endpoint.port))
        return "" if server is None else server.proxy

    async def close(self) -> None:
        """Close the idle connections; those in use are closed after their replies."""
        async with self._lock:
            self._closed = True
            for server in self._servers.values():
                self._expired.extend(server.idle)
                server.idle.clear()
        await self._close_expired()

    async def _take(self, server: _Server) -> httpcore.AsyncConnectionInterface | None:
        async with self._lock:
            if self._closed:
                raise ClosedError("the HTTP client is closed")
            while server.idle:
                connection = server.idle.pop()
                if not connection.has_expired():
                    return connection
                self._expired.append(connection)
            return None

    async def _give_back(self, server: _Server, connection: httpcore.AsyncConnectionInterface) -> None:
        async with self._lock:
            if self._closed:
                self._expired.append(connection)
            elif connection.is_available():
                # Close the longest idle ones at the front, which are not reused after a burst of requests.
                while server.idle and server.idle[0].has_expired():
                    self._expired.append(server.idle.popleft())
                server.idle.append(connection)
        if self._expired:
            await self._close_expired()

    async def _close_expired(self) -> None:
        async with self._lock:
            expired, self._expired = self._expired, []
        for connection in expired:
            await connection.aclose()

    async def _open(self, server: _Server, endpoint: Endpoint) -> httpcore.AsyncConnectionInterface:
        if server.maker is None:
            server.maker = await self._make_maker(endpoint, server)
        try:
            return server.maker.create_connection(server.origin)
        except ImportError:
            raise ConfigError(
                "the proxy set in the environment is a SOCKS proxy; run: pip install 'httpx[socks]'"
            ) from None

    async def _make_maker(self, endpoint: Endpoint, server: _Server) -> httpcore.AsyncConnectionPool:
        await async_prepare()
        options: dict[str, Any] = {"keepalive_expiry": _KEEPALIVE}
        if endpoint.scheme == "https":
            options["ssl_context"] = await self._tls_context()
        proxy = proxy_for(endpoint.scheme, endpoint.host, endpoint.port)
        if proxy is None:
            options["network_backend"] = AsyncSocketBackend()
        else:
            # httpcore's own backend, which supports TLS inside TLS on every version of Python.
            server.proxy = proxy.url
            options["proxy"] = httpcore.Proxy(proxy.url, auth=proxy.auth)
        return httpcore.AsyncConnectionPool(**options)

    async def _tls_context(self) -> ssl.SSLContext:
        async with self._tls_lock:
            if self._tls is None:
                self._tls = await async_to_thread(_create_tls_context)
            return self._tls


@lru_cache(maxsize=64)
def _url(scheme: str, host: str, port: int, target: str) -> httpcore.URL:
    return httpcore.URL(scheme=scheme, host=host, port=port, target=target)


def _create_tls_context() -> ssl.SSLContext:
    # Imported only for HTTPS, and on a thread, since it takes a tenth of a second. The context honours
    # SSL_CERT_FILE and SSL_CERT_DIR.
    import httpx

    return httpx.create_ssl_context()


class AsyncHTTPClient:
    """Post JSON and forms to model providers over persistent connections.

    No connection is opened before the first request.

    Args:
        connect_timeout: seconds to wait for a connection.
        read_timeout: default number of seconds to wait for a reply.
        max_retries: default number of retries of a failed request.
        max_connections: maximum number of connections in use at once, to all providers together.
        backoff: the delays between attempts.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        max_retries: int = 3,
        max_connections: int = 100,
        backoff: Backoff | None = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_retries = max_retries
        self._backoff = backoff or Backoff()
        self._connections = AsyncConnections(max_connections)

    async def post(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any] | bytes,
        *,
        limiter: AsyncLimiter,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> Any:
        """Post a body and return the parsed reply.

        Args:
            endpoint: the address.
            body: a JSON object, or bytes to send as they are.
            limiter: limits calls to the provider, and delays them all after a 429.
            timeout: seconds for each attempt.
            max_retries: number of retries.

        Raises:
            RateLimitError: the provider answered 429 to the last attempt.
            ProviderTimeoutError: there was no reply in time.
            AuthenticationError: the provider refused the credentials.
            ProviderError: the provider refused or failed in another way.
            ClosedError: the client was closed before.
        """
        reply = await self.send(endpoint, body, limiter=limiter, timeout=timeout, max_retries=max_retries)
        if isinstance(reply, Failure):
            raise reply.error()
        return reply

    async def send(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any] | bytes,
        *,
        limiter: AsyncLimiter,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> Any:
        """Do as ``post`` does, but return a ``Failure`` instead of raising it."""
        data = body if isinstance(body, bytes) else encode(body)
        retries = self._max_retries if max_retries is None else max_retries
        attempt = 0
        while True:
            async with limiter.turn():
                outcome = await self._attempt(
                    await _authorized(endpoint, data), data, timeout or self._read_timeout
                )
            if not isinstance(outcome, Failure) or not outcome.passing:
                return outcome
            if outcome.status == 429 and outcome.wait is not None:
                limiter.pause(self._backoff.held(outcome.wait))
            if attempt == retries:
                return outcome
            await async_sleep(self._backoff.delay(attempt, outcome.wait))
            attempt += 1

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._connections.close()

    async def _attempt(self, endpoint: Endpoint, data: bytes, timeout: float) -> Any:
        # Errors are turned into values here: what is raised later must not have a cause or context whose text
        # might quote a header, and with it a key.
        try:
            status, headers, body = await self._connections.send(
                endpoint, data, self._connect_timeout, timeout
            )
        except httpcore.ConnectTimeout:
            proxy = self._connections.proxy(endpoint)
            return timed_out(endpoint, self._connect_timeout, connecting=True, proxy=proxy)
        except httpcore.TimeoutException:
            return timed_out(endpoint, timeout, connecting=False)
        except (httpcore.ConnectError, httpcore.ProxyError) as error:
            return unreachable(endpoint, error, self._connections.proxy(endpoint))
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            return unreachable(endpoint, error)
        except httpcore.LocalProtocolError:
            return unwritable(endpoint)
        if not 200 <= status < 300:
            return refused(endpoint, status, headers, body)
        try:
            reply = decode(body)
        except ValueError as error:
            return garbled(endpoint, status, body, str(error))
        return hidden_failure(endpoint, reply, body) or reply


class AsyncEndpointClient:
    """Calls one endpoint of a provider, with a limit on concurrent calls.

    Args:
        http: the client to send with.
        endpoint: the address.
        max_concurrency: maximum number of calls in flight.
        timeout: seconds for each attempt; ``None`` for the client's default.
        max_retries: number of retries; ``None`` for the client's default.
    """

    def __init__(
        self,
        http: AsyncHTTPClient,
        endpoint: Endpoint,
        *,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self._http = http
        self._endpoint = endpoint
        self._limiter = AsyncLimiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    async def post(self, body: Mapping[str, Any] | bytes) -> Any:
        """Post a body and return the parsed reply; see ``AsyncHTTPClient.post``."""
        reply = await self.send(body)
        if isinstance(reply, Failure):
            raise reply.error()
        return reply

    async def send(self, body: Mapping[str, Any] | bytes) -> Any:
        """Do as ``post`` does, but return a ``Failure`` instead of raising it."""
        return await self._http.send(
            self._endpoint,
            body,
            limiter=self._limiter,
            timeout=self._timeout,
            max_retries=self._max_retries,
        )


async def _authorized(endpoint: Endpoint, body: bytes) -> Endpoint:
    if endpoint.token_provider is None and endpoint.signer is None:
        return endpoint
    try:
        if endpoint.token_provider is None:
            # It may have to ask for credentials first.
            return await async_to_thread(endpoint.signed, body)
        token = await async_to_thread(endpoint.token_provider)
    except Exception as error:
        raise foreign_error(endpoint.provider, error) from error
    return endpoint.with_token(token)
