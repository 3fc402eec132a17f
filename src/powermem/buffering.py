"""Messages on their way into the buffer. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .changes import AddTurn, BufferTurn, QueueTurns
from .ids import new_id
from .parts import label
from .tasks import lane_of
from .types import Message, Scope, Turn


def new_turn(message: Message, scope: Scope, at: int) -> AddTurn:
    """Return the change that keeps a message as evidence.

    Args:
        message: the message.
        scope: whose it is.
        at: the present moment, microseconds UTC; also when it was said, if it does not tell.
    """
    return AddTurn(
        new_id(),
        scope,
        message.role,
        message.content,
        message.actor_id,
        at if message.sent_at is None else message.sent_at,
        at,
        message.utc_offset,
    )


def waiting_turns(
    messages: Sequence[Message], scope: Scope, at: int, task_id: int | None = None
) -> list[BufferTurn]:
    """Return the changes that put messages into the buffer.

    Text and what is not text become turns of their own: where an image cannot be read, what was written
    beside it still is.

    Args:
        messages: the messages, in their order.
        scope: whose they are.
        at: the present moment, microseconds UTC.
        task_id: the task that they belong to, if they have one of their own.
    """
    lane = lane_of(scope)
    turns = []
    for message in messages:
        if message.content:
            turns.append(BufferTurn(new_turn(message, scope, at), lane, task_id))
        if message.parts:
            shown = replace(message, content=" ".join(map(label, message.parts)), parts=())
            parts = write_waiting(message.parts)
            turns.append(BufferTurn(new_turn(shown, scope, at), lane, task_id, parts))
    return turns


def write_waiting(parts: Sequence[Mapping[str, Any]], call: Mapping[str, Any] | None = None) -> str | None:
    """Return what a waiting turn keeps besides its text, as JSON; ``None`` when there is nothing.

    Args:
        parts: the parts of the message that are not text.
        call: what the call was made with that it came by; see ``Refinement.payload``.
    """
    if call:
        return json.dumps({"parts": list(parts), "call": dict(call)}, ensure_ascii=False)
    return json.dumps(list(parts), ensure_ascii=False) if parts else None


def read_parts(waiting: str | None) -> list[dict[str, Any]]:
    """Return the parts that ``write_waiting`` wrote."""
    kept = [] if waiting is None else json.loads(waiting)
    parts: list[dict[str, Any]] = kept["parts"] if isinstance(kept, dict) else kept
    return parts


def read_call(waiting: str | None) -> dict[str, Any]:
    """Return the call that ``write_waiting`` wrote; ``{}`` without one."""
    # A list is of parts, which may be megabytes.
    if waiting is None or not waiting.startswith("{"):
        return {}
    call: dict[str, Any] = json.loads(waiting)["call"]
    return call


def learning_later(turns: Sequence[AddTurn], call: Mapping[str, Any]) -> QueueTurns:
    """Return the change that lets turns wait which are kept already and could not be learned from.

    Args:
        turns: the turns.
        call: what the call was made with that they came by.
    """
    waiting = write_waiting((), call)
    return QueueTurns([BufferTurn(turn, lane_of(turn.scope), None, waiting) for turn in turns])


GAP = 30 * 60 * 1_000_000
"""A silence of so many microseconds ends a conversation."""


def by_gap(turns: Sequence[Turn], gap: int = GAP) -> list[list[Turn]]:
    """Cut turns where somebody was silent for long.

    Args:
        turns: in any order.
        gap: how long a silence must last to be a cut, in microseconds.

    Returns:
        Segments in the order in which they began; in each the turns as they were said. Turns that differ in
        any id of their scope are never in one segment.
    """
    current: dict[Scope, list[Turn]] = {}
    segments: list[list[Turn]] = []
    for turn in sorted(turns, key=lambda turn: (turn.sent_at, turn.id)):
        segment = current.get(turn.scope)
        if segment is None or turn.sent_at - segment[-1].sent_at >= gap:
            segment = current[turn.scope] = []
            segments.append(segment)
        segment.append(turn)
    return segments
