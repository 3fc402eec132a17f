"""Made-up memories: words as frequent as in speech, and vectors that lie in clusters.

Everything comes from seeded generators, so every run and every process sees the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from powermem._core.changes.writes import Restore
from powermem._core.ids import new_id
from powermem._core.text.cleaning import content_hash
from powermem._core.text.indexing import embedding_bytes
from powermem._core.values import EmbedderIdentity, Row, Scope, Stored
from powermem._sqlite.engine import Engine

from .endpoint import MODEL

FloatArray = npt.NDArray[np.float32]

DIMENSION = 384
VOCABULARY = 20_000
TEXT_WORDS, QUERY_WORDS = 15, 12
COLLECTION = "memories"
_TURNS_PER_RUN = 20
_CLUSTERS = 200
_CHUNK = 2000
_START = 1_700_000_000_000_000


def word(rank: int) -> str:
    """Return the word of a rank, made of syllables; 0 is the most common."""
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    syllables = []
    for _ in range(3):
        rank, at = divmod(rank, len(consonants) * len(vowels))
        syllables.append(consonants[at % len(consonants)] + vowels[at // len(consonants)])
    return "".join(syllables) + "x"


@lru_cache(maxsize=1)
def _words() -> tuple[list[str], npt.NDArray[np.float64]]:
    # Zipf's law: the frequency falls with the rank.
    shares = 1 / np.arange(1, VOCABULARY + 1)
    return [word(rank) for rank in range(VOCABULARY)], shares / shares.sum()


def texts(count: int, seed: int) -> list[str]:
    """Return texts of 15 words."""
    words, shares = _words()
    drawn = np.random.default_rng(seed).choice(VOCABULARY, size=(count, TEXT_WORDS), p=shares)
    return [" ".join([words[rank] for rank in row]) for row in drawn.tolist()]


def queries(count: int, seed: int) -> list[str]:
    """Return queries of 12 different words, some of them common."""
    words, shares = _words()
    draw = np.random.default_rng(seed)
    return [
        " ".join(words[i] for i in draw.choice(VOCABULARY, size=QUERY_WORDS, p=shares, replace=False))
        for _ in range(count)
    ]


def vectors(count: int, dimension: int, seed: int) -> FloatArray:
    """Return unit vectors around 200 centres, at a cosine of about 0.8 to them; shape (count, dimension)."""
    centres = _unit(np.random.default_rng(0).standard_normal((_CLUSTERS, dimension), dtype=np.float32))
    draw = np.random.default_rng(seed)
    noise = draw.standard_normal((count, dimension), dtype=np.float32)
    chosen = centres[draw.integers(_CLUSTERS, size=count)]
    return _unit(chosen + np.float32(0.75 / dimension**0.5) * noise)


def _unit(matrix: FloatArray) -> FloatArray:
    scaled: FloatArray = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return scaled


def _chunks(rows: int) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, rows, _CHUNK):
        yield start, texts(min(_CHUNK, rows - start), seed=1000 + start)


def made_up(start: int, count: int) -> FloatArray:
    """Return the vectors of so many memories from a number on."""
    return vectors(count, DIMENSION, seed=1000 + start)


def database(
    folder: Path,
    rows: int,
    users: int,
    *,
    embedded: Callable[[int, int], FloatArray] = made_up,
    name: str = "memories",
) -> Path:
    """Return a file with so many memories, dealt out to so many users; made at the first call.

    Args:
        folder: where it lies.
        rows: how many memories.
        users: how many users.
        embedded: gives the unit vectors of the memories from a number on, so many of them.
        name: begins the name of the file; one for each kind of vectors.
    """
    path = folder / f"{name}-{rows}-{users}.db"
    if path.exists():
        return path
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    engine = Engine(str(unfinished), COLLECTION, wal=False)
    engine.open()
    engine.transact(engine.embedder.settle, EmbedderIdentity("openai", MODEL, DIMENSION))
    for start, lines in _chunks(rows):
        vectors = embedding_bytes(embedded(start, len(lines)))
        stored = [
            Stored(_row(start + i, users, line), embedding=embedding)
            for i, (line, embedding) in enumerate(zip(lines, vectors, strict=True))
        ]
        engine.apply([[Restore(stored, at=_START)]])
    engine.close()
    unfinished.rename(path)
    return path


def _row(number: int, users: int, text: str) -> Row:
    scope = Scope(user(number % users), None, f"r{number // users // _TURNS_PER_RUN}")
    at = _START + number
    return Row(new_id(), scope, text, content_hash(text), created_at=at, updated_at=at, valid_from=at)


def user(number: int) -> str:
    """Return the id of a user."""
    return f"u{number}"


def full_text(folder: Path, rows: int, users: int) -> Path:
    """Return a file with the same texts in FTS5, the user as an indexed word; made at the first call."""
    path = folder / f"fts5-{rows}-{users}.db"
    if path.exists():
        return path
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished)
    with connection:
        connection.execute("CREATE VIRTUAL TABLE found USING fts5(owner, text)")
        for start, lines in _chunks(rows):
            connection.executemany(
                "INSERT INTO found VALUES (?, ?)",
                [(user((start + i) % users), line) for i, line in enumerate(lines)],
            )
    connection.close()
    unfinished.rename(path)
    return path


def config(path: Path | str, url: str) -> dict[str, object]:
    """Return the configuration of a memory in this file that embeds by this endpoint."""
    model = {"api_key": "none", "model": MODEL, "openai_base_url": url}
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(path)}},
        "embedder": {"provider": "openai", "config": model},
        "llm": {"provider": "openai", "config": model},
    }
