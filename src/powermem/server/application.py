"""The ASGI application: middlewares, routes, and the time in which they serve."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from .._async.memory import AsyncMemory
from .._version import __version__
from ..config import MemoryConfig
from ..errors import PowerMemError
from . import health, parts
from .authentication import Authenticate, Authentication
from .description import describe
from .limits import Attendance
from .problems import problem_of
from .requests import REQUEST_ID, Requests
from .service import Service, service_of

# Later versions of FastAPI record queries and errors, which may hold what somebody said; see Requests.
_QUIET: dict[str, Any] = (
    {"telemetry": dict.fromkeys(("tracing", "metrics", "logs", "operation_spans"), False)}
    if "telemetry" in inspect.signature(FastAPI).parameters
    else {}
)


def create_app(
    config: Mapping[str, Any] | MemoryConfig | None = None,
    *,
    memory: AsyncMemory | None = None,
    authenticate: Authenticate | None = None,
) -> FastAPI:
    """Make the application. It does no I/O; the memory opens when it starts, or else at the first request.

    To mount it in another application, run its lifespan too: ``app.state.powermem.running()`` is an async
    context manager.

    Args:
        config: a ``dict``, a ``MemoryConfig``, or ``None`` for what ``auto_config()`` finds. Its section
            ``server`` has the settings of the application.
        memory: the memory to serve, which remains the caller's to close; otherwise one of ``config``.
        authenticate: an async function from a Starlette ``HTTPConnection`` to a `Caller`, or ``None`` to
            refuse; otherwise the keys of ``powermem keys`` and of ``server.api_keys`` decide.

    Returns:
        The application; ``app.state.powermem`` is its `Service`.

    Raises:
        ConfigError: the configuration is wrong.
    """
    owned = memory is None
    if memory is None:
        memory = AsyncMemory(config)
    service = Service(memory, memory._access.config.server, owned=owned, authenticate=authenticate)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="powermem",
        version=__version__,
        lifespan=lifespan,
        middleware=_middleware(service),
        exception_handlers=dict.fromkeys((PowerMemError, HTTPException, RequestValidationError), _answer),
        docs_url=None,
        redoc_url=None,
        # A redirect of a POST would lose its body with some clients.
        redirect_slashes=False,
        **_QUIET,
    )
    app.state.powermem = service
    service.open_to_everybody("/openapi.json")
    health.install(app, service)
    for part in parts.chosen(service.settings.disabled):
        part.install(app, service)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


def _middleware(service: Service) -> list[Middleware]:
    settings = service.settings
    found = []
    if settings.cors_origins:
        # Outside the others, so that a page can read their errors too.
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=["X-Request-Id", "Retry-After"],
            )
        )
    return [
        *found,
        Middleware(Requests, service=service),
        Middleware(Attendance, max_body=settings.max_body_bytes, timeout=settings.request_timeout),
        Middleware(Authentication, service=service),
    ]


async def _answer(request: Request, error: Exception) -> Response:
    return service_of(request).render(request.scope["path"], problem_of(error), REQUEST_ID.get())
