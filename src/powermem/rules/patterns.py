"""How the rules write their regular expressions."""

from __future__ import annotations

import re

_PART = re.compile(r"\s+\|\s+|\s*\n\s*\|\s*")
_SPACE = re.compile(r"\s+")


def phrases(text: str, *, before: str = "", after: str = r"\b") -> re.Pattern[str]:
    """Compile alternatives, case ignored.

    Args:
        text: regular expressions over several lines, parted by ``|`` with spaces or a line break around it.
            Other runs of spaces stand for one space.
        before: what precedes each of them.
        after: what follows each of them.

    Returns:
        The pattern.
    """
    squeezed = _SPACE.sub(" ", _PART.sub("|", text)).strip()
    return re.compile(f"{before}(?:{squeezed}){after}", re.IGNORECASE)
