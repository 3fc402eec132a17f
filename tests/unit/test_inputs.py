"""The pure modules that check what users pass: ids, metadata, moments, ids of memories."""

from __future__ import annotations

import multiprocessing
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core import clock, ids
from powermem._core.inputs import KEEP, check_count, check_id, check_share, parse_id
from powermem._core.metadata import check_metadata, decode, encode, merge
from powermem.errors import InvalidInputError

HUGE = 10**5000
# pytest cannot write it either.
huge = pytest.param(HUGE, id="huge")

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_metadata_survives_checking_and_storing(metadata: dict[str, Any]) -> None:
    assert decode(encode(check_metadata(metadata))) == metadata


def test_checked_metadata_is_a_copy() -> None:
    given_: dict[str, Any] = {"a": [1, {"b": 2}]}
    kept = check_metadata(given_)
    given_["a"][1]["b"] = 3
    assert kept == {"a": [1, {"b": 2}]}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, {2}]}, r"metadata\.a\[1\]"),
        ({"a": HUGE}, r"metadata\.a"),
        ({"a": b"x"}, r"metadata\.a.*bytes"),
        ({"a": float("inf")}, r"metadata\.a"),
        ({"\ud800": 1}, "Unicode"),
        ({"a": datetime(2020, 1, 1)}, "isoformat"),
    ],
)
def test_what_json_cannot_hold_is_named(value: Any, path: str) -> None:
    with pytest.raises(InvalidInputError, match=path):
        check_metadata(value)


def test_metadata_that_nests_without_end_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = loop
    with pytest.raises(InvalidInputError, match="nested deeper"):
        check_metadata(loop)


@pytest.mark.parametrize(
    ("old", "new", "merged"),
    [
        # The examples of RFC 7396, appendix A, that are about objects.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_is_that_of_the_rfc(old: dict[str, Any], new: dict[str, Any], merged: dict[str, Any]) -> None:
    assert merge(old, new) == merged


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2023-05-08T10:00:00Z", "2023-05-08T10:00:00+00:00"),
        ("2023-05-08 10:00:00+02:00", "2023-05-08T08:00:00+00:00"),
        ("2023-05-08", "2023-05-08T00:00:00+00:00"),
        (datetime(2023, 5, 8, 10, tzinfo=timezone(timedelta(hours=-5))), "2023-05-08T15:00:00+00:00"),
        (datetime(1901, 1, 1), "1901-01-01T00:00:00+00:00"),
        (date(2023, 5, 8), "2023-05-08T00:00:00+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (-1.5, "1969-12-31T23:59:58.500000+00:00"),
    ],
)
def test_moments_are_read_in_every_form(value: Any, iso: str) -> None:
    assert clock.to_iso(clock.parse(value)) == iso


@pytest.mark.parametrize("value", ["", "soon", "2023-13-01", None, True, huge, float("nan"), 1e300, [1]])
def test_what_is_no_moment_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="when"):
        clock.parse(value, "when")


@given(st.integers(-(2**55), 2**55))
def test_moments_before_and_after_1970_come_back(moment: int) -> None:
    assert clock.parse(clock.to_iso(moment)) == moment
    assert clock.from_datetime(clock.to_datetime(moment)) == moment


@pytest.mark.parametrize("value", ["", " ", 1.5, True, b"x", huge, "a" * 129, "a\x00"])
def test_a_wrong_id_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="user_id"):
        check_id(value, "user_id")


def test_numbers_are_ids_too() -> None:
    assert check_id(7, "user_id") == "7"
    assert check_id(None, "user_id") is None


def test_counts_and_shares() -> None:
    assert check_count(3, "limit", least=1) == 3
    assert check_share(1, "threshold") == 1.0
    assert check_share(None, "threshold") is None
    for wrong in (1.0, "1", None, False, 0):
        with pytest.raises(InvalidInputError, match="limit"):
            check_count(wrong, "limit", least=1)
    assert repr(KEEP) == "KEEP"


def test_new_ids_rise_and_fit_63_bits() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert made[-1] < 1 << 63


def test_ids_rise_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = ids.IdGenerator()
    first = generator()
    monkeypatch.setattr("powermem._core.ids.time.time_ns", lambda: 1_700_000_000_000_000_000)
    assert first < generator() < generator()


def _ids_of_a_child(_: int) -> list[int]:
    return [ids.new_id() for _ in range(2000)]


def test_forked_children_make_other_ids() -> None:
    ids.new_id()
    with multiprocessing.get_context("fork").Pool(3) as pool:
        made = [one for part in pool.map(_ids_of_a_child, range(3), chunksize=1) for one in part]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        ("5.0", None),
        ("x", None),
        ("", None),
        (0, None),
        (-5, None),
        (True, None),
    ],
)
def test_memory_ids_are_read_from_numbers_and_strings(value: Any, number: int | None) -> None:
    assert parse_id(value) == number


def test_a_memory_id_of_any_length_does_no_harm() -> None:
    assert parse_id("9" * 5000) is None
    assert parse_id(HUGE) is None
