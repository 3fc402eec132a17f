"""Whether the turns that answer a question are found: LoCoMo, one memory per turn, through the public API."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermem import AsyncMemory
from powermem._async.retrieval.search import AsyncRetrieval, Query
from powermem._async.stores.sqlite import AsyncSQLiteStore
from powermem.minilm import available
from powermem.ranking.fusion import Weights
from powermem.sqlite.engine import Engine
from powermem.types import Scope

from .corpus import COLLECTION
from .locomo import CATEGORIES, Conversation, Question, read, session_of
from .report import Figure

LIMIT = 20
# Ten sessions are to be told apart, and the first 20 results may all lie in three.
DEEP = 100
ANSWERABLE = {1, 2, 3, 4}
# A plain hybrid with the same embedder on the development split: what a library has to beat.
REFERENCE = {"R@1": 39.3, "R@5": 69.3, "R@10": 77.7, "R@20": 85.8, "MRR": 57.9, "sessions R@10": 94.7}
_NO_BOOSTS = Weights(speaker=0.0, neighbour=0.0, recency=0.0)
_SHIPPED, _COSINE, _FULL_TEXT = "as shipped", "cosine only", "full text only"
_VARIANTS = {
    _COSINE: dataclasses.replace(_NO_BOOSTS, dense=1.0),
    _FULL_TEXT: dataclasses.replace(_NO_BOOSTS, dense=0.0),
    "both, no boosts": _NO_BOOSTS,
    "without speaker": Weights(speaker=0.0),
    "without neighbours and run": Weights(neighbour=0.0),
    "without run": Weights(run=0.0),
    "without recency": Weights(recency=0.0),
}

Search = Callable[[str, str, int], Awaitable[list[int]]]
Turns = dict[int, set[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with the turns found for it, best first; a text said twice is one memory of two turns.

    Attributes:
        question: the question.
        found: what a search for 20 finds.
        deep: what a search for 100 finds.
    """

    question: Question
    found: list[set[str]]
    deep: list[set[str]]

    def recall(self, limit: int) -> float:
        """Return the share of the evidence among the first results."""
        seen = set().union(*self.found[:limit])
        return len(self.question.evidence & seen) / len(self.question.evidence)

    def hit(self, limit: int) -> float:
        return float(self.recall(limit) > 0)

    def reciprocal_rank(self) -> float:
        ranks = (rank for rank, turns in enumerate(self.found, 1) if turns & self.question.evidence)
        return 1 / next(ranks, float("inf"))

    def session_recall(self, limit: int) -> float:
        """Return the share of the sessions with evidence among the first sessions that occur."""
        wanted = {session_of(turn) for turn in self.question.evidence}
        met = dict.fromkeys(session_of(turn) for turns in self.deep for turn in sorted(turns))
        return len(wanted & set(list(met)[:limit])) / len(wanted)


_MEASURES: dict[str, Callable[[Answer], float]] = {
    "R@1": lambda answer: answer.recall(1),
    "R@5": lambda answer: answer.recall(5),
    "R@10": lambda answer: answer.recall(10),
    "R@20": lambda answer: answer.recall(20),
    "hit@10": lambda answer: answer.hit(10),
    "MRR": Answer.reciprocal_rank,
    "sessions R@10": lambda answer: answer.session_recall(10),
}


def add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="LoCoMo's JSON; needed by this benchmark only"
    )
    parser.add_argument(
        "--ablation", action="store_true", help="also search with parts of the ranking left out"
    )
    parser.add_argument(
        "--weights",
        type=_weights,
        action="append",
        default=[],
        metavar="NAME=NUMBER,...",
        help=f"also search with these: {', '.join(one.name for one in dataclasses.fields(Weights))}",
    )


def _weights(text: str) -> tuple[str, Weights]:
    weights = Weights()
    try:
        for part in text.split(","):
            name, number = part.split("=")
            kind = type(getattr(weights, name))
            weights = dataclasses.replace(weights, **{name: kind(number)})
    except (AttributeError, TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    return text, weights


def run(options: argparse.Namespace) -> list[Figure]:
    if options.data is None:
        print("\nretrieval: needs --data FILE, LoCoMo's JSON; left out")
        return []
    conversations = read(options.data)
    # Without the local embedder there is no cosine.
    floor = _COSINE if available() else _FULL_TEXT
    print(f"\nembedder: {'all-MiniLM-L6-v2' if available() else 'none, powermem[local] is not installed'}")
    variants = (_VARIANTS if options.ablation else {floor: _VARIANTS[floor]}) | dict(options.weights)
    if not available():
        variants.pop(_COSINE, None)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_measure(Path(folder) / "locomo.db", conversations, variants))
    print(*_overview(found), sep="\n")
    return _figures(found, floor)


async def _measure(
    path: Path, conversations: list[Conversation], variants: Mapping[str, Weights]
) -> dict[str, list[Answer]]:
    embedder = "default" if available() else "none"
    config = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(path)}},
        "embedder": {"provider": embedder},
        "llm": {"provider": "none"},
    }
    async with AsyncMemory(config) as memory:
        turns = {one.name: await _fill(memory, one) for one in conversations}

        async def search(user: str, text: str, limit: int) -> list[int]:
            found = await memory.search(text, user_id=user, limit=limit)
            return [int(one["id"]) for one in found["results"]]

        answers = {_SHIPPED: await _ask(search, conversations, turns)}
        parts = memory._parts
        assert parts is not None
        for name, weights in variants.items():
            store = AsyncSQLiteStore(Engine(str(path), COLLECTION, weights=weights))
            await store.open()
            retrieval = AsyncRetrieval(store, parts.encoder, None)
            answers[name] = await _ask(_through(retrieval), conversations, turns)
            await store.close()
    return answers


def _through(retrieval: AsyncRetrieval) -> Search:
    async def search(user: str, text: str, limit: int) -> list[int]:
        (answer,) = await retrieval.search([text], Query(Scope(user), limit))
        return [hit.row.id for hit in answer.hits]

    return search


async def _fill(memory: AsyncMemory, conversation: Conversation) -> Turns:
    """Add a conversation, one memory for each turn, and return which turns each memory holds."""
    turns: Turns = {}
    for session in conversation.sessions:
        added = await memory.add(
            session.messages,
            user_id=conversation.name,
            run_id=session.name,
            timestamp=session.began,
            infer=False,
        )
        for turn, item in zip(session.turns, added["results"], strict=True):
            turns.setdefault(int(item["id"]), set()).add(turn)
    return turns


async def _ask(
    search: Search, conversations: Sequence[Conversation], turns: Mapping[str, Turns]
) -> list[Answer]:
    answers = []
    for conversation in conversations:
        of = turns[conversation.name]

        async def find(question: Question, user: str = conversation.name, of: Turns = of) -> Answer:
            found, deep = [await search(user, question.text, limit) for limit in (LIMIT, DEEP)]
            return Answer(question, [of[one] for one in found], [of[one] for one in deep])

        answers += await asyncio.gather(*map(find, conversation.questions))
    return answers


def _overview(found: Mapping[str, list[Answer]]) -> list[str]:
    """Return a table of every ranking, over the questions that have an answer."""
    lines = [f"\n| ranking | {' | '.join(_MEASURES)} |", "|" + "---|" * (len(_MEASURES) + 1)]
    for name, answers in found.items():
        values = [f"{_mean(measure, _of(answers, ANSWERABLE)):.1f}" for measure in _MEASURES]
        lines.append(f"| {name} | {' | '.join(values)} |")
    return lines


def _figures(found: Mapping[str, list[Answer]], floor: str) -> list[Figure]:
    shipped = found[_SHIPPED]

    def add(
        what: str, measure: str, answers: list[Answer], categories: AbstractSet[int], target: str
    ) -> None:
        some, least = _of(answers, categories), _of(found[floor], categories)
        name = f"{what}, {len(some)} questions: {measure}"
        value = _mean(measure, some)
        figures.append(Figure(name, value, "%", floor=_mean(measure, least), beside=floor, target=target))

    figures: list[Figure] = []
    for measure in _MEASURES:
        target = f"above {REFERENCE[measure]}" if measure in REFERENCE else ""
        add("categories 1 to 4", measure, shipped, ANSWERABLE, target)
    for category, name in CATEGORIES.items():
        add(name, "R@10", shipped, {category}, "")
    for variant, answers in found.items():
        if variant not in (_SHIPPED, floor):
            add(f"{variant}, categories 1 to 4", "R@10", answers, ANSWERABLE, "")
    return figures


def _of(answers: Sequence[Answer], categories: AbstractSet[int]) -> list[Answer]:
    return [answer for answer in answers if answer.question.category in categories]


def _mean(measure: str, answers: Sequence[Answer]) -> float:
    return 100 * statistics.fmean(map(_MEASURES[measure], answers))
