"""The rows among which a search ranks, with their signals, and which of them hold the answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from powermem._core.ranking import search
from powermem._core.ranking.fusion import Scored, measure
from powermem._core.ranking.relevance import Situation

from .adapters import PowerMem
from .asking import fill
from .dataset import Conversation, Corpus, Question, Session
from .embedding import CachedEmbedder, FloatArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rows that take part in one search.

    Attributes:
        corpus: the name of the corpus.
        question: what was asked.
        values: the signals by name; each of shape (rows,).
        situation: the kind of scope and query.
        base: the mean of both arms; shape (rows,).
        turns: the turns of each row.
        right: which rows hold evidence; shape (rows,).
    """

    corpus: str
    question: Question
    values: Mapping[str, FloatArray]
    situation: Situation
    base: FloatArray
    turns: list[frozenset[str]]
    right: BoolArray

    @property
    def vectors(self) -> bool:
        """Whether the query has a vector."""
        return "dense" in self.values


async def collect(corpus: Corpus, embedder: CachedEmbedder | None) -> list[Candidates]:
    """Store a corpus by the public API, and return the candidates of every question."""
    library = PowerMem()
    found = []
    with tempfile.TemporaryDirectory() as folder, _recorded() as records:
        await library.open(Path(folder), embedder)
        await fill(library, corpus.conversations, embedder)
        for one in corpus.conversations:
            for question in one.questions:
                records.clear()
                await library.search(one.name, question.text, 10)
                # A search is repeated where texts occur twice; the first one is the search as asked.
                ids, scored = records[0]
                turns = [library.hit(memory_id, "").turns for memory_id in ids]
                found.append(_candidates(corpus.name, question, turns, scored))
        await library.close()
    return found


def without_assistant(corpus: Corpus) -> Corpus:
    """Return the corpus as it would be if only the person's turns had been stored, under another name."""
    conversations = []
    for one in corpus.conversations:
        sessions = [
            Session(each.name, each.began, [turn for turn in each.turns if turn.role != "assistant"])
            for each in one.sessions
        ]
        kept = [session for session in sessions if session.turns]
        known = {turn.id for session in kept for turn in session.turns}
        questions = [
            Question(each.text, each.kind, each.evidence & known, each.unit)
            for each in one.questions
            if each.evidence & known
        ]
        conversations.append(Conversation(one.name, kept, questions))
    return Corpus(f"{corpus.name}, person only", conversations, corpus.unit)


def _candidates(corpus: str, question: Question, turns: list[frozenset[str]], scored: Scored) -> Candidates:
    right = np.array([bool(each & question.evidence) for each in turns], dtype=np.bool_)
    return Candidates(corpus, question, scored.values, scored.situation, scored.base, turns, right)


@contextmanager
def _recorded() -> Iterator[list[tuple[list[int], Scored]]]:
    """Keep the signals of every search in this process."""
    records: list[tuple[list[int], Scored]] = []
    nothing = np.zeros(0, dtype=np.float32)
    rank = search.__dict__["rank"]

    def recording(partition: Any, visible: Any, dense: Any, lexical: Any, **options: Any) -> Any:
        wanted = {name: options[name] for name in ("limit", "cues", "weights", "owner")}
        scored = measure(partition, visible, dense, lexical, **wanted)
        if scored is None:
            values = {"lexical": nothing} if dense is None else {"dense": nothing}
            scored = Scored(np.zeros(0, dtype=np.int64), nothing, values, Situation(0, 0, 0))
        records.append((partition.ids[scored.rows].tolist(), scored))
        return rank(partition, visible, dense, lexical, **options)

    with patch.object(search, "rank", recording):
        yield records
