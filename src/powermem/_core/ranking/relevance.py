"""Estimate how likely a row is to answer a query: a logistic model over its signals.

How much a signal says depends on the scope and the query. So each weight is a sum: one for notes that stand
alone, plus what changes with the share of an assistant's messages, with how often the speaker changes from
turn to turn, and with how much of the query the best row covers. These are numbers between 0 and 1 that a
search measures, not kinds among which it chooses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
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
# Part of a score -> the signals that it sums up.
_PARTS = {"vectors": ("dense",), "words": ("lexical", "share")}
_PART_OF = {signal: part for part, each in _PARTS.items() for signal in each}
_FACTOR = {"share": "lexical"}


class Weight(NamedTuple):
    """The log-odds that a unit of a signal adds: at rest, and for each unit of a `Situation`."""

    rest: float
    assistant: float = 0.0
    dialogue: float = 0.0
    covered: float = 0.0

    def at(self, situation: Situation) -> float:
        """Return the weight in a situation."""
        rest, assistant, dialogue, covered = situation.factors()
        return (
            self.rest * rest + self.assistant * assistant + self.dialogue * dialogue + self.covered * covered
        )


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
    weights: Mapping[str, Weight]

    def parts(
        self, signals: Mapping[str, FloatArray], situation: Situation, factors: Weights
    ) -> dict[str, FloatArray]:
        """Return what each signal adds to the log-odds of each row, keyed by the name of the part.

        Args:
            signals: the signals of some rows; each of shape (rows,).
            situation: the kind of scope and query.
            factors: the configured factors.
        """
        parts: dict[str, FloatArray] = {}
        scale = 1 + self.sharpness * situation.alone
        for signal, values in signals.items():
            factor: float = getattr(factors, _FACTOR.get(signal, signal))
            weight = _RECENCY if signal == "recency" else self.weights[signal].at(situation)
            if not factor:
                continue
            name = _PART_OF.get(signal, signal)
            added = np.float32(factor * weight * scale) * values
            parts[name] = parts[name] + added if name in parts else added
        count = len(next(iter(signals.values()))) if signals else 0
        size = self.size * math.log((situation.documents or _USUAL_DOCUMENTS) / _USUAL_DOCUMENTS)
        prior = self.intercept.at(situation) + size + self.alone * situation.alone
        parts["prior"] = np.full(count, prior, dtype=np.float32)
        return parts


def probability(log_odds: FloatArray) -> npt.NDArray[np.float64]:
    """Return the probability for log-odds; strictly between 0 and 1 as far as floats can tell."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -60, 60).astype(np.float64)))
