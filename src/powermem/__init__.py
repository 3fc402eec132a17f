"""A memory that lasts for AI agents.

The names resolve on first use: importing ``powermem`` loads no database driver, no HTTP client and no numpy.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from powermem._version import __version__
from powermem.errors import (
    AuthenticationError,
    ClosedError,
    ConfigError,
    EmbeddingMismatchError,
    ExtractionError,
    FilterError,
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
    UnsupportedLLMProviderError,
    UserMovedError,
)

if TYPE_CHECKING:
    from powermem._async.memory import AsyncMemory
    from powermem._async.processing.handle import AsyncProcessTask
    from powermem._core.results.recalled import RecalledFact
    from powermem._core.tasks.task import ProcessStatus
    from powermem._create import create_memory
    from powermem._sync.memory import Memory
    from powermem._sync.processing.handle import ProcessTask
    from powermem.config import MemoryConfig, auto_config, load_config_from_env, validate_config
    from powermem.config.registry import register_embedder, register_llm
    from powermem.types import MemoryRecord

__all__ = [
    "AsyncMemory",
    "AsyncProcessTask",
    "AuthenticationError",
    "ClosedError",
    "ConfigError",
    "EmbeddingMismatchError",
    "ExtractionError",
    "FilterError",
    "InvalidInputError",
    "Memory",
    "MemoryConfig",
    "MemoryRecord",
    "NotFoundError",
    "PowerMemError",
    "ProcessStatus",
    "ProcessTask",
    "ProcessTimeout",
    "ProviderError",
    "ProviderTimeoutError",
    "QuotaExceededError",
    "RateLimitError",
    "RecalledFact",
    "StoreError",
    "StoreUnavailableError",
    "UnsupportedLLMProviderError",
    "UserMovedError",
    "__version__",
    "auto_config",
    "create_memory",
    "load_config_from_env",
    "register_embedder",
    "register_llm",
    "validate_config",
]

_HOMES = {
    "AsyncMemory": "powermem._async.memory",
    "AsyncProcessTask": "powermem._async.processing.handle",
    "Memory": "powermem._sync.memory",
    "MemoryConfig": "powermem.config",
    "MemoryRecord": "powermem.types",
    "ProcessStatus": "powermem._core.tasks.task",
    "ProcessTask": "powermem._sync.processing.handle",
    "RecalledFact": "powermem._core.results.recalled",
    "auto_config": "powermem.config",
    "create_memory": "powermem._create",
    "load_config_from_env": "powermem.config",
    "register_embedder": "powermem.config.registry",
    "register_llm": "powermem.config.registry",
    "validate_config": "powermem.config",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from powermem._core.hints.names import MODULE_NAMES

        if name in MODULE_NAMES:
            # Python replaces the text of an AttributeError when a name is imported.
            raise ImportError(f"powermem has no {name!r}: {MODULE_NAMES[name]}", name=__name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


class _Former(ModuleType):
    """A module of 2.0.0b1 that pickles name; what is public of it is imported from ``powermem``."""

    def __getattr__(self, name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        said = f"{self.__name__}.{name} is deprecated: import {name} from powermem"
        warnings.warn(said, DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[__name__], name)


for _name in ("powermem.recalled", "powermem.tasks"):
    sys.modules[_name] = _Former(_name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
