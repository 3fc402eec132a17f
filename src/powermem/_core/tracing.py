"""OpenTelemetry spans, if the program uses OpenTelemetry.

The package is never imported here: a program that wants spans has set up a tracer provider, and so has
imported it. Spans contain no texts, no ids of users and no error messages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from .._version import __version__

if TYPE_CHECKING:
    from types import ModuleType

    from ..types import Completion

Value = str | int | float | bool | None
"""The value of an attribute; ``None`` omits it."""


_NO_SPAN = nullcontext()


def span(name: str, attributes: dict[str, Value], *, apart: bool = False) -> AbstractContextManager[None]:
    """Record a block as a span, with the type of the error that it raises, if any.

    Args:
        name: such as ``"powermem.add"``.
        attributes: by name.
        apart: start a new trace, for work on behalf of other callers than the one that happened to trigger
            it.
    """
    trace = _active()
    return _NO_SPAN if trace is None else _span(trace, name, attributes, apart)


@contextmanager
def _span(trace: ModuleType, name: str, attributes: dict[str, Value], apart: bool) -> Iterator[None]:
    tracer = trace.get_tracer("powermem", __version__)
    context = sys.modules["opentelemetry.context"].Context() if apart else None
    # OpenTelemetry would record the error's message, which may contain what a user said.
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
    """Add attributes to the current span."""
    trace = _active()
    if trace is not None:
        trace.get_current_span().set_attributes(_known(attributes))


def annotate_cost(completion: Completion) -> None:
    """Add the token counts of a model's answer to the current span."""
    annotate(
        {
            "gen_ai.usage.input_tokens": completion.prompt_tokens,
            "gen_ai.usage.output_tokens": completion.completion_tokens,
        }
    )


def _active() -> ModuleType | None:
    """Return the module ``opentelemetry.trace`` if the program has set up a tracer provider."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    # Its names may be missing while another thread is importing it.
    provider = getattr(trace, "get_tracer_provider", None)
    proxy = getattr(trace, "ProxyTracerProvider", None)
    if provider is None or proxy is None or isinstance(provider(), proxy):
        return None
    return trace


def _known(attributes: dict[str, Value]) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}
