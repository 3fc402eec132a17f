"""The harness that measures retrieval, on conversations made up here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.adapters import BUILT_IN, settled
from benchmarks.quality.asking import ask, fill, time_searches
from benchmarks.quality.dataset import DatasetError, Question, read
from benchmarks.quality.embedding import CachedEmbedder
from benchmarks.quality.metrics import MEASURES, Answer, interval
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
    question = Question("?", 1, frozenset({"D1:1", "D2:1", "D2:2", "D3:1"}))
    found = [frozenset({"D4:1"}), frozenset({"D1:1", "D5:1"}), frozenset({"D2:2"})]
    found += [frozenset({f"D6:{number}"}) for number in range(20)]
    answer = Answer("talk", question, found, [*found, frozenset({"D3:9"})], 0)
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
        Answer("talk", Question("?", 1, frozenset({turn})), found, found, 0) for turn in ("D1:21", "D1:20")
    )
    assert (late.reciprocal_rank(), last.reciprocal_rank()) == (0, 1 / 20)


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = (np.tile([0.0, 100.0], count) for count in (10, 1000))
    assert interval(few)[0] < interval(many)[0] < 50 < interval(many)[1] < interval(few)[1]
    assert interval(few) == interval(few)


def test_vectors_are_kept_in_the_file(tmp_path: Path) -> None:
    model, path = Words(), tmp_path / "vectors.db"
    first = CachedEmbedder(model, "words", path)
    vectors = first.embed(["a", "b", "a"])
    first.close()
    again, other = CachedEmbedder(model, "words", path), CachedEmbedder(model, "other", path)
    assert np.array_equal(again.embed(["b", "a"]), vectors[[1, 0]])
    assert (model.texts, again.seconds) == (["a", "b"], 0)
    other.embed(["a"])
    again.fresh = True
    again.embed(["b"])
    assert model.texts == ["a", "b", "a", "b"]
    assert again.seconds > 0
    other.close()
    again.close()


@pytest.mark.parametrize("name", BUILT_IN)
async def test_an_adapter_finds_what_was_said(name: str, data: Path, tmp_path: Path) -> None:
    adapter, conversations = BUILT_IN[name](), read(data)
    embedder = CachedEmbedder(Words(), "words")
    await settled(adapter.open(tmp_path, embedder))
    await fill(adapter, conversations, embedder)
    answers = await ask(adapter, conversations)
    times = await time_searches(adapter, conversations, embedder)
    await settled(adapter.close())
    embedder.close()
    assert [answer.recall(1) for answer in answers] == [1.0] * 12
    assert all(answer.tokens for answer in answers)
    assert len(times.searches) == 12
    assert any(times.embeddings) == (name != "fts5")


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
        f"--data {data} --embedder none --adapter documented:Mem0 --adapter powermem --category-5 "
        f"--json {written} --markdown {tmp_path / 'tables.md'}".split()
    )
    figures = json.loads(written.read_text("utf-8"))
    results = {
        (one["name"], len(one["conversations"]), *one["categories"]): one for one in figures["results"]
    }
    overall = results["mem0", 2, 1, 2, 3, 4]
    assert (overall["questions"], overall["R@1"], overall["MRR"]) == (10, 100, 100)
    assert overall["recall"] == [100] * 50
    assert results["powermem", 2, 5]["questions"] == 2
    assert results["mem0", 1, 1]["questions"] == 2
    tables = (tmp_path / "tables.md").read_text("utf-8")
    assert "| mem0 | 100.0 |" in tables
    assert "| talk-1: categories 1 to 4 | 5 | powermem |" in tables
    assert tables == capsys.readouterr().out


def test_an_ablation_has_a_row_for_each_part_and_for_given_weights(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(
        f"--data {data} --embedder none --ablation --weights speaker=0.2,span=1 "
        "--split tune=talk-0 report=talk-1".split()
    )
    overall, tune, report = capsys.readouterr().out.split("ategories 1 to 4")[1:]
    rows = [line.split(" | ")[0].strip("| ") for line in overall.splitlines() if line.startswith("| ")]
    assert rows[:2] == ["ranking", "as shipped"]
    assert {"without speaker", "without neighbour"} <= set(rows)
    assert rows[-3:] == ["full text alone", "speaker=0.2,span=1", "FTS5"]
    assert (overall.split()[1], tune.split()[1], report.split()[1]) == ("10", "5", "5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--conversations talk-7", "no conversation is called 'talk-7'; there are talk-0, talk-1"),
        ("--split tune", "--split tune: expected GROUP=NAME,..."),
        ("--split tune=talk-0,x", "no conversation is called x"),
        ("--weights speed=1", "'speed' is no weight; there are dense, "),
        ("--weights speaker", "'speaker': expected NAME=NUMBER"),
        ("--adapter mine", "'mine' is none of powermem, cosine, fts5, and not of the form MODULE:CLASS"),
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
        main(f"--data {data} --embedder none {arguments}".split())
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{", "not JSON"),
        ('[{"sample_id": "a", "conversation": {}}]', "conversation 1 has no 'qa'"),
        (
            '[{"conversation": {"session_1": [1], "session_1_date_time": "once"}}]',
            "conversation 1: time data 'once'",
        ),
        ('[{"sample_id": "a", "conversation": {}, "qa": []}]', "no question of categories 1 to 4"),
    ],
)
def test_a_file_in_another_form_is_refused(change: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(change, "utf-8")
    with pytest.raises(DatasetError, match=message):
        read(path)


def test_a_category_that_is_not_known_is_refused(data: Path) -> None:
    data.write_text(data.read_text("utf-8").replace('"category": 3', '"category": 6'), "utf-8")
    with pytest.raises(DatasetError, match="conversation 1: category: expected one of 1, 2, 3, 4, 5, got 6"):
        read(data)


def test_evidence_noted_by_hand_is_understood(data: Path) -> None:
    entries = json.loads(data.read_text("utf-8"))
    noted: list[list[str]] = [["D1:1; D2:2"], ["D:1:02"], ["D9:9"], []]
    entries[0]["qa"] = [{"question": "?", "category": 1, "evidence": one} for one in noted]
    data.write_text(json.dumps(entries), "utf-8")
    (conversation,) = read(data, ["talk-0"])
    assert [question.evidence for question in conversation.questions] == [{"D1:1", "D2:2"}, {"D1:2"}]
