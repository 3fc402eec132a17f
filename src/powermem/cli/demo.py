"""``powermem demo``: learn from a sample conversation, search it, and correct a memory."""

from __future__ import annotations

import json
import shlex
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from time import perf_counter
from typing import Any

from ..types import HistoryRecord, MemoryRecord
from . import views
from .configuration import configuration
from .loading import calls
from .output import Column, CommandError, Grid, Output, UsageError

CONVERSATION = "data/demo_conversation.json"

_QUESTIONS = (
    "Which food is Nadia allergic to?",
    "What is Tom training for?",
    "Where does Nadia live?",
)
_OUTDATED = "Nadia rents a flat in Leeds"
_CORRECTION = "Nadia and her cat Pixel lived in a flat in Leeds until July 2025; they live in Bristol now."
_BEST = 3


def demo(options: Namespace, output: Output) -> int:
    """Run the demo: learn from a conversation, search, correct."""
    with _database(options) as path:
        document = _Demo(_configuration(options, path), output).run()
        kept = options.keep or options.db is not None
        document["database"] = path if kept else None
    output.print_result(document, lambda _: _next_steps(path, kept))
    return 0


class _Demo:
    """One run of the demo, which prints and times each step."""

    def __init__(self, config: Mapping[str, Any], output: Output) -> None:
        from .._sync.memory import Memory

        self._memory = Memory(config)
        self._output = output
        self._conversation = json.loads(files("powermem").joinpath(CONVERSATION).read_text("utf-8"))
        self._user = str(self._conversation["user_id"])
        self._steps: list[tuple[str, float]] = []

    def run(self) -> dict[str, Any]:
        """Run all steps and return their results."""
        with self._step("open the store"):
            self._memory.initialize()
        with self._memory as memory:
            parts = memory.get_statistics()
            self._say(f"store      {parts['store']}")
            self._say(f"embedder   {parts['embedder']}")
            self._say(f"extractor  {parts['extractor']}")
            learned = self._learn()
            answers = self._search()
            changes = self._correct()
        self._title("How long it took")
        self._output.show(
            Grid(
                (Column("step"), Column("ms", right=True)),
                [(name, f"{spent * 1000:.0f}") for name, spent in self._steps],
            )
        )
        return {
            **{name: parts[name] for name in ("store", "embedder", "extractor")},
            "learned": learned,
            "answers": answers,
            "history": changes,
            "seconds": {name: round(spent, 4) for name, spent in self._steps},
        }

    def _learn(self) -> list[MemoryRecord]:
        sessions = self._conversation["sessions"]
        turns = sum(len(session["turns"]) for session in sessions)
        dates = f"{sessions[0]['date'][:10]} to {sessions[-1]['date'][:10]}"
        self._title(f"A conversation: {self._conversation['title']}")
        self._say(f"{turns} messages in {len(sessions)} sessions, {dates}")
        with self._step(f"learn from {turns} messages; the embedder loads here"):
            for _, call in calls(self._conversation, {}):
                self._memory.add(**call)
        page = self._memory.get_all(user_id=self._user, sort_by="id", order="asc")
        self._title(f"What was learned: {page['total']} memories; questions and small talk were dropped")
        self._output.show(
            Grid(
                (
                    Column("said on", style="dim"),
                    Column("who", style="green"),
                    Column("kind"),
                    Column("memory", prose=True),
                ),
                [
                    (found["valid_from"][:10], views.who(found), found["memory_type"] or "", found["memory"])
                    for found in page["results"]
                ],
            )
        )
        return page["results"]

    def _search(self) -> list[dict[str, Any]]:
        answers = []
        for question in _QUESTIONS:
            with self._step(f"search: {question}"):
                found = self._memory.search(question, user_id=self._user, limit=_BEST)
            self._title(f"Search: {question}")
            self._output.show(
                Grid(
                    (
                        Column("score", right=True, style="cyan"),
                        Column("memory", prose=True),
                        Column("who", style="green"),
                        Column("said on", style="dim"),
                    ),
                    [
                        (f"{hit['score']:.2f}", hit["memory"], views.who(hit), hit["valid_from"][:10])
                        for hit in found["results"]
                    ],
                )
            )
            answers.append({"query": question, **found})
        return answers

    def _correct(self) -> list[HistoryRecord]:
        """Change the memory that is no longer true."""
        found = self._memory.search(_OUTDATED, user_id=self._user, limit=1)["results"]
        if not found:
            raise CommandError(
                "the demo found nothing to correct; the language model kept no fact of the conversation"
            )
        with self._step("update a memory"):
            self._memory.update(found[0]["id"], _CORRECTION, user_id=self._user)
        self._title("An update, and what the memory's history says")
        changes = self._memory.history(found[0]["id"])
        for part in views.history(changes):
            self._output.show(part)
        return changes

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self._steps.append((name, perf_counter() - started))

    def _title(self, text: str) -> None:
        self._say(f"\n== {text}")

    def _say(self, text: str) -> None:
        self._output.show(text)


@contextmanager
def _database(options: Namespace) -> Iterator[str]:
    """Choose the database: a new file of the user's, a temporary one that is kept, or one that is deleted."""
    if options.db is not None:
        if Path(options.db).exists():
            raise CommandError(f"{options.db}: exists already; the demo wants a new file")
        yield options.db
    elif options.keep:
        yield str(Path(mkdtemp(prefix="powermem-demo-")) / "demo.db")
    else:
        with TemporaryDirectory(prefix="powermem-demo-") as folder:
            yield str(Path(folder) / "demo.db")


def _configuration(options: Namespace, path: str) -> dict[str, Any]:
    """Return the configuration of the demo, which is fixed except for the language model with --llm."""
    if (options.config or options.env_file) and not options.llm:
        raise UsageError(
            "demo: --config and --env-file go with --llm; the rest of the demo is the same everywhere"
        )
    config: dict[str, Any] = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": path}},
        "embedder": {"provider": "default"},
        "llm": {"provider": "none"},
    }
    if options.llm:
        llm = configuration(options).get("llm")
        if not isinstance(llm, Mapping) or llm.get("provider", "none") in ("none", "noop"):
            raise CommandError(
                "demo: --llm was given, but no language model is configured; set LLM_PROVIDER and its key"
            )
        config["llm"] = llm
    return config


def _next_steps(path: str, kept: bool) -> Iterator[str]:
    yield "\n== Next steps"
    if kept:
        yield f"The database is kept at {path}:"
        yield f'  powermem search "Which pets do they have?" --db {shlex.quote(path)}'
        yield f"  powermem list --db {shlex.quote(path)}"
    else:
        yield "The database was temporary and is gone; --keep or --db PATH keeps it. With your own:"
        yield '  powermem add "I moved to Lisbon last week" --user alice'
        yield '  powermem search "where does she live?" --user alice'
    yield "  powermem --help"
