# Generated from tests/_async/stores/test_around.py by scripts/run_unasync.py; edit that file instead.
"""The turns beside a result: which, in which order, whose, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._sync.stores.base import Store
from powermem.tokens import estimate_tokens
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, openai_llm

pytestmark = pytest.mark.stores

TALK = [
    "Which instrument did you play as a child?",
    "The cello, for nine years.",
    "Why did you stop?",
    "My teacher moved away.",
    "That is a pity.",
]


def tell(memory: Memory, *texts: str, day: int = 1, **scope: Any) -> list[int]:
    """Store turns of a conversation, a minute apart; return the ids of the memories."""
    ids = []
    for minute, text in enumerate(texts):
        said = f"2026-03-{day:02d}T10:{minute:02d}:00"
        (item,) = (memory.add(text, infer=False, timestamp=said, **scope))["results"]
        ids.append(item["id"])
    return ids


def around(memory: Memory, query: str, **options: Any) -> dict[str, list[tuple[int, str]]]:
    """Return what is given beside each result, as distance and text."""
    answer = memory.search(query, **{"limit": 1, "around": 1, **options})
    return {
        item["memory"]: [(turn["distance"], turn["memory"]) for turn in item["around"]]
        for item in answer["results"]
    }


def test_each_result_has_the_turns_beside_it(memory: Memory) -> None:
    ids = tell(memory, *TALK, user_id="u", run_id="r")
    assert around(memory, "cello", user_id="u") == {TALK[1]: [(-1, TALK[0]), (1, TALK[2])]}
    two = {TALK[1]: [(-1, TALK[0]), (1, TALK[2]), (2, TALK[3])]}
    assert around(memory, "cello", user_id="u", around=2) == two
    assert around(memory, "cello", user_id="u", around=20) == {TALK[1]: [*two[TALK[1]], (3, TALK[4])]}
    (item,) = (memory.search("cello", user_id="u", limit=1, around=1))["results"]
    before, after = item["around"]
    (source,) = memory.sources(ids[0])
    assert (before["id"], before["turn_id"], before["role"]) == (ids[0], source["id"], "user")
    assert before["sent_at"] == "2026-03-01T10:00:00+00:00" < after["sent_at"]
    record = memory.get(ids[0])
    assert record is not None
    assert {**record, **before} == {**before, **record}


def test_none_are_given_unless_asked_for(memory: Memory) -> None:
    tell(memory, *TALK, user_id="u", run_id="r")
    for options in ({}, {"around": 0}):
        (item,) = (memory.search("cello", user_id="u", limit=1, **options))["results"]
        assert "around" not in item
    answers = memory.search_many(["cello", " ", "teacher"], user_id="u", limit=1, around=1)
    assert [[len(item["around"]) for item in answer["results"]] for answer in answers] == [[2], [], [2]]


def test_a_turn_is_given_once(memory: Memory) -> None:
    tell(memory, *TALK, user_id="u", run_id="r")
    # The question between them is beside both, and each of them is beside the question.
    given = around(memory, "cello teacher", user_id="u", limit=2)
    assert set(given) == {TALK[1], TALK[3]}
    assert sorted(text for turns in given.values() for _, text in turns) == sorted(
        [TALK[0], TALK[2], TALK[4]]
    )
    every = around(memory, "cello teacher", user_id="u", limit=5)
    assert [turns for turns in every.values() if turns] == []


def test_results_are_those_without(memory: Memory) -> None:
    tell(memory, *TALK, user_id="u", run_id="r")
    options: dict[str, Any] = {"user_id": "u", "limit": 2, "threshold": 0.01}
    plain = (memory.search("cello teacher", **options))["results"]
    with_turns = (memory.search("cello teacher", **options, around=2))["results"]
    assert [(one["id"], one["score"]) for one in with_turns] == [(one["id"], one["score"]) for one in plain]
    # Being beside a result is no access.
    assert [one["access_count"] for one in (memory.get_all(user_id="u"))["results"]].count(0) == 3


def test_no_scope_is_crossed(memory: Memory) -> None:
    ours: dict[str, Any] = {"user_id": "u", "agent_id": "a", "run_id": "r"}
    tell(memory, TALK[1], **ours)
    for other in ({"user_id": "v"}, {"agent_id": "b"}, {"run_id": "s"}, {"agent_id": None}, {"run_id": None}):
        for day in (1, 2):
            tell(memory, f"Secret of {other} {day}", day=day, **{**ours, **other})
    for scope in ({}, {"user_id": "u"}, {"agent_id": "a"}, {"run_id": "r"}, ours):
        assert around(memory, "cello", around=3, **scope) == {TALK[1]: []}


def test_without_a_run_a_call_is_a_conversation(memory: Memory) -> None:
    for talk in (TALK[:3], ["I like tea.", "So do I."]):
        memory.add([{"role": "user", "content": text} for text in talk], user_id="u", infer=False)
    assert around(memory, "cello", user_id="u", around=5) == {TALK[1]: [(-1, TALK[0]), (1, TALK[2])]}
    assert around(memory, "tea", user_id="u", around=5) == {"I like tea.": [(1, "So do I.")]}


def test_a_fact_is_between_the_turns_around_its_own(memory: Memory) -> None:
    said = ["Where did you grow up?", "I grew up in Faro.", "By the sea!", "Indeed."]
    memory.add([{"role": "user", "content": text, "name": "Bo"} for text in said], user_id="u", run_id="r")
    ((item,),) = [(memory.search("grew up in Faro", user_id="u", limit=1, around=1))["results"]]
    assert "Faro" in item["memory"]
    assert [(turn["distance"], turn["memory"]) for turn in item["around"]] == [(-1, said[0]), (1, said[2])]
    for turn in item["around"]:
        assert (turn["id"], turn["role"], turn["actor_id"]) == (None, "user", "Bo")
        assert (turn["user_id"], turn["run_id"]) == ("u", "r")
        assert turn["turn_id"] is not None


def test_what_was_deleted_or_has_ended_is_not_given(memory: Memory) -> None:
    ids = tell(memory, *TALK, user_id="u", run_id="r")
    memory.delete(ids[0])
    assert around(memory, "cello", user_id="u") == {TALK[1]: [(1, TALK[2])]}
    memory.update(ids[2], expires_at="2026-04-01T00:00:00")
    assert around(memory, "cello", user_id="u") == {TALK[1]: []}
    ended = {TALK[1]: [(1, TALK[2])]}
    assert around(memory, "cello", user_id="u", include_expired=True) == ended
    assert around(memory, "cello", user_id="u", as_of="2026-03-20") == ended
    # At that moment the next turn had not been said.
    assert around(memory, "cello", user_id="u", as_of="2026-03-01T10:01:30") == {TALK[1]: []}
    assert memory.sources(ids[0]) == []


def test_the_turn_of_a_deleted_fact_is_not_given(memory: Memory) -> None:
    memory.add(["I grew up in Faro.", "I was born in Beja."], user_id="u", run_id="r")
    facts = (memory.get_all(user_id="u"))["results"]
    (beja,) = [fact["id"] for fact in facts if "Beja" in fact["memory"]]
    (found,) = (memory.search("Faro", user_id="u", limit=1, around=1))["results"]
    assert [turn["memory"] for turn in found["around"]] == ["I was born in Beja."]
    memory.delete_all(user_id="u", filters={"id": beja})
    (found,) = (memory.search("Faro", user_id="u", limit=1, around=1))["results"]
    assert found["around"] == []


def test_what_was_corrected_is_given_as_corrected(memory: Memory) -> None:
    ids = tell(memory, *TALK, user_id="u", run_id="r")
    memory.update(ids[2], "Why did you give up?")
    assert around(memory, "cello", user_id="u") == {TALK[1]: [(-1, TALK[0]), (1, "Why did you give up?")]}


def test_what_a_model_changed_later_is_beside_as_it_was(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    with Memory({**config, "llm": openai_llm(api)}) as memory:
        asked: dict[str, Any] = {"user_id": "u", "run_id": "r"}
        model.learns("Ana likes ramen")
        memory.add("I like ramen.", **asked, timestamp="2026-04-01")
        memory.add("I play the cello.", **asked, timestamp="2026-04-02", infer=False)
        model.learns("Ana likes feijoada, no longer ramen")
        model.decides(decision(0, "UPDATE", "M1", "Ana likes feijoada, no longer ramen"))
        memory.add("I like feijoada now.", **asked, timestamp="2026-08-01")
        now = around(memory, "cello", user_id="u")
        assert now == {"I play the cello.": [(1, "I like feijoada now.")]}
        then = around(memory, "cello", user_id="u", as_of="2026-05-01")
        assert then == {"I play the cello.": [(-1, "I like ramen.")]}


def test_filters_hold_for_what_is_beside(memory: Memory) -> None:
    for text, kind in zip(TALK, ["private", "open", "open", "private", "open"], strict=True):
        memory.add(text, user_id="u", run_id="r", infer=False, metadata={"kind": kind})
    assert around(memory, "cello", user_id="u", filters={"kind": "open"}, around=3) == {
        TALK[1]: [(1, TALK[2]), (3, TALK[4])]
    }


def test_the_budget_is_first_for_results(memory: Memory) -> None:
    tell(memory, *TALK, user_id="u", run_id="r")
    plain = [one["memory"] for one in (memory.search("cello", user_id="u", limit=2))["results"]]
    enough = sum(map(estimate_tokens, plain))
    shown = []
    for budget in range(1, enough + 40):
        answer = memory.search("cello", user_id="u", limit=2, around=2, max_tokens=budget)
        texts = [one["memory"] for one in answer["results"]]
        beside = [turn["memory"] for one in answer["results"] for turn in one["around"]]
        assert sum(map(estimate_tokens, texts + beside)) <= budget
        if budget == enough:
            assert (texts, beside) == (plain, [])
        shown.append(len(beside))
    free = (memory.search("cello", user_id="u", limit=2, around=2))["results"]
    assert shown[-1] == sum(len(one["around"]) for one in free) >= 2


@pytest.mark.parametrize("around", [-1, 21, 1.5, "1", True, None])
def test_a_wrong_number_is_refused(memory: Memory, around: Any) -> None:
    for call in (memory.search, memory.context):
        with pytest.raises(InvalidInputError, match=r"^around: "):
            call("cello", user_id="u", around=around)
    with pytest.raises(InvalidInputError, match=r"^around: "):
        memory.search_many(["cello"], user_id="u", around=around)


def test_however_many_results_two_queries_read_what_is_beside(
    opened: Store, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [{"messages": f"tea {number}", "run_id": f"r{number % 7}"} for number in range(120)]
    memory.add_many(items, user_id="u", infer=False)
    read = opened._queries.around
    asked: list[str] = []

    def counted(*args: Any) -> Any:
        steps = read(*args)
        answer = None
        while True:
            try:
                query = steps.send(answer)
            except StopIteration as end:
                return end.value
            asked.append(query.sql)
            answer = yield query

    monkeypatch.setattr(opened._queries, "around", counted)
    for limit, around in ((1, 1), (100, 1), (100, 3)):
        asked.clear()
        answers = memory.search_many(["tea", "tea 7"], user_id="u", limit=limit, around=around)
        assert [len(answer["results"]) for answer in answers] == [limit, limit]
        assert len(asked) == 2
    asked.clear()
    memory.search("tea", user_id="u", limit=100)
    assert asked == []
