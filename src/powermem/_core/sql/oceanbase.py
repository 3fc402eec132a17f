"""The SQL of OceanBase and seekdb beyond MySQL's: vectors and words that the server searches. No I/O.

A vector is stored twice: ``embedding`` has its exact bytes, and ``near`` is a ``VECTOR``, which the server
indexes but returns rounded to six digits only. Of a text with several windows (`_core.ranking.windows`),
``near`` is the first; the others have a table of their own. ``words`` are the ids of the terms in hexadecimal
behind a word for the user, so that one user's rows are found without the others'.

These columns, the table and their indexes take most of the time of a write. So a collection has none of them
until the memories of a user fit into no cache; see `_async.stores.oceanbase.indexes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..changes.writes import AddMemory
from ..embedding.windows import MAX_WINDOWS
from ..ranking.server_rows import ServerRows
from ..values import Row, Stored, Words
from .collection import CollectionSQL, NewColumn, NewIndex
from .dialects import Fragment
from .mysql import ID, MySQLSQL
from .partitions import Freshness
from .steps import Query, Statement, Steps

MAX_INDEXED_DIMENSION = 4096
"""The longest vectors that the server's HNSW accepts; scopes with longer ones are ranked in this process."""

_WORDS = ("words", "length")
_FURTHER = " UNION ALL ".join(f"SELECT {number} AS number" for number in range(1, MAX_WINDOWS))

SESSION = {"ob_hnsw_ef_search": "600"}
"""Settings of a connection: how many candidates a search of the index keeps. With 64, the server's choice, an
eighth of the 100 nearest of 20,000 was lost, with 600 one in 500, and it took no more than 2 ms longer."""

# The server ignores the ef_search of an index. With 200 for ef_construction, the server's own choice,
# writing took twice as long, and a search found no more.
_HNSW = "distance=cosine, type=hnsw, lib=vsag, m=16, ef_construction=64"


# One statement asks for the turns beside this number of rows, always the same one, since the server takes ten
# times as long for a statement that it has not seen before.
_ASKED = 20
# A condition on fewer values than this takes some of them twice, up to a power of two.
_PADDED = 64
_SAID = "user_id, run_id, valid_from, id"
# Every column that decides whether a row is visible: whole rows are a hundred times as wide.
_SEEN = "user_id, valid_to, expires_at, valid_from, agent_id, run_id, length"


def owner(user_id: str) -> str:
    """Return the word that stands for a user in ``words``."""
    return f"u{hashlib.md5(user_id.encode(), usedforsecurity=False).hexdigest()}"


def mark(term: int) -> bytes:
    """Return a term id as it stands in ``terms``."""
    return term.to_bytes(8, "little")


def among_words(term: int, user_id: str | None) -> str:
    """Return the full-text query on ``words`` for rows with a term, of one user or of all."""
    word = f"+{mark(term).hex()}"
    return word if user_id is None else f"+{owner(user_id)} {word}"


class OceanBaseSQL(MySQLSQL):
    """A collection on OceanBase or seekdb.

    Attributes:
        worded: whether there are the columns ``words`` and ``length``; as of the transaction that holds the
            lock of `lock_sequence`.
        near: length of the vectors that go into the column ``near``, ``None`` when there is none; likewise.
        windowed: whether there is the table ``windows`` for vectors of this length; likewise.
        windows: the table of the windows behind the first of the texts that have several.
    """

    schema_version = 8
    noted = (*MySQLSQL.noted, ("building", ""))
    kept = (*MySQLSQL.kept, "building", "words_column", "words")
    kept = (*kept, "near_column", "near", "windows_column", "windows")
    followed = (*MySQLSQL.followed, "words", "near", "windows")
    entered = ("moves", "near_column", "sequence", "switches", "windows_column", "words_column")

    def __init__(self, collection: str, partitions: int = 0) -> None:
        super().__init__(collection, partitions)
        self.worded = False
        self.near: int | None = None
        self.windowed = False
        self.windows = f"{collection}_windows"

    def steps(self) -> Mapping[int, Sequence[str | NewColumn | NewIndex]]:
        once = self.inserting(self.meta, "name, value", once=True)
        # Collections of versions 3 to 6 may also be ones that were last opened as those of a plain MySQL.
        former = [once.replace("?, ?", "'building', ''"), *self.dating()]
        return {
            **super().steps(),
            2: former,
            3: former,
            4: [*former, *self.ordering()],
            # Since version 6 an embedding may be several vectors, which earlier versions cannot read.
            5: [*former, *self.ordering()],
            # Until version 6, the words of every collection were complete, or marked by a 0.
            6: [
                *former,
                *self.ordering(),
                f"REPLACE INTO {self.meta} (name, value) "
                f"SELECT 'words_column', value FROM {self.meta} WHERE name = 'words'",
            ],
            # Since version 8 the first entry of a history is derived, which earlier versions would miss, and
            # further windows have a table, which they would not fill.
            7: [],
        }

    def complete(self, progress: Mapping[str, str]) -> bool:
        """Return whether the server can search all that there is."""
        near = progress.get("near")
        ready = progress.get("words") == "1" and progress.get("windows") == near
        return ready and near == progress.get("dimension", near)

    def freshness(self, progress: Mapping[str, str]) -> Freshness:
        return super().freshness(progress)._replace(indexed=self.complete(progress))

    def enter(self) -> Steps[None]:
        yield from super().enter()
        dimension = self._state.get("near_column")
        self.near = int(dimension) if dimension else None
        self.windowed = self.near is not None and self._state.get("windows_column") == dimension
        self.worded = self._state.get("words_column") == "1"
        self.searched = (
            *MySQLSQL.searched,
            *(_WORDS if self.worded else ()),
            *(() if self.near is None else ("near",)),
        )

    def named(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        # Given both, this server looks up each pair of user and id, whatever its statistics say.
        return CollectionSQL.named(self, ids, user_id)

    def among(self, column: str, values: Sequence[Any]) -> Fragment:
        # With a number of values that it has not seen before, the server takes three times as long for ten.
        if len(values) < _PADDED:
            values = [*values, *[values[-1]] * ((1 << (len(values) - 1).bit_length()) - len(values))]
        return super().among(column, values)

    def abandoning(self) -> list[str]:
        # The vectors to come may have another length, and a column is not changed in a transaction.
        names = ("near", "near_column", "windows", "windows_column")
        return [*super().abandoning(), *(self.setting().replace("?, ?", f"'{name}', ''") for name in names)]

    def emptying(self) -> list[str]:
        return [*super().emptying(), *([f"DELETE FROM {self.windows}"] if self.windowed else ())]

    def insert_memories(self, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        inserted = yield from super().insert_memories(memories)
        if self.near is not None and self.windowed:
            first = 4 * self.near
            long = [one.row for one in memories if one.embedding is not None and len(one.embedding) > first]
            yield from self._add_windows([row for row in long if row.id in inserted])
        return inserted

    def rewrite(self, row: Row, embedding: bytes | None, words: Words) -> Steps[None]:
        yield from super().rewrite(row, embedding, words)
        yield from self._remove_windows([row.id], row.scope.user_id or "")
        yield from self._add_windows([row])

    def copy(self, row: Row, values: Mapping[str, Any]) -> Steps[None]:
        yield from super().copy(row, values)
        yield from self._add_windows([replace(row, id=values["id"])])

    def remove(self, ids: Sequence[int], user_id: str | None) -> Steps[None]:
        yield from super().remove(ids, user_id)
        yield from self._remove_windows(ids, user_id)

    def _add_windows(self, rows: Sequence[Row]) -> Steps[None]:
        """Store the further windows of memories that are stored."""
        if self.near is None or not self.windowed:
            return
        of: dict[str, list[int]] = {}
        for row in rows:
            of.setdefault(row.scope.user_id or "", []).append(row.id)
        for user_id, ids in of.items():
            for chunk in self.chunks(ids):
                yield Statement(*self.fill_windows(self.near, chunk, user_id)[:2])

    def _remove_windows(self, ids: Sequence[int], user_id: str | None) -> Steps[None]:
        if self.windowed:
            for chunk in self.chunks(ids):
                where = self.windows_of(chunk, user_id)
                yield Statement(f"DELETE FROM {self.windows} WHERE {where.sql}", where.values)

    def search_values(self, row: Row, embedding: bytes | None, words: Words) -> tuple[Any, ...]:
        values = super().search_values(row, embedding, words)
        if self.worded:
            terms, frequencies = words
            values += (f"{owner(row.scope.user_id or '')} {terms.hex(' ', 8)}", sum(frequencies))
        if self.near is None:
            return values
        size = 4 * self.near
        fits = embedding is not None and len(embedding) % size == 0
        return (*values, embedding[:size] if embedding is not None and fits else None)

    @property
    def building(self) -> str:
        """The query for how far the building of indexes is: pairs of name and value."""
        names = "'dimension', 'words_column', 'words', 'near_column', 'near', 'windows_column', 'windows'"
        return f"SELECT name, value FROM {self.meta} WHERE name IN ({names})"

    @property
    def lock_building(self) -> str:
        """The query that locks the building of indexes until the end of the transaction."""
        return f"SELECT value FROM {self.meta} WHERE name = 'building' FOR UPDATE"

    def completing(self, name: str, value: str) -> Fragment:
        """Return the statement that notes that the column of an index is filled.

        It does nothing if another embedder took over in the meantime, after which there is no such column.
        """
        return Fragment(
            f"REPLACE INTO {self.meta} (name, value) "
            f"SELECT ?, value FROM {self.meta} WHERE name = ? AND value = ?",
            (name, f"{name}_column", value),
        )

    def columns(self) -> Fragment:
        """Return the query for the names of the columns of the memories."""
        return self._described("column_name", "columns", self.records)

    def keys(self) -> Fragment:
        """Return the query for the names of the indexes of the memories."""
        return self._described("DISTINCT index_name", "statistics", self.records)

    def _described(self, what: str, where: str, table: str) -> Fragment:
        return Fragment(
            f"SELECT {what} FROM information_schema.{where} "
            "WHERE table_schema = DATABASE() AND table_name = ?",
            (table,),
        )

    def create_words(self, columns: set[str], keys: set[str]) -> list[str]:
        """Return the statements that make what full text lacks, given what there is."""
        parts = {
            "words": f"ALTER TABLE {self.records} ADD COLUMN words LONGTEXT",
            "length": f"ALTER TABLE {self.records} ADD COLUMN length INT",
        }
        indexes = {
            "words": f"CREATE FULLTEXT INDEX words ON {self.records} (words) WITH PARSER space",
            "said": f"CREATE INDEX said ON {self.records} ({_SAID})",
            "seen": f"CREATE INDEX seen ON {self.records} ({_SEEN})",
        }
        return [
            *(statement for name, statement in parts.items() if name not in columns),
            *(statement for name, statement in indexes.items() if name not in keys),
        ]

    def wordless(self, after: int, limit: int) -> Fragment:
        """Return the query for the next rows without words: id, frequencies."""
        return Fragment(
            f"SELECT id, frequencies FROM {self.records} WHERE id > ? AND words IS NULL ORDER BY id LIMIT ?",
            (after, limit),
        )

    def fill_words(self, lengths: Mapping[int, int]) -> Fragment:
        """Return the statement that writes the words and the lengths of rows without."""
        chosen = self.among("id", list(lengths))
        cases = " ".join(["WHEN ? THEN ?"] * len(lengths))
        return Fragment(
            f"UPDATE {self.records} SET words = CONCAT('u', MD5(user_id), ' ', "
            f"LOWER(REGEXP_REPLACE(HEX(terms), '(.{{16}})', '$1 '))), length = CASE id {cases} END "
            f"WHERE words IS NULL AND {chosen.sql}",
            (*(value for pair in lengths.items() for value in pair), *chosen.values),
        )

    def drop_near(self, columns: set[str], keys: set[str]) -> list[str]:
        """Return the statements that remove the column ``near``, given what there is."""
        return [
            *([f"DROP INDEX near ON {self.records}"] if "near" in keys else ()),
            *([f"ALTER TABLE {self.records} DROP COLUMN near"] if "near" in columns else ()),
        ]

    def create_near(self, dimension: int) -> list[str]:
        """Return the statements that make the column ``near`` and its index, both empty."""
        return [
            f"ALTER TABLE {self.records} ADD COLUMN near VECTOR({dimension})",
            f"CREATE VECTOR INDEX near ON {self.records} (near) WITH ({_HNSW})",
        ]

    def unplaced(self, dimension: int, after: int, limit: int) -> Fragment:
        """Return the query for the ids of the next rows whose vector is not in the column ``near``."""
        return Fragment(
            f"SELECT id FROM {self.records} WHERE id > ? AND near IS NULL AND MOD(LENGTH(embedding), ?) = 0 "
            "ORDER BY id LIMIT ?",
            (after, 4 * dimension, limit),
        )

    def fill_near(self, dimension: int, ids: Sequence[int]) -> Fragment:
        """Return the statement that copies vectors, of a long text that of its beginning, into ``near``."""
        chosen = self.among("id", ids)
        return Fragment(
            f"UPDATE {self.records} SET near = SUBSTR(embedding, 1, ?) "
            f"WHERE MOD(LENGTH(embedding), ?) = 0 AND {chosen.sql}",
            (4 * dimension, 4 * dimension, *chosen.values),
        )

    def windows_tables(self) -> Fragment:
        """Return the query for the name of the table of windows, if there is one."""
        return self._described("table_name", "tables", self.windows)

    def create_windows(self, dimension: int, tables: Sequence[Any]) -> list[str]:
        """Return the statements that make the table of windows and its index, given what there is."""
        return [
            *([f"DROP TABLE {self.windows}"] if tables else ()),
            f"""CREATE TABLE {self.windows} (
                user_id {ID} NOT NULL, memory_id BIGINT NOT NULL, number INT NOT NULL,
                near VECTOR({dimension}), PRIMARY KEY (user_id, memory_id, number),
                VECTOR INDEX near (near) WITH ({_HNSW})) {self.by_user}""",
        ]

    def windowless(self, dimension: int, after: int, limit: int) -> Fragment:
        """Return the query for the ids of the next rows with several windows."""
        return Fragment(
            f"SELECT id FROM {self.records} WHERE id > ? AND LENGTH(embedding) > ? "
            "AND MOD(LENGTH(embedding), ?) = 0 ORDER BY id LIMIT ?",
            (after, 4 * dimension, 4 * dimension, limit),
        )

    def fill_windows(self, dimension: int, ids: Sequence[int], user_id: str | None = None) -> Fragment:
        """Return the statement that copies the further windows of memories into their table."""
        chosen, size = self.named(ids, user_id), 4 * dimension
        return Fragment(
            f"INSERT INTO {self.windows} (user_id, memory_id, number, near) "
            f"SELECT user_id, id, number, SUBSTR(embedding, 1 + number * ?, ?) FROM {self.records} "
            f"JOIN ({_FURTHER}) numbers ON LENGTH(embedding) > number * ? "
            f"WHERE {chosen.sql} AND MOD(LENGTH(embedding), ?) = 0 "
            f"ON DUPLICATE KEY UPDATE number = {self.windows}.number",
            (size, size, size, *chosen.values, size),
        )

    def windows_of(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        """Return whether a row of ``windows`` belongs to one of these memories."""
        chosen = self.among("memory_id", ids)
        if user_id is None:
            return chosen
        return Fragment(f"user_id = ? AND {chosen.sql}", (user_id, *chosen.values))

    def nearest_windows(self, embedding: bytes, which: Fragment) -> Query:
        """Return the query for the further windows of memories: id, their number, the cosine of the nearest.

        Args:
            embedding: the query's vector as float32 bytes.
            which: the rows of ``windows``.
        """
        near = cosine(embedding)
        return Query(
            f"SELECT memory_id, count(*), MAX({near.sql}) FROM {self.windows} "
            f"WHERE {which.sql} GROUP BY memory_id",
            (*near.values, *which.values),
        )

    def turns_beside(
        self, found: ServerRows, rows: Sequence[int], span: int
    ) -> Steps[list[tuple[int, int, int]]]:
        """See `_core.sql.beside.SearchingSQL`."""
        side = (
            f"(SELECT ? AS place, id, valid_from FROM {self.records} WHERE user_id = ? AND run_id = ? "
            "AND valid_from {sign}= ? AND (valid_from {sign} ? OR id {sign} ?) "
            f"ORDER BY valid_from {{order}}, id {{order}} LIMIT {span})"
        )
        both = [side.format(sign="<", order="DESC"), side.format(sign=">", order="ASC")]
        sql = " UNION ALL ".join(both * _ASKED)
        near: dict[int, set[tuple[int, int]]] = {}
        for start in range(0, len(rows), _ASKED):
            group = rows[start : start + _ASKED]
            values: list[Any] = []
            for row in (*group, *[group[-1]] * (_ASKED - len(group))):
                begins = int(found.valid_from[row])
                values += [row, found.users[row], found.run_ids[row], begins, begins, found.ids[row]] * 2
            for row, memory_id, begins in (yield Query(sql, values)):
                near.setdefault(row, set()).add((begins, memory_id))
        beside = []
        for row, turns in near.items():
            own = (int(found.valid_from[row]), found.ids[row])
            before = sorted((turn for turn in turns if turn < own), reverse=True)
            after = sorted(turn for turn in turns if turn > own)
            for side_of in (before, after):
                beside += [(own[1], turn[1], distance) for distance, turn in enumerate(side_of, 1)]
        return beside


def far(embedding: bytes) -> Fragment:
    """Return how far a row's vector is from a query's, both of length one; never NULL where there is one."""
    # Their cosine_distance is NULL for a vector of zeros.
    return Fragment("negative_inner_product(near, ?)", (embedding,))


def cosine(embedding: bytes) -> Fragment:
    """Return the cosine of a row's vector and a query's, both of length one."""
    distance = far(embedding)
    return Fragment(f"-{distance.sql}", distance.values)


def searched_rows(
    table: str, visible: Fragment, which: Fragment, embedding: bytes | None
) -> tuple[str, list[Any]]:
    """Return the query for what ``_core.ranking.server_rows.ServerRows`` takes, and its parameters.

    Behind that, a row has the number of bytes of all vectors of its text.

    Args:
        table: the memories.
        visible: which of the rows may be found.
        which: the rows to read.
        embedding: the query's vector as float32 bytes.
    """
    distance = Fragment("NULL") if embedding is None else cosine(embedding)
    sql = (
        f"SELECT id, user_id, run_id, actor_id, valid_from, ({visible.sql}) AS seen, "
        f"{distance.sql} AS cosine, COALESCE(length, 0), terms, frequencies, LENGTH(embedding) "
        f"FROM {table} WHERE {which.sql}"
    )
    return sql, [*visible.values, *distance.values, *which.values]
