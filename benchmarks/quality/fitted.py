"""Which questions the ranking's numbers were fitted on, as digests; written by ``benchmarks.quality.fit``."""

from __future__ import annotations

UNITS: frozenset[str] = frozenset()
"""The units of `dataset.Question`."""
