"""Compare figures with the last ones kept in the repository.

Kept are ratios to a floor that was measured in the same run, since times say more about the machine than
about the code. Each has its noise: how far the middle half of the samples, of the figure and of its floor,
lay apart, as a share of their medians. A ratio is worse if it lies beyond the noise of both runs. Ratios of
another processor, Python or numpy are not compared: there, floor and library change by different factors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .report import Figure

KEPT = Path(__file__).parent / "results" / "ratios.json"
MOST_OTHERS = 0.25
"""Where others take a larger share of the machine, ratios are neither compared nor kept. At 95 %, that of a
sync `add` was 2.2 instead of 0.6: the library and its floor wait for the processor in different places."""

LEAST_NOISE = 0.1
"""Two runs on one quiet machine differ by this much, whatever the samples of each say."""


@dataclass(frozen=True, slots=True)
class Change:
    """A ratio that lies beyond the noise of the last run and of this one.

    Attributes:
        what: the figure.
        before: the ratio that was kept.
        now: the ratio of this run.
        noise: of both, as a share.
        worse: whether it is worse, not better.
    """

    what: str
    before: float
    now: float
    noise: float
    worse: bool

    def __str__(self) -> str:
        word = "WORSE" if self.worse else "better"
        return f"{word}: {self.what}: {self.before:.2f} → {self.now:.2f} (noise {self.noise:.0%})"


def read(path: Path = KEPT) -> dict[str, dict[str, Any]]:
    """Return what was kept, by benchmark and figure; nothing if there is no file."""
    if not path.exists():
        return {}
    kept: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))["ratios"]
    return kept


def compare(
    kept: Mapping[str, Any], figures: Sequence[Figure], here: Mapping[str, str], others: float | None = None
) -> list[str]:
    """Return what there is to say of the figures of one benchmark, a line each.

    Args:
        kept: the former ones, by their keys.
        figures: the new ones.
        here: the conditions of this run.
        others: the share of the machine that others took meanwhile, if that is known.
    """
    if (others or 0.0) > MOST_OTHERS:
        return [f"neither compared nor kept: others took {others:.0%} of the machine"]
    comparable = {key: one for key, one in kept.items() if one.get("conditions") == here}
    lines = [str(change) for change in changes(comparable, figures)]
    measured = {one.key for one in figures if one.ratio is not None}
    lines += [f"kept, but not measured now: {key}" for key in comparable if key not in measured]
    for was in {json.dumps(one.get("conditions", {})): None for one in kept.values()}:
        if (before := json.loads(was)) != here:
            differs = ", ".join(
                f"{name} {before.get(name, 'unknown')} → {value}"
                for name, value in here.items()
                if before.get(name) != value
            )
            lines.append(f"not compared with what was kept under other conditions: {differs}")
    return lines


def changes(kept: Mapping[str, Any], figures: Iterable[Figure]) -> list[Change]:
    """Return the figures whose ratios changed beyond the noise, the worst first.

    Args:
        kept: those of one benchmark under the same conditions, by their keys.
        figures: the new ones.
    """
    found: list[tuple[float, Change]] = []
    for one in figures:
        before = kept.get(one.key)
        if before is None or not one.ratio or not before["ratio"]:
            continue
        noise = math.hypot(max(before["noise"], LEAST_NOISE), max(one.noise or 0.0, LEAST_NOISE))
        factor = one.ratio / before["ratio"]
        if one.more_is_better:
            factor = 1 / factor
        if not 1 / (1 + noise) <= factor <= 1 + noise:
            found.append((factor, Change(one.key, before["ratio"], one.ratio, noise, factor > 1)))
    return [change for _, change in sorted(found, key=lambda pair: -pair[0])]


def keep(
    measured: Mapping[str, Iterable[Figure]], where: str, here: Mapping[str, str], path: Path = KEPT
) -> None:
    """Write the ratios of some benchmarks; those of others stay.

    Args:
        measured: figures by benchmark.
        where: when and on which machine.
        here: the conditions of this run.
        path: the file.
    """
    kept = read(path)
    for name, figures in measured.items():
        kept[name] = {
            one.key: {
                "ratio": round(one.ratio, 3),
                "noise": round(one.noise or 0.0, 3),
                "when": where,
                "conditions": here,
            }
            for one in figures
            if one.ratio is not None
        }
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({"ratios": kept}, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", "utf-8")
