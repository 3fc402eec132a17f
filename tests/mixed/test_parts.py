"""Every statement that a server's store can issue, and how many parts of a divided table it reads or writes.

The places in the code that make statements are found in its syntax trees. A run over every call with a user
notes which of them it came by; those that it did not come by have to be listed below, with the reason why no
call with a user issues them. So a new statement is either explained here or the test fails.
"""

from __future__ import annotations

import ast
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import powermem
from powermem import AsyncMemory, UserMovedError
from powermem._async.stores import postgres
from powermem._async.stores.oceanbase import search as oceanbase
from powermem._async.stores.oceanbase.store import AsyncOceanBaseStore
from powermem._core.changes.writes import ReplaceText
from powermem._core.clock import now
from powermem._core.sql import steps
from powermem._core.sql.events import Asked
from powermem._core.sql.oceanbase import OceanBaseSQL
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.sql.queries import Position
from powermem._core.text.cleaning import content_hash
from powermem._core.values import Scope
from powermem._drivers._asyncmy import AsyncMySQLConnection
from powermem._drivers._asyncpg import AsyncPostgresConnection
from powermem.integrations import AsyncSessionHistory

pytestmark = pytest.mark.stores("postgres", "oceanbase")

Calls = dict[str, Callable[[], Awaitable[Any]]]

PARTS = 4
ROOT = Path(powermem.__file__).parent
SOURCES = [
    *sorted((ROOT / "_core" / "sql").glob("*.py")),
    *sorted((ROOT / "_async" / "stores").rglob("*.py")),
]
_MAKERS = {"Query", "Statement", "Statements"}
_SENDERS = {"fetch", "execute", "execute_many"}
_DIVIDED = {"records", "turns", "requests", "windows"}
_ALIASES = {"t": "turns", "s": "turns", "r": "records"}


FOREIGN = {
    "postgres": {"sqlite", "mysql", "oceanbase", "oceanbase/indexes", "oceanbase/search", "oceanbase/store"},
    "oceanbase": {"sqlite", "postgres"},
}
"""What belongs to other stores."""

WITHOUT_USER = {
    "access_keys": "keys of an API",
    "consumption": "what models did is the collection's",
    "embedder": "the collection's",
    "lanes": "lanes are not divided",
    "ledger": "budgets are the collection's",
    "migration": "the collection's",
    "postgres_index": "the server's indexes",
    "server": "the collection's",
    "snapshots": "lists of changes are not divided",
    "transfer": "whole collections: exports, other embedders",
    "base": "removes everything",
    "server/pool": "passes on what others make",
    "server/recognize": "looks for the kind of server",
    "server/store": "passes on what others make",
    "oceanbase/indexes": "the server's indexes",
}
"""Files whose other statements are of no user, and why."""

UNUSED = {
    ("admission", "admit"): "reads a user only for changes that do not name one",
    ("apply", "_existing"): "imports",
    ("apply", "_link"): "links are not divided",
    ("apply", "_remember"): "names the user; when two calls with one key meet",
    ("apply", "_restore"): "imports",
    ("apply", "_try"): "savepoints",
    ("collection", "counting"): "replaced by the servers' own",
    ("collection", "known"): "migrations",
    ("collection", "replacing"): "other embedders",
    ("moves", "_delete"): "names the user; what changed during a move",
    ("moves", "clear"): "names the user, or tables that are not divided",
    ("moves", "store"): "names the user; accesses during a move",
    ("mysql", "exists"): "opening",
    ("mysql", "finish"): "lists of changes are not divided",
    ("oceanbase/search", "_nearest_windows"): "names the user; where nearer windows must not be found",
    ("partitions", "freshness"): "replaced by the store's own",
    ("postgres", "_prepare"): "opening",
    ("postgres", "exists"): "opening",
    ("postgres", "replacing"): "other embedders",
    ("queries", "_decide"): "replaced by conditions of the server",
    ("queries", "embeddings"): "SQLite only",
    ("queries", "users"): "all users",
    ("queue", "_queue_turns"): "the buffer is not divided",
    ("queue", "count_buffered"): "the buffer is not divided",
    ("queue", "find_tasks"): "tasks are not divided",
    ("queue", "forget_tasks"): "tasks are not divided",
    ("queue", "_let_go"): "tasks are not divided",
    ("queue", "revive_tasks"): "tasks are not divided",
    ("queue", "statistics"): "tasks are not divided",
}
"""Functions whose statements, or some of them, no call below issues on one of the stores, and why."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place that makes a statement."""

    path: str
    function: str
    first: int
    last: int


def sites() -> list[Site]:
    """Return the places that make statements, from the syntax trees of the sources."""
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _makes(node):
                    found.append(Site(str(path), function.name, node.lineno, node.end_lineno or node.lineno))
    return found


def _makes(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in _MAKERS
    return isinstance(call.func, ast.Attribute) and call.func.attr in _SENDERS


@dataclass(slots=True)
class Recording:
    """What was issued.

    Attributes:
        call: the call that is running.
        lines: where statements were made: path and line.
        parts: for each call and statement, the parts it touches of each table.
    """

    call: str = ""
    lines: set[tuple[str, int]] = field(default_factory=set)
    parts: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)

    async def run(self, what: str, calls: Calls) -> None:
        """Make calls, and explain what they issue."""
        for name, call in calls.items():
            self.call = what + name
            await call()
        self.call = ""

    def note(self, key: tuple[str, str], read: Iterator[tuple[str, set[str]]]) -> None:
        """Note the parts that a statement touches, if they are more than before."""
        touched: dict[str, set[str]] = {}
        for table, parts in read:
            touched.setdefault(table, set()).update(parts)
        for table, parts in touched.items():
            if len(parts) > len(self.parts[key].get(table, ())):
                self.parts[key][table] = parts


def of_postgres(plan: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    """Yield each part that a plan of PostgreSQL reads, with its table."""
    for line in plan:
        if "never executed" not in line:
            for table, part in re.findall(r"memories_(records|turns|requests)_(p\d+)", line):
                yield table, {part}


def of_seekdb(plan: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    """Yield each divided table that a plan of seekdb reads, with the parts."""
    names: dict[str, str] = {}
    current = ""
    for line in plan:
        if operator := re.match(r"\|(\d+) *\|[^|]*\|([^|]*)\|", line):
            names[operator[1]] = operator[2]
        elif section := re.match(r" +(\d+) - output", line):
            current = names.get(section[1], "")
        name = current.split("(")[0].strip()
        table = _ALIASES.get(name, name.removeprefix("memories_"))
        for listed in re.findall(r"partitions\(([^)]*)\)", line) if table in _DIVIDED else ():
            parts: set[str] = set()
            for first, last in re.findall(r"p\[?(\d+)(?:-(\d+))?", listed):
                parts.update(f"p{number}" for number in range(int(first), int(last or first) + 1))
            yield table, parts


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch, store: str) -> Iterator[Recording]:
    recording = Recording()
    with monkeypatch.context() as patched:
        for name in _MAKERS:
            kind = getattr(steps, name)
            make = kind.__new__

            def new(cls: Any, *args: Any, _make: Any = make, **named: Any) -> Any:
                frame = sys._getframe(1)
                recording.lines.add((frame.f_code.co_filename, frame.f_lineno))
                return _make(cls, *args, **named)

            patched.setattr(kind, "__new__", new)
        connection: Any = AsyncPostgresConnection if store == "postgres" else AsyncMySQLConnection
        fetch, execute, execute_many = connection.fetch, connection.execute, connection.execute_many

        async def explain(self: Any, sql: str, values: Sequence[Any]) -> None:
            known = re.match(r"\W*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", sql)
            # The servers' own tables are read to find out what there is.
            if not recording.call or not known or "information_schema" in sql:
                return
            key = (recording.call, sql)
            recording.parts.setdefault(key, {})
            if store == "postgres":
                inside = self._connection.is_in_transaction()
                await execute(self, "SAVEPOINT explaining" if inside else "BEGIN")
                plan = await fetch(self, f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}", values)
                if inside:
                    await execute(self, "ROLLBACK TO SAVEPOINT explaining")
                    await execute(self, "RELEASE SAVEPOINT explaining")
                else:
                    await execute(self, "ROLLBACK")
                recording.note(key, of_postgres(line for (line,) in plan))
            else:
                plan = await fetch(self, f"EXPLAIN {sql}", values)
                recording.note(key, of_seekdb(str(row[0]) for row in plan))

        def note() -> None:
            frame: Any = sys._getframe(2)
            while frame is not None:
                recording.lines.add((frame.f_code.co_filename, frame.f_lineno))
                frame = frame.f_back

        async def fetched(self: Any, sql: str, values: Sequence[Any] = ()) -> Any:
            note()
            await explain(self, sql, values)
            return await fetch(self, sql, values)

        async def executed(self: Any, sql: str, values: Sequence[Any] = ()) -> Any:
            note()
            await explain(self, sql, values)
            return await execute(self, sql, values)

        async def executed_many(self: Any, sql: str, rows: Sequence[Any]) -> Any:
            note()
            await explain(self, sql, rows[0])
            return await execute_many(self, sql, rows)

        patched.setattr(connection, "fetch", fetched)
        patched.setattr(connection, "execute", executed)
        patched.setattr(connection, "execute_many", executed_many)
        yield recording


async def test_every_statement_of_a_user_touches_one_part(
    new_vector_store: dict[str, Any], store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    new_vector_store["config"]["partitions"] = PARTS
    embedder = {"provider": "mock", "config": {"max_tokens": 64}}
    config = {"vector_store": new_vector_store, "embedder": embedder, "llm": {"provider": "none"}}
    aside = {"provider": "sqlite", "config": {"database_path": str(tmp_path / "aside.db")}}
    async with AsyncMemory(config) as memory, AsyncMemory({**config, "vector_store": aside}) as other:
        for user in range(8):
            for number in range(6):
                text = f"tea {number} of user {user} is green"
                await memory.add(text, user_id=f"u{user}", run_id="r", metadata={"n": number}, infer=False)
        first, second, *_ = [one["id"] for one in (await memory.get_all(user_id="u1"))["results"]]
        with recorded(monkeypatch, store) as recording:
            chat = tmp_path / "chat.csv"
            chat.write_text("speaker,text\nAnn,I sing.\nBo,I dance.\n")
            await recording.run("", calls(memory, first, second, chat))
            await serve_searches(memory, monkeypatch)
            await recording.run("of many ", searches(memory, "u3"))
            # Accesses of several users would be written in one transaction.
            await memory.get_statistics()
            await recording.run("beside indexes ", writes(memory, first))
            for module in (postgres, oceanbase):
                monkeypatch.setattr(module, "_EXACT", 2)
                monkeypatch.setattr(module, "MATCHED", 2)
            await recording.run("of too many ", searches(memory, "u4"))
            await memory.get_statistics()
            await recording.run("", endings(memory, other))
    for (call, sql), parts in recording.parts.items():
        touched = {table: sorted(some) for table, some in parts.items() if len(some) > 1}
        assert not touched, f"{call}: {sql}"
    # Each divided table was met, and a call without a user is seen to read all parts.
    assert {table for parts in recording.parts.values() for table in parts} >= {"records", "turns"}
    left = set()
    for site in sites():
        name = name_of(site.path)
        hit = any(path == site.path and site.first <= line <= site.last for path, line in recording.lines)
        if not hit and name not in FOREIGN[store] and name not in WITHOUT_USER:
            left.add((name, site.function))
    assert left <= UNUSED.keys()


async def test_the_parts_of_a_call_without_a_user_are_seen(
    new_vector_store: dict[str, Any], store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_vector_store["config"]["partitions"] = PARTS
    config = {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
    async with AsyncMemory(config) as memory:
        await memory.add("tea", user_id="u", infer=False)
        with recorded(monkeypatch, store) as recording:
            await recording.run("", {"count": memory.count})
    assert [len(parts["records"]) for parts in recording.parts.values()] == [PARTS]


def name_of(path: str) -> str:
    """Return a short name of a source."""
    *_, folder, name = Path(path).with_suffix("").parts
    return f"{folder}/{name}" if folder in ("server", "oceanbase") else name


async def serve_searches(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server answer searches from now on, once it has the indexes that it needs."""
    for kind in (PostgresSQL, OceanBaseSQL):
        monkeypatch.setattr(kind, "held", 2)
    opened = (await memory._access.open()).store
    if isinstance(opened, AsyncOceanBaseStore):
        await memory.search("tea", user_id="u5")
        assert await opened._indexer.join()


def searches(memory: AsyncMemory, user_id: str = "u1") -> Calls:
    """Return searches of a user, in every way."""
    me = {"user_id": user_id}
    return {
        "search": partial(memory.search, "green tea", **me),
        "search with a filter": partial(memory.search, "green tea", **me, filters={"n": {"gt": 2}}),
        "search with a filter that Python decides": partial(
            memory.search, "green tea", **me, filters={"memory": {"icontains": "TEA"}}
        ),
        "search in a run": partial(memory.search, "green tea", **me, run_id="r"),
        "search around": partial(memory.search, "green tea", **me, around=2),
        "search of the past": partial(memory.search, "green tea", **me, as_of="2030-01-01"),
        "search of many": partial(memory.search_many, ["green tea", "black tea"], **me),
        "context": partial(memory.context, "green tea", **me, around=1, history=True),
    }


def calls(memory: AsyncMemory, first: int, second: int, chat: Path) -> Calls:
    """Return calls with a user, of which one loads a chat."""
    me = {"user_id": "u1"}
    session = AsyncSessionHistory(memory, "s", **me)
    long = " ".join(f"word{number}" for number in range(300))
    return {
        **searches(memory),
        "get_all": partial(memory.get_all, **me),
        "get_all with a filter": partial(memory.get_all, **me, filters={"memory": {"icontains": "TEA"}}),
        "the next page": partial(next_page, memory, first),
        "the timeline": partial(timeline, memory),
        "count": partial(memory.count, **me),
        "get": partial(memory.get, first, **me),
        "get_statistics": partial(memory.get_statistics, **me),
        "history": partial(memory.history, first, **me),
        "sources": partial(memory.sources, first, **me),
        "add": partial(memory.add, "oboe", **me, infer=False, idempotency_key="k"),
        "add with a key again": partial(memory.add, "oboe", **me, infer=False, idempotency_key="k"),
        "add what is known": partial(memory.add, "oboe", **me, infer=False),
        "add a long text": partial(memory.add, long, **me, infer=False),
        "add a fact": partial(memory.add, "I live in Porto.", **me),
        "add another": partial(memory.add, "I moved to Lisbon. I love tea.", **me),
        "add what was": partial(memory.add, "I live in Rome.", **me, timestamp="2001-01-01"),
        "add_many": partial(memory.add_many, ["A drum.", "A flute."], **me, infer=False),
        "adds at once": partial(add_at_once, memory),
        "get_status": partial(status_of_an_add, memory),
        "update": partial(memory.update, first, "tea 0 is black", **me),
        "update to a long text": partial(memory.update, first, f"tea {long}", **me),
        "update metadata": partial(memory.update, first, metadata={"x": 1}, **me),
        "update for the future": partial(changed, memory, first),
        "delete": partial(memory.delete, second, **me),
        "add_exchange": partial(memory.add_exchange, "u1", "I sing.", "Noted."),
        "get_preferences": partial(memory.get_preferences, "u1"),
        "list_tasks": partial(memory.list_tasks, **me),
        "flush": partial(memory.flush, "u1"),
        "list_tasks then": partial(memory.list_tasks, **me),
        "load_history": partial(memory.load_history, chat, **me, me="Ann", infer=False),
        "append to a session": partial(session.append, [{"text": "tea"}, {"text": "rum"}]),
        "items of a session": partial(session.items, 1),
        "pop of a session": session.pop,
        "clear a session": session.clear,
    }


def writes(memory: AsyncMemory, first: int) -> Calls:
    """Return calls that write a text of several windows and change it."""
    me = {"user_id": "u1"}
    long = " ".join(f"thing{number}" for number in range(300))
    return {
        "add a long text": partial(memory.add, long, **me, infer=False),
        "update to a long text": partial(memory.update, first, f"rum {long}", **me),
        "update for the future": partial(changed, memory, first),
        "delete": partial(memory.delete, first, **me),
    }


def endings(memory: AsyncMemory, other: AsyncMemory) -> Calls:
    """Return calls after which there is less of a user."""
    me = {"user_id": "u1"}
    return {
        "move_user": partial(memory.move_user, "u1", other),
        "count of a user who is gone": partial(refused, partial(memory.count, **me)),
        "move_user back": partial(other.move_user, "u1", memory),
        "delete_all with a filter": partial(memory.delete_all, **me, filters={"n": {"gt": 2}}),
        "delete_all": partial(memory.delete_all, **me),
    }


async def refused(call: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(UserMovedError):
        await call()


async def add_at_once(memory: AsyncMemory) -> None:
    """Add messages by several calls, the later of which share a transaction."""
    said = [[f"I saw {thing}.", f"I heard {thing}."] for thing in ("a lark", "an owl", "a crow", "a dove")]
    await asyncio.gather(*[memory.add(each, user_id="u1", infer=False) for each in said])


async def status_of_an_add(memory: AsyncMemory) -> None:
    """Look up a call that left no note."""
    added = await memory.add("I saw a heron.", user_id="u1", infer=False)
    await memory.get_status(added["task_id"], user_id="u1")


async def next_page(memory: AsyncMemory, memory_id: int) -> None:
    """Read the page behind a memory, as the server does."""
    await memory._page(
        "u1", None, None, 9, 0, None, "id", "asc", None, False, after=Position(memory_id, memory_id)
    )


async def timeline(memory: AsyncMemory) -> None:
    """Read what happened, as the server does."""
    store, asked = (await memory._access.open()).store, Asked(Scope("u1"))
    first = (await store.events(asked, limit=1))[0]
    await store.events(asked, limit=9, after=first.place)
    await store.count_events(asked)
    await store.event_names(asked)
    await store.changed_memories(asked)
    await store.sessions(asked, sort_by="last_seen", descending=True, limit=9, offset=0)


async def changed(memory: AsyncMemory, memory_id: int) -> None:
    """Give a memory another text from now on, as a model does."""
    at = now()
    text = "tea 0 is red"
    change = ReplaceText(memory_id, text, content_hash(text), None, at, valid_from=at, user_id="u1")
    await (await memory._access.open()).store.apply([change])
