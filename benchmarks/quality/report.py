"""What was found, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .asking import Times
from .dataset import ADVERSARIAL, ANSWERABLE, CATEGORIES, Conversation
from .metrics import MEASURES, Answer, curve, interval, values

SHIPPED = "as shipped"
TOKENS = "tokens@10"

_SHOWN = ("R@1", "R@5", "R@10", "R@20", "hit@5", "hit@10", "MRR", "sessions R@5", "sessions R@10")
_UNCERTAIN = ("R@5", "R@10", "MRR")
_COMPARED = "R@10"
_ALL = "all conversations"


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
    """Some of the questions.

    Attributes:
        conversations: how to call those they are about.
        names: which these are.
        label: how to call the categories.
        categories: which these are.
    """

    conversations: str
    names: AbstractSet[str]
    label: str
    categories: AbstractSet[int]

    @property
    def whole(self) -> bool:
        """Whether these are all that belong together, and not one category of those with an answer."""
        return self.categories in (ANSWERABLE, ADVERSARIAL)

    @property
    def title(self) -> str:
        """What to write above a table or at the beginning of a row."""
        if self.conversations == _ALL:
            return self.label.capitalize()
        return f"{self.conversations}: {self.label}"

    def of(self, one: Measured) -> list[Answer]:
        """Return the answers to these questions."""
        return [
            answer
            for answer in one.answers
            if answer.conversation in self.names and answer.question.category in self.categories
        ]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured in a run.

    Attributes:
        machine: where and when.
        embedder: its name, or "none".
        conversations: what was stored and asked.
        groups: names of conversations that are reported together, beside all of them.
        adversarial: whether to report category 5 too, apart from the others.
        measured: each library or ranking, in the order of the rows; all have answers to the same questions.
    """

    machine: str
    embedder: str
    conversations: Sequence[Conversation]
    groups: Mapping[str, AbstractSet[str]]
    adversarial: bool
    measured: Sequence[Measured]

    def libraries(self) -> list[str]:
        """Return the lines of Markdown that compare libraries."""
        overall, *others = self.slices()
        categories = [one for one in others if one.conversations == _ALL]
        groups = [one for one in others if one.conversations != _ALL and one.whole]
        lines = [*self._head(), *self._table("library", overall)]
        for heading, chosen in (("category", categories), ("conversation", groups)):
            if chosen:
                lines += [f"\nBy {heading}:\n", *self._rows(chosen)]
        lines += [f"\n{overall.title}, with 95 % intervals:\n", *self._intervals(overall)]
        return [*lines, f"\nTime, {self.machine}:\n", *self._times()]

    def rankings(self) -> list[str]:
        """Return the lines of Markdown that compare rankings with the one that is shipped."""
        tables = (self._table("ranking", one) for one in self.slices() if one.whole)
        return [*self._head(), *(line for table in tables for line in table)]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it; measures are in per cent."""
        return {
            "machine": self.machine,
            "embedder": self.embedder,
            "conversations": {
                one.name: {"turns": _turns(one), "questions": len(one.questions)}
                for one in self.conversations
            },
            "results": [_result(one, measured) for one in self.slices() for measured in self.measured],
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

    def slices(self) -> list[Slice]:
        """Return which questions are reported together; first those of categories 1 to 4 of everything."""
        everything = frozenset(one.name for one in self.conversations)
        kinds: dict[str, AbstractSet[int]] = {"categories 1 to 4": ANSWERABLE}
        kinds |= {CATEGORIES[number]: frozenset({number}) for number in sorted(ANSWERABLE)}
        if self.adversarial:
            kinds[CATEGORIES[min(ADVERSARIAL)]] = ADVERSARIAL
        groups = {_ALL: everything, **self.groups}
        found = (
            Slice(group, names, label, categories)
            for group, names in groups.items()
            for label, categories in kinds.items()
        )
        return [one for one in found if one.of(self.measured[0])]

    def _head(self) -> list[str]:
        turns = sum(map(_turns, self.conversations))
        return [f"{len(self.conversations)} conversations, {turns:,} turns; embedder: {self.embedder}."]

    def _table(self, kind: str, chosen: Slice) -> list[str]:
        columns, rows = [kind, *_SHOWN, TOKENS], [_row(one, chosen) for one in self.measured]
        shipped = next((one for one in self.measured if one.name == SHIPPED), None)
        if shipped is not None:
            columns.append(f"{_COMPARED} against {SHIPPED}")
            base = _values(_COMPARED, shipped, chosen)
            for one, row in zip(self.measured, rows, strict=True):
                change = _values(_COMPARED, one, chosen) - base
                row.append("" if one is shipped else _with_interval(change, "+"))
        return [f"\n{chosen.title}, {len(chosen.of(self.measured[0]))} questions:\n", *_table(columns, rows)]

    def _rows(self, chosen: Iterable[Slice]) -> Iterator[str]:
        rows = (
            [one.title, str(len(one.of(measured))), *_row(measured, one)]
            for one in chosen
            for measured in self.measured
        )
        return _table(["questions", "number", "library", *_SHOWN, TOKENS], rows)

    def _intervals(self, chosen: Slice) -> Iterator[str]:
        rows = (
            [one.name, *(_with_interval(_values(name, one, chosen)) for name in _UNCERTAIN)]
            for one in self.measured
        )
        return _table(["library", *_UNCERTAIN], rows)

    def _times(self) -> Iterator[str]:
        columns = [
            "library",
            "storing, without embedding",
            "search, without embedding: p50",
            "p95",
            "with embedding: p50",
            "p95",
        ]
        turns = sum(map(_turns, self.conversations))
        rows = (
            [one.name, f"{turns / one.filling:,.0f} turns/s", *map(_milliseconds, one.times.figures())]
            for one in self.measured
            if one.times
        )
        return _table(columns, rows)


def _turns(conversation: Conversation) -> int:
    return sum(len(session.turns) for session in conversation.sessions)


def _values(measure: str, one: Measured, chosen: Slice) -> npt.NDArray[np.float64]:
    return values(MEASURES[measure], chosen.of(one))


def _row(one: Measured, chosen: Slice) -> list[str]:
    shown = [f"{_values(name, one, chosen).mean():.1f}" for name in _SHOWN]
    return [one.name, *shown, f"{_tokens(one, chosen):.0f}"]


def _tokens(one: Measured, chosen: Slice) -> float:
    return float(np.mean([answer.tokens for answer in chosen.of(one)]))


def _with_interval(samples: npt.NDArray[np.float64], sign: str = "") -> str:
    low, high = interval(samples)
    return f"{samples.mean():{sign}.1f} ({low:{sign}.1f} to {high:{sign}.1f})"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ms"


def _result(chosen: Slice, one: Measured) -> dict[str, Any]:
    answers = chosen.of(one)
    return {
        "name": one.name,
        "conversations": sorted(chosen.names),
        "categories": sorted(chosen.categories),
        "questions": len(answers),
        **{name: float(_values(name, one, chosen).mean()) for name in MEASURES},
        "intervals": {name: interval(_values(name, one, chosen)) for name in _UNCERTAIN},
        TOKENS: _tokens(one, chosen),
        "recall": curve(answers),
    }


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"
