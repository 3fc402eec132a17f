"""What a reader of one language makes of a sentence."""

from __future__ import annotations

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
