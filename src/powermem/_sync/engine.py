# Generated from src/powermem/_async/engine.py by scripts/run_unasync.py; edit that file instead.
"""What the instances of one configuration share: the open store, the models, the work in the background."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from time import monotonic
from weakref import WeakSet

from .._concurrency import AtExit, Lock, Worker, has_ended, residence, shield, to_thread
from .._core.embedding.minilm import PROVIDER, SHARED
from .._core.forks import free_in_child, undivided
from .._core.ids import new_id
from .._core.inputs import Observer
from .._core.tasks.task import OPEN, ProcessStatus
from .._core.values import Scope
from ..config.conn import settled
from ..config.resolution import store_settings
from ..errors import ClosedError, EmbeddingMismatchError, PowerMemError, ProcessTimeout
from .assembly import Components, Design, Share, assemble
from .clients.keeper import Keeper
from .processing.handle import ProcessTask, Watcher
from .processing.scheduler import Asked, Submitter
from .stores.factory import build_store
from .stores.server.recognize import locate

_logger = logging.getLogger("powermem")

# Seconds that storing requested tasks may take at least when closing.
_SUBMITTING = 5.0

# Seconds that the end of the process, or of the event loop, waits for what was said last.
_AT_EXIT = 5.0


class Opening:
    """The progress of an opening that was requested in advance.

    Attributes:
        since: when it began, of ``monotonic``.
        done: is resolved when it is over, whether it succeeded or not.
    """

    def __init__(self) -> None:
        self.since = monotonic()
        self.done: Future[None] = Future()


# Held for a moment only.
_warming = threading.RLock()
free_in_child(_warming)


class Engine:
    """Builds the components from a configuration, opens them once, and closes them.

    Args:
        design: what it is built from.

    Attributes:
        home: the event loop that it belongs to; among threads, what stands for the process.
        process: the process that it belongs to.
        holders: the shares of it; when the last one ends, it is no longer in use.
        config: the configuration.
        settings: what it comes to.
        components: what it is made of, once it is open.
        closed: whether it was closed.
        watcher: follows the tasks that were made here.
        submitter: stores requested tasks from a background worker.
        keeper: keeps what is said to language models.
    """

    def __init__(self, design: Design) -> None:
        self.home = residence()
        self.process = os.getpid()
        self.holders: WeakSet[Share] = WeakSet()
        self.config, self.settings, self.place = design.config, design.settings, design.place
        self.components: Components | None = None
        self.closed = False
        processing = design.settings.processing
        self.watcher = Watcher(processing.poll_interval)
        self.submitter = Submitter(self._submit)
        self.keeper = Keeper(self.open)
        self.width = processing.concurrency
        self._design = design
        self._opening = Lock()
        self._file: tuple[int, int] | None = None
        self._at_exit = AtExit(self._close_at_exit)
        self._warm: Opening | None = None
        self._warmer = Worker("powermem-opening", self._open_early)

    @property
    def is_over(self) -> bool:
        """Whether nothing can be done with it any more, not even closing it."""
        return self.process != os.getpid() or has_ended(self.home)

    @property
    def is_current(self) -> bool:
        """Whether it is of use to a new instance: it can be used, and its file is still there."""
        return not self.closed and not self.is_over and self._file in (None, self._identify_file())

    def open(self) -> Components:
        """Return the components, opened; whether the store's vectors fit is asked of the encoder."""
        components = self.components
        if components is not None:
            return components
        # Also before waiting: `close` holds the lock while it waits for observers, which may call back.
        self._check_open()
        with self._opening:
            self._check_open()
            if self.components is None:
                # When the caller is cancelled, what was opened is kept for the next call and for `close`.
                shield(self._open)
            components = self.components
            assert components is not None
            return components

    def create_tables(self) -> None:
        """Create the tables, or bring them to this version; afterwards no more is open than before."""
        with self._opening:
            self._check_open()
            if self.components is None:
                shield(self._open_store_once)

    def warm(self) -> Opening:
        """Begin once to open it and to load a local model, and return the progress."""
        with _warming:
            opening = self._warm
            if opening is None:
                opening = self._warm = Opening()
                if self.components is None:
                    self.keeper.bridge.call_soon(self._warmer.start)
                else:
                    opening.done.set_result(None)
        return opening

    def submit(self, scope: Scope, maker: object) -> ProcessTask:
        """Make a task and return its handle at once; it is stored in the background."""
        task_id = new_id()
        handle = self.watcher.watch(task_id, scope.user_id, maker=maker)
        try:
            self.submitter.ask(task_id, scope)
        except BaseException:
            self.watcher.forget([handle])
            raise
        return handle

    def resize(self, width: int) -> None:
        """Set how many users' conversations are processed at the same time."""
        self.width = width
        if self.components is not None:
            self.components.processor.resize(width)

    def finish(self, share: Share, timeout: float | None) -> None:
        """Wait until the work that was begun for a share is done, or the timeout (seconds) is over."""
        deadline = None if timeout is None else monotonic() + timeout
        self.keeper.settle(timeout)
        components = self.components
        # Without a worker in this process, waiting would not end.
        if components is None or not components.processor.claiming:
            return
        for handle in self.watcher.made_by(share):
            try:
                handle.wait(None if deadline is None else max(0.0, deadline - monotonic()))
            except (ProcessTimeout, ClosedError) as error:
                _logger.warning("closing with work under way: %s", error)
                return

    def close(self, drain: bool, timeout: float | None) -> None:
        """Finish what is under way, or park it, and close everything. Calling it again does no harm."""
        self.keeper.close(timeout, learn=drain)
        # Requested tasks are stored before the store closes, even if there is no time to run them.
        self.submitter.close(None if timeout is None else max(timeout, _SUBMITTING))
        with self._opening:
            self.closed = True
            components, self.components = self.components, None
            if components is None:
                self.watcher.close()
            else:
                components.close(drain, timeout)
        self._at_exit.cancel()

    def _open_early(self, stopping: object) -> None:
        assert self._warm is not None
        try:
            self.open()
            if self.settings.embedder.provider == PROVIDER:
                to_thread(SHARED.load)
        except Exception as error:
            # The next call that needs it tries again, and raises the error.
            _logger.warning("the memory could not be opened: %r", error)
        finally:
            self._warm.done.set_result(None)

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedError("this memory was closed; make a new one")

    def _close_at_exit(self) -> None:
        # In a forked child the engine is the parent's, and so are the threads that would have to end first.
        if self.process != os.getpid():
            return
        # On a thread of its own, so that what hangs does not keep the process alive.
        closing = Worker("powermem-closing", self._close_undrained)
        try:
            closing.start()
        except PowerMemError:
            # Python 3.12 starts no thread at the end of a process. Each part waits for a limited time.
            self.close(False, _AT_EXIT)
        else:
            closing.join(_AT_EXIT)

    def _close_undrained(self, stopping: object) -> None:
        self.close(False, _AT_EXIT)

    def _submit(self, asked: Sequence[Asked]) -> None:
        try:
            components = self.open()
            components.scheduler.enqueue(asked, again=True)
        except Exception as error:
            self.watcher.fail((task_id for task_id, _ in asked), error)
        else:
            self.watcher.stored(task_id for task_id, _ in asked)

    def _open_store_once(self) -> None:
        with undivided():
            self._locate()
            store = build_store(self.settings, self.place)
            try:
                store.open()
            finally:
                store.close()

    def _locate(self) -> None:
        """Ask a database that was handed in what it is, if only it can tell."""
        if self.place is None or self.place.sure:
            return
        found = locate(self.place, self.settings.store)
        self.config, self.place = settled(self._design.given, found)
        self.settings = replace(self.settings, store=store_settings(self.config))

    def _open(self) -> None:
        with undivided():
            self._locate()
            components = assemble(
                self._design, self.settings, self.place, self.watcher, self.submitter, _Observers(self)
            )
            try:
                components.store.open()
                try:
                    components.encoder.check()
                except EmbeddingMismatchError as error:
                    components.encoder.refuse(error)
                else:
                    self._resume(components)
            except BaseException:
                components.disconnect()
                raise
        components.processor.resize(self.width)
        self._file = self._identify_file()
        self.components = components
        self._at_exit.start()

    def _resume(self, components: Components) -> None:
        """Go on with the work that was left, if there is any."""
        if components.store.read_only:
            return
        # What failed may have waited for a budget that is free by now.
        left = OPEN | {ProcessStatus.FAILED}
        if self.settings.processing.resume and components.store.list_tasks(Scope(), left, limit=1):
            components.processor.wake()

    def _identify_file(self) -> tuple[int, int] | None:
        """Return which file the database is in at present, if it is in one."""
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

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __iter__(self) -> Iterator[Observer]:
        for share in ENGINES.shares(self._engine):
            yield from list(share.observers)


class Engines:
    """The engines of this process: one for each configuration and event loop, while it is needed.

    An engine whose last instance was dropped without being closed stays for the next one of its
    configuration, so that an instance for each request opens nothing. A few of these are kept; further ones,
    and those that nobody can share, are closed when another instance appears, and all of them at the end of
    the event loop or of the process.
    """

    # The number of engines without a share that stay open.
    _IDLE = 4

    def __init__(self) -> None:
        self._engines: dict[tuple[object, Hashable], Engine] = {}
        # Those of the process that this one was forked from. Collecting them would close its files.
        self._foreign: list[Engine] = []
        self._begin()

    def _begin(self) -> None:
        # Reentrant, because a collection of garbage may come at any time.
        self._lock = threading.RLock()

    def acquire(self, design: Design, share: Share) -> Engine:
        """Return the engine of a configuration, which the share keeps open.

        Args:
            design: what it is built from, if there is none.
            share: whose it is.
        """
        here = residence()
        if here is None:
            raise ClosedError("the memory belongs to no event loop yet; wait for its initialize() first")
        place = (here, share if design.key is None else design.key)
        with self._lock:
            engine = self._engines.get(place)
            if engine is None or not engine.is_current:
                if engine is not None:
                    # Others may still be at work with it.
                    self._engines[place[0], engine] = engine
                engine = self._engines[place] = Engine(design)
            engine.holders.add(share)
            # The one that was asked for last stands at the end.
            self._engines[place] = self._engines.pop(place)
            useless = self._useless(place[0])
        for other in useless:
            self._close(other)
        return engine

    def release(self, engine: Engine, share: Share) -> bool:
        """End a share; return whether it was the last one, so that the engine is to be closed."""
        with self._lock:
            if share not in engine.holders:
                return False
            if len(engine.holders) > 1:
                engine.holders.discard(share)
                return False
            # It still counts, so that its observers are called for tasks that end while closing.
            self._forget(engine)
            return True

    def shares(self, engine: Engine) -> list[Share]:
        """Return the shares of an engine."""
        with self._lock:
            return list(engine.holders)

    def leave(self) -> None:
        """Forget all engines in a process that was forked: they belong to the other one."""
        self._begin()
        for engine in self._engines.values():
            # An event loop that goes on in the child is not the one that the engine belongs to.
            engine.home = object()
        self._foreign += self._engines.values()
        self._engines = {}

    def _useless(self, home: object) -> list[Engine]:
        """Remove the engines that are no longer needed, and return those that can be closed here."""
        over = [engine for engine in self._engines.values() if engine.is_over]
        idle = [
            (place, engine)
            for place, engine in self._engines.items()
            if engine.home == home and not engine.holders and engine not in over
        ]
        # What cannot be found any more is of no use; of the others, those that were used last may be.
        lost = [engine for place, engine in idle if isinstance(place[1], (Share, Engine))]
        spare = [engine for _, engine in idle if engine not in lost]
        closing = [*lost, *spare[: max(0, len(spare) - self._IDLE)]]
        for engine in (*over, *closing):
            self._forget(engine)
        return closing

    def _forget(self, engine: Engine) -> None:
        for place in [place for place, each in self._engines.items() if each is engine]:
            del self._engines[place]

    def _close(self, engine: Engine) -> None:
        def close(stopping: object) -> None:
            engine.close(False, _SUBMITTING)

        try:
            Worker("powermem-closing", close).start()
        except PowerMemError:
            # No thread can be started now. The opening of another engine must not fail for it; a later one
            # closes it.
            with self._lock:
                self._engines[engine.home, engine] = engine


ENGINES = Engines()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ENGINES.leave)
