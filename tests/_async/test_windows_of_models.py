"""A model whose answers are cut, or whose window is too small: everything is learned, or it waits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from powermem import AsyncMemory, ExtractionError, ProviderError
from powermem.types import AddResult
from tests.support.apiserver import (
    EMPTY,
    NO_MONEY,
    ApiServer,
    Behaviour,
    Request,
    failure,
    no_structure,
    page,
    too_long,
)
from tests.support.scripted import ScriptedModel, decision, eager, fact, heard, shown

Talk = list[dict[str, Any]]


def talk(length: int) -> Talk:
    return [{"role": "user", "content": f"Ana owns boat number {number}."} for number in range(length)]


def texts(length: int) -> list[str]:
    return sorted(message["content"] for message in talk(length))


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return eager(config, api)


@pytest.fixture
async def memory(config: dict[str, Any], model: ScriptedModel) -> AsyncIterator[AsyncMemory]:
    model.repeats()
    async with AsyncMemory(config, max_retries=0) as opened:
        yield opened


async def stored(memory: AsyncMemory) -> list[str]:
    return sorted(item["memory"] for item in (await memory.get_all(user_id="u", limit=500))["results"])


FINISHES = ["length", "max_tokens", "MAX_TOKENS", "model_length", "FinishReason.MAX_TOKENS", "", None, "stop"]


@pytest.mark.parametrize("finish", FINISHES)
async def test_a_cut_answer_is_asked_for_in_parts(
    memory: AsyncMemory, api: ApiServer, finish: str | None
) -> None:
    api.limits.answer_tokens = 500
    api.limits.cut_finish = finish

    result = await memory.add(talk(60), user_id="u")

    assert result["status"] == "completed"
    assert await stored(memory) == texts(60)
    # The size that fits is remembered.
    before = len(api.of("chat"))
    await memory.add(
        [{"role": "user", "content": f"Ana saw bird number {n}."} for n in range(20)], user_id="u"
    )
    assert len(api.of("chat")) - before <= 20


async def test_an_answer_that_says_it_was_cut_is_not_whole_even_when_it_can_be_read(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    api.limits.finish = "length"
    with pytest.raises(ExtractionError, match="max_tokens"):
        await memory.add(talk(4), user_id="u")
    api.limits.finish = "stop"
    await memory.process("u")
    assert await stored(memory) == texts(4)


async def test_the_background_learns_all_of_it_too(memory: AsyncMemory, api: ApiServer) -> None:
    api.limits.answer_tokens = 500
    for message in talk(60):
        await memory.add_message("u", "user", message["content"])

    task = memory.process_async("u")

    assert await task.wait() == 60
    assert task.status == "completed"
    assert await stored(memory) == texts(60)


async def test_what_cannot_be_learned_fails_and_the_rest_is_kept(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    def answer(messages: Any) -> str:
        said = shown(messages, "conversation")
        whole = json.dumps({"facts": [fact(turn["text"], turn=turn["turn"]) for turn in said]})
        return whole[:-30] if any("number 7." in turn["text"] for turn in said) else whole

    model._always = answer
    for message in talk(16):
        await memory.add_message("u", "user", message["content"])

    task = memory.process_async("u")
    await task.wait()

    assert task.status == "failed"
    assert "incomplete" in str(task.error)
    assert await stored(memory) == [text for text in texts(16) if "number 7." not in text]
    model.repeats()
    assert await memory.process("u") == 1
    assert await stored(memory) == texts(16)


@pytest.mark.stores
async def test_an_add_that_learned_a_part_says_so_and_the_rest_waits(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    api.rule = lambda request: failure(500) if "number 5." in json.dumps(request.body) else None
    api.limits.answer_tokens = 120
    with pytest.raises(ProviderError, match=r"kept and wait: process\('u'\)"):
        await memory.add(talk(10), user_id="u", metadata={"source": "chat"}, expires_at="2100-01-01")
    api.rule = lambda request: None
    await memory.process("u")
    found = (await memory.get_all(user_id="u"))["results"]
    assert sorted(item["memory"] for item in found) == texts(10)
    # What the call wanted of its memories is kept with them.
    assert {item["metadata"].get("source") for item in found} == {"chat"}
    assert all(item["expires_at"] for item in found)
    assert await memory.process("u") == 0


async def test_a_long_message_is_divided_by_its_sentences(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    def answer(messages: Any) -> str:
        said = [turn["text"] for turn in shown(messages, "conversation")]
        facts = [fact(f"{sentence}.") for text in said for sentence in text.rstrip(".").split(". ")]
        return json.dumps({"facts": facts})

    model._always = answer
    api.limits.answer_tokens = 200
    await memory.add(" ".join(message["content"] for message in talk(30)), user_id="u")
    assert await stored(memory) == texts(30)


async def test_a_limit_that_is_too_small_is_named(memory: AsyncMemory, api: ApiServer) -> None:
    api.limits.answer_tokens = 3
    with pytest.raises(ExtractionError, match="raise it") as caught:
        await memory.add(talk(60), user_id="u")
    assert "max_tokens" in str(caught.value)
    # Not every message is tried by itself.
    assert len(api.of("chat")) < 30


WINDOWS = [
    too_long(),
    too_long(413, "Request Entity Too Large"),
    too_long(422, "Input validation error: `inputs` must have less than 2048 tokens. Given: 4000"),
    too_long(400, "prompt is too long: 210000 tokens > 200000 maximum", code=None),
    too_long(500, "the request exceeds the available context size"),
]


@pytest.mark.parametrize("refusal", WINDOWS)
async def test_more_than_the_window_takes_is_divided(
    memory: AsyncMemory, api: ApiServer, refusal: Behaviour
) -> None:
    api.limits.chat_window = 2600
    api.limits.refusal = refusal
    for message in talk(150):
        await memory.add_message("u", "user", message["content"])

    assert await memory.process("u") == 150

    await memory.add_message("u", "user", "Ana likes tea.")
    assert await memory.process("u") == 1
    assert await stored(memory) == sorted([*texts(150), "Ana likes tea."])


async def test_a_message_that_never_fits_holds_up_no_other(memory: AsyncMemory, api: ApiServer) -> None:
    api.rule = lambda request: too_long() if "xxxx" in json.dumps(request.body) else None
    await memory.add_message("u", "user", "x" * 300)
    await memory.add_message("u", "user", "Ana likes tea.")
    with pytest.raises(ExtractionError, match="by themselves are refused as well"):
        await memory.process("u")
    assert await stored(memory) == ["Ana likes tea."]


async def test_bad_messages_at_the_beginning_hold_up_no_others(memory: AsyncMemory, api: ApiServer) -> None:
    def rule(request: Any) -> Behaviour | None:
        bad = any(f"number {number}." in json.dumps(request.body) for number in (0, 1, 2, 3, 39))
        return failure(400, "The prompt triggered the content management policy") if bad else None

    api.rule = rule
    with pytest.raises(ExtractionError, match=r"5 of the 40 messages are kept and wait"):
        await memory.add(talk(40), user_id="u")
    assert len(await stored(memory)) == 35


async def test_an_answer_that_the_server_finds_invalid_weakens_nothing_for_others(
    memory: AsyncMemory, api: ApiServer
) -> None:
    words = "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details."
    api.script.append(failure(400, words, code="json_validate_failed"))
    await memory.add("Ana likes tea.", user_id="u")
    await memory.add("Ana likes jazz.", user_id="v")
    forms = [request.body.get("response_format", {}).get("type") for request in api.of("chat")]
    assert forms == ["json_schema", None, "json_schema"]


async def test_a_filter_that_stops_an_answer_costs_its_message_only(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    def rule(request: Any) -> Behaviour | None:
        if "number 3." not in json.dumps(request.body):
            return None
        message = {"role": "assistant", "content": '{"facts": [{"te'}
        return Behaviour(body={"choices": [{"message": message, "finish_reason": "content_filter"}]})

    api.rule = rule
    with pytest.raises(ExtractionError, match=r"1 of the 8 messages are kept and wait"):
        await memory.add(talk(8), user_id="u")
    assert await stored(memory) == [text for text in texts(8) if "number 3." not in text]


@pytest.mark.parametrize(
    "behaviour",
    [
        page(),
        EMPTY,
        NO_MONEY,
        Behaviour(body={"choices": []}),
        Behaviour(body={"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}),
        Behaviour(body={"choices": [{"message": {"content": [7, None, {"text": 3}]}}]}),
        Behaviour(body={"error": {"message": "upstream is down"}}),
        Behaviour(body={"choices": [{"message": {"content": "{"}, "finish_reason": "error"}]}),
        Behaviour(body=b"[]"),
        Behaviour(body=b"null"),
        Behaviour(body="data: [DONE]", headers={"content-type": "text/event-stream"}),
        *[Behaviour(cut=cut) for cut in (0, 1, 40, 200)],
    ],
)
async def test_a_reply_that_is_none_loses_nothing(
    memory: AsyncMemory, api: ApiServer, behaviour: Behaviour
) -> None:
    api.rule = lambda request: behaviour if request.kind == "chat" else None
    with pytest.raises(ProviderError, match="kept and wait"):
        await memory.add("Ana likes tea.", user_id="u")
    await memory.add_message("u", "user", "Ana likes jazz.")
    with pytest.raises(ProviderError):
        await memory.process("u")
    api.rule = lambda request: None
    assert await memory.flush() == 2
    assert await stored(memory) == ["Ana likes jazz.", "Ana likes tea."]


async def test_an_answer_in_parts_is_read(memory: AsyncMemory, api: ApiServer) -> None:
    parts = [{"type": "text", "text": '{"facts": ["Ana li'}, 5, "kes tea", {"type": "text", "text": '"]}'}]
    choice = {"message": {"content": parts}, "finish_reason": "stop"}
    api.script.append(Behaviour(body={"choices": [choice, choice]}))
    assert len((await memory.add("Ana likes tea.", user_id="u"))["results"]) == 1


@pytest.mark.stores
async def test_the_same_key_finishes_what_waited(memory: AsyncMemory, api: ApiServer) -> None:
    api.script.append(failure(500))
    for _ in range(2):
        api.script.append(failure(500))
        with pytest.raises(ProviderError):
            await memory.add("Ana likes tea.", user_id="u", idempotency_key="k")
    api.script.clear()
    await memory.add("Ana likes tea.", user_id="u", idempotency_key="k")
    calls = len(api.of("chat"))
    assert await memory.process("u") == 0
    assert len(api.of("chat")) == calls


async def test_a_refused_structure_is_asked_for_again_later(
    memory: AsyncMemory, api: ApiServer, model: ScriptedModel
) -> None:
    api.script.append(no_structure("json_schema"))
    for number in range(110):
        await memory.add("Ana likes tea.", user_id=f"u{number}")
    forms = [request.body.get("response_format", {}).get("type") for request in api.of("chat")]
    assert forms[:2] == ["json_schema", "json_object"]
    assert forms[-1] == "json_schema"


async def test_warnings_of_a_task_are_told(memory: AsyncMemory, api: ApiServer, model: ScriptedModel) -> None:
    for message in talk(25):
        await memory.add_message("u", "user", message["content"])
    api.script.append(failure(500))
    task = memory.process_async("u")
    assert await task.wait() == 25
    status = await memory.get_status(task.id)
    assert "stay together" in status["warnings"][0]
    assert len(heard(model.extractions)) == 25


BOATS = 8


def deciding(messages: Any) -> str:
    """Let what is said of a boat take the place of what was."""
    aliases = {item["text"].split()[2]: item["alias"] for item in shown(messages, "memories")}
    made = [
        decision(number, "SUPERSEDE", aliases[item["text"].split()[2]])
        for number, item in enumerate(shown(messages, "facts"))
    ]
    return json.dumps({"decisions": made})


def facts_to_decide(request: Request) -> int:
    if request.kind != "chat" or "<memories>" not in request.body["messages"][1]["content"]:
        return 0
    return len(shown(request.body["messages"], "facts"))


async def painted(memory: AsyncMemory, model: ScriptedModel) -> AddResult:
    for number in range(BOATS):
        await memory.add(f"Boat number {number} is red.", user_id="u", infer=False)
    model.learns(*(f"Boat number {number} is blue." for number in range(BOATS)))
    return await memory.add("My boats are blue now.", user_id="u")


@pytest.mark.parametrize("way", ["refused", "cut"])
async def test_decisions_are_divided_too(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, way: str
) -> None:
    def rule(request: Request) -> Behaviour | None:
        return too_long() if way == "refused" and facts_to_decide(request) > 2 else None

    def answer(messages: Any) -> str:
        whole = deciding(messages)
        return whole[:-30] if way == "cut" and len(shown(messages, "facts")) > 2 else whole

    api.rule = rule
    model.rules(*[answer] * 20)
    result = await painted(memory, model)
    assert "warnings" not in result
    assert [item["event"] for item in result["results"]] == ["UPDATE"] * BOATS
    assert await stored(memory) == [f"Boat number {number} is blue." for number in range(BOATS)]


async def test_facts_that_are_never_compared_are_added(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    api.rule = lambda request: too_long() if facts_to_decide(request) else None
    result = await painted(memory, model)
    assert len(await stored(memory)) == 2 * BOATS
    (warning,) = result["warnings"]
    assert warning.startswith(f"{BOATS} facts were added without a comparison")
    # The others would not fit either.
    assert sum(map(bool, map(facts_to_decide, api.requests))) == 4


async def test_what_was_decided_before_a_failure_counts(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    def rule(request: Request) -> Behaviour | None:
        facts = facts_to_decide(request)
        later = facts == BOATS // 2 and "number 0" not in str(shown(request.body["messages"], "facts"))
        return too_long() if facts == BOATS else failure(500) if later else None

    api.rule = rule
    model.rules(deciding)
    result = await painted(memory, model)
    (warning,) = result["warnings"]
    assert warning.startswith(f"{BOATS // 2} facts were added without a comparison")
    assert len(await stored(memory)) == BOATS + BOATS // 2
