"""What is written in one transaction with the memories of a call, and what its result says. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .changes import Change, Duplicate, Outcome, Remember
from .plan import NewMemories
from .records import event_item
from .types import MemoryEvent, Scope

Tell: TypeAlias = Callable[[Sequence[Outcome]], list[MemoryEvent]]
"""Makes the items of a result from the outcomes of a batch."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a call's result is kept, so that the same call is not carried out again.

    Attributes:
        key: the caller's key.
        result: makes the text to keep from the items of the result.
        scope: whose key it is; of the memories, if it is left out.
    """

    key: str
    result: Callable[[list[MemoryEvent]], str]
    scope: Scope | None = None

    def note(self, new: NewMemories, tell: Tell) -> Remember:
        """Return the note that the call was carried out, to be written with what came of it."""
        scope = new.scope if self.scope is None else self.scope
        return Remember(scope, self.key, lambda outcomes: self.result(tell(outcomes)), new.at)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is written in one transaction with the memories.

    Attributes:
        first: makes the changes before them, when all else is known.
        last: makes the changes after them, from their changes and from what tells the items of the result by
            the outcomes of the whole batch.
        stored: is told the outcomes of the whole batch when it is stored.
    """

    first: Callable[[], Sequence[Change]] = tuple
    last: Callable[[Sequence[Change], Tell], Sequence[Change]] = lambda changes, tell: ()
    stored: Callable[[Sequence[Outcome]], object] = lambda outcomes: None


def frame_of(new: NewMemories, *receipts: Receipt | None) -> Frame:
    """Return a frame of the notes that a call was carried out."""
    given = [receipt for receipt in receipts if receipt is not None]
    return Frame(last=lambda changes, tell: [receipt.note(new, tell) for receipt in given])


def verbatim_items(outcomes: Sequence[Outcome]) -> list[MemoryEvent]:
    """Describe what was stored word for word, also what was known already."""
    items = [event_item(outcome, "NONE" if isinstance(outcome, Duplicate) else "ADD") for outcome in outcomes]
    return [item for item in items if item is not None]
