"""Opening a memory and closing it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .._concurrency import AsyncKeyedLock, AsyncOwner, async_shield
from ..errors import ClosedError, InvalidInputError
from ..inputs import Id, check_count, check_flag, check_id, check_scope, check_seconds
from ..types import Scope

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..config import MemoryConfig, Settings
    from .engine import AsyncEngine, Parts
    from .processing.handle import AsyncWatcher
    from .storage import AsyncUsedConfig

_logger = logging.getLogger("powermem")


class AsyncLifecycle:
    """Reads a configuration, and holds a share of the engine that belongs to it."""

    def __init__(
        self,
        config: Mapping[str, Any] | MemoryConfig | None = None,
        *,
        agent_id: Id | None = None,
        conn: object = None,
        auto_process: bool = False,
        batch_threshold: int = 10,
        max_retries: int = 2,
    ) -> None:
        # Models, stores and the configuration's classes load with the first instance, not with the import.
        from .engine import ENGINES, Share, design_of

        self._auto_process = check_flag(auto_process, "auto_process")
        self._batch_threshold = check_count(batch_threshold, "batch_threshold", least=1)
        self._max_retries = check_count(max_retries, "max_retries", least=0)
        self._design = design_of(config, conn, self._max_retries)
        self._config, self._settings, self._zone = (
            self._design.config,
            self._design.settings,
            self._design.zone,
        )
        self._agent_id = check_id(agent_id, "agent_id")
        self._owner = AsyncOwner()
        self._closed = False
        self._engines = ENGINES
        self._share = Share()
        self._held: AsyncEngine | None = None
        self._woken = False
        self._asking = AsyncKeyedLock()
        self._prepare()
        if config is None and conn is None:
            _logger.info("no configuration given: %s", _summary(self._settings))
        if self._config.has_unused_reranker:
            _logger.warning("the reranker is not used: set reranker.enabled (RERANKER_ENABLED) to true")
        if self._settings.ignored:
            _logger.warning(
                "these settings have no effect in this version: %s", ", ".join(self._settings.ignored)
            )

    def _prepare(self) -> None:
        """Make what the classes on top of this one need; called once, by the constructor."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | MemoryConfig | None = None, **options: Any) -> Self:
        """Make a memory from a configuration; the same as calling the class."""
        return cls(config, **options)

    @property
    def config(self) -> AsyncUsedConfig:
        """The configuration; ``config.storage.build()`` creates the tables."""
        from .storage import AsyncUsedConfig

        return AsyncUsedConfig.of(self._config if self._held is None else self._held.config, self)

    async def initialize(self) -> None:
        """Open store and providers. Calling it again, or from two tasks at once, does no harm.

        Raises:
            ConfigError: the configured store is not available.
            StoreError: the store cannot be opened.
            ClosedError: the memory was closed, or belongs to another event loop.
        """
        # Also with another embedder's vectors, since `reembed()` is called on an open memory.
        await self._ready(any_vectors=True)

    async def close(self, drain: bool = True, timeout: float | None = 30) -> None:
        """Finish what is under way and close everything. Calling it again does no harm; other calls then
        fail.

        What other instances of the same configuration use as well is closed with the last of them.

        Args:
            drain: finish the background work that was begun here; otherwise park it until the next start.
            timeout: seconds that finishing may take; what takes longer is parked.
        """
        self._owner.check()
        drain, timeout = check_flag(drain, "drain"), check_seconds(timeout, "timeout")
        # A caller who gives up waiting must not leave the file half closed.
        await async_shield(partial(self._close, drain, timeout))
        # Whoever comes now is told that it is closed, whatever event loop that is.
        self._owner.release()

    async def _close(self, drain: bool, timeout: float | None) -> None:
        again, self._closed = self._closed, True
        engine = self._held
        if engine is None or engine.is_over:
            return
        if not self._engines.release(engine, self._share):
            # Work that the first call parked is not waited for by the one at the end of the block.
            if drain and not again:
                await engine.finish(self._share, timeout)
            return
        await engine.close(drain, timeout)

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    def __del__(self) -> None:
        # The constructor may have failed.
        engine: AsyncEngine | None = getattr(self, "_held", None)
        if engine is None or self._closed or engine.parts is None or engine.process != os.getpid():
            return
        if len(engine.holders) > 1 or self._attends:
            # Somebody else uses it, or the next request will.
            return
        unclosed = "a memory was dropped without being closed: call close(), or use it in a with statement"
        warnings.warn(unclosed, ResourceWarning, stacklevel=2, source=self)

    @property
    def _attends(self) -> bool:
        """Whether nobody is expected to close it."""
        return False

    @property
    def _parts(self) -> Parts | None:
        return None if self._held is None or self._closed else self._held.parts

    @property
    def _watcher(self) -> AsyncWatcher:
        return self._engine().watcher

    def _engine(self) -> AsyncEngine:
        """Return the engine of this instance, which need not be open."""
        engine = self._held
        if engine is None or engine.process != os.getpid():
            engine = self._engines.acquire(self._design, self._share)
            self._acquired(engine)
            self._held = engine
        return engine

    def _acquired(self, engine: AsyncEngine) -> None:
        """Set what was asked for before there was an engine."""

    async def _ready(self, *, any_vectors: bool = False) -> Parts:
        """Return the parts, opened.

        Raises:
            EmbeddingMismatchError: the store holds another embedder's vectors, unless ``any_vectors`` is set.
        """
        self._owner.check()
        self._check_open()
        parts = await self._engine().open()
        if not any_vectors and parts.encoder.refuses:
            await parts.encoder.admit()
        if self._auto_process and not self._woken and not parts.encoder.refuses:
            self._woken = True
            if self._settings.processing.resume and not parts.store.read_only:
                parts.processor.wake()
        return parts

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("this memory was closed; make a new one")

    async def _create_tables(self) -> None:
        self._owner.check()
        self._check_open()
        await self._engine().create_tables()

    def _scope(self, user_id: object, agent_id: object, run_id: object, *, required: bool = False) -> Scope:
        scope = check_scope(user_id, self._agent_id if agent_id is None else agent_id, run_id)
        if required and scope == Scope() and self._settings.security.require_scope:
            raise InvalidInputError(
                "give user_id, agent_id or run_id: security.require_scope allows no call for everybody"
            )
        return scope


def _summary(settings: Settings) -> str:
    path = getattr(settings.store.config, "database_path", "")
    return (
        f"store {settings.store.provider} {path}, embedder {settings.embedder.provider}, "
        f"llm {settings.llm.provider}"
        + (" (facts come from rules)" if settings.llm.protocol == "none" else "")
    )
