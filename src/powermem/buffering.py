"""Messages on their way into the buffer. No I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from .changes import AddTurn, BufferTurn
from .ids import new_id
from .parts import label
from .tasks import lane_of
from .types import Message, Scope


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
            parts = json.dumps(list(message.parts), ensure_ascii=False)
            turns.append(BufferTurn(new_turn(shown, scope, at), lane, task_id, parts))
    return turns
