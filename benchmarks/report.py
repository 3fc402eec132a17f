"""Figures, and the table that they make."""

from __future__ import annotations

import math
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

COLUMNS = ("what", "median", "p90", "floor", "ratio", "target", "others")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        what: what was measured.
        median: of all samples.
        unit: of the samples and of the floor.
        p90: nine samples of ten were at least as good.
        floor: the median of what it is compared with, measured between the same samples.
        beside: what that is.
        target: what is to be reached.
        more_is_better: whether a higher number is better.
        noise: how far the middle half of the samples, and of those of the floor, lay apart, as a share.
        note: what else this run found, which is no part of the name.
    """

    what: str
    median: float
    unit: str
    p90: float | None = None
    floor: float | None = None
    beside: str = ""
    target: str = ""
    more_is_better: bool = False
    noise: float | None = None
    note: str = ""

    @property
    def key(self) -> str:
        """What tells the figure from others of its benchmark, and is the same in every run."""
        return f"{self.what}; of {self.beside}" if self.beside else self.what

    @property
    def ratio(self) -> float | None:
        """The median as a multiple of the floor."""
        return self.median / self.floor if self.floor else None

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio}


def figure(
    what: str,
    samples: Sequence[float],
    unit: str,
    *,
    floor: Sequence[float] | float | None = None,
    beside: str = "",
    target: str = "",
    more_is_better: bool = False,
    note: str = "",
) -> Figure:
    """Make a figure of samples."""
    noise = _apart(samples)
    if isinstance(floor, Sequence):
        noise, floor = math.hypot(noise, _apart(floor)), statistics.median(floor)
    p90 = quantile(samples, 0.1 if more_is_better else 0.9) if len(samples) > 1 else None
    middle = statistics.median(samples)
    return Figure(what, middle, unit, p90, floor, beside, target, more_is_better, noise, note)


def _apart(samples: Sequence[float]) -> float:
    """Return how far the middle half of samples lies apart, as a share of their median."""
    middle = statistics.median(samples)
    return (quantile(samples, 0.75) - quantile(samples, 0.25)) / middle if middle else 0.0


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the sample below which this share of them lies."""
    ordered = sorted(samples)
    return ordered[round(share * (len(ordered) - 1))]


def table(figures: Iterable[Figure], others: float | None = None) -> list[str]:
    """Return the lines of a Markdown table; ``others`` is the same for all."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    share = "" if others is None else f"{others:.0%}"
    for one in figures:
        floor = "" if one.floor is None else f"{_show(one.floor)} {one.unit}, {one.beside}"
        cells = (
            f"{one.what} ({one.note})" if one.note else one.what,
            f"{_show(one.median)} {one.unit}",
            "" if one.p90 is None else _show(one.p90),
            floor,
            "" if one.ratio is None else f"{one.ratio:.2f}",
            one.target,
            share,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def machine() -> str:
    """Describe where and when this runs."""
    import os
    import sqlite3

    import numpy as np

    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, {platform.platform(terse=True)}, {_processor()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def conditions() -> dict[str, str]:
    """Return what ratios depend on besides the code: a slower floor is not slower by the same factor."""
    import numpy as np

    return {
        "processor": _processor(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": ".".join(np.__version__.split(".")[:2]),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _show(value: float) -> str:
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"
