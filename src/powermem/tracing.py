"""Spans of OpenTelemetry, where the program uses it.

Nothing is imported here: who wants spans has set up a tracer provider, and so has imported the package. No
text, no id of a scope and no message of an error goes into a span.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from types import ModuleType

    from .types import Completion

Value = str | int | float | bool | None
"""What an attribute may be; ``None`` leaves it out."""


@contextmanager
def span(name: str, attributes: dict[str, Value], *, apart: bool = False) -> Iterator[None]:
    """Record what a block does as a span, with the type of the error that it raises, if it does.

    Args:
        name: such as ``"powermem.add"``.
        attributes: by name.
        apart: begin a trace of its own, because who happened to start the work is not who it is for.
    """
    trace = _active()
    if trace is None:
        yield
        return
    tracer = trace.get_tracer("powermem", __version__)
    context = sys.modules["opentelemetry.context"].Context() if apart else None
    # An error's message may hold what was said, so it is not recorded as OpenTelemetry would.
    with tracer.start_as_current_span(
        name, context, record_exception=False, set_status_on_exception=False
    ) as begun:
        begun.set_attributes(_known(attributes))
        try:
            yield
        except BaseException as error:
            begun.set_attribute("error.type", type(error).__name__)
            begun.set_status(trace.Status(trace.StatusCode.ERROR))
            raise


def annotate(attributes: dict[str, Value]) -> None:
    """Add attributes to the span whose block is under way."""
    trace = _active()
    if trace is not None:
        trace.get_current_span().set_attributes(_known(attributes))


def annotate_cost(completion: Completion) -> None:
    """Add what a model's answer cost to the span whose block is under way."""
    annotate(
        {
            "gen_ai.usage.input_tokens": completion.prompt_tokens,
            "gen_ai.usage.output_tokens": completion.completion_tokens,
        }
    )


def _active() -> ModuleType | None:
    """Return OpenTelemetry's module of spans, if the program has set up a provider of tracers."""
    trace = sys.modules.get("opentelemetry.trace")
    # Another thread may be importing it at this moment.
    provider = getattr(trace, "get_tracer_provider", None)
    proxy = getattr(trace, "ProxyTracerProvider", None)
    if provider is None or proxy is None or isinstance(provider(), proxy):
        return None
    return trace


def _known(attributes: dict[str, Value]) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}
