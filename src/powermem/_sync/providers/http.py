# Generated from src/powermem/_async/providers/http.py by scripts/run_unasync.py; edit that file instead.
"""The one HTTP client of a memory: retries, limits, and errors that say what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpcore

from ..._concurrency import sleep, to_thread
from ...wire.body import decode, encode
from ...wire.endpoint import Endpoint
from ...wire.failure import Failure, garbled, hidden_failure, refused, timed_out, unreachable, unwritable
from ...wire.foreign import foreign_error
from ...wire.retry import Backoff
from .limiter import Limiter
from .pool import Connections


class HTTPClient:
    """Post JSON and forms to model providers over connections that stay open.

    Nothing is opened before the first request.

    Args:
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for a reply, unless a call says otherwise.
        max_retries: how often a failed request is sent again, unless a call says otherwise.
        max_connections: how many connections may be in use at once, to all providers together.
        backoff: how long to wait between attempts.
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
            endpoint: where to.
            body: what to send as JSON, or ready to be sent.
            limiter: the provider's; a request for quiet holds back all its calls.
            timeout: seconds for each attempt.
            max_retries: how often to try again.

        Raises:
            RateLimitError: the provider asked to slow down until the end.
            ProviderTimeoutError: it did not answer in time.
            AuthenticationError: it refused the credentials.
            ProviderError: it refused or failed in another way.
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
        """Do as ``post`` does but return a ``Failure`` instead of raising it."""
        data = body if isinstance(body, bytes) else encode(body)
        retries = self._max_retries if max_retries is None else max_retries
        attempt = 0
        while True:
            with limiter.turn():
                outcome = self._attempt(_authorized(endpoint), data, timeout or self._read_timeout)
            if not isinstance(outcome, Failure) or not outcome.passing:
                return outcome
            if outcome.status == 429 and outcome.wait is not None:
                limiter.pause(self._backoff.held(outcome.wait))
            if attempt == retries:
                return outcome
            sleep(self._backoff.delay(attempt, outcome.wait))
            attempt += 1

    def close(self) -> None:
        """Close the connections; may be called again."""
        self._connections.close()

    def _attempt(self, endpoint: Endpoint, data: bytes, timeout: float) -> Any:
        # Errors are turned into values here, so that what is raised later has no cause whose text might
        # quote a header.
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


def _authorized(endpoint: Endpoint) -> Endpoint:
    if endpoint.token_provider is None:
        return endpoint
    try:
        token = to_thread(endpoint.token_provider)
    except Exception as error:
        raise foreign_error(endpoint.provider, error) from error
    return endpoint.with_token(token)
