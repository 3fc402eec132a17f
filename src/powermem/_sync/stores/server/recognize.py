# Generated from src/powermem/_async/stores/server/recognize.py by scripts/run_unasync.py; edit that file instead.
"""Ask the database for its kind, where a caller's connection or URL does not tell it."""

from __future__ import annotations

from dataclasses import replace

from ...._drivers import mysql
from ...._drivers.lent import recognize
from ....config import StoreSettings
from ....config.conn import Place
from ....config.stores import MySQLConfig
from ..factory import build_driver


def locate(place: Place, store: StoreSettings) -> Place:
    """Return the place with its provider determined.

    Args:
        place: a place whose provider is a guess.
        store: the settings with that guess.

    Raises:
        StoreUnavailableError: the database cannot be reached.
        ConfigError: the function that opens connections returns unusable ones.
    """
    if place.factory is not None:
        return recognize(place.factory)
    assert isinstance(store.config, MySQLConfig), "every other URL says it all"
    connection = build_driver(store.config).connect()
    try:
        found = connection.fetch("SELECT version()")
    finally:
        connection.close()
    oceanbase = mysql.is_oceanbase(str(found[0][0]))
    return replace(place, provider="oceanbase" if oceanbase else "mysql", sure=True)
