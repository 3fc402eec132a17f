"""Where the configuration comes from, and the commands that show and check it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from powermem.config import auto_config
from tests.support.apiserver import ApiServer, failure

from .conftest import Run, remember

SECRET = "sk-do-not-show-1234567890"


def write(path: Path, sections: object) -> str:
    path.write_text(json.dumps(sections), "utf-8")
    return str(path)


def test_show_masks_secrets(bare: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"llm": {"provider": "openai", "config": {"api_key": SECRET}}})
    for form in ((), ("--json",)):
        ran = bare("config", "show", "--config", path, *form)
        assert ran.code == 0
        assert SECRET not in ran.out + ran.err
        assert "openai" in ran.out


def test_show_in_json_is_the_whole_configuration(cli: Run, tmp_path: Path) -> None:
    shown = cli("config", "show", "--json").document
    assert shown["embedder"]["provider"] == "mock"
    assert shown["vector_store"]["config"]["database_path"] == str(tmp_path / "memory.db")


def test_validate_says_ok(cli: Run) -> None:
    ran = cli("config", "validate")
    assert (ran.code, ran.out, ran.err) == (0, "OK\n", "")
    assert cli("config", "validate", "--json").document == {
        "valid": True, "errors": [], "warnings": [],
    }  # fmt: skip


def test_validate_lists_every_error(bare: Run, tmp_path: Path) -> None:
    wrong = {"embeder": {"provider": "mock"}, "vector_store": {"config": {"timeout": "long"}}}
    path = write(tmp_path / "c.json", wrong)
    ran = bare("config", "validate", "--config", path)
    assert (ran.code, ran.out) == (1, "")
    assert sorted(ran.err.splitlines()) == [
        line for line in sorted(ran.err.splitlines()) if line.startswith("powermem: error: ")
    ]
    assert "embeder: unknown key; did you mean 'embedder'?" in ran.err
    assert "vector_store.config.timeout: expected a number, got 'long'" in ran.err
    ran = bare("config", "validate", "--config", path, "--json")
    assert ran.code == 1
    assert ran.document["valid"] is False
    assert len(ran.document["errors"]) == 2


def test_validate_finds_what_is_missing(bare: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"llm": {"provider": "openai"}})
    ran = bare("config", "validate", "--config", path)
    assert ran.code == 1
    assert "llm.config.api_key" in ran.err


def test_other_commands_name_the_error_in_one_line(bare: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"embeder": {}, "llmm": {}})
    ran = bare("list", "--config", path)
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert "embeder: unknown key" in line
    assert "llmm: unknown key" in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such"),
        ("{", "not valid JSON at line 1"),
        ("[]", "expected a JSON object"),
        ("\xff", "UTF-8"),
    ],
)
def test_a_configuration_that_cannot_be_read(
    bare: Run, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "c.json"
    if content is not None:
        path.write_text(content, "latin-1")
    ran = bare("list", "--config", str(path))
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert "c.json" in line
    assert said in line


def test_env_file(bare: Run, tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text(f"SQLITE_PATH={tmp_path}/env.db\nEMBEDDING_PROVIDER=mock\n", "utf-8")
    shown = bare("config", "show", "--env-file", "my.env", "--json").document
    assert shown["vector_store"]["config"]["database_path"] == f"{tmp_path}/env.db"
    assert shown["embedder"]["provider"] == "mock"
    ran = bare("config", "validate", "--env-file", "missing.env")
    assert ran.code == 1
    assert "missing.env" in ran.err


def test_dotenv_of_the_directory(bare: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EMBEDDING_PROVIDER=mock\n", "utf-8")
    assert bare("config", "show", "--json").document["embedder"]["provider"] == "mock"


def test_config_and_env_file_exclude_each_other(cli: Run) -> None:
    ran = cli("list", "--env-file", "x.env")
    assert ran.code == 2
    assert "exclude each other" in ran.err


@pytest.mark.parametrize(
    "section",
    [
        None,
        {"vector_store": {"provider": "sqlite", "config": {"collection_name": "notes"}}},
        {"vector_store": {"config": {"collection_name": "notes"}}},
        {"database": {"provider": "sqlite", "config": {"collection_name": "notes"}}},
        {"vector_store": {"provider": "oceanbase", "config": {"host": "db.example.org"}}},
    ],
)
def test_db_replaces_the_database(bare: Run, tmp_path: Path, section: dict[str, object] | None) -> None:
    path = write(tmp_path / "c.json", {"embedder": {"provider": "mock"}, **(section or {})})
    store = bare("config", "show", "--config", path, "--db", "other.db", "--json").document["vector_store"]
    assert store["provider"] == "sqlite"
    assert store["config"]["database_path"] == "other.db"
    named = section is not None and "oceanbase" not in str(section)
    assert store["config"]["collection_name"] == ("notes" if named else "memories")


def test_options_stand_before_or_after_the_command(bare: Run, config: Path, tmp_path: Path) -> None:
    for arguments in (
        ("--config", str(config), "--db", "a.db", "--json", "add", "tea", "--no-infer"),
        ("add", "tea", "--no-infer", "--config", str(config), "--db", "a.db", "--json"),
        ("--config", str(config), "add", "--db", "a.db", "tea", "--json", "--no-infer"),
    ):
        ran = bare(*arguments)
        assert ran.code == 0, ran.err
        assert ran.document["status"] == "completed"
    assert (tmp_path / "a.db").exists()
    assert not (tmp_path / "memory.db").exists()


def test_the_later_option_wins(bare: Run, config: Path) -> None:
    shown = bare("--db", "a.db", "config", "show", "--db", "b.db", "--config", str(config), "--json").document
    assert shown["vector_store"]["config"]["database_path"] == "b.db"


def test_looking_at_the_configuration_writes_nothing(cli: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    cli("config", "show")
    cli("config", "validate")
    assert sorted(tmp_path.iterdir()) == before


def test_another_embedder_is_refused_in_one_line(cli: Run, bare: Run, config: Path, tmp_path: Path) -> None:
    remember(cli, "one")
    sections = json.loads(config.read_text("utf-8"))
    sections["embedder"] = {"provider": "mock", "config": {"embedding_dims": 7}}
    ran = bare("add", "two", "--no-infer", "--config", write(tmp_path / "other.json", sections))
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


def test_show_a_section(cli: Run) -> None:
    assert list(cli("config", "show", "-s", "llm", "--json").document) == ["llm"]


def test_strict_counts_settings_without_effect(bare: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"graph_store": {"enabled": True, "provider": "oceanbase"}})
    ran = bare("config", "validate", "--config", path, "--json")
    assert (ran.code, ran.document["errors"]) == (0, [])
    assert ran.document["warnings"] == ["graph_store: this setting has no effect"]
    ran = bare("config", "validate", "--strict", "--config", path)
    assert ran.code == 1
    assert ran.err == "powermem: error: graph_store: this setting has no effect\n"


def models(tmp_path: Path, api: ApiServer) -> str:
    """Write a configuration of models that answer at a server."""
    at = {"api_key": SECRET, "base_url": api.url, "max_retries": 0}
    return write(
        tmp_path / "c.json",
        {
            "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "m.db")}},
            "llm": {"provider": "openai", "config": {"model": "m", **at}},
            "embedder": {"provider": "openai", "config": {"model": "e", **at}},
        },
    )


def test_every_component_is_tried(bare: Run, tmp_path: Path, api: ApiServer) -> None:
    path = models(tmp_path, api)
    ran = bare("config", "test", "--config", path, "-j")
    assert ran.code == 0, ran.out
    results = ran.document
    assert [results[name]["status"] for name in ("database", "llm", "embedder")] == ["success"] * 3
    assert results["database"]["details"] == {"total_memories": 0}
    assert results["embedder"]["details"] == {"dimensions": 384}
    ran = bare("config", "test", "-c", "llm", "--config", path, "-j")
    assert (ran.document["database"], ran.document["llm"]["status"]) == (None, "success")
    assert bare("config", "validate", "--check-connectivity", "--config", path).out == "OK\n"


def test_a_component_that_fails(bare: Run, tmp_path: Path, api: ApiServer) -> None:
    path = models(tmp_path, api)
    api.rule = lambda request: failure(401, "wrong key")
    ran = bare("config", "test", "--config", path, "-j")
    assert ran.code == 1
    assert [one["status"] for one in ran.document.values()] == ["success", "failed", "failed"]
    assert SECRET not in ran.out + ran.err
    ran = bare("config", "validate", "--check-connectivity", "--config", path)
    assert ran.code == 1
    assert {line.split(": ")[2] for line in ran.err.splitlines()} == {"llm", "embedder"}


def test_what_is_not_configured_is_skipped(cli: Run) -> None:
    assert cli("config", "test", "-c", "llm", "-j").document["llm"]["status"] == "skipped"
    assert "skipped: no language model" in cli("config", "test").out


def answering(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_init_writes_what_was_answered(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# mine\nPOWERMEM_HTTP_MAX_RETRIES=7\nLLM_API_KEY=change-me\n", "utf-8")
    answering(monkeypatch, "oracle", "sqlite", "./my data/x.db", "openai", SECRET, "", "openai", "", "", "y")
    ran = bare("config", "init")
    assert ran.code == 0, ran.err
    assert SECRET not in ran.out + ran.err
    assert "'oracle' is none of sqlite, postgres" in ran.err
    text = (tmp_path / ".env").read_text("utf-8")
    assert text.startswith("# mine\nPOWERMEM_HTTP_MAX_RETRIES=7\n")
    found = auto_config(tmp_path / ".env")
    assert found["vector_store"]["config"]["database_path"] == "./my data/x.db"
    assert (found["llm"]["provider"], found["llm"]["config"]["model"]) == ("openai", "gpt-4o-mini")
    # The key of the language model is offered for an embedder of the same provider.
    assert found["llm"]["config"]["api_key"] == found["embedder"]["config"]["api_key"] == SECRET
    assert found["embedder"]["config"]["model"] == "text-embedding-3-small"
    answering(monkeypatch, *[""] * 9)
    again = bare("config", "init")
    assert (again.code, again.out) == (0, ".env has these settings already\n")
    assert (tmp_path / ".env").read_text("utf-8") == text


@pytest.mark.parametrize("answers", [(), ("sqlite",), ("", "", "", "", "n")])
def test_init_without_all_answers_writes_nothing(
    bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]
) -> None:
    answering(monkeypatch, *answers)
    ran = bare("config", "init", "-f", "new.env")
    assert ran.code == 1
    assert "nothing was written" in ran.err
    assert not (tmp_path / "new.env").exists()


def test_init_can_only_show(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "postgres", "db", "", "", SECRET, "", "none", "none")
    ran = bare("config", "init", "--dry-run", "-j")
    assert ran.document["settings"] == {
        "DATABASE_PROVIDER": "postgres", "POSTGRES_HOST": "db", "POSTGRES_PORT": "5432",
        "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "**********", "POSTGRES_DATABASE": "postgres",
        "LLM_PROVIDER": "none", "EMBEDDING_PROVIDER": "none",
    }  # fmt: skip
    assert not (tmp_path / ".env").exists()


def test_init_tries_what_it_wrote(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "", "", "", "none", "")
    ran = bare("config", "init", "--test", "-f", "new.env", "-j")
    assert ran.code == 0, ran.err
    assert ran.document["database"]["status"] == "success"
    assert (tmp_path / "new.env").stat().st_mode & 0o077 == 0
