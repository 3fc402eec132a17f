"""Time zones: reading the name of one, and the time it shows at a moment."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from .errors import InvalidInputError
from .masking import shown

_FIXED = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?([0-5]\d))?")
_UTC_NAMES = frozenset({"utc", "etc/utc", "z", "zulu", "etc/zulu", "tzutc()"})


def read_zone(value: object, name: str = "timezone") -> tzinfo:
    """Read a time zone that a user gave.

    Args:
        value: an IANA name such as ``"Europe/Berlin"``, an offset such as ``"+05:30"``, or a ``tzinfo``.
        name: the argument's name, for the error.

    Raises:
        InvalidInputError: there is no such zone; the message names those that are spelt alike, or what to
            install where the machine has no time zone database.
    """
    if isinstance(value, tzinfo):
        return value
    if not isinstance(value, str):
        raise InvalidInputError(
            f"{name}: expected the name of a time zone, such as 'Europe/Paris', got {type(value).__name__}"
        )
    zone = _named(value.strip())
    if zone is None:
        raise InvalidInputError(f"{name}: {unknown_zone(value)}")
    return zone


def unknown_zone(name: str) -> str:
    """Return what is wrong with the name of a zone that `read_zone` refuses."""
    if not available_timezones():
        return (
            f"this Python has no time zone database, so {shown(name)} cannot be looked up; "
            "install it with: pip install tzdata"
        )
    meant = _alike(name.strip())
    hint = f"; did you mean {' or '.join(map(repr, meant))}?" if meant else ""
    return f"expected the name of a time zone, such as 'Europe/Paris', got {shown(name)}{hint}"


@lru_cache(maxsize=256)
def _named(name: str) -> tzinfo | None:
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
    # File systems differ in whether case counts.
    return next((ZoneInfo(known) for known in available_timezones() if known.lower() == name.lower()), None)


def _alike(name: str) -> list[str]:
    known = sorted(available_timezones())
    wanted = name.casefold().replace(" ", "_")
    cities = [one for one in known if one.rpartition("/")[2].casefold() == wanted.rpartition("/")[2]]
    if cities:
        return cities[:2]
    folded = {one.casefold(): one for one in known}
    by_city = {one.rpartition("/")[2].casefold(): one for one in known}
    found = [folded[one] for one in get_close_matches(wanted, folded, n=2, cutoff=0.75)]
    return found or [by_city[one] for one in get_close_matches(wanted, by_city, n=2, cutoff=0.75)]


def is_utc(zone: tzinfo) -> bool:
    """Return whether a zone is UTC itself, and not a place that shows the same time."""
    return zone is timezone.utc or str(getattr(zone, "key", zone)).casefold() in _UTC_NAMES


def offset_at(zone: tzinfo, moment: datetime) -> int:
    """Return how many seconds the clocks of a zone are ahead of UTC.

    Args:
        zone: the zone.
        moment: an aware moment.
    """
    try:
        offset = moment.astimezone(zone).utcoffset()
    except (OverflowError, ValueError):
        # At the ends of the calendar, where the zone would show a year that there is not.
        return 0
    # Before there were time zones, clocks showed the time of the place, which differs by fractions.
    return 0 if offset is None else int(offset.total_seconds())
