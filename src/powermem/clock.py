"""Time as the store keeps it: integer microseconds since the epoch, in UTC."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone

from .errors import InvalidInputError

DAY = 86_400_000_000
"""Microseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """Return the present moment in microseconds."""
    return time.time_ns() // 1000


def to_iso(moment: int) -> str:
    """Write microseconds as an ISO-8601 string in UTC, also before 1970."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat()


def to_datetime(moment: int) -> datetime:
    """Return microseconds as an aware ``datetime`` in UTC."""
    return _EPOCH + timedelta(microseconds=moment)


def from_datetime(moment: datetime) -> int:
    """Return a ``datetime`` in microseconds; a naive one is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - _EPOCH) // _MICROSECOND


def from_date(day: date) -> int:
    """Return the moment at which a day begins, UTC, in microseconds."""
    return from_datetime(datetime(day.year, day.month, day.day))


def parse(value: object, name: str = "timestamp") -> int:
    """Read a moment that a user gave.

    Args:
        value: an ISO-8601 string, a ``datetime``, a ``date``, or seconds since the epoch.
        name: the argument's name, for the error.

    Returns:
        Microseconds since the epoch, UTC.

    Raises:
        InvalidInputError: the value is none of these.
    """
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, date):
        return from_date(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = _from_seconds(value)
    elif isinstance(value, str):
        value = _from_text(value.strip())
    if isinstance(value, datetime):
        return from_datetime(value)
    raise InvalidInputError(
        f"{name}: expected an ISO-8601 string, a datetime or seconds since the epoch, got {_shown(value)}"
    )


def _shown(value: object) -> str:
    # An integer of thousands of digits cannot even be written.
    return "a huge number" if isinstance(value, int) and value.bit_length() > 128 else repr(value)


def _from_seconds(seconds: float) -> datetime | float:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return seconds


def _from_text(text: str) -> datetime | str:
    # Python 3.10's fromisoformat does not know the "Z".
    iso = text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return text
