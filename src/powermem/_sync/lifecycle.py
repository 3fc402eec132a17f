# Generated from src/powermem/_async/lifecycle.py by scripts/run_unasync.py; edit that file instead.
"""Putting a memory together, opening it and closing it."""

from __future__ import annotations

import logging
import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._concurrency import KeyedLock, Lock, Owner, shield
from ..config import Settings, resolve
from ..config.resolution import check, store_settings
from ..config.stores import SQLiteConfig
from ..database import read_conn, settled
from ..errors import ClosedError, EmbeddingMismatchError, InvalidInputError
from ..inputs import Id, check_count, check_flag, check_id, check_scope, check_seconds
from ..tasks import OPEN, ProcessStatus
from ..types import Scope
from ..zones import read_zone
from .encoder import Encoder
from .extraction.extractor import Extractor
from .extraction.pipeline import Extraction, Nearness
from .processing.handle import Watcher
from .processing.runner import Observer, TaskRunner
from .processing.submitter import Asked, Submitter
from .processing.worker import Processor
from .providers.build import build_embedder, build_llm, build_media, build_meter, build_reranker
from .providers.embedder import Embedder
from .providers.http import HTTPClient
from .providers.metered import Meter
from .providers.reranker import Reranker
from .retrieval.search import Retrieval
from .storage import UsedConfig
from .stores.base import TaskStore
from .stores.build import build_store
from .stores.locating import locate

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..config import MemoryConfig

_logger = logging.getLogger("powermem")

# Seconds that putting tasks into the store may take at least when closing.
_SUBMITTING = 5.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What an open memory is made of."""

    http: HTTPClient
    store: TaskStore
    meter: Meter | None
    embedder: Embedder | None
    encoder: Encoder
    reranker: Reranker | None
    extractor: Extractor
    extraction: Extraction
    retrieval: Retrieval
    runner: TaskRunner
    processor: Processor
    watcher: Watcher
    model: str | None

    def close(self, drain: bool, timeout: float | None) -> None:
        """Finish what was accepted and give everything up, also what comes after a part that fails."""
        try:
            self.processor.close(drain, timeout)
        finally:
            self.watcher.close()
            self.disconnect()

    def disconnect(self) -> None:
        """Give everything up."""
        try:
            if self.meter is not None:
                self.meter.close()
            self.store.close()
        finally:
            if self.embedder is not None:
                self.embedder.close()
            self.http.close()

    def description(self) -> dict[str, Any]:
        """Return which store, embedder and extractor are at work."""
        identity = self.encoder.identity
        return {
            "store": self.store.name,
            "embedder": "none (full text only)" if identity is None else str(identity),
            "extractor": self.extractor.name
            if self.model is None
            else f"{self.extractor.name} ({self.model})",
        }


class Lifecycle:
    """Builds the parts from a configuration, opens them once, and closes them."""

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
        self._auto_process = check_flag(auto_process, "auto_process")
        self._batch_threshold = check_count(batch_threshold, "batch_threshold", least=1)
        self._max_retries = check_count(max_retries, "max_retries", least=0)
        self._given = check(config)
        self._config, self._place = self._given, None if conn is None else read_conn(conn)
        if self._place is not None:
            self._config, self._place = settled(self._given, self._place)
        self._settings: Settings = resolve(self._config)
        self._zone = read_zone(self._config.timezone)
        self._agent_id = check_id(agent_id, "agent_id")
        self._owner = Owner()
        self._opening = Lock()
        self._parts: Parts | None = None
        self._closed = False
        self._watcher = Watcher(self._settings.processing.poll_interval)
        self._submitter = Submitter(self._submit)
        self._asking = KeyedLock()
        self._observers: list[Observer] = []
        self._prepare()
        if config is None and conn is None:
            _logger.info("no configuration given: %s", _summary(self._settings))
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
    def config(self) -> UsedConfig:
        """The configuration; ``config.storage.build()`` creates the tables."""
        return UsedConfig.of(self._config, self)

    def initialize(self) -> None:
        """Open store and providers. Calling it again, or from two tasks at once, does no harm.

        Raises:
            ConfigError: the configured store is not available.
            StoreError: the store cannot be opened.
            ClosedError: the memory was closed, or belongs to another event loop.
        """
        # Also with another embedder's vectors, since `reembed()` is called on an open memory.
        self._ready(any_vectors=True)

    def close(self, drain: bool = True, timeout: float | None = 30) -> None:
        """Finish what is under way and close everything. Calling it again does no harm; other calls then
        fail.

        Args:
            drain: finish the background work that was begun here; otherwise park it until the next start.
            timeout: seconds that finishing may take; what takes longer is parked.
        """
        self._owner.check()
        # A caller who gives up waiting must not leave the file half closed.
        shield(partial(self._close, drain, check_seconds(timeout, "timeout")))
        # Whoever comes now is told that it is closed, whatever event loop that is.
        self._owner.release()

    def _close(self, drain: bool, timeout: float | None) -> None:
        # What was asked for is in the store before it is closed, even if nobody has time to do it.
        self._submitter.close(None if timeout is None else max(timeout, _SUBMITTING))
        with self._opening:
            self._closed = True
            parts, self._parts = self._parts, None
            if parts is None:
                self._watcher.close()
            else:
                parts.close(drain, timeout)

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __del__(self) -> None:
        # The constructor may have failed.
        parts: Parts | None = getattr(self, "_parts", None)
        if parts is not None:
            parts.processor.abandon()
            unclosed = (
                "a memory was dropped without being closed: call close(), or use it in a with statement"
            )
            warnings.warn(unclosed, ResourceWarning, stacklevel=2, source=self)

    def _ready(self, *, any_vectors: bool = False) -> Parts:
        """Return the parts, opened.

        Raises:
            EmbeddingMismatchError: the store holds another embedder's vectors, unless ``any_vectors`` is set.
        """
        self._owner.check()
        parts = self._parts
        if parts is not None:
            if not any_vectors and parts.encoder.refuses:
                parts.encoder.admit()
            return parts
        # Also before waiting: whoever is told of a task's end may ask us something, and is waited for.
        self._check_open()
        with self._opening:
            self._check_open()
            if self._parts is None:
                # When the caller is cancelled, what was opened is there for the next one and for `close`.
                shield(self._open)
            parts = self._parts
            assert parts is not None
        if not any_vectors and parts.encoder.refuses:
            parts.encoder.admit()
        return parts

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("this memory was closed; make a new one")

    def _create_tables(self) -> None:
        self._owner.check()
        with self._opening:
            self._check_open()
            if self._parts is None:
                shield(self._open_store_once)

    def _open_store_once(self) -> None:
        self._locate()
        store = build_store(self._settings, self._place)
        try:
            store.open()
        finally:
            store.close()

    def _locate(self) -> None:
        """Ask a database that was handed in what it is, if only it can tell."""
        if self._place is None or self._place.sure:
            return
        found = locate(self._place, self._settings.store)
        self._config, self._place = settled(self._given, found)
        self._settings = replace(self._settings, store=store_settings(self._config))

    def _open(self) -> None:
        self._locate()
        parts = self._assemble()
        try:
            parts.store.open()
            try:
                parts.encoder.check()
            except EmbeddingMismatchError as error:
                parts.encoder.refuse(error)
            else:
                self._resume(parts)
        except BaseException:
            parts.disconnect()
            raise
        self._parts = parts

    def _resume(self, parts: Parts) -> None:
        """Go on with the work that was left, if there is any."""
        # What failed may have waited for a budget that is free by now.
        left = OPEN | {ProcessStatus.FAILED}
        if self._settings.processing.resume and (
            self._auto_process or parts.store.list_tasks(Scope(), left, limit=1)
        ):
            parts.processor.wake()

    @abstractmethod
    def _submit(self, asked: Sequence[Asked]) -> None:
        """Store tasks that were asked for without waiting; fail them if that fails."""

    def _assemble(self) -> Parts:
        settings = self._settings
        http = HTTPClient(
            connect_timeout=settings.http.connect_timeout,
            read_timeout=settings.http.read_timeout,
            max_retries=settings.http.max_retries,
            max_connections=settings.http.max_connections,
        )
        store = build_store(settings, self._place)
        meter = build_meter(settings.budget, store)
        llm = build_llm(settings.llm, http, meter)
        embedder = build_embedder(settings.embedder, http, meter)
        reranker = build_reranker(settings.reranker, llm, http)
        encoder = Encoder(embedder, store)
        extractor = Extractor(
            llm,
            extraction_prompt=settings.prompts.fact_extraction,
            decision_prompt=settings.prompts.update_memory,
        )
        extraction = Extraction(
            store,
            encoder,
            extractor,
            Nearness(),
            keep_without_facts=settings.intelligent_memory.fallback_to_simple_add,
        )
        processing = settings.processing
        self._watcher.open(store)
        runner = TaskRunner(
            store,
            extraction,
            extractor,
            build_media(settings, llm, http, meter),
            self._watcher,
            self._observers,
            gap=int(processing.segment_gap * 1_000_000),
            lease=int(processing.lease_seconds * 1_000_000),
            max_retries=self._max_retries,
            zone=self._zone,
        )
        return Parts(
            http=http,
            store=store,
            meter=meter,
            embedder=embedder,
            encoder=encoder,
            reranker=reranker,
            extractor=extractor,
            extraction=extraction,
            retrieval=Retrieval(store, encoder, reranker, voiced=settings.search.voiced),
            runner=runner,
            processor=Processor(store, runner, self._watcher, processing),
            watcher=self._watcher,
            model=None if llm is None else llm.model,
        )

    def _scope(self, user_id: object, agent_id: object, run_id: object, *, required: bool = False) -> Scope:
        scope = check_scope(user_id, self._agent_id if agent_id is None else agent_id, run_id)
        if required and scope == Scope() and self._settings.security.require_scope:
            raise InvalidInputError(
                "give user_id, agent_id or run_id: security.require_scope allows no call for everybody"
            )
        return scope


def _summary(settings: Settings) -> str:
    config = settings.store.config
    path = config.database_path if isinstance(config, SQLiteConfig) else ""
    return (
        f"store {settings.store.provider} {path}, embedder {settings.embedder.provider}, "
        f"llm {settings.llm.provider}"
        + (" (facts come from rules)" if settings.llm.protocol == "none" else "")
    )
