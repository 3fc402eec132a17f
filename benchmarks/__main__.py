"""Run benchmarks and print their figures as Markdown tables.

    python -m benchmarks [NAME ...] [--json FILE]

From a checkout, with powermem installed. They measure and pass no judgement; a missed target is no failure.
"""

from __future__ import annotations

import argparse
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from . import comparison
from .measure import Neighbours
from .report import Figure, conditions, machine, table

NAMES = (
    "imports",
    "sequential",
    "gathered",
    "infer",
    "search",
    "scale",
    "clients",
    "reopening",
    "moving",
    "stores",
    "processing",
    "server",
)


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line, with the options of every benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"all of these by default: {', '.join(NAMES)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    parser.add_argument(
        "--keep", action="store_true", help="keep the ratios in results/ratios.json, for the next comparison"
    )
    parser.add_argument("--rounds", type=int, default=9, help="how often each contender has its turn")
    for name in NAMES:
        module = import_module(f"benchmarks.{name}")
        if hasattr(module, "add_arguments"):
            module.add_arguments(parser.add_argument_group(name))
    return parser


def main() -> None:
    # Else every fresh process would compile the sources anew, which those of an installed package do not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parser = arguments()
    options = parser.parse_args()
    for name in options.names:
        if name not in NAMES:
            parser.error(f"no benchmark is called {name!r}; there are {', '.join(NAMES)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    print(machine(), flush=True)
    results: list[dict[str, Any]] = []
    kept, measured = comparison.read(), dict[str, list[Figure]]()
    for name in options.names or NAMES:
        module, neighbours, load = import_module(f"benchmarks.{name}"), Neighbours(), os.getloadavg()[0]
        figures = module.run(options)
        others = neighbours.share()
        print(f"\n## {name} (load before: {load:.2f})\n", *table(figures, others), sep="\n", flush=True)
        for line in comparison.compare(kept.get(name, {}), figures, conditions(), others):
            print(line, flush=True)
        if (others or 0.0) <= comparison.MOST_OTHERS:
            measured[name] = figures
        extra = {"benchmark": name, "load_before": load, "others": others}
        results.extend({**extra, **one.as_dict()} for one in figures)
    if options.keep:
        comparison.keep(measured, machine(), conditions())
    if options.json:
        text = json.dumps({"machine": machine(), "figures": results}, ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
