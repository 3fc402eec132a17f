# Generated from src/powermem/_async/used_config.py by scripts/run_unasync.py; edit that file instead.
"""The configuration as ``memory.config`` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from .._core.inputs import named
from ..config import MemoryConfig

if TYPE_CHECKING:
    from typing_extensions import Self

    from .access import Access


@named("Memory.config.storage")
class Storage:
    """The tables in the database.

    Args:
        access: the memory's access to its engine.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def build(self) -> None:
        """Create the tables, or migrate them to this version. Nothing stays open.

        Calling it again, or from several processes at once, does no harm. A memory also creates them when it
        is opened.

        Raises:
            ConfigError: the configured store is not available.
            StoreError: the store cannot be opened.
            ClosedError: the memory was closed, or belongs to another event loop.
        """
        self._access.create_tables()


class UsedConfig(MemoryConfig):
    """The configuration that a memory uses."""

    _storage: Storage = PrivateAttr()

    @classmethod
    def of(cls, config: MemoryConfig, access: Access) -> Self:
        """Return a memory's configuration."""
        used = cls.model_construct(config.model_fields_set, **vars(config))
        used._idle = config._idle
        used._storage = Storage(access)
        return used

    @property
    def storage(self) -> Storage:
        """The tables in the database."""
        return self._storage
