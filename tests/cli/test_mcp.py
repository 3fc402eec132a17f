"""``powermem mcp``: which options go together. That it serves is tested in ``tests/mcp``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

from mcp.server.mcpserver import MCPServer

import powermem.mcp
from powermem.cli import mcp_main

from .conftest import Run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command would serve, instead of serving it."""
    calls: list[dict[str, Any]] = []
    create = powermem.mcp.create_server

    def creates(memory: object, **options: Any) -> MCPServer[Any]:
        calls.append(options)
        return create(memory, **options)

    async def serves(server: object, memory: object, **options: Any) -> None:
        calls.append(options)

    monkeypatch.setattr(powermem.mcp, "create_server", creates, raising=False)
    for name in ("serve_stdio", "serve_http"):
        monkeypatch.setattr(powermem.mcp, name, serves, raising=False)
    return calls


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sse"], "streamable-http"),
        (["stdio", "8000"], "streamable-http"),
        (["streamable-http", "70000"], "up to 65535"),
        (["streamable-http", "--host", "0.0.0.0"], "powermem serve"),
        (["--oauth-issuer", "https://a.example"], "streamable-http"),
        (["streamable-http", "--oauth-issuer", "https://a.example"], "--oauth-resource"),
        (["--any-user"], "--tools upstream"),
        (["--tools", "all"], "invalid choice"),
    ],
)
def test_options_that_do_not_go_together(
    cli: Run, served: list[dict[str, Any]], arguments: list[str], words: str
) -> None:
    ran = cli("mcp", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""
    assert served == []


def test_the_owner_comes_from_the_options_then_the_environment_then_the_login(
    cli: Run, served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def owner(*arguments: str) -> tuple[str | None, str | None, str | None]:
        served.clear()
        ran = cli("mcp", *arguments)
        assert (ran.code, ran.out) == (0, "")
        return served[0]["user_id"], served[0]["agent_id"], served[0]["run_id"]

    monkeypatch.setattr("getpass.getuser", lambda: "login")
    assert owner() == ("login", None, None)
    assert owner("--agent", "helper") == (None, "helper", None)
    monkeypatch.setenv("POWERMEM_USER_ID", "alice")
    monkeypatch.setenv("POWERMEM_AGENT_ID", "coder")
    monkeypatch.setenv("POWERMEM_RUN_ID", " ")
    assert owner() == ("alice", "coder", None)
    assert owner("--user", "bob", "--run", "r1") == ("bob", "coder", "r1")


def test_the_owner_may_stand_in_a_file_of_variables(
    bare: Run, served: list[dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".env").write_text("POWERMEM_USER_ID=alice\nEMBEDDING_PROVIDER=mock\n", "utf-8")
    assert bare("mcp").code == 0
    assert served[0]["user_id"] == "alice"
    assert caplog.text == "", "no variable may be called unread"


def test_a_machine_whose_users_have_no_names_has_one_all_the_same(
    cli: Run, served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert cli("mcp").code == 0
    assert served[0]["user_id"] == "default"


def test_a_server_for_any_user_has_no_owner_of_its_own(cli: Run, served: list[dict[str, Any]]) -> None:
    assert cli("mcp", "--tools", "upstream", "--any-user").code == 0
    assert served[0]["user_id"] is None
    assert served[0]["any_user"] is True


def test_tokens_have_owners(cli: Run, served: list[dict[str, Any]]) -> None:
    urls = ("--oauth-issuer", "https://a.example", "--oauth-resource", "https://m.example/mcp")
    ran = cli("mcp", "streamable-http", "9000", "--host", "0.0.0.0", *urls)
    assert ran.code == 0, ran.err
    assert served[0]["user_id"] is None
    assert str(served[0]["auth"].issuer_url) == "https://a.example"
    assert served[1] == {"host": "0.0.0.0", "port": 9000}
    assert "http://0.0.0.0:9000/mcp" in ran.err


def test_a_wrong_configuration_is_an_error_before_the_protocol_begins(bare: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text('{"llm": {"provider": "nothing"}}', "utf-8")
    ran = bare("mcp", "--config", "wrong.json")
    assert ran.code == 1
    assert "llm" in ran.err
    assert ran.out == ""


def test_the_script_takes_the_same_arguments(
    config: Path, served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["powermem-mcp", "--user", "alice", "--config", str(config)])
    assert mcp_main() == 0
    assert served[0]["user_id"] == "alice"
