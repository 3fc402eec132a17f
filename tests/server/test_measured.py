"""Requests as OpenTelemetry's own SDK receives them."""

from __future__ import annotations

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.support.served import Served


def test_requests_are_measured_by_route_and_status(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    for memory_id in ("12", "13"):
        served.client.get(f"/v1/memories/{memory_id}", params={"user_id": "geheim"})
    served.client.get("/version")
    data = reader.get_metrics_data()
    assert data is not None
    (durations,) = (
        metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "http.server.request.duration"
    )
    found = {
        (point.attributes["http.route"], point.attributes["http.response.status_code"]): point.count
        for point in durations.data.data_points
        if point.attributes is not None
    }
    # The last reply may be read before it is measured.
    assert found["/v1/memories/{memory_id}", 404] == 2
    assert "geheim" not in str(data)
    provider.shutdown()


def test_nothing_else_records_what_is_asked_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    served.client.get("/v1/memories", params={"user_id": "geheim", "limit": "wrong"})
    served.client.get("/version")
    spans = exporter.get_finished_spans()
    assert {span.instrumentation_scope.name for span in spans if span.instrumentation_scope} == {"powermem"}
    assert not [span for span in spans if "geheim" in str(span.attributes)]
    provider.shutdown()
