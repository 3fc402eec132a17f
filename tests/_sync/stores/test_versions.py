# Generated from tests/_async/stores/test_versions.py by scripts/run_unasync.py; edit that file instead.
"""What inference changes keeps its past: every text holds from its message on, until the next one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from powermem import Memory
from powermem._core.changes.writes import ReplaceText, Updated, VersionConflict
from powermem._core.clock import DAY, now
from powermem._core.text.cleaning import content_hash
from powermem._sync.stores.base import Store
from tests.support.additions import memory_of, search_for, turn_of, vector
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, decision, openai_llm

pytestmark = pytest.mark.stores

APRIL, MAY, AUGUST, SEPTEMBER = "2026-04-02", "2026-05-15", "2026-08-03", "2026-09-09"
RAMEN = "The user's favourite food is ramen"
FEIJOADA = "The user's favourite food is no longer ramen, it's feijoada"


@pytest.fixture
def learning(config: dict[str, Any], api: ApiServer) -> Iterator[Memory]:
    """A memory whose model is scripted; every change needs a decision."""
    with Memory({**config, "llm": openai_llm(api)}) as memory:
        yield memory


def tell(memory: Memory, model: ScriptedModel, text: str, day: str, *given: Any) -> dict[str, Any]:
    """Add a fact, said on a day, with these decisions about it; return the first item of the result."""
    model.learns(text)
    if given:
        model.decides(decision(0, *given))
    items = (memory.add(f"{text}!", user_id="u", timestamp=day, metadata={"k": 1}))["results"]
    return {} if not items else {**items[0]}


def change(memory: Memory, model: ScriptedModel) -> int:
    """Store the ramen of April and the feijoada of August; return the id of the memory."""
    known = tell(memory, model, RAMEN, APRIL)
    item = tell(memory, model, "The user's favourite food is feijoada", AUGUST, "UPDATE", "M1", FEIJOADA)
    assert (item["id"], item["event"], item["previous_memory"]) == (known["id"], "UPDATE", RAMEN)
    return int(known["id"])


def listed(memory: Memory, day: str | None = None) -> list[str]:
    page = memory.get_all(user_id="u", sort_by="id", order="asc", as_of=day)
    assert page["total"] == len(page["results"])
    return [record["memory"] for record in page["results"]]


def test_before_an_update_the_old_text_is_found(learning: Memory, model: ScriptedModel) -> None:
    known = change(learning, model)
    for day, text in ((MAY, RAMEN), (AUGUST, FEIJOADA), (None, FEIJOADA), ("2026-01-01", None)):
        wanted = [] if text is None else [text]
        found = learning.search("What is the favourite food?", user_id="u", as_of=day)
        assert [hit["memory"] for hit in found["results"]] == wanted, day
        assert listed(learning, day) == wanted, day
        context = learning.context("What is the favourite food?", user_id="u", as_of=day)
        assert [known for known in (RAMEN, FEIJOADA) if known in context] == wanted, day
    current = learning.get(known)
    assert current is not None
    assert (current["memory"], current["valid_from"]) == (FEIJOADA, "2026-08-03T00:00:00+00:00")
    assert (current["valid_to"], current["superseded_by"]) == (None, None)
    events = [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in learning.history(known)]
    assert events == [("ADD", None, RAMEN), ("UPDATE", RAMEN, FEIJOADA)]


def test_a_version_is_a_memory_that_ended(learning: Memory, model: ScriptedModel) -> None:
    known = change(learning, model)
    (old,) = (learning.get_all(user_id="u", as_of=MAY))["results"]
    assert (old["superseded_by"], old["metadata"]) == (known, {"k": 1})
    assert old["valid_from"] == "2026-04-02T00:00:00+00:00"
    assert old["valid_to"] == "2026-08-03T00:00:00+00:00"
    assert [turn["content"] for turn in learning.sources(old["id"])] == [f"{RAMEN}!"]
    assert len(learning.sources(known)) == 2
    assert [entry["event"] for entry in learning.history(old["id"])] == ["ADD", "UPDATE"]
    assert (learning.get(old["id"]) or {})["memory"] == RAMEN
    # Both arms find it, as they found it before.
    hit = (learning.search(RAMEN, user_id="u", as_of=MAY, explain=True))["results"][0]
    assert hit["score_details"]["dense"] > 0.9
    assert hit["score_details"]["lexical"] > 0.5


def test_versions_count_as_nothing_now(learning: Memory, model: ScriptedModel) -> None:
    change(learning, model)
    assert learning.count(user_id="u") == 1
    assert (learning.get_statistics(user_id="u"))["total_memories"] == 1
    assert len((learning.search(RAMEN, user_id="u"))["results"]) == 1
    # The text of a version may be said again.
    again = tell(learning, model, RAMEN, SEPTEMBER, "SUPERSEDE", "M1")
    assert again["event"] == "UPDATE"
    assert listed(learning) == [RAMEN]
    assert [listed(learning, day) for day in (MAY, AUGUST)] == [[RAMEN], [FEIJOADA]]


def test_each_of_many_updates_keeps_its_time(learning: Memory, model: ScriptedModel) -> None:
    towns = {"2025-01-10": "Porto", "2025-03-10": "Faro", "2025-06-10": "Evora", "2025-09-10": "Braga"}
    ids = set()
    for day, town in towns.items():
        text = f"Ana lives in {town}"
        given = () if town == "Porto" else ("UPDATE", "M1", text)
        ids.add((tell(learning, model, text, day, *given))["id"])
    assert len(ids) == 1
    for day, town in towns.items():
        assert listed(learning, day) == [f"Ana lives in {town}"]
    assert len(learning.history(ids.pop())) == 4


def test_a_persons_update_corrects_the_past_too(learning: Memory, model: ScriptedModel) -> None:
    known = change(learning, model)
    corrected = f"{FEIJOADA}, with rice"
    learning.update(known, corrected)
    held = [listed(learning, day) for day in (MAY, AUGUST, None)]
    assert held == [[RAMEN], [corrected], [corrected]]
    (old,) = (learning.get_all(user_id="u", as_of=MAY))["results"]
    learning.update(old["id"], "The user's favourite food is miso ramen")
    assert listed(learning, MAY) == ["The user's favourite food is miso ramen"]


@pytest.mark.parametrize("way", ["delete", "by filter", "delete_all", "DELETE"])
def test_versions_go_with_their_memory(learning: Memory, model: ScriptedModel, way: str) -> None:
    known = change(learning, model)
    other = learning.add("Rex is a dog", user_id="u", infer=False, timestamp=APRIL)
    then = (learning.get_all(user_id="u", as_of=MAY))["results"]
    (old,) = [record for record in then if record["memory"] == RAMEN]
    if way == "delete":
        assert learning.delete(known)
    elif way == "by filter":
        # What the current text passes, the old one need not pass.
        learning.update(known, metadata={"k": 2})
        assert learning.delete_all(user_id="u", filters={"k": 2}) == {"deleted": 1}
    elif way == "delete_all":
        assert learning.delete_all(user_id="u") == {"deleted": 2}
    else:
        tell(learning, model, "The user wants the favourite food forgotten", SEPTEMBER, "DELETE", "M1")
    assert learning.get(known) is None
    assert learning.get(old["id"]) is None
    assert learning.sources(old["id"]) == []
    assert [entry["event"] for entry in learning.history(old["id"])] == ["ADD", "UPDATE", "DELETE"]
    left = [] if way == "delete_all" else [other["results"][0]["memory"]]
    assert listed(learning, MAY) == listed(learning) == left


def test_what_a_memory_superseded_stays_when_it_is_deleted(learning: Memory, model: ScriptedModel) -> None:
    tell(learning, model, "Ana lives in Porto", APRIL)
    new = tell(learning, model, "Ana lives in Faro", AUGUST, "SUPERSEDE", "M1")
    assert learning.delete(new["id"])
    assert listed(learning, MAY) == ["Ana lives in Porto"]


def test_a_copy_has_the_versions_too(learning: Memory, model: ScriptedModel) -> None:
    known = change(learning, model)
    lines = io.StringIO()
    learning.export_memories(lines)
    learning.reset()
    assert listed(learning, MAY) == []
    lines.seek(0)
    learning.import_memories(lines)
    assert [listed(learning, day) for day in (MAY, None)] == [[RAMEN], [FEIJOADA]]
    assert learning.delete(known)
    assert listed(learning, MAY) == []


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
def test_a_message_that_arrives_late_tells_of_its_own_time(
    learning: Memory, model: ScriptedModel, action: str, merged: str | None, then: str, today: str
) -> None:
    known = tell(learning, model, "The user's favourite food is feijoada", AUGUST)
    for _ in range(2):
        # The second time nothing is new.
        tell(learning, model, RAMEN, APRIL, action, "M1", merged)
        assert listed(learning) == [today]
        assert listed(learning, MAY) == [then]
        assert listed(learning, "2026-01-01") == []
    (old,) = (learning.get_all(user_id="u", as_of=MAY))["results"]
    assert (old["valid_to"], old["superseded_by"]) == ("2026-08-03T00:00:00+00:00", known["id"])
    current = learning.get(known["id"])
    assert current is not None
    assert (current["valid_from"], current["valid_to"]) == ("2026-08-03T00:00:00+00:00", None)


def test_a_message_may_arrive_between_two_that_are_known(learning: Memory, model: ScriptedModel) -> None:
    tell(learning, model, "Ana lives in Porto", APRIL)
    tell(learning, model, "Ana lives in Faro", SEPTEMBER, "ADD")
    model.learns("Ana lives in Evora")
    model.decides(decision(0, "SUPERSEDE", "M1"), decision(0, "SUPERSEDE", "M2"))
    learning.add("In Evora!", user_id="u", timestamp=AUGUST)
    days = (MAY, "2026-08-20", "2026-10-01", None)
    towns = [[text.split()[-1] for text in listed(learning, day)] for day in days]
    assert towns == [["Porto"], ["Evora"], ["Faro"], ["Faro"]]


def test_messages_of_one_moment_leave_no_version(learning: Memory, model: ScriptedModel) -> None:
    known = tell(learning, model, RAMEN, APRIL)
    tell(learning, model, "The user's favourite food is feijoada", APRIL, "UPDATE", "M1", FEIJOADA)
    assert listed(learning, APRIL) == [FEIJOADA]
    assert len(learning.history(known["id"])) == 2
    assert learning.delete_all(user_id="u") == {"deleted": 1}


def test_a_version_is_written_with_its_update_or_not_at_all(opened: Store) -> None:
    tea, turn = memory_of("tea"), turn_of("coffee, now")
    opened.apply([tea])
    row = tea.row

    until = row.valid_from + DAY

    def later(version: int) -> ReplaceText:
        embedding = vector("coffee")
        return ReplaceText(
            row.id, "coffee", "hash of coffee", embedding, now(), version, (turn.id,), valid_from=until
        )

    def held(at: int) -> list[str]:
        rows, _ = opened.list_rows(
            row.scope, None, sort_by="id", descending=False, limit=9, offset=0, as_of=at
        )
        return [row.text for row in rows]

    # The second fails at its end: its first change has changed the memory.
    for refused in ([later(7)], [later(1), later(1)]):
        with pytest.raises(VersionConflict):
            opened.apply([turn, *refused])
        assert [held(row.valid_from), held(until)] == [["tea"], ["tea"]]
    _, outcome = opened.apply([turn, later(1)])
    assert isinstance(outcome, Updated)
    assert (outcome.row.id, outcome.previous, outcome.row.version) == (row.id, "tea", 2)
    assert [held(row.valid_from), held(until - 1), held(until)] == [
        ["tea"],
        ["tea"],
        ["coffee"],
    ]


def test_a_version_keeps_every_window_of_a_long_text(opened: Store) -> None:
    said = [vector(text) for text in ("green tea", "black coffee", "oat milk")]
    long = memory_of("green tea, black coffee and oat milk")
    long = replace(long, embedding=b"".join(said))
    opened.apply([long])
    asked = search_for("oat milk", as_of=long.row.valid_from)
    ((before,),) = opened.search([asked], touch=False)
    change = ReplaceText(
        long.row.id,
        "water",
        content_hash("water"),
        vector("water"),
        now(),
        version=1,
        valid_from=long.row.valid_from + DAY,
    )
    opened.apply([change])
    ((after,),) = opened.search([asked], touch=False)
    assert (after.row.text, after.row.superseded_by) == (before.row.text, before.row.id)
    assert after.details["dense"] == pytest.approx(before.details["dense"], abs=1e-5)
    stored = opened.scan(long.row.scope, None, 0, 9, vectors=True)
    vectors = {one.row.id: one.embedding for one in stored}
    assert vectors[after.row.id] is not None
    assert len(vectors[after.row.id] or b"") == len(long.embedding or b"")
