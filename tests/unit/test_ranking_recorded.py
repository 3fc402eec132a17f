"""Searches of generated users find what they found when these figures were recorded.

`RECORDED` is what ``python -m tests.unit.test_ranking_recorded`` prints. Ids must not change, and scores only
in the last digits, by the order in which floating-point numbers are added up.
"""

from __future__ import annotations

import numpy as np
import pytest

from powermem._core.clock import DAY
from powermem._core.query.search import Cues, Period, SearchRequest
from powermem._core.ranking.partition import Partition, PartitionRows
from powermem._core.ranking.search import Search, cosines
from powermem._core.ranking.vectors import normalize
from powermem._core.ranking.weights import Weights
from powermem._core.text.flags import ASKS, FROM_ASSISTANT, TELLS_TIME
from powermem._core.text.terms import term_id
from powermem._core.values import Scope

_DIMENSION = 6
_SAID = [term_id(f"word{number}") for number in range(24)]
_NAME, _INTRODUCED = term_id("ana"), term_id("ana is introduced")
_TERMS = [*_SAID, *map(term_id, (ASKS, FROM_ASSISTANT, TELLS_TIME)), _NAME, _INTRODUCED]
_SIZES = (1, 7, 40, 120, 300, 2500)
_COUNT = 24


def _drawn(draw: np.random.Generator, values: list[str], count: int) -> list[str]:
    return [values[number] for number in draw.integers(0, len(values), count).tolist()]


def _user(draw: np.random.Generator, number: int) -> Partition:
    """Return a user whose memories came in two parts, some of which ended or were deleted."""
    count = _SIZES[number % len(_SIZES)]
    partition = Partition(_DIMENSION)
    for first in (1, 1 + count):
        sizes = draw.integers(1, 9, count).tolist()
        # Low numbers are common words.
        terms = [np.unique((len(_TERMS) * draw.random(size) ** 2).astype(int)) for size in sizes]
        vectors = normalize(0.6 + draw.standard_normal((count, _DIMENSION)).astype(np.float32))
        vectors[draw.random(count) < 0.05] = 0
        partition.append(
            PartitionRows(
                ids=list(range(first, first + count)),
                agents=_drawn(draw, ["", "a"], count),
                runs=_drawn(draw, ["", *(f"run {run}" for run in range(1 + count // 9))], count),
                actors=_drawn(draw, ["Ana", "Bo", ""], count),
                valid_from=[DAY * day for day in draw.integers(0, 90, count).tolist()],
                valid_to=[None if lasts else 95 * DAY for lasts in draw.integers(0, 12, count).tolist()],
                expires_at=[None] * count,
                embeddings=vectors.tobytes(),
                terms=b"".join(np.sort(np.array(_TERMS, np.uint64)[each]).tobytes() for each in terms),
                frequencies=b"".join(draw.integers(0, 4, len(each)).astype(np.uint8) for each in terms),
                sizes=list(map(len, terms)),
            )
        )
    partition.remove(draw.integers(1, 2 * count + 1, 3).tolist() if number % 3 == 0 and count > 9 else [])
    return partition


def _request(draw: np.random.Generator, number: int) -> SearchRequest:
    terms = [_SAID[place] for place in draw.permutation(12)[: 2 + number % 6].tolist()]
    cues = Cues(
        frozenset({"ana"}) if number % 2 else frozenset(),
        phrases=[terms[:2]] if number % 5 == 1 else [],
        period=Period(60 * DAY, 70 * DAY, terms[:1]) if number % 4 == 2 else None,
        when=number % 3 == 1,
        own=terms[:1] if number % 5 == 3 else (),
        names={_NAME: _INTRODUCED} if number % 4 == 1 else {},
    )
    vector = normalize(0.6 + draw.standard_normal((1, _DIMENSION)).astype(np.float32)).tobytes()
    return SearchRequest(
        Scope("ana", "a" if number % 7 == 4 else None),
        None if number % 8 == 5 else vector,
        None if number % 8 == 6 else [*terms, _NAME],
        3,
        cues,
        {terms[1]: terms[0]} if number % 2 else {},
        similarity=number % 9 == 8,
        as_of=50 * DAY if number % 10 == 7 else None,
    )


def _found(number: int) -> list[tuple[int, float]]:
    """Return the ids and scores that the second of two searches of a user finds."""
    draw = np.random.default_rng(number)
    partition, request = _user(draw, number), _request(draw, number)
    for _ in range(2):
        (dense,) = cosines(partition, [request.embedding])
        search = Search(partition, request, dense, weights=Weights(), only=None, now=100 * DAY)
        found = [(memory_id, one.score) for memory_id, one in search.ranked()]
    return found


RECORDED = [
    [(2, 0.063357), (1, 0.000273)],
    [(9, 0.279883), (8, 0.213876), (3, 0.158433)],
    [(70, 0.553025), (77, 0.51022), (64, 0.473058)],
    [(144, 0.544306), (97, 0.444223), (198, 0.279993)],
    [(308, 0.456158), (201, 0.319699), (25, 0.195592)],
    [(691, 0.059228), (265, 0.031794), (348, 0.029772)],
    [(1, 0.144343), (2, 4.9e-05)],
    [(13, 0.26201), (7, 0.201674), (11, 0.029547)],
    [(31, 0.616253), (72, 0.567817), (13, 0.553378)],
    [(178, 0.799278), (115, 0.43626), (202, 0.387671)],
    [(279, 0.246928), (423, 0.236716), (13, 0.160689)],
    [(4195, 0.494215), (137, 0.34988), (4970, 0.234666)],
    [(1, 0.008405), (2, 0.00126)],
    [(10, 0.66078), (4, 0.161061), (5, 0.095523)],
    [(79, 0.168284), (41, 0.163254), (75, 0.157336)],
    [(58, 0.575475), (201, 0.511943), (229, 0.428497)],
    [(171, 0.512072), (368, 0.501951), (413, 0.44762)],
    [(987, 0.719268), (3481, 0.717405), (3442, 0.692498)],
    [],
    [(9, 0.958362), (4, 0.870911), (1, 0.6922)],
    [(78, 0.34674), (22, 0.329927), (3, 0.263457)],
    [(98, 0.317821), (79, 0.264515), (38, 0.228884)],
    [(242, 0.595848), (220, 0.585551), (99, 0.564529)],
    [(4112, 0.37801), (2518, 0.253892), (750, 0.207821)],
]


@pytest.mark.parametrize("number", range(_COUNT))
def test_a_search_finds_what_was_recorded(number: int) -> None:
    found, recorded = _found(number), RECORDED[number]
    assert [memory_id for memory_id, _ in found] == [memory_id for memory_id, _ in recorded]
    assert [score for _, score in found] == pytest.approx([score for _, score in recorded], abs=2e-6)


if __name__ == "__main__":
    for number in range(_COUNT):
        print(f"    {[(memory_id, round(score, 6)) for memory_id, score in _found(number)]},")
