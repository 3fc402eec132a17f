"""One store, one embedder: what happens when another comes, or when it fails."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, AuthenticationError, EmbeddingMismatchError, ProviderError
from powermem._concurrency import async_gather
from tests.support.apiserver import ApiServer, Behaviour, Request, failure
from tests.support.scripted import in_table, openai_embedder


def vectors_of(dimension: int) -> Any:
    """Return a rule by which the server embeds every text as the same vector of this length."""

    def rule(request: Request) -> Behaviour | None:
        if request.kind != "embed":
            return None
        data = [{"index": i, "embedding": [0.5] * dimension} for i in range(len(request.body["input"]))]
        return Behaviour(body={"data": data})

    return rule


async def test_another_embedder_is_refused(api: ApiServer, config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u")
    config["embedder"] = openai_embedder(api)
    memory = AsyncMemory(config)
    await memory.initialize()
    with pytest.raises(EmbeddingMismatchError, match=r"reembed\(\)") as caught:
        await memory.search("tea", user_id="u")
    assert "mock (mock, 384 dimensions)" in str(caught.value)
    assert "openai (scripted" in str(caught.value)
    # It stays refused, and asked nobody for a vector to find out.
    with pytest.raises(EmbeddingMismatchError):
        await memory.add("I like coffee", user_id="u")
    assert api.of("embed") == []
    await memory.close()
    assert in_table(config, "records", "memory") == [("I like tea",)]


@pytest.mark.parametrize(
    "other",
    [{"model": "other"}, {"embedding_dims": 16}],
    ids=["another model", "another dimension"],
)
async def test_another_model_or_dimension_is_refused(
    api: ApiServer, config: dict[str, Any], other: dict[str, Any]
) -> None:
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u")
    config["embedder"] = openai_embedder(api, **other)
    memory = AsyncMemory(config)
    with pytest.raises(EmbeddingMismatchError, match=r"openai \(scripted, 384 dimensions\)"):
        await memory.search("tea", user_id="u")
    await memory.close()


async def test_another_dimension_is_refused_when_it_shows(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u")
    # The same model by name, so opening has nothing to object to.
    api.rule = vectors_of(8)
    async with AsyncMemory(config) as memory:
        for call in (
            partial(memory.add, "I like coffee", user_id="u"),
            partial(memory.add, "I like coffee", user_id="u", infer=False),
            partial(memory.search, "tea", user_id="u"),
        ):
            with pytest.raises(EmbeddingMismatchError, match=r"384 dimensions.*8 dimensions") as caught:
                await call()
            assert "reembed()" in str(caught.value)
        assert await memory.count() == 1


async def test_a_dimension_that_changes_meanwhile_is_an_error(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u")
        api.rule = vectors_of(8)
        with pytest.raises(ProviderError, match="8 numbers, expected 384"):
            await memory.add("I like coffee", user_id="u")
        api.rule = lambda request: None
        assert len((await memory.search("I like tea", user_id="u"))["results"]) == 1


async def test_two_that_open_an_empty_store_cannot_both_fill_it(
    api: ApiServer, config: dict[str, Any]
) -> None:
    first = {**config, "embedder": openai_embedder(api)}
    second = {**config, "embedder": openai_embedder(api, model="other")}
    async with AsyncMemory(first) as one, AsyncMemory(second) as two:
        await one.add("I like tea", user_id="u", infer=False)
        with pytest.raises(EmbeddingMismatchError, match=r"scripted.*other"):
            await two.add("I like coffee", user_id="u", infer=False)
        assert await two.count() == 1


async def test_without_an_embedder_every_store_opens(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add("I like green tea", user_id="u", infer=False)
    async with AsyncMemory({**config, "embedder": {"provider": "none"}}) as memory:
        await memory.add("I like black tea", user_id="u", infer=False)
        assert len((await memory.search("tea", user_id="u"))["results"]) == 2
    # What was stored meanwhile has no vector, and is found by its words.
    async with AsyncMemory(config) as memory:
        results = (await memory.search("black tea", user_id="u", explain=True))["results"]
        assert [item["memory"] for item in results] == ["I like black tea", "I like green tea"]
        assert [item["score_details"]["dense"] > 0 for item in results] == [False, True]


async def test_an_emptied_store_takes_any_embedder(api: ApiServer, config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u")
    async with AsyncMemory({**config, "embedder": {"provider": "none"}}) as memory:
        await memory.reset()
    async with AsyncMemory({**config, "embedder": openai_embedder(api)}) as memory:
        await memory.add("I like tea", user_id="u")
        assert "openai" in (await memory.get_statistics())["embedder"]


async def test_where_the_embedder_fails_nothing_is_stored(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        kept = (await memory.add("I like tea", user_id="u", infer=False))["results"][0]
        api.rule = lambda request: failure(401, "bad key")
        with pytest.raises(AuthenticationError, match="openai refused the credentials"):
            await memory.add(["I like coffee", "I like milk"], user_id="u", infer=False)
        with pytest.raises(AuthenticationError):
            await memory.search("milk", user_id="u")
        with pytest.raises(AuthenticationError):
            await memory.update(kept["id"], "I like juice")
        api.rule = lambda request: None
        assert in_table(config, "records", "memory") == [("I like tea",)]
        assert in_table(config, "turns") == [(1,)]
        assert len(await memory.history(kept["id"])) == 1
        (hit,) = (await memory.search("tea", user_id="u"))["results"]
        assert hit["memory"] == "I like tea"


async def test_a_text_the_embedder_refuses_fails_its_own_caller(
    api: ApiServer, config: dict[str, Any]
) -> None:
    config["embedder"] = openai_embedder(api)

    def rule(request: Request) -> Behaviour | None:
        return failure(400, "too long") if "poison" in str(request.body) else None

    api.rule = rule
    async with AsyncMemory(config) as memory:

        async def attempt(text: str) -> str:
            try:
                await memory.add(text, user_id="u", infer=False)
            except ProviderError as error:
                return f"{error.status}"
            return "stored"

        texts = [*(f"tea number {number}" for number in range(9)), "poison", "one more tea"]
        outcomes = await async_gather([partial(attempt, text) for text in texts])
        assert outcomes == ["stored"] * 9 + ["400", "stored"]
        assert await memory.count() == 10
