"""What is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .adapters import Hit
from .dataset import Question, session_of

LIMIT = 100
"""So many results a search is asked for: sessions are told apart, and the first 50 may all lie in a few."""

SHOWN = 50
"""So many of them are drawn in a picture."""

READ = 10
"""So many results are given to a language model: their tokens are counted, and such a search is timed."""

_RANKED = 20
_RESAMPLES = 2000
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with the turns found for it, best first; a result may stand for several turns.

    Attributes:
        conversation: whose question it is.
        question: the question.
        found: the turns of each result.
        tokens: of the texts of the first ``READ`` results.
    """

    conversation: str
    question: Question
    found: list[frozenset[str]]
    tokens: int

    def recall(self, limit: int) -> float:
        """Return the share of the evidence among the first results."""
        seen = frozenset[str]().union(*self.found[:limit])
        return len(self.question.evidence & seen) / len(self.question.evidence)

    def hit(self, limit: int) -> float:
        """Return 1 when any evidence is among the first results, else 0."""
        return float(self.recall(limit) > 0)

    def reciprocal_rank(self) -> float:
        """Return 1 over the rank of the first evidence; 0 when it is not among the first 20."""
        ranks = (n for n, turns in enumerate(self.found[:_RANKED], 1) if turns & self.question.evidence)
        return 1 / next(ranks, float("inf"))

    def session_recall(self, limit: int) -> float:
        """Return the share of the sessions with evidence among the first sessions that occur."""
        wanted = {session_of(turn) for turn in self.question.evidence}
        met = dict.fromkeys(session_of(turn) for turns in self.found for turn in sorted(turns))
        return len(wanted & set(list(met)[:limit])) / len(wanted)


Measure = Callable[[Answer], float]

MEASURES: dict[str, Measure] = {
    "R@1": lambda answer: answer.recall(1),
    "R@5": lambda answer: answer.recall(5),
    "R@10": lambda answer: answer.recall(10),
    "R@20": lambda answer: answer.recall(20),
    "hit@1": lambda answer: answer.hit(1),
    "hit@5": lambda answer: answer.hit(5),
    "hit@10": lambda answer: answer.hit(10),
    "hit@20": lambda answer: answer.hit(20),
    "MRR": Answer.reciprocal_rank,
    "sessions R@1": lambda answer: answer.session_recall(1),
    "sessions R@5": lambda answer: answer.session_recall(5),
    "sessions R@10": lambda answer: answer.session_recall(10),
}


def answer(conversation: str, question: Question, found: Sequence[Hit]) -> Answer:
    """Keep of a search for a question what is counted."""
    tokens = sum(estimate_tokens(hit.text) for hit in found[:READ])
    return Answer(conversation, question, [hit.turns for hit in found], tokens)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: one for every four characters, as is usual in English."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def values(measure: Measure, answers: Iterable[Answer]) -> npt.NDArray[np.float64]:
    """Return a measure of each answer, in per cent."""
    return 100 * np.array([measure(one) for one in answers])


def interval(samples: npt.NDArray[np.float64], units: Sequence[str]) -> tuple[float, float]:
    """Return the 95 % interval of a mean: the percentiles of seeded bootstrap resamples of units.

    Questions of one conversation are alike, so whole conversations are drawn. If there is only one, its
    questions are.

    Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979); Davison
    and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.

    Args:
        samples: a value for each question.
        units: what each question belongs to; see `Question`.
    """
    names, codes = np.unique(units, return_inverse=True)
    if len(names) == 1:
        codes = np.arange(len(samples))
    sums, counts = np.bincount(codes, weights=samples), np.bincount(codes)
    drawn = np.random.default_rng(0).integers(len(sums), size=(_RESAMPLES, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def curve(answers: Sequence[Answer]) -> list[float]:
    """Return the recall at each of 1 to ``SHOWN`` results, in per cent."""
    return [float(np.mean([100 * one.recall(limit) for one in answers])) for limit in range(1, SHOWN + 1)]
