"""A database that the caller has already: what was handed in as ``conn``, and where it leads."""

from __future__ import annotations

from .conn import read_conn
from .place import Place
from .settling import settled, without_place

__all__ = ["Place", "read_conn", "settled", "without_place"]
