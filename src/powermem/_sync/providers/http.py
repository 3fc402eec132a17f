# Generated from src/powermem/_async/providers/http.py by scripts/run_unasync.py; edit that file instead.
"""The HTTP client of a memory, with pooled connections, retries, concurrency limits and explained errors."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpcore

from ..._concurrency import Lock, Semaphore, sleep, to_thread
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
from ..._drivers._http import Reply, SocketBackend, exchange, prepare
from ...errors import ClosedError, ConfigError


class Limiter:
    """Limits the calls in flight to a provider, and delays all of them while it asks to slow down.

    Args:
        max_running: maximum number of calls in flight.
    """

    def __init__(self, max_running: int) -> None:
        self._slots = Semaphore(max_running)
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Start no further call for this many seconds; a longer current pause stays in effect."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a call may start, and count it as in flight during the block."""
        with self._slots.place():
            # Keeping the place while paused costs nothing, since no other call may start either.
            while (wait := self._resume_at - time.monotonic()) > 0:
                sleep(wait)
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
    idle: deque[httpcore.ConnectionInterface] = field(default_factory=deque)
    maker: httpcore.ConnectionPool | None = None
    proxy: str = ""


class Connections:
    """Idle connections per server, most recently used first.

    For each request, httpcore's own pool iterates over all its connections and all waiting requests: a
    hundred concurrent requests take two seconds of CPU time. So its pools only create connections here.

    Args:
        max_connections: maximum number of connections in use at once.
    """

    def __init__(self, max_connections: int) -> None:
        self._slots = Semaphore(max_connections)
        self._lock = Lock()
        self._servers: dict[tuple[str, str, int], _Server] = {}
        # Connections to close once the lock is released.
        self._expired: list[httpcore.ConnectionInterface] = []
        self._tls_lock = Lock()
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    def send(self, endpoint: Endpoint, body: bytes, connect_timeout: float, timeout: float) -> Reply:
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
                    # The server may close an idle connection at the moment it is reused. Try the next one.
                    if fresh:
                        raise
                except BaseException:
                    connection.close()
                    raise
                else:
                    self._give_back(server, connection)
                    return reply

    def proxy(self, endpoint: Endpoint) -> str:
        """Return the URL of the proxy for an endpoint, or ``""``."""
        server = self._servers.get((endpoint.scheme, endpoint.host, endpoint.port))
        return "" if server is None else server.proxy

    def close(self) -> None:
        """Close the idle connections; those in use are closed after their replies."""
        with self._lock:
            self._closed = True
            for server in self._servers.values():
                self._expired.extend(server.idle)
                server.idle.clear()
        self._close_expired()

    def _take(self, server: _Server) -> httpcore.ConnectionInterface | None:
        with self._lock:
            if self._closed:
                raise ClosedError("the HTTP client is closed")
            while server.idle:
                connection = server.idle.pop()
                if not connection.has_expired():
                    return connection
                self._expired.append(connection)
            return None

    def _give_back(self, server: _Server, connection: httpcore.ConnectionInterface) -> None:
        with self._lock:
            if self._closed:
                self._expired.append(connection)
            elif connection.is_available():
                # Close the longest idle ones at the front, which are not reused after a burst of requests.
                while server.idle and server.idle[0].has_expired():
                    self._expired.append(server.idle.popleft())
                server.idle.append(connection)
        if self._expired:
            self._close_expired()

    def _close_expired(self) -> None:
        with self._lock:
            expired, self._expired = self._expired, []
        for connection in expired:
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
            # httpcore's own backend, which supports TLS inside TLS on every version of Python.
            server.proxy = proxy.url
            options["proxy"] = httpcore.Proxy(proxy.url, auth=proxy.auth)
        return httpcore.ConnectionPool(**options)

    def _tls_context(self) -> ssl.SSLContext:
        with self._tls_lock:
            if self._tls is None:
                self._tls = to_thread(_create_tls_context)
            return self._tls


@lru_cache(maxsize=64)
def _url(scheme: str, host: str, port: int, target: str) -> httpcore.URL:
    return httpcore.URL(scheme=scheme, host=host, port=port, target=target)


def _create_tls_context() -> ssl.SSLContext:
    # Imported only for HTTPS, and on a thread, since it takes a tenth of a second. The context honours
    # SSL_CERT_FILE and SSL_CERT_DIR.
    import httpx

    return httpx.create_ssl_context()


class HTTPClient:
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
        self._connections = Connections(max_connections)

    def post(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any] | bytes,
        *,
        limiter: Limiter,
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
        reply = self.send(endpoint, body, limiter=limiter, timeout=timeout, max_retries=max_retries)
        if isinstance(reply, Failure):
            raise reply.error()
        return reply

    def send(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any] | bytes,
        *,
        limiter: Limiter,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> Any:
        """Do as ``post`` does, but return a ``Failure`` instead of raising it."""
        data = body if isinstance(body, bytes) else encode(body)
        retries = self._max_retries if max_retries is None else max_retries
        attempt = 0
        while True:
            with limiter.turn():
                outcome = self._attempt(_authorized(endpoint, data), data, timeout or self._read_timeout)
            if not isinstance(outcome, Failure) or not outcome.passing:
                return outcome
            if outcome.status == 429 and outcome.wait is not None:
                limiter.pause(self._backoff.held(outcome.wait))
            if attempt == retries:
                return outcome
            sleep(self._backoff.delay(attempt, outcome.wait))
            attempt += 1

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._connections.close()

    def _attempt(self, endpoint: Endpoint, data: bytes, timeout: float) -> Any:
        # Errors are turned into values here: what is raised later must not have a cause or context whose text
        # might quote a header, and with it a key.
        try:
            status, headers, body = self._connections.send(endpoint, data, self._connect_timeout, timeout)
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


class EndpointClient:
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
        http: HTTPClient,
        endpoint: Endpoint,
        *,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self._http = http
        self._endpoint = endpoint
        self._limiter = Limiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    def post(self, body: Mapping[str, Any] | bytes) -> Any:
        """Post a body and return the parsed reply; see ``HTTPClient.post``."""
        reply = self.send(body)
        if isinstance(reply, Failure):
            raise reply.error()
        return reply

    def send(self, body: Mapping[str, Any] | bytes) -> Any:
        """Do as ``post`` does, but return a ``Failure`` instead of raising it."""
        return self._http.send(
            self._endpoint,
            body,
            limiter=self._limiter,
            timeout=self._timeout,
            max_retries=self._max_retries,
        )


def _authorized(endpoint: Endpoint, body: bytes) -> Endpoint:
    if endpoint.token_provider is None and endpoint.signer is None:
        return endpoint
    try:
        if endpoint.token_provider is None:
            # It may have to ask for credentials first.
            return to_thread(endpoint.signed, body)
        token = to_thread(endpoint.token_provider)
    except Exception as error:
        raise foreign_error(endpoint.provider, error) from error
    return endpoint.with_token(token)
