# Generated from src/powermem/_async/bulk/moving.py by scripts/run_unasync.py; edit that file instead.
"""Moving a user to another store while both are in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import TypeVar

from ..._core.ids import new_id
from ..._core.inputs import Listener
from ..._core.sql.moves import Load
from ..._core.transfer.moves import Difference, Move, MoveState, compare
from ...errors import InvalidInputError, StoreError, UserMovedError
from ...types import MoveResult
from ..stores.base import Store
from .importing import Importer
from .progress import Progress

T = TypeVar("T")

_PAGE = 500
_FEW = 100
"""So many changes are few enough to refuse writes while they are followed."""
_MOST_ROUNDS = 20
"""A user who writes faster than a move can follow is closed after this number of rounds."""
_LAST_ROUNDS = 3


class Mover:
    """Copies a user, follows what is written meanwhile, and switches.

    The notes in both stores tell how far a move is; see `_core.transfer.moves`. Every step can be repeated,
    so a move that was killed is continued by the next call.

    Args:
        user_id: the user.
        source: where the user is.
        target: where the user goes.
        importer: of the target, for vectors.
    """

    def __init__(self, user_id: str, source: Store, target: Store, importer: Importer) -> None:
        self._user_id = user_id
        self._source = source
        self._target = target
        self._importer = importer
        self._memories = 0
        self._turns = 0
        self._rounds = 0
        self._paused = 0.0

    def run(self, listener: Listener | None, *, keep: bool) -> MoveResult:
        """Move the user.

        Args:
            listener: is called with the counts so far.
            keep: leave what was moved in the source, where it can be read.
        """
        progress = Progress(listener)
        note = self._source.find_move(self._user_id)
        if note is None or note.state is not MoveState.MOVED:
            note = self._begin(note)
            while note.state is MoveState.COPYING:
                note = self._copy(note, progress)
            closed = perf_counter()
            self._arrive(note, progress)
            note = note._replace(state=MoveState.MOVED)
            self._source.note_move(self._user_id, note, {MoveState.CLOSED})
            self._paused = perf_counter() - closed
        elif note.place != self._target.place:
            raise UserMovedError(f"this user was moved to {note.place}: move from there", place=note.place)
        if not keep:
            while not self._source.purge_part(self._user_id, note, MoveState.MOVED):
                pass
        self._target.forget_move(self._user_id, note)
        progress.tell(self._memories, last=True)
        return {
            "memories": self._memories,
            "turns": self._turns,
            "rounds": self._rounds,
            "paused": round(self._paused, 6),
            "seconds": round(progress.seconds, 6),
        }

    def cancel(self) -> None:
        """Undo a move that has not switched yet.

        Raises:
            InvalidInputError: there is no such move, or the user has arrived.
        """
        note = self._source.find_move(self._user_id)
        if note is None or note.state not in (MoveState.COPYING, MoveState.CLOSED):
            raise InvalidInputError("user_id: this user is not being moved from here")
        there = self._target.find_move(self._user_id)
        if there is not None and there.id == note.id:
            if there.state is not MoveState.ARRIVING:
                raise InvalidInputError("user_id: this user has arrived already; call move_user again")
            while not self._target.purge_part(self._user_id, there, MoveState.ARRIVING):
                pass
            self._target.forget_move(self._user_id, there)
        elif note.place != self._target.place:
            raise InvalidInputError(f"target: this user is being moved to {note.place}")
        self._source.forget_move(self._user_id, note)

    def _begin(self, note: Move | None) -> Move:
        """Return the note in the source, once there is one in both stores."""
        there = self._target.find_move(self._user_id)
        if note is None:
            if there is not None and there.state is not MoveState.MOVED:
                raise InvalidInputError(
                    f"user_id: this user is on the way between {self._target.place} and {there.place}; "
                    "finish or cancel that move first"
                )
            note = Move(new_id(), MoveState.COPYING, self._target.place)
            self._source.note_move(self._user_id, note, {None})
            there = self._target.find_move(self._user_id)
            if there is not None and there.id == note.id:
                self._source.forget_move(self._user_id, note)
                raise InvalidInputError("target: it has the same collection")
        elif (there is None or there.id != note.id) and note.place != self._target.place:
            raise InvalidInputError(
                f"target: this user is being moved to {note.place}; finish or cancel that move first"
            )
        if note.state not in (MoveState.COPYING, MoveState.CLOSED):
            raise InvalidInputError(
                f"user_id: this user has just come from {note.place}; finish that move first"
            )
        if there is None or there.id != note.id:
            if note.state is MoveState.CLOSED:
                raise StoreError(
                    f"{self._target.place}: it knows nothing of this move; was it emptied? Cancel the move"
                )
            arriving = Move(note.id, MoveState.ARRIVING, self._source.place)
            try:
                self._target.note_move(self._user_id, arriving, {None})
            except InvalidInputError:
                self._source.forget_move(self._user_id, note)
                raise
        return note

    def _copy(self, note: Move, progress: Progress) -> Move:
        """Copy until little is missing; then keep the user from writing in the source."""
        while self._rounds < _MOST_ROUNDS:
            if (self._follow(note, progress)).size <= _FEW:
                break
        closed = note._replace(state=MoveState.CLOSED)
        self._source.note_move(self._user_id, closed, {MoveState.COPYING})
        return closed

    def _arrive(self, note: Move, progress: Progress) -> None:
        """Copy the last changes, and accept writes in the target."""
        there = self._target.find_move(self._user_id)
        if there is not None and there.id == note.id and there.state is MoveState.ARRIVED:
            return
        for _ in range(_LAST_ROUNDS):
            if not (self._follow(note, progress)).size:
                break
        else:
            raise StoreError(
                f"{self._target.place}: some of what this user has cannot be stored there; cancel the move"
            )
        arriving = Move(note.id, MoveState.ARRIVING, self._source.place)
        work = self._source.departing_work(self._user_id)
        self._target.complete_move(self._user_id, arriving, work)

    def _follow(self, note: Move, progress: Progress) -> Difference:
        """Make the target what the source is; return what differed."""
        user_id, source, target = self._user_id, self._source, self._target
        self._rounds += 1
        self._importer.expect(source.identity())
        wanted, present = source.holdings(user_id), target.holdings(user_id)
        known = sorted(wanted.known_memories() | present.known_memories())
        wanted.entries, present.entries = source.entries(known), target.entries(known)
        found = compare(wanted, present)
        if found.clears:
            target.clear_arriving(user_id, note, found)
        for turns in _pages(found.missing_turns):
            load = Load(turns=source.departing_turns(user_id, turns))
            target.store_arriving(user_id, note, load)
            self._turns += len(load.turns)
        for ids in _pages(found.missing):
            memories = self._importer.embedded(source.departing_memories(user_id, ids))
            target.store_arriving(user_id, note, Load(memories=memories))
            self._memories += len(memories)
            progress.tell(self._memories)
        for links in _pages(found.missing_links):
            target.store_arriving(user_id, note, Load(links=links))
        for ids in _pages(found.missing_entries):
            load = Load(entries=source.departing_entries(ids))
            target.store_arriving(user_id, note, load)
        for ids in _pages(found.missing_preferences):
            load = Load(preferences=source.departing_preferences(user_id, ids))
            target.store_arriving(user_id, note, load)
        for keys in _pages(found.missing_results):
            load = Load(results=source.departing_results(user_id, keys, ()))
            target.store_arriving(user_id, note, load)
        for notes in _pages(found.missing_notes):
            load = Load(results=source.departing_results(user_id, (), notes))
            target.store_arriving(user_id, note, load)
        for counts in _pages(list(found.accesses.items())):
            target.store_arriving(user_id, note, Load(accesses=dict(counts)))
        return found


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _PAGE):
        yield values[start : start + _PAGE]
