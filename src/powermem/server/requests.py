"""One request from outside: its id, its line in the log, its place in the metrics, and its errors."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._core.instruments import REQUEST, record
from .._core.tracing import annotate, span
from .authentication import CALLER
from .problems import problem_of

if TYPE_CHECKING:
    from .service import Service

_logger = logging.getLogger("powermem.server")
_GIVEN = re.compile(rb"[\w.:-]{1,128}")

REQUEST_ID: ContextVar[str] = ContextVar("powermem_request_id", default="")
"""The id of the request in progress; background work that it starts keeps it."""

UNMATCHED = "unmatched"
CLIENT_GONE = 499
"""What is logged and counted as the status of a request whose client went away."""


class Requests:
    """Middleware around all others: gives each request an id, and answers, logs and counts it.

    Args:
        app: the application.
        service: counts the requests, and knows the form of errors for each path.
    """

    def __init__(self, app: ASGIApp, *, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        header = (b"x-request-id", request_id.encode("latin-1"))
        token = REQUEST_ID.set(request_id)
        started, status = perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        metrics = self._service.metrics
        metrics.begins()
        try:
            with span(
                "powermem.request",
                {"http.request.method": scope["method"], "powermem.request_id": request_id},
            ):
                try:
                    await self._app(scope, receive, answer)
                except Exception as error:
                    if status:
                        # The response has begun: the connection breaks, which is all that can be told.
                        raise
                    problem = problem_of(error)
                    if problem.status >= 500:
                        _logger.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
                    await self._service.render(scope["path"], problem, request_id)(scope, receive, answer)
                annotate({"http.response.status_code": status, "http.route": _route(scope)})
        finally:
            seconds, status = perf_counter() - started, status or CLIENT_GONE
            metrics.ends(scope["method"], _route(scope), status, seconds)
            _measure(scope, status, seconds)
            self._log(scope, status, seconds)
            REQUEST_ID.reset(token)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        if _logger.isEnabledFor(logging.INFO):
            caller = scope.get(CALLER)
            # Never the query, which may hold a key or what somebody looks for.
            _logger.info(
                "%s %s %d %.1f ms",
                scope["method"],
                scope["path"],
                status,
                seconds * 1000,
                extra={"key_id": None if caller is None else caller.key_id},
            )


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("latin-1") if _GIVEN.fullmatch(given) else token_hex(8)


def _measure(scope: Scope, status: int, seconds: float) -> None:
    attributes = {
        "http.request.method": scope["method"],
        "http.response.status_code": status,
        "http.route": _route(scope),
    }
    record(REQUEST, seconds, attributes)


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", None) or UNMATCHED
