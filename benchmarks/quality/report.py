"""What was found, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .adapters import SINGLE_ARMS, PowerMem
from .asking import Times
from .dataset import ADVERSARIAL, Conversation, Corpus
from .metrics import MEASURES, Answer, curve, interval, values
from .thresholds import Kept

SHIPPED = "as shipped"
TOKENS = "tokens@10"

_SUMMARY = ("R@10", "MRR", "R@1")
_SHOWN = ("R@1", "R@5", "R@10", "R@20", "hit@5", "hit@10", "MRR", "sessions R@5", "sessions R@10")
_UNCERTAIN = ("R@1", "R@5", "R@10", "MRR")
_COMPARED = "R@10"
_JUDGED = ("R@10", "MRR")
_ALL = "all conversations"
_ANSWERABLE = "all questions"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one library, or one ranking, found.

    Attributes:
        name: of the library or the ranking.
        answers: to all questions.
        filling: seconds that storing all turns took, without what the embedder of the harness took.
        times: of searches; ``None`` where none were timed.
    """

    name: str
    answers: list[Answer]
    filling: float = 0.0
    times: Times | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the questions of a corpus.

    Attributes:
        conversations: how to call those they are about.
        names: which these are.
        label: how to call the kinds.
        kinds: which these are.
    """

    conversations: str
    names: AbstractSet[str]
    label: str
    kinds: AbstractSet[str]

    @property
    def title(self) -> str:
        """What to write above a table or at the beginning of a row."""
        if self.conversations == _ALL:
            return self.label.capitalize()
        return f"{self.conversations}: {self.label}"

    @property
    def whole(self) -> bool:
        """Whether these are all that belong together, and not one kind of several."""
        return self.label in (_ANSWERABLE, ADVERSARIAL)

    def of(self, one: Measured) -> list[Answer]:
        """Return the answers to these questions."""
        return [
            answer
            for answer in one.answers
            if answer.conversation in self.names and answer.question.kind in self.kinds
        ]


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """Everything that was measured on a corpus.

    Attributes:
        corpus: what was stored and asked.
        measured: each library or ranking, in the order of the rows; all have answers to the same questions.
        kept: what thresholds keep; empty unless asked for.
    """

    corpus: Corpus
    measured: Sequence[Measured]
    kept: Sequence[Kept] = ()

    @property
    def overall(self) -> Slice:
        """All questions but adversarial ones."""
        return self.slices()[0]

    def slices(self) -> list[Slice]:
        """Return which questions are reported together; first all but the adversarial ones of everything."""
        names = frozenset(one.name for one in self.corpus.conversations)
        found = dict.fromkeys(question.kind for question in self.corpus.questions())
        kinds = [kind for kind in found if kind != ADVERSARIAL]
        labels: dict[str, AbstractSet[str]] = {_ANSWERABLE: frozenset(kinds)}
        if len(kinds) > 1:
            labels |= {kind: frozenset({kind}) for kind in sorted(kinds)}
        if ADVERSARIAL in found:
            labels[ADVERSARIAL] = frozenset({ADVERSARIAL})
        groups: dict[str, AbstractSet[str]] = {_ALL: names}
        if len(names) > 1:
            groups |= {one.name: frozenset({one.name}) for one in self.corpus.conversations}
        slices = (
            Slice(group, chosen, label, kinds)
            for group, chosen in groups.items()
            for label, kinds in labels.items()
        )
        return [one for one in slices if one.of(self.measured[0])]

    def libraries(self) -> list[str]:
        """Return the lines of Markdown that compare libraries in detail."""
        overall, *others = self.slices()
        kinds = [one for one in others if one.conversations == _ALL]
        groups = [one for one in others if one.conversations != _ALL and one.whole]
        lines = [*self._head(), *self._table("library", overall)]
        for heading, chosen in (("kind", kinds), ("conversation", groups)):
            if chosen:
                lines += [f"\nBy {heading}:\n", *self._rows(chosen)]
        lines += [f"\n{overall.title}, with 95 % intervals:\n", *self._intervals(overall)]
        return [*lines, "\nTime:\n", *self._times()]

    def rankings(self) -> list[str]:
        """Return the lines of Markdown that compare rankings with the one that is shipped."""
        chosen = [one for one in self.slices() if one.whole and one.conversations == _ALL]
        return [*self._head(), *(line for one in chosen for line in self._table("ranking", one))]

    def thresholds(self) -> list[str]:
        """Return the lines of Markdown that say what thresholds keep."""
        columns = ["threshold", "precision", "recall", "results", "questions without a result"]
        rows = (
            [
                f"{one.threshold:g}" if one.threshold else "none",
                "" if one.precision is None else f"{one.precision:.1f}",
                f"{one.recall:.1f}",
                f"{one.results:.1f}",
                f"{one.empty:.1f} %",
            ]
            for one in self.kept
        )
        return [f"\n{self.corpus.name}, of ten results those with at least a score:\n", *table(columns, rows)]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it; measures are in per cent."""
        return {
            "corpus": self.corpus.name,
            "conversations": {
                one.name: {"turns": _turns(one), "questions": len(one.questions)}
                for one in self.corpus.conversations
            },
            "results": [_result(one, measured) for one in self.slices() for measured in self.measured],
            "thresholds": [asdict(one) for one in self.kept],
            "times": [
                {
                    "name": one.name,
                    "filling_s": one.filling,
                    "search_ms": one.times.searches,
                    "embedding_ms": one.times.embeddings,
                }
                for one in self.measured
                if one.times
            ],
        }

    def _head(self) -> list[str]:
        turns = sum(map(_turns, self.corpus.conversations))
        return [
            f"\n### {self.corpus.name}\n\n{len(self.corpus.conversations)} conversations, {turns:,} turns."
        ]

    def _table(self, kind: str, chosen: Slice) -> list[str]:
        columns, rows = [kind, *_SHOWN, TOKENS], [_row(one, chosen) for one in self.measured]
        shipped = next((one for one in self.measured if one.name == SHIPPED), None)
        if shipped is not None:
            columns.append(f"{_COMPARED} against {SHIPPED}")
            for one, row in zip(self.measured, rows, strict=True):
                row.append("" if one is shipped else _difference(_COMPARED, one, shipped, chosen))
        return [f"\n{chosen.title}, {len(chosen.of(self.measured[0]))} questions:\n", *table(columns, rows)]

    def _rows(self, chosen: Iterable[Slice]) -> Iterator[str]:
        rows = (
            [one.title, str(len(one.of(measured))), *_row(measured, one)]
            for one in chosen
            for measured in self.measured
        )
        return table(["questions", "number", "library", *_SHOWN, TOKENS], rows)

    def _intervals(self, chosen: Slice) -> Iterator[str]:
        rows = (
            [one.name, *(_with_interval(name, one, chosen) for name in _UNCERTAIN)] for one in self.measured
        )
        return table(["library", *_UNCERTAIN], rows)

    def _times(self) -> Iterator[str]:
        columns = [
            "library",
            "storing, without embedding",
            "search, without embedding: p50",
            "p95",
            "with embedding: p50",
            "p95",
        ]
        turns = sum(map(_turns, self.corpus.conversations))
        rows = (
            [one.name, f"{turns / one.filling:,.0f} turns/s", *map(_milliseconds, one.times.figures())]
            for one in self.measured
            if one.times
        )
        return table(columns, rows)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured in a run.

    Attributes:
        machine: where and when.
        embedder: its name, or "none".
        corpora: what was measured on each corpus.
    """

    machine: str
    embedder: str
    corpora: Sequence[CorpusReport]

    def summary(self) -> list[str]:
        """Return the lines of Markdown that compare libraries on every corpus, and name the worst."""
        columns = ["corpus", "questions", "library", *_SUMMARY]
        rows = [row for one in self.corpora for row in _summary_rows(one)]
        lines = [f"Embedder: {self.embedder}. In per cent, with 95 % intervals.\n", *table(columns, rows)]
        compared = [found for one in self.corpora if (found := Comparison.of(one)) is not None]
        if compared:
            lines += ["\npowermem against the better of the single arms:\n", *_comparisons(compared)]
        return lines

    def as_dict(self) -> dict[str, Any]:
        """Return all of it; measures are in per cent."""
        return {
            "machine": self.machine,
            "embedder": self.embedder,
            "corpora": [one.as_dict() for one in self.corpora],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """PowerMem beside the better of the single arms on one corpus.

    Attributes:
        corpus: its name.
        measures: the mean of each measure, in per cent.
        leads: by how much it is above the better arm.
        written: the same with an interval and the name of the arm.
    """

    corpus: str
    measures: Mapping[str, float]
    leads: Mapping[str, float]
    written: Mapping[str, str]

    @classmethod
    def of(cls, one: CorpusReport) -> Comparison | None:
        """Return the comparison, or ``None`` unless powermem and an arm were measured."""
        ours = next((each for each in one.measured if each.name == PowerMem.name), None)
        arms = [each for each in one.measured if each.name in SINGLE_ARMS]
        if ours is None or not arms:
            return None
        chosen = one.overall
        measures, leads, written = {}, {}, {}
        for name in _JUDGED:
            better = max(arms, key=lambda arm: _values(name, arm, chosen).mean())
            measures[name] = float(_values(name, ours, chosen).mean())
            leads[name] = measures[name] - float(_values(name, better, chosen).mean())
            written[name] = f"{_difference(name, ours, better, chosen)}, {better.name}"
        return cls(one.corpus.name, measures, leads, written)

    @property
    def better(self) -> bool:
        """Whether powermem is better than every single arm by every measure."""
        return all(lead > 0 for lead in self.leads.values())


def _comparisons(compared: Sequence[Comparison]) -> Iterator[str]:
    columns = ["corpus", *(f"{name} against" for name in _JUDGED), "better than each single arm"]
    rows = [
        [one.corpus, *(one.written[name] for name in _JUDGED), "yes" if one.better else "no"]
        for one in compared
    ]
    yield from table(columns, rows)
    lowest = {name: min(compared, key=lambda one: one.measures[name]) for name in _JUDGED}
    closest = {name: min(compared, key=lambda one: one.leads[name]) for name in _JUDGED}
    yield (
        "\nThe worst: "
        + "; ".join(
            f"{name} {lowest[name].measures[name]:.1f} ({lowest[name].corpus}), "
            f"{closest[name].leads[name]:+.1f} against a single arm ({closest[name].corpus})"
            for name in _JUDGED
        )
        + "."
    )


def _summary_rows(one: CorpusReport) -> Iterator[list[str]]:
    chosen = [each for each in one.slices() if each.conversations == _ALL and each.whole]
    for part in chosen:
        answers = part.of(one.measured[0])
        units = len({answer.question.unit for answer in answers})
        name = one.corpus.name if part is chosen[0] else f"{one.corpus.name}, {part.label}"
        asked = f"{len(answers)} in {units} {one.corpus.unit}"
        for measured in one.measured:
            figures = [_with_interval(measure, measured, part) for measure in _SUMMARY]
            yield [name, asked, measured.name, *figures]


def _turns(conversation: Conversation) -> int:
    return sum(len(session.turns) for session in conversation.sessions)


def _values(measure: str, one: Measured, chosen: Slice) -> npt.NDArray[np.float64]:
    return values(MEASURES[measure], chosen.of(one))


def _units(one: Measured, chosen: Slice) -> list[str]:
    return [answer.question.unit for answer in chosen.of(one)]


def _row(one: Measured, chosen: Slice) -> list[str]:
    shown = [f"{_values(name, one, chosen).mean():.1f}" for name in _SHOWN]
    return [one.name, *shown, f"{_tokens(one, chosen):.0f}"]


def _tokens(one: Measured, chosen: Slice) -> float:
    return float(np.mean([answer.tokens for answer in chosen.of(one)]))


def _with_interval(measure: str, one: Measured, chosen: Slice) -> str:
    samples = _values(measure, one, chosen)
    low, high = interval(samples, _units(one, chosen))
    return f"{samples.mean():.1f} ({low:.1f} to {high:.1f})"


def _difference(measure: str, one: Measured, other: Measured, chosen: Slice) -> str:
    samples = _values(measure, one, chosen) - _values(measure, other, chosen)
    low, high = interval(samples, _units(one, chosen))
    return f"{samples.mean():+.1f} ({low:+.1f} to {high:+.1f})"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ms"


def _result(chosen: Slice, one: Measured) -> dict[str, Any]:
    answers = chosen.of(one)
    return {
        "name": one.name,
        "conversations": sorted(chosen.names),
        "kinds": sorted(chosen.kinds),
        "questions": len(answers),
        **{name: float(_values(name, one, chosen).mean()) for name in MEASURES},
        "intervals": {name: interval(_values(name, one, chosen), _units(one, chosen)) for name in _UNCERTAIN},
        TOKENS: _tokens(one, chosen),
        "recall": curve(answers),
    }


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"
