"""A logistic model of which candidates hold the answer: its design, its loss and its calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from powermem._core.ranking.relevance import Model, Weight
from powermem._core.ranking.weights import Weights

from .candidates import Candidates

Array = npt.NDArray[np.float64]

_SIGNALS = (
    "dense", "lexical", "share", "coverage", "neighbour", "length", "role", "speaker", "asking", "moment",
    "period",
)  # fmt: skip
# Which weights change with the situation; all that were tried beside these changed nothing, or too few
# questions tell of them.
_WITH_ASSISTANT = ("dense", "lexical", "share", "coverage", "neighbour", "length", "role", "asking")
_WITH_DIALOGUE = ("dense", "lexical", "share", "coverage", "neighbour", "length", "speaker", "asking")
_WITH_COVERED = ("dense", "lexical", "share")
UNFITTED = {"phrase": Weight(1.5), "own": Weight(0.9)}
"""Weights of signals that hardly any question of the corpora has; chosen by hand."""

_AT_ONCE = 100
"""So many candidates of a question are fitted on: those with the answer, then the best by several orders."""

USUAL_DOCUMENTS = 300
"""The size of a scope to which the intercept belongs."""

_FAR = -1e9
# The ranks of the wrong rows which a right one has to beat to be among the first ten.
_LAST_RANKS = (6, 10)


@dataclass(frozen=True, slots=True)
class Design:
    """The features of a model: a signal, or a signal times a number of the situation.

    Attributes:
        columns: for each feature the signal and the index of the factor; see `Situation.factors`.
    """

    columns: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, *, vectors: bool) -> Design:
        """Return the features with or without the cosine."""
        interactions = (_SIGNALS, _WITH_ASSISTANT, _WITH_DIALOGUE, _WITH_COVERED)
        return cls(
            tuple(
                (signal, factor)
                for factor, signals in enumerate(interactions)
                for signal in signals
                if vectors or signal != "dense"
            )
        )

    def features(self, one: Candidates) -> Array:
        """Return the features of each row; shape (rows, features)."""
        factors, nothing = one.situation.factors(), np.zeros(len(one.right))
        return np.stack(
            [one.values.get(signal, nothing) * factors[factor] for signal, factor in self.columns], axis=1
        ).astype(np.float64)

    def model(self, weights: Array, calibration: Array) -> Model:
        """Return the model of these numbers, rounded to two digits.

        Args:
            weights: shape (features,).
            calibration: see `calibration_loss`.
        """
        slope, *rest = calibration.tolist()
        numbers = {signal: [0.0, 0.0, 0.0, 0.0] for signal, factor in self.columns if not factor}
        for (signal, factor), weight in zip(self.columns, weights * slope, strict=True):
            numbers[signal][factor] = round(float(weight), 2)
        fitted = {signal: Weight(*each) for signal, each in numbers.items()}
        intercept = Weight(*(round(number, 2) for number in rest[:4]))
        size, alone, sharpness = round(rest[4], 2), round(rest[5], 2), round(rest[6] / slope, 2)
        return Model(intercept, size, alone, sharpness, {**fitted, **UNFITTED})


@dataclass(frozen=True, slots=True)
class Packed:
    """Candidates of many questions as arrays, a hundred for each.

    Attributes:
        features: divided by ``scale``; shape (questions, 100, features).
        right: 1 for a row with the answer; shape (questions, 100).
        present: 1 for a row, 0 for padding; same shape.
        weights: how much each question counts; shape (questions,).
        scale: the deviation of each feature; shape (features,).
    """

    features: npt.NDArray[np.float32]
    right: npt.NDArray[np.float32]
    present: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    scale: Array

    @classmethod
    def of(cls, candidates: Sequence[Candidates], design: Design, weights: Sequence[float]) -> Packed:
        """Pack candidates; those of questions without a right one are left out by a weight of 0."""
        every = [design.features(one) for one in candidates]
        scale = np.vstack(every).std(axis=0) + 1e-6
        shape = len(candidates), _AT_ONCE
        features = np.zeros((*shape, len(design.columns)), np.float32)
        right, present = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for number, (one, each) in enumerate(zip(candidates, every, strict=True)):
            rows = _selected(one)
            features[number, : len(rows)] = each[rows] / scale
            right[number, : len(rows)] = one.right[rows]
            present[number, : len(rows)] = 1
        counted = np.where(right.any(axis=1), np.array(weights), 0).astype(np.float32)
        return cls(features, right, present, counted, scale)

    def only(self, mask: npt.NDArray[np.bool_]) -> Packed:
        """Return some of the questions."""
        return Packed(
            self.features[mask], self.right[mask], self.present[mask], self.weights[mask], self.scale
        )

    def loss(self, weights: Array, penalty: float) -> tuple[float, Array]:
        """Return the loss of weights of scaled features, and its gradient.

        The sum of three parts, each a mean over the right rows of a question: 0.7 times the softmax of each
        right row against all wrong ones, 0.3 times that of all right rows together, and a soft hinge on each
        right row that is below the seventh to tenth of the wrong ones; and half the penalty times the sum of
        squares.
        """
        scores = np.where(self.present > 0, self.features @ weights.astype(np.float32), _FAR)
        wrong, count = self.present - self.right, np.maximum(self.right.sum(axis=1, keepdims=True), 1)
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        below, above = ((raised * each).sum(axis=1, keepdims=True) + 1e-30 for each in (wrong, self.right))

        single = raised / (raised + below)
        lost = -0.7 * (np.log(single + 1e-30) * self.right / count).sum(axis=1)
        pull = (1 - single) * self.right / count
        slope = 0.7 * (raised * wrong / below * pull.sum(axis=1, keepdims=True) - pull)

        together = above / (above + below)
        lost -= 0.3 * np.log(together[:, 0])
        slope += 0.3 * (1 - together) * (raised * wrong / below - raised * self.right / above)

        hinge, hinge_slope = self._hinge(scores, wrong, count)
        slope = ((slope + hinge_slope) * self.weights[:, None]).astype(np.float32)
        total = float((self.weights * (lost + hinge)).sum()) + 0.5 * penalty * float(weights @ weights)
        gradient = np.tensordot(slope, self.features, ([0, 1], [0, 1])).astype(np.float64)
        return total, penalty * weights + gradient

    def _hinge(
        self, scores: npt.NDArray[np.float32], wrong: npt.NDArray[np.float32], count: npt.NDArray[np.float32]
    ) -> tuple[Array, Array]:
        others = np.where(wrong > 0, scores, _FAR)
        first, last = _LAST_RANKS
        ranks = np.argsort(-others, axis=1, kind="stable")[:, first:last]
        bar = np.take_along_axis(others, ranks, 1).mean(axis=1, keepdims=True)
        # With fewer wrong rows than that nothing has to be beaten.
        behind = np.where((self.right > 0) & (bar > _FAR / 2), bar - scores, -50)
        share = (self.right / count).astype(np.float64)
        lost = (np.logaddexp(0, behind) * share).sum(axis=1)
        pull = share / (1 + np.exp(-np.clip(behind, -60, 60)))
        slope = -pull
        push = np.broadcast_to(pull.sum(axis=1, keepdims=True) / (last - first), ranks.shape)
        np.put_along_axis(slope, ranks, np.take_along_axis(slope, ranks, 1) + push, 1)
        return lost, slope


def _selected(one: Candidates) -> npt.NDArray[np.intp]:
    """Return up to a hundred rows: those with the answer, the best by each arm and by both, and others."""
    nothing = np.zeros(len(one.right))
    boosted = (
        one.base + 0.3 * one.values.get("coverage", nothing) + 0.3 * one.values.get("neighbour", nothing)
    )
    orders = [
        np.flatnonzero(one.right),
        np.argsort(-boosted, kind="stable")[:45],
        np.argsort(-one.values.get("dense", one.base), kind="stable")[:25],
        np.argsort(-one.values.get("lexical", one.base), kind="stable")[:15],
        np.random.default_rng(0).permutation(len(one.right)),
    ]
    every = np.concatenate(orders)
    _, first = np.unique(every, return_index=True)
    return every[np.sort(first)][:_AT_ONCE]


def calibration_terms(one: Candidates, scores: Array) -> Array:
    """Return what the numbers of a calibration are multiplied by; shape (rows, 8)."""
    situation = one.situation
    size = math.log((situation.documents or USUAL_DOCUMENTS) / USUAL_DOCUMENTS)
    terms = np.tile([1.0, *situation.factors(), size, situation.alone, 1.0], (len(scores), 1))
    terms[:, 0] = scores
    terms[:, 7] = situation.alone * scores
    return terms


def calibration_loss(numbers: Array, terms: Array, right: Array, weights: Array) -> tuple[float, Array]:
    """Return the log loss of probabilities, and its gradient.

    Args:
        numbers: the slope of the scores; the four numbers of the intercept; what the logarithm of the size
            of the scope adds, and what rows without turns beside them do; and what the slope is greater by
            for these.
        terms: see `calibration_terms`; shape (rows, 8).
        right: 1 for a row with the answer; shape (rows,).
        weights: how much each row counts; shape (rows,).
    """
    odds = terms @ numbers
    lost = np.logaddexp(0, odds) - right * odds
    slope = weights * (1 / (1 + np.exp(-np.clip(odds, -60, 60))) - right)
    pulled = np.concatenate([np.zeros(2), 0.02 * numbers[2:]])
    return float(weights @ lost + 0.01 * (numbers[2:] ** 2).sum()), terms.T @ slope + pulled


def log_odds(model: Model, one: Candidates) -> Array:
    """Return the log-odds that a model gives to rows, without recency."""
    names = tuple(name for name in one.values if one.vectors or name != "dense")
    rows = np.array([one.values[name] for name in names], dtype=np.float64)
    return model.scaled(names, one.situation, Weights()) @ rows + model.prior(one.situation)
