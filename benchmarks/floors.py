"""The least code that does the same: one request, one commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from powermem._async.providers.http import AsyncHTTPClient, AsyncLimiter
from powermem._core.sql.schema import sqlite_schema
from powermem._core.wire.endpoint import Endpoint, build_endpoint
from powermem._core.wire.formats import embedding_body, read_embeddings
from powermem._sync.providers.http import HTTPClient, Limiter

from .endpoint import MODEL

Embeddings = list[bytes]


class RawTables:
    """One file, WAL, and a commit for every call; no more Python than the statements need.

    Args:
        path: a file that does not exist.
        whole: write all the rows that a memory has in the library's own tables (the memory, its vector, the
            source turn and the link between them) instead of one.
    """

    def __init__(self, path: Path, *, whole: bool = True) -> None:
        self._whole = whole
        self._ids = count(1)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for statement in sqlite_schema("raw") if whole else [_ONE_TABLE]:
            self._connection.execute(statement)

    def write(self, texts: Sequence[str], embeddings: Embeddings) -> None:
        """Insert and commit."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for text, embedding in zip(texts, embeddings, strict=True):
            number, digest = next(self._ids), sha256(text.encode()).hexdigest()[:32]
            if not self._whole:
                execute("INSERT INTO raw VALUES (?,?,?,?,?)", (number, "ana", text, digest, embedding))
                continue
            execute(
                "INSERT INTO raw_turns VALUES (?,?,?,?,?,?,?,?,?,NULL)",
                (number, *_SCOPE, "user", text, None, _NOW, _NOW),
            )
            execute(
                "INSERT INTO raw_records VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,1,?,NULL)",
                (number, *_SCOPE, None, None, text, digest, "{}", "{}", *_TIMES, None, None, None, number),
            )
            execute("INSERT INTO raw_vectors VALUES (?,?,?,?)", (number, embedding, _TERMS, _FREQUENCIES))
            execute("INSERT INTO raw_links VALUES (?,?)", (number, number))
        execute("COMMIT")

    def write_many(self, owners: Sequence[str], texts: Sequence[str], embeddings: Embeddings) -> None:
        """Insert all the rows of memories by executemany, and commit."""
        numbers = [next(self._ids) for _ in texts]
        hashes = [sha256(text.encode()).hexdigest()[:32] for text in texts]
        rows = list(zip(numbers, owners, texts, hashes, embeddings, strict=True))
        many = self._connection.executemany
        self._connection.execute("BEGIN IMMEDIATE")
        many(
            "INSERT INTO raw_turns VALUES (?,?,'','',?,?,?,?,?,NULL)",
            [(number, owner, "user", text, None, _NOW, _NOW) for number, owner, text, _, _ in rows],
        )
        many(
            "INSERT INTO raw_records VALUES (?,?,'','',?,?,?,?,?,?,?,?,?,?,?,?,0,1,?,NULL)",
            [
                (number, owner, None, None, text, digest, "{}", "{}", *_TIMES, None, None, None, number)
                for number, owner, text, digest, _ in rows
            ],
        )
        many(
            "INSERT INTO raw_vectors VALUES (?,?,?,?)",
            [(number, embedding, _TERMS, _FREQUENCIES) for number, _, _, _, embedding in rows],
        )
        many("INSERT INTO raw_links VALUES (?,?)", [(number, number) for number in numbers])
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


_ONE_TABLE = "CREATE TABLE raw (id INTEGER PRIMARY KEY, user_id TEXT, memory TEXT, hash TEXT, embedding BLOB)"
_SCOPE = ("ana", "", "")
_NOW = 1_700_000_000_000_000
_TIMES = (_NOW, _NOW, _NOW)
# As many as the terms of a text and its date.
_TERMS, _FREQUENCIES = bytes(8 * 20), bytes(20)


def _body(texts: Sequence[str]) -> dict[str, Any]:
    # As for OpenAI: the shorter form.
    return embedding_body(MODEL, texts, packed=True)


def _read(reply: Any, texts: Sequence[str]) -> Embeddings:
    return [row.astype(np.float32).tobytes() for row in read_embeddings("bench", reply, len(texts))]


def _endpoint(url: str) -> Endpoint:
    headers = {"authorization": "Bearer none", "content-type": "application/json"}
    return build_endpoint("bench", url, headers=headers)


class AsyncBare:
    """Bare calls on one event loop: through the library's own HTTP client, and through httpx.

    Everything is made at the first call, when a loop runs.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._own = AsyncHTTPClient()
        self._httpx: httpx.AsyncClient | None = None
        self._limiter = AsyncLimiter(64)
        self._embeddings = _endpoint(f"{url}/embeddings")
        self._chat = _endpoint(f"{url}/chat/completions")

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embed with one request by the library's client."""
        return _read(await self._own.post(self._embeddings, _body(texts), limiter=self._limiter), texts)

    async def embed_by_httpx(self, texts: Sequence[str]) -> Embeddings:
        """Embed with one request by httpx."""
        if self._httpx is None:
            self._httpx = httpx.AsyncClient(trust_env=False)
        reply = await self._httpx.post(f"{self._url}/embeddings", json=_body(texts))
        return _read(reply.json(), texts)

    async def chat(self) -> None:
        """Ask the language model one thing by the library's client."""
        message = {"role": "user", "content": "What is worth remembering of this?"}
        await self._own.post(self._chat, {"model": MODEL, "messages": [message]}, limiter=self._limiter)

    async def close(self) -> None:
        await self._own.close()
        if self._httpx is not None:
            await self._httpx.aclose()


class Bare:
    """The same as ``AsyncBare`` for threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._own = HTTPClient()
        self._httpx = httpx.Client(trust_env=False)
        self._limiter = Limiter(64)
        self._embeddings = _endpoint(f"{url}/embeddings")

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embed with one request by the library's client."""
        return _read(self._own.post(self._embeddings, _body(texts), limiter=self._limiter), texts)

    def embed_by_httpx(self, texts: Sequence[str]) -> Embeddings:
        """Embed with one request by httpx."""
        return _read(self._httpx.post(f"{self._url}/embeddings", json=_body(texts)).json(), texts)

    def close(self) -> None:
        self._own.close()
        self._httpx.close()


async def at_once(calls: Sequence[Any], limit: int) -> None:
    """Await what these coroutine functions give, at most ``limit`` at once."""
    slots = asyncio.Semaphore(limit)

    async def one(call: Any) -> None:
        async with slots:
            await call()

    await asyncio.gather(*map(one, calls))
