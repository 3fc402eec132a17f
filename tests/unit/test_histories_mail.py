"""Mailboxes: headers, encodings, quotes and threads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powermem import histories
from powermem._core.histories.mbox import sent_at, without_quotes
from powermem._core.histories.values import iso
from powermem.histories import Message
from tests.support.exports import write

BODIES = {
    "Hello.\n\nOn Mon, 3 Mar 2025 at 10:00, Ana <a@x> wrote:\n> Hi\n> there\n": "Hello.",
    "Hello.\n\nOn Mon, 3 Mar 2025 at 10:00, Ana Maria Berg\n<ana@example.org> wrote:\n\n> Hi\n": "Hello.",
    "> Where?\n\nIn Oslo.\n\n> When?\n\nNow.\n": "In Oslo.\n\nNow.",
    "Hello.\n\n-----Original Message-----\nFrom: Ana\nSent: today\n\nHi\n": "Hello.",
    "Hello.\n\n________________________________\nFrom: Ana\n": "Hello.",
    "Hello.\n\nVon: Ana\nGesendet: Montag\nAn: Bob\n\nHi\n": "Hello.",
    "Hallo.\n\nAm 03.03.25 um 10:00 schrieb Ana:\n> Hi\n": "Hallo.",
    "Salut.\n\nLe lun. 3 mars 2025 à 10:00, Ana <a@x> a écrit :\n\n> Hi\n": "Salut.",
    "你好。\n\n在 2025年3月3日 10:00，Ana 写道：\n> Hi\n": "你好。",
    "Hello.\n-- \nAna\nExample Ltd\n": "Hello.",
    "On Monday Ana wrote:\nthis is mine.\n": "On Monday Ana wrote:\nthis is mine.",
    "From: the sea\nI see ships.\n": "From: the sea\nI see ships.",
}


@pytest.mark.parametrize("body", BODIES)
def test_only_what_a_mail_itself_says(body: str) -> None:
    assert without_quotes(body) == BODIES[body]


DATES = {
    "Wed, 1 May 2024 12:00:10 +0200": "2024-05-01T12:00:10+02:00",
    "1 May 2024 12:00:10 +0530 (IST)": "2024-05-01T12:00:10+05:30",
    "Wed, 1 May 2024 12:00:10 -0000": "2024-05-01T12:00:10+00:00",
    "Wed, 1 May 2024 12:00:10 GMT": "2024-05-01T12:00:10+00:00",
    "Wed, 1 May 2024 12:00:10 EDT": "2024-05-01T12:00:10-04:00",
    "Wed, 1 May 2024 12:00:10": "2024-05-01T12:00:10+00:00",
    "yesterday": None,
    "Wed, 99 May 2024 12:00:10 +0200": None,
}


@pytest.mark.parametrize("text", DATES)
def test_dates(text: str) -> None:
    assert iso(sent_at(text, timezone.utc)) == DATES[text]


_LETTERS = "abcXYZ 019éßøłжя中文字한ひ漢❤🎉'=?!+&#"
TEXT = st.text(_LETTERS, max_size=40).map(lambda text: f"a{text}z")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    mails=st.lists(
        st.tuples(
            TEXT,
            TEXT,
            TEXT,
            st.datetimes(
                datetime(1980, 1, 1),
                datetime(2090, 1, 1),
                timezones=st.integers(-11, 13).map(lambda hours: timezone(timedelta(hours=hours))),
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_python_writes_is_read(tmp_path: Path, mails: list[tuple[str, str, str, datetime]]) -> None:
    written = b""
    expected = []
    for number, (text, name, subject, moment) in enumerate(mails):
        mail = EmailMessage()
        mail["From"] = f"{name} <n{number}@example.org>"
        mail["Subject"] = subject
        mail["Date"] = format_datetime(moment)
        mail["Message-ID"] = f"<{number}@x>"
        mail.set_content(f"From {text}\n")
        body = mail.as_bytes().replace(b"\nFrom ", b"\n>From ")
        written += b"From x@y Wed May 01 10:00:00 2024\n" + body + b"\n"
        expected.append(
            (f"From {text}", f"n{number}@example.org", f"<{number}@x>", moment.replace(microsecond=0))
        )
    history = histories.read(write(tmp_path, "a.mbox", written))
    found = [(one.text, one.speaker_id, one.id, one.at) for one in history if isinstance(one, Message)]
    assert history.report.faults == []
    assert found == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_a_mailbox(tmp_path: Path, junk: bytes) -> None:
    good = b"From x@y Wed May 01 10:00:00 2024\nFrom: a@x\nSubject: s\nMessage-ID: <last@x>\n\nI keep bees.\n"
    path = write(tmp_path, "a.mbox", b"From x@y Wed May 01 10:00:00 2024\n" + junk + b"\n\n" + good)
    found = [one for one in histories.read(path, "mbox") if isinstance(one, Message)]
    assert (found[-1].text, found[-1].id) == ("I keep bees.", "<last@x>")


def test_threads_by_what_they_answer(tmp_path: Path) -> None:
    heads = [
        "Message-ID: <1@x>",
        "Message-ID: <2@x>\nIn-Reply-To: <1@x>",
        "Message-ID: <3@x>\nIn-Reply-To: <2@x>",
    ]
    mails = (f"From a Wed May 01 10:00:00 2024\nFrom: a@x\n{head}\n\nNote.\n\n" for head in heads)
    found = [
        one for one in histories.read(write(tmp_path, "a.mbox", "".join(mails))) if isinstance(one, Message)
    ]
    assert {one.conversation for one in found} == {"<1@x>"}


def test_spam_and_drafts_are_left_out(tmp_path: Path) -> None:
    mail = "From a Wed May 01 10:00:00 2024\nX-Gmail-Labels: {}\nFrom: a@x\nSubject: s\n\nNote.\n\n"
    history = histories.read(write(tmp_path, "a.mbox", mail.format("Spam,Unread") + mail.format("Inbox")))
    assert len(list(history)) == 1
    assert dict(history.report.left_out) == {"drafts, spam and trash": 1}
