"""OpenTelemetry spans, if the program uses OpenTelemetry, and what is measured where they are.

The package is never imported here: a program that wants spans has set up a tracer provider, and so has
imported it. Spans contain no texts, no ids of users and no error messages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from .._version import __version__
from .instruments import MODEL, OPERATION, TOKENS, Value, measured, measuring, record

if TYPE_CHECKING:
    from types import ModuleType

    from ..types import Completion

_NO_SPAN = nullcontext()


def span(
    name: str, attributes: dict[str, Value], *, apart: bool = False, store: str | None = None
) -> AbstractContextManager[None]:
    """Record a block as a span, and its duration, with the type of the error that it raises, if any.

    Args:
        name: such as ``"powermem.add"``.
        attributes: by name.
        apart: start a new trace, for work on behalf of other callers than the one that happened to trigger
            it.
        store: the name of the store, for the duration.
    """
    trace = _active()
    if not measuring():
        return _NO_SPAN if trace is None else _span(trace, name, attributes, apart)
    operation: dict[str, Value] = {"powermem.operation": name.removeprefix("powermem.")}
    return _both(trace, name, attributes, apart, measured(OPERATION, operation, store))


@contextmanager
def _both(
    trace: ModuleType | None,
    name: str,
    attributes: dict[str, Value],
    apart: bool,
    duration: AbstractContextManager[None],
) -> Iterator[None]:
    with duration, _NO_SPAN if trace is None else _span(trace, name, attributes, apart):
        yield


def asking(
    name: str, operation: str, provider: str, model: str, **further: Value
) -> AbstractContextManager[None]:
    """Record a request to a model as a span, and its duration.

    Args:
        name: of the span, such as ``"powermem.llm"``.
        operation: ``"chat"`` or ``"embeddings"``.
        provider: who is asked.
        model: its name.
        further: further attributes of the span.
    """
    trace = _active()
    attributes: dict[str, Value] = {"gen_ai.request.model": model, **further}
    if not measuring():
        return _NO_SPAN if trace is None else _span(trace, name, attributes, False)
    return _both(trace, name, attributes, False, measured(MODEL, _of_model(operation, provider, model)))


def _of_model(operation: str, provider: str, model: str) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
    }


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


def note_cost(completion: Completion, provider: str, model: str) -> None:
    """Add the token counts of a model's answer to the current span, and to the metrics."""
    if measuring():
        asked = _of_model("chat", provider, model)
        for kind, count in (("input", completion.prompt_tokens), ("output", completion.completion_tokens)):
            record(TOKENS, count, {**asked, "gen_ai.token.type": kind})
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
