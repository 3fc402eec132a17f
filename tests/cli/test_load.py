"""``powermem load``: every form of file, and every fault in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from powermem.cli import loading

from .conftest import Run

TALK = [
    {"role": "user", "content": "My sister Leila lives in Oslo."},
    {"role": "assistant", "content": "Nice! Do you visit her often?"},
]
SESSIONS = {
    "title": "ignored",
    "user_id": "nadia",
    "sessions": [
        {
            "date": "2025-07-26T09:05:00Z",
            "turns": [
                {"speaker": "Nadia", "text": "I moved to Bristol yesterday."},
                {"speaker": "Tom", "text": "How is it?"},
            ],
        },
        {"date": "2025-09-28", "turns": [{"speaker": "Tom", "text": "My dog Biscuit hates trains."}]},
    ],
}


def lines(path: Path, *values: object) -> str:
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values), "utf-8")
    return str(path)


def stored(cli: Run, *options: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = cli("list", "--json", "-l", "1000", *options).document["results"]
    return results


def texts(cli: Run, *options: str) -> set[str]:
    return {record["memory"] for record in stored(cli, *options)}


def test_lines_of_every_form(cli: Run, tmp_path: Path) -> None:
    path = lines(
        tmp_path / "talks.jsonl",
        "I keep bees on the roof.",
        TALK,
        {"messages": "I love oolong tea.", "user_id": "bob", "metadata": {"topic": "tea"}},
        {"role": "user", "content": "I play the cello."},
        SESSIONS,
    )
    ran = cli("load", path, "-u", "alice", "--json")
    assert ran.code == 0, ran.err
    result = ran.document
    assert (result["added"], result["failed"], result["errors"]) == (6, 0, [])
    assert result["events"] == {"ADD": 6}
    assert texts(cli, "-u", "alice") == {
        "I keep bees on the roof.",
        "My sister Leila lives in Oslo.",
        "I play the cello.",
    }
    [tea] = stored(cli, "-u", "bob")
    assert (tea["memory"], tea["metadata"]) == ("I love oolong tea.", {"topic": "tea"})


CALL = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
TOOLS = [
    {"role": "user", "content": "I live in Rome. Does it rain?"},
    {"role": "assistant", "tool_calls": [CALL]},
    {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"},
    {"role": "tool", "tool_call_id": "c", "content": "Rain"},
    {"role": "model", "parts": [{"text": "It does."}]},
]


@pytest.mark.parametrize("name", ["talk.json", "talks.jsonl"])
def test_a_conversation_with_tools(cli: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(TOOLS), "utf-8")
    assert cli("load", str(path), "-u", "alice", "--json").document["added"] == 1
    assert texts(cli, "-u", "alice") == {"I live in Rome."}


def test_a_line_is_a_message_in_any_form(cli: Run, tmp_path: Path) -> None:
    path = lines(
        tmp_path / "talks.jsonl",
        {"role": "user", "parts": [{"text": "I live in Rome."}]},
        {"from": "human", "value": "I keep bees on the roof."},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "narrator", "content": "I play the cello."},
        {"content": "I love oolong tea."},
    )
    result = cli("load", path, "-u", "alice", "--json").document
    assert (result["added"], result["failed"]) == (3, 2)
    assert all(
        "expected one of user, assistant, system, tool" in fault["error"] for fault in result["errors"]
    )
    assert texts(cli, "-u", "alice") == {"I live in Rome.", "I keep bees on the roof."}


def test_a_conversation_keeps_who_and_when(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(SESSIONS), "utf-8")
    ran = cli("load", str(path))
    assert ran.code == 0, ran.err
    assert "2 added, 0 failed" in ran.out
    moved, biscuit = sorted(stored(cli, "-u", "nadia"), key=lambda record: record["valid_from"])
    assert moved["memory"] == "I moved to Bristol yesterday (25 July 2025)."
    assert (moved["actor_id"], moved["valid_from"]) == ("Nadia", "2025-07-26T09:05:00+00:00")
    assert (biscuit["actor_id"], biscuit["valid_from"][:10]) == ("Tom", "2025-09-28")


@pytest.mark.parametrize(
    ("document", "count"),
    [
        (["I keep bees.", "I love tea.", TALK], 3),
        (TALK, 1),
        ({"messages": TALK}, 1),
        ("I keep bees.", 1),
        ([], 0),
    ],
)
def test_documents(cli: Run, tmp_path: Path, document: object, count: int) -> None:
    path = tmp_path / "talks.json"
    path.write_text(json.dumps(document), "utf-8")
    ran = cli("load", str(path), "-u", "alice", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["added"] == count


def test_options_hold_for_what_a_value_does_not_say(cli: Run, tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", "Hello there.", {"messages": "Hello again.", "run_id": "own"})
    options = ("-u", "alice", "-a", "cook", "-r", "talk", "--metadata", '{"from": "file"}')
    ran = cli("load", path, *options, "--timestamp", "2020-02-02", "--no-infer", "--json")
    assert ran.code == 0, ran.err
    records = stored(cli, "-u", "alice", "-a", "cook")
    assert {(record["memory"], record["run_id"]) for record in records} == {
        ("Hello there.", "talk"),
        ("Hello again.", "own"),
    }
    assert all(record["metadata"] == {"from": "file"} for record in records)
    assert all(record["valid_from"].startswith("2020-02-02") for record in records)


def test_errors_name_their_line_and_the_rest_is_stored(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf"I keep bees."\n'
        b"\n"
        b'{"messages": "I love tea."\n'
        b'{"messages": "I love tea.", "user": "bob"}\n'
        b"42\n"
        b'{"title": "nothing"}\n'
        b'"\xff"\n'
        b'[{"role": "user"}]\n'
        b'{"messages": "I love tea.", "timestamp": "soon"}\n'
        b'{"sessions": [{"turns": [{"speaker": "Tom", "text": "I love tea."}]}, {"turns": 1}]}\n'
        b'{"sessions": [{"turns": [{"text": "I love tea."}]}]}\n'
        b'""\n'
        b'"I play the cello."'
    )
    ran = cli("load", str(path), "-u", "alice", "--json")
    assert ran.code == 1
    result = ran.document
    assert (result["added"], result["failed"]) == (2, 10)
    faults = {fault["where"]: fault["error"] for fault in result["errors"]}
    assert list(faults) == [f"line {number}" for number in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12)]
    assert "not valid JSON" in faults["line 3"]
    assert "unknown key 'user'; did you mean 'user_id'?" in faults["line 4"]
    assert "got 42" in faults["line 5"]
    assert "'title'" in faults["line 6"]
    assert "UTF-8" in faults["line 7"]
    assert "content" in faults["line 8"]
    assert "soon" in faults["line 9"]
    assert "session 2: expected an object with a list of 'turns'" in faults["line 10"]
    assert "session 1, turn 1: expected an object with 'speaker' and 'text'" in faults["line 11"]
    assert "no text" in faults["line 12"]
    assert all("\n" not in error for error in faults.values())
    assert texts(cli) == {"I keep bees.", "I play the cello."}
    table = cli("load", str(path), "-u", "alice")
    assert table.code == 1
    assert "line 5" in table.out
    assert "got 42" in table.out


def test_a_fault_in_one_session_spares_the_others(cli: Run, tmp_path: Path) -> None:
    talk = {"sessions": [{"date": "never", "turns": []}, *SESSIONS["sessions"]]}
    talk["sessions"][0]["turns"] = [{"speaker": "Tom", "text": "I love tea."}]
    ran = cli("load", lines(tmp_path / "x.jsonl", talk), "-u", "nadia", "--json")
    assert ran.code == 1
    assert ran.document["added"] == 2
    assert [fault["where"] for fault in ran.document["errors"]] == ["line 1, session 1"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.jsonl", None, "No such file"),
        ("broken.json", '{"messages":\n "x",,}', "line 2, column 6"),
        ("lines.json", '"a"\n"b"\n', "named .jsonl"),
        ("latin.json", '"\xff"', "UTF-8"),
        ("deep.json", "[" * 100_000, "JSON"),
    ],
)
def test_a_file_that_cannot_be_read(
    cli: Run, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode("latin-1"))
    ran = cli("load", name, "--json")
    assert (ran.code, ran.out) == (1, "")
    [line] = ran.err.splitlines()
    assert name in line
    assert said in line


def test_a_directory_is_no_file(cli: Run, tmp_path: Path) -> None:
    ran = cli("load", str(tmp_path))
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


def test_standard_input(shell: Run, cli: Run) -> None:
    ran = shell("load", "-", "-u", "alice", given='"I keep bees in Kraków 🐝."\n'.encode())
    assert ran.code == 0, ran.err
    assert texts(cli) == {"I keep bees in Kraków 🐝."}


def test_many_errors_are_counted_but_not_all_kept(cli: Run, tmp_path: Path) -> None:
    path = lines(tmp_path / "bad.jsonl", *range(250))
    result = cli("load", path, "--json").document
    assert result["failed"] == 250
    assert len(result["errors"]) == 100
    assert "and 150 more" in cli("load", path).out


def test_lines_are_read_as_they_are_needed(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", *range(10_000))
    with loading.open_source(path) as opened:
        first = next(opened.entries)
    assert (first.where, first.value, first.size) == ("line 1", 0, 2)
    assert opened.total == Path(path).stat().st_size


@pytest.mark.parametrize("concurrency", ["1", "8"])
def test_many_lines_at_once(cli: Run, tmp_path: Path, concurrency: str) -> None:
    path = lines(tmp_path / "many.jsonl", *(f"note number {number}" for number in range(300)))
    ran = cli("load", path, "-u", "alice", "--no-infer", "--concurrency", concurrency, "--json")
    assert (ran.code, ran.document["added"]) == (0, 300)
    assert len(texts(cli)) == 300
