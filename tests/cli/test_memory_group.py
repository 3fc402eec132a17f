"""``pmem memory``: the commands of powermem 1.1, as scripts call and read them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from powermem.cli.arguments import parse

from .conftest import Run, remember

# Every option of powermem 1.1.7, in its short and its long form, and what it must arrive as.
LINES = (
    (["memory", "add", "hello"], {"text": ["hello"], "no_infer": False}),
    (["memory", "add", "x", "-u", "u", "-a", "a", "-r", "r"], {"user": "u", "agent": "a", "run": "r"}),
    (["memory", "add", "x", "--user-id", "u", "--agent-id", "a", "--run-id", "r"], {"user": "u", "run": "r"}),
    (["memory", "add", "x", "-m", '{"k": 1}'], {"metadata": {"k": 1}}),
    (["memory", "add", "x", "--metadata", '{"k": 1}', "--no-infer"],
     {"metadata": {"k": 1}, "no_infer": True}),
    (["memory", "add", "x", "--scope", "private", "--memory-type", "working"],
     {"scope": "private", "memory_type": "working"}),
    (["memory", "add", "-uu", "x"], {"user": "u", "text": ["x"]}),
    (["memory", "add", "--user-id=u", "--", "-x"], {"user": "u", "text": ["-x"]}),
    (["memory", "search", "q"], {"limit": 10, "threshold": None, "filters": None}),
    (["memory", "search", "q", "-l", "5", "-t", "0.3", "-f", '{"a": "b"}', "-j"],
     {"limit": 5, "threshold": 0.3, "filters": {"a": "b"}, "json": True, "env_file": None}),
    (["memory", "search", "q", "--limit", "5", "--threshold", "0.3", "--filters", "{}"], {"limit": 5}),
    (["-f", ".env.x", "memory", "search", "q", "-f", '{"a": 1}'],
     {"env_file": ".env.x", "filters": {"a": 1}}),
    (["--env-file", ".env.x", "memory", "search", "q"], {"env_file": ".env.x"}),
    (["-j", "memory", "get", "1"], {"json": True, "id": "1"}),
    (["-v", "memory", "get", "1", "-u", "u", "-a", "a"], {"verbose": True, "user": "u", "agent": "a"}),
    (["memory", "update", "1", "new", "-m", "{}", "-u", "u"], {"id": "1", "text": ["new"], "metadata": {}}),
    (["memory", "update", "-u", "u", "1", "new"], {"id": "1", "text": ["new"], "user": "u"}),
    (["memory", "update", "1", "-u", "u", "new"], {"id": "1", "text": ["new"], "user": "u"}),
    (["memory", "delete", "1", "-y"], {"yes": True}),
    (["memory", "delete", "1", "--yes", "-a", "a"], {"yes": True, "agent": "a"}),
    (["memory", "list"], {"limit": 50, "offset": 0, "sort": "created_at", "order": "desc"}),
    (["memory", "list", "-l", "20", "-o", "40", "-s", "id", "--order", "asc"],
     {"limit": 20, "offset": 40, "sort": "id", "order": "asc"}),
    (["memory", "list", "--limit", "-1", "--offset", "2", "--sort-by", "updated_at"],
     {"limit": None, "offset": 2, "sort": "updated_at"}),
    (["memory", "delete-all", "-u", "u", "--confirm"], {"confirm": True, "user": "u"}),
    (["stats", "-u", "u", "-a", "a", "-t", "7D", "-d", "-j"],
     {"time_range": "7d", "detailed": True, "json": True}),
    (["stats", "--time-range", "all", "--detailed", "--user-id", "u"], {"detailed": True, "user": "u"}),
    (["config", "show", "-s", "llm", "-j"], {"section": "llm", "json": True}),
    (["config", "validate", "-f", ".env.x", "--strict", "--check-connectivity"],
     {"env_file": ".env.x", "strict": True, "check_connectivity": True}),
    (["config", "test", "-c", "database"], {"component": "database"}),
    (["config", "test", "--component", "llm", "-j"], {"component": "llm", "json": True}),
    (["config", "init", "-f", ".env.x", "--dry-run", "--no-test", "--component", "llm", "--advanced"],
     {"env_file": ".env.x", "dry_run": True, "test": False}),
    (["manage", "backup", "-o", "b", "-u", "u", "-a", "a", "-r", "r", "-l", "9", "--include-metadata", "-j"],
     {"output": "b", "user": "u", "run": "r", "limit": 9, "json": True}),
    (["manage", "restore", "-i", "b", "-u", "u", "-a", "a", "--dry-run", "--skip-duplicates"],
     {"input": "b", "user": "u", "dry_run": True}),
    (["manage", "cleanup", "-t", "0.2", "--archive-threshold", "0.5", "-u", "u", "--dry-run", "-f"],
     {"threshold": 0.2, "archive_threshold": 0.5, "yes": True, "dry_run": True}),
    (["manage", "cleanup", "--threshold", "0.2", "--force", "-j"], {"threshold": 0.2, "yes": True}),
    (["manage", "migrate", "-t", "x.json", "-s", "y.json", "--delete-source", "--dry-run"],
     {"target_store": "x.json", "source_store": "y.json", "delete_source": True}),
    (["shell"], {"command": "shell"}),
    (["--install-completion", "fish"], {"command": "completion", "shell": "fish", "install": True}),
)  # fmt: skip


@pytest.mark.parametrize(("line", "wanted"), LINES, ids=[" ".join(line) for line, _ in LINES])
def test_the_arguments_of_powermem_1_1_are_read(line: list[str], wanted: dict[str, object]) -> None:
    options = vars(parse(line))
    assert {name: options[name] for name in wanted} == wanted


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Answer questions with these lines, as through a pipe."""

    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return give


@pytest.mark.parametrize("words", [("add",), ("memory", "add")])
def test_both_spellings_store_the_same(cli: Run, words: tuple[str, ...]) -> None:
    ran = cli(*words, "Hello there", "-u", "ann", "--no-infer", "--scope", "private", "-j")
    assert ran.code == 0
    [item] = ran.document["results"]
    assert (item["event"], item["memory"], item["user_id"]) == ("ADD", "Hello there", "ann")
    record = cli("memory", "get", item["id"], "-j").document
    assert record["content"] == "Hello there"
    assert record["metadata"] == {"scope": "private"}


def test_a_list_is_an_array(cli: Run) -> None:
    assert cli("memory", "list", "-j").document == []
    remember(cli, "one", "two", "three")
    items = cli("memory", "list", "-u", "alice", "-j").document
    assert [item["memory"] for item in items] == ["three", "two", "one"]
    assert {"id", "memory", "user_id", "agent_id", "run_id", "metadata", "created_at", "updated_at"} <= {
        *items[0]
    }
    ran = cli("memory", "list", "-l", "2", "-o", "1", "-s", "id", "--order", "asc", "-j")
    assert [item["memory"] for item in ran.document] == ["two", "three"]


def test_no_limit(cli: Run) -> None:
    remember(cli, *(f"memory {number}" for number in range(55)))
    assert len(cli("memory", "list", "-j").document) == 50
    assert len(cli("memory", "list", "-l", "-1", "-j").document) == 55
    assert len(cli("list", "-l", "-1", "-j").document["results"]) == 55


def test_a_search_names_ids_twice(cli: Run) -> None:
    [found] = remember(cli, "I keep bees")
    [hit] = cli("memory", "search", "bees", "-u", "alice", "-j").document["results"]
    assert (hit["id"], hit["memory_id"]) == (found, found)
    assert 0 < hit["score"] <= 1


def test_an_update_returns_the_text_as_data(cli: Run) -> None:
    [found] = remember(cli, "I drink tea", options=("-u", "alice", "-m", '{"a": 1}'))
    changed = cli("memory", "update", found, "I drink coffee", "-m", '{"b": 2}', "-j").document
    assert changed["data"] == "I drink coffee"
    assert changed["metadata"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("given", "code", "left"), [("y\n", 0, 0), ("yes\n", 0, 0), ("n\n", 1, 1), ("\n", 1, 1), ("", 1, 1)]
)
@pytest.mark.parametrize("command", ["delete", "delete-all", "everything"])
def test_deleting_asks(
    cli: Run, answers: Callable[[str], None], command: str, given: str, code: int, left: int
) -> None:
    [found] = remember(cli, "I keep bees")
    line = {"delete": ("delete", found), "delete-all": ("delete-all", "-u", "alice", "--confirm")}
    answers(given)
    ran = cli("memory", *line.get(command, ("delete-all", "--confirm")))
    assert ran.code == code
    assert ran.err.startswith("Delete ")
    assert len(cli("memory", "list", "-j").document) == left


def test_what_may_go_without_asking(cli: Run) -> None:
    first, _ = remember(cli, "one", "two")
    remember(cli, "three", options=("-u", "bob"))
    assert cli("memory", "delete", first, "-y").code == 0
    ran = cli("memory", "delete-all", "-u", "alice")
    assert (ran.code, ran.out) == (1, "")
    assert "--confirm" in ran.err
    assert cli("memory", "delete-all", "-u", "alice", "--confirm", "-y", "-j").document == {"deleted": 1}
    assert [item["memory"] for item in cli("memory", "list", "-j").document] == ["three"]


@pytest.mark.parametrize("words", [("get",), ("update",), ("delete", "-y")])
def test_what_is_not_there_is_one(cli: Run, words: tuple[str, ...]) -> None:
    [found] = remember(cli, "I keep bees")
    text = ("new",) if words == ("update",) else ()
    for where in (("389596920147940871",), (found, "-u", "bob")):
        ran = cli("memory", words[0], where[0], *text, *words[1:], *where[1:])
        assert (ran.code, ran.out) == (1, "")
        assert "there is no memory" in ran.err


def test_statistics_in_detail(cli: Run) -> None:
    remember(cli, "I keep bees")
    remember(cli, "I keep cats", options=("-u", "bob"))
    plain = cli("stats", "-j").document
    assert "unique_users" not in plain
    assert "filters" not in plain
    detailed = cli("stats", "-d", "-t", "30d", "-u", "bob", "-j").document
    assert (detailed["total_memories"], detailed["unique_users"]) == (1, 2)
    assert detailed["filters"] == {"user_id": "bob", "time_range": "30d"}
    assert "users        2" in cli("stats", "--detailed").out
