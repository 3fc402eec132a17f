"""The engine that instances of one configuration share: open store, models and background work."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from time import monotonic
from weakref import WeakSet

from .._concurrency import (
    AsyncAtExit,
    AsyncLock,
    AsyncWorker,
    async_has_ended,
    async_residence,
    async_shield,
    async_to_thread,
)
from .._core.embedding.weights import PROVIDER
from .._core.forks import free_in_child, undivided
from .._core.ids import new_id
from .._core.inputs import Observer
from .._core.tasks.task import OPEN, ProcessStatus
from .._core.values import Scope
from ..config.conn import settled
from ..config.resolution import store_settings
from ..errors import ClosedError, EmbeddingMismatchError, PowerMemError, ProcessTimeout
from .assembly import Components, Design, Share, assemble
from .clients.keeper import AsyncKeeper
from .processing.handle import AsyncProcessTask, AsyncWatcher
from .processing.scheduler import Asked, AsyncSubmitter
from .stores.factory import build_store
from .stores.server.recognize import async_locate

_logger = logging.getLogger("powermem")

# Seconds that storing requested tasks may take at least when closing.
_SUBMITTING = 5.0

# Seconds that the end of the process, or of the event loop, waits for the last messages to be stored.
_AT_EXIT = 5.0


class Opening:
    """The progress of an opening that was requested in advance.

    Attributes:
        since: start time, of ``monotonic``.
        done: is resolved when it ends, successfully or not.
    """

    def __init__(self) -> None:
        self.since = monotonic()
        self.done: Future[None] = Future()


# Held only briefly.
_warming = threading.RLock()
free_in_child(_warming)


class AsyncEngine:
    """Builds the components from a configuration, opens them once, and closes them.

    Args:
        design: its configuration and options.

    Attributes:
        affinity: its event loop; in threads, a stand-in for the process.
        process: the id of its process.
        holders: its shares; without any it is not in use.
        config: the configuration.
        settings: the resolved configuration.
        components: its parts, once it is open.
        closed: whether it was closed.
        watcher: follows the tasks created here.
        submitter: stores requested tasks from a background worker.
        keeper: stores conversations with language models.
    """

    def __init__(self, design: Design) -> None:
        self.affinity = async_residence()
        self.process = os.getpid()
        self.holders: WeakSet[Share] = WeakSet()
        self.config, self.settings, self.place = design.config, design.settings, design.place
        self.components: Components | None = None
        self.closed = False
        processing = design.settings.processing
        self.watcher = AsyncWatcher(processing.poll_interval)
        self.submitter = AsyncSubmitter(self._submit)
        self.keeper = AsyncKeeper(self.open)
        self.width = processing.concurrency
        self._design = design
        self._opening = AsyncLock()
        self._file: tuple[int, int] | None = None
        self._at_exit = AsyncAtExit(self._close_at_exit)
        self._warm: Opening | None = None
        self._warmer = AsyncWorker("powermem-opening", self._open_early)

    @property
    def is_over(self) -> bool:
        """Whether its process or event loop is gone, so that it cannot even be closed."""
        return self.process != os.getpid() or async_has_ended(self.affinity)

    @property
    def is_current(self) -> bool:
        """Whether a new instance can use it: it is usable, and its file still exists."""
        return not self.closed and not self.is_over and self._file in (None, self._identify_file())

    async def open(self) -> Components:
        """Return the open components; the encoder knows whether the store's vectors fit."""
        components = self.components
        if components is not None:
            return components
        # Also before waiting: `close` holds the lock while it waits for observers, which may call back.
        self._check_open()
        async with self._opening:
            self._check_open()
            if self.components is None:
                # If the caller is cancelled, opening continues, for the next call and for `close`.
                await async_shield(self._open)
            components = self.components
            assert components is not None
            return components

    async def create_tables(self) -> None:
        """Create or migrate the tables, and leave nothing open that was not before."""
        async with self._opening:
            self._check_open()
            if self.components is None:
                await async_shield(self._open_store_once)

    def warm(self) -> Opening:
        """Start opening it and loading a local model, once, and return the progress."""
        with _warming:
            opening = self._warm
            if opening is None:
                opening = self._warm = Opening()
                if self.components is None:
                    self.keeper.bridge.call_soon(self._warmer.start)
                else:
                    opening.done.set_result(None)
        return opening

    def submit(self, scope: Scope, maker: object) -> AsyncProcessTask:
        """Create a task and return its handle at once; it is stored in the background."""
        task_id = new_id()
        handle = self.watcher.watch(task_id, scope.user_id, maker=maker)
        try:
            self.submitter.ask(task_id, scope)
        except BaseException:
            self.watcher.forget([handle])
            raise
        return handle

    def resize(self, width: int) -> None:
        """Set how many users' conversations are processed concurrently."""
        self.width = width
        if self.components is not None:
            self.components.processor.resize(width)

    async def finish(self, share: Share, timeout: float | None) -> None:
        """Wait until the work started for a share is done, or for the timeout (seconds)."""
        deadline = None if timeout is None else monotonic() + timeout
        await self.keeper.settle(timeout)
        components = self.components
        # Without a worker in this process, waiting would not end.
        if components is None or not components.processor.claiming:
            return
        for handle in self.watcher.made_by(share):
            try:
                await handle.wait(None if deadline is None else max(0.0, deadline - monotonic()))
            except (ProcessTimeout, ClosedError) as error:
                _logger.warning("closing with work under way: %s", error)
                return

    async def close(self, drain: bool, timeout: float | None) -> None:
        """Finish or park work under way, and close everything. Further calls have no effect."""
        await self.keeper.close(timeout, learn=drain)
        # Requested tasks are stored before the store closes, even if there is no time to run them.
        await self.submitter.close(None if timeout is None else max(timeout, _SUBMITTING))
        async with self._opening:
            self.closed = True
            components, self.components = self.components, None
            if components is None:
                self.watcher.close()
            else:
                await components.close(drain, timeout)
        self._at_exit.cancel()

    async def _open_early(self, stopping: object) -> None:
        assert self._warm is not None
        try:
            await self.open()
            if self.settings.embedder.provider == PROVIDER:
                from .._core.embedding.local import local_model

                await async_to_thread(local_model(self.settings.embedder.model or "").load)
        except Exception as error:
            # The next call that needs it retries, and raises the error.
            _logger.warning("the memory could not be opened: %r", error)
        finally:
            self._warm.done.set_result(None)

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedError("this memory was closed; make a new one")

    async def _close_at_exit(self) -> None:
        # In a forked child, the engine and the threads it would wait for belong to the parent.
        if self.process != os.getpid():
            return
        # On a separate thread, so that a hang does not keep the process alive.
        closing = AsyncWorker("powermem-closing", self._close_undrained)
        try:
            closing.start()
        except PowerMemError:
            # Since Python 3.12 no thread can be started at process exit. Each part waits for a limited time.
            await self.close(False, _AT_EXIT)
        else:
            await closing.join(_AT_EXIT)

    async def _close_undrained(self, stopping: object) -> None:
        await self.close(False, _AT_EXIT)

    async def _submit(self, asked: Sequence[Asked]) -> None:
        try:
            components = await self.open()
            await components.scheduler.enqueue(asked, again=True)
        except Exception as error:
            self.watcher.fail((task_id for task_id, _ in asked), error)
        else:
            self.watcher.stored(task_id for task_id, _ in asked)

    async def _open_store_once(self) -> None:
        with undivided():
            await self._locate()
            store = build_store(self.settings, self.place)
            try:
                await store.open()
            finally:
                await store.close()

    async def _locate(self) -> None:
        """Query the kind of a database given as ``conn``, unless its URL says it."""
        if self.place is None or self.place.sure:
            return
        found = await async_locate(self.place, self.settings.store)
        self.config, self.place = settled(self._design.given, found)
        self.settings = replace(self.settings, store=store_settings(self.config))

    async def _open(self) -> None:
        with undivided():
            await self._locate()
            components = assemble(
                self._design, self.settings, self.place, self.watcher, self.submitter, _Observers(self)
            )
            try:
                await components.store.open()
                try:
                    await components.encoder.check()
                except EmbeddingMismatchError as error:
                    components.encoder.refuse(error)
                else:
                    await self._resume(components)
            except BaseException:
                await components.disconnect()
                raise
        components.processor.resize(self.width)
        self._file = self._identify_file()
        self.components = components
        self._at_exit.start()

    async def _resume(self, components: Components) -> None:
        """Continue unfinished work, if there is any."""
        if components.store.read_only:
            return
        # Failed tasks may have exceeded a budget that has been renewed since.
        left = OPEN | {ProcessStatus.FAILED}
        if self.settings.processing.resume and await components.store.list_tasks(Scope(), left, limit=1):
            components.processor.wake()

    def _identify_file(self) -> tuple[int, int] | None:
        """Return the device and inode of the database file now, if there is one."""
        path = getattr(self.settings.store.config, "database_path", None)
        if path is None:
            return None
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return None
        return found.st_dev, found.st_ino


class _Observers:
    """The callbacks of all shares of an engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def __iter__(self) -> Iterator[Observer]:
        for share in ENGINES.shares(self._engine):
            yield from list(share.observers)


class AsyncEngines:
    """The engines of this process: one for each configuration and event loop.

    An engine whose last instance was dropped without being closed stays open for the next instance of its
    configuration, so that one instance per request opens nothing. A few of these are kept. Others, and those
    that cannot be shared, are closed when another instance is made; all are closed at the end of the event
    loop or process.
    """

    # The number of engines without a share that stay open.
    _IDLE = 4

    def __init__(self) -> None:
        self._engines: dict[tuple[object, Hashable], AsyncEngine] = {}
        # Engines of the parent process. Garbage-collecting them would close its files.
        self._foreign: list[AsyncEngine] = []
        self._begin()

    def _begin(self) -> None:
        # Reentrant, since garbage collection may run at any time.
        self._lock = threading.RLock()

    def acquire(self, design: Design, share: Share) -> AsyncEngine:
        """Return the engine of a configuration, which the share keeps open.

        Args:
            design: its configuration and options.
            share: the share that holds it.
        """
        here = async_residence()
        if here is None:
            raise ClosedError("the memory belongs to no event loop yet; await its initialize() first")
        place = (here, share if design.key is None else design.key)
        with self._lock:
            engine = self._engines.get(place)
            if engine is None or not engine.is_current:
                if engine is not None:
                    # Other instances may still use it.
                    self._engines[place[0], engine] = engine
                engine = self._engines[place] = AsyncEngine(design)
            engine.holders.add(share)
            # Keep the most recently used engine last.
            self._engines[place] = self._engines.pop(place)
            useless = self._useless(place[0])
        for other in useless:
            self._close(other)
        return engine

    def release(self, engine: AsyncEngine, share: Share) -> bool:
        """End a share; return whether it was the last one, so that the caller must close the engine."""
        with self._lock:
            if share not in engine.holders:
                return False
            if len(engine.holders) > 1:
                engine.holders.discard(share)
                return False
            # Keep the share, so that its observers are called for tasks that end while closing.
            self._forget(engine)
            return True

    def shares(self, engine: AsyncEngine) -> list[Share]:
        """Return the shares of an engine."""
        with self._lock:
            return list(engine.holders)

    def leave(self) -> None:
        """Forget all engines in a forked child, since they belong to the parent."""
        self._begin()
        for engine in self._engines.values():
            # An event loop that continues in the child is not the one of the engine.
            engine.affinity = object()
        self._foreign += self._engines.values()
        self._engines = {}

    def _useless(self, affinity: object) -> list[AsyncEngine]:
        """Remove the engines that are no longer needed, and return those that can be closed here."""
        over = [engine for engine in self._engines.values() if engine.is_over]
        idle = [
            (place, engine)
            for place, engine in self._engines.items()
            if engine.affinity == affinity and not engine.holders and engine not in over
        ]
        # Engines that no key leads to are useless; of the others, keep the most recently used.
        lost = [engine for place, engine in idle if isinstance(place[1], (Share, AsyncEngine))]
        spare = [engine for _, engine in idle if engine not in lost]
        closing = [*lost, *spare[: max(0, len(spare) - self._IDLE)]]
        for engine in (*over, *closing):
            self._forget(engine)
        return closing

    def _forget(self, engine: AsyncEngine) -> None:
        for place in [place for place, each in self._engines.items() if each is engine]:
            del self._engines[place]

    def _close(self, engine: AsyncEngine) -> None:
        async def close(stopping: object) -> None:
            await engine.close(False, _SUBMITTING)

        try:
            AsyncWorker("powermem-closing", close).start()
        except PowerMemError:
            # No thread can be started now. Opening another engine must not fail because of it; retry later.
            with self._lock:
                self._engines[engine.affinity, engine] = engine


ENGINES = AsyncEngines()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ENGINES.leave)
