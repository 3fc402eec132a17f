"""Keeping secrets out of texts that came from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..masking import MASK, mask_text

# Servers that quote a refused key often cut it, so its first characters already give it away.
_TELLING = 8
_FORMS = (
    # Bounded, or a long word without a single asterisk would take time by the square of its length.
    re.compile(r"[\w.-]{0,40}\*{3,}[\w.*-]*"),
    re.compile(r"(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|hf)[\w-]{16,}"),
    re.compile(r"(?i)(?<=key=)[^\s&;\"']+"),
    re.compile(r"(?i)(?<=token=)[^\s&;\"']+"),
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace secrets by asterisks.

    Args:
        text: may quote a key in full, cut short, or masked by a server.
        secrets: the ones that are known; others are found by their usual forms.
    """
    for secret in secrets:
        text = re.sub(re.escape(secret[:_TELLING]) + r"[^\s\"']*", "***", text)
    for form in _FORMS:
        text = form.sub("***", text)
    return mask_text(text).replace(MASK, "***")


def shorten(text: str, length: int = 300) -> str:
    """Put a text on one line of at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."
