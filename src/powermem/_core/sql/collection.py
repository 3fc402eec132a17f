"""One collection's tables and the statements that every database understands. No I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from ...errors import StoreUnavailableError
from ..changes.writes import AddMemory
from ..clock import DAY
from ..filters.expression import Expression
from ..filters.match import matches
from ..metadata import encode
from ..text.indexing import index_each
from ..values import HistoryEntry, Row, Stored, Words
from .dialects import Dialect, Fragment
from .filters import Narrowed, narrow_filter
from .rows import Texts, scope_values, to_row
from .schema import check_collection
from .steps import Query, Statement, Statements, Steps, TransactionAbortedError

T = TypeVar("T")

RECORD = (
    "id, user_id, agent_id, run_id, actor_id, memory_type, memory, hash, metadata, facets, created_at, "
    "updated_at, valid_from, valid_to, expires_at, superseded_by, access_count, version, utc_offset"
)
"""The result of `CollectionSQL.record_values`."""

ENTRY = "memory_id, event, old_memory, new_memory, actor, created_at, id"
"""The result of `CollectionSQL.entry_values`."""

_EVERYTHING = Narrowed("1 = 1", [], "(1 = 0)", uncertain=False)


class NewColumn(NamedTuple):
    """A step that adds a column which may hold nothing, unless an earlier try has added it.

    Some servers can neither undo such a statement nor leave it out where the column is there.
    """

    table: str
    column: str
    type: str

    @property
    def known(self) -> Query:
        """The query that has a row when the column is there."""
        return Query(
            "SELECT 1 FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
            (self.table, self.column),
        )

    @property
    def statement(self) -> str:
        """The statement that adds it."""
        return f"ALTER TABLE {self.table} ADD COLUMN {self.column} {self.type}"


class NewIndex(NamedTuple):
    """A step that adds an index, unless an earlier try has added it; see `NewColumn`."""

    table: str
    name: str
    columns: str

    @property
    def known(self) -> Query:
        """The query that has a row when the index is there."""
        return Query(
            "SELECT 1 FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?",
            (self.table, self.name),
        )

    @property
    def statement(self) -> str:
        """The statement that adds it."""
        return f"CREATE INDEX {self.name} ON {self.table} ({self.columns})"


class CollectionSQL(Texts, ABC):
    """One collection's statements.

    Every table's name begins with the collection's. Scope ids that were not given are ``''``; times are
    microseconds UTC.

    Attributes:
        dialect: how the database filters.
        schema_version: the newest version that this library knows.
        locking: the end of a SELECT that locks its rows until the transaction ends; empty without row locks.
        meta_key: the column of ``meta`` by which a row is found.
        request_key: the column of ``requests`` with the caller's key.
        chunk: the most parameters to put into one statement.
        embedded: reads a vector in the form that `loaded_vector` takes.
        indexed: the columns with what ``_core.text.indexing.index`` returned.
        id_type: the type of an id.
        binary_type: the type of a column of any bytes.
        hash_type: the type of a column that is compared with ``hash``.
        cheap_savepoints: whether a savepoint costs no round trip.
        dimension: length of the vectors, once it was read from ``meta``; the bytes of an embedding hold one
            of them or several.
        common_errors: errors that fail the whole transaction; any other fails one caller's batch only.
        sharing: the clause of a SELECT that locks its rows against changes until the transaction ends; empty
            where another lock does.
    """

    dialect: Dialect
    schema_version: int
    locking = " FOR UPDATE"
    meta_key = "name"
    request_key = "name"
    chunk = 1000
    embedded = "embedding"
    indexed = "terms, frequencies"
    id_type = "bigint"
    binary_type = "LONGBLOB"
    hash_type = "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    sharing = ""
    cheap_savepoints = False
    common_errors: tuple[type[Exception], ...] = (StoreUnavailableError, TransactionAbortedError)

    def __init__(self, collection: str) -> None:
        self.collection = check_collection(collection)
        self.dimension: int | None = None
        self.records = f"{collection}_records"
        self.vectors = self.records
        """The table of the vectors."""
        self.with_vectors = self.records
        """The memories with their vectors, after FROM."""
        self.history = f"{collection}_history"
        self.turns = f"{collection}_turns"
        self.links = f"{collection}_links"
        self.requests = f"{collection}_requests"
        self.meta = f"{collection}_meta"
        self.shadow = f"{collection}_shadow"
        self.buffer = f"{collection}_buffer"
        self.tasks = f"{collection}_tasks"
        self.lanes = f"{collection}_lanes"
        self.preferences = f"{collection}_preferences"

    @abstractmethod
    def schema(self) -> list[str]:
        """Return the statements that create the newest version of the collection."""

    @abstractmethod
    def steps(self) -> Mapping[int, Sequence[str | NewColumn | NewIndex]]:
        """Return, for each older version, the statements that lead to the next one."""

    @abstractmethod
    def exists(self) -> Query:
        """Return a query that has a row when the collection's tables exist."""

    def note_migration(self, version: int, at: int) -> Steps[None]:
        """Write down when the schema came to a version, where there is a table for that."""
        del version, at
        yield from ()

    def mark(self, column: str) -> str:
        """Return the place of a parameter for a column, with a cast where the database needs one."""
        del column
        return "?"

    def inserting(self, table: str, columns: str, *, once: bool = False) -> str:
        """Return an insert of one row of values; ``once`` passes over a row whose key is there already."""
        marks = ", ".join(self.mark(column.strip()) for column in columns.split(","))
        conflict = " ON CONFLICT DO NOTHING" if once else ""
        return f"INSERT INTO {table} ({columns}) VALUES ({marks}){conflict}"

    def among(self, column: str, values: Sequence[Any]) -> Fragment:
        """Return whether a column is one of these ids or texts; there is at least one."""
        return Fragment(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))

    def named(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        """Return whether a row has one of these ids; with their user it is looked for in one part only."""
        chosen = self.among("id", ids)
        if user_id is None:
            return chosen
        return Fragment(f"user_id = ? AND {chosen.sql}", (user_id, *chosen.values))

    def owned(self, pairs: Sequence[tuple[int, str | None]]) -> Fragment:
        """Return whether a row has one of these ids, given whose each is, as far as that is known."""
        users = {user_id for _, user_id in pairs}
        return self.named([memory_id for memory_id, _ in pairs], users.pop() if len(users) == 1 else None)

    def one(self, memory_id: int, user_id: str | None) -> Fragment:
        """Return whether a row is the one with this id; with its user it is looked for in one part only."""
        if user_id is None:
            return Fragment("id = ?", (memory_id,))
        return Fragment("user_id = ? AND id = ?", (user_id, memory_id))

    def of_user(self, column: str, user_id: str | None) -> Fragment:
        """Return the end of a condition on rows that are all of a user, if that is known.

        It selects no fewer rows, but tells a database whose tables are divided in which part they are.
        """
        return Fragment("") if user_id is None else Fragment(f" AND {column} = ?", (user_id,))

    def chunks(self, values: Sequence[T]) -> Iterator[Sequence[T]]:
        """Yield values in pieces that one statement takes as parameters."""
        for start in range(0, len(values), self.chunk):
            yield values[start : start + self.chunk]

    @abstractmethod
    def setting(self) -> str:
        """Return the statement that sets a key of ``meta`` to a value; see `meta_value`."""

    def meta_value(self, value: str | int) -> str | int:
        """Return a value as ``meta`` keeps it."""
        return str(value)

    @abstractmethod
    def emptying(self) -> list[str]:
        """Return the statements that remove everything from the collection but its schema."""

    def enter(self) -> Steps[None]:
        """Lock what every transaction that writes locks first, where there is such a thing."""
        yield from ()

    def begin(self) -> Steps[Mapping[str, str | int] | None]:
        """Start the changes of a transaction, after all locks are held.

        Returns:
            What `EmbedderSQL.guards` does, if that was read too; else ``None``.
        """
        yield from ()
        return None

    def finish(self, changed: Sequence[Row]) -> Steps[None]:
        """Publish the changes of a transaction to the caches of all processes.

        Args:
            changed: the memories that caches must read again.
        """
        del changed
        yield from ()

    @abstractmethod
    def insert_memories(self, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        """Insert memories unless their scope has the same text; return the ids of those inserted."""

    def counting(self, accesses: Mapping[tuple[str, int], int]) -> Steps[None]:
        """Count accesses to memories, given how many there were by the memory's owner and id."""
        yield Statements(
            f"UPDATE {self.records} SET access_count = access_count + ? WHERE id = ?",
            [(times, memory_id) for (_, memory_id), times in accesses.items()],
        )

    def record_values(self, memory: AddMemory | Stored) -> tuple[Any, ...]:
        """Return the values of ``RECORD``."""
        row = memory.row
        return (
            row.id,
            *scope_values(row.scope),
            self.stored_or_none(row.actor_id),
            self.stored_or_none(row.memory_type),
            self.stored(row.text),
            row.hash,
            self.stored_json(encode(row.metadata)),
            self.stored_json(encode(row.facets)),
            row.created_at,
            row.updated_at,
            row.valid_from,
            row.valid_to,
            row.expires_at,
            row.superseded_by,
            row.access_count,
            row.version,
            row.utc_offset,
        )

    @abstractmethod
    def rewrite(self, row: Row, embedding: bytes | None, words: Words) -> Steps[None]:
        """Replace a memory's text by that of its row, with its vector and its terms."""

    def updating(self, row: Row, values: Mapping[str, Any]) -> Statement:
        """Return the statement that changes columns of a memory."""
        assignments = ", ".join([f"{column} = {self.mark(column)}" for column in values])
        return Statement(
            f"UPDATE {self.records} SET {assignments}, version = version + 1 WHERE user_id = ? AND id = ?",
            (*values.values(), row.scope.user_id or "", row.id),
        )

    def rewritten(self, row: Row) -> dict[str, Any]:
        """Return the columns that `ReplaceText` changes, with their values, apart from vector and terms."""
        return {
            "memory": self.stored(row.text),
            "hash": row.hash,
            "facets": self.stored_json(encode(row.facets)),
            "updated_at": row.updated_at,
            "valid_from": row.valid_from,
            "utc_offset": row.utc_offset,
        }

    def copy(self, row: Row, values: Mapping[str, Any]) -> Steps[None]:
        """Store a memory a second time, with its vector and its terms.

        Args:
            row: the memory.
            values: the columns that differ; its ``id`` is among them.
        """
        yield self.copying(row, RECORD.split(", "), values)

    def copying(self, row: Row, columns: Sequence[str], values: Mapping[str, Any]) -> Statement:
        """Return the statement that copies a row of ``records``."""
        read = ", ".join("?" if column in values else column for column in columns)
        where = self.named([row.id], row.scope.user_id or "")
        return Statement(
            f"INSERT INTO {self.records} ({', '.join(columns)}) "
            f"SELECT {read} FROM {self.records} WHERE {where.sql}",
            (*(values[column] for column in columns if column in values), *where.values),
        )

    def amended(self, row: Row) -> dict[str, Any]:
        """Return the columns that `Amend` changes, with their values."""
        metadata = self.stored_json(encode(row.metadata))
        return {"metadata": metadata, "expires_at": row.expires_at, "updated_at": row.updated_at}

    def remove(self, ids: Sequence[int], user_id: str | None) -> Steps[None]:
        """Delete memories with their vectors, but not their history, nor the links to their turns."""
        for chunk in self.chunks(ids):
            where = self.named(chunk, user_id)
            yield Statement(f"DELETE FROM {self.records} WHERE {where.sql}", where.values)

    def unlink(self, ids: Sequence[int]) -> Steps[None]:
        """Delete the links of memories."""
        for chunk in self.chunks(ids):
            where = self.among("memory_id", chunk)
            yield Statement(f"DELETE FROM {self.links} WHERE {where.sql}", where.values)

    def adopting(self, dimension: int) -> list[str]:
        """Return the statements before the first vectors of an embedder, given their length."""
        del dimension
        return []

    @abstractmethod
    def abandoning(self) -> list[str]:
        """Return the statements before all vectors are replaced by another embedder's."""

    @abstractmethod
    def importance(self) -> str:
        """Return the number that ``facets`` holds as importance, as a float or NULL."""

    def shadow_table(self) -> str:
        """Return the statement that makes the table for the vectors of another embedder, if it is missing."""
        return (
            f"CREATE TABLE IF NOT EXISTS {self.shadow} (id {self.id_type} NOT NULL PRIMARY KEY, "
            f"hash {self.hash_type} NOT NULL, embedding {self.binary_type} NOT NULL)"
        )

    def replacing(self, embeddings: Sequence[tuple[int, bytes]]) -> Steps[None]:
        """Give memories, named by their ids, other vectors."""
        yield Statements(
            f"UPDATE {self.vectors} SET embedding = ? WHERE id = ?",
            [(embedding, memory_id) for memory_id, embedding in embeddings],
        )

    def loaded_vector(self, value: bytes | None) -> bytes | None:
        """Return what ``embedded`` read as float32 bytes."""
        return value

    def entry_values(self, entry: HistoryEntry) -> tuple[Any, ...]:
        """Return the values of ``ENTRY``."""
        texts = map(self.stored_or_none, (entry.old_memory, entry.new_memory, entry.actor))
        return (entry.memory_id, entry.event, *texts, entry.created_at, entry.id)

    def stored_history(self, memory_ids: Sequence[int]) -> Steps[defaultdict[int, list[HistoryEntry]]]:
        """Return the stored history of memories, by the id of the memory; see `changes.history`."""
        stored: defaultdict[int, list[HistoryEntry]] = defaultdict(list)
        for chunk in self.chunks(memory_ids):
            where = self.among("memory_id", chunk)
            found = yield Query(f"SELECT {ENTRY} FROM {self.history} WHERE {where.sql}", where.values)
            for entry in map(self.to_history, found):
                stored[entry.memory_id].append(entry)
        return stored

    def to_row(self, values: Sequence[Any]) -> Row:
        """Build a ``Row`` from the values of ``COLUMNS``."""
        return to_row(values, self)

    def to_history(self, values: Sequence[Any]) -> HistoryEntry:
        """Build an entry from the values of ``ENTRY``."""
        memory_id, event, old, new, actor, created_at, entry_id = values
        return HistoryEntry(
            memory_id,
            event,
            self.loaded_or_none(old),
            self.loaded_or_none(new),
            self.loaded_or_none(actor),
            created_at,
            entry_id,
        )

    def narrow(self, expression: Expression | None) -> Narrowed:
        """Return the condition of a filter, and for which rows Python has the last word."""
        return _EVERYTHING if expression is None else narrow_filter(expression, self.dialect)

    def listing(self, columns: str, where: str, order: str) -> str:
        """Return the query for a page of records; its last parameters are the limit and the offset."""
        return f"SELECT {columns} FROM {self.records} WHERE {where} {order} LIMIT ? OFFSET ?"

    def days(self) -> str:
        """Return the first microsecond of the day of ``created_at``, also before 1970."""
        return f"created_at - MOD(MOD(created_at, {DAY}) + {DAY}, {DAY})"


def passes(expression: Expression | None, row: Row) -> bool:
    """Return whether a row that was in doubt passes a filter."""
    return expression is None or matches(expression, row)


def words_of(memories: Sequence[AddMemory | Stored]) -> list[Words]:
    """Return for each memory the terms by which full text finds it."""
    known = [memory.terms if isinstance(memory, Stored) else memory.words for memory in memories]
    unknown = [memory for memory, words in zip(memories, known, strict=True) if not words]
    found = iter(index_each([memory.row for memory in unknown], [memory.source for memory in unknown]))
    return [words or next(found) for words in known]
