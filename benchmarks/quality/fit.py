"""Fit the numbers of the ranking, and report it on conversations that were left out.

    python -m benchmarks.quality.fit [NAME=]PATH ... [--check [NAME=]PATH ...] [--cache FILE]

Prints what belongs into ``powermem/_core/ranking/learned.py``. Every corpus counts the same. The order of
rows is fitted first, then the scores, to whole conversations and to windows cut from them. Needs scipy (pip
install --group bench).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from powermem._core.embedding import e5, minilm
from powermem._core.embedding.local import local_model
from powermem._core.ranking.learned import WITH_VECTORS, WORDS_ALONE
from powermem._core.ranking.relevance import Model, Weight, probability

from . import fitted, plot
from .adapters import BM25, Adapter, Cosine, FullText, settled
from .asking import ask, fill
from .candidates import Candidates, collect, without_assistant
from .dataset import ADVERSARIAL, Corpus, Question
from .embedding import CachedEmbedder
from .forms import read
from .logistic import Array, Design, Packed, calibration_loss, calibration_terms, log_odds
from .metrics import MEASURES, READ, Answer, interval, values
from .report import table

PENALTY = 7.0
"""The penalty on squares of scaled weights: of 1 to 20, none was better by more than the folds differ."""

_ADVERSARIAL = 0.3
_PERSON_ONLY = 0.5
_WINDOWS = 0.15
_TOTAL = 100.0
# Conversations are left out one by one, or in so many groups if there are more of them than this.
_FOLDS = 12
# Dialogues and facts are left out in so many groups, so that each is with those that have the same evidence.
_GROUPS = 4
_LEFT_OUT = "powermem, left out"
_SHOWN = ("R@10", "MRR", "R@1")
_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_UNITS = '''"""Digests of what the ranking's numbers were fitted on; written by ``benchmarks.quality.fit``."""

from __future__ import annotations

UNITS: frozenset[str] = frozenset(
    {
%s
    }
)
"""The units of `dataset.Question`."""
'''


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: instead of those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality.fit",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("corpora", nargs="+", metavar="[NAME=]PATH", help="what to fit to; see benchmarks.quality")
    add("--check", nargs="+", default=[], metavar="[NAME=]PATH", help="also report these, not fitted to")
    add("--embedder", choices=(minilm.MODEL, e5.MODEL, "none"), default=minilm.MODEL)
    add("--part", choices=("fitted",), help="take what the shipped ranking was fitted on only")
    add("--penalty", type=float, default=PENALTY, help="on squares of scaled weights")
    add("--cache", type=Path, metavar="FILE", help="keep vectors in this file, for the next run")
    add("--picture", type=Path, metavar="FILE", help="draw R@10 on each corpus, as SVG")
    add("--note", action="store_true", help=f"write what was fitted on into {Path(fitted.__file__).name}")
    options = parser.parse_args(arguments)
    corpora, check = (
        [one for argument in each for one in read(argument)] for each in (options.corpora, options.check)
    )
    if options.part:
        corpora = [one.chosen(fitted.UNITS, inside=True) for one in corpora]
    corpora = [one for one in corpora if one.conversations]
    embedder = None
    if options.embedder != "none":
        embedder = CachedEmbedder(local_model(options.embedder), options.cache)
    report = asyncio.run(_fit(corpora, check, embedder, options.penalty))
    if embedder:
        embedder.close()
    print("\n".join(report.lines()))
    if options.note:
        units = {question.unit for one in corpora for question in one.questions()}
        lines = "\n".join(f'        "{unit}",' for unit in sorted(units))
        Path(fitted.__file__).write_text(_UNITS % lines, "utf-8")
    if options.picture:
        options.picture.write_text(report.picture(), "utf-8")


async def _fit(
    corpora: Sequence[Corpus], check: Sequence[Corpus], embedder: CachedEmbedder | None, penalty: float
) -> FitReport:
    varied = [each for one in corpora for each in (one, *_variants(one))]
    units = {one.name: one.unit for one in varied}
    trained = [each for one in varied for each in await collect(one, None, windows=True)]
    words = Fit(trained, Design.of(vectors=False), units, penalty)
    models, left_out = Models(None, words.model), words.left_out
    if embedder:
        trained = [each for one in varied for each in await collect(one, embedder, windows=True)]
        both = Fit([one for one in trained if one.vectors], Design.of(vectors=True), units, penalty)
        models = Models(both.model, words.model)
        # A question in a script that the embedder does not read is ranked by its words.
        scored = {(one.candidates.corpus, one.candidates.question): one for one in words.left_out}
        scored |= {(one.candidates.corpus, one.candidates.question): one for one in both.left_out}
        left_out = [scored[one.corpus, one.question] for one in trained if one.asked]
    unseen = [each for one in check for each in await collect(one, embedder)]
    floors: dict[str, list[Answer]] = {}
    for adapter in (Cosine, FullText, BM25):
        if embedder or adapter is not Cosine:
            floors[adapter.name] = [
                each for one in (*varied, *check) for each in await _floor(adapter(), one, embedder)
            ]
    return FitReport(models, left_out, words.left_out if embedder else [], unseen, floors)


def _variants(corpus: Corpus) -> list[Corpus]:
    said = (turn.role == "assistant" for one in corpus.conversations for turn in one.turns())
    return [without_assistant(corpus)] if any(said) else []


async def _floor(adapter: Adapter, corpus: Corpus, embedder: CachedEmbedder | None) -> list[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        await settled(adapter.open(Path(folder), embedder))
        await fill(adapter, corpus.conversations, embedder)
        answers = await ask(adapter, corpus.conversations)
        await settled(adapter.close())
    return [replace(one, conversation=corpus.name) for one in answers]


class Models(NamedTuple):
    """A model for questions with a vector, if there is an embedder, and one for those without."""

    with_vectors: Model | None
    words_alone: Model

    def score(self, candidates: Sequence[Candidates]) -> list[Scored]:
        """Return the candidates with the log-odds of the model that is for them."""
        found = []
        for one in candidates:
            model = self.with_vectors if one.vectors else self.words_alone
            assert model is not None, "without an embedder no question has a vector"
            found.append(Scored(one, log_odds(model, one)))
        return found


@dataclass(frozen=True, slots=True)
class Scored:
    """The log-odds of candidates that were left out of the fit, or unknown to it."""

    candidates: Candidates
    odds: Array

    def answer(self) -> Answer:
        """Return what a search would find."""
        order = np.argsort(-self.odds, kind="stable").tolist()
        one = self.candidates
        return Answer(one.corpus, one.question, [one.turns[row] for row in order], 0)


class Fit:
    """A model fitted to candidates, and how well it ranks those that were left out.

    Args:
        candidates: of all questions of all corpora.
        design: the features.
        units: what the questions of each corpus are drawn by.
        penalty: on squares of scaled weights.

    Attributes:
        model: fitted to all of it.
        left_out: every question in its whole conversation, scored by a model that its fold was left out of.
    """

    def __init__(
        self, candidates: Sequence[Candidates], design: Design, units: Mapping[str, str], penalty: float
    ) -> None:
        self._design, self._units, self._penalty = design, units, penalty
        weights = list(_weights(candidates))
        packed = Packed.of(candidates, design, weights)
        folds = np.array(_folds(candidates, units))
        whole = self._minimize(packed, np.zeros(len(design.columns)))
        scores: list[Array] = [np.zeros(0)] * len(candidates)
        for fold in sorted(set(folds)):
            part = self._minimize(packed.only(folds != fold), whole)
            for number in np.flatnonzero(folds == fold).tolist():
                scores[number] = design.features(candidates[number]) @ (part / packed.scale)
        terms = [calibration_terms(one, each) for one, each in zip(candidates, scores, strict=True)]
        numbers = self._calibrate(candidates, terms)
        self.model = design.model(whole / packed.scale, numbers)
        self.left_out = [
            Scored(one, each @ numbers) for one, each in zip(candidates, terms, strict=True) if one.asked
        ]

    def _minimize(self, packed: Packed, start: Array) -> Array:
        from scipy.optimize import minimize

        options = {"maxiter": 150}
        found = minimize(
            packed.loss, start, args=(self._penalty,), jac=True, method="L-BFGS-B", options=options
        )
        return np.array(found.x)

    @staticmethod
    def _calibrate(candidates: Sequence[Candidates], terms: Sequence[Array]) -> Array:
        from scipy.optimize import minimize

        # Every length of window of every corpus counts the same.
        counts = Counter((one.corpus, one.window) for one in candidates)
        weights = [1 / counts[one.corpus, one.window] for one in candidates]
        rows = np.repeat(np.array(weights), [len(each) for each in terms])
        right = np.concatenate([one.right for one in candidates]).astype(np.float64)
        given = np.concatenate(terms), right, 1000 * rows / rows.sum()
        start = np.array([1.0, -5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        found = minimize(calibration_loss, start, args=given, jac=True, method="L-BFGS-B")
        return np.array(found.x)


@dataclass(frozen=True, slots=True)
class FitReport:
    """What was fitted, and how well it ranks what it was not fitted to.

    Attributes:
        models: fitted to all corpora.
        left_out: their candidates, each scored by a model that its fold was left out of.
        words: the same without an embedder; empty if there is none anyway.
        unseen: the candidates of corpora that were not fitted to.
        floors: the answers of each floor to all questions, the conversation being that of the corpus.
    """

    models: Models
    left_out: Sequence[Scored]
    words: Sequence[Scored]
    unseen: Sequence[Candidates]
    floors: Mapping[str, Sequence[Answer]]

    def lines(self) -> list[str]:
        """Return the lines of Markdown about it, and the models as source text."""
        shipped = Models(WITH_VECTORS, WORDS_ALONE)
        lines = ["Ranked by a model that the conversation was left out of:\n"]
        lines += self._ranked({_LEFT_OUT: self.left_out, **self._others(shipped, self.left_out)})
        if self.words:
            lines += ["\nThe same without an embedder:\n"]
            lines += self._ranked({_LEFT_OUT: self.words, **self._others(shipped, self.words)})
        unseen = self.models.score(self.unseen)
        if unseen:
            lines += ["\nCorpora that nothing was fitted to:\n"]
            lines += self._ranked({"not fitted to": unseen, **self._others(shipped, unseen)})
        lines.append(
            "\nOf ten results those with at least a probability, precision and recall in per cent:\n"
        )
        lines += table(["corpus", *map(str, _THRESHOLDS)], thresholds([*self.left_out, *unseen]))
        for name, model in zip(("WITH_VECTORS", "WORDS_ALONE"), self.models, strict=True):
            if model is not None:
                lines.append(f"\n{name} = {written(model)}")
        return lines

    def picture(self) -> str:
        """Return a picture of R@10 on each corpus as SVG."""
        names = [name for name in _names(self.left_out) if "," not in name]
        bars = {"powermem": [self._recall(name, list(map(Scored.answer, self.left_out))) for name in names]}
        for floor, answers in self.floors.items():
            bars[floor] = [self._recall(name, answers) for name in names]
        return plot.bars(
            bars,
            names,
            title="Turns with the answer among the first ten results, %, no language model",
            note="Conversations that the ranking was not fitted to, with the local embedder.",
        )

    @staticmethod
    def _recall(corpus: str, answers: Sequence[Answer]) -> float:
        chosen = [one for one in answers if _name(one.conversation, one.question) == corpus]
        return float(values(MEASURES["R@10"], chosen).mean())

    def _others(self, shipped: Models, scored: Sequence[Scored]) -> dict[str, Sequence[Scored]]:
        return {"as shipped": shipped.score([one.candidates for one in scored])}

    def _ranked(self, groups: Mapping[str, Sequence[Scored]]) -> Iterator[str]:
        rows = []
        found = {name: [one.answer() for one in every] for name, every in groups.items()}
        for corpus in _names(next(iter(groups.values()))):
            for name, every in {**found, **self.floors}.items():
                answers = [one for one in every if _name(one.conversation, one.question) == corpus]
                units = [each.question.unit for each in answers]
                cells = []
                for measure in _SHOWN:
                    samples = values(MEASURES[measure], answers)
                    low, high = interval(samples, units)
                    cells.append(f"{samples.mean():.1f} ({low:.1f} to {high:.1f})")
                rows.append([corpus, f"{len(answers)} in {len(set(units))}", name, *cells])
        return table(["corpus", "questions", "ranking", *_SHOWN], rows)


def thresholds(judged: Sequence[Scored]) -> Iterator[list[str]]:
    """Yield a row for each corpus: precision and recall of thresholds among ten results."""
    for corpus in _names(judged):
        chosen = [one for one in judged if _name(one.candidates.corpus, one.candidates.question) == corpus]
        kept = []
        for one in chosen:
            order = np.argsort(-one.odds, kind="stable")[:READ]
            likely = np.array([probability(odds) for odds in one.odds[order].tolist()])
            kept.append((one.candidates, order, likely))
        cells = []
        for threshold in _THRESHOLDS:
            right = results = 0
            recalls = []
            for candidates, order, likely in kept:
                rows = order[likely >= threshold]
                right += int(candidates.right[rows].sum())
                results += len(rows)
                seen = frozenset[str]().union(*(candidates.turns[row] for row in rows.tolist()))
                evidence = candidates.question.evidence
                recalls.append(len(seen & evidence) / len(evidence))
            precision = f"{100 * right / results:.0f}" if results else "-"
            cells.append(f"{precision}, {100 * np.mean(recalls):.0f}")
        yield [corpus, *cells]


def written(model: Model) -> str:
    """Return a model as the source text that makes it."""
    lines = ["Model(", f"    {_weight(model.intercept)},"]
    lines += [f"    {name}={getattr(model, name):.2f}," for name in ("size", "alone", "sharpness")]
    lines.append("    weights={")
    lines += [f'        "{signal}": {_weight(weight)},' for signal, weight in model.weights.items()]
    return "\n".join([*lines, "    },", ")"])


def _weight(weight: Weight) -> str:
    numbers = [f"{number:.2f}" for number in weight]
    while len(numbers) > 1 and float(numbers[-1]) == 0:
        numbers.pop()
    return f"Weight({', '.join(numbers)})"


def _name(corpus: str, question: Question) -> str:
    return f"{corpus}, {ADVERSARIAL}" if question.kind == ADVERSARIAL else corpus


def _names(every: Sequence[Scored]) -> list[str]:
    return list(dict.fromkeys(_name(one.candidates.corpus, one.candidates.question) for one in every))


def _weights(candidates: Sequence[Candidates]) -> Iterator[float]:
    """Yield the weight of each question: all questions of a corpus with an answer have the same sum."""
    kinds = [(_name(one.corpus, one.question), one.window > 0) for one in candidates]
    counts = Counter(kind for kind, one in zip(kinds, candidates, strict=True) if one.right.any())
    for kind, one in zip(kinds, candidates, strict=True):
        weight = _TOTAL / max(counts[kind], 1)
        if one.question.kind == ADVERSARIAL:
            weight *= _ADVERSARIAL
        if one.window:
            weight *= _WINDOWS
        yield weight * (_PERSON_ONLY if one.corpus.endswith("person only") else 1)


def _folds(candidates: Sequence[Candidates], units: Mapping[str, str]) -> list[str]:
    """Return the fold of each question; a conversation is left out whole, with all of its variants."""
    counts = Counter(corpus for corpus, _ in {(one.corpus, one.question.unit) for one in candidates})
    folds = []
    for one in candidates:
        unit = one.question.unit
        if units.get(one.corpus, "conversations") != "conversations":
            # The same memories are evidence in several dialogues, and in several languages.
            folds.append(f"group {crc32(repr(sorted(one.question.evidence)).encode()) % _GROUPS}")
        elif counts[one.corpus] > _FOLDS:
            folds.append(f"conversations {int(unit, 16) % _FOLDS}")
        else:
            folds.append(unit)
    return folds


if __name__ == "__main__":
    main()
