"""What the two batchers share: the sizes of batches, and the outcomes of their items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from ..errors import PowerMemError

R = TypeVar("R")
E = TypeVar("E", bound=BaseException)

CLOSED = "the batcher is closed and takes no more items"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large and how many batches may be.

    Raises:
        ValueError: one of them is under 1.
    """

    max_size: int
    max_running: int
    min_share: int

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be at least 1, got {getattr(self, field.name)}")

    def shares(self, waiting: int, free: int) -> list[int]:
        """Return the sizes of the batches that may start now.

        The items are split evenly between the free slots, but not into shares under ``min_share``, unless
        fewer batches could not hold them all.
        """
        if not waiting or free < 1:
            return []
        count = min(free, max(1, waiting // self.min_share, -(-waiting // self.max_size)))
        size, rest = divmod(min(waiting, count * self.max_size), count)
        return [size + 1] * rest + [size] * (count - rest)


def matching(outcomes: Sequence[R | Exception], count: int) -> list[R | Exception]:
    """Return the outcomes as a list; an error when their number is wrong."""
    if len(outcomes) != count:
        raise RuntimeError(f"the batch function returned {len(outcomes)} outcomes for {count} items")
    return list(outcomes)


def interrupted(cause: BaseException | None) -> PowerMemError:
    """Make the error of a caller whose batch neither succeeded nor failed."""
    error = PowerMemError("the batch was interrupted; its work may or may not have been done")
    error.__cause__ = cause
    return error


def distinct(outcomes: list[R | Exception]) -> list[R | Exception]:
    """Replace an error that occurs again by a copy.

    One error raised in several tasks or threads would collect the tracebacks of all of them.
    """
    seen: set[int] = set()
    for index, outcome in enumerate(outcomes):
        if not isinstance(outcome, Exception):
            continue
        if id(outcome) in seen:
            outcomes[index] = _copy(outcome)
        seen.add(id(outcome))
    return outcomes


def _copy(error: E) -> E:
    # An OSError keeps its file name out of args.
    args = OSError.__reduce__(error)[1] if isinstance(error, OSError) else error.args
    try:
        # Not copy.copy: it calls __init__ with args, which need not be what __init__ was called with.
        twin = type(error).__new__(type(error), *args)
    except TypeError:
        # A class with a __new__ of its own; a shared traceback is better than another error.
        return error
    twin.__dict__.update(error.__dict__)
    twin.__cause__, twin.__context__ = error.__cause__, error.__context__
    twin.__suppress_context__ = error.__suppress_context__
    return twin.with_traceback(error.__traceback__)
