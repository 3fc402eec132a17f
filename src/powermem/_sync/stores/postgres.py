# Generated from src/powermem/_async/stores/postgres.py by scripts/run_unasync.py; edit that file instead.
"""The store on PostgreSQL: users whose memories fit into the cache are searched in this process.

Of the others, pgvector and an index of words find candidates, which are scored here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from ..._concurrency import to_thread
from ..._core.clock import now as clock_now
from ..._core.query.search import Hit, SearchRequest
from ..._core.ranking.fusion import Ranked, pool_size
from ..._core.ranking.server_rows import MATCHED, ServerRows, rarest
from ..._core.ranking.server_search import ServerSearch
from ..._core.ranking.signals import looked_up
from ..._core.ranking.weights import Weights
from ..._core.sql.beside import with_turns_beside
from ..._core.sql.collection import passes
from ..._core.sql.dialects import Fragment
from ..._core.sql.postgres import PostgresSQL, nearest_window, searched_rows, signed
from ..._core.sql.postgres_values import Vector
from ..._core.sql.rows import COLUMNS, visible
from ..._core.sql.snapshots import SnapshotLoader
from ..._core.sql.steps import Query, Statement, Steps
from ..._drivers.base import Driver
from ...errors import StoreError
from .postgres_index import VectorIndex
from .server.pool import Reader
from .server.store import ServerStore
from .steps import run

_EXACT = 20_000
"""Up to this many visible rows, every vector is compared; beyond that, the index of vectors is used."""
_SEVERAL = 4
"""As many near windows are asked for as near memories, times this: several may be of one memory."""
# Key of the advisory lock held while the schema is created; an arbitrary number.
_LOCK = 0x706F7765726D656D


class PostgresStore(ServerStore):
    """Memories on PostgreSQL with the extension pgvector.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        weights: the weights of the parts of a score.
        cache_bytes: maximum memory for cached partitions.
        least: number of connections to open at the start.
        most: maximum number of connections.
        recycle: seconds after which a connection is replaced; negative for never.
        timeout: seconds to wait for a connection while all are in use.
    """

    name = "postgres"
    _sql: PostgresSQL

    def __init__(
        self,
        driver: Driver,
        sql: PostgresSQL,
        weights: Weights,
        *,
        cache_bytes: int = 1 << 30,
        least: int = 1,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        super().__init__(
            driver,
            sql,
            SnapshotLoader,
            weights,
            cache_bytes=cache_bytes,
            least=least,
            most=most,
            recycle=recycle,
            timeout=timeout,
        )
        self._index = VectorIndex(driver, self._pool, sql)
        self._weights = weights
        self._plain = weights.plain()

    def _prepare(self) -> Steps[None]:
        yield Query("SELECT pg_advisory_xact_lock(?::bigint)", (_LOCK,))
        encoding = yield Query(
            "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
        )
        if encoding[0][0] != "UTF8":
            raise StoreError(
                f"{self._embedder.where}: the database's encoding is {encoding[0][0]}; create one with "
                "ENCODING 'UTF8'"
            )
        if (yield Query("SELECT 1 FROM pg_extension WHERE extname = 'vector'")):
            return
        try:
            yield Statement("CREATE EXTENSION vector")
        except StoreError as error:
            raise StoreError(
                f"{self._embedder.where}: the extension pgvector is missing in this database; install the "
                f"server's package pgvector and run CREATE EXTENSION vector as a superuser ({error})"
            ) from error

    def close(self) -> None:
        try:
            self._index.close()
        finally:
            super().close()

    def _search(self, request: SearchRequest) -> list[Hit]:
        if request.embedding is None and request.terms is None:
            return []
        hits = self._searches.submit(request)
        return self._search_server(request) if hits is None else hits

    def _search_server(self, request: SearchRequest) -> list[Hit]:
        """Answer a search of a user whose memories are not held here."""
        now = clock_now()
        with self._pool.reading() as reader:
            ranked = self._rank(reader, request, now)
            ids = [memory_id for memory_id, _ in ranked]
            (rows,) = run(reader, self._queries.get_each([ids], [request.scope.user_id]))
        # A memory may have been deleted between two queries.
        return [Hit(rows[one], found.score, found.parts) for one, found in ranked if one in rows]

    def _visible(self, reader: Reader, request: SearchRequest, now: int) -> Fragment:
        """Return whether a row of the scope may be found, for filters that only Python can evaluate."""
        where = visible(request.scope, now, as_of=request.as_of, include_expired=request.include_expired)
        parts, values = [where.sql], [*where.values]
        if request.expression is not None:
            narrowed = self._sql.narrow(request.expression)
            parts.append(f"({narrowed.sql})")
            values += narrowed.values
            if narrowed.uncertain:
                found = reader.fetch(
                    f"SELECT {COLUMNS} FROM {self._sql.records} "
                    f"WHERE {' AND '.join(parts)} AND {narrowed.doubt}",
                    values,
                )
                failing = [
                    row.id for row in map(self._sql.to_row, found) if not passes(request.expression, row)
                ]
                if failing:
                    parts.append("id <> ALL (?::bigint[])")
                    values.append(failing)
        return Fragment(" AND ".join(parts), tuple(values))

    def _read(
        self, request: SearchRequest, visible: Fragment, which: Fragment
    ) -> Steps[list[tuple[Any, ...]]]:
        """Return the rows that `ServerRows` takes."""
        wanted = request.terms and [*request.terms, *looked_up(request.cues, self._weights_of(request))]
        sql, values = searched_rows(self._sql, visible, which, request.embedding, wanted)
        # Among equal scores, the oldest comes first.
        return sorted((yield Query(sql, values)), key=itemgetter(0))

    def _rank(self, reader: Reader, request: SearchRequest, now: int) -> list[tuple[int, Ranked]]:
        """Score rows with similar vectors or common words, and the turns next to the best of them.

        The result is exact up to ``_EXACT`` visible rows, of which at most ``MATCHED`` share a word with the
        query: then the candidates include all of the best rows by the mean of both arms.
        """
        visible = self._visible(reader, request, now)
        counted = reader.fetch(
            f"SELECT count(*), COALESCE(sum(length), 0)::bigint FROM {self._sql.records} WHERE {visible.sql}",
            visible.values,
        )
        documents, length = counted[0]
        if not documents:
            return []
        ids: set[int] = set()
        frequencies: Mapping[int, int] = {}
        if request.embedding is not None:
            exact = documents <= _EXACT or not self._index.ready(reader)
            ids.update(self._nearest(reader, request, visible, exact=exact))
        if request.terms:
            frequencies = self._frequencies(reader, request.terms, visible)
            ids.update(self._matching(reader, frequencies, visible))

        def read(ids: list[int]) -> Steps[list[tuple[Any, ...]]]:
            return self._read(request, visible, self._sql.named(ids, request.scope.user_id))

        rows = run(reader, read(list(ids)))
        found = ServerRows(rows, {})
        weights = self._weights_of(request)
        scoring = ServerSearch(
            request, weights, now, documents=documents, length=length, frequencies=frequencies
        )
        # On a thread, since scoring thousands of rows would block the event loop.
        if weights.lifts and rows:
            pool = to_thread(scoring.leading, found)
            found = run(reader, with_turns_beside(self._sql, rows, found, pool, self._weights.span, read))
        return to_thread(scoring.ranked, found)

    def _nearest(
        self, reader: Reader, request: SearchRequest, visible: Fragment, *, exact: bool
    ) -> list[int]:
        query, count = Vector(request.embedding or b""), pool_size(request.limit)
        dimension = len(request.embedding or b"") // 4
        distance = f"{{}}::vector({dimension}) <=> ?::vector({dimension})"
        if exact:
            # An index cannot give a sum, so this compares every vector.
            order = f"({nearest_window(self._sql, distance)}) + 0"
            found = reader.fetch(
                f"SELECT id FROM {self._sql.records} WHERE {visible.sql} AND embedding IS NOT NULL "
                f"ORDER BY {order} LIMIT ?",
                [*visible.values, query, query, query, count],
            )
            return [values[0] for values in found]
        found = reader.fetch(
            f"(SELECT id FROM {self._sql.records} WHERE {visible.sql} AND embedding IS NOT NULL "
            f"ORDER BY {distance.format('embedding')} LIMIT ?) UNION ALL "
            f"(SELECT id FROM {self._sql.windows} w JOIN {self._sql.records} ON id = memory_id "
            f"WHERE {visible.sql} ORDER BY {distance.format('w.embedding')} LIMIT ?)",
            [*visible.values, query, count, *visible.values, query, _SEVERAL * count],
        )
        return [values[0] for values in found]

    def _frequencies(self, reader: Reader, terms: Sequence[int], visible: Fragment) -> Mapping[int, int]:
        """Return the number of visible rows with each term."""
        found = reader.fetch(
            f"SELECT (SELECT count(*) FROM {self._sql.records} WHERE {visible.sql} "
            "AND terms @> ARRAY[asked.term]) FROM unnest(?::bigint[]) WITH ORDINALITY AS asked (term, place) "
            "ORDER BY asked.place",
            [*visible.values, signed(terms)],
        )
        return dict(zip(terms, (values[0] for values in found), strict=True))

    def _matching(self, reader: Reader, frequencies: Mapping[int, int], visible: Fragment) -> list[int]:
        """Return the rows with any of the terms, or with the rarest ones if there are too many rows."""
        chosen = rarest(frequencies)
        if not chosen:
            return []
        found = reader.fetch(
            f"SELECT id FROM {self._sql.records} WHERE {visible.sql} AND terms && ?::bigint[] LIMIT ?",
            [*visible.values, signed(chosen), MATCHED],
        )
        return [values[0] for values in found]

    def _weights_of(self, request: SearchRequest) -> Weights:
        return self._plain if request.similarity else self._weights
