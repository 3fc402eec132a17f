"""What inference changes keeps its past: every text holds from its message on, until the next one."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._core.changes.writes import ReplaceText, Updated, VersionConflict
from powermem._core.clock import DAY, now
from powermem._core.text.cleaning import content_hash
from tests.support.additions import memory_of, search_for, turn_of, vector
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, openai_llm

pytestmark = pytest.mark.stores

APRIL, MAY, AUGUST, SEPTEMBER = "2026-04-02", "2026-05-15", "2026-08-03", "2026-09-09"
RAMEN = "The user's favourite food is ramen"
FEIJOADA = "The user's favourite food is no longer ramen, it's feijoada"


@pytest.fixture
async def learning(config: dict[str, Any], api: ApiServer) -> AsyncIterator[AsyncMemory]:
    """A memory whose model is scripted; every change needs a decision."""
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        yield memory


async def tell(memory: AsyncMemory, model: ScriptedModel, text: str, day: str, *given: Any) -> dict[str, Any]:
    """Add a fact, said on a day, with these decisions about it; return the first item of the result."""
    model.learns(text)
    if given:
        model.decides(decision(0, *given))
    items = (await memory.add(f"{text}!", user_id="u", timestamp=day, metadata={"k": 1}))["results"]
    return {} if not items else {**items[0]}


async def change(memory: AsyncMemory, model: ScriptedModel) -> int:
    """Store the ramen of April and the feijoada of August; return the id of the memory."""
    known = await tell(memory, model, RAMEN, APRIL)
    item = await tell(
        memory, model, "The user's favourite food is feijoada", AUGUST, "UPDATE", "M1", FEIJOADA
    )
    assert (item["id"], item["event"], item["previous_memory"]) == (known["id"], "UPDATE", RAMEN)
    return int(known["id"])


async def listed(memory: AsyncMemory, day: str | None = None) -> list[str]:
    page = await memory.get_all(user_id="u", sort_by="id", order="asc", as_of=day)
    assert page["total"] == len(page["results"])
    return [record["memory"] for record in page["results"]]


async def test_before_an_update_the_old_text_is_found(learning: AsyncMemory, model: ScriptedModel) -> None:
    known = await change(learning, model)
    for day, text in ((MAY, RAMEN), (AUGUST, FEIJOADA), (None, FEIJOADA), ("2026-01-01", None)):
        wanted = [] if text is None else [text]
        found = await learning.search("What is the favourite food?", user_id="u", as_of=day)
        assert [hit["memory"] for hit in found["results"]] == wanted, day
        assert await listed(learning, day) == wanted, day
        context = await learning.context("What is the favourite food?", user_id="u", as_of=day)
        assert [known for known in (RAMEN, FEIJOADA) if known in context] == wanted, day
    current = await learning.get(known)
    assert current is not None
    assert (current["memory"], current["valid_from"]) == (FEIJOADA, "2026-08-03T00:00:00+00:00")
    assert (current["valid_to"], current["superseded_by"]) == (None, None)
    events = [
        (entry["event"], entry["old_memory"], entry["new_memory"]) for entry in await learning.history(known)
    ]
    assert events == [("ADD", None, RAMEN), ("UPDATE", RAMEN, FEIJOADA)]


async def test_a_version_is_a_memory_that_ended(learning: AsyncMemory, model: ScriptedModel) -> None:
    known = await change(learning, model)
    (old,) = (await learning.get_all(user_id="u", as_of=MAY))["results"]
    assert (old["superseded_by"], old["metadata"]) == (known, {"k": 1})
    assert old["valid_from"] == "2026-04-02T00:00:00+00:00"
    assert old["valid_to"] == "2026-08-03T00:00:00+00:00"
    assert [turn["content"] for turn in await learning.sources(old["id"])] == [f"{RAMEN}!"]
    assert len(await learning.sources(known)) == 2
    assert [entry["event"] for entry in await learning.history(old["id"])] == ["ADD", "UPDATE"]
    assert (await learning.get(old["id"]) or {})["memory"] == RAMEN
    # Both arms find it, as they found it before.
    hit = (await learning.search(RAMEN, user_id="u", as_of=MAY, explain=True))["results"][0]
    assert hit["score_details"]["dense"] > 0.9
    assert hit["score_details"]["lexical"] > 0.5


async def test_versions_count_as_nothing_now(learning: AsyncMemory, model: ScriptedModel) -> None:
    await change(learning, model)
    assert await learning.count(user_id="u") == 1
    assert (await learning.get_statistics(user_id="u"))["total_memories"] == 1
    assert len((await learning.search(RAMEN, user_id="u"))["results"]) == 1
    # The text of a version may be said again.
    again = await tell(learning, model, RAMEN, SEPTEMBER, "SUPERSEDE", "M1")
    assert again["event"] == "UPDATE"
    assert await listed(learning) == [RAMEN]
    assert [await listed(learning, day) for day in (MAY, AUGUST)] == [[RAMEN], [FEIJOADA]]


async def test_each_of_many_updates_keeps_its_time(learning: AsyncMemory, model: ScriptedModel) -> None:
    towns = {"2025-01-10": "Porto", "2025-03-10": "Faro", "2025-06-10": "Evora", "2025-09-10": "Braga"}
    ids = set()
    for day, town in towns.items():
        text = f"Ana lives in {town}"
        given = () if town == "Porto" else ("UPDATE", "M1", text)
        ids.add((await tell(learning, model, text, day, *given))["id"])
    assert len(ids) == 1
    for day, town in towns.items():
        assert await listed(learning, day) == [f"Ana lives in {town}"]
    assert len(await learning.history(ids.pop())) == 4


async def test_a_persons_update_corrects_the_past_too(learning: AsyncMemory, model: ScriptedModel) -> None:
    known = await change(learning, model)
    corrected = f"{FEIJOADA}, with rice"
    await learning.update(known, corrected)
    held = [await listed(learning, day) for day in (MAY, AUGUST, None)]
    assert held == [[RAMEN], [corrected], [corrected]]
    (old,) = (await learning.get_all(user_id="u", as_of=MAY))["results"]
    await learning.update(old["id"], "The user's favourite food is miso ramen")
    assert await listed(learning, MAY) == ["The user's favourite food is miso ramen"]


@pytest.mark.parametrize("way", ["delete", "by filter", "delete_all", "DELETE"])
async def test_versions_go_with_their_memory(learning: AsyncMemory, model: ScriptedModel, way: str) -> None:
    known = await change(learning, model)
    other = await learning.add("Rex is a dog", user_id="u", infer=False, timestamp=APRIL)
    then = (await learning.get_all(user_id="u", as_of=MAY))["results"]
    (old,) = [record for record in then if record["memory"] == RAMEN]
    if way == "delete":
        assert await learning.delete(known)
    elif way == "by filter":
        # What the current text passes, the old one need not pass.
        await learning.update(known, metadata={"k": 2})
        assert await learning.delete_all(user_id="u", filters={"k": 2}) == {"deleted": 1}
    elif way == "delete_all":
        assert await learning.delete_all(user_id="u") == {"deleted": 2}
    else:
        await tell(learning, model, "The user wants the favourite food forgotten", SEPTEMBER, "DELETE", "M1")
    assert await learning.get(known) is None
    assert await learning.get(old["id"]) is None
    assert await learning.sources(old["id"]) == []
    assert [entry["event"] for entry in await learning.history(old["id"])] == ["ADD", "UPDATE", "DELETE"]
    left = [] if way == "delete_all" else [other["results"][0]["memory"]]
    assert await listed(learning, MAY) == await listed(learning) == left


async def test_what_a_memory_superseded_stays_when_it_is_deleted(
    learning: AsyncMemory, model: ScriptedModel
) -> None:
    await tell(learning, model, "Ana lives in Porto", APRIL)
    new = await tell(learning, model, "Ana lives in Faro", AUGUST, "SUPERSEDE", "M1")
    assert await learning.delete(new["id"])
    assert await listed(learning, MAY) == ["Ana lives in Porto"]


async def test_a_copy_has_the_versions_too(learning: AsyncMemory, model: ScriptedModel) -> None:
    known = await change(learning, model)
    lines = io.StringIO()
    await learning.export_memories(lines)
    await learning.reset()
    assert await listed(learning, MAY) == []
    lines.seek(0)
    await learning.import_memories(lines)
    assert [await listed(learning, day) for day in (MAY, None)] == [[RAMEN], [FEIJOADA]]
    assert await learning.delete(known)
    assert await listed(learning, MAY) == []


LATE = [
    # The decision, the merged text, what holds in May, what holds now.
    ("SUPERSEDE", None, RAMEN, "The user's favourite food is feijoada"),
    ("UPDATE", RAMEN, RAMEN, "The user's favourite food is feijoada"),
    (
        "UPDATE",
        "The user's favourite food is feijoada, before that ramen",
        RAMEN,
        "The user's favourite food is feijoada, before that ramen",
    ),
]


@pytest.mark.parametrize(("action", "merged", "then", "today"), LATE)
async def test_a_message_that_arrives_late_tells_of_its_own_time(
    learning: AsyncMemory, model: ScriptedModel, action: str, merged: str | None, then: str, today: str
) -> None:
    known = await tell(learning, model, "The user's favourite food is feijoada", AUGUST)
    for _ in range(2):
        # The second time nothing is new.
        await tell(learning, model, RAMEN, APRIL, action, "M1", merged)
        assert await listed(learning) == [today]
        assert await listed(learning, MAY) == [then]
        assert await listed(learning, "2026-01-01") == []
    (old,) = (await learning.get_all(user_id="u", as_of=MAY))["results"]
    assert (old["valid_to"], old["superseded_by"]) == ("2026-08-03T00:00:00+00:00", known["id"])
    current = await learning.get(known["id"])
    assert current is not None
    assert (current["valid_from"], current["valid_to"]) == ("2026-08-03T00:00:00+00:00", None)


async def test_a_message_may_arrive_between_two_that_are_known(
    learning: AsyncMemory, model: ScriptedModel
) -> None:
    await tell(learning, model, "Ana lives in Porto", APRIL)
    await tell(learning, model, "Ana lives in Faro", SEPTEMBER, "ADD")
    model.learns("Ana lives in Evora")
    model.decides(decision(0, "SUPERSEDE", "M1"), decision(0, "SUPERSEDE", "M2"))
    await learning.add("In Evora!", user_id="u", timestamp=AUGUST)
    days = (MAY, "2026-08-20", "2026-10-01", None)
    towns = [[text.split()[-1] for text in await listed(learning, day)] for day in days]
    assert towns == [["Porto"], ["Evora"], ["Faro"], ["Faro"]]


async def test_messages_of_one_moment_leave_no_version(learning: AsyncMemory, model: ScriptedModel) -> None:
    known = await tell(learning, model, RAMEN, APRIL)
    await tell(learning, model, "The user's favourite food is feijoada", APRIL, "UPDATE", "M1", FEIJOADA)
    assert await listed(learning, APRIL) == [FEIJOADA]
    assert len(await learning.history(known["id"])) == 2
    assert await learning.delete_all(user_id="u") == {"deleted": 1}


async def test_a_version_is_written_with_its_update_or_not_at_all(opened: AsyncStore) -> None:
    tea, turn = memory_of("tea"), turn_of("coffee, now")
    await opened.apply([tea])
    row = tea.row

    until = row.valid_from + DAY

    def later(version: int) -> ReplaceText:
        embedding = vector("coffee")
        return ReplaceText(
            row.id, "coffee", "hash of coffee", embedding, now(), version, (turn.id,), valid_from=until
        )

    async def held(at: int) -> list[str]:
        rows, _ = await opened.list_rows(
            row.scope, None, sort_by="id", descending=False, limit=9, offset=0, as_of=at
        )
        return [row.text for row in rows]

    # The second fails at its end: its first change has changed the memory.
    for refused in ([later(7)], [later(1), later(1)]):
        with pytest.raises(VersionConflict):
            await opened.apply([turn, *refused])
        assert [await held(row.valid_from), await held(until)] == [["tea"], ["tea"]]
    _, outcome = await opened.apply([turn, later(1)])
    assert isinstance(outcome, Updated)
    assert (outcome.row.id, outcome.previous, outcome.row.version) == (row.id, "tea", 2)
    assert [await held(row.valid_from), await held(until - 1), await held(until)] == [
        ["tea"],
        ["tea"],
        ["coffee"],
    ]


async def test_a_version_keeps_every_window_of_a_long_text(opened: AsyncStore) -> None:
    said = [vector(text) for text in ("green tea", "black coffee", "oat milk")]
    long = memory_of("green tea, black coffee and oat milk")
    long = replace(long, embedding=b"".join(said))
    await opened.apply([long])
    asked = search_for("oat milk", as_of=long.row.valid_from)
    ((before,),) = await opened.search([asked], touch=False)
    change = ReplaceText(
        long.row.id,
        "water",
        content_hash("water"),
        vector("water"),
        now(),
        version=1,
        valid_from=long.row.valid_from + DAY,
    )
    await opened.apply([change])
    ((after,),) = await opened.search([asked], touch=False)
    assert (after.row.text, after.row.superseded_by) == (before.row.text, before.row.id)
    assert after.details["dense"] == pytest.approx(before.details["dense"], abs=1e-5)
    stored = await opened.scan(long.row.scope, None, 0, 9, vectors=True)
    vectors = {one.row.id: one.embedding for one in stored}
    assert vectors[after.row.id] is not None
    assert len(vectors[after.row.id] or b"") == len(long.embedding or b"")
