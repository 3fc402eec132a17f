"""Whatever was stored comes back as it was, and can be found."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._core.clock import parse
from powermem._core.values import Scope
from tests.support.additions import memory_of, search_for, turn_of

pytestmark = pytest.mark.stores

TEXTS = [
    'Robert\'); DROP TABLE memories_records;-- 100% "quoted" `ticks` \\ \\0 %s %(x)s ? $1 :name {}',
    "日本語のテキスト 👩\u200d👩\u200d👧 🇵🇹 e\u0301 \ufeff \u2028 \uffff \U0010ffff",
    "nul \x00 inside, escape \x1b, delete \x7f, \ufdd0\ufdd1 and \ufdd0\ufdd2",
    "\\u0000 is no nul, nor is \\\\u0000",
    "tail ",
    "x" * 1_000_000,
    "界" * 300_000,
]
NAMES = ["quotes", "unicode", "nul", "backslashes", "trailing", "a megabyte", "nearly a megabyte"]


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
async def test_text_is_kept_to_the_byte(opened: AsyncStore, text: str) -> None:
    turn = turn_of(text)
    change = memory_of(
        text, actor_id=text[:100].replace("\x00", ""), metadata={"copy": text, text[:50]: [text]}
    )
    await opened.apply([turn, change])
    row = (await opened.get_many([change.row.id]))[change.row.id]
    assert row == change.row
    rows, _ = await opened.list_rows(Scope("ana"), None, sort_by="id", descending=False, limit=1, offset=0)
    assert rows == [row]
    (entry,) = await opened.history(row.id)
    assert (entry.new_memory, entry.actor) == (text, row.actor_id)
    (hits,) = await opened.search([search_for(text[:1000])], touch=False)
    assert [hit.row for hit in hits] == [row]


async def test_texts_that_look_alike_are_different(opened: AsyncStore) -> None:
    alike = ["tea", "Tea", "TEA", "tea ", "téa", "te\u0301a", "ｔｅａ", "tea\x00", "tea\u200b"]
    changes = [memory_of(text, hash=f"hash {text}".replace("\x00", "0")) for text in alike]
    outcomes = await opened.apply(changes)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Added"] * len(alike)
    rows = await opened.get_many([change.row.id for change in changes])
    assert [rows[change.row.id].text for change in changes] == alike


async def test_deep_metadata(memory: AsyncMemory) -> None:
    deep: Any = "the end"
    for level in range(28):
        deep = {"k": deep} if level % 2 else [deep, level]
    metadata = {
        "deep": deep,
        "numbers": [0, -1, 1.5, 2**53 + 1, 2**63 - 1, 2**70, 1e300, 5e-324],
        "flags": [True, False, None],
        "keys": {"": 1, "a.b": 2, "$x": 3, "ключ": 4, "nul\x00": 5, "\\u0000": 6, "é": 7, "e\u0301": 8},
        "empty": [{}, [], ""],
    }
    (item,) = (await memory.add("I like tea", user_id="u", metadata=metadata, infer=False))["results"]
    kept = await memory.get(item["id"])
    assert kept is not None
    assert kept["metadata"] == metadata
    assert [type(number) for number in kept["metadata"]["numbers"]] == [
        int,
        int,
        float,
        int,
        int,
        int,
        float,
        float,
    ]
    assert list(kept["metadata"]) == list(metadata)


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01", "1582-10-10", "1899-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999", "9999-12-31"],
)
async def test_dates_far_from_today(memory: AsyncMemory, moment: str) -> None:
    added = await memory.add("It happened", user_id="u", infer=False, timestamp=moment)
    kept = await memory.get(added["results"][0]["id"])
    assert kept is not None
    assert parse(kept["valid_from"]) == parse(moment)
    assert await memory.count(filters={"valid_from": moment}) == 1
    known = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
    assert await memory.count(filters={"valid_from": {"gte": known, "lte": known}}) == 1
    assert await memory.count(filters={"valid_from": {"gt": known}}) == 0
    assert len((await memory.search("what happened", user_id="u"))["results"]) == 1


async def test_large_ids_survive(opened: AsyncStore) -> None:
    ids = [1, 2**53 + 1, 2**63 - 1]
    await opened.apply([memory_of(f"number {number}", id=number) for number in ids])
    assert sorted(await opened.get_many([*ids, 2, 2**53])) == ids
    (hits,) = await opened.search([search_for("number")], touch=False)
    assert sorted(hit.row.id for hit in hits) == ids


async def test_ids_work_as_strings(memory: AsyncMemory) -> None:
    (item,) = (await memory.add("I like tea", user_id="u", infer=False))["results"]
    name = str(item["id"])
    kept = await memory.get(name)
    assert kept is not None
    assert kept["id"] == item["id"]
    assert await memory.count(filters={"id": name}) == 1
    assert (await memory.update(name, "I like coffee")) is not None
    assert [entry["event"] for entry in await memory.history(name)] == ["ADD", "UPDATE"]
    assert await memory.delete(name) is True


async def test_many_ids_at_once(opened: AsyncStore) -> None:
    changes = [memory_of(f"text {number}") for number in range(1200)]
    await opened.apply(changes)
    ids = [change.row.id for change in changes]
    assert set(await opened.get_many([*ids, *range(2, 40_000)])) == set(ids)
    assert await opened.get_many([]) == {}
