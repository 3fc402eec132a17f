"""Errors as replies: ``application/problem+json`` (RFC 9457), with the error's name and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .._core import clock
from ..errors import (
    AuthenticationError,
    ClosedError,
    ConfigError,
    EmbeddingMismatchError,
    ExtractionError,
    InvalidInputError,
    NotFoundError,
    PowerMemError,
    ProcessTimeout,
    ProviderError,
    ProviderTimeoutError,
    QuotaExceededError,
    RateLimitError,
    StoreError,
    StoreUnavailableError,
)
from .replies import json_response

MEDIA_TYPE = "application/problem+json"


class RefusedError(HTTPException):
    """The server itself refuses a request.

    Args:
        detail: what was wrong and what to do.
        headers: further headers of the reply.
    """

    status = 400

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.status, detail, headers)


class UnauthorizedError(RefusedError):
    """There is no key, or it is unknown, expired or revoked."""

    status = 401


class ForbiddenError(RefusedError):
    """The key does not allow it."""

    status = 403


class TooLargeError(RefusedError):
    """The body is larger than ``server.max_body_bytes``."""

    status = 413


class TooManyRequestsError(RefusedError):
    """The key sends more requests than ``server.rate_limit_per_minute``."""

    status = 429


class NotOfferedError(RefusedError):
    """The route is one of another server's API, and has no meaning here."""

    status = 501


class NotReadyError(RefusedError):
    """The server starts, stops, or does not reach its store."""

    status = 503


class RequestTimeoutError(RefusedError):
    """The response did not begin within ``server.request_timeout``."""

    status = 504


class Problem(NamedTuple):
    """An error as a reply; ``further`` are members of its kind."""

    status: int
    name: str
    title: str
    detail: str
    advice: str
    headers: Mapping[str, str] = {}
    further: Mapping[str, Any] = {}

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the members of the reply."""
        return {
            "type": f"urn:powermem:error:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "error": self.name,
            "advice": self.advice,
            "request_id": request_id,
            **self.further,
        }


Renderer = Callable[[Problem, str], Response]
"""Makes a response of a problem and the id of the request: that of another API's errors, for its paths."""


class _Kind(NamedTuple):
    status: int
    title: str
    advice: str


_AGAIN = "Nothing is wrong with the request; send it again later."
# The first class that an error belongs to counts.
_KINDS: dict[type[PowerMemError], _Kind] = {
    InvalidInputError: _Kind(
        400, "The request is wrong", "Correct what the detail names; nothing was stored."
    ),
    NotFoundError: _Kind(404, "There is no such thing here", "Check the id, and whose key this is."),
    EmbeddingMismatchError: _Kind(
        409,
        "The store holds vectors of another embedder",
        "Configure the former embedder again, or run `powermem reembed`.",
    ),
    QuotaExceededError: _Kind(429, "A daily budget is used up", "Raise the budget, or wait until free_at."),
    AuthenticationError: _Kind(
        502, "A model provider refused the server's key", "Correct its key in the server."
    ),
    RateLimitError: _Kind(503, "A model provider limits the server's requests", _AGAIN),
    ProviderTimeoutError: _Kind(504, "A model provider did not answer in time", _AGAIN),
    ExtractionError: _Kind(
        502, "A model's answer could not be read", "What was said is kept; process the user again, as a task."
    ),
    ProviderError: _Kind(
        502, "A model provider failed", "What was said is kept; see the detail, and send it again."
    ),
    StoreUnavailableError: _Kind(503, "The store cannot be reached", _AGAIN),
    StoreError: _Kind(500, "The store failed", "Nothing was changed; see the server's log."),
    ConfigError: _Kind(
        500, "The server's configuration is wrong", "Correct what the detail names, and start again."
    ),
    ClosedError: _Kind(503, "The server stops", _AGAIN),
    ProcessTimeout: _Kind(504, "The work takes longer", "It continues; ask for its task later."),
}
_REFUSALS = {
    400: _Kind(400, "The request is wrong", "Correct what the detail names; nothing was stored."),
    401: _Kind(
        401, "A key is needed", "Send 'Authorization: Bearer <key>', with a key of `powermem keys create`."
    ),
    403: _Kind(403, "This is not allowed", "Use a key that may do this; `powermem keys create` makes one."),
    404: _Kind(404, "There is no such route", "See /openapi.json for the routes of this server."),
    405: _Kind(405, "The route has other methods", "See the header Allow."),
    413: _Kind(413, "The body is too large", "Send less at once, or raise server.max_body_bytes."),
    415: _Kind(415, "The body is of another type", "Send JSON, with 'Content-Type: application/json'."),
    429: _Kind(429, "Too many requests", "Wait as long as the header Retry-After says."),
    501: _Kind(501, "This is not offered", "See the detail for what to use instead."),
    503: _Kind(503, "The server is not ready", _AGAIN),
    504: _Kind(504, "The request takes too long", "Use async_mode, or raise server.request_timeout."),
}
_OTHERWISE = _Kind(500, "The server failed", "See the server's log for this request_id.")
_NAMES = {404: "NoSuchRouteError", 405: "MethodNotAllowedError", 415: "UnsupportedMediaTypeError"}

_RETRY_AFTER = "5"


def problem_of(error: BaseException) -> Problem:
    """Return what to answer to an error. Of one that is not ours, nothing is told but that it happened."""
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        kind = _REFUSALS.get(error.status_code, _OTHERWISE._replace(status=error.status_code))
        name = (
            type(error).__name__
            if isinstance(error, RefusedError)
            else _NAMES.get(error.status_code, "HTTPError")
        )
        return Problem(kind.status, name, kind.title, str(error.detail), kind.advice, error.headers or {})
    if isinstance(error, PowerMemError):
        kind = next((row for each, row in _KINDS.items() if isinstance(error, each)), _OTHERWISE)
        return Problem(
            kind.status,
            type(error).__name__,
            kind.title,
            str(error),
            kind.advice,
            _headers(kind, error),
            _further(error),
        )
    detail = "an unexpected error; it is in the server's log"
    return Problem(500, "InternalError", _OTHERWISE.title, detail, _OTHERWISE.advice)


def render(problem: Problem, request_id: str) -> Response:
    """Return a problem as ``application/problem+json``."""
    return json_response(
        problem.body(request_id), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def _invalid(error: RequestValidationError) -> Problem:
    kind = _REFUSALS[400]
    wrong = [
        f"{'.'.join(map(str, each['loc'][1:])) or each['loc'][0]}: {each['msg']}" for each in error.errors()
    ]
    return Problem(400, "InvalidInputError", kind.title, "; ".join(wrong[:20]), kind.advice)


def _headers(kind: _Kind, error: PowerMemError) -> dict[str, str]:
    if isinstance(error, QuotaExceededError) and error.free_at:
        free = datetime.fromisoformat(error.free_at.replace("Z", "+00:00")).astimezone(timezone.utc)
        seconds = free.timestamp() - clock.now() / 1_000_000
        return {"Retry-After": str(max(1, math.ceil(seconds)))}
    return {"Retry-After": _RETRY_AFTER} if kind.status == 503 else {}


def _further(error: PowerMemError) -> dict[str, Any]:
    if isinstance(error, QuotaExceededError):
        return {"budget": error.budget, "limit": error.limit, "used": error.used, "free_at": error.free_at}
    if isinstance(error, ProviderError):
        return {"provider": error.provider, "reason": error.reason}
    return {}
