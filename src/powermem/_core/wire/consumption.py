"""What models did, by day."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from .budget import EMBEDDED_TEXTS, LLM_CALLS

PROMPT_TOKENS = "prompt_tokens"
COMPLETION_TOKENS = "completion_tokens"
CONSUMED = (LLM_CALLS, PROMPT_TOKENS, COMPLETION_TOKENS, EMBEDDED_TEXTS)
"""What is counted. Tokens are those that providers report."""

Days = Mapping[int, Mapping[str, int]]
"""Amounts by name, by the day; days since 1970-01-01, UTC."""


def total(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of the amounts of both."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


class Consumption:
    """Counts that are not in the store yet; safe to share between tasks and between threads."""

    def __init__(self) -> None:
        self._days: dict[int, dict[str, int]] = {}
        self._lock = threading.Lock()

    def add(self, day: int, amounts: Mapping[str, int]) -> None:
        """Count amounts of a day."""
        with self._lock:
            counts = self._days.setdefault(day, {})
            for name, amount in amounts.items():
                counts[name] = counts.get(name, 0) + amount

    def take(self) -> Days:
        """Return all counts and start again from zero."""
        with self._lock:
            taken, self._days = self._days, {}
        return taken

    def put_back(self, days: Days) -> None:
        """Count again what was taken but could not be written."""
        for day, amounts in days.items():
            self.add(day, amounts)
