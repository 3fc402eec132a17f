"""The rows among which a search ranks, with their signals, and which of them hold the answer."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from powermem._core.ranking.fusion import Scored, measure
from powermem._core.ranking.relevance import Situation
from powermem._core.ranking.search import Search

from .adapters import PowerMem
from .asking import fill
from .dataset import ADVERSARIAL, Conversation, Corpus, Question, Session
from .embedding import CachedEmbedder, FloatArray

BoolArray = npt.NDArray[np.bool_]

WINDOWS = (1, 3, 8, 20, 50, 150)
"""The lengths of the windows that are cut from conversations, in rows."""

_CUT_QUESTIONS = 60
_LIMIT = 10


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
        window: the length of the part of the conversation that was searched; 0 for all of it.
    """

    corpus: str
    question: Question
    values: Mapping[str, FloatArray]
    situation: Situation
    base: FloatArray
    turns: list[frozenset[str]]
    right: BoolArray
    window: int = 0

    @property
    def asked(self) -> bool:
        """Whether this is a question that has an answer, asked in the whole conversation."""
        return not self.window and bool(self.question.evidence)

    @property
    def vectors(self) -> bool:
        """Whether the query has a vector."""
        return "dense" in self.values


async def collect(
    corpus: Corpus, embedder: CachedEmbedder | None, *, windows: bool = False
) -> list[Candidates]:
    """Store a corpus by the public API, and return the candidates of every question.

    Args:
        corpus: what to store and to ask.
        embedder: for texts and questions, if there is one.
        windows: also ask what was not said, and ask some questions in parts of their conversation, of which
            about half hold the answer.
    """
    library = PowerMem()
    found = []
    with tempfile.TemporaryDirectory() as folder, _recorded() as searches:
        await library.open(Path(folder), embedder)
        await fill(library, corpus.conversations, embedder)
        for one in corpus.conversations:
            draw = random.Random(1)
            cut = set(draw.sample(range(len(one.questions)), min(_CUT_QUESTIONS, len(one.questions))))
            asked = [*one.questions, *(_unanswerable(one) if windows else ())]
            for number, question in enumerate(asked):
                searches.clear()
                await library.search(one.name, question.text, _LIMIT)
                # A search is repeated where texts occur twice; the first one is the search as asked.
                recorded = _Recorded(library, corpus.name, question, searches[0])
                found.append(recorded.whole())
                if windows and number in cut and question.kind != ADVERSARIAL:
                    found += recorded.windows(draw)
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
        conversations.append(Conversation(one.name, kept, questions, one.unanswerable))
    return Corpus(f"{corpus.name}, person only", conversations, corpus.unit)


def _unanswerable(one: Conversation) -> list[Question]:
    unit = one.questions[0].unit if one.questions else one.name
    return [Question(text, "unanswerable", frozenset(), unit) for text in one.unanswerable]


class _Recorded:
    """A search that has just been made; its partition has not changed since."""

    def __init__(self, library: PowerMem, corpus: str, question: Question, search: Search) -> None:
        self._corpus, self._question, self._search = corpus, question, search
        ids = search._partition.ids.tolist()
        self._turns = [library.hit(memory_id, "").turns for memory_id in ids]
        self._right = np.array([bool(each & question.evidence) for each in self._turns], dtype=np.bool_)

    def whole(self) -> Candidates:
        """Return the candidates of the search as it was made."""
        return self._among(self._search._visible, 0)

    def windows(self, draw: random.Random) -> Iterator[Candidates]:
        """Yield the candidates as if only neighbouring rows had been stored."""
        count, right = len(self._turns), np.flatnonzero(self._right).tolist()
        for length in WINDOWS:
            if length >= count or not right:
                continue
            visible = np.zeros(count, dtype=np.bool_)
            if draw.random() < 0.5:
                start = draw.choice(right) - draw.randrange(length)
                start = max(0, min(count - length, start))
                visible[start : start + length] = True
            else:
                start = draw.randrange(count - length + 1)
                visible[start : start + length] = True
                visible[right] = False
            if visible.any():
                yield self._among(visible, length)

    def _among(self, visible: BoolArray, window: int) -> Candidates:
        search, request = self._search, self._search._request
        partition, weights = search._partition, search._weights
        lexical = search._lexical
        if window and request.terms is not None:
            lexical = partition.postings.match(request.terms, visible, request.forms, weights.source)
        dense = search._dense
        scored = measure(
            partition,
            visible,
            dense,
            lexical,
            limit=_LIMIT,
            cues=request.cues,
            weights=weights,
            owner=request.scope.user_id,
        )
        if scored is None:
            nothing = np.zeros(0, dtype=np.float32)
            values = {"lexical": nothing} if dense is None else {"dense": nothing}
            scored = Scored(np.zeros(0, dtype=np.int64), nothing, values, Situation(0, 0, 0, 1, 0))
        rows = scored.rows.tolist()
        return Candidates(
            self._corpus,
            self._question,
            scored.values,
            scored.situation,
            scored.base,
            [self._turns[row] for row in rows],
            self._right[rows],
            window,
        )


@contextmanager
def _recorded() -> Iterator[list[Search]]:
    """Keep every search in this process, in the order of their ends."""
    searches: list[Search] = []
    ranked = Search.ranked

    def recording(search: Search) -> object:
        searches.append(search)
        return ranked(search)

    with patch.object(Search, "ranked", recording):
        yield searches
