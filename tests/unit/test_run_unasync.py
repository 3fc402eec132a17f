"""The generator, construct by construct."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import run_unasync
from run_unasync import ConversionError, NamingRule

from tests.support.guards import ROOT

TABLE = {"_async": "_sync", "async_mode": "async_mode"}


def convert(source: str) -> str:
    return NamingRule("/from/", "/to/", TABLE).convert_code(source)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(run_unasync, "REPLACEMENTS", {})
    write(tmp_path, "src/powermem/_async/a.py", "class AsyncA:\n    pass\n")
    return tmp_path


def write(tree: Path, name: str, text: str) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(text, newline="")


def written(tree: Path, name: str) -> str:
    """Return a generated file without its header."""
    header, _, body = (tree / name).read_text().partition("\n")
    assert header.startswith("# Generated from ")
    return body


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class AsyncFoo: pass", "class Foo: pass"),
        ("class _AsyncFoo(__AsyncBar): pass", "class _Foo(__Bar): pass"),
        ("httpx.AsyncClient()", "httpx.Client()"),
        ("async_foo = _async_foo", "foo = _foo"),
        (
            "AsyncioThing, asyncio_thing, Async, async_, not_async_x",
            "AsyncioThing, asyncio_thing, Async, async_, not_async_x",
        ),
        ("f(async_mode=True)", "f(async_mode=True)"),
        ("from powermem import AsyncMemory", "from powermem import Memory"),
        ("import powermem\npowermem.AsyncMemory()", "import powermem\npowermem.Memory()"),
        ("from powermem._async.stores import base", "from powermem._sync.stores import base"),
        ("import powermem.x_async, powermem.async_x", "import powermem.x_async, powermem.x"),
        ("x: AsyncIterator[int]", "x: Iterator[int]"),
        ("@asynccontextmanager", "@contextmanager"),
        ("def __aenter__(self): pass", "def __enter__(self): pass"),
    ],
)
def test_names(source: str, expected: str) -> None:
    assert convert(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = await f()", "x = f()"),
        ("x = await(f())", "x = (f())"),
        ("x = await(g(await(h)))", "x = (g((h)))"),
        ("x = await \\\n    f()", "x = f()"),
        ("x = [await i async for i in x if await i]", "x = [i for i in x if i]"),
        ("async def f(): pass", "def f(): pass"),
        ("async with a, \\\n    b: pass", "with a, \\\n    b: pass"),
        ("async   for x in y: pass", "for x in y: pass"),
    ],
)
def test_keywords(source: str, expected: str) -> None:
    assert convert(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x: Awaitable[None]", "x: None"),
        ("x: Callable[[str], Awaitable[None]]", "x: Callable[[str], None]"),
        ("x: Awaitable[dict[str, list[int]]]", "x: dict[str, list[int]]"),
        ("x: Awaitable[Awaitable[AsyncFoo]]", "x: Foo"),
        ("from typing import Awaitable", "from typing import Awaitable"),
        ('x = cast("Callable[[], Awaitable[list[int]]]", y)', 'x = cast("Callable[[], list[int]]", y)'),
    ],
)
def test_awaitable(source: str, expected: str) -> None:
    assert convert(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"AsyncMemory"', '"Memory"'),
        ('"AsyncMemory | None"', '"Memory | None"'),
        ('"list[AsyncMemory]"', '"list[Memory]"'),
        ('"Async"', '"Async"'),
        ('"async"', '"async"'),
        ('"async_mode"', '"async_mode"'),
        ('"pkg._async.x"', '"pkg._sync.x"'),
        ('"\\nAsyncX\\tasync_x\\nawait f()"', '"\\nX\\tx\\nf()"'),
        ("r'AsyncX' b'AsyncX' rb'AsyncX' u'AsyncX'", "r'X' b'X' rb'X' u'X'"),
        ('"an AsyncX"', '"a X"'),
        ('"An `AsyncX`"', '"A `X`"'),
        ('"an AsyncOpenAI client"', '"an OpenAI client"'),
        ('"an async client"', '"a client"'),
        ('"an async iterator"', '"an iterator"'),
        ('"an async_batch"', '"a batch"'),
        ('"an\\n    AsyncX"', '"an\\n    X"'),
        ('"async with x"', '"with x"'),
        ('"async and sync, async or sync"', '"async and sync, async or sync"'),
        ('"async-first, asynchronous, asyncio loop"', '"async-first, asynchronous, asyncio loop"'),
        ('"await m.add(1)"', '"m.add(1)"'),
        ('"await(m)"', '"(m)"'),
        ('"Await the result"', '"Wait for the result"'),
        ('"then await it"', '"then wait for it"'),
        ('"Async store."', '"Store."'),
        ("# an AsyncX, async with await f()", "# a X, with f()"),
        ("x = 1  # type: AsyncX", "x = 1  # type: X"),
        ('"""An\nAsyncX and an async\nclient."""', '"""A\nX and an\nclient."""'),
    ],
)
def test_prose(source: str, expected: str) -> None:
    assert convert(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('f"AsyncX {x}"', 'f"X {x}"'),
        ('f"{AsyncX.a} {async_x!r:>{_AsyncY}}"', 'f"{X.a} {x!r:>{_Y}}"'),
        ('f"{{async_x}} {{}} {x}"', 'f"{{x}} {{}} {x}"'),
        ('f"async {x}"', 'f"{x}"'),
        ('f"an async {x}"', 'f"an {x}"'),
        ('rf"\\d AsyncX {x}" "AsyncY" f"{x}"', 'rf"\\d X {x}" "Y" f"{x}"'),
        ("f'''AsyncX {\n    x['async_y']}\n'''", "f'''X {\n    x['y']}\n'''"),
        ("f'{f\"{AsyncX}\"}' + AsyncY", "f'{f\"{X}\"}' + Y"),
        ('f"{x:%Y-%m-%d async_x}"', 'f"{x:%Y-%m-%d x}"'),
    ],
)
def test_fstrings_are_the_same_on_every_python(source: str, expected: str) -> None:
    assert convert(source) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('x = 1\nasync def f():\n    return f"{await g()}"\n', "a.py:3: await inside an f-string"),
        ('async def f():\n    return f"{[x async for x in g()]}"\n', "a.py:2: await inside an f-string"),
        ("x = 1\nx = (\n", "a.py:2: "),
        ("def async_import(): pass\n", "a.py:1: async_import would become a keyword"),
        ("x = y.async_with\n", "a.py:1: async_with would become a keyword"),
    ],
)
def test_refused_source_names_file_and_line(
    tree: Path, capsys: pytest.CaptureFixture[str], source: str, message: str
) -> None:
    write(tree, "src/powermem/_async/a.py", source)
    assert run_unasync.main([], tree) == 1
    assert capsys.readouterr().err.startswith(f"src/powermem/_async/{message}")
    assert not (tree / "src/powermem/_sync").exists()


@pytest.mark.parametrize("name", ["data.json", "notes.txt", "async_a.py", "async_b/c.py"])
def test_refused_file(tree: Path, name: str) -> None:
    write(tree, f"src/powermem/_async/{name}", "")
    with pytest.raises(ConversionError, match=f"^src/powermem/_async/{name}:1: "):
        run_unasync.generate(tree, tree / "out")


@pytest.mark.parametrize("paths", [("/a", "/b/"), ("/a/", "/b"), ("a/", "/b/")])
def test_rule_paths_are_absolute_and_closed(paths: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="absolute and end in '/'"):
        NamingRule(*paths, {})


def test_folder_named_like_the_source_above_the_project(tree: Path) -> None:
    below = tree / "_async/src/powermem/_async"
    shutil.copytree(tree / "src", below.parents[1])
    shutil.copy(tree / "pyproject.toml", tree / "_async")
    assert run_unasync.main([], tree / "_async") == 0
    assert written(tree, "_async/src/powermem/_sync/a.py").strip() == "class A:\n    pass"


def test_header_names_source_and_script(tree: Path) -> None:
    run_unasync.main([], tree)
    first = (tree / "src/powermem/_sync/a.py").read_text().splitlines()[0]
    assert (
        first
        == "# Generated from src/powermem/_async/a.py by scripts/run_unasync.py; edit that file instead."
    )


def test_output_is_sorted_formatted_and_imports_nothing_unused(tree: Path) -> None:
    write(
        tree,
        "src/powermem/_async/b.py",
        "from collections.abc import AsyncIterator, Awaitable, Callable, Sequence\n"
        "from powermem._concurrency import AsyncLock, Batch\n"
        "Hook = Callable[[Sequence[AsyncIterator[AsyncLock]]], Awaitable[Batch]]\n",
    )
    assert run_unasync.main([], tree) == 0
    assert written(tree, "src/powermem/_sync/b.py").strip() == (
        "from collections.abc import Callable, Iterator, Sequence\n\n"
        "from powermem._concurrency import Batch, Lock\n\n"
        "Hook = Callable[[Sequence[Iterator[Lock]]], Batch]"
    )


def test_tests_are_generated_too(tree: Path) -> None:
    write(tree, "tests/_async/test_a.py", "from powermem import AsyncMemory\n\nMEMORY = AsyncMemory\n")
    assert run_unasync.main([], tree) == 0
    assert written(tree, "tests/_sync/test_a.py") == "from powermem import Memory\n\nMEMORY = Memory\n"


def test_windows_line_ends_become_plain(tree: Path) -> None:
    write(tree, "src/powermem/_async/a.py", "class AsyncA:\r\n    pass\r\n")
    assert run_unasync.main([], tree) == 0
    assert b"\r" not in (tree / "src/powermem/_sync/a.py").read_bytes()


def test_second_run_changes_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_unasync.main([], tree)
    before = (tree / "src/powermem/_sync/a.py").stat().st_mtime_ns
    capsys.readouterr()
    assert run_unasync.main([], tree) == 0
    assert capsys.readouterr().out == ""
    assert (tree / "src/powermem/_sync/a.py").stat().st_mtime_ns == before


def test_orphans_and_their_empty_folders_go(tree: Path) -> None:
    write(tree, "src/powermem/_async/deep/er/b.py", "")
    run_unasync.main([], tree)
    shutil.rmtree(tree / "src/powermem/_async/deep")
    write(tree, "src/powermem/_sync/deep/er/__pycache__/b.cpython-312.pyc", "")
    assert run_unasync.main(["--check"], tree) == 1
    assert run_unasync.main([], tree) == 0
    assert run_unasync.main(["--check"], tree) == 0
    assert not (tree / "src/powermem/_sync/deep").exists()


def test_last_source_gone_empties_the_tree(tree: Path) -> None:
    write(tree, "tests/_async/test_a.py", "")
    run_unasync.main([], tree)
    shutil.rmtree(tree / "tests/_async")
    assert run_unasync.main([], tree) == 0
    assert not list((tree / "tests/_sync").glob("*"))


def test_check_changes_nothing_and_names_each_file(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tree, "src/powermem/_async/b.py", "")
    run_unasync.main([], tree)
    write(tree, "src/powermem/_sync/a.py", "changed\n")
    (tree / "src/powermem/_sync/b.py").unlink()
    write(tree, "src/powermem/_sync/c.py", "")
    capsys.readouterr()
    assert run_unasync.main(["--check"], tree) == 1
    assert capsys.readouterr().out.splitlines() == [
        "missing: src/powermem/_sync/b.py",
        "extra: src/powermem/_sync/c.py",
        "changed: src/powermem/_sync/a.py",
    ]
    assert (tree / "src/powermem/_sync/a.py").read_text() == "changed\n"
    assert not (tree / "src/powermem/_sync/b.py").exists()


def test_unused_rule_is_told_and_fails_the_check(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_unasync, "REPLACEMENTS", {"aclose": "close"})
    assert run_unasync.main([], tree) == 0
    assert run_unasync.main(["--check"], tree) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "unused rule: aclose"


def test_a_missing_package_is_told_in_one_line_with_the_cure(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without `site` an interpreter has the standard library alone.
    bare = [sys.executable, "-I", "-S", str(ROOT / "scripts/run_unasync.py")]
    done = subprocess.run(bare, capture_output=True, text=True)
    assert done.returncode == 1
    monkeypatch.setitem(sys.modules, "ruff", None)
    assert run_unasync.main(["--check"], tree) == 1
    cure = "is not installed: pip install --group generate (pip 25.1 or newer), or run nox -s generated\n"
    assert done.stderr == f"tokenize_rt {cure}"
    assert capsys.readouterr().err == f"ruff {cure}"


def test_script_does_not_shadow_the_package_it_uses() -> None:
    assert sys.modules["unasync"].__file__ != run_unasync.__file__
