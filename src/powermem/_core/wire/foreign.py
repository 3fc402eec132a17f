"""Results and errors of objects that the program supplies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ProviderError
from ...types import Completion
from ..text.cleaning import clean_text
from .endpoint import scrub, shorten
from .failure import error_class
from .formats import as_dict, as_vectors, count, is_cut, is_filtered, text_of, with_arguments
from .reasons import FILTERED, UNUSABLE, reason_for

_KEPT = 4000


def completion_of(provider: str, reply: Any) -> Completion:
    """Convert an answer: text, a ``Completion``, or a message of LangChain.

    Raises:
        ProviderError: the answer is something else.
    """
    if isinstance(reply, Completion):
        return reply
    if isinstance(reply, str):
        return Completion(clean_text(reply))
    content = getattr(reply, "content", None)
    if not isinstance(content, (str, list)):
        raise ProviderError(
            f"{provider} returned {type(reply).__name__}; expected text, a Completion or a message",
            provider=provider,
        )
    usage = as_dict(getattr(reply, "usage_metadata", None))
    metadata = as_dict(getattr(reply, "response_metadata", None))
    finishes = [metadata.get(name) for name in ("finish_reason", "stop_reason", "done_reason")]
    if any(map(is_filtered, finishes)):
        raise ProviderError(
            f"{provider}: the content filter stopped the answer", provider=provider, reason=FILTERED
        )
    return Completion(
        text=clean_text(with_arguments(text_of(content), _arguments(reply))),
        prompt_tokens=count(usage.get("input_tokens")),
        completion_tokens=count(usage.get("output_tokens")),
        truncated=any(map(is_cut, finishes)),
    )


def _arguments(reply: Any) -> list[Any]:
    calls = getattr(reply, "tool_calls", None)
    return [call.get("args") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def vectors_of(provider: str, rows: Any, expected: int) -> npt.NDArray[np.float32]:
    """Convert vectors: an array, or a list of lists of numbers.

    Returns:
        Shape (expected, dimension).

    Raises:
        ProviderError: ``rows`` is something else, or not one vector for each text.
    """
    if not isinstance(rows, (list, tuple, np.ndarray)) or len(rows) != expected:
        found = f"{len(rows)} vectors" if isinstance(rows, (list, tuple, np.ndarray)) else type(rows).__name__
        raise ProviderError(
            f"{provider} returned {found} for {expected} texts", provider=provider, reason=UNUSABLE
        )
    return as_vectors(provider, rows)


def foreign_error(provider: str, error: Exception) -> ProviderError:
    """Return the error to raise for an exception of such an object; make the exception its cause."""
    status = getattr(error, "status_code", None)
    status = status if isinstance(status, int) else None
    text = shorten(scrub(str(error)))
    reason = reason_for(status, str(error)[:_KEPT])
    return (ProviderError if reason else error_class(status))(
        f"{provider} failed: {type(error).__name__}{f': {text}' if text else ''}",
        provider=provider,
        status=status,
        reason=reason,
    )
