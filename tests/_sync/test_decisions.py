# Generated from tests/_async/test_decisions.py by scripts/run_unasync.py; edit that file instead.
"""What becomes of a fact beside the memories near it: every decision a model can take, right or wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import Memory, StoreError
from tests.support.apiserver import ApiServer
from tests.support.scripted import (
    Messages,
    ScriptedModel,
    decision,
    elsewhere,
    fact,
    in_table,
    openai_llm,
    shown,
)

LIVES = "Ana lives in Porto"


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return {**config, "llm": openai_llm(api)}


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


def stored(memory: Memory) -> list[str]:
    listed = memory.get_all(user_id="u", sort_by="id", order="asc")
    return [item["memory"] for item in listed["results"]]


def found(memory: Memory, query: str, **more: Any) -> list[str]:
    return [item["memory"] for item in (memory.search(query, user_id="u", **more))["results"]]


def learn(memory: Memory, model: ScriptedModel, text: str, timestamp: str | None = None) -> int:
    """Store a fact near which there is nothing; return its id."""
    model.learns(text)
    (item,) = (memory.add(f"{text}!", user_id="u", timestamp=timestamp))["results"]
    assert item["event"] == "ADD"
    return int(item["id"])


def test_update_keeps_the_id_and_merges_the_text(memory: Memory, model: ScriptedModel) -> None:
    known = learn(memory, model, LIVES)
    merged = "Ana lives in Porto, in a flat beside the Douro"
    model.learns("Ana lives in Porto beside the Douro")
    model.decides(decision(0, "UPDATE", "M1", merged))
    (item,) = (memory.add("Beside the Douro", user_id="u"))["results"]
    assert (item["id"], item["event"], item["memory"]) == (known, "UPDATE", merged)
    assert item["previous_memory"] == LIVES
    assert "supersedes" not in item
    events = [(e["event"], e["old_memory"], e["new_memory"]) for e in memory.history(known)]
    assert events == [("ADD", None, LIVES), ("UPDATE", LIVES, merged)]
    assert [turn["content"] for turn in memory.sources(known)] == [f"{LIVES}!", "Beside the Douro"]
    hit = (memory.search("a flat beside the Douro", user_id="u", explain=True))["results"][0]
    assert hit["id"] == known
    # Both arms know the new text.
    assert hit["score_details"]["dense"] > 0.5
    assert hit["score_details"]["lexical"] > 0.5
    assert stored(memory) == [merged]


def test_without_vectors_shared_terms_make_a_memory_near(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    with Memory({**config, "embedder": {"provider": "none"}}) as memory:
        learn(memory, model, LIVES)
        model.learns("Ana lives in Faro now")
        model.decides(decision(0, "SUPERSEDE", "M1"))
        (item,) = (memory.add("I moved to Faro", user_id="u"))["results"]
        assert item["previous_memory"] == LIVES
        assert stored(memory) == ["Ana lives in Faro now"]


def test_supersede_ends_the_old_one_and_keeps_it(memory: Memory, model: ScriptedModel) -> None:
    old = learn(memory, model, LIVES, "2023-01-10")
    model.learns("Ana lives in Faro")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    (item,) = (memory.add("I moved to Faro", user_id="u", timestamp="2023-06-30"))["results"]
    assert (item["event"], item["memory"], item["previous_memory"]) == ("UPDATE", "Ana lives in Faro", LIVES)
    assert item["supersedes"] == old != item["id"]
    assert stored(memory) == ["Ana lives in Faro"]
    assert memory.count(user_id="u") == 1
    assert found(memory, "Where does Ana live?") == ["Ana lives in Faro"]
    assert found(memory, "Where does Ana live?", as_of="2023-03-01") == [LIVES]
    assert found(memory, "Where does Ana live?", as_of="2023-06-30") == ["Ana lives in Faro"]
    assert found(memory, "Where does Ana live?", as_of="2022-12-31") == []
    kept = memory.get(old)
    assert kept is not None
    assert (kept["memory"], kept["superseded_by"]) == (LIVES, item["id"])
    assert kept["valid_to"] == "2023-06-30T00:00:00+00:00"
    events = [(e["event"], e["old_memory"], e["new_memory"]) for e in memory.history(old)]
    assert events == [("ADD", None, LIVES), ("UPDATE", LIVES, "Ana lives in Faro")]
    assert [e["event"] for e in memory.history(item["id"])] == ["ADD"]


def test_what_was_superseded_may_be_true_again(memory: Memory, model: ScriptedModel) -> None:
    first = learn(memory, model, LIVES, "2023-01-10")
    for text, day in (("Ana lives in Faro", "2023-06-30"), (LIVES, "2023-09-01")):
        model.learns(text)
        model.decides(decision(0, "SUPERSEDE", "M1"))
        (item,) = (memory.add(text, user_id="u", timestamp=day))["results"]
        assert item["event"] == "UPDATE"
    assert stored(memory) == [LIVES]
    assert item["id"] != first
    history = [found(memory, "Ana lives", as_of=day) for day in ("2023-02-01", "2023-07-01", "2023-10-01")]
    assert history == [[LIVES], ["Ana lives in Faro"], [LIVES]]


def test_one_fact_may_supersede_several(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana likes green tea", "Ana likes black tea")
    memory.add("Ana likes green and black tea", user_id="u")
    ids = [item["id"] for item in (memory.get_all(user_id="u"))["results"]]
    model.learns("Ana likes no tea any more")
    model.decides(decision(0, "SUPERSEDE", "M1"), decision(0, "SUPERSEDE", "M2"))
    items = (memory.add("No more tea", user_id="u"))["results"]
    assert {item["supersedes"] for item in items} == set(ids)
    assert {item["event"] for item in items} == {"UPDATE"}
    assert {item["previous_memory"] for item in items} == {"Ana likes green tea", "Ana likes black tea"}
    assert stored(memory) == ["Ana likes no tea any more"]
    for number in ids:
        kept = memory.get(number)
        assert kept is not None
        assert kept["superseded_by"] == items[0]["id"]


def test_two_facts_may_take_the_place_of_one(memory: Memory, model: ScriptedModel) -> None:
    old = learn(memory, model, "Ana works in Porto as a baker")
    model.learns("Ana works in Faro", "Ana works as a cook")
    model.decides(decision(0, "SUPERSEDE", "M1"), decision(1, "SUPERSEDE", "M1"))
    first, second = (memory.add("I am a cook in Faro now", user_id="u"))["results"]
    assert (first["event"], first["supersedes"]) == ("UPDATE", old)
    assert (second["event"], "supersedes" in second) == ("ADD", False)
    assert stored(memory) == ["Ana works in Faro", "Ana works as a cook"]


def test_superseded_by_what_is_known_elsewhere_is_still_told(memory: Memory, model: ScriptedModel) -> None:
    # The new text is a memory already, but in a place where the search for what is near does not look.
    known = (memory.add("Ana drinks tea", user_id="u", infer=False, metadata={"k": 1}))["results"][0]["id"]
    old = (memory.add("Ana drinks no tea", user_id="u", infer=False))["results"][0]["id"]
    model.learns("Ana drinks tea")
    model.decides(decision(0, "SUPERSEDE", "M1"))
    result = memory.add("I drink tea", user_id="u", filters={"k": {"exists": False}})
    assert [record["text"] for record in shown(model.decisions[0], "memories")] == ["Ana drinks no tea"]
    (item,) = result["results"]
    assert (item["id"], item["event"]) == (known, "UPDATE")
    assert (item["supersedes"], item["previous_memory"]) == (old, "Ana drinks no tea")
    kept = memory.get(old)
    assert kept is not None
    assert kept["superseded_by"] == known
    assert stored(memory) == ["Ana drinks tea"]


def test_delete_removes_the_memory_and_stores_nothing(memory: Memory, model: ScriptedModel) -> None:
    known = learn(memory, model, LIVES)
    model.learns("Ana wants it forgotten that she lives in Porto")
    model.decides(decision(0, "DELETE", "M1"))
    (item,) = (memory.add("Forget where I live", user_id="u"))["results"]
    assert (item["id"], item["event"], item["previous_memory"]) == (known, "DELETE", LIVES)
    assert memory.get(known) is None
    assert stored(memory) == []
    assert found(memory, "Porto") == []
    assert [entry["event"] for entry in memory.history(known)] == ["ADD", "DELETE"]
    assert memory.sources(known) == []


def test_none_changes_nothing_but_adds_evidence(memory: Memory, model: ScriptedModel) -> None:
    known = learn(memory, model, LIVES)
    model.learns("Porto is where Ana lives")
    model.decides(decision(0, "NONE", "M1"))
    assert (memory.add("As I said, Ana lives in Porto", user_id="u"))["results"] == []
    assert stored(memory) == [LIVES]
    assert [turn["content"] for turn in memory.sources(known)] == [
        f"{LIVES}!",
        "As I said, Ana lives in Porto",
    ]
    assert len(memory.history(known)) == 1


@pytest.mark.parametrize("action", ["UPDATE", "SUPERSEDE", "DELETE", "NONE"])
@pytest.mark.parametrize("target", ["M2", "7", "the real id"])
def test_an_alias_that_was_not_offered_changes_nothing_and_loses_nothing(
    memory: Memory, model: ScriptedModel, action: str, target: str
) -> None:
    known = learn(memory, model, LIVES)
    model.learns("Ana lives in Porto with Bo")
    target = str(known) if target == "the real id" else target
    model.decides(decision(0, action, target, "Ana lives nowhere"))
    (item,) = (memory.add("Ana lives in Porto with Bo!", user_id="u"))["results"]
    assert (item["event"], item["memory"]) == ("ADD", "Ana lives in Porto with Bo")
    assert stored(memory) == [LIVES, "Ana lives in Porto with Bo"]
    assert len(memory.history(known)) == 1


@pytest.mark.parametrize(
    "decisions",
    [
        [],
        [decision(1, "ADD")],
        [decision(7, "DELETE", "M1")],
        [decision(0, "UPDATE", "M1")],
        [decision(0, "BURN", "M1")],
        [5, None, {"action": "DELETE"}],
    ],
    ids=["none", "for another", "for nobody", "without text", "unknown", "garbled"],
)
def test_a_fact_without_a_decision_is_added(
    memory: Memory, model: ScriptedModel, decisions: list[Any]
) -> None:
    known = learn(memory, model, LIVES)
    model.learns("Ana lives in Porto with Bo", "Ana lives in Porto with a cat")
    model.rules(json.dumps({"decisions": decisions}))
    items = (memory.add("In Porto, with Bo and a cat", user_id="u"))["results"]
    assert [item["event"] for item in items] == ["ADD", "ADD"]
    assert len(stored(memory)) == 3
    assert len(memory.history(known)) == 1


def test_an_update_to_what_another_memory_says_leaves_both(memory: Memory, model: ScriptedModel) -> None:
    first = learn(memory, model, LIVES)
    model.learns("Bo lives in Porto")
    model.decides(decision(0, "ADD"))
    memory.add("Bo lives in Porto", user_id="u")
    model.learns("Both live in Porto")
    model.rules(lambda request: _update(request, LIVES, "Bo lives in Porto"))
    assert (memory.add("Both live in Porto", user_id="u"))["results"] == []
    assert stored(memory) == [LIVES, "Bo lives in Porto"]
    assert len(memory.history(first)) == 1


def _update(request: Messages, text: str, merged: str) -> str:
    aliases = {item["text"]: item["alias"] for item in shown(request, "memories")}
    return json.dumps({"decisions": [decision(0, "UPDATE", aliases[text], merged)]})


def test_mixed_decisions_are_applied_together(memory: Memory, model: ScriptedModel) -> None:
    texts = [
        "Ana drinks green tea",
        "Ana owns a red bicycle",
        "Ana fears tall dogs",
        "Ana plays the old piano",
    ]
    ids = dict(zip(texts, [learn(memory, model, text) for text in texts], strict=True))
    changed = [
        "Ana drinks green tea with mint",
        "Ana owns a blue bicycle",
        "Ana wants it forgotten that she fears tall dogs",
        "Ana plays the piano",
        "The boat to Olhão is slow",
    ]
    model.learns(*changed)

    def decide(request: Messages) -> str:
        alias = {item["text"]: item["alias"] for item in shown(request, "memories")}
        assert set(alias) == set(texts)
        return json.dumps(
            {
                "decisions": [
                    decision(0, "UPDATE", alias[texts[0]], "Ana drinks green tea, with mint"),
                    decision(1, "SUPERSEDE", alias[texts[1]]),
                    decision(2, "DELETE", alias[texts[2]]),
                    decision(3, "NONE", alias[texts[3]]),
                    decision(4, "ADD"),
                ]
            }
        )

    model.rules(decide)
    items = (memory.add(" ".join(f"{text}." for text in changed), user_id="u"))["results"]
    events = {item["memory"]: item["event"] for item in items}
    assert events == {
        "Ana drinks green tea, with mint": "UPDATE",
        "Ana owns a blue bicycle": "UPDATE",
        "Ana fears tall dogs": "DELETE",
        "The boat to Olhão is slow": "ADD",
    }
    assert set(stored(memory)) == {
        "Ana drinks green tea, with mint",
        "Ana owns a blue bicycle",
        "Ana plays the old piano",
        "The boat to Olhão is slow",
    }
    assert len(memory.sources(ids[texts[3]])) == 2


@pytest.mark.parametrize("action", ["UPDATE", "SUPERSEDE", "DELETE", "NONE"])
@pytest.mark.parametrize("meanwhile", ["update", "delete"])
def test_what_changed_meanwhile_is_decided_anew(
    memory: Memory, model: ScriptedModel, config: dict[str, Any], action: str, meanwhile: str
) -> None:
    known = learn(memory, model, LIVES)
    new = "Porto is where Ana lives" if action == "NONE" else "Ana lives in Porto with Bo"
    model.learns(new)

    def decide(request: Messages) -> str:
        with elsewhere(config) as other:
            if meanwhile == "update":
                assert other.update(known, "Ana lives in Porto in a tower")
            else:
                assert other.delete(known)
        return json.dumps({"decisions": [decision(0, action, "M1", "Ana lives in Porto, with Bo")]})

    both = "Ana lives in Porto in a tower, with Bo"
    model.rules(decide)
    if meanwhile == "update":
        model.decides(decision(0, "UPDATE", "M1", both))
    (item,) = (memory.add("Ana lives in Porto with Bo!", user_id="u"))["results"]
    if meanwhile == "delete":
        # There is nothing near any more, so there is nothing to decide.
        assert len(model.decisions) == 1
        assert (item["event"], stored(memory)) == ("ADD", [new])
        return
    assert [record["text"] for record in shown(model.decisions[1], "memories")] == [
        "Ana lives in Porto in a tower"
    ]
    assert (item["id"], item["event"], item["memory"]) == (known, "UPDATE", both)
    assert stored(memory) == [both]
    assert [entry["event"] for entry in memory.history(known)] == ["ADD", "UPDATE", "UPDATE"]


def test_what_was_learned_elsewhere_meanwhile_is_not_stored_twice(
    memory: Memory, model: ScriptedModel, config: dict[str, Any]
) -> None:
    learn(memory, model, LIVES)
    new = "Ana lives in Porto with Bo"
    model.learns(new)

    def decide(request: Messages) -> str:
        with elsewhere(config) as other:
            other.add(new, user_id="u", infer=False)
        return json.dumps({"decisions": [decision(0, "ADD")]})

    model.rules(decide)
    assert (memory.add("Ana lives in Porto with Bo!", user_id="u"))["results"] == []
    assert stored(memory) == [LIVES, new]


def test_a_memory_that_never_rests_ends_in_an_error_that_says_so(
    memory: Memory, model: ScriptedModel, config: dict[str, Any]
) -> None:
    known = learn(memory, model, LIVES)
    model.learns("Porto is where Ana lives")

    def decide(request: Messages) -> str:
        with elsewhere(config) as other:
            other.update(known, f"Ana lives in Porto, house {len(model.decisions)}")
        return json.dumps({"decisions": [decision(0, "NONE", "M1")]})

    model.rules(*[decide] * 20)
    with pytest.raises(StoreError, match="kept changing"):
        memory.add("Ana lives in Porto with Bo!", user_id="u")
    assert len(model.decisions) < 10
    assert stored(memory) == [f"Ana lives in Porto, house {len(model.decisions)}"]
    # The message is kept all the same.
    assert ("Ana lives in Porto with Bo!",) in in_table(config, "turns", "content")


def test_an_access_is_no_change(memory: Memory, model: ScriptedModel, config: dict[str, Any]) -> None:
    known = learn(memory, model, LIVES)
    model.learns(fact("Ana lives in Porto with Bo"))

    def decide(request: Messages) -> str:
        with elsewhere(config) as other:
            assert other.get(known) is not None
        return json.dumps({"decisions": [decision(0, "UPDATE", "M1", "Ana lives in Porto, with Bo")]})

    model.rules(decide)
    memory.add("Ana lives in Porto with Bo!", user_id="u")
    assert len(model.decisions) == 1
    assert stored(memory) == ["Ana lives in Porto, with Bo"]


@pytest.mark.parametrize(
    "other", [("ADD", None, None), ("SUPERSEDE", "M1", None), ("NONE", "M1", None), None]
)
@pytest.mark.parametrize("deleted_first", [True, False])
def test_a_fact_takes_the_place_of_what_was_to_be_deleted_for_it(
    memory: Memory,
    model: ScriptedModel,
    other: tuple[str, str | None, str | None] | None,
    deleted_first: bool,
) -> None:
    old = learn(memory, model, LIVES)
    model.learns("Ana lives in Faro")
    given = [decision(0, "DELETE", "M1")] + ([] if other is None else [decision(0, *other)])
    model.decides(*(given if deleted_first else reversed(given)))
    (item,) = (memory.add("I moved to Faro", user_id="u"))["results"]
    assert (item["event"], item["memory"], item["supersedes"]) == ("UPDATE", "Ana lives in Faro", old)
    assert stored(memory) == ["Ana lives in Faro"]
    kept = memory.get(old)
    assert kept is not None
    assert kept["superseded_by"] == item["id"]


@pytest.mark.parametrize("turned", [True, False])
def test_several_facts_may_name_one_memory(memory: Memory, model: ScriptedModel, turned: bool) -> None:
    known = learn(memory, model, LIVES)
    facts = ["Ana lives in Porto with Bo", "Porto is where Ana lives"]
    model.learns(*(reversed(facts) if turned else facts))
    merged = "Ana lives in Porto, with Bo"
    model.decides(decision(int(turned), "UPDATE", "M1", merged), decision(1 - turned, "NONE", "M1"))
    (item,) = (memory.add("Ana lives in Porto, with Bo", user_id="u"))["results"]
    assert (item["id"], item["event"], item["memory"]) == (known, "UPDATE", merged)
    assert len(model.decisions) == 1
    assert stored(memory) == [merged]


@pytest.mark.parametrize("target", ["M1", None])
def test_what_no_memory_says_is_stored_though_it_counts_as_known(
    memory: Memory, model: ScriptedModel, target: str | None
) -> None:
    learn(memory, model, LIVES)
    model.learns("Ana lives in Porto with a dog named Rex")
    model.decides(decision(0, "NONE", target))
    memory.add("With Rex, my dog", user_id="u")
    assert stored(memory) == [LIVES, "Ana lives in Porto with a dog named Rex"]
