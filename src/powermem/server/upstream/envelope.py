"""What every reply is wrapped in, and the codes of errors."""

from __future__ import annotations

from starlette.responses import Response

from ..._core import clock
from ...errors import NotFoundError
from ..problems import Problem
from ..replies import json_response

PREFIX = "/api/v1"

_CODES = {
    "ConfigError": "SYSTEM_CONFIG_ERROR",
    "ExtractionError": "SYSTEM_LLM_ERROR",
    "MemoryNotFoundError": "MEMORY_NOT_FOUND",
    "ProviderError": "SYSTEM_LLM_ERROR",
    "ProviderTimeoutError": "SYSTEM_LLM_ERROR",
    "StoreError": "SYSTEM_STORAGE_ERROR",
    "UserNotFoundError": "USER_NOT_FOUND",
}
"""The code of an error of this name, before that of its status."""

_CODES_OF_STATUS = {
    400: "INVALID_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "INVALID_REQUEST",
    413: "INVALID_REQUEST",
    415: "INVALID_REQUEST",
    429: "RATE_LIMIT_EXCEEDED",
    501: "NOT_IMPLEMENTED",
    503: "SERVICE_UNAVAILABLE",
}


class MemoryNotFoundError(NotFoundError):
    """There is no such memory, or the key does not reach it."""

    def __init__(self) -> None:
        super().__init__("memory_id: there is no such memory, or it belongs to another user")


class UserNotFoundError(NotFoundError):
    """Nothing is known of a user."""


def ok(data: object, message: str) -> Response:
    """Return data as a reply."""
    return json_response({"success": True, "data": data, "message": message, "timestamp": now()})


def error(problem: Problem, request_id: str) -> Response:
    """Return a problem as a reply."""
    code = _CODES.get(problem.name) or _CODES_OF_STATUS.get(problem.status, "INTERNAL_ERROR")
    details = {"error": problem.name, "advice": problem.advice, "request_id": request_id, **problem.further}
    body = {
        "success": False,
        "error": {"code": code, "message": problem.detail, "details": details},
        "timestamp": now(),
    }
    return json_response(body, problem.status, headers=problem.headers)


def now() -> str:
    """Return this moment, as all moments of these replies are written."""
    return moment(clock.to_iso(clock.now()))


def moment(text: str) -> str:
    """Return a moment of ours as powermem 1.1 writes it."""
    return text.replace("+00:00", "Z")
