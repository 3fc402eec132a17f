"""Importing from the database servers on which powermem 1.1 keeps memories."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import psycopg
import pymysql
import pytest

from powermem import AsyncMemory, ConfigError, InvalidInputError, StoreUnavailableError

FIRST = 700_000_000_000_000_000
USED = {"importance_score": 0.7, "topic": "tea"}


def text(number: int) -> str:
    return f"Likes tea number {number} 茶 🍵"


def pgvector_layout(config: dict[str, Any], table: str) -> None:
    """Build what powermem 1.1 leaves on PostgreSQL; the type of the vectors is of no account."""
    known = {"dbname": config["db_name"], **{key: config[key] for key in ("host", "port", "user")}}
    with psycopg.connect(**known, password=config.get("password")) as connection:
        connection.execute(
            f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, vector float4[], payload JSONB, "
            "created_at TIMESTAMP)"
        )
        for number in range(3):
            payload = {
                "data": text(number),
                "user_id": "u",
                "agent_id": "",
                "category": "preference",
                "created_at": "2026-01-02T03:04:05.678901+02:00",
                "updated_at": "2026-01-03T03:04:05+00:00",
                "metadata": USED,
            }
            connection.execute(
                f"INSERT INTO {table} VALUES (%s, '{{0.1}}', %s, now())",
                (FIRST + number, json.dumps(payload)),
            )


def oceanbase_layout(config: dict[str, Any], table: str) -> None:
    """Build what powermem 1.1 leaves on OceanBase."""
    place = {"unix_socket": config["unix_socket"]} if config.get("unix_socket") else {
        "host": config["host"], "port": int(config["port"]),
    }  # fmt: skip
    connection = pymysql.connect(
        **place,
        user=config["user"],
        password=config.get("password") or "",
        database=config["db_name"],
        charset="utf8mb4",
        autocommit=True,
    )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, embedding VECTOR(2) NOT NULL, "
            "document LONGTEXT NOT NULL, user_id VARCHAR(128), agent_id VARCHAR(128), run_id VARCHAR(128), "
            "actor_id VARCHAR(128), hash VARCHAR(32), created_at VARCHAR(128), updated_at VARCHAR(128), "
            "category VARCHAR(64), fulltext_content LONGTEXT, metadata JSON)"
        )
        for number in range(3):
            cursor.execute(
                f"INSERT INTO {table} VALUES (%s, '[0.1, 0.2]', %s, 'u', '', NULL, NULL, 'abc', %s, %s, "
                "'preference', %s, %s)",
                (
                    FIRST + number,
                    text(number),
                    "2026-01-02T03:04:05.678901+02:00",
                    "2026-01-03T03:04:05+00:00",
                    text(number),
                    json.dumps(USED),
                ),
            )


async def check(memory: AsyncMemory, section: dict[str, Any]) -> None:
    told = await memory.import_memories(section)
    assert told == {"imported": 3, "skipped": 0, "failed": 0, "errors": []}
    kept = await memory.get(FIRST + 1)
    assert kept is not None
    assert kept["memory"] == text(1)
    assert (kept["user_id"], kept["agent_id"], kept["run_id"]) == ("u", None, None)
    assert (kept["metadata"], kept["memory_type"]) == (USED, "preference")
    assert kept["created_at"] == "2026-01-02T01:04:05.678901+00:00"
    (hit, *_) = (await memory.search("tea number 2", user_id="u"))["results"]
    assert hit["memory"] == text(2)
    assert (await memory.import_memories(section, format="powermem-1.1"))["skipped"] == 3


async def test_pgvector(memory: AsyncMemory, postgres_config: dict[str, Any]) -> None:
    pgvector_layout(postgres_config["config"], "power_mem")
    config = {**postgres_config["config"], "collection_name": "power_mem"}
    await check(memory, {"provider": "pgvector", "config": config})


async def test_oceanbase(memory: AsyncMemory, oceanbase_config: dict[str, Any]) -> None:
    oceanbase_layout(oceanbase_config["config"], "power_mem")
    config = {**oceanbase_config["config"], "collection_name": "power_mem"}
    await check(memory, {"provider": "oceanbase", "config": config})


async def test_another_table_is_refused(memory: AsyncMemory, postgres_config: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidInputError, match=r"nothing is no table of powermem 1\.1; its columns are: none"
    ):
        await memory.import_memories(postgres_config, collection="nothing")
    with pytest.raises(InvalidInputError, match=r"format: expected one of 'auto', 'powermem-1\.1'"):
        await memory.import_memories(postgres_config, format="mem0")


async def test_a_section_that_is_wrong(memory: AsyncMemory) -> None:
    with pytest.raises(ConfigError, match="is no server; give the path"):
        await memory.import_memories({"provider": "sqlite", "config": {}})
    with pytest.raises(ConfigError, match="host: is missing"):
        await memory.import_memories({"provider": "oceanbase", "config": {"ob_path": "./seekdb"}})
    nobody = {"provider": "postgres", "config": {"host": "127.0.0.1", "port": 1, "user": "u"}}
    with pytest.raises(StoreUnavailableError):
        await memory.import_memories(nobody)
