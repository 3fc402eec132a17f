"""Cutting what waits to be processed into conversations. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from .types import Scope, Turn

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
