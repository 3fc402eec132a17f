# Generated from tests/_async/test_metrics.py by scripts/run_unasync.py; edit that file instead.
"""Metrics, as OpenTelemetry's own SDK receives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from powermem import AuthenticationError, Memory
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, openai_embedder, openai_llm


class Measured:
    """What is recorded while a meter provider is set up."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader

    def of(self, name: str, **wanted: Any) -> list[Any]:
        """Return the data points of a metric that have these attributes, written with ``__`` for a dot."""
        data = self._reader.get_metrics_data()
        points = [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]
        for point in points:
            told = str(dict(point.attributes))
            assert not any(secret in told for secret in ("bees", "alice", "geheim"))
        names = {name.replace("__", "."): value for name, value in wanted.items()}
        return [
            point
            for point in points
            if all(point.attributes.get(name) == value for name, value in names.items())
        ]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Measured]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    # A process can be given a provider but once, and the other tests want none.
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    yield Measured(reader)
    provider.shutdown()


def with_models(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return {**config, "llm": openai_llm(api), "embedder": openai_embedder(api)}


@pytest.mark.stores
def test_operations_of_the_memory_and_of_its_store(memory: Memory, measured: Measured) -> None:
    for _ in range(2):
        memory.add("I keep bees", user_id="alice", infer=False)
    memory.search("bees", user_id="alice")
    memory.get_all("alice")
    (added,) = measured.of("powermem.operation.duration", powermem__operation="add")
    assert (added.count, added.attributes["db.system.name"] != "") == (2, True)
    (searched,) = measured.of("powermem.operation.duration", powermem__operation="search")
    assert searched.count == 1
    for operation in ("search", "apply", "list"):
        points = measured.of("db.client.operation.duration", db__operation__name=operation)
        assert [point.attributes["db.system.name"] for point in points] == [
            added.attributes["db.system.name"]
        ]
        assert points[0].sum > 0


def test_requests_to_models_and_their_tokens(
    config: dict[str, Any], api: ApiServer, measured: Measured
) -> None:
    ScriptedModel(api).learns("Alice keeps bees")
    with Memory(with_models(config, api)) as memory:
        added = memory.add("I keep bees", user_id="alice")
    (asked,) = measured.of("gen_ai.client.operation.duration", gen_ai__operation__name="chat")
    assert dict(asked.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "scripted",
    }
    assert asked.count == added["usage"]["llm_calls"]
    usage = dict(added["usage"])
    for kind, name in (("input", "prompt_tokens"), ("output", "completion_tokens")):
        (tokens,) = measured.of("gen_ai.client.token.usage", gen_ai__token__type=kind)
        assert tokens.sum == usage[name]
    assert measured.of("gen_ai.client.operation.duration", gen_ai__operation__name="embeddings")


def test_a_failure_is_counted_by_its_type(config: dict[str, Any], api: ApiServer, measured: Measured) -> None:
    api.rule = lambda request: failure(401, "no bees for alice")
    with Memory(with_models(config, api)) as memory:
        with pytest.raises(AuthenticationError):
            memory.add("I keep bees", user_id="alice")
    (added,) = measured.of("powermem.operation.duration", powermem__operation="add")
    assert added.attributes["error.type"] == "AuthenticationError"
    assert measured.of("gen_ai.client.operation.duration", error__type="AuthenticationError")


def test_how_much_waits(memory: Memory, measured: Measured) -> None:
    memory.add_message("alice", "user", "I keep bees")
    counted = memory.processing.stats()
    for state, number in (("buffered", counted["buffered"]), ("pending", counted["queue_depth"])):
        (point,) = measured.of("powermem.queue.depth", powermem__state=state)
        assert point.value == number
    assert counted["buffered"] == 1
    assert measured.of("powermem.queue.oldest")[0].value >= 0


def test_another_provider_gets_what_is_measured_from_then_on(
    memory: Memory, measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.count("alice")
    memory.search("bees", user_id="alice")
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    memory.search("bees", user_id="alice")
    (searched,) = Measured(reader).of("powermem.operation.duration", powermem__operation="search")
    assert searched.count == 1
    provider.shutdown()
