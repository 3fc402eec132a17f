"""What Prometheus reads."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from ..types import ProcessingStatistics

MEDIA_TYPE = CONTENT_TYPE_LATEST

# Seconds.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """Counts requests, in a registry of its own. Several processes of one server add theirs up."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        common: dict[str, Any] = {"registry": self._registry}
        labels = ("method", "route", "status")
        self._requests = Counter("powermem_http_requests", "Requests that were answered", labels, **common)
        self._seconds = Histogram(
            "powermem_http_request_seconds", "Their duration", ("route",), buckets=_BUCKETS, **common
        )
        self._open = Gauge(
            "powermem_http_requests_in_progress",
            "Requests in progress",
            multiprocess_mode="livesum",
            **common,
        )
        self._tasks = Gauge(
            "powermem_tasks",
            "Background tasks of the store",
            ("state",),
            multiprocess_mode="mostrecent",
            **common,
        )
        self._oldest = Gauge(
            "powermem_oldest_waiting_seconds",
            "Age of the oldest waiting work",
            multiprocess_mode="mostrecent",
            **common,
        )
        # Finding a child by its labels takes longer than counting.
        self._count = lru_cache(maxsize=4096)(self._requests.labels)
        self._time = lru_cache(maxsize=1024)(self._seconds.labels)

    def begins(self) -> None:
        """Count a request that begins."""
        self._open.inc()

    def ends(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that ended."""
        self._open.dec()
        self._count(method, route, str(status)).inc()
        self._time(route).observe(seconds)

    def waiting(self, statistics: ProcessingStatistics) -> None:
        """Note the state of background work."""
        for state in ("buffered", "queue_depth", "running", "failed"):
            self._tasks.labels(state).set(statistics[state])
        self._oldest.set(statistics["oldest_age"] or 0)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it, of all processes of this server."""
        if not os.environ.get(FOLDER):
            return generate_latest(self._registry)
        collected = CollectorRegistry()
        MultiProcessCollector(collected)  # type: ignore[no-untyped-call]
        return generate_latest(collected)
