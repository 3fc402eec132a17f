"""A library that is one schema version ahead of the real one, for the tests of migrations."""

from __future__ import annotations

import pytest

from powermem.sql import schema
from powermem.sql.mysql import MySQLSQL
from powermem.sql.oceanbase import OceanBaseSQL
from powermem.sql.postgres import PostgresSQL
from powermem.sqlite import engine


def come_with(patch: pytest.MonkeyPatch, *statements: str) -> None:
    """Make these statements the step from today's schema to the next."""
    step = {schema.SCHEMA_VERSION: list(statements)}
    patch.setattr(engine, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    patch.setattr(engine, "sqlite_migrations", lambda collection: step)
    for server in (PostgresSQL, MySQLSQL, OceanBaseSQL):
        following = {server.schema_version: list(statements)}
        patch.setattr(server, "schema_version", server.schema_version + 1)
        patch.setattr(server, "steps", lambda sql, following=following: following)
