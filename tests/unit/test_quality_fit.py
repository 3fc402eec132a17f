"""The fit of the ranking's numbers, on candidates made up here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.quality.candidates import Candidates, collect, without_assistant
from benchmarks.quality.dataset import Conversation, Corpus, Question, Session, Turn
from benchmarks.quality.fit import PENALTY, Fit, Scored, main, thresholds, written
from benchmarks.quality.logistic import Array, Design, Packed, calibration_loss, calibration_terms, log_odds
from benchmarks.quality.plot import bars
from powermem._core.ranking.relevance import Model, Situation, Weight

SIGNALS = ("dense", "lexical", "share", "coverage", "role")


def made(number: int, *, rows: int = 12, right: Sequence[int] = (0,), corpus: str = "made") -> Candidates:
    """Return candidates of which the right rows have a higher cosine than most others."""
    draw = np.random.default_rng(number)
    marked = np.isin(np.arange(rows), right)
    values = {name: draw.random(rows).astype(np.float32) for name in SIGNALS}
    values["dense"] += np.float32(0.8) * marked
    question = Question(f"{number}?", "fact", frozenset(f"s:{row}" for row in right), f"{number % 3:x}")
    assistant, dialogue, covered = draw.random(3).tolist()
    situation = Situation(assistant, dialogue, covered, documents=100 * (1 + number), alone=number % 2)
    turns = [frozenset({f"s:{row}"}) for row in range(rows)]
    return Candidates(corpus, question, values, situation, values["lexical"], turns, marked)


def assert_gradient(loss: Callable[[Array], tuple[float, Array]], at: Array) -> None:
    """Compare a gradient with differences of the loss."""
    _, gradient = loss(at)
    for number in range(len(at)):
        step = np.zeros(len(at))
        step[number] = 1e-3
        measured = (loss(at + step)[0] - loss(at - step)[0]) / 2e-3
        assert gradient[number] == pytest.approx(measured, rel=0.02, abs=0.02)


@pytest.mark.parametrize("rows", [12, 4], ids=["many rows", "fewer wrong rows than ten"])
def test_the_gradient_is_that_of_the_loss(rows: int) -> None:
    candidates = [made(number, rows=rows, right=(0, 2)) for number in range(6)]
    packed = Packed.of(candidates, Design.of(vectors=True), [1.0, 0.5, 2.0] * 2)
    start = np.random.default_rng(1).normal(size=packed.features.shape[2]) * 0.3
    assert_gradient(lambda weights: packed.loss(weights, 7.0), start)


def test_the_gradient_is_that_of_the_calibration() -> None:
    draw = np.random.default_rng(2)
    right = (draw.random(50) < 0.3).astype(np.float64)
    given = draw.normal(size=(50, 8)), right, draw.random(50)
    start = np.array([0.7, -1.0, 0.2, -0.3, 0.4, -0.4, 1.1, 0.3])
    assert_gradient(lambda numbers: calibration_loss(numbers, *given), start)


def test_a_question_without_a_right_row_has_no_say() -> None:
    design = Design.of(vectors=True)
    ones = [made(1), made(2, right=())]
    both, first = Packed.of(ones, design, [1.0, 1.0]), Packed.of(ones[:1], design, [1.0])
    weights = np.full(both.features.shape[2], 0.1)
    rescaled = weights / both.scale * first.scale
    assert both.loss(weights, 0.0)[0] == pytest.approx(first.loss(rescaled, 0.0)[0], rel=1e-4)


@pytest.mark.parametrize("number", [4, 5], ids=["with turns beside", "alone"])
def test_the_model_scores_as_its_features_and_its_calibration_do(number: int) -> None:
    design = Design.of(vectors=True)
    weights = np.round(np.random.default_rng(3).normal(size=len(design.columns)), 1)
    calibration = np.array([2.0, -3.0, 0.5, 0.25, -1.0, -0.4, 1.2, 0.8])
    one = made(number)
    expected = calibration_terms(one, design.features(one) @ weights) @ calibration
    model = design.model(weights, calibration)
    assert log_odds(model, one) == pytest.approx(expected, abs=1e-4)
    assert (model.sharpness, model.weights["phrase"]) == (0.4, Weight(1.5))
    assert "dense" not in Design.of(vectors=False).model(np.zeros(26), calibration).weights


def test_a_model_is_written_as_what_makes_it() -> None:
    weights = {"dense": Weight(6.0), "role": Weight(-0.5, 0.0, 0.0, 2.0)}
    model = Model(Weight(-7.5, 0.0, 1.25), -0.43, 1.28, 0.35, weights)
    assert eval(written(model), {"Model": Model, "Weight": Weight}) == model
    assert '"dense": Weight(6.00),' in written(model)


def test_a_threshold_counts_results_together_and_evidence_by_question() -> None:
    first, second = made(1, rows=3, right=(0, 1)), made(2, rows=3, right=(2,))
    odds = np.log(np.array([0.95, 0.45, 0.25]) / (1 - np.array([0.95, 0.45, 0.25])))
    ((name, *cells),) = thresholds([Scored(first, odds), Scored(second, odds)])
    assert name == "made"
    # From 0.2 all six results, from 0.3 four of them, from 0.5 two; none has 0.96.
    assert [cells[number] for number in (2, 3, 5)] == ["50, 100", "50, 50", "50, 25"]


@pytest.fixture
def chat() -> Corpus:
    """A chat with an assistant."""
    turns = [
        Turn("s:1", "I moved to Porto in May."),
        Turn("s:2", "Porto is a fine city.", role="assistant"),
        Turn("s:3", "My cat is called Lua."),
    ]
    questions = [
        Question("Where is Porto?", "fact", frozenset({"s:1", "s:2"}), "a"),
        Question("What did you say of cities?", "fact", frozenset({"s:2"}), "a"),
        Question("Zebra?", "fact", frozenset({"s:3"}), "a"),
    ]
    return Corpus("chats", [Conversation("talk", [Session("s", None, turns)], questions)])


async def test_candidates_are_what_a_search_ranks(chat: Corpus) -> None:
    porto, said, nothing = await collect(chat, None)
    assert {turn for turns in porto.turns for turn in turns} >= {"s:1", "s:2"}
    assert dict(zip(map(min, porto.turns), porto.right.tolist(), strict=True))["s:1"]
    assert porto.values["role"].tolist() == [float(turns == {"s:2"}) for turns in porto.turns]
    assert porto.situation.assistant > 0
    assert not porto.vectors
    assert said.question.evidence == {"s:2"}
    assert (len(nothing.turns), nothing.values["lexical"].shape) == (0, (0,))


async def test_windows_are_as_if_only_they_had_been_stored() -> None:
    turns = [Turn(f"s:{number}", f"Word{number} and Porto") for number in range(30)]
    questions = [Question(f"word{number}?", "fact", frozenset({f"s:{number}"}), "a") for number in range(30)]
    long = Conversation("talk", [Session("s", None, turns)], questions, ["Who sings in Porto?"])
    found = await collect(Corpus("chats", [long]), None, windows=True)
    cut = [one for one in found if one.window]
    assert {one.window for one in cut} == {1, 3, 8, 20}
    assert all(len(one.turns) <= one.window for one in cut)
    assert {one.situation.documents for one in cut if len(one.turns)} <= {1, 2, 3, 7, 8, 19, 20}
    held = [one for one in cut if one.right.any()]
    assert len(cut) / 4 < len(held) < len(cut) * 3 / 4
    (unanswerable,) = [one for one in found if not one.question.evidence]
    assert (unanswerable.right.tolist(), unanswerable.asked) == ([False] * 30, False)


def test_the_turns_of_an_assistant_are_left_out_with_what_only_they_answer(chat: Corpus) -> None:
    without = without_assistant(chat)
    (talk,) = without.conversations
    assert [turn.id for turn in talk.turns()] == ["s:1", "s:3"]
    assert [set(question.evidence) for question in talk.questions] == [{"s:1"}, {"s:3"}]
    assert {question.unit for question in talk.questions} == {"a"}
    assert without.name == "chats, person only"


def test_a_fit_finds_the_signal_that_tells() -> None:
    pytest.importorskip("scipy", reason="the fit needs it: pip install --group bench")
    fit = Fit([made(number) for number in range(30)], Design.of(vectors=True), {}, PENALTY)
    assert fit.model.weights["dense"].rest > max(fit.model.weights[name].rest for name in SIGNALS[1:])
    ranks = [one.answer().reciprocal_rank() for one in fit.left_out]
    assert np.mean(ranks) > 0.7


def test_the_command_prints_both_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy", reason="the fit needs it: pip install --group bench")
    topics = ("piano", "chess", "sailing", "judo")
    entry: dict[str, Any] = {
        "turns": [{"id": topic, "text": f"The {topic} course was fun"} for topic in topics],
        "questions": [{"question": f"Which {topic} course?", "evidence": [topic]} for topic in topics],
    }
    other = {**entry, "turns": [{**turn, "text": turn["text"].upper()} for turn in entry["turns"][::-1]]}
    path, picture = tmp_path / "mine.json", tmp_path / "bars.svg"
    path.write_text(json.dumps([entry, other]), "utf-8")
    main([str(path), "--check", f"again={path}", "--embedder", "none", "--picture", str(picture)])
    printed = capsys.readouterr().out
    assert "WITH_VECTORS" not in printed
    assert "WORDS_ALONE = Model(" in printed
    assert "| mine | 8 in 2 | powermem, left out | 100.0 (100.0 to 100.0) |" in printed
    assert "| mine | 8 in 2 | FTS5 | 100.0 (100.0 to 100.0) |" in printed
    assert "| again | 8 in 2 | not fitted to | 100.0 (100.0 to 100.0) |" in printed
    assert [element.text for element in ElementTree.parse(picture).iter() if element.text == "100.0"] == [
        "100.0"
    ] * 3


def test_bars_stand_beside_each_other_and_do_not_overlap() -> None:
    drawn = bars(
        {"one & only": [50.0, 100.0], "other": [25.0, 0.0]},
        ["few", "many"],
        title="R@10 < 100",
        note="left out",
    )
    found = list(ElementTree.fromstring(drawn).iter())
    texts = [element.text for element in found]
    assert {"one & only", "R@10 < 100", "few", "many", "left out", "50.0", "25.0", "0.0"} <= set(texts)
    drawn_bars = [
        each.attrib for each in found if each.tag.endswith("rect") and each.get("height") in {"98", "196"}
    ]
    assert [each["fill"] for each in drawn_bars] == ["#2563eb", "#2563eb"]
    edges = [(int(each["x"]), int(each["x"]) + int(each["width"])) for each in drawn_bars]
    assert edges[0][1] < edges[1][0]
