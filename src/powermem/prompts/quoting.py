"""How text that others wrote is laid before a model: as data that cannot leave its frame."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..clock import offset_name, to_datetime
from ..text import MONTHS, WEEKDAYS

_TODAY = re.compile(r"\{\s*(?:today|date|current_date)\s*\}", re.IGNORECASE)


def frame(name: str, records: Iterable[Mapping[str, Any]]) -> str:
    """Write records as JSON lines between two tags.

    A ``<`` inside the data is written as its JSON escape, so no text can forge the closing tag.

    Args:
        name: the name of the tags.
        records: JSON objects, one a line.

    Returns:
        The framed block.
    """
    lines = (json.dumps(record, ensure_ascii=False).replace("<", "\\u003c") for record in records)
    framed = "\n".join((f"<{name}>", *lines, f"</{name}>"))
    # A lone surrogate cannot be sent.
    return framed.encode("utf-8", "replace").decode("utf-8")


def long_date(moment: int, utc_offset: int | None = None) -> str:
    """Write a day with its weekday, as in ``"Monday, 8 May 2023"``.

    Args:
        moment: microseconds UTC.
        utc_offset: how many seconds the speaker's clock is ahead of UTC.
    """
    day = to_datetime(moment, utc_offset)
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def long_time(moment: int, utc_offset: int | None = None) -> str:
    """Write a moment to the minute as in ``"Monday, 8 May 2023, 13:56 UTC+02:00"``; see `long_date`."""
    when = to_datetime(moment, utc_offset)
    return f"{long_date(moment, utc_offset)}, {when.hour:02d}:{when.minute:02d} {offset_name(when)}"


def fill_today(template: str, today: str) -> str:
    """Put a date where a user's own prompt says ``{today}``; all other braces stay as they are."""
    return _TODAY.sub(lambda match: today, template)
