"""Summarize in the background what sessions have outgrown."""

from __future__ import annotations

import logging
from typing import NamedTuple

from ..._concurrency import AsyncEvent, AsyncMailbox, AsyncWorker
from ..._core import clock
from ..._core.changes.writes import Remember
from ..._core.clients.continuity import (
    LATEST,
    SUMMARY_KEY,
    Continuity,
    Summary,
    outgrown,
    read_summary,
    spoken_turns,
    summary_messages,
)
from ..._core.values import Scope
from ..providers.llm import AsyncLLM
from ..stores.base import AsyncStore

_logger = logging.getLogger("powermem.clients")

_WITHOUT_MODEL = (
    "sessions are not summarized, since no language model is configured (llm.provider is none); "
    "register clients with summary=False or configure one"
)


class _Job(NamedTuple):
    scope: Scope
    wanted: Continuity


class AsyncSummarizer:
    """Keeps the summaries of sessions up to date, one session after another.

    Args:
        store: where turns and summaries are.
        llm: the model; without one, nothing is summarized.
    """

    def __init__(self, store: AsyncStore, llm: AsyncLLM | None) -> None:
        self._store = store
        self._llm = llm
        self._mailbox: AsyncMailbox[_Job | AsyncEvent] = AsyncMailbox()
        self._worker = AsyncWorker("powermem-summaries", self._work)
        self._closed = False
        self._warned = False

    def ask(self, scope: Scope, wanted: Continuity) -> None:
        """Bring the summary of a session up to date later, if the session has outgrown what requests show."""
        if self._llm is None:
            if wanted.summary and not self._warned:
                self._warned = True
                _logger.warning("%s", _WITHOUT_MODEL)
            return
        if self._closed or self._store.read_only:
            return
        self._mailbox.post(_Job(scope, wanted))
        if not self._worker.alive:
            self._worker.start()

    async def settle(self, timeout: float | None) -> bool:
        """Wait until everything asked for so far is done; return whether it is within the timeout."""
        if not self._worker.alive:
            return True
        mark = AsyncEvent()
        self._mailbox.post(mark)
        return await mark.wait(timeout)

    async def close(self, timeout: float | None) -> None:
        """Finish the summary under way, and begin no other."""
        self._closed = True
        if self._worker.alive:
            self._mailbox.end()
            if not await self._worker.join(timeout):
                _logger.warning("closing with a summary under way; the next exchange of its session makes it")

    async def find(self, scope: Scope) -> Summary | None:
        """Return the summary of a session."""
        return Summary.read(await self._store.recall_request(scope, SUMMARY_KEY))

    async def _work(self, stopping: AsyncEvent) -> None:
        while items := await self._mailbox.take(lambda: LATEST):
            for job in dict.fromkeys(item for item in items if isinstance(item, _Job)):
                if self._closed:
                    break
                try:
                    await self._update(job)
                except Exception as error:
                    # The next exchange of the session tries again.
                    _logger.warning("a session could not be summarized: %r", error)
            for item in items:
                if isinstance(item, AsyncEvent):
                    item.set()

    async def _update(self, job: _Job) -> None:
        assert self._llm is not None
        while not self._closed:
            summary = await self.find(job.scope)
            turns = spoken_turns(await self._store.said(job.scope, LATEST))
            due = outgrown(turns, job.wanted, summary)
            if not due:
                return
            completion = await self._llm.complete(summary_messages(summary, due))
            made = read_summary(completion.text, due)
            # The session may have been deleted in the meantime.
            if made is None or not await self._store.get_turns([made.turn_id]):
                return
            await self._store.apply(
                [Remember(job.scope, SUMMARY_KEY, made.written(), clock.now(), replace=True)]
            )
