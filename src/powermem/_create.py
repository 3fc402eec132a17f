"""The function form of the sync constructor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powermem._sync.memory import Memory
    from powermem.config import MemoryConfig


def create_memory(config: Mapping[str, Any] | MemoryConfig | None = None, **options: Any) -> Memory:
    """Create a :class:`powermem.Memory`.

    Args:
        config: as for ``Memory``; ``None`` reads the environment.
        **options: the keyword arguments of ``Memory``.

    Returns:
        The memory, not yet connected to anything.
    """
    from powermem._sync.memory import Memory

    return Memory(config, **options)
