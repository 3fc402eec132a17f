# Generated from src/powermem/_async/stores/server/recognize.py by scripts/run_unasync.py; edit that file instead.
"""Finding out which database a caller's connection or URL leads to, where only the database can tell."""

from __future__ import annotations

from dataclasses import replace

from ...._drivers import mysql
from ...._drivers.lent import recognize
from ....config import StoreSettings
from ....config.conn import Place
from ....config.stores import MySQLConfig
from ..factory import build_driver


def locate(place: Place, store: StoreSettings) -> Place:
    """Return the same place with its provider for sure.

    Args:
        place: not sure of it.
        store: the settings as they are until then.

    Raises:
        StoreUnavailableError: the database cannot be reached.
        ConfigError: what opens connections does not open usable ones.
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
