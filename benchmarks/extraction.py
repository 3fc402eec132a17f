"""Count how many facts the rules find in labelled conversations, and how much of what they keep is junk.

    python -m benchmarks.extraction [FILE ...] [--show] [--half 0|1]

Each file is a labelled set; see ``powermem._core.evaluation.labelled``. Without one, the sets of the tests
are read. ``--half`` takes every other conversation, so that what was looked at is told from what was not.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from powermem._core.evaluation.labelled import Kept, Labelled, Tally, judge, read_labelled
from powermem._core.rules.extraction import extract

DATA = Path(__file__).parent.parent / "tests" / "data" / "extraction"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: instead of those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.extraction",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--half", type=int, choices=(0, 1), help="every other conversation only")
    parser.add_argument("--show", action="store_true", help="also print what is missed, wrong and junk")
    options = parser.parse_args(arguments)
    for path in options.files or sorted(DATA.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            found = read_labelled(lines, source=path.name)
        if options.half is not None:
            found = found[options.half :: 2]
        print(f"### {path.stem}\n")
        _print(found, show=options.show)


def _print(conversations: Sequence[Labelled], *, show: bool) -> None:
    rows: dict[str, Tally] = {"all": Tally()}
    for conversation in conversations:
        tally = by_rules(conversation)
        for name in ("all", conversation.lang, f"{conversation.lang} {conversation.style}"):
            rows[name] = rows.get(name, Tally()) + tally
    print("| | facts | recall | memories | junk | speakers and days right |\n|---|---|---|---|---|---|")
    for name, row in sorted(rows.items(), key=lambda item: (item[0] != "all", item[0])):
        right = f"{row.right} of {row.attributed}" if row.attributed else ""
        print(
            f"| {name} | {row.facts} | {row.recall:.2f} | {row.memories} | {row.junk_share:.2f} | {right} |"
        )
    print()
    if show:
        total = rows["all"]
        for title, items in (("missed", total.missed), ("wrong", total.wrong), ("junk", total.needless)):
            for where, what in items:
                print(f"{title:7}{where:8}{what}")


def by_rules(conversation: Labelled) -> Tally:
    """Return what the rules make of a conversation, compared with its labels."""
    facts = extract(conversation.messages)
    return judge(conversation, [Kept(fact.text, fact.speaker, fact.event_at) for fact in facts])


if __name__ == "__main__":
    main()
