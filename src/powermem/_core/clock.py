"""Times as stored: integer microseconds since the epoch, UTC, with the speaker's offset; and time zones."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ..errors import InvalidInputError
from .masking import shown
from .patterns import Pattern

DAY = 86_400_000_000
"""A day in microseconds."""

FULL_DAY = 86_400
"""A day in seconds; the absolute value of an offset from UTC is smaller."""

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=timezone.utc) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // _MICROSECOND

_FIXED = Pattern(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?([0-5]\d))?")
_UTC_NAMES = frozenset({"utc", "etc/utc", "z", "zulu", "etc/zulu", "tzutc()"})


class LocalTime(NamedTuple):
    """A point in time, and the local offset from UTC.

    Attributes:
        at: microseconds since the epoch, UTC.
        utc_offset: seconds by which local clocks were ahead of UTC.
    """

    at: int
    utc_offset: int


def now() -> int:
    """Return the current time in microseconds since the epoch."""
    return time.time_ns() // 1000


def to_iso(moment: int) -> str:
    """Return microseconds since the epoch, which may be negative, as an ISO-8601 string in UTC."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat()


def to_datetime(moment: int, utc_offset: int | None = None) -> datetime:
    """Return an aware ``datetime`` in local time.

    Args:
        moment: microseconds since the epoch, UTC.
        utc_offset: seconds by which local clocks were ahead of UTC; ``None`` for UTC.
    """
    at = _EPOCH + timedelta(microseconds=moment)
    if not utc_offset:
        return at
    try:
        return at.astimezone(timezone(timedelta(seconds=utc_offset)))
    except OverflowError:
        # Only on the first and the last day of the calendar, where the local date does not exist.
        return at


def offset_name(moment: datetime) -> str:
    """Return the offset of an aware ``datetime`` as in ``"UTC+05:30"``, or ``"UTC"``."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def from_datetime(moment: datetime, zone: tzinfo = timezone.utc) -> int:
    """Return a ``datetime`` in microseconds since the epoch; a naive one is local time in ``zone``.

    An hour that occurs twice is the first unless ``fold`` is set; an hour that clocks skip continues the
    previous one.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - _EPOCH) // _MICROSECOND


def from_date(day: date, zone: tzinfo = timezone.utc) -> int:
    """Return the beginning of a day in a zone, in microseconds since the epoch, UTC."""
    return from_datetime(datetime(day.year, day.month, day.day), zone)


def local_time(at: int, zone: tzinfo) -> LocalTime:
    """Return a time (microseconds UTC) with the offset of a zone at that time."""
    return LocalTime(at, 0 if zone is timezone.utc else offset_at(zone, to_datetime(at)))


def parse(value: object, name: str = "timestamp", zone: tzinfo = timezone.utc) -> int:
    """Read a time that a user passed; see `parse_local`.

    Returns:
        Microseconds since the epoch, UTC.
    """
    return _to_micros(_read(value, name), zone, name)


def parse_local(value: object, zone: tzinfo, name: str = "timestamp") -> LocalTime:
    """Read a time that a user passed, and its local offset.

    Args:
        value: an ISO-8601 string, a ``datetime``, a ``date``, or seconds since the epoch.
        zone: the zone of values without an offset. It also provides the offset of values in UTC, since
            programs write UTC when they do not know the speaker's clock.
        name: the argument's name, for the error.

    Raises:
        InvalidInputError: the value is none of these.
    """
    moment = _read(value, name)
    at = _to_micros(moment, zone, name)
    given = moment.tzinfo
    if given is None or moment.utcoffset() is None or is_utc(given):
        given = zone
    return local_time(at, given)


def read_zone(value: object, name: str = "timezone") -> tzinfo:
    """Read a time zone that a user passed.

    Args:
        value: an IANA name such as ``"Europe/Berlin"``, an offset such as ``"+05:30"``, or a ``tzinfo``.
        name: the argument's name, for the error.

    Raises:
        InvalidInputError: there is no such zone; the message suggests similar names, or the package to
            install if the machine has no time zone database.
    """
    if isinstance(value, tzinfo):
        return value
    if not isinstance(value, str):
        raise InvalidInputError(
            f"{name}: expected the name of a time zone, such as 'Europe/Paris', got {type(value).__name__}"
        )
    zone = _zone_named(value.strip())
    if zone is None:
        raise InvalidInputError(f"{name}: {unknown_zone(value)}")
    return zone


def unknown_zone(name: str) -> str:
    """Return the error message for a zone name that `read_zone` refuses."""
    if not available_timezones():
        return (
            f"this Python has no time zone database, so {shown(name)} cannot be looked up; "
            "install it with: pip install tzdata"
        )
    meant = _alike(name.strip())
    hint = f"; did you mean {' or '.join(map(repr, meant))}?" if meant else ""
    return f"expected the name of a time zone, such as 'Europe/Paris', got {shown(name)}{hint}"


@lru_cache(maxsize=256)
def _zone_named(name: str) -> tzinfo | None:
    if name.casefold() in _UTC_NAMES:
        return timezone.utc
    if fixed := _FIXED.fullmatch(name):
        sign = -1 if fixed[1] == "-" else 1
        offset = sign * timedelta(hours=int(fixed[2]), minutes=int(fixed[3] or 0))
        return timezone(offset) if abs(offset) < timedelta(days=1) else None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    # ZoneInfo reads files, and not all file systems are case-sensitive; here case never matters.
    return next((ZoneInfo(known) for known in available_timezones() if known.lower() == name.lower()), None)


def _alike(name: str) -> list[str]:
    known = sorted(available_timezones())
    wanted = name.casefold().replace(" ", "_")
    cities = [one for one in known if one.rpartition("/")[2].casefold() == wanted.rpartition("/")[2]]
    if cities:
        return cities[:2]
    from difflib import get_close_matches

    folded = {one.casefold(): one for one in known}
    by_city = {one.rpartition("/")[2].casefold(): one for one in known}
    found = [folded[one] for one in get_close_matches(wanted, folded, n=2, cutoff=0.75)]
    return found or [by_city[one] for one in get_close_matches(wanted, by_city, n=2, cutoff=0.75)]


def is_utc(zone: tzinfo) -> bool:
    """Return whether a zone is UTC itself, as opposed to a place that happens to have the same time."""
    return zone is timezone.utc or str(getattr(zone, "key", zone)).casefold() in _UTC_NAMES


def offset_at(zone: tzinfo, moment: datetime) -> int:
    """Return the offset of a zone from UTC in seconds at an aware ``datetime``."""
    try:
        offset = moment.astimezone(zone).utcoffset()
    except (OverflowError, ValueError):
        # At the limits of the calendar, where the local year does not exist.
        return 0
    # Local mean time, before time zones were introduced, may include fractions of a second.
    return 0 if offset is None else int(offset.total_seconds())


class JumpDetector:
    """Detects that the clock was set or the machine slept.

    Args:
        tolerance: seconds by which wall clock and monotonic clock may diverge between two calls.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._ahead: float | None = None

    def jumped(self, moment: int, ticks: float) -> bool:
        """Return whether the wall clock has jumped since the last call.

        Args:
            moment: the wall clock, microseconds UTC.
            ticks: ``time.monotonic()``, seconds.
        """
        ahead = moment / 1_000_000 - ticks
        before, self._ahead = self._ahead, ahead
        return before is not None and abs(ahead - before) > self._tolerance


def _read(value: object, name: str) -> datetime:
    read = value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        read = _from_seconds(value)
    elif isinstance(value, str):
        read = _from_text(value.strip())
    elif isinstance(value, date) and not isinstance(value, datetime):
        read = datetime(value.year, value.month, value.day)
    if isinstance(read, datetime):
        return read
    raise InvalidInputError(
        f"{name}: expected an ISO-8601 string, a datetime or seconds since the epoch, got {shown(value)}"
        f"{_meant(value)}"
    )


def _meant(value: object) -> str:
    if isinstance(value, timedelta):
        return "; write datetime.now(timezone.utc) + timedelta(...)"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 1e11 < abs(value) < 1e17:
        return "; divide milliseconds by 1000"
    return ""


def _to_micros(moment: datetime, zone: tzinfo, name: str) -> int:
    at = from_datetime(moment, zone)
    if not _FIRST <= at <= _LAST:
        raise InvalidInputError(f"{name}: {moment.isoformat()} is outside the years 1 to 9999 in UTC")
    return at


def _from_seconds(seconds: float) -> datetime | float:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return seconds


def _from_text(text: str) -> datetime | str:
    # fromisoformat of Python 3.10 does not accept "Z".
    iso = text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return text


def date_phrase(moment: int, utc_offset: int | None = None) -> str:
    """Return the day of a time (microseconds UTC) as in ``"8 May 2023"``, whatever the locale.

    ``utc_offset`` is the local offset from UTC in seconds.
    """
    day = to_datetime(moment, utc_offset)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
