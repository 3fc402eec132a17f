"""The least code that does the same: one table, one commit, one request."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from powermem._async.providers.http import AsyncHTTPClient
from powermem._async.providers.limiter import AsyncLimiter
from powermem._sync.providers.http import HTTPClient
from powermem._sync.providers.limiter import Limiter
from powermem.wire.endpoint import Endpoint, build_endpoint
from powermem.wire.openai import embedding_body, read_embeddings

from .endpoint import MODEL

Embeddings = list[bytes]


class RawTable:
    """Texts and vectors in one table of one file: WAL, and a commit for every call."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE raw (id INTEGER PRIMARY KEY, user_id TEXT, memory TEXT, hash TEXT, metadata TEXT, "
            "created_at INTEGER, embedding BLOB)"
        )
        self._connection.execute("CREATE UNIQUE INDEX once ON raw (user_id, hash)")

    def write(self, texts: Sequence[str], embeddings: Embeddings) -> None:
        """Insert rows and commit."""
        rows = [
            ("ana", text, sha256(text.encode()).hexdigest()[:32], "{}", 1_700_000_000_000_000, embedding)
            for text, embedding in zip(texts, embeddings, strict=True)
        ]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO raw (user_id, memory, hash, metadata, created_at, embedding) VALUES (?,?,?,?,?,?)",
            rows,
        )
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


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


def in_turn(loop: asyncio.AbstractEventLoop, call: Any, *args: Any) -> Any:
    """Return a function that runs a coroutine function on a loop that stands still otherwise."""
    return lambda: loop.run_until_complete(partial(call, *args)())
