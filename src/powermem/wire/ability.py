"""What an endpoint turned out to understand; learned from its refusals."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from .failure import Failure


class Structure(enum.IntEnum):
    """How a model is held to a JSON schema, the weakest first."""

    PROMPT = 0
    """The schema stands in the prompt."""
    OBJECT = 1
    """And the endpoint promises some JSON object."""
    SCHEMA = 2
    """The endpoint enforces the schema."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What may be sent to a model.

    Attributes:
        structure: the strongest way to ask for structured output.
        renamed_limit: whether the limit is called ``max_completion_tokens``, as by OpenAI's reasoning models.
        refused: parameters that the model does not take.
        without_thinking: whether thinking must be switched off, as some of Qwen's models want it.
    """

    structure: Structure = Structure.SCHEMA
    renamed_limit: bool = False
    refused: frozenset[str] = frozenset()
    without_thinking: bool = False

    def meet(self, other: Abilities) -> Abilities:
        """Return what both allow: two calls may have learned different things at the same time."""
        return Abilities(
            min(self.structure, other.structure),
            self.renamed_limit or other.renamed_limit,
            self.refused | other.refused,
            self.without_thinking or other.without_thinking,
        )

    def after(self, failure: Failure, sent: Collection[str]) -> Abilities | None:
        """Return lesser abilities with which the same call may succeed.

        Args:
            failure: the reply to a request made with these abilities.
            sent: names of the parameters in that request.

        Returns:
            ``None`` when the failure says nothing about abilities.
        """
        if failure.status not in _REFUSALS:
            return None
        said = failure.said.lower()
        if "max_tokens" in sent and "max_completion_tokens" in said and not self.renamed_limit:
            return replace(self, renamed_limit=True)
        if "enable_thinking" in said and not self.without_thinking:
            return replace(self, without_thinking=True)
        if _UNSUPPORTED.search(said):
            named = {name for name in _SAMPLING if name in sent and re.search(rf"\b{name}\b", said)}
            if {"temperature", "top_p"} <= named:
                # Some models take either but not both; the temperature is the one that people set.
                named = {"top_p"}
            if named:
                return replace(self, refused=self.refused | named)
        if not _STRUCTURED.isdisjoint(sent) and self.structure and _ABOUT_STRUCTURE.search(said):
            return replace(self, structure=Structure(self.structure - 1))
        return None


def refused_field(failure: Failure, sent: Collection[str]) -> str | None:
    """Return the optional field of an embedding request that the endpoint does not take, if that is it."""
    if failure.status not in _REFUSALS:
        return None
    said = failure.said.lower()
    if "encoding_format" in sent and ("encoding_format" in said or "base64" in said):
        return "encoding_format"
    if "dimensions" in sent and "dimensions" in said and _UNSUPPORTED.search(said):
        return "dimensions"
    return None


_REFUSALS = frozenset({400, 404, 415, 422, 501})
_SAMPLING = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "store")
_STRUCTURED = frozenset({"response_format", "tool_choice"})
_UNSUPPORTED = re.compile(r"support|deprecated|cannot both|not allowed|not permitted|unrecognized|unknown")
_ABOUT_STRUCTURE = re.compile(
    r"response_?format|schema|json|structured|tool|unsupported|not support|unavailable"
)
