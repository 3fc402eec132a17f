"""Store conversations turn by turn, ask questions about them, and report which turns are found.

    python -m benchmarks.quality --data FILE [--markdown FILE] [--json FILE] [--plot FILE]

The file is in LoCoMo's form. From a checkout, with powermem[local] installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from powermem._core.embedding import minilm

from ..report import machine
from . import plot
from .ablation import NAMES, Ranking, ask_weighted, parse_weights, parts
from .adapters import BUILT_IN, Adapter, PowerMem, load, settled
from .asking import ask, fill, time_searches
from .dataset import Conversation, read
from .embedding import CachedEmbedder
from .metrics import curve
from .report import SHIPPED, Measured, Report


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: instead of those of the process.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    names = options.adapter or [name for name in BUILT_IN if name != "cosine" or _embeds(options)]
    variants = {**(parts(_embeds(options)) if options.ablation else {}), **dict(options.weights)}
    if "cosine" in names and not _embeds(options):
        parser.error("the adapter cosine needs an embedder: pip install '.[local]'")
    if variants and "powermem" not in names:
        parser.error("--ablation and --weights are about the adapter powermem")
    if options.plot and find_spec("matplotlib") is None:
        parser.error(plot.MISSING)
    try:
        adapters = [load(name)() for name in names]
        conversations = read(options.data, options.conversations)
        groups = _groups(options.split, conversations) if options.split or not variants else {}
    except (OSError, ValueError) as error:
        parser.error(str(error))
    embedder = CachedEmbedder(minilm.SHARED, minilm.MODEL, options.cache) if _embeds(options) else None
    measured = asyncio.run(_measure(adapters, conversations, embedder, variants))
    if embedder:
        embedder.close()
    report = Report(
        machine=machine(),
        embedder=embedder.model if embedder else "none",
        conversations=conversations,
        groups=groups,
        adversarial=options.category_5,
        measured=measured,
    )
    _write(options, report, report.rankings() if variants else report.libraries())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="FILE", help="conversations and questions, JSON")
    add("--conversations", nargs="+", default=[], metavar="NAME", help="take these only")
    add(
        "--split",
        nargs="+",
        default=[],
        metavar="GROUP=NAME,...",
        help="report these conversations together, such as tune=A,B report=C,D; else each by itself",
    )
    add("--category-5", action="store_true", help="report the adversarial questions too, apart")
    add(
        "--adapter",
        action="append",
        metavar="NAME",
        help=f"a library to measure: {', '.join(BUILT_IN)} (these by default), or MODULE:CLASS",
    )
    add("--embedder", choices=("default", "none"), default="default", help="the local one, or none at all")
    add("--cache", type=Path, metavar="FILE", help="keep vectors in this file, for the next run")
    add("--ablation", action="store_true", help="compare powermem's ranking with parts of it left out")
    add(
        "--weights",
        type=parse_weights,
        action="append",
        default=[],
        metavar="NAME=NUMBER,...",
        help=f"compare powermem's ranking with other weights: {', '.join(NAMES)}",
    )
    add("--markdown", type=Path, metavar="FILE", help="also write the tables to a file")
    add("--json", type=Path, metavar="FILE", help="also write all figures to a file")
    add("--plot", type=Path, metavar="FILE", help="draw recall against the number of results, as PNG")
    return parser


def _embeds(options: argparse.Namespace) -> bool:
    return options.embedder != "none" and minilm.available()


def _groups(split: Sequence[str], conversations: Sequence[Conversation]) -> dict[str, frozenset[str]]:
    known = [one.name for one in conversations]
    if not split:
        return {name: frozenset({name}) for name in known}
    groups = {}
    for text in split:
        group, separator, names = text.partition("=")
        if not separator:
            raise ValueError(f"--split {text}: expected GROUP=NAME,...")
        groups[group] = frozenset(names.split(","))
        if unknown := groups[group].difference(known):
            raise ValueError(f"--split {text}: no conversation is called {', '.join(sorted(unknown))}")
    return groups


async def _measure(
    adapters: Sequence[Adapter],
    conversations: Sequence[Conversation],
    embedder: CachedEmbedder | None,
    variants: Mapping[str, Ranking],
) -> list[Measured]:
    if embedder:
        # All at once is faster than one by one.
        embedder.embed([question.text for one in conversations for question in one.questions])
    measured = []
    for adapter in adapters:
        print(f"{adapter.name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            await settled(adapter.open(Path(folder), embedder))
            try:
                filling = await fill(adapter, conversations, embedder)
                answers = await ask(adapter, conversations)
                if variants and isinstance(adapter, PowerMem):
                    measured.append(Measured(SHIPPED, answers))
                    for name, ranking in variants.items():
                        answers = await ask_weighted(adapter, ranking, conversations, embedder)
                        measured.append(Measured(name, answers))
                else:
                    times = await time_searches(adapter, conversations, embedder)
                    measured.append(Measured(adapter.name, answers, filling, times))
            finally:
                await settled(adapter.close())
    return measured


def _write(options: argparse.Namespace, report: Report, lines: Sequence[str]) -> None:
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if options.markdown:
        options.markdown.write_text(text, "utf-8")
    if options.json:
        options.json.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    if options.plot:
        overall = report.slices()[0]
        curves = {one.name: curve(overall.of(one)) for one in report.measured}
        plot.draw(options.plot, curves, overall.title)


if __name__ == "__main__":
    main()
