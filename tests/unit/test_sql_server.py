"""How many statements servers get for many rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from powermem._core.changes.writes import Added, DoneNote, Items, Remember
from powermem._core.clock import now
from powermem._core.sql.apply import Writer
from powermem._core.sql.embedder import EmbedderSQL
from powermem._core.sql.mysql import MySQLSQL
from powermem._core.sql.oceanbase import OceanBaseSQL
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.sql.queue import QueueSQL
from powermem._core.sql.steps import Query, Statement, Statements, Steps
from powermem._core.values import Scope
from tests.support.additions import ANA, memory_of, turn_of


def run(steps: Steps[Any], answer: Callable[[Any], Any]) -> tuple[list[Any], Any]:
    """Return the steps, and their result where each is answered like this."""
    taken: list[Any] = []
    try:
        step = next(steps)
        while True:
            taken.append(step)
            step = steps.send(answer(step))
    except StopIteration as end:
        return taken, end.value


@pytest.mark.parametrize(("partitions", "users"), [(0, ()), (4, ("ana", "ana"))])
def test_accesses_take_a_statement_for_each_number_of_them(partitions: int, users: tuple[str, ...]) -> None:
    sql = MySQLSQL("memories", partitions=partitions)
    accesses = {("ana", memory_id): 1 + (memory_id == 7) for memory_id in range(1, sql.chunk + 2)}
    taken, _ = run(sql.counting(accesses), lambda step: len(step.values) - 1)
    assert all(isinstance(step, Statement) for step in taken)
    first = 1 + len(users)
    assert {step.values[1:first] for step in taken} == {users}
    counted = {("ana", memory_id): step.values[0] for step in taken for memory_id in step.values[first:]}
    assert counted == accesses
    assert len(taken) == 2


@pytest.mark.parametrize("calls", [1, 2, 30])
@pytest.mark.parametrize("sql", [PostgresSQL("memories"), MySQLSQL("memories")], ids=["postgres", "mysql"])
def test_calls_that_add_take_the_statements_of_one(sql: PostgresSQL | MySQLSQL, calls: int) -> None:
    writer = Writer(sql, QueueSQL(sql), EmbedderSQL(sql, "here"))
    batches = []
    for number in range(calls):
        turn, at = turn_of(f"said {number}"), now()
        memory = replace(memory_of(f"tea {number}"), turns=(turn.id,))
        note = Remember(Scope(), f"note {number}", DoneNote(Items(0, 2, verbatim=True), ANA, at), at)
        batches.append([turn, memory, note])
    counted: list[str] = []

    def answer(step: Any) -> Any:
        if isinstance(step, Query):
            return [(1,)] if "LAST_INSERT_ID" in step.sql else [("sequence", "1"), ("switches", "0")]
        counted.append(step.sql)
        return len(step.rows) if isinstance(step, Statements) else 1

    _, results = run(writer.write(batches, {}), answer)
    assert [[type(outcome) for outcome in result] for result in results] == [[type(None), Added, str]] * calls
    inserted = [sql.split()[2].removeprefix("memories_") for sql in counted if sql.startswith("INSERT")]
    assert sorted(inserted) == ["changes", "links", "records", "requests", "turns"]


@pytest.mark.parametrize("inserted", [0, 1, 2, 3, None])
def test_only_if_a_memory_was_there_the_new_ones_are_read(inserted: int | None) -> None:
    sql = MySQLSQL("memories")
    memories = [memory_of(f"tea {number}") for number in range(3)]
    rows = [(memory.row.id, memory.row.hash) for memory in memories]

    def answer(step: Any) -> Any:
        return inserted if isinstance(step, Statements) else rows[:inserted]

    taken, new = run(sql.insert_memories(memories), answer)
    assert new == {memory_id for memory_id, _ in rows[:inserted]}
    assert [type(step) for step in taken] == [Statements, *([] if inserted == 3 else [Query])]


@pytest.mark.parametrize("worded", [False, True])
@pytest.mark.parametrize("near", [None, 384])
def test_oceanbase_writes_what_the_lock_said_that_there_is(worded: bool, near: int | None) -> None:
    sql = OceanBaseSQL("memories")
    noted = [("sequence", "4"), ("near_column", str(near or "")), ("words_column", str(int(worded)))]
    run(sql.enter(), lambda _: noted)
    memory = memory_of("green tea")
    (step, *_), _ = run(sql.insert_memories([memory]), lambda _: 1)
    columns = step.sql.split("(", 1)[1].split(")", 1)[0].split(", ")
    row = dict(zip(columns, step.rows[0], strict=True))
    more = {*(("words", "length") if worded else ()), *(("near",) if near else ())}
    assert {"words", "length", "near"} & row.keys() == more
    if worded:
        # The word for the user, and one for each term.
        assert len(row["words"].split()) == 1 + len(row["frequencies"])
        assert row["length"] == sum(row["frequencies"])
    if near:
        assert row["near"] == memory.embedding


@pytest.mark.parametrize("kind", [MySQLSQL, OceanBaseSQL])
def test_a_transaction_takes_one_statement_for_each_table_and_two_for_its_number(
    kind: type[MySQLSQL],
) -> None:
    sql = kind("memories")
    queue = QueueSQL(sql)
    writer = Writer(sql, queue, EmbedderSQL(sql, "here"))
    turns = [turn_of(f"tea {number}") for number in range(5)]
    memories = [replace(memory_of(turn.content), turns=(turn.id,)) for turn in turns]

    def answer(step: Any) -> Any:
        return [("sequence", "4")] if isinstance(step, Query) else len(getattr(step, "rows", [None]))

    taken, _ = run(writer.write([[*turns, *memories]], {}), answer)
    assert [step.sql.split("memories_", 1)[1].split(" ", 1)[0] for step in taken] == [
        "meta",
        "turns",
        "records",
        "links",
        "meta",
        "changes",
    ]
    number, changes = taken[-2:]
    assert number.values == ("5",)
    assert {row[0] for row in changes.rows} == {5}


@pytest.mark.parametrize(("near", "windowed"), [("", ""), ("384", ""), ("384", "64"), ("384", "384")])
def test_only_texts_of_several_windows_take_a_statement_for_them(near: str, windowed: str) -> None:
    sql = OceanBaseSQL("memories")
    noted = [("sequence", "4"), ("near_column", near), ("windows_column", windowed)]
    run(sql.enter(), lambda _: noted)
    short, long, there = (memory_of(f"tea {number}") for number in range(3))
    long, there = (replace(one, embedding=3 * (one.embedding or b"")) for one in (long, there))
    found = [(one.row.id, one.row.hash) for one in (short, long)]
    memories = [short, long, there]
    taken, _ = run(sql.insert_memories(memories), lambda step: found if isinstance(step, Query) else 2)
    windows = [step for step in taken if "memories_windows" in step.sql]
    assert len(windows) == (near == windowed == "384")
    # Of a text that was not stored, nothing is.
    assert all(long.row.id in step.values and there.row.id not in step.values for step in windows)
    taken, _ = run(sql.insert_memories([short]), lambda _: 1)
    assert len(taken) == 1


def test_conditions_on_few_values_have_few_forms_on_oceanbase() -> None:
    sql = OceanBaseSQL("memories")
    conditions = [sql.among("id", list(range(number))) for number in range(1, 101)]
    for number, condition in enumerate(conditions, 1):
        assert {*condition.values} == {*range(number)}
        assert condition.sql.count("?") == len(condition.values)
    assert len({condition.sql for condition in conditions[:64]}) == 7
    assert len(conditions[99].values) == 100
