"""Adapters for agent frameworks, and the neutral core that they are made of.

Each framework has a module, which needs its package, and an extra that installs it. The names here need
none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powermem._async.integrations.agent import AsyncAgentMemory
    from powermem._async.integrations.files import AsyncMemoryFiles
    from powermem._async.integrations.history import AsyncSessionHistory
    from powermem._core.integrations.documents import (
        DocumentConflictError,
        Mutation,
        Operation,
        OperationConflictError,
    )
    from powermem._core.integrations.files import FoundFile, MemoryFile
    from powermem._core.integrations.messages import AgentMessage
    from powermem._sync.integrations.agent import AgentMemory
    from powermem._sync.integrations.files import MemoryFiles
    from powermem._sync.integrations.history import SessionHistory

__all__ = [
    "AgentMemory",
    "AgentMessage",
    "AsyncAgentMemory",
    "AsyncMemoryFiles",
    "AsyncSessionHistory",
    "DocumentConflictError",
    "FoundFile",
    "MemoryFile",
    "MemoryFiles",
    "Mutation",
    "Operation",
    "OperationConflictError",
    "SessionHistory",
]

_HOMES = {
    "AgentMemory": "_sync.integrations.agent",
    "AgentMessage": "_core.integrations.messages",
    "AsyncAgentMemory": "_async.integrations.agent",
    "AsyncMemoryFiles": "_async.integrations.files",
    "AsyncSessionHistory": "_async.integrations.history",
    "DocumentConflictError": "_core.integrations.documents",
    "FoundFile": "_core.integrations.files",
    "MemoryFile": "_core.integrations.files",
    "MemoryFiles": "_sync.integrations.files",
    "Mutation": "_core.integrations.documents",
    "Operation": "_core.integrations.documents",
    "OperationConflictError": "_core.integrations.documents",
    "SessionHistory": "_sync.integrations.history",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"powermem.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
