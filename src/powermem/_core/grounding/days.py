"""Write out the relative dates of a fact, from the day of the turn that it comes from."""

from __future__ import annotations

from ..patterns import Pattern
from ..rules.dates import find_dates, resolve
from ..values import Fact
from .words import without_dates

_QUOTED = Pattern(r"[\"\u201c\u300a\u300c\u00ab][^\"\u201d\u300b\u300d\u00bb]*[\"\u201d\u300b\u300d\u00bb]")
# A title, as of the song "Yesterday".
_TITLE = Pattern(r"(?<=[\w,] )(?:Yesterday|Today|Tonight|Tomorrow)\b")


def written_out(fact: Fact, sent_at: int, utc_offset: int | None) -> Fact:
    """Return a fact with its relative dates written out: "yesterday" becomes "yesterday (7 May 2023)".

    Args:
        fact: the fact. One that has a date already, beside or instead of the relative one, stays as it is.
        sent_at: when its turn was sent, microseconds UTC.
        utc_offset: the speaker's offset from UTC in seconds.
    """
    text = fact.text
    if without_dates(text) != text or _QUOTED.search(text) or _TITLE.search(text):
        return fact
    if find_dates(text, None):
        return fact
    dated = resolve(text, sent_at, utc_offset, future=fact.kind in ("plan", "event"))
    if dated.text == text:
        return fact
    return fact._replace(text=dated.text, event_at=dated.event_at if fact.event_at is None else fact.event_at)
