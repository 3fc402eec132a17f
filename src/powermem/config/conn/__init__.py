"""A database that the caller has already: what was handed in as ``conn``, and where it leads."""

from __future__ import annotations

from .recognize import read_conn
from .settings import settled, without_place
from .target import Place

__all__ = ["Place", "read_conn", "settled", "without_place"]
