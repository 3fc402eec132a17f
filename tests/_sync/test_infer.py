# Generated from tests/_async/test_infer.py by scripts/run_unasync.py; edit that file instead.
"""``add`` with a language model: what it costs, what is stored, and where it came from."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import gather
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, fact, in_table, openai_embedder, openai_llm, shown

TALK = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "name": "Ana",
        "content": "I moved to Porto yesterday.",
        "timestamp": "2023-05-08T10:00:00Z",
    },
    {"role": "assistant", "content": "How exciting!"},
    {
        "role": "user",
        "name": "Ana",
        "content": "I can't stand coriander.",
        "timestamp": "2023-05-09T11:30:00Z",
    },
]
MOVED = fact(
    "Ana moved to Porto on 7 May 2023",
    turn=1,
    kind="event",
    importance=0.7,
    event_date="2023-05-07",
    entities=["Ana", "Porto"],
    speaker="Ana",
)
CORIANDER = fact("Ana dislikes coriander", turn=3, kind="preference", importance=0.6, entities=["Ana"])


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return {**config, "llm": openai_llm(api)}


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


def stored(memory: Memory, **scope: Any) -> list[str]:
    listed = memory.get_all(**scope, sort_by="id", order="asc")
    return [item["memory"] for item in listed["results"]]


def test_facts_become_memories_that_know_where_they_came_from(memory: Memory, model: ScriptedModel) -> None:
    model.learns(MOVED, CORIANDER)
    result = memory.add(TALK, user_id="u", metadata={"k": 1})
    assert (result["status"], result["extractor"]) == ("completed", "llm")
    moved, coriander = result["results"]
    assert (moved["memory"], moved["event"], moved["metadata"]) == (MOVED["text"], "ADD", {"k": 1})
    (turn,) = memory.sources(moved["id"])
    assert (turn["role"], turn["content"], turn["actor_id"]) == ("user", TALK[1]["content"], "Ana")
    assert turn["sent_at"] == "2023-05-08T10:00:00+00:00"
    assert [turn["content"] for turn in memory.sources(coriander["id"])] == [TALK[3]["content"]]
    kept = memory.get(moved["id"])
    assert kept is not None
    assert (kept["memory_type"], kept["actor_id"]) == ("event", "Ana")
    assert kept["valid_from"] == "2023-05-08T10:00:00+00:00"
    kept = memory.get(coriander["id"])
    assert kept is not None
    # The model did not say who spoke, but the message does.
    assert (kept["memory_type"], kept["actor_id"]) == ("preference", "Ana")
    assert [entry["event"] for entry in memory.history(moved["id"])] == ["ADD"]
    average = (memory.get_statistics(user_id="u"))["avg_importance"]
    assert average == pytest.approx(0.65)


def test_event_date_and_names_are_kept_with_the_memory(
    memory: Memory, model: ScriptedModel, config: dict[str, Any]
) -> None:
    model.learns(MOVED, CORIANDER)
    memory.add(TALK, user_id="u")
    (first,), (second,) = in_table(config, "records", "facets")
    less, more = (json.loads(facets) for facets in sorted([first, second], key=len))
    assert more["event_at"] == 1683417600000000
    assert more["entities"] == ["Ana", "Porto"]
    assert "event_at" not in less


def test_a_fact_without_a_turn_comes_from_all_of_them(memory: Memory, model: ScriptedModel) -> None:
    for wrong in (None, 99, -1):
        model.learns(fact(f"Ana moved to Porto, fact {wrong}", turn=wrong))
        (item,) = (memory.add(TALK[1:], user_id=f"u{wrong}"))["results"]
        assert len(memory.sources(item["id"])) == 3


def test_nothing_near_needs_one_chat_and_one_embedding_request(
    api: ApiServer, config: dict[str, Any], model: ScriptedModel
) -> None:
    config["embedder"] = openai_embedder(api)
    with Memory(config) as memory:
        model.learns(MOVED, CORIANDER)
        usage = (memory.add(TALK, user_id="u"))["usage"]
        assert (len(api.of("chat")), len(api.of("embed"))) == (1, 1)
        assert (usage["llm_calls"], usage["embedded_texts"]) == (1, 2)
        # What is stored is about other things: still one of each.
        model.learns("The train for Faro leaves at nine")
        memory.add("When does it leave again? Ah, the train for Faro at nine.", user_id="u")
        assert (len(api.of("chat")), len(api.of("embed"))) == (2, 2)


def test_something_near_needs_two_chats(api: ApiServer, config: dict[str, Any], model: ScriptedModel) -> None:
    config["embedder"] = openai_embedder(api)
    with Memory(config) as memory:
        model.learns("Ana likes green tea", "Ana likes black tea")
        memory.add("Ana likes green tea and black tea", user_id="u")
        model.learns("Ana likes white tea", "Ana likes red tea", "Ana likes mint tea")
        model.decides(decision(0, "ADD"), decision(1, "ADD"), decision(2, "ADD"))
        usage = (memory.add("Ana likes white, red and mint tea", user_id="u"))["usage"]
        assert (len(api.of("chat")), len(api.of("embed"))) == (3, 2)
        assert usage["llm_calls"] == 2
        (request,) = model.decisions
        assert {item["text"] for item in shown(request, "memories")} == {
            "Ana likes green tea",
            "Ana likes black tea",
        }
        assert [item["fact"] for item in shown(request, "facts")] == [0, 1, 2]
        assert memory.count(user_id="u") == 5


def test_an_identical_fact_needs_no_decision_and_is_evidence(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana likes green tea")
    (item,) = (memory.add("Ana likes green tea", user_id="u"))["results"]
    model.learns("Ana  likes green tea ", fact("Ana likes green tea"))
    result = memory.add("Did I say that Ana likes green tea?", user_id="u")
    assert result["results"] == []
    assert result["usage"]["llm_calls"] == 1
    assert stored(memory, user_id="u") == ["Ana likes green tea"]
    said = [turn["content"] for turn in memory.sources(item["id"])]
    assert said == ["Ana likes green tea", "Did I say that Ana likes green tea?"]


def test_no_facts_store_no_memory_but_the_turns(
    memory: Memory, model: ScriptedModel, config: dict[str, Any]
) -> None:
    model.learns()
    assert (memory.add("Hello!", user_id="u"))["results"] == []
    assert memory.count() == 0
    assert in_table(config, "turns", "content") == [("Hello!",)]


def test_messages_without_facts_can_be_kept_word_for_word(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    config["intelligent_memory"] = {"fallback_to_simple_add": True}
    with Memory(config) as memory:
        model.learns()
        (item,) = (memory.add("Hello!", user_id="u", memory_type="chat"))["results"]
        assert (item["memory"], item["event"]) == ("Hello!", "ADD")
        kept = memory.get(item["id"])
        assert kept is not None
        assert kept["memory_type"] == "chat"
        assert [turn["content"] for turn in memory.sources(item["id"])] == ["Hello!"]
        model.learns("Ana likes tea")
        (item,) = (memory.add("Ana likes tea", user_id="u"))["results"]
        assert item["memory"] == "Ana likes tea"
        assert len(in_table(config, "turns", "id")) == 2


def test_a_memory_type_given_wins_over_the_kind(memory: Memory, model: ScriptedModel) -> None:
    model.learns(CORIANDER)
    (item,) = (memory.add(TALK, user_id="u", memory_type="taste"))["results"]
    kept = memory.get(item["id"])
    assert kept is not None
    assert kept["memory_type"] == "taste"


def test_usage_adds_up_what_the_model_reported(api: ApiServer, memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana likes green tea")
    memory.add("Ana likes green tea", user_id="u")
    model.learns("Ana likes green tea with mint")
    model.decides(decision(0, "UPDATE", "M1", "Ana likes green tea, best with mint"))
    usage = (memory.add("Best with mint", user_id="u"))["usage"]
    requests = [*model.extractions[1:], *model.decisions]
    # The server counts words as tokens.
    assert usage["prompt_tokens"] == sum(len(str(m["content"]).split()) for r in requests for m in r)
    assert usage["completion_tokens"] > 0
    # The fact, and the merged text.
    assert (usage["llm_calls"], usage["embedded_texts"]) == (2, 2)
    assert usage["seconds"] > 0


def test_anthropic_end_to_end(api: ApiServer, config: dict[str, Any]) -> None:
    model = ScriptedModel(api)
    settings = {"api_key": "key", "base_url": api.url, "model": "scripted"}
    config["llm"] = {"provider": "anthropic", "config": settings}
    with Memory(config) as memory:
        model.learns(MOVED)
        (item,) = (memory.add(TALK, user_id="u"))["results"]
        assert item["memory"] == MOVED["text"]
        model.learns("Ana moved to Faro in June 2023")
        model.decides(decision(0, "SUPERSEDE", "M1"))
        result = memory.add("In June I moved to Faro", user_id="u", timestamp="2023-06-30")
        assert result["results"][0]["supersedes"] == item["id"]
        assert result["usage"]["llm_calls"] == 2
        assert result["usage"]["prompt_tokens"] > 0
        assert stored(memory, user_id="u") == ["Ana moved to Faro in June 2023"]
    assert {request.path for request in api.of("chat")} == {"/v1/messages"}


def test_ten_at_once_make_one(memory: Memory, model: ScriptedModel) -> None:
    model.always_learns("Ana loves chess")
    results = gather([partial(memory.add, "Ana loves chess", user_id="u") for _ in range(10)])
    events = [item["event"] for result in results for item in result["results"]]
    assert events == ["ADD"]
    (kept,) = (memory.get_all(user_id="u"))["results"]
    assert len(memory.sources(kept["id"])) == 10
    assert model.decisions == []


def test_calls_of_one_scope_see_what_the_others_learned(memory: Memory, model: ScriptedModel) -> None:
    wordings = [f"Ana likes tea number {number}" for number in range(5)]
    for wording in wordings:
        model.learns(wording)
    for _ in wordings:
        model.rules(_merge_all)
    gather([partial(memory.add, "Ana likes tea", user_id="u") for _ in wordings])
    (kept,) = (memory.get_all(user_id="u"))["results"]
    assert sorted(kept["memory"].split(" and ")) == wordings
    assert len(memory.history(kept["id"])) == 5


def _merge_all(request: list[dict[str, Any]]) -> str:
    (known,) = shown(request, "memories")
    (new,) = shown(request, "facts")
    merged = decision(0, "UPDATE", known["alias"], f"{known['text']} and {new['text']}")
    return json.dumps({"decisions": [merged]})
