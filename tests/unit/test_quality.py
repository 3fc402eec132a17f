"""The harness that measures retrieval, on conversations made up here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.adapters import BUILT_IN, PowerMem, settled
from benchmarks.quality.asking import ask, fill, time_searches
from benchmarks.quality.dataset import Conversation, Corpus, Question, Session, Turn, digest
from benchmarks.quality.embedding import CachedEmbedder
from benchmarks.quality.forms import read
from benchmarks.quality.metrics import MEASURES, Answer, interval
from benchmarks.quality.report import CorpusReport, Measured, Report
from benchmarks.quality.thresholds import try_thresholds
from powermem._core.embedding.minilm import MODEL
from tests.docs.markdown import ROOT, read_blocks

TOPICS = {
    "D1:1": "piano",
    "D1:2": "chess",
    "D1:3": "sailing",
    "D2:1": "bees",
    "D2:2": "judo",
    "D2:3": "baking",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two conversations, each with two sessions of three turns and a question about each turn."""
    entries: list[dict[str, Any]] = []
    for name, speaker, place in (("talk-0", "Ana", "Lisbon"), ("talk-1", "Bo", "Quito")):
        turns = [
            {"dia_id": turn, "speaker": speaker, "text": f"The {topic} course in {place} was fun"}
            for turn, topic in TOPICS.items()
        ]
        conversation = {
            "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_1": turns[:3],
            "session_2_date_time": "2023-06-01",
            "session_2": turns[3:],
        }
        questions = [
            {"question": f"Which {topic} course?", "category": 1 + number % 5, "evidence": [turn]}
            for number, (turn, topic) in enumerate(TOPICS.items())
        ]
        entries.append({"sample_id": name, "conversation": conversation, "qa": questions})
    path = tmp_path / "data.json"
    path.write_text(json.dumps(entries), "utf-8")
    return path


class Words:
    """A model that counts words, and its calls."""

    name = MODEL
    dimension = 64

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return a vector of length 1 for each text."""
        self.texts += texts
        vectors = np.full((len(texts), 64), 0.01, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[crc32(word.encode()) % 64] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def fitting(self, text: str, start: int, *, limit: int = 0) -> int:
        """Return the end of the text, since all of it fits."""
        return len(text)


class Mem0:
    """As much of another library's memory as the adapter in the documentation uses."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, dict[str, Any]]] = []

    def add(
        self, messages: list[dict[str, str]], *, user_id: str, metadata: dict[str, str], infer: bool
    ) -> None:
        """Keep each message as it is."""
        assert not infer
        self._kept += [(user_id, {"memory": one["content"], "metadata": metadata}) for one in messages]

    def search(self, query: str, *, user_id: str, limit: int) -> dict[str, list[dict[str, Any]]]:
        """Return what has most words of the query, first."""
        wanted = set(query.lower().strip("?").split())
        mine = [one for user, one in self._kept if user == user_id]
        mine.sort(key=lambda one: -len(wanted & set(one["memory"].lower().split())))
        return {"results": mine[:limit]}


def test_measures_count_turns_and_sessions() -> None:
    question = Question("?", "fact", frozenset({"D1:1", "D2:1", "D2:2", "D3:1"}), "talk")
    found = [frozenset({"D4:1"}), frozenset({"D1:1", "D5:1"}), frozenset({"D2:2"})]
    found += [frozenset({f"D6:{number}"}) for number in range(20)]
    answer = Answer("talk", question, [*found, frozenset({"D3:9"})], 0)
    values = {name: measure(answer) for name, measure in MEASURES.items()}
    assert values == {
        "R@1": 0, "R@5": 0.5, "R@10": 0.5, "R@20": 0.5,
        "hit@1": 0, "hit@5": 1, "hit@10": 1, "hit@20": 1,
        "MRR": 0.5,
        # The sessions in their order: 4, 1, 5, 2, 6, 3.
        "sessions R@1": 0, "sessions R@5": 2 / 3, "sessions R@10": 1,
    }  # fmt: skip


def test_evidence_beyond_the_twentieth_result_has_no_rank() -> None:
    found = [frozenset({f"D1:{number}"}) for number in range(1, 31)]
    late, last = (
        Answer("talk", Question("?", "fact", frozenset({turn}), "talk"), found, 0)
        for turn in ("D1:21", "D1:20")
    )
    assert (late.reciprocal_rank(), last.reciprocal_rank()) == (0, 1 / 20)


def test_an_interval_holds_the_mean_and_narrows_with_more_units() -> None:
    few, many = (
        interval(np.tile([0.0, 100.0], count), [str(number) for number in range(2 * count)])
        for count in (10, 1000)
    )
    assert few[0] < many[0] < 50 < many[1] < few[1]


def test_an_interval_is_of_conversations_and_not_of_their_questions() -> None:
    samples = np.array([100.0] * 200 + [0.0] * 200)
    units = ["a"] * 200 + ["b"] * 200
    # Of two conversations, both of the same may be drawn.
    assert interval(samples, units) == (0, 100)
    # Conversations of which one is as the other tell the mean exactly.
    assert interval(np.tile([0.0, 100.0], 200), units) == (50, 50)
    low, high = interval(samples, ["a"] * 400)
    assert 40 < low < 50 < high < 60


def test_vectors_are_kept_in_the_file(tmp_path: Path) -> None:
    model, path = Words(), tmp_path / "vectors.db"
    first = CachedEmbedder(model, path)
    vectors = first.embed(["a", "b", "a"])
    first.close()
    again = CachedEmbedder(model, path)
    another = Words()
    another.name = "other"
    other = CachedEmbedder(another, path)
    assert np.array_equal(again.embed(["b", "a"]), vectors[[1, 0]])
    assert (model.texts, again.seconds) == (["a", "b"], 0)
    other.embed(["a"])
    again.fresh = True
    again.embed(["b"])
    assert (model.texts, another.texts) == (["a", "b", "b"], ["a"])
    assert again.seconds > 0
    other.close()
    again.close()


@pytest.mark.parametrize("name", BUILT_IN)
async def test_an_adapter_finds_what_was_said(name: str, data: Path, tmp_path: Path) -> None:
    adapter, conversations = BUILT_IN[name](), read(str(data))[0].conversations
    embedder = CachedEmbedder(Words())
    await settled(adapter.open(tmp_path, embedder))
    await fill(adapter, conversations, embedder)
    answers = await ask(adapter, conversations)
    times = await time_searches(adapter, conversations, embedder)
    await settled(adapter.close())
    embedder.close()
    assert [answer.recall(1) for answer in answers] == [1.0] * 12
    assert all(answer.tokens for answer in answers)
    assert len(times.searches) == 12
    assert any(times.embeddings) == (name in {"powermem", "cosine"})


def test_another_library_by_the_adapter_of_the_documentation(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library = ModuleType("mem0")
    library.Memory = Mem0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mem0", library)
    (code,) = (one.code for one in read_blocks(ROOT / "docs" / "retrieval.md") if "class Mem0" in one.code)
    (tmp_path / "documented.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    written = tmp_path / "figures.json"
    main(
        f"{data} --embedder none --adapter documented:Mem0 --adapter powermem --details --thresholds "
        f"--json {written} --markdown {tmp_path / 'tables.md'}".split()
    )
    figures = json.loads(written.read_text("utf-8"))
    (corpus,) = figures["corpora"]
    results = {(one["name"], len(one["conversations"]), *one["kinds"]): one for one in corpus["results"]}
    overall = results["mem0", 2, "multi-hop", "open-domain", "single-hop", "temporal"]
    assert (overall["questions"], overall["R@1"], overall["MRR"]) == (10, 100, 100)
    assert overall["recall"] == [100] * 50
    assert results["powermem", 2, "adversarial"]["questions"] == 2
    assert results["mem0", 1, "multi-hop"]["questions"] == 2
    tables = (tmp_path / "tables.md").read_text("utf-8")
    assert "| mem0 | 100.0 |" in tables
    assert "| data | 10 in 2 conversations | mem0 | 100.0 (100.0 to 100.0) |" in tables
    assert "| talk-1: all questions | 5 | powermem |" in tables
    assert "| none | 10.0 | 100.0 | 10.0 | 0.0 % |" not in tables
    assert [one["threshold"] for one in corpus["thresholds"]][:2] == [0, 0.1]
    assert tables == capsys.readouterr().out


def test_an_ablation_has_a_row_for_each_part_and_for_given_weights(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(f"{data} --embedder none --ablation --weights speaker=0.2,span=1".split())
    overall, adversarial = re.split("All questions|Adversarial", capsys.readouterr().out)[1:]
    rows = [line.split(" | ")[0].strip("| ") for line in overall.splitlines() if line.startswith("| ")]
    assert rows[:2] == ["ranking", "as shipped"]
    assert {"without speaker", "without neighbour"} <= set(rows)
    assert rows[-4:] == ["full text alone", "speaker=0.2,span=1", "FTS5", "BM25"]
    assert (overall.split()[1], adversarial.split()[1]) == ("10", "2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--conversations talk-7", "no conversation is called 'talk-7'; there are talk-0, talk-1"),
        ("--part fitted", "no question is left"),
        ("absent.json", "absent.json: no such file or directory"),
        ("--weights speed=1", "'speed' is no weight; there are dense, "),
        ("--weights speaker", "'speaker': expected NAME=NUMBER"),
        (
            "--adapter mine",
            "'mine' is none of powermem, words, cosine, fts5, bm25, and not of the form MODULE:CLASS",
        ),
        ("--adapter json:Library", "has no attribute 'Library'"),
        ("--adapter cosine", "cosine needs an embedder"),
        ("--adapter fts5 --ablation", "are about the adapter powermem"),
        ("--plot recall.png", "a plot needs matplotlib: pip install"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: str,
    message: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit):
        main(f"{data} {arguments} --embedder none".split())
    assert message in capsys.readouterr().err


def _answers(ranks: Sequence[int], unit: str) -> list[Answer]:
    """Return an answer for each rank of its evidence."""
    question = Question("?", "fact", frozenset({"s:1"}), unit)
    return [
        Answer(unit, question, [*[frozenset({"s:2"})] * (rank - 1), frozenset({"s:1"})], 1) for rank in ranks
    ]


def test_the_summary_tells_where_a_single_arm_is_better_and_the_worst_corpus() -> None:
    ranks = {
        "one": {"powermem": [1, 1], "plain cosine": [1, 11], "FTS5": [11, 2]},
        "two": {"powermem": [2, 11], "plain cosine": [11, 11], "FTS5": [1, 2]},
    }
    reports = []
    for corpus, libraries in ranks.items():
        turns = [Turn("s:1", "yes"), Turn("s:2", "no")]
        asked = [answer.question for answer in _answers([1, 1], corpus)]
        conversation = Conversation(corpus, [Session("s", None, turns)], asked)
        measured = [Measured(name, _answers(each, corpus)) for name, each in libraries.items()]
        reports.append(CorpusReport(Corpus(corpus, [conversation]), measured))
    lines = Report("", "none", reports).summary()
    verdicts = [line.split(" | ") for line in lines if line.endswith((" yes |", " no |"))]
    assert [(cells[0], cells[-1]) for cells in verdicts] == [("| one", "yes |"), ("| two", "no |")]
    assert verdicts[0][1].startswith("+50.0")
    assert verdicts[1][1].endswith("FTS5")
    assert lines[-1] == (
        "\nThe worst: R@10 50.0 (two), -50.0 against a single arm (two); "
        "MRR 29.5 (two), -45.5 against a single arm (two)."
    )


async def test_a_higher_threshold_keeps_less(data: Path, tmp_path: Path) -> None:
    library, conversations = PowerMem(), read(str(data))[0].conversations
    await library.open(tmp_path, None)
    await fill(library, conversations, None)
    kept = await try_thresholds(library, conversations)
    await library.close()
    assert [one.threshold for one in kept] == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert [one.results for one in kept] == sorted((one.results for one in kept), reverse=True)
    assert (kept[0].recall, kept[0].empty) == (100, 0)
    assert all(one.precision is None for one in kept if one.results == 0)


async def test_a_turn_is_stored_with_its_role_its_speaker_and_its_moment(tmp_path: Path) -> None:
    began = datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)
    turns = [
        Turn("a:1", "The limit is row 1000.", role="assistant", at=began + timedelta(minutes=3)),
        Turn("a:2", "Then I need another plan.", "Ana"),
    ]
    library = PowerMem()
    await library.open(tmp_path, None)
    await library.add("support", Session("a", began, turns))
    found = (await library._memory.get_all("support"))["results"]
    sources = [await library._memory.sources(one["id"]) for one in found]
    await library.close()
    stored = {one["memory"]: (one["actor_id"], one["run_id"], one["valid_from"]) for one in found}
    assert stored == {
        turns[0].text: (None, "a", "2026-03-02T09:33:00+00:00"),
        turns[1].text: ("Ana", "a", "2026-03-02T09:30:00+00:00"),
    }
    assert {one["memory"]: source["role"] for one, (source,) in zip(found, sources, strict=True)} == {
        turns[0].text: "assistant",
        turns[1].text: "user",
    }


def test_units_are_left_out_and_conversations_without_a_question_with_them(data: Path) -> None:
    (corpus,) = read(str(data))
    first, second = corpus.conversations
    unit = frozenset({first.questions[0].unit})
    assert [one.name for one in corpus.chosen(unit, inside=True).conversations] == [first.name]
    assert [one.name for one in corpus.chosen(unit, inside=False).conversations] == [second.name]


def test_a_digest_does_not_depend_on_marks_spaces_and_what_comes_later() -> None:
    assert digest(["Hello, there!", "b", "c", "d"]) == digest(["hello there", "B ", "c", "e"])
    assert digest(["Hello", "b"]) != digest(["Hello", "c"])
