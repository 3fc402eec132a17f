"""Configuration: what may be set, where it is read from, and what it comes to."""

from __future__ import annotations

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
