"""When to try again, and how long to wait before that."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter.

    The wait is drawn evenly from 0 to ``min(cap, base * 2**attempt)``, as in M. Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes:
        base: seconds.
        cap: the longest wait that is our own choice, seconds.
        longest: the longest wait that a server may ask for with ``Retry-After``, seconds.
    """

    base: float = 0.5
    cap: float = 8.0
    longest: float = 60.0

    def delay(self, attempt: int, asked: float | None = None) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            attempt: 0 after the first failure.
            asked: what the server asked for, seconds. It is kept, and the jitter comes on top so that
                those who were turned away together do not come back together.
        """
        if asked is not None:
            return self.held(asked) + random.uniform(0, min(self.base, self.cap))
        return random.uniform(0, min(self.cap, self.base * 2**attempt))

    def held(self, asked: float) -> float:
        """Return the part of a wait asked for that is granted, seconds."""
        return min(asked, self.longest)


def retry_after(headers: Iterable[tuple[bytes, bytes]], now: float | None = None) -> float | None:
    """Read how long a server asks to wait.

    Args:
        headers: of the reply. ``Retry-After`` holds seconds or an HTTP date (RFC 9110, section 10.2.3);
            ``retry-after-ms`` is OpenAI's finer one and wins.
        now: seconds since the epoch, for a date.

    Returns:
        Seconds, 0 for a moment that is over, or ``None`` when nothing readable was said.
    """
    values = {name.lower(): value.decode("latin-1").strip() for name, value in headers}
    finer = _number(values.get(b"retry-after-ms"))
    if finer is not None:
        return finer / 1000
    text = values.get(b"retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None
