"""What a model is shown names the days of the messages, never the present one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from powermem import AsyncMemory
from powermem._core.clock import now
from powermem._core.prompts.quoting import long_date
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, openai_llm

SENT = "2023-05-08T13:56:00Z"
FACT = "Ana adopted a cat"

Way: TypeAlias = Callable[[AsyncMemory], Awaitable[Any]]


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return {**config, "llm": openai_llm(api)}


async def _add(memory: AsyncMemory) -> None:
    await memory.add("Yesterday I adopted a cat.", user_id="u", timestamp=SENT)


async def _add_with_own_times(memory: AsyncMemory) -> None:
    said = [
        {"role": "user", "content": "Yesterday I adopted a cat.", "timestamp": SENT},
        {"role": "user", "content": "!"},
    ]
    await memory.add(said, user_id="u")


async def _add_many(memory: AsyncMemory) -> None:
    await memory.add_many([{"messages": "Yesterday I adopted a cat.", "user_id": "u", "timestamp": SENT}])


async def _in_background(memory: AsyncMemory) -> None:
    await memory.add("Yesterday I adopted a cat.", user_id="u", timestamp=SENT, async_mode=True)
    await memory.wait_for_processing("u")


async def _exchange(memory: AsyncMemory) -> None:
    await memory.add_exchange("u", "Yesterday I adopted a cat.", "Nice!", SENT)
    await memory.process("u")


WAYS: list[Way] = [_add, _add_with_own_times, _add_many, _in_background, _exchange]


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__.strip("_") for way in WAYS])
@pytest.mark.parametrize("prompt", [None, "It is {today}. Keep all."])
async def test_no_request_names_the_present_day(
    config: dict[str, Any], model: ScriptedModel, way: Way, prompt: str | None
) -> None:
    config["custom_fact_extraction_prompt"] = prompt
    model.always_learns(FACT)
    async with AsyncMemory(config) as memory:
        # Something to decide about.
        await memory.add("Ana adopted a dog", user_id="u", infer=False, timestamp=SENT)
        model.decides(decision(0, "ADD"))
        await way(memory)
    requests = [*model.extractions, *model.decisions]
    assert len(requests) >= 2
    day = long_date(now())
    shown = "\n".join(str(message["content"]) for request in requests for message in request)
    assert "Monday, 8 May 2023" in shown
    assert day not in shown
    assert day.split(", ")[1] not in shown
