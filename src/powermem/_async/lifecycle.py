"""Putting a memory together, opening it and closing it."""

from __future__ import annotations

import logging
import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._concurrency import AsyncKeyedLock, AsyncLock, AsyncOwner, async_shield
from ..config import Settings, resolve
from ..config.resolution import check, store_settings
from ..config.stores import SQLiteConfig
from ..database import read_conn, settled
from ..errors import ClosedError, EmbeddingMismatchError, InvalidInputError
from ..inputs import Id, check_count, check_flag, check_id, check_scope, check_seconds
from ..tasks import OPEN, ProcessStatus
from ..types import Scope
from ..zones import read_zone
from .encoder import AsyncEncoder
from .extraction.extractor import AsyncExtractor
from .extraction.pipeline import AsyncExtraction, Nearness
from .processing.handle import AsyncWatcher
from .processing.runner import AsyncTaskRunner, Observer
from .processing.submitter import Asked, AsyncSubmitter
from .processing.worker import AsyncProcessor
from .providers.build import build_embedder, build_llm, build_media, build_meter, build_reranker
from .providers.embedder import AsyncEmbedder
from .providers.http import AsyncHTTPClient
from .providers.metered import AsyncMeter
from .providers.reranker import AsyncReranker
from .retrieval.search import AsyncRetrieval
from .storage import AsyncUsedConfig
from .stores.base import AsyncTaskStore
from .stores.build import build_store
from .stores.locating import async_locate

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..config import MemoryConfig

_logger = logging.getLogger("powermem")

# Seconds that putting tasks into the store may take at least when closing.
_SUBMITTING = 5.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What an open memory is made of."""

    http: AsyncHTTPClient
    store: AsyncTaskStore
    meter: AsyncMeter | None
    embedder: AsyncEmbedder | None
    encoder: AsyncEncoder
    reranker: AsyncReranker | None
    extractor: AsyncExtractor
    extraction: AsyncExtraction
    retrieval: AsyncRetrieval
    runner: AsyncTaskRunner
    processor: AsyncProcessor
    watcher: AsyncWatcher
    model: str | None

    async def close(self, drain: bool, timeout: float | None) -> None:
        """Finish what was accepted and give everything up, also what comes after a part that fails."""
        try:
            await self.processor.close(drain, timeout)
        finally:
            self.watcher.close()
            await self.disconnect()

    async def disconnect(self) -> None:
        """Give everything up."""
        try:
            if self.meter is not None:
                await self.meter.close()
            await self.store.close()
        finally:
            if self.embedder is not None:
                await self.embedder.close()
            await self.http.close()

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


class AsyncLifecycle:
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
        self._owner = AsyncOwner()
        self._opening = AsyncLock()
        self._parts: Parts | None = None
        self._closed = False
        self._watcher = AsyncWatcher(self._settings.processing.poll_interval)
        self._submitter = AsyncSubmitter(self._submit)
        self._asking = AsyncKeyedLock()
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
    def config(self) -> AsyncUsedConfig:
        """The configuration; ``config.storage.build()`` creates the tables."""
        return AsyncUsedConfig.of(self._config, self)

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

        Args:
            drain: finish the background work that was begun here; otherwise park it until the next start.
            timeout: seconds that finishing may take; what takes longer is parked.
        """
        self._owner.check()
        # A caller who gives up waiting must not leave the file half closed.
        await async_shield(partial(self._close, drain, check_seconds(timeout, "timeout")))
        # Whoever comes now is told that it is closed, whatever event loop that is.
        self._owner.release()

    async def _close(self, drain: bool, timeout: float | None) -> None:
        # What was asked for is in the store before it is closed, even if nobody has time to do it.
        await self._submitter.close(None if timeout is None else max(timeout, _SUBMITTING))
        async with self._opening:
            self._closed = True
            parts, self._parts = self._parts, None
            if parts is None:
                self._watcher.close()
            else:
                await parts.close(drain, timeout)

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    def __del__(self) -> None:
        # The constructor may have failed.
        parts: Parts | None = getattr(self, "_parts", None)
        if parts is not None:
            parts.processor.abandon()
            unclosed = (
                "a memory was dropped without being closed: call close(), or use it in a with statement"
            )
            warnings.warn(unclosed, ResourceWarning, stacklevel=2, source=self)

    async def _ready(self, *, any_vectors: bool = False) -> Parts:
        """Return the parts, opened.

        Raises:
            EmbeddingMismatchError: the store holds another embedder's vectors, unless ``any_vectors`` is set.
        """
        self._owner.check()
        parts = self._parts
        if parts is not None:
            if not any_vectors and parts.encoder.refuses:
                await parts.encoder.admit()
            return parts
        # Also before waiting: whoever is told of a task's end may ask us something, and is waited for.
        self._check_open()
        async with self._opening:
            self._check_open()
            if self._parts is None:
                # When the caller is cancelled, what was opened is there for the next one and for `close`.
                await async_shield(self._open)
            parts = self._parts
            assert parts is not None
        if not any_vectors and parts.encoder.refuses:
            await parts.encoder.admit()
        return parts

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("this memory was closed; make a new one")

    async def _create_tables(self) -> None:
        self._owner.check()
        async with self._opening:
            self._check_open()
            if self._parts is None:
                await async_shield(self._open_store_once)

    async def _open_store_once(self) -> None:
        await self._locate()
        store = build_store(self._settings, self._place)
        try:
            await store.open()
        finally:
            await store.close()

    async def _locate(self) -> None:
        """Ask a database that was handed in what it is, if only it can tell."""
        if self._place is None or self._place.sure:
            return
        found = await async_locate(self._place, self._settings.store)
        self._config, self._place = settled(self._given, found)
        self._settings = replace(self._settings, store=store_settings(self._config))

    async def _open(self) -> None:
        await self._locate()
        parts = self._assemble()
        try:
            await parts.store.open()
            try:
                await parts.encoder.check()
            except EmbeddingMismatchError as error:
                parts.encoder.refuse(error)
            else:
                await self._resume(parts)
        except BaseException:
            await parts.disconnect()
            raise
        self._parts = parts

    async def _resume(self, parts: Parts) -> None:
        """Go on with the work that was left, if there is any."""
        # What failed may have waited for a budget that is free by now.
        left = OPEN | {ProcessStatus.FAILED}
        if self._settings.processing.resume and (
            self._auto_process or await parts.store.list_tasks(Scope(), left, limit=1)
        ):
            parts.processor.wake()

    @abstractmethod
    async def _submit(self, asked: Sequence[Asked]) -> None:
        """Store tasks that were asked for without waiting; fail them if that fails."""

    def _assemble(self) -> Parts:
        settings = self._settings
        http = AsyncHTTPClient(
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
        encoder = AsyncEncoder(embedder, store)
        extractor = AsyncExtractor(
            llm,
            extraction_prompt=settings.prompts.fact_extraction,
            decision_prompt=settings.prompts.update_memory,
        )
        extraction = AsyncExtraction(
            store,
            encoder,
            extractor,
            Nearness(),
            keep_without_facts=settings.intelligent_memory.fallback_to_simple_add,
        )
        processing = settings.processing
        self._watcher.open(store)
        runner = AsyncTaskRunner(
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
            retrieval=AsyncRetrieval(store, encoder, reranker, voiced=settings.search.voiced),
            runner=runner,
            processor=AsyncProcessor(store, runner, self._watcher, processing),
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
