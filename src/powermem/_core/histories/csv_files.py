"""CSV with named columns: a message in each row.

Which column is what is said by options, or found by usual names. The delimiter is detected by Python's
``csv.Sniffer``, the encoding by its mark, else UTF-8; of dates such as 3/4/24 the order is found from all
rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...errors import InvalidInputError
from ..clock import now, to_datetime
from ..masking import shown
from ..patterns import Pattern
from .dates import Numbers, Order
from .exports import Export, TextFile, has_bad_bytes
from .fields import said
from .moments import placed, read_moment
from .months import month_named
from .values import Items, Message, Options, Report

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "content", "message", "body", "msg", "message_text", "contents", "utterance"),
    "speaker": (
        "speaker", "author", "sender", "name", "from", "username", "user", "user_name", "from_name", "who",
    ),
    "time": (
        "time", "timestamp", "date", "datetime", "created_at", "sent_at", "created", "date_time", "ts",
        "sent", "when",
    ),
    "conversation": (
        "conversation", "conversation_id", "thread", "thread_id", "channel", "chat", "chat_id", "session",
        "session_id", "room",
    ),
    "id": ("id", "message_id", "msg_id", "uuid"),
    "reply_to": ("reply_to", "parent_id", "in_reply_to", "reply_to_id"),
    "role": ("role",),
}  # fmt: skip
"""What a row may have, and the names of columns that are taken for it."""

_DELIMITERS = ",;\t|"
_DATE = Pattern(
    r"(\d{1,4})([./-])(\d{1,2})[./-](\d{1,4})"
    r"(?:[T,\s]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?"
)
_NAMED = Pattern(r"(\d{1,2})[ .-]+([^\W\d_]{3,})\.?[ ,-]+(\d{2,4})|([^\W\d_]{3,})\.?\s+(\d{1,2}),?\s+(\d{4})")
_CLOCK = Pattern(r"(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp][Mm])?")
_ROLES = {
    "user": "user", "human": "user", "customer": "user", "me": "user", "assistant": "assistant",
    "ai": "assistant", "bot": "assistant", "model": "assistant", "agent": "assistant",
}  # fmt: skip


def header_of(text: str) -> list[str]:
    """Return the names of the columns of a text that begins like CSV; none if it does not."""
    first = text.lstrip("\ufeff")
    try:
        return next(csv.reader([first.splitlines()[0]], _dialect(first)), []) if first.strip() else []
    except csv.Error:
        return []


def matches(header: list[str], columns: Mapping[str, str]) -> bool:
    """Return whether a header has a column for the text and one more that is known."""
    found = _found(header, columns)
    return "text" in found and len(found) > 1


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield a message for each row.

    Raises:
        InvalidInputError: a column is missing, or dates can be read in two ways.
    """
    tables = [name for name in export.members if name.lower().endswith((".csv", ".tsv"))] or export.members
    for name in tables:
        yield from _table(export, name, options, report)


def rows(
    file: TextFile, name: str, report: Report, dialect: type[csv.Dialect]
) -> tuple[list[str], Iterator[tuple[str, list[str]]]]:
    """Return the header, and an iterator of the rows with their positions."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        # Line breaks within quotes are text, so they are kept.
        for line in file.lines():
            taken.append(f"{line}\n")
            yield taken[-1]

    reader = csv.reader(lines(), dialect)
    header = [one.strip().lstrip("\ufeff") for one in next(reader, [])]
    prefix = f"{name}, " if name else ""

    def found() -> Iterator[tuple[str, list[str]]]:
        number = len(taken)
        while True:
            taken.clear()
            wrong = ""
            row: list[str] = []
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                wrong = f"not a row of CSV: {error}"
            if row and len(row) != len(header):
                wrong = f"{len(row)} cells, where the header has {len(header)}"
            if wrong and len(taken) > 1:
                # A quote that is never closed takes in the lines after it, so they are read one by one.
                for place, line in enumerate(taken):
                    yield from _single(line, f"{prefix}line {number + place + 1}", len(header))
            elif wrong:
                report.fault(f"{prefix}line {number + 1}", wrong)
            elif row:
                yield f"{prefix}line {number + 1}", row
            number += len(taken)

    def _single(line: str, where: str, count: int) -> Iterator[tuple[str, list[str]]]:
        try:
            row = next(csv.reader([line], dialect), [])
        except csv.Error as error:
            report.fault(where, f"not a row of CSV: {error}")
            return
        if len(row) == count:
            yield where, row
        elif row:
            report.fault(where, f"{len(row)} cells, where the header has {count}")

    return header, found()


def _dialect(text: str) -> type[csv.Dialect]:
    try:
        found = csv.Sniffer().sniff(text[: 1 << 14], _DELIMITERS)
    except csv.Error:
        return csv.excel
    # The sniffer is often wrong on these, and all programs write them so.
    found.doublequote, found.skipinitialspace, found.quotechar = True, False, '"'
    first = text.splitlines()[0]
    if found.delimiter not in first:
        return csv.excel
    return found


def _found(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    by_name = {_key(name): place for place, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for what, usual in COLUMNS.items():
        given = columns.get(what)
        names = (given,) if given is not None else usual
        place = next((by_name[key] for name in names if (key := _key(name)) in by_name), None)
        if place is not None and (given is not None or place not in found.values()):
            found[what] = place
    return found


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lstrip("\ufeff").casefold())


def _places(header: list[str], options: Options) -> dict[str, int]:
    for what in options.columns:
        if what not in COLUMNS:
            raise InvalidInputError(f"columns: expected some of {', '.join(COLUMNS)}, got {shown(what)}")
    found = _found(header, options.columns)
    listed = ", ".join(header) or "none"
    for what, given in options.columns.items():
        if what not in found:
            raise InvalidInputError(
                f"columns: there is no column {shown(given)} for {what}; the columns are: {listed}"
            )
    if "text" not in found:
        raise InvalidInputError(
            f"no column for the text of messages was found; the columns are: {listed}. Say which, as in "
            "--columns text=NAME,speaker=NAME,time=NAME (columns={'text': ...})"
        )
    return found


def _table(export: Export, name: str, options: Options, report: Report) -> Items:
    member = name if len(export.members) > 1 else ""
    with export.text(name, report, options.encoding) as file:
        dialect = _dialect(file_head := export.head(name, 1 << 15))
        if has_bad_bytes(file_head) and options.encoding is None:
            raise InvalidInputError(
                f"{name} is not UTF-8 text; give its encoding, as in --encoding cp1252 (encoding='cp1252')"
            )
        header, found = rows(file, member, report, dialect)
        places = _places(header, options)
        day_first = _order(export, name, places, dialect, options)
        stem = name.rpartition("/")[2].rpartition(".")[0] or name
        used = {*places.values()}
        for where, row in found:
            cells = {what: row[place].strip() for what, place in places.items()}
            text = said(cells["text"], where, report)
            if text is None:
                report.leave_out("without text")
                continue
            given = cells.get("time")
            moment = moment_of(given, day_first, options) if given else None
            if given and moment is None:
                report.fault(where, f"{shown(given)} is not a time; the message is loaded without")
            role = _ROLES.get(cells.get("role", "").casefold())
            rest: dict[str, Any] = {
                header[place]: cell
                for place, cell in enumerate(row)
                if place not in used and cell and header[place]
            }
            yield Message(
                conversation=cells.get("conversation") or ("" if "conversation" in places else stem),
                text=text,
                at=moment,
                where=where,
                role="user" if role == "user" else "assistant" if role else None,
                speaker=cells.get("speaker") or None,
                id=cells.get("id") or None,
                reply_to=cells.get("reply_to") or None,
                title=cells.get("conversation") or None,
                metadata=rest,
            )


def _order(
    export: Export, name: str, places: Mapping[str, int], dialect: type[csv.Dialect], options: Options
) -> bool:
    if "time" not in places:
        return True
    order, mark, seen = Order(options.day_first), "/", False
    with export.text(name, Report(), options.encoding) as file:
        _, found = rows(file, "", Report(), dialect)
        for _, row in found:
            if parsed := _DATE.fullmatch(row[places["time"]].strip()):
                order.see(Numbers(int(parsed[1]), int(parsed[3]), int(parsed[4])))
                mark = parsed[2]
                seen = seen or int(parsed[1]) <= 31
    if not seen:
        return True
    return order.day_first(
        hint=True if mark == "." else None, written=mark, until=to_datetime(now()) + timedelta(days=1)
    )


def moment_of(text: str, day_first: bool, options: Options) -> datetime | None:
    """Read a time as tables have it; ``None`` if it is none."""
    if (found := read_moment(text, options.zone)) is not None:
        return found
    if (parsed := _DATE.fullmatch(text)) is not None:
        date = Numbers(int(parsed[1]), int(parsed[3]), int(parsed[4])).date(day_first=day_first)
        clock = (parsed[5], parsed[6], parsed[7], parsed[8])
    elif (named := _NAMED.search(text)) is not None:
        month = month_named(named[2] or named[4])
        if month is None:
            return None
        year = int(named[3] or named[6])
        date = (year + 2000 if year < 100 else year, month, int(named[1] or named[5]))
        time = _CLOCK.search(text)
        clock = (time[1], time[2], time[3], time[4]) if time else (None, None, None, None)
    else:
        return None
    hour = int(clock[0] or 0)
    if clock[3]:
        hour = hour % 12 + (12 if clock[3][0] in "Pp" else 0)
    try:
        return placed(datetime(*date, hour, int(clock[1] or 0), int(clock[2] or 0)), options.zone)
    except (ValueError, OverflowError):
        return None
