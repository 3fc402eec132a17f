"""One memory's access to the engine that instances of its configuration share."""

from __future__ import annotations

import os
import warnings
from functools import partial

from .._concurrency import AsyncOwner, async_shield
from ..config import MemoryConfig
from ..errors import ClosedError
from .assembly import Components, Design, Share, overview
from .clients.keeper import BATCH_SIZE
from .engine import ENGINES, AsyncEngine


class AsyncAccess:
    """Makes the engine at the first call, opens it, and releases it.

    Args:
        design: configuration and options of the engine.
        resumes: whether opening also starts background work.

    Attributes:
        share: keeps the engine open.
        admitted: the engine, once a call has passed every check, so that later calls skip them.
        attends: whether LLM clients are registered, so that the caller need not close it.
    """

    def __init__(self, design: Design, *, resumes: bool) -> None:
        self.share = Share()
        self.admitted: AsyncEngine | None = None
        self.attends = False
        self._design = design
        self._resumes = resumes
        self._owner = AsyncOwner()
        self._engine: AsyncEngine | None = None
        # Set before the engine exists.
        self._width: int | None = None
        self._batch_size: int | None = None

    def check_place(self) -> None:
        """Refuse a call from another event loop, or after a fork.

        Raises:
            ClosedError: it is one of these.
        """
        self._owner.check()

    def check(self) -> None:
        """Refuse a call on a closed memory, from another event loop, or after a fork.

        Raises:
            ClosedError: it is one of these.
        """
        self._owner.check()
        self.check_open()

    def check_open(self) -> None:
        """Refuse a call on a closed memory.

        Raises:
            ClosedError: it was closed.
        """
        if self.share.ended:
            raise ClosedError("this memory was closed; make a new one")

    @property
    def forked(self) -> bool:
        """Whether the memory was used before the caller's process was forked."""
        return self._owner.forked

    @property
    def config(self) -> MemoryConfig:
        """The configuration; once the engine is open, with the database that was found."""
        return self._design.config if self._engine is None else self._engine.config

    @property
    def components(self) -> Components | None:
        """The components, if they are open."""
        return None if self._engine is None or self.share.ended else self._engine.components

    def overview(self) -> dict[str, str]:
        """Return, without any I/O, what a person may want to see of the memory, by name."""
        components = self.components
        state = "closed" if self.share.ended else "not open yet" if components is None else "open"
        return {**overview(self._design.settings, components), "state": state}

    def engine(self) -> AsyncEngine:
        """Return the engine, which need not be open."""
        engine = self._engine
        if engine is None or engine.process != os.getpid():
            engine = ENGINES.acquire(self._design, self.share)
            if self._width is not None:
                engine.resize(self._width)
            if self._batch_size is not None:
                engine.keeper.batch_size = self._batch_size
            self._engine = engine
        return engine

    async def open(self, *, any_vectors: bool = False) -> Components:
        """Return the components, opened.

        Raises:
            EmbeddingMismatchError: the store holds another embedder's vectors, unless ``any_vectors`` is set.
            ClosedError: see ``check``.
        """
        self.check()
        engine = self.engine()
        components = await engine.open()
        encoder = components.encoder
        if not any_vectors and encoder.refuses:
            await encoder.admit()
        if self._resumes and not encoder.refuses:
            self._resumes = False
            if self._design.settings.processing.resume and not components.store.read_only:
                components.processor.wake()
        if encoder.fits:
            self.admitted = engine
        return components

    async def create_tables(self) -> None:
        """Create or migrate the tables, and leave nothing open that was not before."""
        self.check()
        await self.engine().create_tables()

    async def close(self, drain: bool, timeout: float | None) -> None:
        """Finish or park work under way; close the engine, unless other memories use it."""
        # Shielded, so that cancelling the caller does not leave the file half closed.
        await async_shield(partial(self._close, drain, timeout))
        # From now on calls from any event loop raise that the memory is closed.
        self._owner.release()

    async def _close(self, drain: bool, timeout: float | None) -> None:
        again, self.share.ended = self.share.ended, True
        self.admitted = None
        engine = self._engine
        if engine is None or engine.is_over:
            return
        if ENGINES.release(engine, self.share):
            await engine.close(drain, timeout)
        elif drain and not again:
            # Only the first time: the end of a `with` block does not wait for work parked by an earlier call.
            await engine.finish(self.share, timeout)

    def __del__(self) -> None:
        engine = self._engine
        if engine is None or self.share.ended or engine.components is None or engine.process != os.getpid():
            return
        if len(engine.holders) > 1 or (self.attends and self._design.key is not None):
            # Another memory uses it, or the next request will.
            return
        unclosed = "a memory was dropped without being closed: call close(), or use it in a with statement"
        warnings.warn(unclosed, ResourceWarning, stacklevel=2, source=self)

    @property
    def width(self) -> int:
        """How many users' conversations are processed concurrently."""
        if self._engine is not None:
            return self._engine.width
        return self._width or self._design.settings.processing.concurrency

    @width.setter
    def width(self, width: int) -> None:
        self._width = width
        if self._engine is not None:
            self._engine.resize(width)

    @property
    def batch_size(self) -> int:
        """Maximum number of exchanges written in one transaction."""
        if self._engine is not None:
            return self._engine.keeper.batch_size
        return self._batch_size or BATCH_SIZE

    @batch_size.setter
    def batch_size(self, size: int) -> None:
        self._batch_size = size
        if self._engine is not None:
            self._engine.keeper.batch_size = size
