"""Search in large collections: OceanBase finds the candidates, and this process scores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from ...._concurrency import async_to_thread
from ...._core.query.search import SearchRequest
from ...._core.ranking.fusion import Ranked, pool_size
from ...._core.ranking.server_rows import MATCHED, ServerRows, Tally, rarest
from ...._core.ranking.server_search import ServerSearch
from ...._core.ranking.weights import Weights
from ...._core.ranking.windows import nearest
from ...._core.sql.beside import with_turns_beside
from ...._core.sql.collection import passes
from ...._core.sql.dialects import Fragment
from ...._core.sql.oceanbase import OceanBaseSQL, among_words, cosine, far, mark, searched_rows
from ...._core.sql.rows import COLUMNS, scope_condition, visible
from ...._core.sql.steps import Query, Steps
from ..server.pool import AsyncReader
from ..steps import async_run

_EXACT = 20_000
"""Up to this many visible rows, all vectors are compared and all words counted; beyond, indexes are used."""
_SEVERAL = 4
"""As many near windows are asked for as near memories, times this: several may be of one memory."""
# One statement that counts many words takes more memory than the server grants.
_COUNTED = 32
_PAGE = 1000
_WIDTH = COLUMNS.count(",") + 1
# The places of two columns of `searched_rows`.
_COSINE, _SIZE = 6, 10
_MATCH = "MATCH (words) AGAINST (? IN BOOLEAN MODE)"


class Visible(NamedTuple):
    """The rows that a search may find.

    Attributes:
        where: the part of the condition that the server can evaluate.
        doubt: condition for rows that Python has to decide on; ``None`` for none.
    """

    where: Fragment
    doubt: str | None


class Candidates(NamedTuple):
    """The rows to score.

    Attributes:
        documents: number of visible rows.
        length: total number of terms in them, with repetitions.
        ids: ids of the candidates.
        frequencies: number of visible rows with each term of the query.
    """

    documents: int
    length: int
    ids: set[int]
    frequencies: Mapping[int, int]


class AsyncIndexedSearch:
    """The searches of one collection.

    The candidates are the best of all rows by both arms, up to ``_EXACT`` visible rows of which no more
    than ``MATCHED`` share a word with the query. Of more rows, the nearest come from the indexes of vectors,
    that of first and that of further windows, those with the words from the full-text index, and the
    frequency of a common word is counted over all of the user's rows. For a filter evaluated in Python, all
    rows are read in pages.

    Args:
        sql: the collection's statements.
        weights: how much each part of a score counts.
    """

    def __init__(self, sql: OceanBaseSQL, weights: Weights) -> None:
        self._sql = sql
        self._weights = weights
        self._plain = weights.plain()

    async def search(self, reader: AsyncReader, request: SearchRequest, now: int) -> list[tuple[int, Ranked]]:
        """Return the ids of the best memories with their scores, best first."""
        visible = self._visible(request, now)
        if visible.doubt is None:
            candidates = await self._ask(reader, request, visible.where)
        else:
            candidates = await self._read(reader, request, visible)
        rows = await async_run(reader, self._rows(request, visible, list(candidates.ids)))
        return await self._score(reader, request, visible, rows, candidates, now)

    def _visible(self, request: SearchRequest, now: int) -> Visible:
        where = visible(request.scope, now, as_of=request.as_of, include_expired=request.include_expired)
        narrowed = self._sql.narrow(request.expression)
        where = Fragment(f"{where.sql} AND ({narrowed.sql})", (*where.values, *narrowed.values))
        return Visible(where, narrowed.doubt if narrowed.uncertain else None)

    async def _read(self, reader: AsyncReader, request: SearchRequest, visible: Visible) -> Candidates:
        """Read all rows and ask Python which of them are visible."""
        asked, tally, after = _asked(request), _tally(request), -1
        while page := await self._page(reader, visible, asked, after):
            after = page[-1][0]
            which = self._sql.windows_of([values[0] for values in page], request.scope.user_id)
            page = await async_run(reader, self._lifted(request, page, _WIDTH + 2, which))
            await async_to_thread(self._count, tally, request, page)
        return Candidates(tally.documents, tally.length, tally.chosen(), tally.frequencies)

    def _count(self, tally: Tally, request: SearchRequest, page: Sequence[tuple[Any, ...]]) -> None:
        tally.add(self._passing(request, page))

    async def _page(
        self, reader: AsyncReader, visible: Visible, asked: Fragment, after: int
    ) -> list[tuple[Any, ...]]:
        return await reader.fetch(
            f"SELECT {COLUMNS}, {visible.doubt} AS doubt, {asked.sql} FROM {self._sql.records} "
            f"WHERE {visible.where.sql} AND id > ? ORDER BY id LIMIT ?",
            (*asked.values, *visible.where.values, after, _PAGE),
        )

    def _passing(
        self, request: SearchRequest, rows: Sequence[tuple[Any, ...]]
    ) -> list[tuple[int, tuple[Any, ...]]]:
        """Return the ids of the rows that pass the filter, and what was asked of each."""
        return [
            (values[0], values[_WIDTH + 1 :])
            for values in rows
            if not values[_WIDTH] or passes(request.expression, self._sql.to_row(values))
        ]

    async def _ask(self, reader: AsyncReader, request: SearchRequest, where: Fragment) -> Candidates:
        """Find the candidates on the server."""
        # A filter may need columns that the index lacks.
        table = f"{self._sql.records}{'' if request.expression else ' FORCE INDEX (seen)'}"
        counted = await reader.fetch(
            f"SELECT count(*), COALESCE(sum(length), 0) FROM {table} WHERE {where.sql}", where.values
        )
        documents, length = counted[0]
        if documents <= _EXACT:
            return await self._compare_all(reader, request, where)
        ids: set[int] = set()
        frequencies: Mapping[int, int] = {}
        if request.embedding is not None:
            part, count = self._sql.part_of(request.scope.user_id), pool_size(request.limit)
            ids.update(await self._nearest(reader, request.embedding, where, part, count))
            ids.update(await self._nearest_windows(reader, request, request.embedding, where, count))
        if request.terms:
            frequencies, matching = await self._match_words(reader, request, where, documents)
            ids.update(matching)
        return Candidates(documents, int(length), ids, frequencies)

    async def _compare_all(self, reader: AsyncReader, request: SearchRequest, where: Fragment) -> Candidates:
        """Read of all visible rows how near they are and which terms they have."""
        asked, tally = _asked(request), _tally(request)
        rows = await reader.fetch(
            f"SELECT id, {asked.sql} FROM {self._sql.records} WHERE {where.sql}",
            (*asked.values, *where.values),
        )
        which = self._windows_of_visible(request, where)
        rows = await async_run(reader, self._lifted(request, rows, 2, which))
        await async_to_thread(tally.add, [(values[0], values[1:]) for values in rows])
        return Candidates(tally.documents, tally.length, tally.chosen(), tally.frequencies)

    async def _compare(self, reader: AsyncReader, embedding: bytes, where: Fragment, count: int) -> list[int]:
        """Return the rows whose vectors are the nearest of all."""
        distance = far(embedding)
        found = await reader.fetch(
            f"SELECT id FROM {self._sql.records} WHERE {where.sql} AND near IS NOT NULL "
            f"ORDER BY {distance.sql}, id LIMIT ?",
            (*where.values, *distance.values, count),
        )
        return [values[0] for values in found]

    async def _nearest(
        self, reader: AsyncReader, embedding: bytes, where: Fragment, part: Fragment, count: int
    ) -> list[int]:
        """Return rows whose vectors are near, as the index finds them."""
        # Asked for those that can be found, the server looks at every row first. Where most can be found, it
        # is quicker to ask for the nearest of all.
        some = await self._among_nearest(reader, embedding, part, 4 * count)
        if some:
            among = self._sql.among("id", some)
            found = await reader.fetch(
                f"SELECT id FROM {self._sql.records} WHERE {where.sql} AND {among.sql}",
                (*where.values, *among.values),
            )
            seen = {values[0] for values in found}
            if len(seen) >= count:
                return [one for one in some if one in seen][:count]
        some = await self._among_nearest(reader, embedding, where, count)
        # If they are fewer, fewer have vectors at all, or it is the query's that points nowhere.
        return some if len(some) == count else await self._compare(reader, embedding, where, count)

    async def _among_nearest(
        self, reader: AsyncReader, embedding: bytes, where: Fragment, count: int
    ) -> list[int]:
        found = await reader.fetch(
            f"SELECT id FROM {self._sql.records} WHERE {where.sql} "
            "ORDER BY cosine_distance(near, ?) APPROXIMATE LIMIT ?",
            (*where.values, embedding, count),
        )
        return [values[0] for values in found]

    async def _nearest_windows(
        self, reader: AsyncReader, request: SearchRequest, embedding: bytes, where: Fragment, count: int
    ) -> list[int]:
        """Return rows of whose further windows one is near, as the index finds them."""
        table, user_id = self._sql.windows, request.scope.user_id
        whose = Fragment("1 = 1") if user_id is None else Fragment("user_id = ?", (user_id,))
        found = await reader.fetch(
            f"SELECT memory_id FROM {table} WHERE {whose.sql} "
            "ORDER BY cosine_distance(near, ?) APPROXIMATE LIMIT ?",
            (*whose.values, embedding, _SEVERAL * count),
        )
        if not found:
            return []
        some = self._sql.among("id", list({values[0] for values in found}))
        seen = await reader.fetch(
            f"SELECT id FROM {self._sql.records} WHERE {where.sql} AND {some.sql}",
            (*where.values, *some.values),
        )
        if len(seen) < count and len(found) == _SEVERAL * count:
            # Windows that cannot be found are in the way.
            which, distance = self._windows_of_visible(request, where), far(embedding)
            seen = await reader.fetch(
                f"SELECT memory_id FROM {table} WHERE {which.sql} "
                f"GROUP BY memory_id ORDER BY MIN({distance.sql}) LIMIT ?",
                (*which.values, *distance.values, count),
            )
        return [values[0] for values in seen]

    def _windows_of_visible(self, request: SearchRequest, where: Fragment) -> Fragment:
        """Return whether a row of the table of windows belongs to a memory that can be found."""
        user_id = request.scope.user_id
        whose = Fragment("") if user_id is None else Fragment("user_id = ? AND ", (user_id,))
        return Fragment(
            f"{whose.sql}memory_id IN (SELECT id FROM {self._sql.records} WHERE {where.sql})",
            (*whose.values, *where.values),
        )

    def _lifted(
        self, request: SearchRequest, rows: list[tuple[Any, ...]], place: int, which: Fragment
    ) -> Steps[list[tuple[Any, ...]]]:
        """Return rows with the cosine of the best window of each, in the place of that of the first one.

        Args:
            request: the request.
            rows: each begins with an id.
            place: where each row has its cosine.
            which: the rows of the table of windows that belong to these.
        """
        if request.embedding is None or not rows:
            return rows
        found = yield self._sql.nearest_windows(request.embedding, which)
        if not found:
            return rows
        further = {memory_id: (best, number) for memory_id, number, best in found}
        return [
            (*row[:place], nearest(row[place], *further[row[0]]), *row[place + 1 :])
            if row[0] in further and row[place] is not None
            else row
            for row in rows
        ]

    async def _match_words(
        self, reader: AsyncReader, request: SearchRequest, where: Fragment, documents: int
    ) -> tuple[Mapping[int, int], list[int]]:
        """Return how many visible rows have each term, estimated if common, and rows with the rarest."""
        table, user_id = self._sql.records, request.scope.user_id
        part = self._sql.part_of(user_id)
        terms = {term: among_words(term, user_id) for term in request.terms or ()}
        asked, numbers = list(terms.values()), list[int]()
        for start in range(0, len(asked), _COUNTED):
            some = asked[start : start + _COUNTED]
            counts = ", ".join(
                f"(SELECT count(*) FROM {table} WHERE {part.sql} AND {_MATCH}) AS n{i}"
                for i in range(len(some))
            )
            values = [value for one in some for value in (*part.values, one)]
            (counted,) = await reader.fetch(f"SELECT {counts}", values)
            numbers += counted
        frequencies = dict(zip(terms, numbers, strict=True))
        common = {term: number for term, number in frequencies.items() if number > MATCHED}
        having: dict[int, list[int]] = {}
        for term in frequencies.keys() - common.keys():
            found = await reader.fetch(
                f"SELECT id FROM {table} WHERE {where.sql} AND {_MATCH}", (*where.values, terms[term])
            )
            having[term] = [values[0] for values in found]
            frequencies[term] = len(found)
        if common:
            whose = scope_condition(request.scope._replace(agent_id=None, run_id=None))
            found = await reader.fetch(f"SELECT count(*) FROM {table} WHERE {whose.sql}", whose.values)
            share = documents / max(found[0][0], documents)
            frequencies.update((term, round(number * share)) for term, number in common.items())
        ids = [one for term in rarest(frequencies) for one in having.get(term, ())]
        if common and not ids:
            # All of them are common: those that the server holds to match best.
            word = terms[min(common, key=common.__getitem__)]
            found = await reader.fetch(
                f"SELECT id FROM {table} WHERE {where.sql} AND {_MATCH} ORDER BY {_MATCH} DESC LIMIT ?",
                (*where.values, word, word, MATCHED),
            )
            ids = [values[0] for values in found]
        return frequencies, ids

    def _rows(
        self, request: SearchRequest, visible: Visible, ids: Sequence[int]
    ) -> Steps[list[tuple[Any, ...]]]:
        """Return the rows that `ServerRows` takes, of equals the oldest first."""
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(ids), _PAGE):
            which = self._sql.named(ids[start : start + _PAGE], request.scope.user_id)
            sql, values = searched_rows(self._sql.records, visible.where, which, request.embedding)
            found = yield Query(sql, values)
            long = [row[0] for row in found if row[_SIZE] and row[_SIZE] > len(request.embedding or b"")]
            if long:
                windows = self._sql.windows_of(long, request.scope.user_id)
                found = yield from self._lifted(request, found, _COSINE, windows)
            rows += [row[:_SIZE] for row in found]
        if visible.doubt is not None:
            rows = yield from self._decided(request, visible, rows)
        return sorted(rows, key=itemgetter(0))

    def _decided(
        self, request: SearchRequest, visible: Visible, rows: Sequence[tuple[Any, ...]]
    ) -> Steps[list[tuple[Any, ...]]]:
        """Return rows with Python's decision on whether they are visible."""
        seen: set[int] = set()
        ids = [row[0] for row in rows if row[5]]
        for start in range(0, len(ids), _PAGE):
            which = self._sql.named(ids[start : start + _PAGE], request.scope.user_id)
            found = yield Query(
                f"SELECT {COLUMNS}, {visible.doubt} AS doubt FROM {self._sql.records} WHERE {which.sql}",
                which.values,
            )
            seen.update(memory_id for memory_id, _ in self._passing(request, found))
        return [(*row[:5], row[0] in seen, *row[6:]) for row in rows]

    async def _score(
        self,
        reader: AsyncReader,
        request: SearchRequest,
        visible: Visible,
        rows: list[tuple[Any, ...]],
        candidates: Candidates,
        now: int,
    ) -> list[tuple[int, Ranked]]:
        if not rows:
            return []
        weights = self._plain if request.similarity else self._weights
        found = ServerRows(rows, {})
        scoring = ServerSearch(
            request,
            weights,
            now,
            documents=candidates.documents,
            length=candidates.length,
            frequencies=candidates.frequencies,
        )
        if weights.lifts:
            pool = await async_to_thread(scoring.leading, found)
            read = partial(self._rows, request, visible)
            found = await async_run(
                reader, with_turns_beside(self._sql, rows, found, pool, self._weights.span, read)
            )
        return await async_to_thread(scoring.ranked, found)


def _asked(request: SearchRequest) -> Fragment:
    """Return the columns that a `Tally` takes."""
    near = Fragment("NULL") if request.embedding is None else cosine(request.embedding)
    # Without a name of its own, a column would have one with the parameter's bytes in it.
    flags = [f"INSTR(terms, ?) > 0 AS n{i}" for i in range(len(request.terms or ()))]
    return Fragment(
        ", ".join(["COALESCE(length, 0)", f"{near.sql} AS cosine", *flags]),
        (*near.values, *map(mark, request.terms or ())),
    )


def _tally(request: SearchRequest) -> Tally:
    return Tally(request.terms or (), pool_size(request.limit))
