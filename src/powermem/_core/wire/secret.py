"""Remove secrets from texts that servers sent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..masking import MASK, mask_text

# Servers often quote only the beginning of a refused key, so a match of its first characters is enough.
_TELLING = 8
_FORMS = (
    # Bounded, since a long word without an asterisk would take quadratic time.
    re.compile(r"[\w.-]{0,40}\*{3,}[\w.*-]*"),
    re.compile(r"(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|hf)[\w-]{16,}"),
    re.compile(r"(?i)(?<=key=)[^\s&;\"']+"),
    re.compile(r"(?i)(?<=token=)[^\s&;\"']+"),
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace secrets with asterisks.

    Args:
        text: may quote a key in full, cut short, or masked by a server.
        secrets: the known ones; others are recognized by their usual forms.
    """
    for secret in secrets:
        text = re.sub(re.escape(secret[:_TELLING]) + r"[^\s\"']*", "***", text)
    for form in _FORMS:
        text = form.sub("***", text)
    return mask_text(text).replace(MASK, "***")


def shorten(text: str, length: int = 300) -> str:
    """Put a text on one line of at most ``length`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."
