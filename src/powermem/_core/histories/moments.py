"""The times of exports: ISO 8601 with any number of digits, seconds since the epoch, dates of numbers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from ...errors import InvalidInputError
from ..clock import read_zone
from ..patterns import Pattern

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = Pattern(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?"
    r"\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?(?::\d\d)?)?"
)
_HALF = Pattern(r"\b[ap]\.?m\b", re.IGNORECASE)
_NUMBER = Pattern(r"-?\d+(?:\.\d+)?")


def read_moment(value: object, zone: tzinfo) -> datetime | None:
    """Return a time of an export.

    Args:
        value: ISO 8601, seconds, milliseconds or microseconds since the epoch, or the date of a mail.
        zone: the zone of a time without an offset.

    Returns:
        An aware ``datetime``; ``None`` if it is missing or not a time.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return from_epoch(float(value))
    if not isinstance(value, str) or not (text := value.strip()):
        return None
    if _NUMBER.fullmatch(text):
        return from_epoch(float(text))
    if found := _ISO.fullmatch(text):
        return _from_iso(found, zone)
    if _HALF.search(text):
        return None  # a mail has no such date, and its parser would not heed it
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return read if read.tzinfo is not None else placed(read, zone)


def from_epoch(seconds: float) -> datetime | None:
    """Return a time in UTC; numbers beyond the year 5138 are milliseconds, microseconds or nanoseconds."""
    for _ in range(3):
        if abs(seconds) > 1e11:
            seconds /= 1000
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def placed(moment: datetime, zone: tzinfo) -> datetime:
    """Return a local time with the offset that clocks in a zone had then."""
    offset = moment.replace(tzinfo=zone).utcoffset()
    return moment.replace(tzinfo=timezone(offset) if offset else timezone.utc)


def local(moment: datetime | None, zone: tzinfo) -> datetime | None:
    """Return a moment that an export gives in UTC with the offset of the speaker's zone."""
    if moment is None or zone is timezone.utc:
        return moment
    try:
        return placed(moment.astimezone(zone).replace(tzinfo=None), zone)
    except (OverflowError, ValueError):
        return moment


def _from_iso(found: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int(((found[7] or "") + "000000")[:6])
    try:
        read = datetime(year, month, day, hour, minute, min(second, 59), fraction)
        offset = found[8]
        if offset is None:
            return placed(read, zone)
        if offset in ("Z", "z", "UTC"):
            return read.replace(tzinfo=timezone.utc)
        digits = offset[1:].replace(":", "")
        ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0), seconds=int(digits[4:] or 0))
        return read.replace(tzinfo=timezone(-ahead if offset[0] == "-" else ahead))
    except (ValueError, OverflowError):
        return None


# What Google writes in the local time of an activity, and mail programs of old.
_ABBREVIATIONS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "IST": 5.5, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3, "BRST": -2, "ART": -3, "JST": 9, "KST": 9,
    "HKT": 8, "SGT": 8, "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "MEZ": 1, "MESZ": 2, "SAST": 2, "WIB": 7, "PHT": 8, "PKT": 5,
}  # fmt: skip


def zone_of(name: str) -> tzinfo | None:
    """Return the zone that an abbreviation such as ``"CEST"`` or ``"GMT+3"`` means, if it is known."""
    hours = _ABBREVIATIONS.get(name.upper())
    if hours is not None:
        return timezone(timedelta(hours=hours))
    try:
        return read_zone(name)
    except InvalidInputError:
        return None
