"""Estimate how likely a row is to answer a query: a logistic model over its signals.

How much a signal says depends on the scope and the query. So each weight is a sum: one for notes that stand
alone, plus what changes with the share of an assistant's messages, with how often the speaker changes from
turn to turn, and with how much of the query the best row covers. These are numbers between 0 and 1 that a
search measures, not kinds among which it chooses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import mul
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .columns import FloatArray
from .weights import Weights


class Situation(NamedTuple):
    """What kind of scope and query a search has.

    Attributes:
        assistant: twice the share of the rows that an assistant said, at most 1.
        dialogue: the share of neighbouring turns of different speakers.
        covered: the largest share of the query's words that one row has.
        documents: the number of rows that the search could find; ``None``, which counts as a usual number,
            for a search without words.
        alone: the share of the rows that have no turn beside them, such as facts.
    """

    assistant: float
    dialogue: float
    covered: float
    documents: int | None
    alone: float

    def factors(self) -> tuple[float, float, float, float]:
        """Return what the four numbers of a `Weight` are multiplied by."""
        return 1.0, self.assistant, self.dialogue, self.covered - _USUAL_COVERAGE


# Centred, so that the first number of a weight is the one for a usual query.
_USUAL_COVERAGE = 0.6
_USUAL_DOCUMENTS = 300
# Of two rows that are equally good the newer one comes first. Not learned: the conversations are years old.
_RECENCY = 0.25
# Signals that are shown as parts of other names; those of one name follow each other.
_PART_OF = {"dense": "vectors", "lexical": "words", "share": "words"}
_FACTOR = {"share": "lexical"}


class Weight(NamedTuple):
    """The log-odds that a unit of a signal adds: at rest, and for each unit of a `Situation`."""

    rest: float
    assistant: float = 0.0
    dialogue: float = 0.0
    covered: float = 0.0

    def at(self, situation: Situation) -> float:
        """Return the weight in a situation."""
        return math.fsum(map(mul, self, situation.factors()))


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model.

    Attributes:
        intercept: the log-odds of a row without any signal.
        size: what the natural logarithm of the number of rows adds: among more rows each is less likely to be
            an answer. It is the same for all rows of a search.
        alone: what rows without turns beside them add to the log-odds: a fact answers more than one turn of
            many does.
        sharpness: how much more, relative to 1, all signals tell of such rows.
        weights: the weight of each signal, keyed by its name.
    """

    intercept: Weight
    size: float
    alone: float
    sharpness: float
    weights: Mapping[str, Weight] = field(hash=False)

    def scaled(self, names: tuple[str, ...], situation: Situation, factors: Weights) -> FloatArray:
        """Return what a unit of each signal adds to the log-odds; shape (signals,).

        Args:
            names: the signals.
            situation: the kind of scope and query.
            factors: the configured factors.
        """
        scale = 1 + self.sharpness * situation.alone
        each: npt.NDArray[np.float64] = np.einsum(
            "sf,f->s", _table(self, names, factors), situation.factors()
        )
        return (each * scale).astype(np.float32)

    def prior(self, situation: Situation) -> float:
        """Return the log-odds of a row without any signal."""
        size = self.size * math.log((situation.documents or _USUAL_DOCUMENTS) / _USUAL_DOCUMENTS)
        return self.intercept.at(situation) + size + self.alone * situation.alone


@lru_cache(maxsize=128)
def _table(model: Model, names: tuple[str, ...], factors: Weights) -> npt.NDArray[np.float64]:
    """Return the weights of signals times their factors; shape (signals, 4)."""
    learned = {**model.weights, "recency": Weight(_RECENCY)}
    table = np.zeros((len(names), len(Weight._fields)))
    for row, name in enumerate(names):
        # The model for words alone has no weight for the cosine.
        table[row] = np.multiply(learned.get(name, Weight(0.0)), _factor(name, factors))
    return table


def _factor(name: str, factors: Weights) -> float:
    factor: float = getattr(factors, _FACTOR.get(name, name))
    return factor


@lru_cache(maxsize=128)
def counted(names: tuple[str, ...], factors: Weights) -> tuple[str, ...]:
    """Return the signals that are not switched off by a factor of 0."""
    return tuple(name for name in names if _factor(name, factors))


@lru_cache(maxsize=128)
def grouped(names: tuple[str, ...]) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Return the parts of a score that signals belong to, and where the signals of each begin."""
    parts = [_PART_OF.get(name, name) for name in names]
    starts = [place for place, part in enumerate(parts) if part not in parts[:place]]
    return [parts[place] for place in starts], np.array(starts, dtype=np.intp)


def probability(log_odds: float) -> float:
    """Return the probability for log-odds; strictly between 0 and 1 as far as floats can tell."""
    return 1 / (1 + math.exp(-min(max(log_odds, -60.0), 60.0)))
