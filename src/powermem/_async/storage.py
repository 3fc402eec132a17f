"""The configuration as ``memory.config`` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pydantic import PrivateAttr

from ..config import MemoryConfig
from ..inputs import named

if TYPE_CHECKING:
    from typing_extensions import Self


class AsyncBuilding(Protocol):
    """The memory, as far as this needs it."""

    async def _create_tables(self) -> None: ...


@named("AsyncMemory.config.storage")
class AsyncStorage:
    """The tables in the database.

    Args:
        memory: whose they are.
    """

    def __init__(self, memory: AsyncBuilding) -> None:
        self._memory = memory

    async def build(self) -> None:
        """Create the tables, or bring them to this version. Afterwards nothing stays open.

        Calling it again, or from several processes at once, does no harm. A memory that is used creates them
        by itself.

        Raises:
            ConfigError: the configured store is not available.
            StoreError: the store cannot be opened.
            ClosedError: the memory was closed, or belongs to another event loop.
        """
        await self._memory._create_tables()


class AsyncUsedConfig(MemoryConfig):
    """The configuration that a memory uses."""

    _storage: AsyncStorage = PrivateAttr()

    @classmethod
    def of(cls, config: MemoryConfig, memory: AsyncBuilding) -> Self:
        """Return a memory's configuration."""
        used = cls.model_construct(config.model_fields_set, **vars(config))
        used._storage = AsyncStorage(memory)
        return used

    @property
    def storage(self) -> AsyncStorage:
        """The tables in the database."""
        return self._storage
