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
        if not _is_about_request(failure):
            return None
        said = failure.said.lower()
        if "max_tokens" in sent and "max_completion_tokens" in said and not self.renamed_limit:
            return replace(self, renamed_limit=True)
        if "enable_thinking" in said and not self.without_thinking:
            return replace(self, without_thinking=True)
        if _UNSUPPORTED.search(said) or failure.code.startswith(("unsupported", "unknown")):
            named = {name for name in _SAMPLING if name in sent and re.search(rf"\b{name}\b", said)}
            if {"temperature", "top_p"} <= named:
                # Some models take either but not both; the temperature is the one that people set.
                named = {"top_p"}
            if named:
                return replace(self, refused=self.refused | named)
        if not _STRUCTURED.isdisjoint(sent) and self.structure and _is_about_structure(failure, said):
            return replace(self, structure=Structure(self.structure - 1))
        return None


class Retrial:
    """Counts the uses since something was given up, to say when it is worth another try.

    What an endpoint refuses today it may know tomorrow, and a refusal may have been about something else.
    A retry costs a request, so each that fails doubles the time until the next.

    Args:
        after: how many uses until the first retry.
        most: the most uses between two of them.
    """

    def __init__(self, after: int = 100, most: int = 3200) -> None:
        self._after = after
        self._most = most
        self._left: int | None = None

    def give_up(self) -> None:
        """Note a refusal."""
        if self._left is None:
            self._left = self._after
            self._after = min(2 * self._after, self._most)

    def is_due(self) -> bool:
        """Count one use; return whether what was given up is to be tried from now on."""
        if self._left is None:
            return False
        self._left -= 1
        if self._left > 0:
            return False
        self._left = None
        return True


def refused_field(failure: Failure, sent: Collection[str]) -> str | None:
    """Return the optional field of an embedding request that the endpoint does not take, if that is it."""
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
_UNSUPPORTED = re.compile(r"support|deprecated|cannot both|not allowed|not permitted|unrecognized|unknown")
# Names of what holds a model to a schema, in the words of OpenAI, Anthropic, Google, Mistral and vLLM.
_NAMES_STRUCTURE = re.compile(
    r"response_?format|response[_ ]?schema|json[_ -]?(schema|object|mode)|structured[_ -]outputs?"
    r"|tool_choice|\btools?\b|function[_ -]call|guided_|\bgrammar\b|additionalproperties"
)
_REFUSED = re.compile(
    r"support|available|not (allowed|permitted|enabled|implemented|recognized|accepted|known|valid)"
    r"|deprecated|unknown|unrecognized|unexpected|invalid|forbidden|disabled|no such"
    r"|may not|must not|cannot|can't|extra (inputs?|fields?)"
)
# Names the other values that it takes, such as LM Studio and vLLM do.
_OTHER_VALUES = re.compile(
    r"response_?format\W[^\n]{0,60}?\b(must|should|has to|needs to|expected to) be\b"
    r"|(\b(must|should) be|expected) (one of |either )?\W*(text|json_object)\b"
)
# Names nothing, so it may mean anything that was sent; the structure is what most endpoints lack.
_UNNAMED = re.compile(r"^\W*(the )?unsupported (parameter|feature|option)s?\W*$")
_CONTENT = frozenset({"messages", "input", "prompt", "contents", "system", "model"})


def _is_about_request(failure: Failure) -> bool:
    """Tell whether a refusal can be about a parameter."""
    if failure.status not in _REFUSALS or failure.reason:
        return False
    return failure.param.partition("[")[0].partition(".")[0] not in _CONTENT


def _is_about_structure(failure: Failure, said: str) -> bool:
    if failure.param:
        return _NAMES_STRUCTURE.search(failure.param) is not None or failure.param.startswith("text.format")
    message = failure.summary.partition(": ")[2].lower()
    if _UNNAMED.match(message) or _UNNAMED.match(said):
        return True
    if _NAMES_STRUCTURE.search(said) is None:
        return False
    return _REFUSED.search(said) is not None or _OTHER_VALUES.search(said) is not None
