"""The facade: what changes a memory, on top of what adds and reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import clock
from .._concurrency import async_refuse_misuse
from ..changes import AlreadyStored, Amend, Change, Delete, DeleteWhere, Updated
from ..errors import InvalidInputError
from ..filters import parse as parse_filters
from ..inputs import KEEP, Id, Moment, check_flag, check_text_given
from ..metadata import check_metadata
from ..plan import replacement
from ..records import updated_record
from ..types import DeleteAllResult, Scope, UpdatedRecord
from .adding import AsyncAdding
from .calling import named


@async_refuse_misuse
@named("AsyncMemory")
class AsyncMemory(AsyncAdding):
    """A lasting memory for AI agents.

    Constructing does no I/O. Use it as ``async with AsyncMemory(config) as memory``, or call ``initialize``
    and ``close``; the first call of any method initializes by itself. One instance serves many tasks at once.

    Args:
        config: a ``dict``, a ``MemoryConfig``, or ``None`` for what ``auto_config()`` finds.
        agent_id: the agent whose memory this is, where a call names none.
        conn: a database that you have already: an ``Engine``, ``AsyncEngine`` or ``sessionmaker`` of
            SQLAlchemy, a URL, or a function that returns a new connection of psycopg, PyMySQL or sqlite3.
        auto_process: process a user's buffered messages by itself when there are ``batch_threshold`` of them.
        batch_threshold: how many messages; an exchange is two.
        max_retries: how often background work that failed is tried again before it counts as failed.

    Raises:
        ConfigError: the configuration is wrong; the message names the path of the key.
    """

    async def update(
        self,
        memory_id: int | str,
        content: str | None = None,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        replace_metadata: bool = False,
        expires_at: Moment | None = KEEP,
        text: str | None = None,
        data: str | None = None,
    ) -> UpdatedRecord | None:
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
            The record, or ``None`` when there is no such memory or it is not theirs. With ``"warnings"`` when
            the text is longer than the embedder takes.

        Raises:
            InvalidInputError: there is nothing to change, or the scope already holds this text in another
            memory.
        """
        given = [value for value in (content, text, data) if value is not None]
        if len(given) > 1:
            raise InvalidInputError("update: give the new text once, as content")
        wording = check_text_given(given[0], "content") if given else None
        extra = None if metadata is None else check_metadata(metadata)
        until = (
            None
            if expires_at is KEEP or expires_at is None
            else clock.parse(expires_at, "expires_at", self._zone)
        )
        replaced = check_flag(replace_metadata, "replace_metadata")
        if wording is None and extra is None and expires_at is KEEP:
            raise InvalidInputError("update: give content, metadata or expires_at")
        parts = await self._ready()
        row = await self._find(memory_id, user_id, agent_id)
        if row is None:
            return None
        at = clock.now()
        changes: list[Change] = []
        warnings: list[str] = []
        if wording is not None and wording != row.text:
            vectors = await parts.encoder.encode([wording], warnings)
            changes.append(replacement(row, wording, vectors[0], at, strict=True))
        if extra is not None or expires_at is not KEEP:
            changes.append(
                Amend(
                    row.id,
                    at,
                    metadata=extra,
                    replace_metadata=replaced,
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
        return updated_record(last.row, warnings) if isinstance(last, Updated) else None

    async def delete(
        self, memory_id: int | str, user_id: Id | None = None, agent_id: Id | None = None
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
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> DeleteAllResult:
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
        expression = parse_filters(filters, self._zone)
        parts = await self._ready()
        outcomes = await parts.store.apply([DeleteWhere(whose, expression, clock.now())])
        deleted = outcomes[0]
        assert isinstance(deleted, int)
        return {"deleted": deleted}

    async def reset(self) -> None:
        """Delete everything in the collection: memories, history, source turns."""
        parts = await self._ready(any_vectors=True)
        await parts.store.reset()
        await parts.encoder.restart()
