"""Recall as a picture: against the number of results, and of libraries beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

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


_COLOURS = ("#2563eb", "#d1d5db", "#9ca3af", "#6b7280")
_WIDTH, _LEFT, _BOTTOM, _HEIGHT = 760, 46, 252, 196
_GREY = 'fill="#6b7280"'


def bars(series: Mapping[str, Sequence[float]], labels: Sequence[str], *, title: str, note: str) -> str:
    """Return a chart of bars as SVG.

    Args:
        series: a value in per cent for each label, keyed by the name of the library.
        labels: what each group of bars is about.
        title: of the chart.
        note: a line below it.
    """
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} 300" width="{_WIDTH}" height="300" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="300" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20" font-weight="bold" font-size="14">{escape(title)}</text>',
    ]
    for number, (name, colour) in enumerate(zip(series, _COLOURS, strict=False)):
        x = _LEFT + 120 * number
        lines.append(f'<rect x="{x}" y="31" width="11" height="11" fill="{colour}"/>')
        lines.append(f'<text x="{x + 16}" y="41">{escape(name)}</text>')
    for value in (0, 25, 50, 75, 100):
        y = _BOTTOM - round(value / 100 * _HEIGHT)
        lines.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 14}" y1="{y}" y2="{y}" stroke="#e5e7eb"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end" {_GREY}>{value}</text>')
    group = (_WIDTH - 14 - _LEFT) / len(labels)
    bar = min(44, int(group / (len(series) + 1)))
    for place, label in enumerate(labels):
        middle = _LEFT + group * (place + 0.5)
        first = middle - bar * len(series) / 2
        for number, (numbers, colour) in enumerate(zip(series.values(), _COLOURS, strict=False)):
            recall, x = numbers[place], round(first + bar * number)
            height = round(recall / 100 * _HEIGHT)
            lines.append(
                f'<rect x="{x}" y="{_BOTTOM - height}" width="{bar - 4}" height="{height}" fill="{colour}"/>'
                f'<text x="{x + (bar - 4) // 2}" y="{_BOTTOM - height - 5}" text-anchor="middle" '
                f'font-size="11">{recall:.1f}</text>'
            )
        lines.append(f'<text x="{round(middle)}" y="272" text-anchor="middle">{escape(label)}</text>')
    lines.append(f'<text x="{_LEFT}" y="290" {_GREY} font-size="11">{escape(note)}</text></svg>')
    return "\n".join(lines) + "\n"
