"""Files over memories: edits, versions, idempotent operations, and owners that stay apart."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError, NotFoundError
from powermem._concurrency import async_gather
from powermem.integrations import (
    AsyncMemoryFiles,
    DocumentConflictError,
    Mutation,
    Operation,
    OperationConflictError,
)

pytestmark = pytest.mark.stores


@pytest.fixture
def files(memory: AsyncMemory) -> AsyncMemoryFiles:
    return AsyncMemoryFiles(memory, user_id="ana")


async def content(files: AsyncMemoryFiles, path: str) -> str:
    found = await files.read(path)
    assert found is not None
    return found.content


async def test_files_are_written_and_read_as_they_are(files: AsyncMemoryFiles) -> None:
    texts = {
        "/memories/a.md": "# A\n\n  indented\ttext \r\n",
        "/memories/b.md": "# A\n\n  indented\ttext \r\n",
        "/memories/empty.md": "",
        "/memories/notes/ümläut 🐈.md": "Ä\n" * 1000,
    }
    for path, text in texts.items():
        await files.create(path, text)
    assert {path: await content(files, path) for path in texts} == texts
    assert await files.list() == sorted(texts)
    assert await files.list("/memories/notes") == ["/memories/notes/ümläut 🐈.md"]
    assert await files.read("/memories/none.md") is None


async def test_files_are_memories_that_searches_find(memory: AsyncMemory, files: AsyncMemoryFiles) -> None:
    await files.create("/memories/home.md", "Ana lives in Rome, near the river.")
    await files.create("/memories/work/pets.md", "Ana has a cat called Tom.")
    (best, *_) = (await memory.search("Where does Ana live?", user_id="ana"))["results"]
    assert best["memory"] == "Ana lives in Rome, near the river."
    found = await files.search("the cat Tom")
    assert found[0].file.path == "/memories/work/pets.md"
    assert [one.file.path for one in await files.search("river", path="/memories/work")] in (
        [],
        ["/memories/work/pets.md"],
    )
    await files.replace("/memories/home.md", "Rome", "Oslo")
    (best, *_) = (await memory.search("Where does Ana live?", user_id="ana"))["results"]
    assert best["memory"] == "Ana lives in Oslo, near the river."


async def test_edits(files: AsyncMemoryFiles) -> None:
    path = "/memories/list.md"
    await files.create(path, "one\ntwo\nthree\n")
    assert await files.replace(path, "two", "2") == "     1\tone\n     2\t2\n     3\tthree\n     4\t"
    await files.insert(path, 0, "zero\n")
    await files.insert(path, 4, "four")
    assert await content(files, path) == "zero\none\n2\nthree\nfour\n"
    for old, message in (("five", "did not appear verbatim"), ("o", "Multiple occurrences"), ("", "did not")):
        with pytest.raises(InvalidInputError, match=message):
            await files.replace(path, old, "x")
    for line in (-1, 6):
        with pytest.raises(InvalidInputError, match=r"range \[0, 5\]"):
            await files.insert(path, line, "x")


async def test_versions_compare_and_set(files: AsyncMemoryFiles) -> None:
    path = "/memories/a.md"
    first = await files.create(path, "one")
    assert first == Mutation(first.version, replayed=False, existed=False)
    second = await files.write(path, "two", if_version=first.version)
    assert second.existed
    assert second.version != first.version
    found = await files.read(path)
    assert found is not None
    assert found.version == second.version
    for stale in (first.version, None, "17.1"):
        with pytest.raises(DocumentConflictError):
            await files.write(path, "three", if_version=stale)
    with pytest.raises(DocumentConflictError):
        await files.delete(path, if_version=first.version)
    with pytest.raises(DocumentConflictError):
        await files.replace(path, "two", "three", if_version=first.version)
    await files.delete(path, if_version=second.version)
    # A new file at the same path is not the old one.
    again = await files.create(path, "one")
    assert again.version != first.version


async def test_one_of_several_writers_wins(files: AsyncMemoryFiles) -> None:
    async def outcome(call: partial[Any]) -> bool:
        try:
            await call()
        except DocumentConflictError:
            return False
        return True

    path = "/memories/a.md"
    created = [partial(files.create, path, f"text {number}") for number in range(4)]
    assert sum(await async_gather([partial(outcome, call) for call in created])) == 1
    found = await files.read(path)
    assert found is not None
    written = [partial(files.write, path, f"text {n}", if_version=found.version) for n in range(4)]
    assert sum(await async_gather([partial(outcome, call) for call in written])) == 1
    assert await files.list() == [path]


async def test_operations_are_done_once(files: AsyncMemoryFiles) -> None:
    path = "/memories/a.md"
    create, write, delete = (Operation(name, "f") for name in ("create", "write", "delete"))
    first = await files.create(path, "one", operation=create)
    second = await files.write(path, "two", if_version=first.version, operation=write)
    # What was done is told again, though it could not be done again.
    assert await files.create(path, "one", operation=create) == Mutation(first.version, True, False)
    assert await files.write(path, "two", if_version=first.version, operation=write) == Mutation(
        second.version, True, True
    )
    assert await content(files, path) == "two"
    gone = await files.delete(path, if_version=second.version, operation=delete)
    assert gone == Mutation(None, False, True)
    assert await files.delete(path, if_version=second.version, operation=delete) == Mutation(None, True, True)
    with pytest.raises(OperationConflictError, match="'create'"):
        await files.create(path, "other", operation=Operation("create", "other arguments"))


async def test_an_operation_that_failed_is_not_done(files: AsyncMemoryFiles) -> None:
    first = await files.create("/memories/a.md", "one")
    operation = Operation("write", "f")
    with pytest.raises(DocumentConflictError):
        await files.write("/memories/a.md", "two", if_version="1.1", operation=operation)
    assert not (
        await files.write("/memories/a.md", "two", if_version=first.version, operation=operation)
    ).replayed


async def test_renaming_moves_files_and_folders(files: AsyncMemoryFiles) -> None:
    for path in ("/memories/a.md", "/memories/f/b.md", "/memories/f/g/c.md", "/memories/fx/d.md"):
        await files.create(path, f"text of {path}")
    await files.rename("/memories/a.md", "/memories/z.md")
    await files.rename("/memories/f", "/memories/h/i")
    assert await files.list() == [
        "/memories/fx/d.md",
        "/memories/h/i/b.md",
        "/memories/h/i/g/c.md",
        "/memories/z.md",
    ]
    assert await content(files, "/memories/h/i/g/c.md") == "text of /memories/f/g/c.md"
    with pytest.raises(DocumentConflictError, match="already exists"):
        await files.rename("/memories/z.md", "/memories/h")
    with pytest.raises(NotFoundError, match="does not exist"):
        await files.rename("/memories/a.md", "/memories/y.md")
    with pytest.raises(InvalidInputError, match="into itself"):
        await files.rename("/memories/h", "/memories/h/j")


async def test_deleting(files: AsyncMemoryFiles) -> None:
    for path in ("/memories/a.md", "/memories/f/b.md", "/memories/f/g/c.md", "/memories/f_.md"):
        await files.create(path, "text")
    await files.delete("/memories/f")
    assert await files.list() == ["/memories/a.md", "/memories/f_.md"]
    with pytest.raises(NotFoundError):
        await files.delete("/memories/f")
    await files.clear()
    assert await files.list() == []


@pytest.mark.parametrize(
    "path",
    ["", "/", "/etc/passwd", "/memoriesx/a", "/memories/../a", "/memories/a/../../etc", "/memories/..",
     "memories/a", "/memories/a\x00b", "/memories/a\\..\\b", "/memories/\ud800", "/memories/" + "a" * 1100,
     "/memories/" + "a/" * 21, 17, None],
)  # fmt: skip
async def test_no_path_leaves_the_root(files: AsyncMemoryFiles, path: str) -> None:
    for call in (
        partial(files.read, path),
        partial(files.view, path),
        partial(files.list, path),
        partial(files.create, path, "text"),
        partial(files.delete, path),
        partial(files.replace, path, "a", "b"),
        partial(files.insert, path, 0, "a"),
        partial(files.rename, path, "/memories/new.md"),
        partial(files.search, "query", path=path),
    ):
        with pytest.raises(InvalidInputError, match="path"):
            await call()


async def test_dots_inside_the_root_are_resolved(files: AsyncMemoryFiles) -> None:
    await files.create("/memories/a/./b/../c.md", "text")
    assert await files.list() == ["/memories/a/c.md"]


async def test_the_root_is_kept(files: AsyncMemoryFiles) -> None:
    for call in (
        partial(files.delete, "/memories"),
        partial(files.rename, "/memories", "/memories/a"),
        partial(files.create, "/memories/", "text"),
    ):
        with pytest.raises(InvalidInputError, match="directory"):
            await call()


async def test_files_are_no_folders(files: AsyncMemoryFiles) -> None:
    await files.create("/memories/a", "text")
    await files.create("/memories/f/b", "text")
    with pytest.raises(InvalidInputError, match="is a file"):
        await files.create("/memories/a/b", "text")
    with pytest.raises(DocumentConflictError, match="as a directory"):
        await files.create("/memories/f", "text")
    with pytest.raises(InvalidInputError, match="not a file"):
        await files.replace("/memories/f", "a", "b")
    with pytest.raises(NotFoundError):
        await files.insert("/memories/none", 0, "b")


async def test_views(files: AsyncMemoryFiles) -> None:
    head = "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items:"
    assert await files.view() == f"{head}\n0B\t/memories"
    await files.create("/memories/b.md", "x" * 1536)
    await files.create("/memories/a/one.md", "1\n2\n3")
    await files.create("/memories/a/deep/two.md", "12")
    await files.create("/memories/.hidden", "x")
    assert await files.view("/memories") == (
        f"{head}\n1.5K\t/memories\n7B\t/memories/a/\n2B\t/memories/a/deep/\n5B\t/memories/a/one.md\n"
        "1.5K\t/memories/b.md"
    )
    assert await files.view("/memories/a/one.md", [2, -1]) == (
        "Here's the content of /memories/a/one.md with line numbers:\n     2\t2\n     3\t3"
    )
    with pytest.raises(NotFoundError, match="does not exist"):
        await files.view("/memories/none")


async def test_owners_are_apart(memory: AsyncMemory, files: AsyncMemoryFiles) -> None:
    others = [
        AsyncMemoryFiles(memory, user_id="ben"),
        AsyncMemoryFiles(memory, user_id="ana", agent_id="cook"),
        AsyncMemoryFiles(memory, user_id="ana", run_id="r"),
        AsyncMemoryFiles(memory, agent_id="ana"),
    ]
    path = "/memories/a.md"
    await files.create(path, "Ana lives in Rome.", operation=Operation("1"))
    for other in others:
        assert await other.list() == []
        assert await other.read(path) is None
        assert await other.search("Rome") == []
        with pytest.raises(NotFoundError):
            await other.delete(path)
        # An operation of one owner is none of another.
        assert not (await other.create(path, "Not Ana's.", operation=Operation("1"))).replayed
        await other.clear()
    assert await content(files, path) == "Ana lives in Rome."
    with pytest.raises(InvalidInputError, match="give user_id"):
        AsyncMemoryFiles(memory)


async def test_learning_leaves_files_alone(memory: AsyncMemory, files: AsyncMemoryFiles) -> None:
    await files.create("/memories/home.md", "I live in Rome.")
    await memory.add("I moved to Oslo.", user_id="ana")
    await memory.add("I live in Rome.", user_id="ana", infer=False)
    assert await content(files, "/memories/home.md") == "I live in Rome."


async def test_files_go_with_their_owner(memory: AsyncMemory, files: AsyncMemoryFiles) -> None:
    await files.create("/memories/a.md", "text")
    await memory.delete_all(user_id="ana")
    assert await files.list() == []
    await files.create("/memories/a.md", "text")
    (found,) = (await memory.get_all(user_id="ana"))["results"]
    assert await memory.delete(found["id"])
    await files.create("/memories/a.md", "again")


@pytest.mark.parametrize("wrong", [17, None, b"bytes", "\ud800", "x" * 1_000_001])
async def test_contents_are_text(files: AsyncMemoryFiles, wrong: str) -> None:
    with pytest.raises(InvalidInputError, match="content"):
        await files.create("/memories/a.md", wrong)
    assert await files.list() == []
