# Generated from tests/_async/test_memory_files.py by scripts/run_unasync.py; edit that file instead.
"""Files over memories: edits, versions, idempotent operations, and owners that stay apart."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import InvalidInputError, Memory, NotFoundError
from powermem._concurrency import gather
from powermem.integrations import (
    DocumentConflictError,
    MemoryFiles,
    Mutation,
    Operation,
    OperationConflictError,
)

pytestmark = pytest.mark.stores


@pytest.fixture
def files(memory: Memory) -> MemoryFiles:
    return MemoryFiles(memory, user_id="ana")


def content(files: MemoryFiles, path: str) -> str:
    found = files.read(path)
    assert found is not None
    return found.content


def test_files_are_written_and_read_as_they_are(files: MemoryFiles) -> None:
    texts = {
        "/memories/a.md": "# A\n\n  indented\ttext \r\n",
        "/memories/b.md": "# A\n\n  indented\ttext \r\n",
        "/memories/empty.md": "",
        "/memories/notes/ümläut 🐈.md": "Ä\n" * 1000,
    }
    for path, text in texts.items():
        files.create(path, text)
    assert {path: content(files, path) for path in texts} == texts
    assert files.list() == sorted(texts)
    assert files.list("/memories/notes") == ["/memories/notes/ümläut 🐈.md"]
    assert files.read("/memories/none.md") is None


def test_files_are_memories_that_searches_find(memory: Memory, files: MemoryFiles) -> None:
    files.create("/memories/home.md", "Ana lives in Rome, near the river.")
    files.create("/memories/work/pets.md", "Ana has a cat called Tom.")
    (best, *_) = (memory.search("Where does Ana live?", user_id="ana"))["results"]
    assert best["memory"] == "Ana lives in Rome, near the river."
    found = files.search("the cat Tom")
    assert found[0].file.path == "/memories/work/pets.md"
    assert [one.file.path for one in files.search("river", path="/memories/work")] in (
        [],
        ["/memories/work/pets.md"],
    )
    files.replace("/memories/home.md", "Rome", "Oslo")
    (best, *_) = (memory.search("Where does Ana live?", user_id="ana"))["results"]
    assert best["memory"] == "Ana lives in Oslo, near the river."


def test_edits(files: MemoryFiles) -> None:
    path = "/memories/list.md"
    files.create(path, "one\ntwo\nthree\n")
    assert files.replace(path, "two", "2") == "     1\tone\n     2\t2\n     3\tthree\n     4\t"
    files.insert(path, 0, "zero\n")
    files.insert(path, 4, "four")
    assert content(files, path) == "zero\none\n2\nthree\nfour\n"
    for old, message in (("five", "did not appear verbatim"), ("o", "Multiple occurrences"), ("", "did not")):
        with pytest.raises(InvalidInputError, match=message):
            files.replace(path, old, "x")
    for line in (-1, 6):
        with pytest.raises(InvalidInputError, match=r"range \[0, 5\]"):
            files.insert(path, line, "x")


def test_versions_compare_and_set(files: MemoryFiles) -> None:
    path = "/memories/a.md"
    first = files.create(path, "one")
    assert first == Mutation(first.version, replayed=False, existed=False)
    second = files.write(path, "two", if_version=first.version)
    assert second.existed
    assert second.version != first.version
    found = files.read(path)
    assert found is not None
    assert found.version == second.version
    for stale in (first.version, None, "17.1"):
        with pytest.raises(DocumentConflictError):
            files.write(path, "three", if_version=stale)
    with pytest.raises(DocumentConflictError):
        files.delete(path, if_version=first.version)
    with pytest.raises(DocumentConflictError):
        files.replace(path, "two", "three", if_version=first.version)
    files.delete(path, if_version=second.version)
    # A new file at the same path is not the old one.
    again = files.create(path, "one")
    assert again.version != first.version


def test_one_of_several_writers_wins(files: MemoryFiles) -> None:
    def outcome(call: partial[Any]) -> bool:
        try:
            call()
        except DocumentConflictError:
            return False
        return True

    path = "/memories/a.md"
    created = [partial(files.create, path, f"text {number}") for number in range(4)]
    assert sum(gather([partial(outcome, call) for call in created])) == 1
    found = files.read(path)
    assert found is not None
    written = [partial(files.write, path, f"text {n}", if_version=found.version) for n in range(4)]
    assert sum(gather([partial(outcome, call) for call in written])) == 1
    assert files.list() == [path]


def test_operations_are_done_once(files: MemoryFiles) -> None:
    path = "/memories/a.md"
    create, write, delete = (Operation(name, "f") for name in ("create", "write", "delete"))
    first = files.create(path, "one", operation=create)
    second = files.write(path, "two", if_version=first.version, operation=write)
    # What was done is told again, though it could not be done again.
    assert files.create(path, "one", operation=create) == Mutation(first.version, True, False)
    assert files.write(path, "two", if_version=first.version, operation=write) == Mutation(
        second.version, True, True
    )
    assert content(files, path) == "two"
    gone = files.delete(path, if_version=second.version, operation=delete)
    assert gone == Mutation(None, False, True)
    assert files.delete(path, if_version=second.version, operation=delete) == Mutation(None, True, True)
    with pytest.raises(OperationConflictError, match="'create'"):
        files.create(path, "other", operation=Operation("create", "other arguments"))


def test_an_operation_that_failed_is_not_done(files: MemoryFiles) -> None:
    first = files.create("/memories/a.md", "one")
    operation = Operation("write", "f")
    with pytest.raises(DocumentConflictError):
        files.write("/memories/a.md", "two", if_version="1.1", operation=operation)
    assert not (files.write("/memories/a.md", "two", if_version=first.version, operation=operation)).replayed


def test_renaming_moves_files_and_folders(files: MemoryFiles) -> None:
    for path in ("/memories/a.md", "/memories/f/b.md", "/memories/f/g/c.md", "/memories/fx/d.md"):
        files.create(path, f"text of {path}")
    files.rename("/memories/a.md", "/memories/z.md")
    files.rename("/memories/f", "/memories/h/i")
    assert files.list() == [
        "/memories/fx/d.md",
        "/memories/h/i/b.md",
        "/memories/h/i/g/c.md",
        "/memories/z.md",
    ]
    assert content(files, "/memories/h/i/g/c.md") == "text of /memories/f/g/c.md"
    with pytest.raises(DocumentConflictError, match="already exists"):
        files.rename("/memories/z.md", "/memories/h")
    with pytest.raises(NotFoundError, match="does not exist"):
        files.rename("/memories/a.md", "/memories/y.md")
    with pytest.raises(InvalidInputError, match="into itself"):
        files.rename("/memories/h", "/memories/h/j")


def test_deleting(files: MemoryFiles) -> None:
    for path in ("/memories/a.md", "/memories/f/b.md", "/memories/f/g/c.md", "/memories/f_.md"):
        files.create(path, "text")
    files.delete("/memories/f")
    assert files.list() == ["/memories/a.md", "/memories/f_.md"]
    with pytest.raises(NotFoundError):
        files.delete("/memories/f")
    files.clear()
    assert files.list() == []


@pytest.mark.parametrize(
    "path",
    ["", "/", "/etc/passwd", "/memoriesx/a", "/memories/../a", "/memories/a/../../etc", "/memories/..",
     "memories/a", "/memories/a\x00b", "/memories/a\\..\\b", "/memories/\ud800", "/memories/" + "a" * 1100,
     "/memories/" + "a/" * 21, 17, None],
)  # fmt: skip
def test_no_path_leaves_the_root(files: MemoryFiles, path: str) -> None:
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
            call()


def test_dots_inside_the_root_are_resolved(files: MemoryFiles) -> None:
    files.create("/memories/a/./b/../c.md", "text")
    assert files.list() == ["/memories/a/c.md"]


def test_the_root_is_kept(files: MemoryFiles) -> None:
    for call in (
        partial(files.delete, "/memories"),
        partial(files.rename, "/memories", "/memories/a"),
        partial(files.create, "/memories/", "text"),
    ):
        with pytest.raises(InvalidInputError, match="directory"):
            call()


def test_files_are_no_folders(files: MemoryFiles) -> None:
    files.create("/memories/a", "text")
    files.create("/memories/f/b", "text")
    with pytest.raises(InvalidInputError, match="is a file"):
        files.create("/memories/a/b", "text")
    with pytest.raises(DocumentConflictError, match="as a directory"):
        files.create("/memories/f", "text")
    with pytest.raises(InvalidInputError, match="not a file"):
        files.replace("/memories/f", "a", "b")
    with pytest.raises(NotFoundError):
        files.insert("/memories/none", 0, "b")


def test_views(files: MemoryFiles) -> None:
    head = "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items:"
    assert files.view() == f"{head}\n0B\t/memories"
    files.create("/memories/b.md", "x" * 1536)
    files.create("/memories/a/one.md", "1\n2\n3")
    files.create("/memories/a/deep/two.md", "12")
    files.create("/memories/.hidden", "x")
    assert files.view("/memories") == (
        f"{head}\n1.5K\t/memories\n7B\t/memories/a/\n2B\t/memories/a/deep/\n5B\t/memories/a/one.md\n"
        "1.5K\t/memories/b.md"
    )
    assert files.view("/memories/a/one.md", [2, -1]) == (
        "Here's the content of /memories/a/one.md with line numbers:\n     2\t2\n     3\t3"
    )
    with pytest.raises(NotFoundError, match="does not exist"):
        files.view("/memories/none")


def test_owners_are_apart(memory: Memory, files: MemoryFiles) -> None:
    others = [
        MemoryFiles(memory, user_id="ben"),
        MemoryFiles(memory, user_id="ana", agent_id="cook"),
        MemoryFiles(memory, user_id="ana", run_id="r"),
        MemoryFiles(memory, agent_id="ana"),
    ]
    path = "/memories/a.md"
    files.create(path, "Ana lives in Rome.", operation=Operation("1"))
    for other in others:
        assert other.list() == []
        assert other.read(path) is None
        assert other.search("Rome") == []
        with pytest.raises(NotFoundError):
            other.delete(path)
        # An operation of one owner is none of another.
        assert not (other.create(path, "Not Ana's.", operation=Operation("1"))).replayed
        other.clear()
    assert content(files, path) == "Ana lives in Rome."
    with pytest.raises(InvalidInputError, match="give user_id"):
        MemoryFiles(memory)


def test_learning_leaves_files_alone(memory: Memory, files: MemoryFiles) -> None:
    files.create("/memories/home.md", "I live in Rome.")
    memory.add("I moved to Oslo.", user_id="ana")
    memory.add("I live in Rome.", user_id="ana", infer=False)
    assert content(files, "/memories/home.md") == "I live in Rome."


def test_files_go_with_their_owner(memory: Memory, files: MemoryFiles) -> None:
    files.create("/memories/a.md", "text")
    memory.delete_all(user_id="ana")
    assert files.list() == []
    files.create("/memories/a.md", "text")
    (found,) = (memory.get_all(user_id="ana"))["results"]
    assert memory.delete(found["id"])
    files.create("/memories/a.md", "again")


@pytest.mark.parametrize("wrong", [17, None, b"bytes", "\ud800", "x" * 1_000_001])
def test_contents_are_text(files: MemoryFiles, wrong: str) -> None:
    with pytest.raises(InvalidInputError, match="content"):
        files.create("/memories/a.md", wrong)
    assert files.list() == []
