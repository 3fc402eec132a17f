"""The SQL of servers that speak MySQL's protocol: their tables and filters. No I/O.

Ids and the text of memories are binary columns, since "a" equals "a " under every collation that all of these
servers have. Bytes of UTF-8 are equal exactly when the text is, and sort by code point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..filters.expression import Condition
from ..values import Row, Words
from .collection import NewColumn, NewIndex
from .dialects import Dialect, Fragment
from .partitions import FollowedSQL, of_user
from .schema import ENDED, LINKED, SAID, queue_tables
from .server import ServerSQL
from .steps import Query, Statement, Statements, Steps

_DOUBT = frozenset({"1 = 1"})
# The changes of this many commits stay listed; a cache that is further behind is loaded again.
_LISTED = 8192
_TRIM_EVERY = 1024
ID = "VARBINARY(512)"
"""The type of a column with a user or any other id of the caller."""
# A lane is named after an id of up to 512 bytes.
_NAME = "VARBINARY(520)"
_TABLE = "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


class MySQLDialect(Dialect):
    """Comparisons of columns are exact. Patterns and metadata are decided in Python."""

    def is_in(self, column: str, values: frozenset[Any]) -> Fragment:
        if not values:
            return Fragment("1 = 0")
        return Fragment(f"{column} IN ({_marks(len(values))})", tuple(sorted(values)))

    def contains(self, column: str, text: str) -> Fragment:
        return Fragment(f"INSTR({column}, ?) > 0", (text.encode(),))

    def icontains(self, column: str, folded: str) -> Fragment:
        return Fragment("1 = 1", (), _DOUBT)

    def like(self, column: str, pattern: str) -> Fragment:
        # In a binary column, ``_`` of LIKE matches one byte instead of one character.
        return Fragment("1 = 1", (), _DOUBT)

    def key(self, condition: Condition) -> Fragment:
        # The JSON functions of these servers compare differently from each other and from Python.
        return Fragment("1 = 1", (), _DOUBT)


MYSQL = MySQLDialect()


class MySQLSQL(ServerSQL, FollowedSQL):
    """One collection's statements.

    Every change to what searches see is listed in ``changes`` under the number of its commit, so that caches
    can follow.

    Args:
        collection: whose tables.
        partitions: how many hash partitions by user the large tables get; none for 0.
    """

    dialect = MYSQL
    schema_version = 6
    # MariaDB makes a table of a list of 1,000 or more, and then reads all rows of the user beside it.
    chunk = 999
    searched: tuple[str, ...] = ("embedding", "terms", "frequencies")
    noted: tuple[tuple[str, str], ...] = (("sequence", "0"), ("trimmed", "0"))
    """Initial contents of ``meta``."""
    kept: tuple[str, ...] = ("schema_version", "sequence", "trimmed", "switches", "moves")
    """Keys of ``meta`` that stay when the collection is emptied."""
    entered: tuple[str, ...] = ("moves", "sequence", "switches")
    """Keys of ``meta`` that every transaction that writes locks and reads first."""

    def __init__(self, collection: str, partitions: int = 0) -> None:
        super().__init__(collection)
        self._state: Mapping[str, str] = {}
        """Their values, as of the transaction that holds the lock of `lock_sequence`."""
        self.changes = f"{collection}_changes"
        self._partitions = f" PARTITION BY KEY (user_id) PARTITIONS {partitions}" if partitions else ""

    def named(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        chosen = self.among("id", ids)
        if user_id is None or not self._partitions:
            return chosen
        # With user_id = ?, a MariaDB whose statistics are older than the rows may read all of that user.
        return Fragment(f"user_id >= ? AND user_id <= ? AND {chosen.sql}", (user_id, user_id, *chosen.values))

    def owned(self, pairs: Sequence[tuple[int, str | None]]) -> Fragment:
        users = sorted({user_id for _, user_id in pairs if user_id is not None})
        if not self._partitions or len(users) < 2 or any(user_id is None for _, user_id in pairs):
            return super().owned(pairs)
        chosen = self.among("id", [memory_id for memory_id, _ in pairs])
        return Fragment(f"user_id IN ({_marks(len(users))}) AND {chosen.sql}", (*users, *chosen.values))

    def of_user(self, column: str, user_id: str | None) -> Fragment:
        return super().of_user(column, user_id if self._partitions else None)

    def part_of(self, user_id: str | None) -> Fragment:
        """Return the condition that leads to the part of a user; nothing where the tables are whole.

        For queries that look for candidates among all rows, which a condition slows down.
        """
        if user_id is None or not self._partitions:
            return Fragment("1 = 1")
        return Fragment("user_id = ?", (user_id,))

    @property
    def by_user(self) -> str:
        """The end of the statement that creates a table with a part for each group of users."""
        return f"{_TABLE}{self._partitions}"

    def schema(self) -> list[str]:
        """Return the statements that create the collection.

        These servers have no transactions around such statements. So each may be run again, by the next who
        opens a collection whose creation was interrupted, or by two at once.
        """
        by_user = self.by_user
        scope = f"user_id {ID} NOT NULL, agent_id {ID} NOT NULL, run_id {ID} NOT NULL"
        return [
            f"""CREATE TABLE IF NOT EXISTS {self.records} (
                {scope}, id BIGINT NOT NULL, actor_id {ID}, memory_type {ID},
                memory LONGBLOB NOT NULL, hash VARBINARY(128) NOT NULL,
                metadata LONGTEXT NOT NULL, facets LONGTEXT NOT NULL,
                created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
                valid_from BIGINT NOT NULL, valid_to BIGINT, expires_at BIGINT,
                superseded_by BIGINT,
                access_count BIGINT NOT NULL DEFAULT 0, version BIGINT NOT NULL DEFAULT 1,
                embedding MEDIUMBLOB, terms MEDIUMBLOB NOT NULL, frequencies MEDIUMBLOB NOT NULL,
                once VARBINARY(128) GENERATED ALWAYS AS (CASE WHEN valid_to IS NULL THEN hash END) STORED,
                utc_offset INT,
                PRIMARY KEY (user_id, id),
                UNIQUE KEY once (user_id, agent_id, run_id, once),
                KEY by_id (id), KEY by_hash (user_id, hash), KEY listed (user_id, created_at),
                KEY ended ({ENDED})) {by_user}""",
            f"""CREATE TABLE IF NOT EXISTS {self.history} (
                id BIGINT NOT NULL PRIMARY KEY, memory_id BIGINT NOT NULL, event VARBINARY(16) NOT NULL,
                old_memory LONGTEXT, new_memory LONGTEXT, actor {ID}, created_at BIGINT NOT NULL,
                KEY by_memory (memory_id)) {_TABLE}""",
            f"""CREATE TABLE IF NOT EXISTS {self.turns} (
                {scope}, id BIGINT NOT NULL, role {ID} NOT NULL, content LONGTEXT NOT NULL, actor_id {ID},
                sent_at BIGINT NOT NULL, created_at BIGINT NOT NULL, utc_offset INT,
                PRIMARY KEY (user_id, id), KEY by_id (id), KEY listed (user_id, sent_at),
                KEY said ({SAID})) {by_user}""",
            f"""CREATE TABLE IF NOT EXISTS {self.links} (
                memory_id BIGINT NOT NULL, turn_id BIGINT NOT NULL,
                PRIMARY KEY (memory_id, turn_id), KEY linked ({LINKED})) {_TABLE}""",
            f"""CREATE TABLE IF NOT EXISTS {self.requests} (
                {scope}, name VARBINARY(1024) NOT NULL, result LONGTEXT NOT NULL, created_at BIGINT NOT NULL,
                PRIMARY KEY (user_id, agent_id, run_id, name)) {by_user}""",
            f"""CREATE TABLE IF NOT EXISTS {self.changes} (
                sequence BIGINT NOT NULL, memory_id BIGINT NOT NULL, user_id {ID} NOT NULL,
                PRIMARY KEY (sequence, memory_id), KEY of_user (user_id, sequence)) {_TABLE}""",
            f"""CREATE TABLE IF NOT EXISTS {self.migrations} (
                version BIGINT NOT NULL, applied_at BIGINT NOT NULL) {_TABLE}""",
            f"""CREATE TABLE IF NOT EXISTS {self.meta} (
                name VARBINARY(64) NOT NULL PRIMARY KEY, value VARBINARY(1024) NOT NULL) {_TABLE}""",
            *(
                self.inserting(self.meta, "name, value", once=True).replace("?, ?", f"'{name}', '{value}'")
                for name, value in self.noted
            ),
            *self.work_to_do(),
        ]

    def work_to_do(self) -> list[str]:
        """Return the statements that create the tables of the work in the background."""
        tables = queue_tables(self.collection, name=_NAME, text="LONGTEXT", number="BIGINT")
        return [
            f"CREATE TABLE IF NOT EXISTS {table.name} ({table.columns}"
            + "".join(f", KEY {name} ({columns})" for name, columns in table.indexes.items())
            + f") {_TABLE}"
            for table in tables
        ]

    def steps(self) -> Mapping[int, Sequence[str | NewColumn | NewIndex]]:
        # A collection without a version is one whose creation was interrupted.
        # Since version 5 an embedding may be several vectors, which earlier versions cannot read.
        # Since version 6 the first entry of a history is derived, which earlier versions would miss.
        return {0: self.schema(), 1: self.work_to_do(), 2: self.dating(), 3: self.ordering(), 4: [], 5: []}

    def dating(self) -> list[str | NewColumn | NewIndex]:
        """Return the statements that make room for the offset of a moment."""
        return [NewColumn(table, "utc_offset", "INT") for table in self.dated]

    def ordering(self) -> list[str | NewColumn | NewIndex]:
        """Return the statements that create the indexes of what was said, and what held, before and after."""
        return [
            NewIndex(self.turns, "said", SAID),
            NewIndex(self.links, "linked", LINKED),
            NewIndex(self.records, "ended", ENDED),
        ]

    def emptying(self) -> list[str]:
        tables = (
            self.records,
            self.history,
            self.turns,
            self.links,
            self.requests,
            self.changes,
            *self.queue,
        )
        kept = ", ".join(f"'{name}'" for name in self.kept)
        return [
            *(f"DELETE FROM {table}" for table in tables),
            f"DELETE FROM {self.meta} WHERE name NOT IN ({kept}) AND SUBSTR(name, 1, 4) <> 'key:'",
            # Caches of other processes must not take what comes for a continuation of what they know.
            *self._forget_caches(),
        ]

    def enter(self) -> Steps[None]:
        self._state = dict((yield Query(self.lock_sequence)))

    def begin(self) -> Steps[Mapping[str, str | int] | None]:
        yield from ()
        return self._state

    def abandoning(self) -> list[str]:
        return self._forget_caches()

    def _forget_caches(self) -> list[str]:
        """Return the statements after which every cache, here and in other processes, is loaded again."""
        return [
            f"UPDATE {self.meta} SET value = CAST(value AS SIGNED) + 1 WHERE name = 'sequence'",
            f"UPDATE {self.meta} t JOIN {self.meta} s ON s.name = 'sequence' SET t.value = s.value "
            "WHERE t.name = 'trimmed'",
        ]

    def exists(self) -> Query:
        return Query(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
            (self.meta,),
        )

    def inserting(self, table: str, columns: str, *, once: bool = False) -> str:
        names = columns.split(", ")
        # INSERT IGNORE would also pass over a text that was cut off.
        unless = f" ON DUPLICATE KEY UPDATE {names[0]} = {table}.{names[0]}" if once else ""
        return f"INSERT INTO {table} ({columns}) VALUES ({_marks(len(names))}){unless}"

    def setting(self) -> str:
        return f"REPLACE INTO {self.meta} (name, value) VALUES (?, ?)"

    def finish(self, changed: Sequence[Row]) -> Steps[None]:
        if not changed:
            return
        sequence = int(self._state["sequence"]) + 1
        yield Statement(self.number_commit, (str(sequence),))
        users = {row.id: row.scope.user_id or "" for row in changed}
        yield Statements(self.list_change, [(sequence, *one) for one in users.items()])
        if sequence % _TRIM_EVERY == 0 and sequence > _LISTED:
            yield Statement(self.forget_changes, (sequence - _LISTED,))
            yield Statement(self.setting(), ("trimmed", str(sequence - _LISTED)))

    def search_values(self, row: Row, embedding: bytes | None, words: Words) -> tuple[Any, ...]:
        return (embedding, *words)

    def changed(self, user_id: str | None, since: int) -> Query:
        where = of_user(user_id)
        return Query(
            f"SELECT DISTINCT memory_id FROM {self.changes} WHERE {where.sql} AND sequence > ?",
            (*where.values, since),
        )

    def importance(self) -> str:
        return "(JSON_EXTRACT(facets, '$.importance') + 0e0)"

    def loaded(self, text: str | bytes) -> str:
        return text.decode() if isinstance(text, bytes) else text

    @property
    def lock_sequence(self) -> str:
        """The query that locks the collection for writing until the end of the transaction."""
        names = ", ".join(f"'{name}'" for name in self.entered)
        return f"SELECT name, value FROM {self.meta} WHERE name IN ({names}) FOR UPDATE"

    @property
    def number_commit(self) -> str:
        """The statement that writes the number of a commit."""
        return f"UPDATE {self.meta} SET value = ? WHERE name = 'sequence'"

    @property
    def list_change(self) -> str:
        """The statement that lists a changed memory: sequence, id, user."""
        return self.inserting(self.changes, "sequence, memory_id, user_id", once=False)

    @property
    def forget_changes(self) -> str:
        """The statement that deletes listed changes up to a commit, which ``trimmed`` must then name."""
        return f"DELETE FROM {self.changes} WHERE sequence <= ?"


def _marks(count: int) -> str:
    return ", ".join("?" * count)
