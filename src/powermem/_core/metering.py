"""What one call costs, counted wherever a model is asked on its behalf."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from .values import Usage

if TYPE_CHECKING:
    from ..types import Completion

_METER: ContextVar[Usage | None] = ContextVar("powermem_meter", default=None)


def meter() -> Usage:
    """Count the cost of what this task does from now on, and return the counts so far."""
    usage = Usage()
    _METER.set(usage)
    return usage


def count_completion(completion: Completion) -> None:
    """Count one answer of a language model."""
    usage = _METER.get()
    if usage is not None:
        usage.count(completion)


def count_texts(count: int) -> None:
    """Count texts that got a vector."""
    usage = _METER.get()
    if usage is not None:
        usage.embedded_texts += count
