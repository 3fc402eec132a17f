"""The HTTP client of a memory, with retries, concurrency limits and explained errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpcore

from ..._concurrency import async_sleep, async_to_thread
from ..._core.wire.body import decode, encode
from ..._core.wire.endpoint import Endpoint
from ..._core.wire.failure import (
    Failure,
    garbled,
    hidden_failure,
    refused,
    timed_out,
    unreachable,
    unwritable,
)
from ..._core.wire.foreign import foreign_error
from ..._core.wire.retry import Backoff
from .limiter import AsyncLimiter
from .pool import AsyncConnections


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
                    await _authorized(endpoint), data, timeout or self._read_timeout
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


async def _authorized(endpoint: Endpoint) -> Endpoint:
    if endpoint.token_provider is None:
        return endpoint
    try:
        token = await async_to_thread(endpoint.token_provider)
    except Exception as error:
        raise foreign_error(endpoint.provider, error) from error
    return endpoint.with_token(token)
