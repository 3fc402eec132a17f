"""When to try again."""

from __future__ import annotations

import pytest

from powermem._core.wire.failure import Backoff, retry_after
from powermem._core.wire.reasons import is_passing

NOON = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"0", 0.0),
        (b"7", 7.0),
        (b" 1.5 ", 1.5),
        (b"-3", 0.0),
        (b"Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        (b"Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        (b"soon", None),
        (b"inf", None),
        (b"nan", None),
        (b"", None),
        (b"Sun, 99 Nov 1994 08:49:47 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value, seconds):
    assert retry_after([(b"Retry-After", value)], now=NOON) == seconds


def test_milliseconds_win():
    assert retry_after([(b"retry-after", b"2"), (b"Retry-After-Ms", b"150")]) == 0.15


def test_without_the_header_nothing_is_asked():
    assert retry_after([(b"content-type", b"text/html")]) is None


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_these_may_pass(status):
    assert is_passing(status)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 422])
def test_these_do_not_pass(status):
    assert not is_passing(status)


def test_the_wait_grows_to_its_cap_and_is_spread_evenly():
    backoff = Backoff(base=0.5, cap=8.0)

    for attempt, ceiling in [(0, 0.5), (1, 1.0), (4, 8.0), (30, 8.0)]:
        waits = [backoff.delay(attempt) for _ in range(400)]
        assert 0 <= min(waits) < ceiling * 0.1
        assert ceiling * 0.9 < max(waits) <= ceiling


def test_a_wait_asked_for_is_kept_with_a_little_on_top():
    backoff = Backoff(base=0.5)

    waits = [backoff.delay(0, asked=3.0) for _ in range(200)]

    assert min(waits) >= 3.0
    assert max(waits) <= 3.5
    assert max(waits) - min(waits) > 0.1


def test_an_absurd_wait_is_cut():
    assert Backoff(base=0.5, longest=60.0).delay(0, asked=86_400.0) <= 60.5
