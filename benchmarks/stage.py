"""One store, the server behind it, and the memories that it gets."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Coroutine, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from scripts.servers import MariaDB, Postgres, SeekDB, Server

from . import corpus
from .raw import AsyncmyPool, AsyncpgPool, AsyncRaw, Sent

SERVERS: dict[str, type[Server]] = {"postgres": Postgres, "mysql": MariaDB, "oceanbase": SeekDB}
USERS, POOL = 100, 5

T = TypeVar("T")


class Known:
    """An embedder that knows every vector by heart."""

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        self._vectors = dict(zip(texts, corpus.vectors(len(texts), corpus.DIMENSION, seed=seed), strict=True))

    def learn(self, texts: Sequence[str], seed: int) -> None:
        self._vectors.update(Known(texts, seed)._vectors)

    def bytes_of(self, text: str) -> bytes:
        packed: bytes = self._vectors[text].tobytes()
        return packed

    def embed_documents(self, texts: Sequence[str]) -> Any:
        return np.stack([self._vectors[text] for text in texts])

    async def aembed_documents(self, texts: Sequence[str]) -> Any:
        return self.embed_documents(texts)


class Bench:
    """One store and what is put into it."""

    def __init__(self, name: str, options: argparse.Namespace, folder: Path) -> None:
        self.name = name
        self.rounds: int = options.rounds
        self.rows: int = options.rows
        self.texts = corpus.texts(self.rows, seed=11)
        self.owners = [corpus.user(number % USERS) for number in range(self.rows)]
        self.embedder = Known(self.texts, seed=12)
        self.loop = asyncio.new_event_loop()
        self.folder = folder
        self._numbers = count(1)
        self.server: Server | None = None
        self.sent: Sent | None = None
        self.filled: dict[str, Any] = {}

    def new(self) -> dict[str, Any]:
        """Return the configuration of a memory in an empty database."""
        name = f"bench_{next(self._numbers)}"
        if self.server is None:
            section: dict[str, Any] = {"database_path": str(self.folder / f"{name}.db")}
        else:
            self.server.create(name)
            section = {**self.server.config(name), "pool_size": POOL, "collection_name": "memories"}
            # As the bare drivers do by themselves, where the server offers TLS.
            section["sslmode"] = "disable"
        model = {"model": self.embedder, "embedding_dims": corpus.DIMENSION}
        return {
            "vector_store": {"provider": self.name, "config": section},
            "embedder": {"provider": "langchain", "config": model},
            "llm": {"provider": "none"},
        }

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    async def open_raw(self, config: dict[str, Any]) -> AsyncRaw:
        where = config["vector_store"]["config"]
        kind: Any = AsyncpgPool if self.name == "postgres" else AsyncmyPool
        raw: AsyncRaw = await kind.open(where, POOL)
        return raw

    def kind(self, *, sync: bool = False) -> type[Any]:
        """Return the library's class of connections."""
        if self.name == "postgres":
            from powermem._drivers._asyncpg import AsyncPostgresConnection
            from powermem._drivers._psycopg import PostgresConnection

            return PostgresConnection if sync else AsyncPostgresConnection
        from powermem._drivers._asyncmy import AsyncMySQLConnection
        from powermem._drivers._pymysql import MySQLConnection

        return MySQLConnection if sync else AsyncMySQLConnection
