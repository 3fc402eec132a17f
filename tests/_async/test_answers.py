"""Answers of a model that are no answers: mended where they can be, an error otherwise; nothing is lost."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from powermem import (
    AsyncMemory,
    AuthenticationError,
    ExtractionError,
    InvalidInputError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
)
from powermem._concurrency import async_gather
from tests.support.apiserver import DROP, GARBAGE, HANG, ApiServer, Behaviour, failure
from tests.support.scripted import ScriptedModel, decision, fact, in_table, openai_embedder, openai_llm

GOOD = json.dumps({"facts": [fact("Ana likes green tea")]})
BROKEN = ["I am sorry, Dave.", "", "{}{}{", "[1, 2", '{"answer": 42}', '{"facts": [{"no": "text"}]}', "null"]


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return {**config, "llm": openai_llm(api)}


def only_turns(config: dict[str, Any], *contents: str) -> None:
    """Check that these messages are kept, and nothing else."""
    assert [row[0] for row in in_table(config, "turns", "content")] == sorted(contents)
    for table in ("records", "vectors", "history", "links"):
        assert in_table(config, table) == [(0,)]


@pytest.mark.parametrize(
    "answer",
    [
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"Here are the facts:\n\n```json\n{GOOD}\n```\nAnything else?",
        f'<think>Perhaps {{"facts": [{{"text": "Ana hates tea"}}]}}? No.</think>\n{GOOD}',
        f"First some thoughts, whose beginning the server took.</think>{GOOD}",
        f"\ufeff  {GOOD}  ",
        GOOD[1:-1].join(["{", ",}"]),
        GOOD.replace('"', "'"),
        '["Ana likes green tea"]',
        '{"facts": ["Ana likes green tea"]}',
        '{"text": "Ana likes green tea", "kind": "nonsense", "importance": "high", "turn": "zero"}',
    ],
)
async def test_what_can_be_read_is_read(memory: AsyncMemory, model: ScriptedModel, answer: str) -> None:
    model.says(answer)
    result = await memory.add("Ana likes green tea", user_id="u")
    assert [item["memory"] for item in result["results"]] == ["Ana likes green tea"]
    assert result["usage"]["llm_calls"] == 1


@pytest.mark.parametrize("broken", BROKEN)
async def test_one_turn_to_mend_a_broken_answer(
    memory: AsyncMemory, model: ScriptedModel, broken: str
) -> None:
    model.says(broken, GOOD)
    result = await memory.add("Ana likes green tea", user_id="u")
    assert [item["memory"] for item in result["results"]] == ["Ana likes green tea"]
    assert result["usage"]["llm_calls"] == 2
    first, second = model.extractions
    assert second[: len(first)] == first
    assert [message["role"] for message in second[len(first) :]] == ["assistant", "user"]
    # The model sees its own answer.
    assert second[len(first)]["content"] == (broken or "(no text)")


@pytest.mark.parametrize("broken", BROKEN)
async def test_broken_twice_is_an_error_that_keeps_the_messages(
    memory: AsyncMemory, model: ScriptedModel, config: dict[str, Any], broken: str
) -> None:
    model.says(*[broken] * 6)
    with pytest.raises(ExtractionError, match="answer") as caught:
        await memory.add(["Ana likes tea", "And jazz"], user_id="u")
    assert caught.value.provider == "openai"
    assert isinstance(caught.value, ProviderError)
    assert "the messages are kept and wait: process('u') learns from them" in str(caught.value)
    # What seems to be cut is asked for in parts as well.
    assert model.calls == (6 if broken in ("{}{}{", "[1, 2") else 2)
    model.forget()
    only_turns(config, "And jazz", "Ana likes tea")
    # The memory works on.
    model.says(GOOD)
    (item,) = (await memory.add("Ana likes tea", user_id="u"))["results"]
    assert len(await memory.sources(item["id"])) == 1
    assert len(in_table(config, "turns", "id")) == 3


async def test_a_retry_with_the_same_key_does_not_bring_its_messages_twice(
    memory: AsyncMemory, model: ScriptedModel, config: dict[str, Any]
) -> None:
    model.says("nonsense", "nonsense", GOOD)
    with pytest.raises(ExtractionError):
        await memory.add("Ana likes tea", user_id="u", idempotency_key="k")
    first = await memory.add("Ana likes tea", user_id="u", idempotency_key="k")
    assert await memory.add("Ana likes tea", user_id="u", idempotency_key="k") == first
    (item,) = first["results"]
    assert [turn["content"] for turn in await memory.sources(item["id"])] == ["Ana likes tea"]
    assert in_table(config, "turns", "content") == [("Ana likes tea",)]
    model.says("nonsense", "nonsense")
    with pytest.raises(ExtractionError):
        await memory.add("Ana likes rain", user_id="u", idempotency_key="other")
    with pytest.raises(InvalidInputError, match="idempotency_key: 'other' was given for 1 other messages"):
        await memory.add(["Ana likes rain", "And jazz"], user_id="u", idempotency_key="other")


async def test_a_broken_decision_is_mended_too(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(GOOD)
    await memory.add("Ana likes green tea", user_id="u")
    model.learns("Ana likes green tea with mint")
    model.rules(
        "Well.", json.dumps({"decisions": [decision(0, "UPDATE", "M1", "Ana likes green tea, with mint")]})
    )
    result = await memory.add("With mint", user_id="u")
    assert [item["event"] for item in result["results"]] == ["UPDATE"]
    assert result["usage"]["llm_calls"] == 3


async def test_a_decision_broken_twice_costs_no_fact(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(GOOD)
    (item,) = (await memory.add("Ana likes green tea", user_id="u"))["results"]
    model.learns("Ana likes green tea with mint", "The ferry sails at noon")
    model.rules("Well.", "Well, well.")
    result = await memory.add("With mint. The ferry sails at noon.", user_id="u")
    assert [added["event"] for added in result["results"]] == ["ADD", "ADD"]
    (warning,) = result["warnings"]
    assert warning.startswith("2 facts were added without a comparison with what is stored: openai: ")
    assert len(await memory.history(item["id"])) == 1
    assert await memory.process("u") == 0


FAILURES = [
    pytest.param(failure(401, "bad key"), AuthenticationError, 401, id="401"),
    pytest.param(failure(429, headers={"retry-after": "0"}), RateLimitError, 429, id="429"),
    pytest.param(failure(500), ProviderError, 500, id="500"),
    pytest.param(failure(404, "no such model"), ProviderError, 404, id="404"),
    pytest.param(HANG, ProviderTimeoutError, None, id="hang"),
    pytest.param(DROP, ProviderError, None, id="drop"),
    pytest.param(GARBAGE, ProviderError, 200, id="garbage"),
    pytest.param(Behaviour(body={"choices": []}), ProviderError, None, id="no choice"),
]


@pytest.mark.parametrize(("behaviour", "error", "status"), FAILURES)
async def test_a_failing_model_leaves_the_messages_only(
    api: ApiServer,
    config: dict[str, Any],
    model: ScriptedModel,
    behaviour: Behaviour,
    error: type[ProviderError],
    status: int | None,
) -> None:
    # What answers at all may take its time on a busy machine.
    limit = {"timeout": 0.2} if error is ProviderTimeoutError else {}
    async with AsyncMemory({**config, "llm": openai_llm(api, **limit)}) as memory:
        api.script.extend([behaviour])
        with pytest.raises(error) as caught:
            await memory.add("Ana likes tea", user_id="u")
        assert type(caught.value) is error
        assert (caught.value.provider, caught.value.status) == ("openai", status)
        assert "sk-test" not in str(caught.value)
        only_turns(config, "Ana likes tea")
    async with AsyncMemory(config) as memory:
        model.says(GOOD)
        assert len((await memory.add("Ana likes tea", user_id="u"))["results"]) == 1


@pytest.mark.parametrize(("behaviour", "error", "status"), FAILURES[:3])
async def test_a_model_that_fails_while_deciding_costs_no_fact(
    api: ApiServer,
    memory: AsyncMemory,
    model: ScriptedModel,
    behaviour: Behaviour,
    error: type[ProviderError],
    status: int | None,
) -> None:
    model.says(GOOD)
    await memory.add("Ana likes green tea", user_id="u")
    model.learns("Ana likes green tea with mint", "The ferry sails at noon")
    api.script.extend([None, behaviour])
    result = await memory.add("With mint. The ferry sails at noon.", user_id="u")
    assert [item["event"] for item in result["results"]] == ["ADD", "ADD"]
    assert str(status) in result["warnings"][0]
    assert (await memory.get_all(user_id="u"))["total"] == 3


async def test_a_passing_failure_is_tried_again(
    api: ApiServer, config: dict[str, Any], model: ScriptedModel
) -> None:
    config["llm"] = openai_llm(api, max_retries=2)
    async with AsyncMemory(config) as memory:
        api.script.extend([failure(429, headers={"retry-after-ms": "1"}), failure(503)])
        model.says(GOOD)
        result = await memory.add("Ana likes tea", user_id="u")
        assert len(result["results"]) == 1
        # Three requests, but one call as far as the model's answers go.
        assert (model.calls, result["usage"]["llm_calls"]) == (3, 1)


async def test_facts_that_cannot_be_embedded_are_not_stored(
    api: ApiServer, config: dict[str, Any], model: ScriptedModel
) -> None:
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        api.rule = lambda request: failure(401) if request.kind == "embed" else None
        model.says(GOOD)
        with pytest.raises(AuthenticationError):
            await memory.add("Ana likes tea", user_id="u")
        only_turns(config, "Ana likes tea")


async def test_one_failure_is_one_callers_failure(
    api: ApiServer, memory: AsyncMemory, model: ScriptedModel
) -> None:
    api.rule = lambda request: failure(500) if "poison" in str(request.body) else None
    model.always_learns("Somebody likes tea")

    async def attempt(number: int) -> str:
        try:
            text = "poison" if number == 3 else "tea"
            await memory.add(text, user_id=f"u{number}")
        except ProviderError as error:
            return type(error).__name__
        return "stored"

    outcomes = await async_gather([partial(attempt, number) for number in range(6)])
    assert outcomes == ["stored"] * 3 + ["ProviderError"] + ["stored"] * 2
    assert await memory.count() == 5


DRAFT = json.dumps({"facts": [fact(f"DRAFT {number} of what may be worth knowing") for number in range(5)]})


@pytest.mark.parametrize(
    "message",
    [
        {"content": f"[THINK]Perhaps {DRAFT}[/THINK]\n{GOOD}"},
        {"content": f"```json\n{DRAFT}\n```\nToo much. Better:\n```json\n{GOOD}\n```"},
        {"content": f"{GOOD}\n<think>Or rather {DRAFT}? No.</think>"},
        {"content": json.dumps({"type": "object", "properties": json.loads(GOOD)})},
        {"content": "", "reasoning_content": f"I could say {DRAFT}. But no.\n{GOOD}"},
        {"content": "I call it.", "tool_calls": [{"function": {"name": "facts", "arguments": GOOD}}]},
    ],
)
async def test_the_answer_is_found_in_the_reply(
    api: ApiServer, memory: AsyncMemory, message: dict[str, Any]
) -> None:
    body = {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}]}
    api.rule = lambda request: Behaviour(body=body) if request.kind == "chat" else None
    result = await memory.add("Ana likes green tea", user_id="u")
    assert [item["memory"] for item in result["results"]] == ["Ana likes green tea"]
    assert result["usage"]["llm_calls"] == 1


@pytest.mark.parametrize(
    "said",
    [
        "<html>{}</html>",
        "I found [] facts",
        '{"errors": []}',
        '{"data": []}',
        '{"facts": {}}',
        f"<think>{DRAFT}",
    ],
)
async def test_what_is_no_answer_is_asked_for_without_a_form(
    api: ApiServer, memory: AsyncMemory, model: ScriptedModel, said: str
) -> None:
    model.says(said, GOOD)
    result = await memory.add("Ana likes green tea", user_id="u")
    assert [item["memory"] for item in result["results"]] == ["Ana likes green tea"]
    first, second = (request.body for request in api.of("chat"))
    assert "response_format" in first
    assert "response_format" not in second


async def test_text_of_a_model_is_cleaned_and_costs_no_other_fact(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    odd = "\ud83d tea\x00"
    facts = [
        fact("Ana sails on Sundays"),
        fact(f"Ana likes {odd}", speaker=f"Ana{odd}", entities=[odd, "Ana"], importance=1e999),
        fact("Ana fears tall dogs", speaker="x" * 500, entities=[["nested"], 3], event_date="soon"),
    ]
    preference = {"type": "explicit", "preference": f"Ana likes {odd}", "reasoning": odd}
    model.says(json.dumps({"facts": facts, "preferences": [preference]}))
    result = await memory.add("I sail on Sundays, like tea and fear tall dogs", user_id="u")
    texts = ["Ana sails on Sundays", "Ana likes \ufffd tea", "Ana fears tall dogs"]
    assert [item["memory"] for item in result["results"]] == texts
    stored = {item["memory"]: item for item in (await memory.get_all(user_id="u"))["results"]}
    assert [stored[text]["actor_id"] for text in texts] == [None, "Ana\ufffd tea", None]
    (kept,) = await memory.get_preferences("u")
    assert kept["preference"] == "Ana likes \ufffd tea"
