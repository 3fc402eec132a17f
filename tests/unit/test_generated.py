"""The guards of the two colours, on this project and on small trees that are wrong on purpose."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import run_unasync

from tests.support import guards

Guard = Callable[[Path], list[str]]

GUARDS: list[Guard] = [
    guards.out_of_step,
    guards.unequal_signatures,
    guards.name_collisions,
    guards.async_survivors,
    guards.fstring_awaits,
    guards.wrong_way_imports,
]

# A project in which every rule of the table is used and nothing is wrong.
FILES = {
    "src/powermem/__init__.py": "from powermem._async.memory import AsyncMemory\n",
    "src/powermem/_core/text.py": "import re\n",
    "src/powermem/_concurrency/__init__.py": (
        "from .locks import AsyncLock, Lock, Taken\n\n__all__ = ['AsyncLock', 'Lock', 'Taken']\n"
    ),
    "src/powermem/_concurrency/locks.py": """
class Taken(Exception):
    pass

class _Base:
    def held(self) -> bool:
        return False

class AsyncLock(_Base):
    def __init__(self, name: str = "lock") -> None:
        self.name = name

    async def acquire(self, timeout: float | None = None) -> bool:
        return True

class Lock(_Base):
    def __init__(self, name: str = "lock") -> None:
        self.name = name

    def acquire(self, timeout: float | None = None) -> bool:
        return True

def _check(name: str) -> None:
    pass
""",
    "src/powermem/_drivers/asyncpg.py": """
class AsyncPostgresDriver:
    async def fetch(self, query: str, *args: object) -> list[str]:
        return []
""",
    "src/powermem/_drivers/psycopg.py": """
class PostgresDriver:
    def fetch(self, query: str, *args: object) -> list[str]:
        return []
""",
    "src/powermem/_async/__init__.py": "",
    "src/powermem/_async/stores/base.py": """
from powermem._concurrency import AsyncLock
from powermem._drivers.asyncpg import AsyncPostgresDriver
from powermem._core.text import re

class AsyncStore:
    async def read(self, key: str, *, limit: int = 10) -> list[str]:
        return [key]
""",
    "src/powermem/_async/memory.py": """
from collections.abc import Awaitable, Callable

from powermem._async.stores.base import AsyncStore

Hook = Callable[[str], Awaitable[None]]

class AsyncMemory:
    def __init__(self, store: AsyncStore, hook: Hook) -> None:
        self.store = store

    async def search(self, query: str, limit: int = 30) -> list[str]:
        found = await self.store.read(query)
        return [f"{query}: {text}" for text in found]
""",
    "tests/_async/test_memory.py": """
from powermem import AsyncMemory

async def test_search(memory: AsyncMemory) -> None:
    assert await memory.search("x") == []
""",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(guards.ROOT / "pyproject.toml", tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(run_unasync, "REPLACEMENTS", {"_async": "_sync"})
    assert run_unasync.main([], tmp_path) == 0
    return tmp_path


def edit(tree: Path, name: str, old: str, new: str) -> None:
    text = (tree / name).read_text()
    assert old in text, f"nothing to edit in {name}"
    (tree / name).write_text(text.replace(old, new))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_project_keeps_the_rule(guard: Guard) -> None:
    assert guard(guards.ROOT) == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_small_tree_keeps_the_rule(guard: Guard, tree: Path) -> None:
    assert guard(tree) == []


@pytest.mark.parametrize("tail", ["\nx = 1\n", "\n# one more line\n"])
def test_edited_sync_file_is_out_of_step(tree: Path, tail: str) -> None:
    path = tree / "src/powermem/_sync/memory.py"
    path.write_text(path.read_text() + tail)
    assert guards.out_of_step(tree) == ["changed: src/powermem/_sync/memory.py"]


def test_cut_sync_file_is_out_of_step(tree: Path) -> None:
    path = tree / "src/powermem/_sync/memory.py"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert guards.out_of_step(tree) == ["changed: src/powermem/_sync/memory.py"]


def test_missing_and_extra_files_are_out_of_step(tree: Path) -> None:
    (tree / "src/powermem/_sync/memory.py").rename(tree / "src/powermem/_sync/orphan.py")
    assert guards.out_of_step(tree) == [
        "missing: src/powermem/_sync/memory.py",
        "extra: src/powermem/_sync/orphan.py",
    ]


def test_unused_rule_is_out_of_step(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_unasync, "REPLACEMENTS", {"_async": "_sync", "aclose": "close"})
    assert guards.out_of_step(tree) == ["unused rule: aclose"]


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        ("src/powermem/_sync/memory.py", "limit: int = 30", "limit: int = 5", "AsyncMemory: search"),
        ("src/powermem/_sync/memory.py", "query: str, limit", "query, limit", "AsyncMemory: search"),
        ("src/powermem/_sync/memory.py", "def search", "def find", "AsyncMemory: search"),
        ("src/powermem/_sync/memory.py", "store: Store, hook: Hook", "store: Store", "AsyncMemory: __init__"),
        ("src/powermem/_sync/memory.py", "class Memory", "class Memories", "AsyncMemory has no twin Memory"),
        (
            "src/powermem/_concurrency/locks.py",
            "    def acquire(self, ",
            "    def acquire(self, wait: bool, ",
            "acquire",
        ),
        ("src/powermem/_concurrency/locks.py", "class Lock(_Base)", "class Lock", "AsyncLock: held"),
        ("src/powermem/_concurrency/locks.py", "class AsyncLock", "class Other", "Lock has no async twin"),
        ("src/powermem/_drivers/psycopg.py", "*args", "*parameters", "AsyncPostgresDriver: fetch"),
        ("src/powermem/_drivers/psycopg.py", "def fetch", "async def fetch", "AsyncPostgresDriver: fetch"),
    ],
)
def test_unequal_pair_is_found(tree: Path, name: str, old: str, new: str, found: str) -> None:
    edit(tree, name, old, new)
    assert any(found in line for line in guards.unequal_signatures(tree))


@pytest.mark.parametrize(
    "code",
    [
        "class Memory:\n    pass\n",
        "def f(Memory: int) -> None:\n    pass\n",
        "x = Memory\n",
        "x = y.Memory\n",
        "x = (y.rows, y.async_rows)\n",
        "x = f(Memory=1)\n",
        "from powermem.types import Memory\n",
        "import powermem.types as Memory\n",
        "import powermem.Memory\nx = powermem.AsyncMemory\n",
        "from powermem.types import Memory as Record\n",
        "async_gather = 1\nasync_gather(gather=2)\n",
        "class AsyncFact:\n    pass\nasync_Fact = AsyncFact\n",
        "def async_import() -> None:\n    pass\n",
    ],
)
def test_collision_is_found(tree: Path, code: str) -> None:
    path = tree / "src/powermem/_async/memory.py"
    path.write_text(path.read_text() + code)
    found = guards.name_collisions(tree)
    assert len(found) == 1
    assert found[0].startswith("src/powermem/_async/memory.py: ")


def test_attribute_of_another_is_no_collision(tree: Path) -> None:
    path = tree / "src/powermem/_async/memory.py"
    path.write_text("import time\nfrom powermem._concurrency import async_sleep\ntime.sleep(0)\n")
    assert guards.name_collisions(tree) == []


def test_foreign_name_of_the_table_is_no_collision_but_our_own_is(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"aclose": "close"}
    monkeypatch.setattr(guards, "REPLACEMENTS", table)
    monkeypatch.setattr(guards, "_RULE", run_unasync.NamingRule("/from/", "/to/", table))
    path = tree / "src/powermem/_async/memory.py"
    path.write_text("async def close(client):\n    await client.aclose()\n")
    assert guards.name_collisions(tree) == []
    path.write_text("async def close(client):\n    pass\nasync def aclose(client):\n    pass\n")
    assert guards.name_collisions(tree) == ["src/powermem/_async/memory.py: aclose and close become close"]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("async def f():\n    pass\n", "AsyncFunctionDef survived"),
        ("async def f():\n    await g()\n", "Await survived"),
        ("async def f():\n    async with g():\n        pass\n", "AsyncWith survived"),
        ("async def f():\n    async for x in g():\n        pass\n", "AsyncFor survived"),
        ("async def f():\n    return [x async for x in g()]\n", "comprehension survived"),
        ("x = y.aread()\n", "aread has no rule"),
        ("x = y.aiter_lines()\n", "aiter_lines has no rule"),
        ("x = anext(y)\n", "anext has no rule"),
        ("import asyncio\n", "imports asyncio"),
        ("from asyncio import sleep\n", "imports asyncio"),
        ("import asyncio.tasks as tasks\n", "imports asyncio"),
    ],
)
def test_survivor_is_found(tree: Path, code: str, found: str) -> None:
    (tree / "src/powermem/_sync/memory.py").write_text(code)
    assert any(found in line for line in guards.async_survivors(tree))


@pytest.mark.parametrize("name", ["src/powermem/_async/memory.py", "tests/_async/test_memory.py"])
def test_asyncio_in_a_source_is_found(tree: Path, name: str) -> None:
    (tree / name).write_text("def f():\n    import asyncio\n")
    assert guards.async_survivors(tree) == [f"{name}:2: imports asyncio; use powermem._concurrency"]


@pytest.mark.parametrize(
    "code",
    [
        'async def f():\n    return f"{await g()}"\n',
        'async def f():\n    return f"{1:{await g()}}"\n',
        'async def f():\n    return f"{[x async for x in g()]}"\n',
    ],
)
def test_await_in_fstring_is_found(tree: Path, code: str) -> None:
    (tree / "src/powermem/_async/memory.py").write_text(code)
    assert guards.fstring_awaits(tree) == ["src/powermem/_async/memory.py:2: await inside an f-string"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("src/powermem/_core/text.py", "from powermem._async.memory import AsyncMemory\n"),
        ("src/powermem/_core/text.py", "from powermem._sync.stores import base\n"),
        ("src/powermem/_core/text.py", "def f():\n    from .._concurrency import Lock\n"),
        ("src/powermem/_core/text.py", "from powermem import AsyncMemory\n"),
        ("src/powermem/_core/text.py", "import powermem._drivers.psycopg\n"),
        ("src/powermem/_concurrency/locks.py", "from powermem._drivers import psycopg\n"),
        ("src/powermem/_drivers/psycopg.py", "from powermem._async.stores import base\n"),
        ("src/powermem/_async/stores/base.py", "from ..retrieval import ranker\n"),
        ("src/powermem/_async/stores/base.py", "from powermem._async.memory import AsyncMemory\n"),
        ("src/powermem/_async/providers/llm.py", "from ..retrieval import ranker\n"),
        ("src/powermem/_async/retrieval/ranker.py", "from ..memory import AsyncMemory\n"),
        ("src/powermem/errors.py", "from .config import settings\n"),
        ("src/powermem/config/settings.py", "from powermem._drivers import psycopg\n"),
        ("src/powermem/_sqlite/engine.py", "from .._concurrency import Lock\n"),
        ("src/powermem/_async/memory.py", "import powermem.cli\n"),
        ("src/powermem/_sync/memory.py", "import powermem.cli\n"),
    ],
)
def test_wrong_way_import_is_found(tree: Path, name: str, code: str) -> None:
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text(code)
    found = guards.wrong_way_imports(tree)
    assert len(found) == 1
    assert found[0].startswith(f"{name}:")
    assert found[0].endswith("which stands above it")


@pytest.mark.parametrize("name", ["src/powermem/shelf.py", "src/powermem/shelf/board.py"])
def test_module_in_no_folder_is_found(tree: Path, name: str) -> None:
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("")
    assert guards.wrong_way_imports(tree) == [
        f"{name}: belongs to no folder that tests/support/guards.py knows"
    ]
