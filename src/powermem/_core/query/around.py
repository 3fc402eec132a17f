"""What was said around the results of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..filters.expression import Expression
from ..filters.match import matches
from ..messages.rough import is_rough
from ..values import Row, Turn
from .search import Hit


class Said(NamedTuple):
    """A turn, and the memories that came from it.

    Attributes:
        turn: the turn.
        memories: the memories; ``None`` in place of one that was deleted.
    """

    turn: Turn
    memories: Sequence[Row | None] = ()


class Surroundings(NamedTuple):
    """The turns beside memories, whether they may be shown or not.

    Attributes:
        sources: for each memory the ids of the turns that it came from.
        beside: for each memory the turns before and after these, by id, with the distance in turns: -1 is
            the one just before.
        said: the turns beside, by id.
    """

    sources: Mapping[int, frozenset[int]]
    beside: Mapping[int, Mapping[int, int]]
    said: Mapping[int, Said]


class Neighbour(NamedTuple):
    """A turn beside a result.

    Attributes:
        turn: the turn.
        distance: the distance in turns from the nearest one that the result came from, negative before it.
        memory: the memory to show in place of the turn: it is the turn word for word, or was corrected.
    """

    turn: Turn
    distance: int
    memory: Row | None = None

    @property
    def text(self) -> str:
        """The text to show."""
        return self.turn.content if self.memory is None else self.memory.text


class Visibility(NamedTuple):
    """Which turns may be shown.

    A turn is shown only if all memories that came from it could be found: what was deleted, superseded, has
    expired or fails the filter is not told by the turn that said it either.

    Attributes:
        now: microseconds UTC.
        expression: a parsed filter.
        as_of: the moment that is searched, microseconds UTC.
        include_expired: whether what has expired counts.
    """

    now: int
    expression: Expression | None = None
    as_of: int | None = None
    include_expired: bool = False

    def held(self, row: Row) -> bool:
        """Return whether a superseded memory may be shown beside the one that took its place."""
        moment = self.now if self.as_of is None else self.as_of
        expired = row.expires_at is not None and row.expires_at <= moment
        return not (expired or is_rough(row) or self._later(row)) and self._passes(row)

    def shown(self, said: Said, distance: int) -> Neighbour | None:
        """Return a turn as it may be shown, or ``None``."""
        turn = said.turn
        if self.as_of is not None and turn.sent_at > self.as_of:
            return None
        rows = [row for row in said.memories if row is None or not (is_rough(row) or self._later(row))]
        if not all(row is not None and self._valid(row) for row in rows):
            return None
        known = [row for row in rows if row is not None]
        told = known or [row for row in said.memories if row is not None] or [_as_row(turn)]
        if not all(self._passes(row) for row in told):
            return None
        same = next((row for row in known if row.text == turn.content), None)
        if same is None and any(_corrected(row, turn) for row in known):
            # It was corrected, so what was said is wrong. With several, nobody knows which part.
            return Neighbour(turn, distance, known[0]) if len(known) == 1 else None
        return Neighbour(turn, distance, same)

    def _later(self, row: Row) -> bool:
        """Return whether a memory tells what was learned after the moment."""
        return self.as_of is not None and row.valid_from > self.as_of

    def _valid(self, row: Row) -> bool:
        moment = self.now if self.as_of is None else self.as_of
        if self.as_of is None:
            valid = row.valid_to is None
        else:
            valid = row.valid_from <= moment and (row.valid_to is None or row.valid_to > moment)
        return valid and (self.include_expired or row.expires_at is None or row.expires_at > moment)

    def _passes(self, row: Row) -> bool:
        return self.expression is None or matches(self.expression, row)


def neighbours(
    hits: Sequence[Hit], surroundings: Surroundings, visibility: Visibility
) -> dict[int, list[Neighbour]]:
    """Return the turns to show beside results, by the id of the result.

    A turn that a result came from is not among them, and a turn beside several results is given to the best.

    Args:
        hits: the results, best first.
        surroundings: what was said around them.
        visibility: which turns may be shown.

    Returns:
        The turns of each result, the nearest first.
    """
    taken = {turn for hit in hits for turn in surroundings.sources.get(hit.row.id, ())}
    found: dict[int, list[Neighbour]] = {}
    for hit in hits:
        beside = surroundings.beside.get(hit.row.id, {})
        for turn_id, distance in sorted(beside.items(), key=_nearness):
            said = surroundings.said.get(turn_id)
            if said is None or turn_id in taken or said.turn.scope != hit.row.scope:
                continue
            taken.add(turn_id)
            shown = visibility.shown(said, distance)
            if shown is not None:
                found.setdefault(hit.row.id, []).append(shown)
    return found


def conversations(
    hits: Sequence[Hit], surroundings: Surroundings, shown: Mapping[int, Sequence[Neighbour]]
) -> dict[int, int]:
    """Return which results belong to one passage of a conversation.

    Args:
        hits: the results.
        surroundings: what was said around them.
        shown: the turns that are shown beside each result.

    Returns:
        For each result a number; results with turns between them that have no gap get the same.
    """
    known = {turn for hit in hits for turn in surroundings.sources.get(hit.row.id, ())}
    known.update(one.turn.id for turns in shown.values() for one in turns)
    passage_of: dict[int, int] = {}
    passages: dict[int, int] = {}
    for number, hit in enumerate(hits):
        near = known.intersection(surroundings.beside.get(hit.row.id, ()))
        turns = near.union(surroundings.sources.get(hit.row.id, ()))
        joined = {passage_of[turn] for turn in turns if turn in passage_of}
        for turn, passage in passage_of.items():
            if passage in joined:
                passage_of[turn] = number
        for memory_id, passage in passages.items():
            if passage in joined:
                passages[memory_id] = number
        passages[hit.row.id] = number
        passage_of.update(dict.fromkeys(turns, number))
    return passages


def in_time(turns: Sequence[Neighbour]) -> list[Neighbour]:
    """Return turns in the order in which they were said."""
    return sorted(turns, key=lambda one: (one.turn.sent_at, one.turn.id))


def _nearness(item: tuple[int, int]) -> tuple[int, int]:
    _, distance = item
    return abs(distance), distance


def _corrected(row: Row, turn: Turn) -> bool:
    """Return whether a memory was changed after a turn, and not because of it."""
    return row.valid_to is None and row.updated_at > row.created_at and row.updated_at != turn.created_at


def _as_row(turn: Turn) -> Row:
    """Return a turn without a memory as a memory without metadata, for a filter."""
    return Row(
        id=turn.id,
        scope=turn.scope,
        text=turn.content,
        hash="",
        actor_id=turn.actor_id,
        created_at=turn.created_at,
        updated_at=turn.created_at,
        valid_from=turn.sent_at,
        utc_offset=turn.utc_offset,
    )
