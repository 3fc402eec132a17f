"""Figures of a model and a prompt on a labelled set, by language and by style."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..values import Usage
from .labelled import Tally

ALL = "all"


@dataclass(slots=True)
class Figures:
    """What was found and decided in some cases.

    Attributes:
        tally: facts found and junk.
        decisions: how many decision cases there are.
        right: how many of them were decided rightly.
        failed: how many cases ended in an error.
        usage: what the calls cost.
    """

    tally: Tally = field(default_factory=Tally)
    decisions: int = 0
    right: int = 0
    failed: int = 0
    usage: Usage = field(default_factory=Usage)

    def count(self, part: Figures) -> None:
        """Add the figures of a case."""
        self.tally = self.tally + part.tally
        self.decisions += part.decisions
        self.right += part.right
        self.failed += part.failed
        for name in ("llm_calls", "prompt_tokens", "completion_tokens", "facts_left_out"):
            setattr(self.usage, name, getattr(self.usage, name) + getattr(part.usage, name))

    def record(self, prices: tuple[float, float] | None) -> dict[str, Any]:
        """Return the figures as values of JSON.

        Args:
            prices: what a million tokens of requests and of answers cost; without them there is no ``cost``.
        """
        tally, usage = self.tally, self.usage
        found: dict[str, Any] = {
            "facts": tally.facts,
            "found": tally.found,
            "recall": round(tally.recall, 4),
            "memories": tally.memories,
            "junk": tally.junk,
            "junk_share": round(tally.junk_share, 4),
            "attributed": tally.attributed,
            "attributed_right": tally.right,
            "decisions": self.decisions,
            "decisions_right": self.right,
            "failed": self.failed,
            "facts_left_out": usage.facts_left_out,
            "llm_calls": usage.llm_calls,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
        }
        if prices is not None:
            cost = usage.prompt_tokens * prices[0] + usage.completion_tokens * prices[1]
            found["cost"] = round(cost / 1_000_000, 6)
        return found


class Groups:
    """Figures of all cases, of each language and of each style in a language."""

    def __init__(self) -> None:
        self._figures: dict[str, Figures] = {ALL: Figures()}

    def count(self, lang: str, style: str, part: Figures) -> None:
        """Add the figures of a case."""
        for name in (ALL, lang, f"{lang} {style}"):
            self._figures.setdefault(name, Figures()).count(part)

    @property
    def all(self) -> Figures:
        """The figures of all cases."""
        return self._figures[ALL]

    def records(self, prices: tuple[float, float] | None) -> Mapping[str, dict[str, Any]]:
        """Return the figures of each group, all cases first."""
        names = sorted(self._figures, key=lambda name: (name != ALL, name))
        return {name: self._figures[name].record(prices) for name in names}
