"""Messages on their way into the buffer, and how buffered turns are split into conversations. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..changes.writes import AddTurn, BufferTurn, QueueTurns
from ..ids import new_id
from ..messages.parts import label
from ..values import Message, Scope, Turn
from .task import lane_of


def new_turn(message: Message, scope: Scope, at: int) -> AddTurn:
    """Return the change that stores a message as a source turn.

    Args:
        message: the message.
        scope: its scope.
        at: the current time, microseconds UTC; also the time of a message that has none.
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

    The text and the other parts of a message become separate turns, so that an image that cannot be read does
    not keep the text from being processed.

    Args:
        messages: the messages in order.
        scope: their scope.
        at: the current time, microseconds UTC.
        task_id: the task that processes them; ``None`` for the next one of their lane.
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
    """Return what is kept of a waiting turn besides its text, as JSON, or ``None``.

    Args:
        parts: the parts of the message that are not text.
        call: the arguments of the call of ``add``; see `Refinement.payload`.
    """
    if call:
        return json.dumps({"parts": list(parts), "call": dict(call)}, ensure_ascii=False)
    return json.dumps(list(parts), ensure_ascii=False) if parts else None


def read_parts(waiting: str | None) -> list[dict[str, Any]]:
    """Return the parts in a text of `write_waiting`."""
    kept = [] if waiting is None else json.loads(waiting)
    parts: list[dict[str, Any]] = kept["parts"] if isinstance(kept, dict) else kept
    return parts


def read_call(waiting: str | None) -> dict[str, Any]:
    """Return the call in a text of `write_waiting`, or ``{}``."""
    # A list has parts only, which may be megabytes that need not be parsed.
    if waiting is None or not waiting.startswith("{"):
        return {}
    call: dict[str, Any] = json.loads(waiting)["call"]
    return call


def learning_later(turns: Sequence[AddTurn], call: Mapping[str, Any]) -> QueueTurns:
    """Return the change that puts stored turns into the buffer, after their extraction has failed.

    Args:
        turns: the turns.
        call: the arguments of the call of ``add`` that they came from.
    """
    waiting = write_waiting((), call)
    return QueueTurns([BufferTurn(turn, lane_of(turn.scope), None, waiting) for turn in turns])


GAP = 30 * 60 * 1_000_000
"""The length of a silence that ends a conversation, in microseconds."""


def by_gap(turns: Sequence[Turn], gap: int = GAP) -> list[list[Turn]]:
    """Split turns into conversations at long silences.

    Args:
        turns: in any order.
        gap: the least length of such a silence, in microseconds.

    Returns:
        The conversations in the order in which they began, each with its turns in order. All turns of one
        have the same scope.
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
