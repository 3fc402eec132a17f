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
from ..stores.base import AsyncStore
from .importing import AsyncImporter
from .progress import AsyncProgress

T = TypeVar("T")

_PAGE = 500
_FEW = 100
"""So many changes are few enough to refuse writes while they are followed."""
_MOST_ROUNDS = 20
"""A user who writes faster than a move can follow is closed after this number of rounds."""
_LAST_ROUNDS = 3


class AsyncMover:
    """Copies a user, follows what is written meanwhile, and switches.

    The notes in both stores tell how far a move is; see `_core.transfer.moves`. Every step can be repeated,
    so a move that was killed is continued by the next call.

    Args:
        user_id: the user.
        source: where the user is.
        target: where the user goes.
        importer: of the target, for vectors.
    """

    def __init__(self, user_id: str, source: AsyncStore, target: AsyncStore, importer: AsyncImporter) -> None:
        self._user_id = user_id
        self._source = source
        self._target = target
        self._importer = importer
        self._memories = 0
        self._turns = 0
        self._rounds = 0
        self._paused = 0.0

    async def run(self, listener: Listener | None, *, keep: bool) -> MoveResult:
        """Move the user.

        Args:
            listener: is called with the counts so far.
            keep: leave what was moved in the source, where it can be read.
        """
        progress = AsyncProgress(listener)
        note = await self._source.find_move(self._user_id)
        if note is None or note.state is not MoveState.MOVED:
            note = await self._begin(note)
            while note.state is MoveState.COPYING:
                note = await self._copy(note, progress)
            closed = perf_counter()
            await self._arrive(note, progress)
            note = note._replace(state=MoveState.MOVED)
            await self._source.note_move(self._user_id, note, {MoveState.CLOSED})
            self._paused = perf_counter() - closed
        elif note.place != self._target.place:
            raise UserMovedError(f"this user was moved to {note.place}: move from there", place=note.place)
        if not keep:
            while not await self._source.purge_part(self._user_id, note, MoveState.MOVED):
                pass
        await self._target.forget_move(self._user_id, note)
        await progress.tell(self._memories, last=True)
        return {
            "memories": self._memories,
            "turns": self._turns,
            "rounds": self._rounds,
            "paused": round(self._paused, 6),
            "seconds": round(progress.seconds, 6),
        }

    async def cancel(self) -> None:
        """Undo a move that has not switched yet.

        Raises:
            InvalidInputError: there is no such move, or the user has arrived.
        """
        note = await self._source.find_move(self._user_id)
        if note is None or note.state not in (MoveState.COPYING, MoveState.CLOSED):
            raise InvalidInputError("user_id: this user is not being moved from here")
        there = await self._target.find_move(self._user_id)
        if there is not None and there.id == note.id:
            if there.state is not MoveState.ARRIVING:
                raise InvalidInputError("user_id: this user has arrived already; call move_user again")
            while not await self._target.purge_part(self._user_id, there, MoveState.ARRIVING):
                pass
            await self._target.forget_move(self._user_id, there)
        elif note.place != self._target.place:
            raise InvalidInputError(f"target: this user is being moved to {note.place}")
        await self._source.forget_move(self._user_id, note)

    async def _begin(self, note: Move | None) -> Move:
        """Return the note in the source, once there is one in both stores."""
        there = await self._target.find_move(self._user_id)
        if note is None:
            if there is not None and there.state is not MoveState.MOVED:
                raise InvalidInputError(
                    f"user_id: this user is on the way between {self._target.place} and {there.place}; "
                    "finish or cancel that move first"
                )
            note = Move(new_id(), MoveState.COPYING, self._target.place)
            await self._source.note_move(self._user_id, note, {None})
            there = await self._target.find_move(self._user_id)
            if there is not None and there.id == note.id:
                await self._source.forget_move(self._user_id, note)
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
                await self._target.note_move(self._user_id, arriving, {None})
            except InvalidInputError:
                await self._source.forget_move(self._user_id, note)
                raise
        return note

    async def _copy(self, note: Move, progress: AsyncProgress) -> Move:
        """Copy until little is missing; then keep the user from writing in the source."""
        while self._rounds < _MOST_ROUNDS:
            if (await self._follow(note, progress)).size <= _FEW:
                break
        closed = note._replace(state=MoveState.CLOSED)
        await self._source.note_move(self._user_id, closed, {MoveState.COPYING})
        return closed

    async def _arrive(self, note: Move, progress: AsyncProgress) -> None:
        """Copy the last changes, and accept writes in the target."""
        there = await self._target.find_move(self._user_id)
        if there is not None and there.id == note.id and there.state is MoveState.ARRIVED:
            return
        for _ in range(_LAST_ROUNDS):
            if not (await self._follow(note, progress)).size:
                break
        else:
            raise StoreError(
                f"{self._target.place}: some of what this user has cannot be stored there; cancel the move"
            )
        arriving = Move(note.id, MoveState.ARRIVING, self._source.place)
        work = await self._source.departing_work(self._user_id)
        await self._target.complete_move(self._user_id, arriving, work)

    async def _follow(self, note: Move, progress: AsyncProgress) -> Difference:
        """Make the target what the source is; return what differed."""
        user_id, source, target = self._user_id, self._source, self._target
        self._rounds += 1
        await self._importer.expect(await source.identity())
        wanted, present = await source.holdings(user_id), await target.holdings(user_id)
        known = sorted(wanted.known_memories() | present.known_memories())
        wanted.entries, present.entries = await source.entries(known), await target.entries(known)
        found = compare(wanted, present)
        if found.clears:
            await target.clear_arriving(user_id, note, found)
        for turns in _pages(found.missing_turns):
            load = Load(turns=await source.departing_turns(user_id, turns))
            await target.store_arriving(user_id, note, load)
            self._turns += len(load.turns)
        for ids in _pages(found.missing):
            memories = await self._importer.embedded(await source.departing_memories(user_id, ids))
            await target.store_arriving(user_id, note, Load(memories=memories))
            self._memories += len(memories)
            await progress.tell(self._memories)
        for links in _pages(found.missing_links):
            await target.store_arriving(user_id, note, Load(links=links))
        for ids in _pages(found.missing_entries):
            load = Load(entries=await source.departing_entries(ids))
            await target.store_arriving(user_id, note, load)
        for ids in _pages(found.missing_preferences):
            load = Load(preferences=await source.departing_preferences(user_id, ids))
            await target.store_arriving(user_id, note, load)
        for keys in _pages(found.missing_results):
            load = Load(results=await source.departing_results(user_id, keys, ()))
            await target.store_arriving(user_id, note, load)
        for notes in _pages(found.missing_notes):
            load = Load(results=await source.departing_results(user_id, (), notes))
            await target.store_arriving(user_id, note, load)
        for counts in _pages(list(found.accesses.items())):
            await target.store_arriving(user_id, note, Load(accesses=dict(counts)))
        return found


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _PAGE):
        yield values[start : start + _PAGE]
