# Generated from src/powermem/_async/providers/pool.py by scripts/run_unasync.py; edit that file instead.
"""Connections that are kept open and used again."""

from __future__ import annotations

import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpcore

from ..._concurrency import Lock, Semaphore, to_thread
from ..._drivers._http import Reply, SocketBackend, exchange, prepare
from ...errors import ClosedError, ConfigError
from ...wire.endpoint import Endpoint
from ...wire.proxy import proxy_for

# Seconds; servers and the firewalls before them seldom keep an idle connection less than a minute.
_KEEPALIVE = 30.0
_BROKEN = (httpcore.NetworkError, httpcore.RemoteProtocolError)


@dataclass(slots=True)
class _Server:
    """What is known of one server.

    Attributes:
        origin: its scheme, host and port.
        idle: its open connections that nobody uses, the one used last at the end.
        maker: makes connections to it, through a proxy if need be.
    """

    origin: httpcore.Origin
    idle: deque[httpcore.ConnectionInterface] = field(default_factory=deque)
    maker: httpcore.ConnectionPool | None = None
    proxy: str = ""


class Connections:
    """Idle connections per server, the one used last taken first.

    httpcore's own pool looks at all its connections and all waiting requests for every request: a hundred
    at once take it two seconds of computing. So its pools serve here only to make connections.

    Args:
        max_connections: how many may be in use at once.
    """

    def __init__(self, max_connections: int) -> None:
        self._slots = Semaphore(max_connections)
        self._lock = Lock()
        self._servers: dict[tuple[str, str, int], _Server] = {}
        self._spent: list[httpcore.ConnectionInterface] = []
        self._tls_lock = Lock()
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    def send(self, endpoint: Endpoint, body: bytes, connect_timeout: float, timeout: float) -> Reply:
        """Post a body and return the reply, whatever its status.

        Args:
            endpoint: where to.
            body: what to send.
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
        with self._slots.place():
            while True:
                connection = self._take(server)
                fresh = connection is None
                if connection is None:
                    connection = self._open(server, endpoint)
                try:
                    reply = exchange(connection, request, timeout)
                except _BROKEN:
                    connection.close()
                    # The server may close an idle connection just when it is taken; that is no failure.
                    if fresh:
                        raise
                except BaseException:
                    connection.close()
                    raise
                else:
                    self._give_back(server, connection)
                    return reply

    def proxy(self, endpoint: Endpoint) -> str:
        """Return the address of the proxy that connections to an endpoint go through, or nothing."""
        server = self._servers.get((endpoint.scheme, endpoint.host, endpoint.port))
        return "" if server is None else server.proxy

    def close(self) -> None:
        """Close the idle connections; those in use close when their replies are there."""
        with self._lock:
            self._closed = True
            for server in self._servers.values():
                self._spent.extend(server.idle)
                server.idle.clear()
        self._bury()

    def _take(self, server: _Server) -> httpcore.ConnectionInterface | None:
        with self._lock:
            if self._closed:
                raise ClosedError("the HTTP client is closed")
            while server.idle:
                connection = server.idle.pop()
                if not connection.has_expired():
                    return connection
                self._spent.append(connection)
            return None

    def _give_back(self, server: _Server, connection: httpcore.ConnectionInterface) -> None:
        with self._lock:
            if self._closed:
                self._spent.append(connection)
            elif connection.is_available():
                server.idle.append(connection)
                # The ones longest idle are at the front; after a rush nobody else would close them.
                while server.idle and server.idle[0].has_expired():
                    self._spent.append(server.idle.popleft())
        if self._spent:
            self._bury()

    def _bury(self) -> None:
        with self._lock:
            spent, self._spent = self._spent, []
        for connection in spent:
            connection.close()

    def _open(self, server: _Server, endpoint: Endpoint) -> httpcore.ConnectionInterface:
        if server.maker is None:
            server.maker = self._make_maker(endpoint, server)
        try:
            return server.maker.create_connection(server.origin)
        except ImportError:
            raise ConfigError(
                "the proxy set in the environment is a SOCKS proxy; run: pip install 'httpx[socks]'"
            ) from None

    def _make_maker(self, endpoint: Endpoint, server: _Server) -> httpcore.ConnectionPool:
        prepare()
        options: dict[str, Any] = {"keepalive_expiry": _KEEPALIVE}
        if endpoint.scheme == "https":
            options["ssl_context"] = self._tls_context()
        proxy = proxy_for(endpoint.scheme, endpoint.host, endpoint.port)
        if proxy is None:
            options["network_backend"] = SocketBackend()
        else:
            # With httpcore's own backend, which knows TLS inside TLS on every Python.
            server.proxy = proxy.url
            options["proxy"] = httpcore.Proxy(proxy.url, auth=proxy.auth)
        return httpcore.ConnectionPool(**options)

    def _tls_context(self) -> ssl.SSLContext:
        with self._tls_lock:
            if self._tls is None:
                self._tls = to_thread(_create_tls_context)
            return self._tls


def _create_tls_context() -> ssl.SSLContext:
    # Imported here, and on a thread, because it takes a tenth of a second that plain HTTP need not spend.
    # It honours SSL_CERT_FILE and SSL_CERT_DIR.
    import httpx

    return httpx.create_ssl_context()
