"""``powermem export``, ``import``, ``copy``, ``move-user``, ``reembed``, and a load that goes on."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run


def remember(cli: Run, *texts: str) -> None:
    for text in texts:
        assert cli("add", text, "-u", "alice", "--no-infer").code == 0


def second(config: Path, tmp_path: Path, **sections: object) -> Path:
    """Another configuration: a database of its own, or another embedder."""
    path = tmp_path / "second.json"
    changed = {**json.loads(config.read_text("utf-8")), **sections}
    if not sections:
        changed["vector_store"] = {
            "provider": "sqlite",
            "config": {"database_path": str(tmp_path / "second.db")},
        }
    path.write_text(json.dumps(changed), "utf-8")
    return path


def test_export_and_import(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I like tea", "I like rain")
    ran = cli("export", "out.jsonl", "--vectors")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "2 memories and 2 source turns written to out.jsonl\n"
    other = str(second(config, tmp_path))
    ran = bare("import", "out.jsonl", "--config", other)
    assert (ran.code, ran.out) == (0, "2 imported, 0 here already, 0 failed\n")
    ran = bare("import", "out.jsonl", "--config", other, "--json")
    assert ran.document == {"file": "out.jsonl", "imported": 0, "skipped": 2, "failed": 0, "errors": []}


def test_what_cannot_be_read_is_shown(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"memory": "I like tea"}, {"memory": 5}]', "utf-8")
    ran = cli("import", "x.json", "--format", "mem0")
    assert ran.code == 1
    assert "1 imported, 0 here already, 1 failed" in ran.out
    assert "text: expected a string" in ran.out
    ran = cli("import", "missing.jsonl")
    assert ran.code == 1
    assert "missing.jsonl" in ran.err


def test_pipes(shell: Run, cli: Run) -> None:
    remember(cli, "I like tea 茶")
    written = shell("export", "-", "-u", "alice")
    assert written.code == 0, written.err
    assert "I like tea 茶" in written.out
    ran = shell("import", "-", "--json", given=written.out.encode())
    assert ran.document["skipped"] == 1


def test_copy(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I like tea", "I like rain")
    other = str(second(config, tmp_path))
    ran = bare("copy", "--from", str(config), "--to", other, "-u", "alice")
    assert (ran.code, ran.out) == (0, "2 imported, 0 here already, 0 failed\n")
    found = bare("search", "rain", "--config", other, "--json").document["results"]
    assert found[0]["memory"] == "I like rain"
    assert bare("copy", "--from", str(config), "--to", other, "--db", "x.db").code == 2


def test_move_user(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I like tea", "I like rain")
    between = ("--from", str(config), "--to", str(second(config, tmp_path)))
    ran = bare("move-user", "alice", *between, "--cancel")
    assert ran.code == 1
    assert "not being moved" in ran.err
    ran = bare("move-user", "alice", *between)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("alice moved: 2 memories and 2 source turns copied in ")
    found = bare("search", "rain", "--config", between[3], "--json").document["results"]
    assert found[0]["memory"] == "I like rain"
    for refused in (cli("add", "More", "-u", "alice", "--no-infer"), cli("list", "-u", "alice")):
        assert refused.code == 1
        assert "second.db" in refused.err
    assert bare("move-user", "alice", *between, "--json").document["memories"] == 0
    assert bare("move-user", "alice", *between, "--db", "x.db").code == 2


def test_reembed(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "I like tea", "I like rain")
    smaller = {"provider": "mock", "config": {"embedding_dims": 64}}
    other = str(second(config, tmp_path, embedder=smaller))
    ran = bare("search", "rain", "--config", other)
    assert ran.code == 1
    assert "reembed" in ran.err
    ran = bare("reembed", "--config", other)
    assert ran.code == 0, ran.err
    assert "2 memories embedded by mock (mock, 64 dimensions)" in ran.out
    assert bare("search", "rain", "--config", other).code == 0


def test_a_load_goes_on(cli: Run, tmp_path: Path) -> None:
    values = ["I like tea", {"title": "broken"}, "I like rain"]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(map(json.dumps, values)), "utf-8")
    arguments = ("load", "x.jsonl", "-u", "alice", "--checkpoint", "done.json", "--rate", "1000")
    ran = cli(*arguments, "--json")
    assert (ran.code, ran.document["added"], ran.document["failed"]) == (1, 2, 1)
    path.write_text("\n".join(map(json.dumps, [values[0], "I like bread", values[2]])), "utf-8")
    ran = cli(*arguments)
    assert ran.code == 0
    assert "1 added, 0 failed, 2 done before" in ran.out
    assert len(cli("list", "--json").document["results"]) == 3
    assert cli("load", "x.jsonl", "--rate", "0").code == 2
