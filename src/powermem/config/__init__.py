"""Configuration: the settings, their sources, and their resolved values.

The names resolve on first use, so that what only asks for a hint or a name loads no class of a section.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .environment import auto_config, load_config, load_config_from_env
    from .models import MemoryConfig
    from .resolution import resolve, validate_config
    from .settings import (
        EmbedderSettings,
        ProviderSettings,
        RerankerSettings,
        Settings,
        StoreSettings,
        VisionSettings,
    )

__all__ = [
    "EmbedderSettings",
    "MemoryConfig",
    "ProviderSettings",
    "RerankerSettings",
    "Settings",
    "StoreSettings",
    "VisionSettings",
    "auto_config",
    "load_config",
    "load_config_from_env",
    "resolve",
    "validate_config",
]

_HOMES = {
    "MemoryConfig": "models",
    "auto_config": "environment",
    "load_config": "environment",
    "load_config_from_env": "environment",
    "resolve": "resolution",
    "validate_config": "resolution",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'settings')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
