"""``pmem manage``: backup, restore, cleanup and migrate."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import powermem
from powermem._core import clock
from powermem.config import load_config

from .conftest import Run, remember
from .test_moving import second


def listed(bare: Run, config: Path, *options: str) -> list[str]:
    """Return the texts of a store."""
    ran = bare("memory", "list", "-j", "-l", "-1", "--config", str(config), *options)
    return sorted(item["memory"] for item in ran.document)


def test_a_backup_is_restored_elsewhere(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I keep bees", "I like tea")
    ran = cli("manage", "backup", "-o", "deep/b.jsonl", "-j")
    done = ran.document
    assert {**done, "size_bytes": 0} == {
        "status": "success", "file": "deep/b.jsonl", "count": 2, "turns": 2, "size_bytes": 0,
    }  # fmt: skip
    assert done["size_bytes"] == (tmp_path / "deep/b.jsonl").stat().st_size
    other = second(config, tmp_path)
    ran = bare("manage", "restore", "-i", "deep/b.jsonl", "--dry-run", "-j", "--config", str(other))
    assert ran.document == {"dry_run": True, "would_restore": 2, "samples": ["I keep bees", "I like tea"]}
    assert listed(bare, other) == []
    for counts in ({"restored": 2, "skipped": 0}, {"restored": 0, "skipped": 2}):
        ran = bare("manage", "restore", "-i", "deep/b.jsonl", "-y", "-j", "--config", str(other))
        assert ran.document == {"status": "success", "errors": 0, **counts}
    assert listed(bare, other) == ["I keep bees", "I like tea"]


def test_a_backup_of_powermem_1_1_is_restored(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    memory = {"user_id": "ann", "agent_id": None, "run_id": None, "metadata": {"k": 1}}
    written = {
        "version": "1.0", "created_at": "2026-01-02T03:04:05", "source": "powermem-cli",
        "filters": {"user_id": None, "agent_id": None, "run_id": None}, "count": 2,
        "memories": [
            {"id": 11, "memory": "I keep bees", "created_at": "2026-01-01T00:00:00", **memory},
            {"id": 12, "memory": "I like tea", "created_at": "2026-01-01T00:00:00", **memory},
        ],
    }  # fmt: skip
    (tmp_path / "old.json").write_text(json.dumps(written, indent=2), "utf-8")
    ran = cli("manage", "restore", "--input", "old.json", "--yes", "-j")
    assert ran.document == {"status": "success", "restored": 2, "skipped": 0, "errors": 0}
    assert cli("memory", "get", "11", "-u", "ann", "-j").document["metadata"] == {"k": 1}


def test_a_restore_to_somebody_else_has_new_ids(cli: Run, bare: Run, config: Path) -> None:
    [found] = remember(cli, "I keep bees", options=("-u", "alice", "-r", "talk", "--timestamp", "2024-05-06"))
    assert cli("manage", "backup", "-o", "b.jsonl").code == 0
    for counts in ({"restored": 1, "skipped": 0}, {"restored": 0, "skipped": 1}):
        ran = cli("manage", "restore", "-i", "b.jsonl", "-u", "bob", "-y", "-j")
        assert ran.document == {"status": "success", "errors": 0, **counts}
    [copied] = cli("memory", "list", "-u", "bob", "-j").document
    assert copied["id"] != found
    assert (copied["memory"], copied["run_id"]) == ("I keep bees", "talk")
    assert copied["valid_from"].startswith("2024-05-06")
    assert listed(bare, config, "-u", "alice") == ["I keep bees"]


def test_a_limit_does_not_cut_a_backup(cli: Run, tmp_path: Path) -> None:
    remember(cli, "one", "two")
    ran = cli("manage", "backup", "-o", "b.jsonl", "-l", "1", "-j")
    assert (ran.code, ran.document["count"]) == (0, 2)
    assert "--limit has no effect" in ran.err
    assert cli("manage", "backup", "-l", "9").err == ""
    assert len(list(tmp_path.glob("powermem_backup_*.jsonl"))) == 1


@pytest.mark.parametrize("given", ["n\n", ""])
@pytest.mark.parametrize("command", ["restore", "cleanup", "migrate"])
def test_without_a_yes_nothing_happens(
    cli: Run,
    bare: Run,
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    given: str,
) -> None:
    remember(cli, "I keep bees")
    _expire(config)
    other = second(config, tmp_path)
    assert cli("manage", "backup", "-o", "b.jsonl").code == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    line = {
        "restore": ("restore", "-i", "b.jsonl", "-u", "bob"), "cleanup": ("cleanup",),
        "migrate": ("migrate", "-t", str(other)),
    }  # fmt: skip
    ran = cli("manage", *line[command])
    assert ran.code == 1
    assert "nothing was " in ran.err
    assert listed(bare, other) == []
    assert cli("manage", "cleanup", "--dry-run", "-j").document["would_delete"] == 1


def _expire(config: Path) -> None:
    """Add a memory that has expired since."""
    with powermem.Memory(load_config(config)) as memory:
        soon = clock.to_iso(clock.now() + 200_000)
        memory.add("parked on level 3", user_id="alice", infer=False, expires_at=soon)
        while any("parked" in hit["memory"] for hit in memory.search("parked", user_id="alice")["results"]):
            pass


def test_cleanup_deletes_what_expired_or_was_superseded_long_ago(
    cli: Run, bare: Run, config: Path, tmp_path: Path
) -> None:
    with powermem.Memory(load_config(config)) as memory:
        memory.add("I live in Rome.", user_id="alice", timestamp="2020-01-01")
        memory.add("I live in Oslo.", user_id="alice", timestamp="2020-06-01")
        memory.add("My sister is Leila.", user_id="alice", timestamp="2015-01-01")
    _expire(config)
    before = cli("manage", "cleanup", "--dry-run", "-u", "alice", "-j").document
    assert before == {
        "dry_run": True, "would_delete": 2, "would_archive": 0, "total_scanned": 4, "expired": 1,
        "forgotten": 1,
    }  # fmt: skip
    assert cli("manage", "cleanup", "-u", "bob", "-f", "-j").document["deleted"] == 0
    done = cli("manage", "cleanup", "--force", "-j").document
    assert (done["status"], done["deleted"], done["errors"]) == ("success", 2, 0)
    # However old, what holds is kept.
    assert listed(bare, config) == ["I live in Oslo.", "My sister is Leila."]
    assert cli("list", "-u", "alice", "--json").document["total"] == 2
    assert cli("manage", "cleanup", "-j").document["deleted"] == 0
    then = cli("search", "live", "-u", "alice", "--as-of", "2020-02-01", "-j").document["results"]
    assert "I live in Rome." not in [hit["memory"] for hit in then]


@pytest.mark.parametrize(
    "thresholds", [("0", "0.3"), ("0.3", "0.3"), ("0.5", "0.3"), ("-0.1", "0.3"), ("0.1", "1.2"), ("x", "1")]
)
def test_thresholds_of_cleanup(cli: Run, thresholds: tuple[str, str]) -> None:
    ran = cli("manage", "cleanup", f"--threshold={thresholds[0]}", f"--archive-threshold={thresholds[1]}")
    assert (ran.code, ran.out) == (2, "")
    assert "threshold" in ran.err


def test_migrate_copies(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I keep bees", "I like tea")
    other = second(config, tmp_path)
    ran = cli("manage", "migrate", "-t", str(other), "--dry-run", "-j")
    assert ran.document == {
        "dry_run": True, "source": "the configured store", "target": str(other), "delete_source": False,
        "estimated_count": 2,
    }  # fmt: skip
    assert listed(bare, other) == []
    ran = bare("manage", "migrate", "-s", str(config), "-t", str(other), "-y", "-j")
    assert (ran.document["status"], ran.document["result"]) == ("success", 2)
    assert listed(bare, other) == listed(bare, config) == ["I keep bees", "I like tea"]


def test_migrate_moves(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I keep bees")
    remember(cli, "I like tea", options=("-u", "bob"))
    other = second(config, tmp_path)
    assert cli("manage", "migrate", "-t", str(other), "--delete-source", "-y").code == 0
    assert listed(bare, other) == ["I keep bees", "I like tea"]
    assert listed(bare, config) == []


def test_migrate_says_what_it_could_not_move(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I keep bees")
    remember(cli, "nobody's", options=("-a", "cook"))
    other = second(config, tmp_path)
    ran = cli("manage", "migrate", "-t", str(other), "--delete-source", "-y")
    assert ran.code == 1
    assert "without a user: 1, copied" in ran.err
    assert listed(bare, other) == ["I keep bees", "nobody's"]
    assert listed(bare, config) == ["nobody's"]


@pytest.mark.parametrize("option", ["--target-store", "--source-store"])
def test_a_sub_store_is_refused_by_what_to_write(cli: Run, option: str) -> None:
    more = () if option == "--target-store" else ("-t", "x.json")
    ran = cli("manage", "migrate", option, "0", *more)
    assert ran.code == 2
    assert "there are no sub stores" in ran.err
    assert f"{option} is not the number 0 but the configuration of a store" in ran.err
