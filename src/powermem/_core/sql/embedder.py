"""The embedder of a collection's vectors, and the users that were moved away. No I/O.

``meta`` names the embedder, and counts the switches to another one. A store remembers the count from when it
was opened, and refuses to work once it has changed: its vectors would not be comparable with the stored ones.

It also holds the notes of moves, see `_core.transfer.moves`, and counts their changes under ``moves``. A
store reads both numbers at once, and the notes only when the second one has changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import EmbeddingMismatchError, UserMovedError
from ..transfer.moves import Move, MoveState, user_key
from ..values import EmbedderIdentity
from .collection import CollectionSQL
from .steps import Query, Statement, Steps

_MOVE = "move:"


class EmbedderSQL:
    """The contents of ``meta`` for one collection and one open store.

    Args:
        sql: the collection's tables and what its database says differently.
        where: the database, for messages.

    Attributes:
        moves: the notes of moves, by ``user_key``; as of the last `check`.
    """

    def __init__(self, sql: CollectionSQL, where: str) -> None:
        self._sql = sql
        self.where = where
        self._switches: int | None = None
        self.moves: dict[str, Move] = {}
        self._changes = 0
        self._select_value = f"SELECT value FROM {sql.meta} WHERE {sql.meta_key} = ?"
        # In one order, since these rows are locked.
        self._select_guards = (
            f"SELECT {sql.meta_key}, value FROM {sql.meta} "
            f"WHERE {sql.meta_key} IN ('moves', 'switches') ORDER BY {sql.meta_key}"
        )

    def meta(self, name: str, lock: str = "") -> Steps[str | int | None]:
        """Return a value of ``meta``; ``lock`` is what the query ends in."""
        found = yield Query(self._select_value + lock, (name,))
        return found[0][0] if found else None

    def set_meta(self, name: str, value: str | int) -> Steps[None]:
        """Write a value of ``meta``."""
        yield Statement(self._sql.setting(), (name, self._sql.meta_value(value)))

    def find(self) -> Steps[EmbedderIdentity | None]:
        """Return whose vectors the collection holds; ``None`` when there are none yet."""
        key = self._sql.meta_key
        found = dict(
            (
                yield Query(
                    f"SELECT {key}, value FROM {self._sql.meta} "
                    f"WHERE {key} IN ('embedder', 'model', 'dimension')"
                )
            )
        )
        if "dimension" not in found:
            return None
        self._sql.dimension = int(found["dimension"])
        return EmbedderIdentity(found["embedder"], found["model"], self._sql.dimension)

    def set(self, identity: EmbedderIdentity) -> Steps[None]:
        """Write whose vectors the collection holds from now on."""
        assert identity.dimension is not None
        yield from self.set_meta("embedder", identity.provider)
        yield from self.set_meta("model", identity.model)
        yield from self.set_meta("dimension", identity.dimension)
        for statement in self._sql.adopting(identity.dimension):
            yield Statement(statement)

    def identify(self, identity: EmbedderIdentity) -> Steps[bool]:
        """Check that the vectors are this embedder's, and return whether there are any.

        Raises:
            EmbeddingMismatchError: they are another one's.
        """
        stored = yield from self.find()
        if stored is None:
            return False
        switches = yield from self.switches()
        if not stored.accepts(identity):
            raise EmbeddingMismatchError(
                f"{self.where}: collection {self._sql.collection!r} holds vectors of {stored}, but the "
                f"configured embedder is {identity}; configure the former again, or move the memories to the "
                "new one with reembed()"
            )
        self._switches = switches
        return True

    def settle(self, identity: EmbedderIdentity) -> Steps[None]:
        """As `identify`; where there are no vectors yet, they are this embedder's from now on."""
        if not (yield from self.identify(identity)):
            yield from self.set(identity)
            yield from self.identify(identity)

    def switches(self, lock: str = "") -> Steps[int]:
        """Return how often another embedder took over."""
        return int((yield from self.meta("switches", lock)) or 0)

    def check(self, lock: str = "") -> Steps[None]:
        """Raise ``EmbeddingMismatchError`` if another embedder took over since `identify`.

        It also brings the notes of moves up to date.
        """
        yield from self.heed((yield from self.guards(lock)))

    def heed(self, guards: Mapping[str, str | int]) -> Steps[None]:
        """As `check`, given what `guards` returns."""
        yield from self.refuse(guards.get("switches"))
        changes = int(guards.get("moves") or 0)
        if changes != self._changes:
            key = self._sql.meta_key
            notes = yield Query(
                f"SELECT {key}, value FROM {self._sql.meta} WHERE {key} LIKE ?", (f"{_MOVE}%",)
            )
            self.moves = {name[len(_MOVE) :]: Move.decode(note) for name, note in notes}
            self._changes = changes

    def guards(self, lock: str = "") -> Steps[dict[str, str | int]]:
        """Return the numbers of switches and of changes of notes; ``lock`` is what the query ends in."""
        return dict((yield Query(self._select_guards + lock)))

    def find_move(self, user_id: str) -> Steps[Move | None]:
        """Return the note of a user's move."""
        note = yield from self.meta(_MOVE + user_key(user_id))
        return None if note is None else Move.decode(str(note))

    def set_move(self, user_id: str, move: Move | None) -> Steps[None]:
        """Write the note of a user's move, or remove it."""
        name = _MOVE + user_key(user_id)
        if move is None:
            yield Statement(f"DELETE FROM {self._sql.meta} WHERE {self._sql.meta_key} = ?", (name,))
        else:
            yield from self.set_meta(name, move.encode())
        yield from self.set_meta("moves", int((yield from self.meta("moves")) or 0) + 1)

    def forget_moves(self) -> Steps[None]:
        """Remove the notes of all moves, in a collection that was emptied."""
        yield Statement(f"DELETE FROM {self._sql.meta} WHERE {self._sql.meta_key} LIKE ?", (f"{_MOVE}%",))
        yield from self.set_meta("moves", int((yield from self.meta("moves")) or 0) + 1)

    def refuse_read(self, user_id: str) -> Steps[None]:
        """Raise ``UserMovedError`` if a user, of whom nothing was found, was moved away."""
        move = yield from self.find_move(user_id)
        if move is not None and move.state is MoveState.MOVED:
            raise UserMovedError(f"this user was moved to {move.place}: look there", place=move.place)

    @property
    def place(self) -> str:
        """The database and the collection, for messages."""
        return f"{self.where}, collection {self._sql.collection}"

    def refuse(self, switches: str | int | None) -> Steps[None]:
        """As `check`, given the number of switches."""
        if self._switches is not None and int(switches or 0) != self._switches:
            identity = yield from self.find()
            raise EmbeddingMismatchError(
                f"{self.where}: collection {self._sql.collection!r} was moved to the vectors of {identity} "
                "while it was open; configure that embedder and open it again"
            )

    def forget(self) -> None:
        """Let the next `identify` say what is right: this store itself has moved the memories."""
        self._switches = None
