"""Spans, as OpenTelemetry's own SDK receives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from powermem import AsyncMemory, ProviderError
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, openai_embedder, openai_llm

SECRETS = ("bees", "alice", "geheim")


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What is recorded while a provider of tracers is set up."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # A process can be given a provider but once, and the other tests want none.
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


def of(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Return the spans of a name, after a look that nothing private is in them."""
    found = spans.get_finished_spans()
    for one in found:
        assert not any(
            secret in str(value) for value in (one.attributes or {}).values() for secret in SECRETS
        )
        assert not any(secret in str(one.status.description) for secret in SECRETS)
        assert one.events == ()
    return [one for one in found if one.name == name]


def attributes(one: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(one.attributes or {})


def with_models(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """Return a configuration whose models are on the server."""
    return {**config, "llm": openai_llm(api), "embedder": openai_embedder(api)}


async def test_an_add_and_what_it_asks_for(
    config: dict[str, Any], api: ApiServer, spans: InMemorySpanExporter
) -> None:
    ScriptedModel(api).learns("Alice keeps bees")
    async with AsyncMemory(with_models(config, api)) as memory:
        await memory.add("I keep bees", user_id="alice")
    (added,) = of(spans, "powermem.add")
    assert attributes(added) == {
        "powermem.messages": 1,
        "powermem.infer": True,
        "powermem.async_mode": False,
        "powermem.results": 1,
    }
    (asked,) = of(spans, "powermem.llm")
    cost = attributes(asked)
    assert cost["gen_ai.request.model"] == "scripted"
    assert cost["gen_ai.usage.input_tokens"] > 0
    assert cost["gen_ai.usage.output_tokens"] > 0
    assert asked.parent is not None
    assert asked.parent.span_id == added.context.span_id
    (embedded,) = of(spans, "powermem.embed")
    assert attributes(embedded) == {"gen_ai.request.model": "scripted", "powermem.texts": 1}


async def test_a_search(config: dict[str, Any], spans: InMemorySpanExporter) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add("I keep bees", user_id="alice", infer=False)
        await memory.search("bees", user_id="alice", limit=5)
    (searched,) = of(spans, "powermem.search")
    assert attributes(searched) == {
        "powermem.queries": 1,
        "powermem.limit": 5,
        "powermem.results": 1,
    }


async def test_an_error_is_told_by_its_type_alone(
    config: dict[str, Any], api: ApiServer, spans: InMemorySpanExporter
) -> None:
    api.rule = lambda request: failure(401, "no bees for alice")
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        with pytest.raises(ProviderError):
            await memory.add("I keep bees", user_id="alice")
    for name in ("powermem.add", "powermem.llm"):
        (failed,) = of(spans, name)
        assert attributes(failed)["error.type"] == "AuthenticationError"
        assert failed.status.status_code is trace.StatusCode.ERROR


async def test_a_task_is_a_trace_of_its_own(
    config: dict[str, Any], api: ApiServer, spans: InMemorySpanExporter
) -> None:
    ScriptedModel(api).learns("Alice keeps bees")
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        await memory.add("I keep bees", user_id="alice", async_mode=True)
        await memory.wait_for_processing("alice")
    (added,) = of(spans, "powermem.add")
    assert attributes(added)["powermem.async_mode"] is True
    (done,) = of(spans, "powermem.process")
    assert attributes(done) == {
        "powermem.task.kind": "refine",
        "powermem.task.attempt": 1,
        "powermem.task.status": "completed",
    }
    assert done.parent is None
    (asked,) = of(spans, "powermem.llm")
    assert asked.parent is not None
    assert asked.parent.span_id == done.context.span_id


async def test_a_task_that_fails(config: dict[str, Any], api: ApiServer, spans: InMemorySpanExporter) -> None:
    api.rule = lambda request: failure(401, "no bees for alice")
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        await memory.add_message("alice", "user", "I keep bees")
        with pytest.raises(ProviderError):
            await memory.process("alice")
    (done,) = of(spans, "powermem.process")
    assert attributes(done)["powermem.task.status"] == "failed"
