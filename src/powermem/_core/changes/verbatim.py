"""The writes that store messages word for word. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..text.cleaning import content_hash
from ..text.indexing import index
from ..values import Message, Row
from .facets import role_of
from .reconcile import NewMemories
from .writes import AddMemory, AddTurn

_SHORT = 1000
"""Characters. Cutting as many into terms takes about a quarter of a millisecond."""


def word_for_word(
    calls: Sequence[tuple[NewMemories, Sequence[Message]]], ids: Iterator[int]
) -> tuple[list[AddTurn], list[AddMemory]]:
    """Return the changes that store each message as a source turn and as a memory, still without vectors.

    Args:
        calls: the values that the memories of a call share, and its messages.
        ids: of a turn and a memory for each message.
    """
    turns: list[AddTurn] = []
    memories: list[AddMemory] = []
    for new, messages in calls:
        scope, at = new.scope, new.at
        for message in messages:
            text, actor, said, utc_offset = (
                message.content,
                message.actor_id,
                message.sent_at,
                message.utc_offset,
            )
            turn_id = next(ids)
            if said is None:
                turns.append(AddTurn(turn_id, scope, message.role, text, actor, at, at, utc_offset))
                said, utc_offset = at, new.utc_offset
            else:
                turns.append(AddTurn(turn_id, scope, message.role, text, actor, said, at, utc_offset))
            row = Row(
                next(ids),
                scope,
                text,
                content_hash(text),
                actor or new.actor_id,
                new.memory_type,
                new.metadata,
                at,
                at,
                said,
                None,
                new.expires_at,
                utc_offset=utc_offset,
                facets=role_of(message),
            )
            memories.append(AddMemory(row, None, (turn_id,)))
    return turns, memories


def index_short(memories: Sequence[AddMemory]) -> None:
    """Cut the texts of memories into terms if that is quickly done; else it is left to the store's thread."""
    if sum(len(memory.row.text) for memory in memories) <= _SHORT:
        for memory in memories:
            memory.words = index(memory.row, memory.source)
