"""A pool of persistent connections."""

from __future__ import annotations

import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpcore

from ..._concurrency import AsyncLock, AsyncSemaphore, async_to_thread
from ..._core.wire.endpoint import Endpoint
from ..._core.wire.proxy import proxy_for
from ..._drivers._http import AsyncSocketBackend, Reply, async_exchange, async_prepare
from ...errors import ClosedError, ConfigError

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
        url = httpcore.URL(
            scheme=endpoint.scheme, host=endpoint.host, port=endpoint.port, target=endpoint.target
        )
        timeouts = {"connect": connect_timeout, "read": timeout, "write": timeout}
        request = httpcore.Request(
            b"POST",
            url,
            headers=[*endpoint.headers, (b"content-length", b"%d" % len(body))],
            content=body,
            extensions={"timeout": timeouts},
        )
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
                server.idle.append(connection)
                # Close the longest idle ones at the front, which are not reused after a burst of requests.
                while server.idle and server.idle[0].has_expired():
                    self._expired.append(server.idle.popleft())
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


def _create_tls_context() -> ssl.SSLContext:
    # Imported only for HTTPS, and on a thread, since it takes a tenth of a second. The context honours
    # SSL_CERT_FILE and SSL_CERT_DIR.
    import httpx

    return httpx.create_ssl_context()
