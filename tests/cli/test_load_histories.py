"""``powermem load`` of chat histories and of the exports of other memories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import exports
from tests.support.exports import chatgpt, node, packed, write

from .conftest import Run, environment


def texts(cli: Run, *options: str) -> list[str]:
    results: list[dict[str, Any]] = cli("list", "--json", "-l", "1000", *options).document["results"]
    return sorted(record["memory"] for record in results)


def test_an_export_is_loaded_once(cli: Run, tmp_path: Path) -> None:
    path = str(write(tmp_path, "conversations.json", [exports.CHATGPT]))
    ran = cli("load", path, "-u", "ana", "--no-infer")
    assert ran.code == 0, ran.err
    assert "chatgpt: 4 messages loaded from 1 conversation of ana in " in ran.out
    assert "1 in branches that were abandoned" in ran.out
    second = cli("load", path, "-u", "ana", "--no-infer")
    assert "chatgpt: nothing new from 1 conversation of ana, 4 loaded before in " in second.out
    assert len(texts(cli, "-u", "ana")) == 4


def test_facts_of_an_export(cli: Run, tmp_path: Path) -> None:
    path = packed(tmp_path, "WhatsApp Chat with Bob.zip", {"_chat.txt": exports.WHATSAPP_IOS})
    result = cli("load", str(path), "-u", "ana", "--json").document
    assert (result["format"], result["messages"], result["failed"]) == ("whatsapp", 4, 0)
    assert "I have a cat" in " ".join(texts(cli, "-u", "ana"))


def test_a_newer_export_brings_what_is_new(cli: Run, tmp_path: Path) -> None:
    later = chatgpt(node("x", "root", "user", "I keep bees."), id="c-2")
    old = write(tmp_path, "old.json", [exports.CHATGPT])
    new = packed(
        tmp_path, "new.zip", {"conversations-000.json": [exports.CHATGPT], "conversations-001.json": [later]}
    )
    cli("load", str(old), "-u", "ana", "--no-infer")
    result = cli("load", str(new), "-u", "ana", "--no-infer", "--json").document
    assert (result["messages"], result["skipped"], result["conversations"]) == (1, 4, 2)


def test_what_is_broken_is_told_by_its_place(cli: Run, tmp_path: Path) -> None:
    lines = exports.MCP_MEMORY.split("\n")
    path = write(tmp_path, "memory.json", "\n".join([lines[0], '{"type": "entity", "na', lines[1]]))
    ran = cli("load", str(path), "-u", "ana", "--json")
    assert ran.code == 1
    assert (ran.document["memories"], ran.document["failed"]) == (3, 1)
    [error] = ran.document["errors"]
    assert error["where"] == "line 2"
    assert error["error"].startswith("not valid JSON: Unterminated string")


def test_a_dry_run_shows_and_stores_nothing(cli: Run, tmp_path: Path) -> None:
    path = packed(tmp_path, "slack.zip", exports.SLACK)
    ran = cli("load", str(path), "--dry-run", "--me", "U1")
    assert ran.code == 0, ran.err
    for shown in (
        "slack",
        "2024-05-01 12:00 to 2024-05-03 11:53",
        "the user",
        "Deploy",
        "1 notices of Slack",
    ):
        assert shown in ran.out
    document = cli("load", str(path), "--dry-run", "--me", "U1", "--json").document
    assert document["speakers"][0] == {"name": "ana.b", "id": "U1", "messages": 2, "user": True}
    assert (document["conversations"], document["messages"], document["undecided"]) == (3, 5, None)
    assert texts(cli) == []


def test_the_user_has_to_be_known(cli: Run, tmp_path: Path) -> None:
    path = str(packed(tmp_path, "slack.zip", exports.SLACK))
    dry = cli("load", path, "--dry-run", "--json")
    assert dry.code == 1
    assert dry.document["undecided"].startswith("which of the speakers is the user? Name one with --me")
    ran = cli("load", path, "--no-infer")
    assert ran.code == 1
    assert "'ana.b' <U1> (2), 'Bob' <U2> (2)" in ran.err
    assert cli("load", path, "--me", "ana.b", "--no-infer", "--json").document["user_id"] == "ana.b"


def test_options_of_an_export(cli: Run, tmp_path: Path) -> None:
    path = str(write(tmp_path, "talk.csv", exports.CSV.replace("13/4", "3/4").encode("utf-16")))
    columns = "text=What said,speaker=Who,time=When,conversation=Room"
    ran = cli("load", path, "--columns", columns, "--me", "Ana", "--no-infer")
    assert ran.code == 1
    assert "3/4/2024 may have the day first or the month first" in ran.err
    options = ("--columns", columns, "--me", "Ana", "--date-order", "day-first", "--timezone", "+02:00")
    assert cli("load", path, *options, "--no-infer", "--json").document["messages"] == 2
    found = {one["memory"]: one["valid_from"] for one in cli("list", "--json").document["results"]}
    assert found["I moved to Oslo."] == "2024-04-03T08:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "word"], "invalid choice: 'word'"),
        (["--columns", "text"], "expected FIELD=NAME,... such as text=Body,speaker=From"),
        (["--date-order", "year-first"], "invalid choice: 'year-first'"),
    ],
)
def test_wrong_options(bare: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    ran = bare("load", str(write(tmp_path, "a.csv", exports.CSV)), *arguments)
    assert ran.code == 2
    assert message in ran.err


def test_other_files_are_no_exports(cli: Run, tmp_path: Path) -> None:
    path = str(write(tmp_path, "notes.jsonl", '"I keep bees."\n'))
    assert cli("load", path, "-u", "ana", "--json").document["added"] == 1
    assert cli("load", path, "--dry-run").code == 2
    ran = cli("load", path, "--format", "slack", "--json")
    assert (ran.code, ran.document["errors"]) == (1, [{"where": "item 1", "error": "expected an object"}])
    folder = tmp_path / "empty"
    folder.mkdir()
    ran = cli("load", str(folder))
    assert ran.code == 1
    assert "none of the known formats; looked for chatgpt, claude" in ran.err


def test_a_killed_load_resumes(config: Path, cli: Run, tmp_path: Path) -> None:
    nodes = [node(f"u{n}", f"u{n - 1}" if n else "root", "user", f"Note {n}.") for n in range(400)]
    path = str(write(tmp_path, "conversations.json", [chatgpt(*nodes)]))
    # It kills itself when a fixed number of calls has been stored, so nothing depends on time.
    program = """
import os, signal, sys
from powermem._sync.adding import Adding
from powermem.cli import main
stored = Adding.add_each
def add_each(self, *given, left=[3]):
    result = stored(self, *given)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
Adding.add_each = add_each
sys.exit(main(sys.argv[1:]))
"""
    command = [
        sys.executable,
        "-c",
        program,
        "load",
        path,
        "-u",
        "ana",
        "--no-infer",
        "--config",
        str(config),
    ]
    done = subprocess.run(command, env=environment(), capture_output=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    before = len(texts(cli, "-u", "ana"))
    assert 0 < before < 400
    result = cli("load", path, "-u", "ana", "--no-infer", "--json").document
    assert (result["messages"], result["skipped"], result["failed"]) == (400 - before, before, 0)
    assert texts(cli, "-u", "ana") == sorted(f"Note {n}." for n in range(400))


def test_half_of_a_download(cli: Run, tmp_path: Path) -> None:
    talks = [
        chatgpt(node(f"n{n}", "root", "user", f"Note {n} {os.urandom(40).hex()}"), id=f"c-{n}")
        for n in range(50)
    ]
    whole = packed(tmp_path, "whole.zip", {"chat.html": "<html>", "conversations.json": json.dumps(talks)})
    half = tmp_path / "half.zip"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    ran = cli("load", str(half), "-u", "ana", "--no-infer", "--json")
    assert ran.code == 1
    result = ran.document
    assert 10 < result["messages"] < 50
    assert any("cut short" in error["error"] for error in result["errors"])
    rest = cli("load", str(whole), "-u", "ana", "--no-infer", "--json").document
    assert (rest["messages"], rest["skipped"], rest["failed"]) == (
        50 - result["messages"],
        result["messages"],
        0,
    )
