"""What a reader of one language makes of a sentence."""

from __future__ import annotations

import re
from typing import NamedTuple


class Reading(NamedTuple):
    """A sentence worth keeping.

    Attributes:
        text: its wording, without words that only open it.
        kind: one of ``powermem.prompts.KINDS``.
        remembered: whether the speaker asked for it to be remembered, or to be heeded from now on.
        continues: whether it speaks of "she" or "it" and so belongs to the sentence before.
        alone: whether it may stand without the sentence before.
    """

    text: str
    kind: str
    remembered: bool = False
    continues: bool = False
    alone: bool = True


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
