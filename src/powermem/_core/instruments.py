"""OpenTelemetry metrics, if the program uses OpenTelemetry.

As with spans, the package is never imported here: a program that wants metrics has set up a meter provider,
and so has imported it. Attributes contain no texts and no ids.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import Any, NamedTuple

from .._version import __version__

Value = str | int | float | bool | None
"""The value of an attribute; ``None`` omits it."""

OPERATION = "powermem.operation.duration"
REQUEST = "http.server.request.duration"
STORE = "db.client.operation.duration"
MODEL = "gen_ai.client.operation.duration"
TOKENS = "gen_ai.client.token.usage"
DEPTH = "powermem.queue.depth"
AGE = "powermem.queue.oldest"

_SYSTEMS = {"postgres": "postgresql", "seekdb": "oceanbase"}
"""The names of stores in OpenTelemetry's conventions, where they differ from ours."""

_NOTHING = nullcontext()


class _Kind(NamedTuple):
    unit: str
    what: str
    bounds: tuple[float, ...] = ()


# Those of OpenTelemetry's conventions, where it has any.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_OF_STORE = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
_OF_MODEL = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_OF_TOKENS = tuple(float(4**power) for power in range(14))

_KINDS = {
    OPERATION: _Kind("s", "Duration of operations of the memory", _SECONDS),
    REQUEST: _Kind("s", "Duration of HTTP requests", _SECONDS),
    STORE: _Kind("s", "Duration of operations of the store", _OF_STORE),
    MODEL: _Kind("s", "Duration of requests to models", _OF_MODEL),
    TOKENS: _Kind("{token}", "Tokens of requests to models", _OF_TOKENS),
    DEPTH: _Kind("{item}", "Messages and tasks in the background, by their state"),
    AGE: _Kind("s", "Age of the oldest work that waits"),
}


class _Instruments:
    """The instruments of one meter provider."""

    def __init__(self, provider: Any) -> None:
        self.provider = provider
        meter = provider.get_meter("powermem", __version__)
        self.by_name = {
            name: meter.create_histogram(
                name, kind.unit, kind.what, explicit_bucket_boundaries_advisory=kind.bounds
            )
            if kind.bounds
            else meter.create_gauge(name, kind.unit, kind.what)
            for name, kind in _KINDS.items()
        }


_LOCK = threading.Lock()
_instruments: _Instruments | None = None


def measured(
    name: str, attributes: Mapping[str, Value], store: str | None = None
) -> AbstractContextManager[None]:
    """Record the duration of a block, with the type of the error that it raises, if any.

    Args:
        name: of the instrument.
        attributes: by name.
        store: the name of the store that it concerns.
    """
    instruments = _active()
    return _NOTHING if instruments is None else _timed(instruments, name, attributes, store)


@contextmanager
def _timed(
    instruments: _Instruments, name: str, attributes: Mapping[str, Value], store: str | None
) -> Iterator[None]:
    started, error = perf_counter(), None
    try:
        yield
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        told = {**attributes, "error.type": error}
        if store is not None:
            told["db.system.name"] = _SYSTEMS.get(store, store)
        instruments.by_name[name].record(perf_counter() - started, _known(told))


def record(name: str, value: float, attributes: Mapping[str, Value]) -> None:
    """Record one value of a histogram, or the present value of a gauge."""
    instruments = _active()
    if instruments is not None:
        known = _known(attributes)
        instrument = instruments.by_name[name]
        (instrument.record if hasattr(instrument, "record") else instrument.set)(value, known)


def measuring() -> bool:
    """Return whether anybody wants metrics."""
    return _active() is not None


def _active() -> _Instruments | None:
    """Return the instruments if the program has set up a meter provider."""
    global _instruments
    metrics = sys.modules.get("opentelemetry.metrics")
    if metrics is None:
        return None
    # Its names may be missing while another thread is importing it.
    get = getattr(metrics, "get_meter_provider", None)
    if get is None:
        return None
    provider = get()
    known = _instruments
    if known is not None and known.provider is provider:
        return known
    if type(provider).__name__ in ("_ProxyMeterProvider", "NoOpMeterProvider"):
        return None
    with _LOCK:
        if _instruments is None or _instruments.provider is not provider:
            _instruments = _Instruments(provider)
        return _instruments


def _known(attributes: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}
