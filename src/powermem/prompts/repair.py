"""The one request that follows an answer nobody could read."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import ChatMessage
from .quoting import quote

# Enough to see what went wrong; a model that repeats itself without end must not fill the next request too.
_SHOWN = 8_000


def repair_messages(previous: Sequence[ChatMessage], reply: str, error: Exception | str) -> list[ChatMessage]:
    """Ask again after an answer that could not be read.

    Args:
        previous: the messages that led to the answer.
        reply: the answer; its first 8,000 characters are shown.
        error: what was wrong with it.

    Returns:
        The previous messages, the answer, and a request to send it again in the right form.
    """
    return [
        *previous,
        # Some providers refuse an empty message.
        {"role": "assistant", "content": reply[:_SHOWN].strip() or "(no text)"},
        {
            "role": "user",
            "content": f"That answer could not be read: {quote(str(error))}. Send the whole answer again as "
            "one valid JSON object in the form described, with no text before or after it. If it was cut "
            "short, be briefer.",
        },
    ]
