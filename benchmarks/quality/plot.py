"""Recall against the number of results, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

MISSING = "a plot needs matplotlib: pip install --group bench, or leave --plot out"


def draw(path: Path, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Draw a line for each library and write it as a PNG.

    Args:
        path: where to.
        curves: recall at 1, 2, 3, ... results, in per cent.
        title: what was asked.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, recalls in curves.items():
        axes.plot(range(1, len(recalls) + 1), recalls, label=name, linewidth=2)
    axes.set(xlabel="results", ylabel="recall of evidence turns, %", ylim=(0, 100), title=title)
    axes.set_xlim(1, max(map(len, curves.values())))
    axes.set_xticks([1, 5, 10, 20, 30, 40, 50])
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=150, format="png")
