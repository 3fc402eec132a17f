"""The benchmarks can be started, and compare their figures with those of the last time."""

from __future__ import annotations

import re
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import comparison, report
from benchmarks.__main__ import NAMES, arguments
from benchmarks.profiles import table
from benchmarks.profiling import profiled
from benchmarks.report import Figure, figure


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_imported(name: str) -> None:
    assert callable(import_module(f"benchmarks.{name}").run)


def test_the_options_of_all_benchmarks_fit_together() -> None:
    options = arguments().parse_args(["scale", "--processes", "1", "2", "--on", "sqlite", "--rounds", "2"])
    assert (options.names, options.processes, options.on) == (["scale"], [1, 2], ["sqlite"])


HERE = {"processor": "x", "python": "3.13", "numpy": "2.4"}


def ratio(what: str, value: float, *, noise: float = 0.0, more_is_better: bool = False) -> Figure:
    return Figure(what, value, "ms", floor=1.0, more_is_better=more_is_better, noise=noise)


@pytest.mark.parametrize(
    ("before", "now", "noises", "more_is_better", "worse"),
    [
        (2.0, 2.0, (0.0, 0.0), False, None),
        (2.0, 2.2, (0.0, 0.0), False, None),
        (2.0, 2.4, (0.0, 0.0), False, True),
        (2.0, 1.6, (0.0, 0.0), False, False),
        (2.0, 2.4, (0.0, 0.0), True, False),
        (2.0, 1.6, (0.0, 0.0), True, True),
        (2.0, 2.4, (0.3, 0.0), False, None),
        (2.0, 2.4, (0.0, 0.3), False, None),
        (2.0, 3.0, (0.3, 0.3), False, True),
    ],
)
def test_what_changed_beyond_the_noise_is_told(
    tmp_path: Path,
    before: float,
    now: float,
    noises: tuple[float, float],
    more_is_better: bool,
    worse: bool | None,
) -> None:
    path = tmp_path / "results" / "ratios.json"
    assert comparison.read(path) == {}
    comparison.keep(
        {"b": [ratio("x", before, noise=noises[0]), Figure("no floor", 1, "ms")]}, "noon", HERE, path
    )
    kept = comparison.read(path)
    assert kept["b"].keys() == {"x"}
    found = comparison.changes(
        kept["b"], [ratio("x", now, noise=noises[1], more_is_better=more_is_better), ratio("new", 9)]
    )
    assert [change.worse for change in found] == ([] if worse is None else [worse])


def test_the_worst_comes_first_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "ratios.json"
    comparison.keep({"a": [ratio("x", 1)], "b": [ratio(name, 1) for name in "xyz"]}, "noon", HERE, path)
    kept = comparison.read(path)
    found = comparison.changes(kept["b"], [ratio("x", 2), ratio("y", 0.5), ratio("z", 3)])
    assert [str(change).split(" (")[0] for change in found] == [
        "WORSE: z: 1.00 → 3.00",
        "WORSE: x: 1.00 → 2.00",
        "better: y: 1.00 → 0.50",
    ]
    comparison.keep({"b": [ratio("x", 2)]}, "later", HERE, path)
    assert comparison.read(path)["a"] == kept["a"]
    assert comparison.read(path)["b"].keys() == {"x"}


def test_figures_of_one_name_are_told_apart_by_their_floors(tmp_path: Path) -> None:
    path = tmp_path / "ratios.json"
    figures = [
        Figure("x", value, "ms", floor=1, beside=floor) for value, floor in ((2, "httpx"), (9, "ours"))
    ]
    comparison.keep({"b": figures}, "noon", HERE, path)
    kept = comparison.read(path)["b"]
    assert comparison.compare(kept, figures, HERE) == []
    assert comparison.compare(kept, figures[:1], HERE) == ["kept, but not measured now: x; of ours"]


def test_ratios_of_another_machine_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "ratios.json"
    comparison.keep({"b": [ratio("x", 1), ratio("gone", 1)]}, "noon", HERE, path)
    there = {**HERE, "processor": "y", "python": "3.14"}
    kept = comparison.read(path)["b"]
    assert len(comparison.compare(kept, [ratio("x", 3)], HERE)) == 2
    said = "not compared with what was kept under other conditions: processor x → y, python 3.13 → 3.14"
    assert comparison.compare(kept, [ratio("x", 3)], there) == [said]
    # Those of a time when it was not noted where they came from.
    (told,) = comparison.compare({"x": {"ratio": 1, "noise": 0}}, [ratio("x", 3)], HERE)
    assert told.endswith("processor unknown → x, python unknown → 3.13, numpy unknown → 2.4")


def test_ratios_of_a_busy_machine_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "ratios.json"
    comparison.keep({"b": [ratio("x", 1)]}, "noon", HERE, path)
    kept = comparison.read(path)["b"]
    (told,) = comparison.compare(kept, [ratio("x", 3)], HERE, 0.2)
    assert told.startswith("WORSE: x")
    (told,) = comparison.compare(kept, [ratio("x", 3)], HERE, 0.95)
    assert told == "neither compared nor kept: others took 95% of the machine"


def test_what_a_run_found_is_no_part_of_a_name() -> None:
    one = figure("x", [1.0], "ms", note="worst 5")
    assert one.key == "x"
    assert "x (worst 5)" in "".join(report.table([one]))


def test_noise_is_that_of_the_samples_and_of_the_floor() -> None:
    assert figure("x", [1.0], "ms").noise == 0
    assert figure("x", [0.0, 0.0], "ms").noise == 0
    alone = figure("x", [90.0, 100.0, 100.0, 100.0, 120.0], "ms", floor=[10.0, 10.0, 10.0])
    assert alone.noise == 0
    both = figure("x", [80.0, 90.0, 100.0, 110.0, 120.0], "ms", floor=[8.0, 9.0, 10.0, 11.0, 12.0])
    assert both.noise == pytest.approx(0.2 * 2**0.5)


def test_the_ratios_in_the_repository_can_be_read() -> None:
    kept = comparison.read()
    assert kept.keys() <= set(NAMES)
    assert all(one["ratio"] > 0 <= one["noise"] for figures in kept.values() for one in figures.values())


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_growth_is_the_exponent(power: float) -> None:
    # By name, since what it imports is not for mypy.
    growth = import_module("benchmarks.many_users").growth
    assert growth([(size, 3 * size**power) for size in (10, 30, 100)]) == pytest.approx(power, abs=1e-9)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="older versions have no sys.monitoring")
def test_time_counts_for_the_part_of_the_innermost_function_that_belongs_to_one() -> None:
    with profiled() as shares:
        for number in range(20):
            re.compile(f"(?:a{number}|b+)*")
    compiling = shares["compiling expressions"]
    assert compiling > sum(shares.values()) - compiling


def test_a_profile_is_a_column_of_rounded_shares() -> None:
    search = Counter({"ranking": 2, "HTTP": 1})
    assert table({"a search": search, "an add": Counter({"HTTP": 5})}) == [
        "| share of the time | a search | an add |",
        "|---|---|---|",
        "| HTTP | 33 % | 100 % |",
        "| ranking | 67 % |  |",
    ]
