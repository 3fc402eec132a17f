"""The routes that tell how the process does."""

from __future__ import annotations

import pytest

from powermem import __version__
from tests.support.served import Served


def test_live_ready_and_version(served: Served) -> None:
    assert served.client.get("/health/live").json() == {"status": "live"}
    assert served.client.get("/health/ready").json() == {"status": "ready"}
    assert served.client.get("/version").json() == {"version": __version__}


def test_a_stopping_server_is_not_ready(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.service.closing, "is_set", lambda: True)
    answer = served.client.get("/health/ready")
    assert (answer.status_code, answer.json()["error"]) == (503, "NotReadyError")
    assert served.client.get("/health/live").status_code == 200


def test_metrics_count_requests_by_route(served: Served) -> None:
    served.client.get("/v1/memories/one-of-many")
    text = served.client.get("/metrics").text
    assert 'method="GET",route="/v1/memories/{memory_id}",status="404"' in text
    assert 'powermem_tasks{state="queue_depth"} 0.0' in text
    assert "one-of-many" not in text
