"""Moments, zones and clocks that are set."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem import InvalidInputError
from powermem._core import clock
from powermem._core.clock import (
    JumpDetector,
    LocalTime,
    local_time,
    parse,
    parse_local,
    read_zone,
    to_datetime,
)
from powermem._core.messages.normalize import read_messages, with_times
from powermem._core.tasks.task import LONGEST_PAUSE, is_due
from powermem._core.wire.budget import Refusal, Spend, enter

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = 1_000_000


def shown(value: object, zone: str = "Europe/Berlin") -> str:
    return to_datetime(*parse_local(value, read_zone(zone))).isoformat()


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        # An offset is the speaker's, whatever the zone.
        ("2026-04-22T22:30:00-04:00", "2026-04-22T22:30:00-04:00"),
        ("2026-01-01T00:10:00+14:00", "2026-01-01T00:10:00+14:00"),
        ("2025-12-31T23:50:00-11:00", "2025-12-31T23:50:00-11:00"),
        ("2026-04-22T22:30:00+05:45", "2026-04-22T22:30:00+05:45"),
        (datetime(2026, 4, 22, 22, 30, tzinfo=timezone(timedelta(hours=-4))), "2026-04-22T22:30:00-04:00"),
        (datetime(2026, 1, 22, 22, 30, tzinfo=ZoneInfo("Europe/London")), "2026-01-22T22:30:00+00:00"),
        # What has none is read in the zone, in summer and in winter.
        ("2026-04-22T22:30:00", "2026-04-22T22:30:00+02:00"),
        ("2026-01-22 22:30", "2026-01-22T22:30:00+01:00"),
        (datetime(2026, 4, 22, 22, 30), "2026-04-22T22:30:00+02:00"),
        ("2026-04-22", "2026-04-22T00:00:00+02:00"),
        (date(2026, 1, 1), "2026-01-01T00:00:00+01:00"),
        # UTC names a moment, and the zone the hour.
        ("2026-04-22T22:30:00Z", "2026-04-23T00:30:00+02:00"),
        ("2026-04-22T22:30:00+00:00", "2026-04-23T00:30:00+02:00"),
        (datetime(2026, 4, 22, 22, 30, tzinfo=timezone.utc), "2026-04-23T00:30:00+02:00"),
        (datetime(2026, 4, 22, 22, 30, tzinfo=ZoneInfo("UTC")), "2026-04-23T00:30:00+02:00"),
        (1_776_897_000, "2026-04-23T00:30:00+02:00"),
        (1_776_897_000.0, "2026-04-23T00:30:00+02:00"),
        # An hour that was left out, and one that came twice.
        ("2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00"),
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
        (datetime(2026, 10, 25, 2, 30, fold=1), "2026-10-25T02:30:00+01:00"),
    ],
)
def test_what_a_clock_showed(given_: object, expected: str) -> None:
    assert shown(given_) == expected


def test_days_of_other_offsets() -> None:
    assert shown("2026-04-22T22:30", "+05:30") == "2026-04-22T22:30:00+05:30"
    assert shown("2026-04-22T22:30", "UTC-11") == "2026-04-22T22:30:00-11:00"
    assert shown("2026-04-22T22:30", "utc") == "2026-04-22T22:30:00+00:00"
    assert shown("2026-04-22T22:30", "america/new_york") == "2026-04-22T22:30:00-04:00"
    # Lord Howe's clocks are put forward by half an hour.
    assert shown("2026-10-04T02:15:00", "Australia/Lord_Howe") == "2026-10-04T02:45:00+11:00"
    # Before there were zones, clocks showed the time of the place.
    assert parse_local("1850-01-01", BERLIN).utc_offset == 53 * 60 + 28


@given(st.integers(min_value=-62_135_596_800, max_value=253_402_300_799), st.integers(-86_340, 86_340))
def test_every_moment_can_be_shown_with_every_offset(seconds: int, offset: int) -> None:
    moment = seconds * SECOND
    local = to_datetime(moment, offset)
    assert parse(local) == moment
    assert local_time(moment, BERLIN).at == moment


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-11:00"])
def test_what_utc_cannot_tell_is_refused(value: str) -> None:
    with pytest.raises(InvalidInputError, match="outside the years 1 to 9999"):
        parse_local(value, BERLIN)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Berlin", "'Europe/Berlin'"),
        ("Europe/Berln", "'Europe/Berlin'"),
        ("New York", "'America/New_York'"),
        ("Asia/Bejing", ""),
        ("Mars/Base", ""),
        ("+99:00", ""),
        ("", ""),
    ],
)
def test_an_unknown_zone_is_named_with_what_may_be_meant(name: str, meant: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_zone(name)
    assert repr(name) in str(caught.value)
    assert meant in str(caught.value)


def test_where_there_is_no_database_of_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(clock, "available_timezones", set)
    monkeypatch.setattr(clock, "ZoneInfo", missing)
    clock._zone_named.cache_clear()
    with pytest.raises(InvalidInputError, match="pip install tzdata"):
        read_zone("Europe/Berlin")
    assert read_zone("UTC") is timezone.utc
    assert read_zone("+02:00") == timezone(timedelta(hours=2))
    clock._zone_named.cache_clear()


def test_a_clock_that_is_set_is_noticed() -> None:
    detector = JumpDetector(20)
    assert not detector.jumped(1_000 * SECOND, 0)
    assert not detector.jumped(1_100 * SECOND, 100)
    # Put right by a little.
    assert not detector.jumped(1_219 * SECOND, 200)
    assert detector.jumped(1_219 * SECOND + 7200 * SECOND, 200.5)
    assert not detector.jumped(1_229 * SECOND + 7200 * SECOND, 210)
    assert detector.jumped(1_239 * SECOND, 220)


def test_when_a_task_is_due() -> None:
    at, pause = 1_800_000_000 * SECOND, int(LONGEST_PAUSE * SECOND)
    assert is_due(at, at)
    assert not is_due(at + 1, at)
    assert not is_due(at + pause, at)
    assert is_due(at + pause + 1, at)


def test_a_budget_of_a_day_far_ahead_is_that_of_a_wrong_clock() -> None:
    limits = {"calls": 2}
    ahead = enter({}, Spend(20_900, {"calls": 2}, limits))
    assert not isinstance(ahead, Refusal)
    assert enter(ahead, Spend(20_000, {"calls": 1}, limits)) == {"day": 20_000, "calls": 1}
    # Clocks of two machines may differ by a day at midnight.
    assert isinstance(enter(ahead, Spend(20_899, {"calls": 1}, limits)), Refusal)


def test_a_message_without_a_time_came_with_its_neighbour() -> None:
    now = LocalTime(7, 3600)
    first = {"role": "user", "content": "a", "timestamp": "2026-04-22T22:30:00-04:00"}
    second = {"role": "user", "content": "b"}
    at = parse("2026-04-23T02:30:00Z")
    for conversation in ([first, second], [second, first], [second, first, second]):
        found = with_times(read_messages(conversation), now)
        assert {(message.sent_at, message.utc_offset) for message in found} == {(at, -14_400)}
    (alone,) = with_times(read_messages("b"), now)
    assert (alone.sent_at, alone.utc_offset) == (7, 3600)
    later = {"role": "user", "content": "c", "timestamp": "2026-04-24T08:00:00+02:00"}
    found = with_times(read_messages([first, second, later, second]), now)
    assert [message.utc_offset for message in found] == [-14_400, -14_400, 7_200, 7_200]
