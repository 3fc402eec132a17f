"""An exchange with a provider that failed: what is known of it, and the error it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ..errors import AuthenticationError, ProviderError, ProviderTimeoutError, RateLimitError
from .endpoint import Endpoint
from .retry import is_passing, retry_after
from .secret import shorten

_KEPT = 4000
# OpenAI answers 429 also when the account is out of money; waiting does not help then.
_OUT_OF_MONEY = "insufficient_quota"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no usable reply; it holds no secret.

    Attributes:
        provider: the provider's configured name.
        summary: what went wrong, for the error's message.
        status: the HTTP status, or ``None`` when there was no reply.
        said: what the server said, at length.
        passing: whether it may succeed when tried again.
        wait: seconds the server asked to wait.
        kind: the error to raise.
    """

    provider: str
    summary: str
    status: int | None = None
    said: str = ""
    passing: bool = False
    wait: float | None = None
    kind: type[ProviderError] = ProviderError

    def error(self) -> ProviderError:
        """Return the error for the user."""
        return self.kind(self.summary, provider=self.provider, status=self.status)


def refused(endpoint: Endpoint, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Failure:
    """Read a reply whose status is not a success."""
    # What is kept is cut once more after scrubbing: a secret cut in half might not be recognized.
    text = endpoint.scrub(body[: 2 * _KEPT].decode("utf-8", "replace"))
    message = shorten(endpoint.scrub(_message(body)[: 2 * _KEPT]))
    provider = endpoint.provider
    summary = f"{provider} answered {status}"
    if status in (401, 403):
        summary = f"{provider} refused the credentials ({status})"
        message = message or "check the API key"
    elif status == 429:
        summary = f"{provider} asks to slow down (429)"
    elif status == 404:
        message = f"{message or 'not found'} (check the model's name and base_url)"
    elif 300 <= status < 400:
        message = "redirects are not followed; set base_url to the final address"
    return Failure(
        provider=provider,
        summary=f"{summary}: {message}" if message else summary,
        status=status,
        said=text[:_KEPT],
        passing=is_passing(status) and _OUT_OF_MONEY not in text,
        wait=retry_after(headers),
        kind=error_class(status),
    )


def garbled(endpoint: Endpoint, status: int, reason: str) -> Failure:
    """Describe a successful reply whose body could not be read; it is often a broken transfer."""
    summary = f"{endpoint.provider} sent a reply that is not valid JSON: {endpoint.scrub(reason)}"
    return Failure(endpoint.provider, shorten(summary), status=status, passing=True)


def unreachable(endpoint: Endpoint, reason: str, *, passing: bool = True) -> Failure:
    """Describe a connection that could not be made or broke."""
    summary = (
        f"{endpoint.provider} at {endpoint.address}: "
        f"{shorten(endpoint.scrub(reason)) or 'the connection failed'}"
    )
    return Failure(endpoint.provider, summary, passing=passing)


def timed_out(endpoint: Endpoint, seconds: float, *, connecting: bool) -> Failure:
    """Describe a server that did not accept or did not answer in time."""
    done = "accept a connection" if connecting else "answer"
    summary = f"{endpoint.provider} at {endpoint.address} did not {done} within {seconds:g} s"
    return Failure(endpoint.provider, summary, passing=True, kind=ProviderTimeoutError)


def error_class(status: int | None) -> type[ProviderError]:
    """Return the error that an HTTP status stands for."""
    if status in (401, 403):
        return AuthenticationError
    if status == 429:
        return RateLimitError
    return ProviderTimeoutError if status == 408 else ProviderError


def hidden_failure(endpoint: Endpoint, reply: Any, body: bytes) -> Failure | None:
    """Find an error inside a reply with a success status, as routers of many providers send it."""
    if not isinstance(reply, dict) or not reply.get("error"):
        return None
    error = reply["error"]
    code = error.get("code") if isinstance(error, dict) else None
    # Without a status of its own it is the gateway's fault.
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return refused(endpoint, status, (), body)


def _message(body: bytes) -> str:
    """Find the sentence meant for people in the body of an error."""
    try:
        value = from_json(body)
    except ValueError:
        return re.sub(r"<[^>]*>", " ", body[: 2 * _KEPT].decode("utf-8", "replace"))
    for key in ("error", "message", "detail", "msg"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    if isinstance(value, list) and value:
        value = value[0]
        value = value.get("msg") or value if isinstance(value, dict) else value
    return value if isinstance(value, str) else body.decode("utf-8", "replace")
