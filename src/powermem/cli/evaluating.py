"""``powermem evaluate``: measure models and prompts on a labelled set."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .configuration import configuration
from .output import Column, CommandError, Grid, Output, Part, UsageError


def evaluate(options: Namespace, output: Output) -> int:
    """Run a labelled set through the configured model, or through recorded answers."""
    from ..evaluation import evaluate as measure

    if options.replay and (options.record or options.prompt):
        raise UsageError("evaluate: --record and --prompt ask a model; --replay asks none")
    config = configuration(options)
    prices = None if options.prices is None else (options.prices[0], options.prices[1])
    runs: list[Mapping[str, Any]] = []
    if options.replay:
        for place in options.replay:
            runs.append({"answers": place, **measure(options.file, config, replay=place, prices=prices)})
    else:
        prompt = None if options.prompt is None else _text(options.prompt)
        found = measure(options.file, config, prompt=prompt, record=options.record, prices=prices)
        runs.append({"answers": options.record, **found})
    output.print_result({"runs": runs}, lambda document: _shown(document["runs"], details=options.details))
    return 0


def _text(place: str) -> str:
    try:
        return Path(place).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{place}: {error}") from None


def _shown(runs: Sequence[Mapping[str, Any]], *, details: bool) -> Iterator[Part]:
    names = [_name(run) for run in runs]
    groups = list(dict.fromkeys(group for run in runs for group in run["groups"]))
    columns = (
        Column("group"), Column("answers"), Column("facts", right=True), Column("recall", right=True),
        Column("memories", right=True), Column("junk", right=True), Column("decisions", right=True),
        Column("left out", right=True), Column("failed", right=True), Column("calls", right=True),
        Column("tokens", right=True), Column("cost", right=True),
    )  # fmt: skip
    rows = [
        (group, name, *_cells(run["groups"][group]))
        for group in groups
        for name, run in zip(names, runs, strict=True)
    ]
    yield Grid(columns, rows)
    if details:
        for name, run in zip(names, runs, strict=True):
            for title in ("missed", "wrong", "junk"):
                for where, text in run[title]:
                    yield f"{name}  {title}  {where}  {text}"
            for where, error in run["errors"].items():
                yield f"{name}  failed  {where}  {error}"


def _name(run: Mapping[str, Any]) -> str:
    answers = run["answers"]
    return str(run["model"]) if answers is None else f"{run['model']} ({Path(answers).stem})"


def _cells(figures: Mapping[str, Any]) -> tuple[str, ...]:
    decided = f"{figures['decisions_right']} of {figures['decisions']}" if figures["decisions"] else "-"
    return (
        str(figures["facts"]),
        f"{figures['recall']:.2f}",
        str(figures["memories"]),
        f"{figures['junk_share']:.2f}",
        decided,
        str(figures["facts_left_out"]),
        str(figures["failed"]),
        str(figures["llm_calls"]),
        str(figures["prompt_tokens"] + figures["completion_tokens"]),
        f"{figures['cost']:.4f}" if "cost" in figures else "-",
    )
