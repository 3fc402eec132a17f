"""Each signal by itself: what it adds to which row, and that a factor of zero switches it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from powermem._core.query.question import read
from powermem._core.ranking.fusion import rank
from powermem._core.ranking.partition import Partition, PartitionRows
from powermem._core.ranking.weights import Weights
from powermem._core.text.indexing import index
from powermem._core.values import Row, Scope

_DAY = 86_400_000_000
# 4 October 2024.
_NOW = 20_000 * _DAY


def partition_of(*memories: Mapping[str, Any]) -> Partition:
    """Return memories without vectors, each a text and, where they matter, ``source``, ``run`` and so on."""
    words = [
        index(
            Row(
                n,
                Scope("u"),
                one["text"],
                "",
                actor_id=one.get("actor"),
                valid_from=one.get("at", 0),
                facets={name: one[name] for name in ("event_at", "entities", "role") if name in one},
            ),
            one.get("source", ""),
        )
        for n, one in enumerate(memories, 1)
    ]
    count = len(memories)
    partition = Partition(None)
    partition.append(
        PartitionRows(
            ids=list(range(1, count + 1)),
            agents=[""] * count,
            runs=[one.get("run", "") for one in memories],
            actors=[one.get("actor") for one in memories],
            valid_from=[one.get("at", 0) for one in memories],
            valid_to=[None] * count,
            expires_at=[None] * count,
            embeddings=b"",
            terms=b"".join(ids for ids, _ in words),
            frequencies=b"".join(counts for _, counts in words),
            sizes=[len(counts) for _, counts in words],
        )
    )
    return partition


def ask(partition: Partition, query: str, weights: Weights, *, explain: bool = False) -> dict[int, Any]:
    """Return what is found, by number, best first."""
    question = read(query, _NOW)
    visible = partition.visible(0)
    lexical = partition.postings.match(question.sought.terms, visible, question.sought.forms, weights.source)
    found = rank(
        partition,
        visible,
        None,
        lexical,
        limit=10,
        now=_NOW,
        cues=question.cues,
        weights=weights,
        explain=explain,
    )
    return {one.row + 1: one for one in found}


# Full text alone.
OFF = Weights(
    coverage=0,
    speaker=0,
    neighbour=0,
    length=0,
    role=0,
    asking=0,
    moment=0,
    period=0,
    own=0,
    phrase=0,
    recency=0,
    source=0,
)


def test_the_similarity_of_two_texts_is_the_mean_of_both_arms() -> None:
    partition = partition_of({"text": "green tea", "run": "r"}, {"text": "tea", "run": "r"})
    found = ask(partition, "green tea", Weights().plain())
    assert {number: one.score for number, one in found.items()} == pytest.approx(
        {number: one.parts["lexical"] for number, one in found.items()}
    )
    assert all(set(one.parts) == {"dense", "lexical"} for one in found.values())


@pytest.mark.parametrize(
    ("name", "query", "lifted", "other"),
    [
        (
            "speaker",
            "What did Ana say of tea?",
            {"text": "tea", "actor": "Ana"},
            {"text": "tea", "actor": "Bo"},
        ),
        ("moment", "When was the tea?", {"text": "tea last week"}, {"text": "tea with somebody"}),
        ("phrase", 'who had "green tea"', {"text": "tea that is green"}, {"text": "tea that is cold"}),
        ("recency", "tea", {"text": "tea", "at": _NOW}, {"text": "tea", "at": _NOW - 300 * _DAY}),
        (
            "period",
            "tea in September",
            {"text": "tea", "at": _NOW - 20 * _DAY},
            {"text": "tea", "at": _NOW - 300 * _DAY},
        ),
    ],
)
def test_a_boost_lifts_what_it_is_for(
    name: str, query: str, lifted: dict[str, Any], other: dict[str, Any]
) -> None:
    partition = partition_of(lifted, other)
    off, on, twice = (ask(partition, query, OFF._replace(**{name: factor})) for factor in (0.0, 1.0, 2.0))
    assert name not in off[1].parts
    assert on[1].parts[name] > on[2].parts[name] + 0.2
    assert dict(on[1].parts) == pytest.approx({**off[1].parts, name: on[1].parts[name]})
    assert twice[1].parts[name] == pytest.approx(2 * on[1].parts[name])
    assert on[1].score > off[1].score


def test_a_question_is_worth_less_than_a_statement() -> None:
    people = [
        {"text": text, "run": "r", "actor": actor}
        for text, actor in [
            ("Do you like tea?", "Ana"),
            ("I do", "Bo"),
            ("They all like tea", "Ana"),
            ("I see", "Bo"),
        ]
    ]
    found = ask(partition_of(*people), "tea", OFF._replace(asking=1.0, span=2, neighbour=1e-9))
    assert found[1].parts["asking"] < 0 == found[3].parts["asking"]


def test_a_question_beside_a_statement_is_no_mere_question() -> None:
    telling = "I drink green tea every morning. And you?"
    partition = partition_of({"text": "Do you drink tea?"}, {"text": telling})
    parts = {number: one.parts["asking"] for number, one in ask(partition, "tea", Weights()).items()}
    assert parts[1] != 0 == parts[2]


def test_what_an_assistant_said_is_worth_less() -> None:
    partition = partition_of({"text": "green tea", "role": "assistant"}, {"text": "green tea"})
    found = ask(partition, "tea", OFF._replace(role=1.0))
    assert list(found) == [2, 1]
    assert found[1].parts["role"] < 0 == found[2].parts["role"]


def test_an_event_is_found_by_its_own_time() -> None:
    said = _NOW - 300 * _DAY
    partition = partition_of(
        {"text": "She started at the railway", "at": said, "event_at": _NOW - 20 * _DAY},
        {"text": "She stopped at the railway", "at": said, "event_at": _NOW - 900 * _DAY},
    )
    found = ask(partition, "railway in September", OFF._replace(period=1.0))
    assert found[1].parts["period"] > 0.3
    assert found[2].parts["period"] < 0.1 * found[1].parts["period"]


def test_a_period_that_holds_everything_tells_nothing() -> None:
    one = {"text": "tea", "at": _NOW - 20 * _DAY}
    everything = ask(partition_of(one, one, one), "tea in September", Weights())
    assert all(found.parts["period"] == 0 for found in everything.values())


def test_words_around_a_row_count_less_the_further_they_are() -> None:
    def turn(text: str) -> dict[str, str]:
        return {"text": text, "run": "r"}

    partition = partition_of(
        turn("Which trains go to Porto"),
        turn("The blue ones"),
        turn("At nine"),
        turn("And so on"),
        {"text": "blue"},
    )
    found = ask(partition, "blue trains Porto", OFF._replace(coverage=1.0, span=2))
    parts = {number: one.parts["coverage"] for number, one in found.items()}
    own = {number: one.parts["lexical"] for number, one in found.items()}
    # Alone in no run, there is nothing around it.
    assert parts[5] == 0
    # What the first turn has of the query, the second is given seven tenths of, and the third a half. The
    # fourth is three turns away from the first.
    second = 0.7 * own[1]
    assert parts[3] / parts[2] == pytest.approx((0.49 * own[1] + 0.7 * own[2]) / second, rel=1e-3)
    assert parts[4] / parts[2] == pytest.approx(0.49 * own[2] / second, rel=1e-3)


def test_a_fact_is_found_by_the_message_behind_it() -> None:
    said = "We took the night train to Porto, and I began as a vet there"
    partition = partition_of({"text": "Works as a vet", "source": said}, {"text": "Porto"})
    assert list(ask(partition, "night train", OFF)) == []
    found = ask(partition, "night train", OFF._replace(source=0.5))
    assert list(found) == [1]
    # Each of the two words counts half of what it counts in a row of mean length.
    assert found[1].parts["lexical"] == pytest.approx(0.5, abs=1e-6)
    # One that has the word itself is better.
    assert list(ask(partition, "Porto", OFF._replace(source=0.5))) == [2, 1]


def test_a_fact_is_found_by_whom_and_what_it_is_about() -> None:
    partition = partition_of(
        {"text": "They married in spring", "entities": ["Ana Lopes", "Bo"]}, {"text": "Bo"}
    )
    assert list(ask(partition, "Lopes", OFF._replace(source=0.5))) == [1]
    assert list(ask(partition, "Bo", OFF._replace(source=0.5))) == [2, 1]


def test_explaining_tells_the_place_in_each_arm() -> None:
    partition = partition_of({"text": "tea and cake"}, {"text": "green tea"}, {"text": "coffee", "run": "r"})
    found = ask(partition, "green tea", OFF, explain=True)
    assert {number: one.parts["lexical_rank"] for number, one in found.items()} == {2: 1, 1: 2}
    assert all("dense_rank" not in one.parts for one in found.values())


def test_scores_are_never_cut_off() -> None:
    partition = partition_of(
        *[{"text": "When was tea? Last week, tea.", "run": "r", "actor": "Tea", "at": _NOW}] * 3
    )
    tripled = Weights(
        **{name: 3.0 for name in Weights._fields if name not in ("span", "retention_days", "similarity")}
    )
    for weights in (Weights(), tripled):
        scores = [one.score for one in ask(partition, "When was tea? tea", weights).values()]
        assert all(0 < score < 1 for score in scores)
        assert np.isfinite(scores).all()


_OWNER = [
    {"text": "Ana likes green tea"},
    {"text": "Ana drives a car"},
    {"text": "Bo came to tea with Ana"},
    {"text": "Her name is Ana", "run": "r"},
]


def test_the_name_of_whose_memories_these_are_is_no_word_to_look_for() -> None:
    partition = partition_of(*_OWNER)
    named = ask(partition, "What does Ana drive?", Weights())
    assert next(iter(named)) == 2
    # The name alone is still looked for.
    assert set(ask(partition, "Ana", Weights())) == {1, 2, 3, 4}
    friend = ask(partition, "What did Bo come to?", Weights())
    assert next(iter(friend)) == 3


def test_a_score_tells_of_fewer_rows_more() -> None:
    few = ask(partition_of({"text": "green tea"}), "green tea", Weights())
    many = ask(
        partition_of({"text": "green tea"}, *[{"text": f"coffee {n}"} for n in range(50)]),
        "green tea",
        Weights(),
    )
    assert few[1].score > many[1].score
