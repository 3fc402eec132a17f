# Generated from tests/_async/test_embedders_in_memory.py by scripts/run_unasync.py; edit that file instead.
"""One store, one embedder: what happens when another comes, or when it fails."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AuthenticationError, EmbeddingMismatchError, Memory, ProviderError
from powermem._concurrency import gather
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


def test_another_embedder_is_refused(api: ApiServer, config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u")
    config["embedder"] = openai_embedder(api)
    memory = Memory(config)
    memory.initialize()
    with pytest.raises(EmbeddingMismatchError, match=r"reembed\(\)") as caught:
        memory.search("tea", user_id="u")
    assert "mock (mock, 384 dimensions)" in str(caught.value)
    assert "openai (scripted" in str(caught.value)
    # It stays refused, and asked nobody for a vector to find out.
    with pytest.raises(EmbeddingMismatchError):
        memory.add("I like coffee", user_id="u")
    assert api.of("embed") == []
    memory.close()
    assert in_table(config, "records", "memory") == [("I like tea",)]


@pytest.mark.parametrize(
    "other",
    [{"model": "other"}, {"embedding_dims": 16}],
    ids=["another model", "another dimension"],
)
def test_another_model_or_dimension_is_refused(
    api: ApiServer, config: dict[str, Any], other: dict[str, Any]
) -> None:
    config["embedder"] = openai_embedder(api)
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u")
    config["embedder"] = openai_embedder(api, **other)
    memory = Memory(config)
    with pytest.raises(EmbeddingMismatchError, match=r"openai \(scripted, 384 dimensions\)"):
        memory.search("tea", user_id="u")
    memory.close()


def test_another_dimension_is_refused_when_it_shows(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u")
    # The same model by name, so opening has nothing to object to.
    api.rule = vectors_of(8)
    with Memory(config) as memory:
        for call in (
            partial(memory.add, "I like coffee", user_id="u"),
            partial(memory.add, "I like coffee", user_id="u", infer=False),
            partial(memory.search, "tea", user_id="u"),
        ):
            with pytest.raises(EmbeddingMismatchError, match=r"384 dimensions.*8 dimensions") as caught:
                call()
            assert "reembed()" in str(caught.value)
        assert memory.count() == 1


def test_a_dimension_that_changes_meanwhile_is_an_error(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u")
        api.rule = vectors_of(8)
        with pytest.raises(ProviderError, match="8 numbers, expected 384"):
            memory.add("I like coffee", user_id="u")
        api.rule = lambda request: None
        assert len((memory.search("I like tea", user_id="u"))["results"]) == 1


def test_two_that_open_an_empty_store_cannot_both_fill_it(api: ApiServer, config: dict[str, Any]) -> None:
    first = {**config, "embedder": openai_embedder(api)}
    second = {**config, "embedder": openai_embedder(api, model="other")}
    with Memory(first) as one, Memory(second) as two:
        one.add("I like tea", user_id="u", infer=False)
        with pytest.raises(EmbeddingMismatchError, match=r"scripted.*other"):
            two.add("I like coffee", user_id="u", infer=False)
        assert two.count() == 1


def test_without_an_embedder_every_store_opens(config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.add("I like green tea", user_id="u", infer=False)
    with Memory({**config, "embedder": {"provider": "none"}}) as memory:
        memory.add("I like black tea", user_id="u", infer=False)
        assert len((memory.search("tea", user_id="u"))["results"]) == 2
    # What was stored meanwhile has no vector, and is found by its words.
    with Memory(config) as memory:
        results = (memory.search("black tea", user_id="u", explain=True))["results"]
        assert [item["memory"] for item in results] == ["I like black tea", "I like green tea"]
        assert [item["score_details"]["dense"] > 0 for item in results] == [False, True]


def test_an_emptied_store_takes_any_embedder(api: ApiServer, config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u")
    with Memory({**config, "embedder": {"provider": "none"}}) as memory:
        memory.reset()
    with Memory({**config, "embedder": openai_embedder(api)}) as memory:
        memory.add("I like tea", user_id="u")
        assert "openai" in (memory.get_statistics())["embedder"]


def test_where_the_embedder_fails_nothing_is_stored(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    with Memory(config) as memory:
        kept = (memory.add("I like tea", user_id="u", infer=False))["results"][0]
        api.rule = lambda request: failure(401, "bad key")
        with pytest.raises(AuthenticationError, match="openai refused the credentials"):
            memory.add(["I like coffee", "I like milk"], user_id="u", infer=False)
        with pytest.raises(AuthenticationError):
            memory.search("milk", user_id="u")
        with pytest.raises(AuthenticationError):
            memory.update(kept["id"], "I like juice")
        api.rule = lambda request: None
        assert in_table(config, "records", "memory") == [("I like tea",)]
        assert in_table(config, "turns") == [(1,)]
        assert len(memory.history(kept["id"])) == 1
        (hit,) = (memory.search("tea", user_id="u"))["results"]
        assert hit["memory"] == "I like tea"


def test_a_text_the_embedder_refuses_fails_its_own_caller(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)

    def rule(request: Request) -> Behaviour | None:
        return failure(400, "too long") if "poison" in str(request.body) else None

    api.rule = rule
    with Memory(config) as memory:

        def attempt(text: str) -> str:
            try:
                memory.add(text, user_id="u", infer=False)
            except ProviderError as error:
                return f"{error.status}"
            return "stored"

        texts = [*(f"tea number {number}" for number in range(9)), "poison", "one more tea"]
        outcomes = gather([partial(attempt, text) for text in texts])
        assert outcomes == ["stored"] * 9 + ["400", "stored"]
        assert memory.count() == 10
