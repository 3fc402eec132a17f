"""Serve in this process, or in several that share one address and one store."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from secrets import token_hex
from typing import Any

import uvicorn
from fastapi import FastAPI

from .._async.memory import AsyncMemory
from .._core import garbage
from ..config import MemoryConfig
from ..config.sections import Server
from ..errors import ConfigError
from . import logs
from .application import create_app
from .authentication import is_local
from .keys import KeyRing
from .metrics import FOLDER

OPTIONS = "POWERMEM_SERVER_OPTIONS"
"""The variable that tells a worker where its configuration is; it holds paths and numbers, no secret."""

_FACTORY = "powermem.server.process:application"


def serve(config: Mapping[str, Any], options: Namespace) -> None:
    """Serve until a signal arrives: the first one finishes what is under way.

    Args:
        config: the configuration.
        options: where the configuration is, for the workers.

    Raises:
        ConfigError: the address is not a loopback one, and there is no key; or something else is wrong.
    """
    checked = MemoryConfig(**config)
    settings = checked.server
    if not is_local(settings.host) and not settings.api_keys and not asyncio.run(_has_keys(checked)):
        raise ConfigError(
            f"server.host: {settings.host} can be reached from other machines, so it needs a key; make one "
            "with `powermem keys create`, or set server.api_keys"
        )
    logs.configure(settings.log_level, settings.log_format)
    with ExitStack() as stack:
        if settings.workers > 1 and not os.environ.get(FOLDER):
            os.environ[FOLDER] = stack.enter_context(tempfile.TemporaryDirectory(prefix="powermem-metrics-"))
        if settings.workers > 1:
            # A secret that the workers share, for questions that one asks and another gets the answer to.
            os.environ.setdefault("POWERMEM_MCP_STATE_KEY", token_hex(32))
            os.environ[OPTIONS] = json.dumps(vars(options))
            garbage.started()
            uvicorn.run(_FACTORY, factory=True, workers=settings.workers, **_options(settings))
        else:
            uvicorn.run(_permanent(create_app(checked)), **_options(settings))


def application() -> FastAPI:
    """Make the application of one of several workers, which each read the configuration."""
    from ..cli.serving import chosen

    config = MemoryConfig(**chosen(Namespace(**json.loads(os.environ[OPTIONS]))))
    logs.configure(config.server.log_level, config.server.log_format)
    return _permanent(create_app(config))


def _permanent(app: FastAPI) -> FastAPI:
    """Exempt what exists once the application has started from garbage collection."""
    start = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        # What is loaded by now, so that opening a store is collected as usual; and then what that left.
        garbage.started()
        async with start(app) as state:
            garbage.started()
            loading = asyncio.create_task(_load(app.state.powermem.memory))
            yield state
            await loading

    app.router.lifespan_context = lifespan
    return app


async def _load(memory: AsyncMemory) -> None:
    """Load what finds facts, while requests are answered already."""
    components = memory._access.components
    if components is not None:
        await components.extractor.load()
        garbage.started()


def _options(settings: Server) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        # Our own is set already, and has a line for each request.
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "lifespan": "on",
        "timeout_graceful_shutdown": max(1, round(settings.drain_timeout)),
    }


async def _has_keys(config: MemoryConfig) -> bool:
    memory = AsyncMemory(config)
    try:
        return await KeyRing(memory).exist()
    finally:
        await memory.close(drain=False)
