"""Libraries as the harness sees them: PowerMem, three floors, and any other by its class."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from powermem import AsyncMemory
from powermem._core.embedding import local
from powermem._core.embedding.traits import traits_of
from powermem._core.text.languages import stop_words
from powermem._core.text.terms import query_terms, terms

from .dataset import Session, Turn
from .embedding import CachedEmbedder, FloatArray

T = TypeVar("T")

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Hit:
    """A result: the turns it was made of, and its text as a language model would be given it."""

    turns: frozenset[str]
    text: str


class Adapter(Protocol):
    """A library. Each method may be a coroutine function or a plain one."""

    name: str

    def open(self, folder: Path, embedder: CachedEmbedder | None) -> Awaitable[None] | None:
        """Begin with nothing stored.

        Args:
            folder: an empty one to write to, deleted at the end.
            embedder: to be used for all texts, or not: its ``embed(texts)`` gives vectors of length 1.
        """

    def add(self, user: str, session: Session) -> Awaitable[None] | None:
        """Store the turns of a session; sessions come in their order, those of one user after another."""

    def search(self, user: str, query: str, limit: int) -> Awaitable[Sequence[Hit]] | Sequence[Hit]:
        """Return what is found for a question among the turns of a user, best first."""

    def close(self) -> Awaitable[None] | None:
        """Give up what it holds."""


@runtime_checkable
class AsksMany(Protocol):
    """A library that answers several questions at once."""

    async def search_many(self, user: str, queries: Sequence[str], limit: int) -> Sequence[Sequence[Hit]]:
        """Return what ``search`` returns for each question."""


async def settled(value: Awaitable[T] | T) -> T:
    """Return the value, awaited where it is awaitable."""
    return await value if isinstance(value, Awaitable) else value


def load(name: str) -> Callable[[], Adapter]:
    """Return the class of an adapter.

    Args:
        name: of a built-in one, or MODULE:CLASS.

    Raises:
        ValueError: there is none.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    module, separator, attribute = name.partition(":")
    if not separator:
        raise ValueError(f"{name!r} is none of {', '.join(BUILT_IN)}, and not of the form MODULE:CLASS")
    try:
        found: Callable[[], Adapter] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{name!r}: {error}") from error
    return found


class PowerMem:
    """PowerMem as shipped, by its public API: one memory for each turn, word for word."""

    name = "powermem"
    path: Path

    def __init__(self) -> None:
        # A text that is said twice is one memory of two turns.
        self._turns: dict[int, set[str]] = {}

    async def open(self, folder: Path, embedder: CachedEmbedder | None) -> None:
        """Open an empty SQLite store."""
        self.path = folder / "powermem.db"
        chosen: dict[str, Any] = {"provider": "none"}
        if embedder is not None:
            # The embedder of the harness has a cache, and knows when it is not to be used.
            chosen = {"provider": "local", "config": {"model": embedder.name, "cache_size": 0}}
        self._memory = AsyncMemory(
            {
                "vector_store": {"provider": "sqlite", "config": {"database_path": str(self.path)}},
                "embedder": chosen,
                "llm": {"provider": "none"},
            }
        )
        # The local model, behind a file of vectors; everything else is as in any program.
        with (
            patch.object(local, "local_model", lambda name: embedder),
            patch.object(local, "is_available", lambda name: True),
        ):
            await self._memory.initialize()

    async def add(self, user: str, session: Session) -> None:
        """Store a session as one run."""
        added = await self._memory.add(
            [_message(turn) for turn in session.turns],
            user_id=user,
            run_id=session.name,
            timestamp=session.began,
            infer=False,
        )
        for turn, item in zip(session.turns, added["results"], strict=True):
            self._turns.setdefault(int(item["id"]), set()).add(turn.id)

    async def search(self, user: str, query: str, limit: int) -> list[Hit]:
        """Search without a filter."""
        found = await self._memory.search(query, user_id=user, limit=limit)
        return [self.hit(int(one["id"]), one["memory"]) for one in found["results"]]

    async def search_many(
        self, user: str, queries: Sequence[str], limit: int, threshold: float | None = None
    ) -> list[list[Hit]]:
        """Search for several questions at once."""
        found = await self._memory.search_many(queries, user_id=user, limit=limit, threshold=threshold)
        return [[self.hit(int(one["id"]), one["memory"]) for one in each["results"]] for each in found]

    def hit(self, memory_id: int, text: str) -> Hit:
        """Return a memory as a result."""
        return Hit(frozenset(self._turns[memory_id]), text)

    async def close(self) -> None:
        """Close the store."""
        await self._memory.close()


class WordsAlone(PowerMem):
    """PowerMem without an embedder."""

    name = "powermem, words alone"

    async def open(self, folder: Path, embedder: CachedEmbedder | None) -> None:
        """Open an empty SQLite store."""
        await super().open(folder, None)


class Cosine:
    """The cosine of the vectors of question and turn, and nothing else."""

    name = "plain cosine"

    def open(self, folder: Path, embedder: CachedEmbedder | None) -> None:
        """Keep the vectors in memory."""
        assert embedder is not None, "there is no cosine without vectors"
        self._embedder = embedder
        self._traits = traits_of(embedder.provider, embedder.name)
        self._turns: dict[str, list[Turn]] = {}
        self._vectors: dict[str, list[FloatArray]] = {}

    def add(self, user: str, session: Session) -> None:
        """Embed each turn, with the name of its speaker if it has one."""
        texts = [self._traits.passage + _said(one) for one in session.turns]
        self._turns.setdefault(user, []).extend(session.turns)
        self._vectors.setdefault(user, []).append(self._embedder.embed(texts))

    def search(self, user: str, query: str, limit: int) -> list[Hit]:
        """Compare the question with every turn."""
        if len(self._vectors[user]) > 1:
            self._vectors[user] = [np.concatenate(self._vectors[user])]
        scores = self._vectors[user][0] @ self._embedder.embed([self._traits.query + query])[0]
        turns = self._turns[user]
        return [_hit(turns[row]) for row in np.argsort(-scores, kind="stable")[:limit].tolist()]

    def close(self) -> None:
        """Do nothing."""


class FullText:
    """SQLite's FTS5 with its English stemmer: any of the question's words but stop words, ranked by bm25().

    In scripts without spaces, a run of characters is one word to it.
    """

    name = "FTS5"

    def open(self, folder: Path, embedder: CachedEmbedder | None) -> None:
        """Open a database in memory."""
        self._turns: dict[str, list[Turn]] = {}
        self._tables: dict[str, str] = {}
        self._database = sqlite3.connect(":memory:")

    def add(self, user: str, session: Session) -> None:
        """Index each turn, with the name of its speaker if it has one, in a table for each user."""
        if user not in self._tables:
            self._tables[user] = f"turns_{len(self._tables)}"
            self._database.execute(
                f"CREATE VIRTUAL TABLE {self._tables[user]} USING fts5(text, tokenize='porter unicode61')"
            )
        turns = self._turns.setdefault(user, [])
        rows = [(number, _said(turn)) for number, turn in enumerate(session.turns, len(turns))]
        self._database.executemany(f"INSERT INTO {self._tables[user]} (rowid, text) VALUES (?, ?)", rows)
        turns.extend(session.turns)

    def search(self, user: str, query: str, limit: int) -> list[Hit]:
        """Ask for the words of the question, joined by OR."""
        words = _WORD.findall(query.lower())
        kept = [word for word in words if word not in stop_words("english")] or words
        if not kept:
            return []
        rows = self._database.execute(
            f"SELECT rowid FROM {self._tables[user]} WHERE text MATCH ? ORDER BY bm25({self._tables[user]}), "
            "rowid LIMIT ?",
            (" OR ".join(f'"{word}"' for word in kept), limit),
        )
        return [_hit(self._turns[user][row]) for (row,) in rows]

    def close(self) -> None:
        """Close the database."""
        self._database.close()


class BM25:
    """BM25 over powermem's terms, which include pairs of characters in scripts without spaces.

    Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with
    Lucene's numbers.
    """

    name = "BM25"
    saturation, normalization = 1.2, 0.75

    def open(self, folder: Path, embedder: CachedEmbedder | None) -> None:
        """Keep the words in memory."""
        self._turns: dict[str, list[Turn]] = {}
        self._words: dict[str, list[Counter[str]]] = {}

    def add(self, user: str, session: Session) -> None:
        """Count the terms of each turn and of the name of its speaker."""
        self._turns.setdefault(user, []).extend(session.turns)
        self._words.setdefault(user, []).extend(Counter(terms(_said(one))) for one in session.turns)

    def search(self, user: str, query: str, limit: int) -> list[Hit]:
        """Score every turn that has a term of the question."""
        turns, words = self._turns[user], self._words[user]
        lengths = np.array([one.total() for one in words], dtype=np.float64)
        damped = self.saturation * (
            1 - self.normalization + self.normalization * lengths / max(lengths.mean(), 1)
        )
        scores: npt.NDArray[np.float64] = np.zeros(len(turns))
        for term in query_terms(query):
            counts = np.array([one[term] for one in words], dtype=np.float64)
            having = np.count_nonzero(counts)
            weight = np.log(1 + (len(turns) - having + 0.5) / (having + 0.5))
            scores += weight * counts / (counts + damped)
        best = np.argsort(-scores, kind="stable")[:limit]
        return [_hit(turns[row]) for row in best.tolist() if scores[row] > 0]

    def close(self) -> None:
        """Do nothing."""


BUILT_IN: dict[str, Callable[[], Adapter]] = {
    "powermem": PowerMem,
    "words": WordsAlone,
    "cosine": Cosine,
    "fts5": FullText,
    "bm25": BM25,
}

SINGLE_ARMS = frozenset({Cosine.name, FullText.name, BM25.name})
"""The names of the floors that powermem is to be better than."""


def _message(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": turn.text}
    if turn.speaker is not None:
        message["name"] = turn.speaker
    if turn.at is not None:
        message["timestamp"] = turn.at
    return message


def _said(turn: Turn) -> str:
    return turn.text if turn.speaker is None else f"{turn.speaker}: {turn.text}"


def _hit(turn: Turn) -> Hit:
    return Hit(frozenset({turn.id}), turn.text)
