"""Search in other languages: facts among others in Chinese, German, Japanese and French, and MADial-Bench.

A question in other words than its fact, or in English, needs vectors that know both. The query for
MADial-Bench (https://github.com/hejunqing/MADial-Bench, MIT) is the turn before the one that needs memories.

    python -m benchmarks.languages --embedder none all-MiniLM-L6-v2 multilingual-e5-small
    python -m benchmarks.languages --embedder multilingual-e5-small --madial path/to/MADial-Bench
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from powermem import Memory

FACTS = Path(__file__).with_name("multilingual.json")
FORMS = ("same_words", "other_words", "english")
_SAID = re.compile(r"<.*?>:\s*\"(.*)\"", re.DOTALL)


def main() -> None:
    """Print a line for each embedder and set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--embedder", nargs="+", default=["none"], help="'none' or a local model")
    parser.add_argument("--facts", type=Path, default=FACTS)
    parser.add_argument("--madial", type=Path, help="directory with MADial-Bench-*-dialogue.json")
    given = parser.parse_args()
    for name in given.embedder:
        for language, facts in json.loads(given.facts.read_text("utf-8")).items():
            print(name, language, among_others(name, facts), flush=True)
        if given.madial is not None:
            for language in ("en", "zh"):
                recall, reciprocal = dialogues(name, given.madial, language)
                print(f"{name} MADial {language} R@10 {recall:.3f} MRR {reciprocal:.3f}", flush=True)


def among_others(embedder: str, facts: Mapping[str, Any]) -> str:
    """Return how many facts are among the first five results for their questions of each form."""
    texts = [fact["memory"] for fact in facts["facts"]] + list(facts["distractors"])
    with tempfile.TemporaryDirectory() as folder, _memory(embedder, folder) as memory:
        memory.add(texts, user_id="u", infer=False)
        counts = []
        for form in FORMS:
            found = [memory.search(fact[form], user_id="u", limit=5)["results"] for fact in facts["facts"]]
            hits = [
                fact["memory"] in [item["memory"] for item in results]
                for fact, results in zip(facts["facts"], found, strict=True)
            ]
            counts.append(f"{form} {sum(hits)}/{len(hits)}")
    return ", ".join(counts)


def dialogues(embedder: str, folder: Path, language: str) -> tuple[float, float]:
    """Return the recall at 10 and the mean reciprocal rank of the memories that a dialogue calls for."""
    recalls, reciprocals = [], []
    with tempfile.TemporaryDirectory() as where, _memory(embedder, where) as memory:
        for number, entry in _memories(folder / f"MADial-Bench-{language}-memory.json"):
            memory.add(entry["event"], user_id="u", infer=False, metadata={"number": number})
        for line in (folder / f"MADial-Bench-{language}-dialogue.json").read_text("utf-8").splitlines():
            dialogue = json.loads(line)
            said = _SAID.match(dialogue["dialogue"][dialogue["test-turn"][0] - 1].strip())
            assert said is not None, "a turn is '<name>: \"text\"'"
            results = memory.search(said[1], user_id="u", limit=10)["results"]
            found = [item["metadata"]["number"] for item in results]
            recalls.append(_recall(found, dialogue["relevant-id"]))
            ranks = [rank for rank, number in enumerate(found, 1) if number in dialogue["relevant-id"]]
            reciprocals.append(1 / ranks[0] if ranks else 0.0)
    return sum(recalls) / len(recalls), sum(reciprocals) / len(reciprocals)


def _recall(found: Sequence[int], wanted: Sequence[int]) -> float:
    return len(set(found).intersection(wanted)) / len(set(wanted))


def _memories(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line in path.read_text("utf-8").splitlines():
        for number, entry in json.loads(line).items():
            yield int(number), entry


def _memory(embedder: str, folder: str) -> Memory:
    chosen = (
        {"provider": "none"} if embedder == "none" else {"provider": "local", "config": {"model": embedder}}
    )
    return Memory(
        {
            "vector_store": {"provider": "sqlite", "config": {"database_path": f"{folder}/memories.db"}},
            "llm": {"provider": "none"},
            "embedder": chosen,
        }
    )


if __name__ == "__main__":
    main()
