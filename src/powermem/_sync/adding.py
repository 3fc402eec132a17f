# Generated from src/powermem/_async/adding.py by scripts/run_unasync.py; edit that file instead.
"""The part of the facade that remembers what it is given."""

from __future__ import annotations

import inspect
import json
import logging
import os
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .._concurrency import Items, gather, to_thread
from ..addition import Addition, Verbatim, read_addition
from ..changes import AlreadyDone
from ..errors import StoreUnavailableError
from ..framing import Receipt, verbatim_items
from ..ids import new_id
from ..inputs import Id, Item, Listener, Moment, check_choice, check_count, check_rate
from ..messages import Messages
from ..parts import has_parts
from ..refinement import Refinement
from ..tasks import done_key, done_note
from ..tracing import Value, annotate, span
from ..types import Scope, Usage
from .remembering import Remembering

if TYPE_CHECKING:
    from .bulk.loading import Outcome as Loaded

_logger = logging.getLogger("powermem")


class Adding(Remembering):
    """Adding one thing, and many."""

    def add(
        self,
        messages: Messages,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        metadata: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
        scope: str | None = None,
        memory_type: str | None = None,
        prompt: str | None = None,
        infer: bool = True,
        *,
        actor_id: Id | None = None,
        timestamp: Moment | None = None,
        timezone: str | tzinfo | None = None,
        expires_at: Moment | None = None,
        async_mode: bool | str = False,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Remember what messages say.

        Args:
            messages: a string, one message, or several of these, in the form of any provider, as dicts or as
                objects. What cannot be remembered, such as calls of tools, is left out.
            user_id: whose memory it is.
            agent_id: which agent's.
            run_id: of which conversation.
            metadata: JSON values to keep with every memory.
            filters: which stored memories may be updated, with ``infer``.
            scope: kept as ``metadata["scope"]``.
            memory_type: kept with every memory; else the kind of the fact.
            prompt: replaces the instructions for extracting facts.
            infer: extract facts and reconcile them with what is stored; otherwise each message is stored word
                for word.
            actor_id: who said it, where a message has no ``name``.
            timestamp: when it was said, where a message has no ``timestamp``; dates such as "yesterday" are
                read against it, on the speaker's calendar.
            timezone: the speaker's, such as ``"Europe/Berlin"``, where a time has no offset of its own;
                otherwise the configured one.
            expires_at: from then on no search finds it; a moment that has not come yet.
            async_mode: return as soon as the messages can be found word for word, and extract in the
                background; ``get_status`` says when. Also ``"async"`` and ``"sync"``. Images and audio always
                go this way.
            idempotency_key: a second call with the same key and scope returns the first one's result.

        Returns:
            ``{"results", "status", "task_id", "usage"}``; with ``infer``, ``"extractor"``; ``"warnings"``,
            sentences, where a model did not do all that was asked of it. Each result has ``"event"``:
            ``"ADD"``, ``"UPDATE"`` or ``"DELETE"``; what is known already is left out. Word for word, a
            message that is known already comes back with the event ``"NONE"``.

        Raises:
            InvalidInputError: an argument is wrong; nothing was stored.
            ExtractionError: the model's answer could not be read, or is never whole. What was learned is
                stored; the messages that were not learned from wait, and ``process`` or ``flush`` learns
                from them.
            ProviderError: a model failed or refused; the messages wait likewise.
        """
        started = perf_counter()
        asked = read_addition(
            self._scope(user_id, agent_id, run_id),
            messages,
            metadata=metadata,
            filters=filters,
            scope=scope,
            memory_type=memory_type,
            prompt=prompt,
            infer=infer,
            actor_id=actor_id,
            timestamp=timestamp,
            timezone=timezone,
            expires_at=expires_at,
            async_mode=async_mode,
            idempotency_key=idempotency_key,
            private_urls=self._settings.security.allow_private_urls,
            zone=self._zone,
        )
        return self._add(asked, started)

    def _add(self, asked: Addition, started: float, *, waits: bool = True) -> dict[str, Any]:
        """Carry out a call of ``add``; with ``waits`` the turns of one that fails wait to be processed."""
        new, heard, key = asked.new, asked.heard, asked.key
        with span("powermem.add", _traced(len(heard), asked.infer, asked.later)):
            parts = self._ready()
            if key is not None and (known := parts.store.recall_request(new.scope, key)) is not None:
                return _decode(known)
            usage = Usage()
            refinement = Refinement(new, asked.prompt, asked.filters)
            if asked.infer and heard and (asked.later or has_parts(heard)):
                return self._add_later(heard, refinement, key, usage, started)
            reply = _Reply(usage, started, parts.extractor.name if asked.infer else None)
            receipt = None if key is None else Receipt(key, reply.text)
            done = reply.note(new.scope, new.at)
            try:
                if asked.infer and heard:
                    items = parts.extraction.store_facts(
                        heard,
                        new,
                        usage,
                        prompt=asked.prompt,
                        expression=asked.expression,
                        receipt=receipt,
                        done=done,
                        call=refinement.payload() if waits else None,
                    )
                else:
                    call = Verbatim(asked.spoken, new, usage, receipt, done)
                    items = verbatim_items((parts.extraction.store_verbatim([call]))[0])
            except AlreadyDone as done:
                return _decode(done.result)
            annotate({"powermem.results": len(items)})
            parts.processor.count_call()
            return reply.of(items)

    def _add_each(self, calls: Sequence[Mapping[str, Any]]) -> list[Loaded]:
        """Carry out calls of ``add``, those that store word for word together.

        Returns:
            For each call what it cost, or its error.
        """
        started = perf_counter()
        asked: dict[int, Addition] = {}
        results: dict[int, Loaded] = {}
        private = self._settings.security.allow_private_urls
        for i, call in enumerate(calls):
            try:
                given = dict(call)
                whose = self._scope(*(given.pop(name, None) for name in ("user_id", "agent_id", "run_id")))
                asked[i] = read_addition(whose, **given, private_urls=private, zone=self._zone)
            except Exception as error:
                results[i] = error
        together = {i: one for i, one in asked.items() if one.is_verbatim}
        if len(together) > 1:
            try:
                usages = self._add_together(list(together.values()), started)
                results.update(zip(together, usages, strict=True))
            except StoreUnavailableError as error:
                # It may have stored them or not, so they must not be stored again.
                results.update(dict.fromkeys(together, error))
            except Exception:
                # One of them cannot be stored, so none was: each by itself.
                _logger.debug("calls of add failed together and are tried one by one", exc_info=True)

        def alone(i: int) -> None:
            try:
                # Whoever loads brings what failed again.
                results[i] = (self._add(asked[i], started, waits=False))["usage"]
            except Exception as error:
                results[i] = error

        gather([partial(alone, i) for i in asked if i not in results])
        return [results[i] for i in range(len(calls))]

    def _add_together(self, asked: Sequence[Addition], started: float) -> list[Mapping[str, float]]:
        calls = []
        for one in asked:
            usage = Usage()
            receipt = None if one.key is None else Receipt(one.key, _Reply(usage, started, None).text)
            calls.append(Verbatim(one.spoken, one.new, usage, receipt))
        with span("powermem.add", _traced(sum(len(one.heard) for one in asked), False, False)):
            parts = self._ready()
            outcomes = parts.extraction.store_verbatim(calls)
            annotate({"powermem.results": sum(map(len, outcomes))})
        return [call.usage.as_dict() for call in calls]

    def add_many(
        self,
        items: Items[Item],
        *,
        concurrency: int = 16,
        batch_size: int = 64,
        on_progress: Listener | None = None,
        on_error: str = "collect",
        checkpoint: str | os.PathLike[str] | None = None,
        rate_limit: float | None = None,
        **defaults: Any,
    ) -> dict[str, Any]:
        """Remember many things, several at once. Items are taken as they are needed, so any number will do.

        Args:
            items: an iterable or iterable of texts, of messages or lists of them, or of dicts of the
                arguments of ``add``.
            concurrency: how many items may be with a language model at once; with 1 they are stored in their
                order.
            batch_size: how many items may be under way at once where no language model is asked: so many
                share the requests to the embedder, and the transactions.
            on_progress: is called with the counts so far, at most ten times a second.
            on_error: ``"collect"`` notes what fails and goes on; ``"raise"`` ends at the first error.
            checkpoint: a path of a file that says what is done. The same call with the same items goes on
                where an earlier one ended, even one that was killed: nothing is lost, nothing stored twice,
                and what failed is tried again.
            rate_limit: how many items may be begun in a second.
            defaults: arguments of ``add`` for items that do not have them.

        Returns:
            ``{"added", "failed", "skipped", "errors", "usage"}``: items that were added, that failed, and
            that the checkpoint says were done; ``{"index", "error"}`` for each that failed; and what all
            cost.

        Raises:
            InvalidInputError: an argument is wrong, or the checkpoint belongs to other items.
        """
        from ..exchange.checkpoint import Checkpoint
        from .bulk.loading import Loader

        width = check_count(concurrency, "concurrency", least=1)
        batch = check_count(batch_size, "batch_size", least=1)
        check_choice(on_error, "on_error", ("collect", "raise"))
        rate = check_rate(rate_limit, "rate_limit")
        parts = self._ready()
        share = 1
        if width > 1 and (parts.model is None or defaults.get("infer") is False):
            width = max(width, batch)
            # Two halves, so that one is embedded while the other is stored.
            share = width // 2 if rate is None else 1
        loader = Loader(
            self._add_each,
            items,
            accepted=tuple(inspect.signature(self.add).parameters),
            width=width // share,
            share=share,
            defaults=defaults,
            collect=on_error == "collect",
            listener=on_progress,
            checkpoint=None if checkpoint is None else to_thread(Checkpoint, checkpoint),
            rate_limit=rate,
        )
        return loader.run()


class _Reply:
    """What ``add`` returns, apart from the items."""

    def __init__(self, usage: Usage, started: float, extractor: str | None) -> None:
        self._usage = usage
        self._started = started
        self._task_id = new_id()
        self._result: dict[str, Any] = {"results": [], "status": "completed", "task_id": str(self._task_id)}
        if extractor is not None:
            self._result["extractor"] = extractor

    def of(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the result with its items."""
        # Measured once: what is kept under the key is what is returned.
        self._usage.seconds = self._usage.seconds or perf_counter() - self._started
        reply = {**self._result, "results": items, "usage": self._usage.as_dict()}
        return {**reply, "warnings": list(self._usage.warnings)} if self._usage.warnings else reply

    def note(self, scope: Scope, at: int) -> Receipt:
        """Return what lets ``get_status`` tell of it under its task id."""
        return Receipt(done_key(self._task_id), partial(done_note, scope, at), Scope())

    def text(self, items: list[dict[str, Any]]) -> str:
        """Return the same as it is kept under a key."""
        return json.dumps(self.of(items))


def _traced(messages: int, infer: bool, async_mode: bool) -> dict[str, Value]:
    return {"powermem.messages": messages, "powermem.infer": infer, "powermem.async_mode": async_mode}


def _decode(kept: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(kept)
    return result
