"""The parts of the application. Each can be switched off, and is left out while its packages are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol, cast

from fastapi import FastAPI

from ..errors import ConfigError
from .service import Service


class Installs(Protocol):
    """A module of a part."""

    def install(self, app: FastAPI, service: Service) -> None:
        """Add the routes of the part, and register what it needs at the service."""


class Part(NamedTuple):
    """A part: its name in ``server.disabled``, its module, and a package that it needs besides FastAPI."""

    name: str
    module: str
    needs: str | None = None


PARTS = (
    Part("v1", "powermem.server.v1"),
    Part("memos", "powermem.server.memos"),
    Part("mem0", "powermem.server.mem0"),
    Part("upstream", "powermem.server.upstream"),
    Part("mcp", "powermem.server.mcp", needs="mcp"),
    Part("dashboard", "powermem.server.dashboard"),
)  # fmt: skip
"""In the order in which they are added."""


def chosen(disabled: Collection[str]) -> Iterator[Installs]:
    """Yield the modules of the parts that are not switched off.

    Raises:
        ConfigError: a name in ``server.disabled`` is that of no part.
    """
    names = [part.name for part in PARTS]
    for name in disabled:
        if name not in names:
            raise ConfigError(f"server.disabled: there is no part {name!r}; there are {', '.join(names)}")
    for part in PARTS:
        if part.name not in disabled and (part.needs is None or find_spec(part.needs) is not None):
            yield cast("Installs", import_module(part.module))
