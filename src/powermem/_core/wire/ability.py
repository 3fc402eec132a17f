"""The features an endpoint accepts, learned from its refusals."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from typing import NamedTuple

from ..patterns import Pattern
from .failure import Failure


class Structure(enum.IntEnum):
    """How structured output is requested, weakest first."""

    PROMPT = 0
    """The prompt contains the schema."""
    OBJECT = 1
    """The prompt contains the schema, and the endpoint guarantees a JSON object."""
    SCHEMA = 2
    """The endpoint enforces the schema."""


class Abilities(NamedTuple):
    """The features a model accepts.

    Attributes:
        structure: the strongest supported form of structured output.
        renamed_limit: whether ``max_tokens`` must be sent as ``max_completion_tokens``, as with OpenAI's
            reasoning models.
        refused: parameters that the model does not accept.
        without_thinking: whether thinking must be switched off, as with some of Qwen's models.
    """

    structure: Structure = Structure.SCHEMA
    renamed_limit: bool = False
    refused: frozenset[str] = frozenset()
    without_thinking: bool = False

    def meet(self, other: Abilities) -> Abilities:
        """Return what both allow; concurrent calls may have learned different limits."""
        return Abilities(
            min(self.structure, other.structure),
            self.renamed_limit or other.renamed_limit,
            self.refused | other.refused,
            self.without_thinking or other.without_thinking,
        )

    def after(self, failure: Failure, sent: Collection[str]) -> Abilities | None:
        """Return reduced abilities with which the same call may succeed.

        Args:
            failure: the reply to a request made with these abilities.
            sent: names of the parameters in that request.

        Returns:
            ``None`` if the failure says nothing about abilities.
        """
        if not _is_about_request(failure):
            return None
        said = failure.said.lower()
        if "max_tokens" in sent and "max_completion_tokens" in said and not self.renamed_limit:
            return self._replace(renamed_limit=True)
        if "enable_thinking" in said and not self.without_thinking:
            return self._replace(without_thinking=True)
        if unsupported := _unsupported_sampling(failure, said, sent):
            return self._replace(refused=self.refused | unsupported)
        if not _STRUCTURED.isdisjoint(sent) and self.structure and _is_about_structure(failure, said):
            return self._replace(structure=Structure(self.structure - 1))
        return None


class Retrial:
    """Counts successful requests since a feature was given up, to decide when to try it again.

    An endpoint may support tomorrow what it refuses today, and a refusal may have had another cause. A retry
    costs a request, so the interval doubles with every refusal.

    Args:
        after: number of requests until the first retry.
        most: maximum number of requests between two retries.
    """

    def __init__(self, after: int = 100, most: int = 3200) -> None:
        self._after = after
        self._most = most
        self._left: int | None = None

    def give_up(self) -> None:
        """Record a refusal."""
        if self._left is None:
            self._left = self._after
            self._after = min(2 * self._after, self._most)

    def is_due(self) -> bool:
        """Count one request; return whether to use the feature again from now on."""
        if self._left is None:
            return False
        self._left -= 1
        if self._left > 0:
            return False
        self._left = None
        return True


def refused_field(failure: Failure, sent: Collection[str]) -> str | None:
    """Return the optional field of an embedding request that the endpoint refused, or ``None``."""
    if not _is_about_request(failure):
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
_UNSUPPORTED = Pattern(r"support|deprecated|cannot both|not allowed|not permitted|unrecognized|unknown")
# Names of structured output in the messages of OpenAI, Anthropic, Google, Mistral and vLLM.
_NAMES_STRUCTURE = Pattern(
    r"response_?format|response[_ ]?schema|json[_ -]?(schema|object|mode)|structured[_ -]outputs?"
    r"|tool_choice|\btools?\b|function[_ -]call|guided_|\bgrammar\b|additionalproperties"
)
_REFUSED = Pattern(
    r"support|available|not (allowed|permitted|enabled|implemented|recognized|accepted|known|valid)"
    r"|deprecated|unknown|unrecognized|unexpected|invalid|forbidden|disabled|no such"
    r"|may not|must not|cannot|can't|extra (inputs?|fields?)"
)
# A message that lists the accepted values, as from LM Studio and vLLM.
_OTHER_VALUES = Pattern(
    r"response_?format\W[^\n]{0,60}?\b(must|should|has to|needs to|expected to) be\b"
    r"|(\b(must|should) be|expected) (one of |either )?\W*(text|json_object)\b"
)
# A message that names no parameter. Structured output is what endpoints lack most often.
_UNNAMED = Pattern(r"^\W*(the )?unsupported (parameter|feature|option)s?\W*$")
_CONTENT = frozenset({"messages", "input", "prompt", "contents", "system", "model"})


def _is_about_request(failure: Failure) -> bool:
    """Return whether a refusal can be about a parameter rather than the content."""
    if failure.status not in _REFUSALS or failure.reason:
        return False
    return failure.param.partition("[")[0].partition(".")[0] not in _CONTENT


def _unsupported_sampling(failure: Failure, said: str, sent: Collection[str]) -> set[str]:
    """Return the sampling parameters of a request that a refusal names as unsupported."""
    if not (_UNSUPPORTED.search(said) or failure.code.startswith(("unsupported", "unknown"))):
        return set()
    named = {name for name in _SAMPLING if name in sent and re.search(rf"\b{name}\b", said)}
    # Some models accept either of the two but not both. Keep the one that users set on purpose.
    return {"top_p"} if {"temperature", "top_p"} <= named else named


def _is_about_structure(failure: Failure, said: str) -> bool:
    if failure.param:
        return _NAMES_STRUCTURE.search(failure.param) is not None or failure.param.startswith("text.format")
    message = failure.summary.partition(": ")[2].lower()
    if _UNNAMED.match(message) or _UNNAMED.match(said):
        return True
    if _NAMES_STRUCTURE.search(said) is None:
        return False
    return _REFUSED.search(said) is not None or _OTHER_VALUES.search(said) is not None
