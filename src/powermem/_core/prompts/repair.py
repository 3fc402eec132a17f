"""The request to repair an answer that could not be parsed."""

from __future__ import annotations

from collections.abc import Sequence

from ...types import ChatMessage
from .quoting import quote

# Characters. Enough to show the fault, without letting the output of a model in a loop fill the request.
_SHOWN = 8_000


def repair_messages(previous: Sequence[ChatMessage], reply: str, error: Exception | str) -> list[ChatMessage]:
    """Build the request to send an answer again in the right form.

    Args:
        previous: the messages of the first request.
        reply: the answer, of which the first 8,000 characters are included.
        error: what is wrong with the answer.
    """
    return [
        *previous,
        # Some providers reject empty messages.
        {"role": "assistant", "content": reply[:_SHOWN].strip() or "(no text)"},
        {
            "role": "user",
            "content": f"That answer could not be read: {quote(str(error))}. Send the whole answer again as "
            "one valid JSON object in the form described, with no text before or after it. If it was cut "
            "short, be briefer.",
        },
    ]
