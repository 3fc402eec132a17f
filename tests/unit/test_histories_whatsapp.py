"""WhatsApp's chats: dates of all regions, and lines of all kinds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powermem import histories
from powermem.errors import InvalidInputError
from powermem.histories import Message
from tests.support.exports import write

LINES = {
    "[24/12/2023, 18:05:33] Ana: x": "2023-12-24T18:05:33",
    "[24/12/23, 6:05:33\u202fPM] Ana: x": "2023-12-24T18:05:33",
    "\u200e[24.12.23, 18:05:33] Ana: x": "2023-12-24T18:05:33",
    "[2023-12-24, 18:05:33] Ana: x": "2023-12-24T18:05:33",
    "[2023/12/24 18:05:33] Ana: x": "2023-12-24T18:05:33",
    "[24.12.2023 klo 18.05.33] Ana: x": "2023-12-24T18:05:33",
    "[24-12-2023 18:05:33] Ana: x": "2023-12-24T18:05:33",
    "[2023/12/24 下午6:05:33] Ana: x": "2023-12-24T18:05:33",
    "[2023/12/24 上午12:05:33] Ana: x": "2023-12-24T00:05:33",
    "[2023. 12. 24. 오후 6:05:33] Ana: x": "2023-12-24T18:05:33",
    "24/12/2023, 18:05 - Ana: x": "2023-12-24T18:05:00",
    "12/24/23, 6:05 PM - Ana: x": "2023-12-24T18:05:00",
    "12/24/23, 12:05 AM - Ana: x": "2023-12-24T00:05:00",
    "24.12.23, 18:05 - Ana: x": "2023-12-24T18:05:00",
    "24.12.2023 um 18:05 - Ana: x": "2023-12-24T18:05:00",
    "24/12/2023 18:05 - Ana: x": "2023-12-24T18:05:00",
    "24/12/2023 à 18:05 - Ana: x": "2023-12-24T18:05:00",
    "24/12/23, 6:05 p. m. - Ana: x": "2023-12-24T18:05:00",
    "24/12/23, 6:05 p.m. – Ana: x": "2023-12-24T18:05:00",
    "24/12/2023، 18:05 - Ana: x": "2023-12-24T18:05:00",
    "2023-12-24 18:05 - Ana: x": "2023-12-24T18:05:00",
    "24/12/2566, 18:05 - Ana: x": "2023-12-24T18:05:00",
    "24/12/2023, 6:05 μ.μ. - Ana: x": "2023-12-24T18:05:00",
}


def read(tmp_path: Path, text: str, name: str = "chat.txt", **options: Any) -> list[Message]:
    history = histories.read(write(tmp_path, name, text), "whatsapp", **options)
    return [one for one in history if isinstance(one, Message)]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_each_region(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "chat.txt", f"{line}\n")
    assert histories.read(path).format == "whatsapp"
    [found] = read(tmp_path, line)
    assert found.at is not None
    assert (found.at.replace(tzinfo=None).isoformat(), found.speaker, found.text) == (LINES[line], "Ana", "x")


ORDERS = [
    (["3/4/24", "13/4/24"], True),
    (["3/4/24", "4/13/24"], False),
    # Read with the month first, time would go back.
    (["28/1/24", "1/2/24"], True),
    (["1/12/24", "2/1/24"], False),
    (["9/1/24", "10/1/24", "2/2/24"], True),
    (["1/9/24", "1/10/24", "2/2/24"], False),
    (["3.4.24"], True),
    (["4/4/24"], True),
]


@pytest.mark.parametrize(("dates", "day_first"), ORDERS)
def test_the_order_of_dates_is_found(tmp_path: Path, dates: list[str], day_first: bool) -> None:
    found = read(tmp_path, "".join(f"{date}, 10:00 - Ana: x\n" for date in dates))
    first, second = (int(one) for one in re.findall(r"\d+", dates[0])[:2])
    assert found[0].at is not None
    assert (found[0].at.day, found[0].at.month) == ((first, second) if day_first else (second, first))


def test_dates_that_can_be_read_in_two_ways_are_asked_about(tmp_path: Path) -> None:
    text = "3/4/20, 10:00 - Ana: x\n3/5/20, 10:00 - Ana: y\n"
    with pytest.raises(
        InvalidInputError, match=r"3/4/20 may have the day first or the month first.*--date-order"
    ):
        read(tmp_path, text)
    assert [one.at.month for one in read(tmp_path, text, day_first=True) if one.at] == [4, 5]
    assert [one.at.month for one in read(tmp_path, text, day_first=False) if one.at] == [3, 3]


FORMS = (
    "{0:%d/%m/%Y}, {0:%H:%M} - ",
    "{0:%m/%d/%y}, {0:%I:%M} {0:%p} - ",
    "[{0:%d.%m.%y}, {0:%H:%M}:00] ",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    begin=st.datetimes(datetime(2015, 1, 1), datetime(2023, 1, 1)),
    gaps=st.lists(st.integers(0, 60 * 24 * 40), min_size=30, max_size=40),
    form=st.sampled_from(FORMS),
)
def test_a_long_chat_is_read_as_it_was_written(
    tmp_path: Path, begin: datetime, gaps: list[int], form: str
) -> None:
    moment, written = begin.replace(second=0, microsecond=0), []
    for gap in [*gaps, 60 * 24 * 31]:
        moment += timedelta(minutes=gap)
        written.append(moment)
    text = "".join(f"{form.format(one)}Ana: note {number}\n" for number, one in enumerate(written))
    found = read(tmp_path, text, day_first="%m/%d" not in form if _is_short(written) else None)
    assert [one.at.replace(tzinfo=None) for one in found if one.at] == written


def _is_short(written: list[datetime]) -> bool:
    """Return whether no day is after the twelfth, so that the dates may be read in two ways."""
    return all(one.day <= 12 for one in written)


KINDS = {
    "12/24/23, 18:05 - Ana added Bob": "notices of WhatsApp",
    '12/24/23, 18:05 - Ana changed the subject from "A: b" to "C"': "notices of WhatsApp",
    "12/24/23, 18:05 - Ana: <Media omitted>": "media without text",
    "12/24/23, 18:05 - Ana: <Medien ausgeschlossen>": "media without text",
    "12/24/23, 18:05 - Ana: <省略多媒体文件>": "media without text",
    "12/24/23, 18:05 - Ana: IMG-20231224-WA0001.jpg (file attached)": "media without text",
    "12/24/23, 18:05 - Ana: This message was deleted": "deleted messages",
    "12/24/23, 18:05 - Ana:": "media without text",
    "[12/24/23, 18:05:00] Ana: \u200eimage omitted": "media without text",
    "[12/24/23, 18:05:00] Ana: \u200e\u200eBild weggelassen": "media without text",
    "[12/24/23, 18:05:00] Ana: \u200e<attached: 0001-PHOTO.jpg>": "media without text",
    "[12/24/23, 18:05:00] Team: \u200eAna created this group": "notices of WhatsApp",
    "[12/24/23, 18:05:00] Bob: \u200eMissed voice call": "notices of WhatsApp",
    "[12/24/23, 18:05:00] Bob: \u200eThis message was deleted.": "deleted messages",
}


@pytest.mark.parametrize("line", KINDS)
def test_lines_with_nothing_to_remember(tmp_path: Path, line: str) -> None:
    history = histories.read(write(tmp_path, "chat.txt", f"{line}\n"), "whatsapp")
    assert list(history) == []
    assert dict(history.report.left_out) == {KINDS[line]: 1}


TEXTS = {
    "12/24/23, 18:05 - Ana: time is 10:30: go": "time is 10:30: go",
    "12/24/23, 18:05 - Ana: the image omitted a detail": "the image omitted a detail",
    "12/24/23, 18:05 - Ana: <3": "<3",
    "[12/24/23, 18:05:00] Ana: \u200eLocation: https://x.org/?q=1,2": "Location: https://x.org/?q=1,2",
    "[12/24/23, 18:05:00] Ana: \u200ePOLL:\nWhere?\n\u200eOPTION: Oslo": "POLL:\nWhere?\nOPTION: Oslo",
    "[12/24/23, 18:05:00] Ana: hi \u200e<This message was edited>": "hi",
    "[12/24/23, 18:05:00] Ana: @\u2068Bob\u2069 come": "@Bob come",
    "[12/24/23, 18:05:00] ~\u202fAna: hi": "hi",
    "[12/24/23, 18:05:00] \u202a+47\xa0123\u202c: hi": "hi",
    "12/24/23, 18:05 - Ana: a\n\n24 things\n[1] b": "a\n\n24 things\n[1] b",
}


@pytest.mark.parametrize("line", TEXTS)
def test_what_was_said(tmp_path: Path, line: str) -> None:
    [found] = read(tmp_path, f"{line}\n")
    assert found.text == TEXTS[line]
    assert found.speaker in ("Ana", "+47\xa0123")


def test_what_comes_before_the_first_message_is_told(tmp_path: Path) -> None:
    history = histories.read(
        write(tmp_path, "c.txt", "half a message\n12/24/23, 18:05 - Ana: x\n"), "whatsapp"
    )
    assert len(list(history)) == 1
    assert [one.where for one in history.report.faults] == ["line 1"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("WhatsApp Chat with Bob.txt", "Bob"),
        ("WhatsApp Chat with Bob (1).txt", "Bob"),
        ("WhatsApp_Chat_mit_Bob.txt", "Bob"),
        ("Chat de WhatsApp con Bob.txt", "Bob"),
        ("WhatsApp Chat - Bob.txt", "Bob"),
        ("chat.txt", None),
    ],
)
def test_the_name_of_a_chat(tmp_path: Path, name: str, title: str | None) -> None:
    [found] = read(tmp_path, "12/24/23, 18:05 - Ana: x\n", name)
    assert (found.title, found.conversation) == (title, title or "2023-12-24 18:05")
