"""Choose the best rows by cosine and full text, and score them by all of their signals.

Both arms have an absolute scale of 0 to 1: the cosine with negative values cut to zero, and BM25 relative to
a row of mean length that contains each term of the query once. Their mean chooses the rows that are worth a
closer look; `relevance` scores these, as a probability that is comparable between queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..query.search import Cues
from . import signals
from .columns import BoolArray, FloatArray, IntArray
from .learned import WITH_VECTORS, WORDS_ALONE
from .partition import Partition
from .relevance import Situation, counted, grouped, probability
from .signals import Lexical, Lines, Nearby, Pairs, Rankable
from .weights import Weights

# The largest group of scores with a common maximum; groups are smaller if many rows are wanted.
_GROUP = 64
_SMALLEST_GROUP = 4


def best(scores: FloatArray, visible: BoolArray, count: int) -> IntArray:
    """Return the visible rows with the highest scores above zero, best first; shape (at most count,).

    Of equal scores the oldest row comes first.
    """
    return _ordered(scores, highest(scores, visible, count))[:count]


def _ordered(scores: FloatArray, rows: IntArray) -> IntArray:
    ordered: IntArray = rows[np.lexsort((rows, -scores[rows]))]
    return ordered


def _pool(scores: FloatArray, visible: BoolArray, count: int) -> IntArray:
    """Return the rows of `best`, in any order."""
    rows = highest(scores, visible, count)
    return rows if len(rows) <= count else _ordered(scores, rows)[:count]


def highest(scores: FloatArray, visible: BoolArray, count: int) -> IntArray:
    """Return the visible rows with the ``count`` highest scores above zero, ascending.

    There may be more than ``count``, since all rows that tie for the last place are included.
    """
    seen = int(np.count_nonzero(visible))
    if seen < len(scores) // 8:
        rows: IntArray = visible.nonzero()[0]
        return rows[_highest(scores[rows], count)]
    return _highest(scores if seen == len(scores) else np.where(visible, scores, np.float32(-1)), count)


def _highest(scores: FloatArray, count: int) -> IntArray:
    bound = _bound(scores, count)
    rows = (scores >= bound if bound > 0 else scores > 0).nonzero()[0]
    if len(rows) <= count:
        return rows
    kept = scores[rows]
    least = np.partition(kept, len(kept) - count)[len(kept) - count]
    enough: IntArray = rows[kept >= least]
    return enough


def _bound(scores: FloatArray, count: int) -> float:
    """Return a lower bound of the ``count`` highest scores.

    It is the ``count``-th highest among the maxima of groups, each of which is a different score. Finding it
    takes one pass over the scores; a partial sort takes several.
    """
    group = min(_GROUP, len(scores) // (_SMALLEST_GROUP * count))
    if group < _SMALLEST_GROUP:
        return 0.0
    length = len(scores) // group
    # A group is a column, so that numpy compares whole rows.
    maxima = scores[: length * group].reshape(group, length).max(axis=0)
    return float(np.partition(maxima, length - count)[length - count])


# Up to this many times the rows that are wanted are sorted as a whole.
_SORTED = 16
# Further signals can raise a row above others, so more rows than requested take part.
_POOL = 200
# The best other row of the run at any distance counts half as much as one beside.
_RUN = np.float32(0.5)
# A cosine that no vector has; stores round them differently.
_NOTHING = 1e-6
# Of what the turns around a row cover, this share makes the row's own score, which lifts others.
_COVERED = np.float32(0.3)


class Ranked(NamedTuple):
    """One row of the result, and the parts of its score by name.

    The parts are ``score_details``; dense and lexical before they are weighted.
    """

    row: int
    score: float
    parts: Mapping[str, float]


class _Parts(Mapping[str, float]):
    """The parts of one score, which are computed when somebody looks at them: hardly any search explains.

    Args:
        table: of all results of the search.
        place: which of them it is.
    """

    __slots__ = ("_place", "_table")

    def __init__(self, table: _Table, place: int) -> None:
        self._table = table
        self._place = place

    def __getitem__(self, name: str) -> float:
        return self._table.rows[self._place][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.rows[self._place])

    def __len__(self) -> int:
        return len(self._table.rows[self._place])


class _Table:
    """The parts of the scores of a search's results.

    Args:
        make: returns these of each result, by name.
    """

    def __init__(self, make: Callable[[], list[dict[str, float]]]) -> None:
        self._make = make

    @cached_property
    def rows(self) -> list[dict[str, float]]:
        """What `make` returns."""
        return self._make()


def combine(dense: FloatArray | None, lexical: FloatArray | None, weights: Weights) -> FloatArray:
    """Return the mean of both arms for each row. If one arm is ``None``, the other has full weight."""
    if dense is None:
        assert lexical is not None, "a search needs at least one arm"
        return lexical
    cosine = np.maximum(dense, np.float32(0))
    np.minimum(cosine, np.float32(1), out=cosine)
    if lexical is None:
        return cosine
    both = (weights.dense + weights.lexical) or 1.0
    cosine *= np.float32(weights.dense / both)
    cosine += np.float32(weights.lexical / both) * lexical
    return cosine


def pool_size(limit: int) -> int:
    """Return the number of rows that take a closer look for a number of results."""
    return max(2 * limit, _POOL)


def candidates(
    partition: Partition,
    visible: BoolArray,
    likely: IntArray,
    base: FloatArray,
    *,
    limit: int,
    weights: Weights,
) -> BoolArray:
    """Choose the rows worth scoring exactly.

    Args:
        partition: the source of the rows.
        visible: which of them may be found; shape (n,).
        likely: visible rows that include the best; shape (k,).
        base: their approximate scores by the mean of both arms; shape (k,).
        limit: the number of results.
        weights: the weight of each part.

    Returns:
        Shape (n,): the rows that take part, and the visible turns beside them.
    """
    pool = likely[best(base, np.ones(len(likely), dtype=np.bool_), pool_size(limit))]
    chosen = np.zeros(len(visible), dtype=np.bool_)
    chosen[pool] = True
    if weights.lifts:
        chosen[partition.beside(pool, weights.span).rows] = True
    return chosen & visible


class Scored(NamedTuple):
    """Rows that take part, with their signals.

    Attributes:
        rows: ascending; shape (k,).
        base: the mean of both arms; shape (k,).
        values: the signals by name; each of shape (k,).
        situation: the kind of scope and query.
    """

    rows: IntArray
    base: FloatArray
    values: Mapping[str, FloatArray]
    situation: Situation


def measure(
    partition: Rankable,
    visible: BoolArray,
    dense: FloatArray | None,
    lexical: Lexical | None,
    *,
    limit: int,
    cues: Cues,
    weights: Weights,
    owner: str | None = None,
) -> Scored | None:
    """Choose the rows that take part and return their signals; ``None`` if there is nothing to find.

    For the arguments see `rank`.
    """
    every = combine(dense, None if lexical is None else lexical.scores, weights)
    pool = _pool(every, visible, pool_size(limit))
    if not len(pool):
        return None
    # The pool and the turns beside it take part, but only rows of the pool may lift others.
    # With one more at the end, for no row.
    in_pool = np.zeros(len(visible) + 1, dtype=np.bool_)
    in_pool[pool] = True
    links = partition.links(weights.span) if weights.lifts else None
    rows, nearby = _take_part(partition, pool, in_pool, visible, weights)
    # All rows of most small users take part, which need no copy.
    taken: slice | IntArray = rows if len(rows) < len(visible) else slice(len(visible))
    values = {} if dense is None else {"dense": dense[taken]}
    if weights.similarity:
        return Scored(rows, every[taken], values, Situation(0, 0, 0, None, 1))
    strong = in_pool[taken]
    base = every[taken]
    spoken = partition.spoken_by(cues.words)
    flags = None if lexical is None else lexical.flags(rows)
    single = signals.of_rows(partition, lexical, rows, cues, spoken, flags)
    lifting, covered, assistant = base, 0.0, 0.0
    if lexical is not None:
        gains = lexical.gains(rows)
        if weights.lifts:
            single["coverage"] = coverage = signals.coverage(gains, nearby)
            # Rows that share the query lift each other more.
            lifting = base + _COVERED * coverage
        worth = signals.worth(partition, lexical, rows, cues, spoken, owner)
        values |= signals.words(gains, lexical.weights, worth)
        covered = float(np.maximum.reduce(values["share"], where=strong, initial=0))
        assistant = min(1.0, 2 * np.count_nonzero(single["role"] & strong) / np.count_nonzero(strong))
    if weights.lifts:
        single["neighbour"] = signals.beside(lifting, strong, nearby)
        if links is not None and len(rows) == len(visible):
            other = signals.best_other(lifting, strong, *links[1:])
        else:
            other = signals.same_run(lifting, strong, partition.runs(rows))
        single["neighbour"] += _RUN * other
    situation = Situation(
        assistant=assistant,
        dialogue=signals.dialogue(partition, rows, None if flags is None else flags[0], nearby),
        covered=covered,
        documents=None if lexical is None else lexical.documents,
        alone=1 - nearby.paired() / len(rows),
    )
    return Scored(rows, base, values | single, situation)


def _take_part(
    partition: Rankable, pool: IntArray, in_pool: BoolArray, visible: BoolArray, weights: Weights
) -> tuple[IntArray, Nearby]:
    """Return the rows of the pool and the turns beside them, ascending, and which are beside each other.

    For ``in_pool`` see ``chosen`` of `Lines.of`.
    """
    span = weights.span if weights.lifts else 0
    if isinstance(partition, Partition):
        return Lines.of(partition, pool, in_pool, visible, span)
    pairs = Pairs.of(partition, pool, visible, span)
    taking_part = in_pool[:-1].copy()
    taking_part[pairs.rows] = True
    rows = taking_part.nonzero()[0]
    return rows, pairs.among(rows)


def rank(
    partition: Rankable,
    visible: BoolArray,
    dense: FloatArray | None,
    lexical: Lexical | None,
    *,
    limit: int,
    now: int,
    cues: Cues | None = None,
    weights: Weights | None = None,
    owner: str | None = None,
    explain: bool = False,
) -> list[Ranked]:
    """Rank rows.

    Args:
        partition: the source of the rows.
        visible: which of them may be found; shape (n,).
        dense: cosines, or ``None`` without an embedder; shape (n,).
        lexical: full text, or ``None``.
        limit: the number of results.
        now: the current time in microseconds.
        cues: further signals found in the query.
        weights: the factor of each signal.
        owner: the user whose memories are searched, if it is one.
        explain: also return the rank of each row in each arm alone.

    Returns:
        The best rows, best first.
    """
    weights = weights or Weights()
    found = measure(
        partition, visible, dense, lexical, limit=limit, cues=cues or Cues(), weights=weights, owner=owner
    )
    if found is None:
        return []
    if weights.similarity:
        totals = found.base.clip(0, 1)
        judged = None
    else:
        age = signals.retention(now - partition.valid_from[found.rows], weights.retention_days)
        judged = _Judged.of({**found.values, "recency": age}, found.situation, weights)
        totals = judged.log_odds
    order = _foremost(totals, limit)
    rows = found.rows[order]
    scores = totals[order].tolist()
    if judged is not None:
        scores = map(probability, scores)
    arms = {"dense": dense, "lexical": None if lexical is None else lexical.scores}
    table = _Table(partial(_explained, rows, order, arms, judged, visible if explain else None))
    return [
        Ranked(row, score, _Parts(table, place))
        for place, (row, score) in enumerate(zip(rows.tolist(), scores, strict=True))
    ]


def _explained(
    rows: IntArray,
    order: npt.NDArray[np.intp],
    arms: Mapping[str, FloatArray | None],
    judged: _Judged | None,
    visible: BoolArray | None,
) -> list[dict[str, float]]:
    """Return the parts of the scores of rows, by name.

    Args:
        rows: the rows; shape (results,).
        order: their indexes among those that took part; same shape.
        arms: how well each row matches by vectors and by words, by name.
        judged: the log-odds of those that took part; ``None`` for a score that is no probability.
        visible: which rows could be found, to tell also the place in each arm; shape (n,).
    """
    names = [*arms]
    columns = [[0.0] * len(rows) if arm is None else arm[rows].tolist() for arm in arms.values()]
    if judged is not None:
        names += judged.names
        columns += judged.parts(order)
    explained = [dict(zip(names, parts, strict=True)) for parts in zip(*columns, strict=True)]
    if visible is not None:
        for row, parts in zip(rows.tolist(), explained, strict=True):
            parts |= _places(row, visible, arms)
    return explained


def _foremost(scores: FloatArray, count: int) -> npt.NDArray[np.intp]:
    """Return the indexes of the highest scores, best first; of equal ones the first comes first."""
    if len(scores) <= _SORTED * count:
        return (-scores).argsort(kind="stable")[:count]
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    few = (scores >= least).nonzero()[0]
    order: npt.NDArray[np.intp] = few[(-scores[few]).argsort(kind="stable")[:count]]
    return order


class _Judged(NamedTuple):
    """The log-odds of rows, and what they are the sum of.

    Attributes:
        log_odds: shape (rows,).
        names: the names of the parts.
        signals: the signals that count; shape (signals, rows).
        starts: where the signals of each part begin; shape (parts - 1,).
        models: the weight of each signal and the log-odds without any: for the rows with a vector, if the
            query has one, and for the others, if there are such rows.
        missing: which rows are judged by the second one; shape (rows,). ``None`` if there is one.
    """

    log_odds: FloatArray
    names: list[str]
    signals: FloatArray
    starts: npt.NDArray[np.intp]
    models: list[tuple[FloatArray, float]]
    missing: BoolArray | None

    @classmethod
    def of(cls, values: Mapping[str, FloatArray], situation: Situation, weights: Weights) -> _Judged:
        """Add up signals, given by name; each of shape (rows,)."""
        names = counted(tuple(values), weights)
        shape = len(names), len(values["recency"])
        rows = np.array([values[name] for name in names], dtype=np.float32).reshape(shape)
        using, missing = [WORDS_ALONE], None
        if "dense" in names:
            using = [WITH_VECTORS]
            # A row without a vector, such as one in a script that the embedder cannot read, is judged by its
            # words.
            without = np.abs(values["dense"]) < _NOTHING
            if without.any():
                using, missing = [WITH_VECTORS, WORDS_ALONE], without
        models = [(model.scaled(names, situation, weights), model.prior(situation)) for model in using]
        sums = [np.float32(prior) + np.einsum("s,sr->r", each, rows) for each, prior in models]
        log_odds = sums[0] if missing is None else np.where(missing, sums[1], sums[0])
        parts, starts = grouped(names)
        return cls(log_odds, [*parts, "prior"], rows, starts, models, missing)

    def parts(self, rows: npt.NDArray[np.intp]) -> list[list[float]]:
        """Return what each part adds to the log-odds of some rows; shape (parts, rows)."""
        chosen = self.signals[:, rows]
        added = [np.add.reduceat(chosen * each[:, None], self.starts, axis=0) for each, _ in self.models]
        priors = [[prior] * len(rows) for _, prior in self.models]
        if self.missing is None:
            return [*added[0].tolist(), priors[0]]
        missing = self.missing[rows]
        return [*np.where(missing, added[1], added[0]).tolist(), np.where(missing, *priors[::-1]).tolist()]


def _places(row: int, visible: BoolArray, arms: Mapping[str, FloatArray | None]) -> dict[str, float]:
    """Return the rank of a row in each arm, from 1; arms that do not find it are omitted."""
    return {
        f"{name}_rank": 1 + int(np.count_nonzero(visible & (arm > arm[row])))
        for name, arm in arms.items()
        if arm is not None and arm[row] > 0
    }
