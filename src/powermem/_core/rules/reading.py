"""What the readers of all languages share: their result, and how they write regular expressions."""

from __future__ import annotations

import re
from typing import NamedTuple


class Reading(NamedTuple):
    """A sentence worth keeping.

    Attributes:
        text: its wording, without opening words.
        kind: one of ``_core.prompts.KINDS``.
        remembered: whether the speaker asked for it to be remembered or followed from now on.
        continues: whether its subject is a pronoun ("she", "it"), so that it belongs to the previous
            sentence.
        alone: whether it makes sense without the previous sentence.
    """

    text: str
    kind: str
    remembered: bool = False
    continues: bool = False
    alone: bool = True


_PART = re.compile(r"\s+\|\s+|\s*\n\s*\|\s*")
_SPACE = re.compile(r"\s+")


def phrases(text: str, *, before: str = "", after: str = r"\b") -> re.Pattern[str]:
    """Compile alternatives, ignoring case.

    Args:
        text: regular expressions, separated by ``|`` with spaces or a line break around it, on as many lines
            as needed. Any other run of white space stands for one space.
        before: a pattern in front of each alternative.
        after: a pattern behind each alternative.
    """
    squeezed = _SPACE.sub(" ", _PART.sub("|", text)).strip()
    return re.compile(f"{before}(?:{squeezed}){after}", re.IGNORECASE)
