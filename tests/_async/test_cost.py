"""What a call costs, counted in steps: by the length of what was said, and not by its square."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._core.text import terms
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, openai_llm


@pytest.mark.parametrize("background", [False, True])
async def test_a_message_costs_by_its_length_however_many_facts_it_states(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch, background: bool
) -> None:
    characters = 0
    cut = terms._cut

    def counted(given: str) -> Any:
        nonlocal characters
        characters += len(given)
        return cut(given)

    monkeypatch.setattr(terms, "_cut", counted)
    spent = []
    for count in (100, 200, 400):
        said = " ".join(f"I bought item {number} in the shop of Ana{number}." for number in range(count))
        characters = 0
        user = f"u{count}"
        if background:
            await memory.add_message(user, "user", said)
            assert await memory.process(user) == count
        else:
            assert len((await memory.add(said, user_id=user))["results"]) == count
        spent.append(characters / len(said))
    assert max(spent) < 1.5 * min(spent)
    found = (await memory.search("Where did I buy item 77?", user_id="u400", limit=1))["results"]
    assert found[0]["memory"].startswith("I bought item 77 ")


async def test_a_long_memory_is_read_once_however_many_facts_are_near_it(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    characters = 0
    cut = terms._cut

    def counted(given: str) -> Any:
        nonlocal characters
        characters += len(given)
        return cut(given)

    said = " ".join(f"I bought item {number} in the shop of Ana{number}." for number in range(500))
    spent = []
    words = {**config, "llm": openai_llm(api), "embedder": {"provider": "none"}}
    async with AsyncMemory(words) as memory:
        for count in (5, 20, 40):
            user = f"u{count}"
            await memory.add(said, user_id=user, infer=False)
            model.learns(*(f"User bought item {number} in the shop" for number in range(count)))
            model.rules('{"decisions": []}')
            monkeypatch.setattr(terms, "_cut", counted)
            characters = 0
            assert (
                len((await memory.add(f"I bought {count} items in the shop.", user_id=user))["results"])
                == count
            )
            monkeypatch.setattr(terms, "_cut", cut)
            spent.append(characters)
    assert len(model.decisions) == 3
    assert max(spent) < 1.5 * min(spent)


async def test_rough_memories_are_tied_to_the_messages_in_them(memory: AsyncMemory) -> None:
    messages = [{"role": "user", "content": f"{number} " + "x" * 400} for number in range(40)]
    result = await memory.add(messages, user_id="u", async_mode=True)
    tied = [await memory.sources(item["id"]) for item in result["results"]]
    assert [turn["content"][:3].split()[0] for turns in tied for turn in turns] == [str(i) for i in range(40)]
