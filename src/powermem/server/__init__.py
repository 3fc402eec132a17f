"""One ASGI application on `AsyncMemory`; the extra ``server`` installs what it needs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._core.hints.extras import pip_install
from ..errors import ConfigError

if TYPE_CHECKING:
    from .application import create_app
    from .caller import Caller, Permission
    from .keys import KeyRing
    from .process import serve
    from .service import Service
    from .tokens import TokenAuthentication

__all__ = ["Caller", "KeyRing", "Permission", "Service", "TokenAuthentication", "create_app", "serve"]

_HOMES = {
    "Caller": "caller",
    "KeyRing": "keys",
    "Permission": "caller",
    "Service": "service",
    "TokenAuthentication": "tokens",
    "create_app": "application",
    "serve": "process",
}


def __getattr__(name: str) -> Any:
    # Resolved on first use, so that the command line can say what is missing.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("powermem"):
            raise
        raise ConfigError(
            f"serving needs the package {error.name!r}, which is not installed; run: {pip_install('server')}"
        ) from error
    globals()[name] = value
    return value
