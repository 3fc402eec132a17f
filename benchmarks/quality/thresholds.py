"""What a threshold keeps: of the results, and of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .adapters import PowerMem
from .dataset import ADVERSARIAL, Conversation
from .metrics import READ

THRESHOLDS = tuple(number / 10 for number in range(10))
"""The thresholds that are tried; the first one is none at all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is found with a threshold.

    Attributes:
        threshold: the lowest score of a result.
        precision: the share of the results that are evidence, all questions together, in per cent; ``None``
            if there are no results.
        recall: the share of the evidence that is among the results, the mean over the questions, in per cent.
        results: their mean number.
        empty: the share of the questions without any result, in per cent.
    """

    threshold: float
    precision: float | None
    recall: float
    results: float
    empty: float


async def try_thresholds(library: PowerMem, conversations: Sequence[Conversation]) -> list[Kept]:
    """Ask all questions of a filled store but the adversarial ones with each threshold."""
    return [await _try(library, conversations, threshold) for threshold in THRESHOLDS]


async def _try(library: PowerMem, conversations: Sequence[Conversation], threshold: float) -> Kept:
    recalls: list[float] = []
    numbers: list[int] = []
    right = 0
    for one in conversations:
        questions = [question for question in one.questions if question.kind != ADVERSARIAL]
        texts = [question.text for question in questions]
        found = await library.search_many(one.name, texts, READ, threshold or None)
        for question, hits in zip(questions, found, strict=True):
            seen = question.evidence & frozenset[str]().union(*(hit.turns for hit in hits))
            recalls.append(len(seen) / len(question.evidence))
            numbers.append(len(hits))
            right += sum(bool(hit.turns & question.evidence) for hit in hits)
    asked, results = len(numbers), sum(numbers)
    return Kept(
        threshold,
        100 * right / results if results else None,
        100 * sum(recalls) / asked,
        results / asked,
        100 * numbers.count(0) / asked,
    )
