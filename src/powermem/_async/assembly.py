"""From the settings to the components of an open memory."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, NamedTuple

from .._core.clock import read_zone
from .._core.forks import undivided
from .._core.inputs import Observer
from ..config import MemoryConfig, Settings, resolve
from ..config.conn import Place, read_conn, settled, without_place
from ..config.resolution import check, identity_of, located
from ..config.settings import ProviderSettings
from ..config.stores import SQLiteConfig
from .adding import AsyncAdding
from .clients.summarizer import AsyncSummarizer
from .encoder import AsyncEncoder
from .extraction.extractor import AsyncExtractor
from .extraction.pipeline import AsyncExtraction, Nearness
from .processing.handle import AsyncWatcher
from .processing.runner import AsyncTaskRunner
from .processing.scheduler import AsyncScheduler, AsyncSubmitter
from .processing.worker import AsyncProcessor
from .providers.embedder import AsyncBatchedEmbedder
from .providers.factory import build_embedder, build_llm, build_media, build_meter, build_reranker
from .providers.http import AsyncHTTPClient
from .providers.metered import AsyncMeter
from .retrieval.search import AsyncRetrieval
from .stores.base import AsyncStore
from .stores.factory import build_store

_logger = logging.getLogger("powermem")


class Design(NamedTuple):
    """Configuration and options of an engine.

    Attributes:
        given: the configuration as given, before the database in ``conn`` was examined.
        config: the configuration.
        settings: the resolved configuration.
        place: where the database in ``conn`` is, if given.
        max_retries: how often a failed task is retried automatically.
        zone: time zone of the calendar.
        conn: the given object, referenced for as long as the engine exists.
        key: equal for memories that can share an engine; ``None`` for a separate engine.
    """

    given: MemoryConfig
    config: MemoryConfig
    settings: Settings
    place: Place | None
    max_retries: int
    zone: tzinfo
    conn: object = None
    key: Hashable | None = None


def read_design(config: Mapping[str, Any] | MemoryConfig | None, conn: object, max_retries: int) -> Design:
    """Return the design of an engine; see ``AsyncMemory`` for the arguments.

    Raises:
        ConfigError: the configuration is wrong.
    """
    with undivided():
        used = given = check(config)
        place = None if conn is None else read_conn(conn)
        if place is not None:
            if config is None:
                given = without_place(given, place)
            used, place = settled(given, place)
        settings = located(resolve(used))
        zone = read_zone(used.timezone)
    if config is None and conn is None:
        _logger.info("no configuration given: %s", _summary(settings))
    if used.has_unused_reranker:
        _logger.warning("the reranker is not used: set reranker.enabled (RERANKER_ENABLED) to true")
    if settings.ignored:
        _logger.warning("these settings have no effect in this version: %s", ", ".join(settings.ignored))
    # Another number of retries makes tasks end differently, so it takes another engine.
    key = identity_of(settings, conn, max_retries, used.timezone)
    return Design(given, used, settings, place, max_retries, zone, conn, key)


def _summary(settings: Settings) -> str:
    config = settings.store.config
    path = config.database_path if isinstance(config, SQLiteConfig) else ""
    return (
        f"store {settings.store.provider} {path}, embedder {settings.embedder.provider}, "
        f"llm {settings.llm.provider}"
        + (" (facts come from rules)" if settings.llm.protocol == "none" else "")
    )


@dataclass(eq=False)
class Share:
    """One memory's share of an engine, which ends with the memory and its work under way.

    Attributes:
        observers: those of this memory.
        ended: whether the memory was closed.
    """

    observers: list[Observer] = field(default_factory=list)
    ended: bool = False


class Components(NamedTuple):
    """The parts of an open memory."""

    http: AsyncHTTPClient
    store: AsyncStore
    meter: AsyncMeter
    embedder: AsyncBatchedEmbedder | None
    encoder: AsyncEncoder
    extractor: AsyncExtractor
    adding: AsyncAdding
    retrieval: AsyncRetrieval
    processor: AsyncProcessor
    runner: AsyncTaskRunner
    scheduler: AsyncScheduler
    watcher: AsyncWatcher
    summarizer: AsyncSummarizer
    model: str | None

    async def close(self, drain: bool, timeout: float | None) -> None:
        """Finish accepted work and close every component, even if one fails."""
        try:
            await self.summarizer.close(timeout)
            await self.processor.close(drain, timeout)
        finally:
            self.watcher.close()
            await self.disconnect()

    async def disconnect(self) -> None:
        """Close every connection."""
        try:
            await self.meter.close()
            await self.store.close()
        finally:
            if self.embedder is not None:
                await self.embedder.close()
            await self.http.close()

    def description(self) -> dict[str, str]:
        """Return the names of the store, embedder and extractor in use."""
        identity = self.encoder.identity
        extractor = self.extractor.name
        return {
            "store": self.store.name,
            "embedder": "none (full text only)" if identity is None else str(identity),
            "extractor": extractor if self.model is None else f"{extractor} ({self.model})",
        }


def overview(settings: Settings, components: Components | None) -> dict[str, str]:
    """Return the names of the store and the models for people, without keys and without any I/O.

    Args:
        settings: the resolved configuration.
        components: the components, if they are open; they know what was found.
    """
    config = settings.store.config
    if components is not None:
        place = f" at {components.store.place}"
    else:
        place = f" at {config.database_path}" if isinstance(config, SQLiteConfig) else ""
    rules = settings.llm.protocol == "none"
    return {
        "store": f"{settings.store.provider}{place}",
        "embedder": _model(settings.embedder),
        "facts": "by rules" if rules else f"by {_model(settings.llm)}",
    }


def _model(settings: ProviderSettings) -> str:
    named = settings.model not in (None, settings.provider)
    return settings.provider if not named else f"{settings.provider} ({settings.model})"


def assemble(
    design: Design,
    settings: Settings,
    place: Place | None,
    watcher: AsyncWatcher,
    submitter: AsyncSubmitter,
    observers: Iterable[Observer],
) -> Components:
    """Build the components, none of which is open yet.

    Args:
        design: of the engine.
        settings: the resolved configuration, with the database that was found.
        place: where the database in ``conn`` is, if given.
        watcher: follows the tasks created here; it queries this store from now on.
        submitter: stores requested tasks from a background worker.
        observers: are called when a task ends.
    """
    http = AsyncHTTPClient(
        connect_timeout=settings.http.connect_timeout,
        read_timeout=settings.http.read_timeout,
        max_retries=settings.http.max_retries,
        max_connections=settings.http.max_connections,
    )
    store = build_store(settings, place)
    watcher.open(store)
    meter = build_meter(settings.budget, store)
    llm = build_llm(settings.llm, http, meter)
    embedder = build_embedder(settings.embedder, http, meter)
    reranker = build_reranker(settings.reranker, llm, http)
    encoder = AsyncEncoder(embedder, store)
    extractor = AsyncExtractor(
        llm,
        extraction_prompt=settings.prompts.fact_extraction,
        instructions=settings.prompts.instructions,
        decision_prompt=settings.prompts.update_memory,
        categories=settings.prompts.categories,
    )
    extraction = AsyncExtraction(
        store,
        encoder,
        extractor,
        Nearness(),
        keep_without_facts=settings.intelligent_memory.fallback_to_simple_add,
    )
    processing = settings.processing
    runner = AsyncTaskRunner(
        store,
        extraction,
        extractor,
        build_media(settings, llm, http, meter),
        watcher,
        observers,
        gap=int(processing.segment_gap * 1_000_000),
        lease=int(processing.lease_seconds * 1_000_000),
        max_retries=design.max_retries,
        zone=design.zone,
    )
    processor = AsyncProcessor(store, runner, watcher, processing)
    return Components(
        http=http,
        store=store,
        meter=meter,
        embedder=embedder,
        encoder=encoder,
        extractor=extractor,
        adding=AsyncAdding(store, encoder, extractor, extraction, processor, watcher),
        retrieval=AsyncRetrieval(store, encoder, reranker, voiced=settings.search.voiced),
        processor=processor,
        runner=runner,
        scheduler=AsyncScheduler(store, runner, processor, watcher, submitter),
        watcher=watcher,
        summarizer=AsyncSummarizer(store, llm),
        model=None if llm is None else llm.model,
    )
