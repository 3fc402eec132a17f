"""The facade: what changes a memory, on top of what reads it."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from .. import clock
from .._concurrency import AsyncItems, async_to_thread
from ..changes import AlreadyDone, AlreadyStored, Amend, Change, Delete, DeleteWhere, Updated
from ..errors import InvalidInputError
from ..exchange.checkpoint import Checkpoint
from ..filters import parse as parse_filters
from ..inputs import (
    KEEP,
    Moment,
    check_choice,
    check_count,
    check_id,
    check_mode,
    check_rate,
    check_text_given,
)
from ..messages import read_messages
from ..metadata import check_metadata
from ..parts import has_parts
from ..plan import NewMemories, replacement
from ..records import full_record
from ..refinement import Refinement
from ..tracing import Value, annotate, span
from ..types import Scope, Usage
from .bulk.loading import AsyncLoader, Item
from .bulk.progress import Listener
from .extraction.pipeline import Receipt
from .remembering import AsyncRemembering

_HIDDEN_ROLES = ("system", "developer", "tool", "function")


class AsyncMemory(AsyncRemembering):
    """A lasting memory for AI agents.

    Constructing does no I/O. Use it as ``async with AsyncMemory(config) as memory``, or call ``initialize``
    and ``close``; the first call of any method initializes by itself. One instance serves many tasks at once.

    Args:
        config: a ``dict``, a ``MemoryConfig``, or ``None`` for what ``auto_config()`` finds.
        agent_id: the agent whose memory this is, where a call names none.
        conn: reserved for a connection of your own.
        auto_process: process a user's buffered messages by itself when there are ``batch_threshold`` of them.
        batch_threshold: how many messages; an exchange is two.
        max_retries: how often background work that failed is tried again before it counts as failed.

    Raises:
        ConfigError: the configuration is wrong; the message names the path of the key.
    """

    async def add(
        self,
        messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any] | str],
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
        scope: str | None = None,
        memory_type: str | None = None,
        prompt: str | None = None,
        infer: bool = True,
        *,
        actor_id: str | None = None,
        timestamp: Moment | None = None,
        expires_at: Moment | None = None,
        async_mode: bool | str = False,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Remember what messages say.

        Args:
            messages: a string, one message in OpenAI's form, or a list of these.
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
                read against it.
            expires_at: from then on no search finds it.
            async_mode: return as soon as the messages can be found word for word, and extract in the
                background; ``get_status`` says when. Also ``"async"`` and ``"sync"``. Images and audio always
                go this way.
            idempotency_key: a second call with the same key and scope returns the first one's result.

        Returns:
            ``{"results", "status", "task_id", "usage"}`` and, with ``infer``, ``"extractor"``. Each result
            has ``"event"``: ``"ADD"``, ``"UPDATE"`` or ``"DELETE"``; what is known already is left out. Word
            for word, a message that is known already comes back with the event ``"NONE"``.

        Raises:
            InvalidInputError: an argument is wrong; nothing was stored.
            ExtractionError: the model's answer could not be read; the messages are kept as source turns.
        """
        started = perf_counter()
        whose = self._scope(user_id, agent_id, run_id)
        later = check_mode(async_mode)
        said = None if timestamp is None else clock.parse(timestamp)
        actor = check_id(actor_id, "actor_id")
        heard = read_messages(messages, actor_id=actor, sent_at=said)
        kept = check_metadata(metadata)
        if scope is not None:
            kept["scope"] = check_text_given(scope, "scope")
        new = NewMemories(
            scope=whose,
            at=clock.now(),
            metadata=kept,
            memory_type=None if memory_type is None else check_text_given(memory_type, "memory_type"),
            actor_id=actor,
            expires_at=None if expires_at is None else clock.parse(expires_at, "expires_at"),
        )
        if prompt is not None and not isinstance(prompt, str):
            raise InvalidInputError(f"prompt: expected a string, got {type(prompt).__name__}")
        expression = parse_filters(filters)
        key = None if idempotency_key is None else check_text_given(idempotency_key, "idempotency_key")
        traced: dict[str, Value] = {
            "powermem.messages": len(heard),
            "powermem.infer": infer,
            "powermem.async_mode": later,
        }
        with span("powermem.add", traced):
            parts = await self._ready()
            if key is not None and (known := await parts.store.recall_request(whose, key)) is not None:
                return _decode(known)
            usage = Usage()
            if (later and infer and heard) or has_parts(heard):
                if not infer:
                    raise InvalidInputError(
                        "infer: images and audio are read by a model; leave it true for them"
                    )
                return await self._add_later(heard, Refinement(new, prompt, filters), key, usage, started)
            result: dict[str, Any] = {"results": [], "status": "completed", "task_id": str(uuid.uuid4())}
            if infer:
                result["extractor"] = parts.extractor.name

            def complete(items: list[dict[str, Any]]) -> dict[str, Any]:
                # Measured once: what is kept under the key is what is returned.
                usage.seconds = usage.seconds or perf_counter() - started
                return {**result, "results": items, "usage": usage.as_dict()}

            receipt = None if key is None else Receipt(key, lambda items: json.dumps(complete(items)))
            # A system prompt is nothing that anybody said, unless it is all there is.
            said_aloud = [message for message in heard if message.role not in _HIDDEN_ROLES] or heard
            try:
                if not heard:
                    items = await parts.extraction.store_nothing(new, receipt)
                elif infer:
                    items = await parts.extraction.store_facts(
                        heard, new, usage, prompt=prompt, expression=expression, receipt=receipt
                    )
                else:
                    items = await parts.extraction.store_verbatim(said_aloud, new, usage, receipt)
            except AlreadyDone as done:
                return _decode(done.result)
            annotate({"powermem.results": len(items)})
            return complete(items)

    async def add_many(
        self,
        items: AsyncItems[Item],
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
            items: an iterable or async iterable of texts, or of dicts of the arguments of ``add``.
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
        width = check_count(concurrency, "concurrency", least=1)
        batch = check_count(batch_size, "batch_size", least=1)
        check_choice(on_error, "on_error", ("collect", "raise"))
        rate = check_rate(rate_limit, "rate_limit")
        parts = await self._ready()
        if width > 1 and (parts.model is None or defaults.get("infer") is False):
            width = max(width, batch)
        loader = AsyncLoader(
            self.add,
            items,
            width=width,
            defaults=defaults,
            collect=on_error == "collect",
            listener=on_progress,
            checkpoint=None if checkpoint is None else await async_to_thread(Checkpoint, checkpoint),
            rate_limit=rate,
        )
        return await loader.run()

    async def update(
        self,
        memory_id: int | str,
        content: str | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        replace_metadata: bool = False,
        expires_at: Moment | None = KEEP,
        text: str | None = None,
        data: str | None = None,
    ) -> dict[str, Any] | None:
        """Change a memory.

        Args:
            memory_id: which one.
            content: the new text; it is embedded again and the old one goes to the history.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            metadata: merged into what is there (RFC 7396: ``None`` removes a key).
            replace_metadata: replace instead of merging.
            expires_at: the new moment of expiry; ``None`` for never.
            text: another name for ``content``.
            data: another name for ``content``.

        Returns:
            The record, or ``None`` when there is no such memory or it is not theirs.

        Raises:
            InvalidInputError: there is nothing to change, or the scope already holds this text in another
            memory.
        """
        given = [value for value in (content, text, data) if value is not None]
        if len(given) > 1:
            raise InvalidInputError("update: give the new text once, as content")
        wording = check_text_given(given[0], "content") if given else None
        extra = None if metadata is None else check_metadata(metadata)
        until = None if expires_at is KEEP or expires_at is None else clock.parse(expires_at, "expires_at")
        if wording is None and extra is None and expires_at is KEEP:
            raise InvalidInputError("update: give content, metadata or expires_at")
        parts = await self._ready()
        row = await self._find(memory_id, user_id, agent_id)
        if row is None:
            return None
        at = clock.now()
        changes: list[Change] = []
        if wording is not None and wording != row.text:
            vectors = await parts.encoder.encode([wording])
            changes.append(replacement(row, wording, vectors[0], at, strict=True))
        if extra is not None or expires_at is not KEEP:
            changes.append(
                Amend(
                    row.id,
                    at,
                    metadata=extra,
                    replace_metadata=replace_metadata,
                    expires_at=until,
                    set_expires_at=expires_at is not KEEP,
                )
            )
        try:
            outcomes = await parts.store.apply(changes) if changes else [Updated(row, row.text)]
        except AlreadyStored as known:
            raise InvalidInputError(
                f"content: memory {known.id} of the same scope already says this"
            ) from None
        last = outcomes[-1]
        return full_record(last.row) if isinstance(last, Updated) else None

    async def delete(
        self, memory_id: int | str, user_id: str | None = None, agent_id: str | None = None
    ) -> bool:
        """Delete a memory for good; its history stays.

        Returns:
            Whether there was one with this id, and it was theirs.
        """
        parts = await self._ready()
        row = await self._find(memory_id, user_id, agent_id)
        if row is None:
            return False
        outcomes = await parts.store.apply([Delete(row.id, clock.now())])
        return outcomes[0] is not None

    async def delete_all(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> dict[str, int]:
        """Delete every memory of a scope, superseded ones too; without ``filters`` also its source turns.

        Returns:
            ``{"deleted": int}``.

        Raises:
            InvalidInputError: no id was given; to delete everything, call ``reset``.
        """
        whose = self._scope(user_id, agent_id, run_id)
        if whose == Scope():
            raise InvalidInputError(
                "delete_all: give user_id, agent_id or run_id; reset() deletes everything"
            )
        expression = parse_filters(filters)
        parts = await self._ready()
        outcomes = await parts.store.apply([DeleteWhere(whose, expression, clock.now())])
        deleted = outcomes[0]
        assert isinstance(deleted, int)
        return {"deleted": deleted}

    async def reset(self) -> None:
        """Delete everything in the collection: memories, history, source turns."""
        parts = await self._ready()
        await parts.store.reset()
        await parts.encoder.restart()


def _decode(kept: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(kept)
    return result
