"""A library that is one schema version ahead of the real one, for the tests of migrations."""

from __future__ import annotations

import pytest

from powermem._core.sql.mysql import MySQLSQL
from powermem._core.sql.oceanbase import OceanBaseSQL
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.sql.sqlite import SQLiteSQL


def come_with(patch: pytest.MonkeyPatch, *statements: str) -> None:
    """Make these statements the step from today's schema to the next."""
    for database in (SQLiteSQL, PostgresSQL, MySQLSQL, OceanBaseSQL):
        following = {database.schema_version: list(statements)}
        patch.setattr(database, "schema_version", database.schema_version + 1)
        patch.setattr(database, "steps", lambda sql, following=following: following)
