"""The lines of an export."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem._core.text.cleaning import content_hash
from powermem._core.transfer.lines import Header, read_item, write_item
from powermem._core.values import EmbedderIdentity, HistoryEntry, Row, Scope, Stored
from powermem.errors import InvalidInputError

HEADER = Header(EmbedderIdentity("mock", "m", 2))
NUMBERS = ("created_at", "updated_at", "valid_from", "access_count", "version")
MOMENTS = ("valid_to", "expires_at", "superseded_by")


def stored() -> Stored:
    row = Row(
        id=7,
        scope=Scope("ana", None, "monday"),
        text="I like tea",
        hash=content_hash("I like tea"),
        actor_id="Ana",
        memory_type="taste",
        metadata={"mood": "good"},
        created_at=1,
        updated_at=2,
        valid_from=-3,
        valid_to=4,
        expires_at=5,
        superseded_by=6,
        access_count=8,
        version=9,
        utc_offset=3600,
        facets={"title": "Tea"},
    )
    entry = HistoryEntry(7, "UPDATE", "I like milk", "I like tea", None, 2, 11)
    return Stored(row, [entry], [12, 13], bytes(8), (bytes(16), bytes(2)))


def changed(**values: Any) -> str:
    return json.dumps({**json.loads(write_item(stored())), **values})


def test_a_memory_is_read_as_it_was_written() -> None:
    assert read_item(write_item(stored()), HEADER) == stored()


@pytest.mark.parametrize("name", MOMENTS)
def test_a_moment_may_be_missing(name: str) -> None:
    found = read_item(changed(**{name: None}), HEADER)
    assert isinstance(found, Stored)
    assert getattr(found.row, name) is None
    assert [getattr(found.row, other) for other in MOMENTS if other != name] == [
        getattr(stored().row, other) for other in MOMENTS if other != name
    ]


@pytest.mark.parametrize("wrong", [True, 1.5, "1", 1 << 63, -(1 << 63) - 1, [1]])
@pytest.mark.parametrize("name", [*NUMBERS, *MOMENTS])
def test_numbers_are_integers_of_64_bits(name: str, wrong: object) -> None:
    with pytest.raises(InvalidInputError, match="64-bit integer"):
        read_item(changed(**{name: wrong}), HEADER)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_must_be_there(name: str) -> None:
    with pytest.raises(InvalidInputError, match="64-bit integer, got None"):
        read_item(changed(**{name: None}), HEADER)
    value = json.loads(write_item(stored()))
    del value[name]
    with pytest.raises(InvalidInputError, match=f"the key '{name}' is missing"):
        read_item(json.dumps(value), HEADER)
