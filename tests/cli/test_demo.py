"""``powermem demo``: the whole way, on the conversation that comes with the package."""

from __future__ import annotations

import json
import tempfile
from importlib.resources import files
from pathlib import Path

import pytest

from powermem.cli.demo import CONVERSATION

from .conftest import Run

WITHOUT_MODEL = (
    "import sys; sys.modules['onnxruntime'] = None\n"
    "import importlib.util as util; find = util.find_spec\n"
    "util.find_spec = lambda name, *rest: None if name == 'onnxruntime' else find(name, *rest)\n"
    "from powermem.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_conversation_is_what_it_says() -> None:
    conversation = json.loads(files("powermem").joinpath(CONVERSATION).read_text("utf-8"))
    sessions = conversation["sessions"]
    assert len(sessions) == 4
    assert sessions == sorted(sessions, key=lambda session: session["date"])
    assert {turn["speaker"] for session in sessions for turn in session["turns"]} == {"Nadia", "Tom"}


def test_it_shows_the_main_job_and_leaves_nothing(bare: Run, temporary: Path, tmp_path: Path) -> None:
    ran = bare("demo")
    assert (ran.code, ran.err) == (0, "")
    for shown in (
        "embedder   default (all-MiniLM-L6-v2, 384 dimensions)",
        "extractor  rules",
        "72 messages in 4 sessions",
        "What was learned",
        "I moved to Bristol last weekend (weekend of 19 July 2025).",
        "Search: Which food is Nadia allergic to?",
        "UPDATE",
        "How long it took",
        "Next steps",
    ):
        assert shown in ran.out
    assert "How are you?" not in ran.out
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


def test_it_finds_the_answers(bare: Run, temporary: Path) -> None:
    result = bare("demo", "--json").document
    assert result["database"] is None
    best = {answer["query"]: answer["results"][0]["memory"] for answer in result["answers"]}
    assert len(best) == 3
    assert "walnuts" in best["Which food is Nadia allergic to?"]
    assert "Marathon" in best["What is Tom training for?"]
    assert "Bristol" in best["Where does Nadia live?"]
    assert [entry["event"] for entry in result["history"]] == ["ADD", "UPDATE"]
    assert "Leeds" in result["history"][0]["new_memory"]


def test_it_works_on_words_alone(shell: Run, tmp_path: Path) -> None:
    # The demo takes no configuration, so the one that the fixture appends is left out.
    code = WITHOUT_MODEL.replace("sys.argv[1:]", "['demo', '--json']")
    ran = shell(code=code)
    assert ran.code == 0, ran.err
    assert ran.err.count("pip install 'onnxruntime") == 1
    assert len(ran.err.splitlines()) == 1
    result = ran.document
    assert result["embedder"] == "none (full text only)"
    assert "walnuts" in result["answers"][0]["results"][0]["memory"]


def test_a_database_of_ones_own_stays(bare: Run, tmp_path: Path) -> None:
    ran = bare("demo", "--db", "kept.db")
    assert ran.code == 0, ran.err
    assert "--db kept.db" in ran.out
    assert bare("stats", "--db", "kept.db", "--json").document["total_memories"] > 30
    again = bare("demo", "--db", "kept.db")
    assert again.code == 1
    assert again.err == "powermem: error: kept.db: exists already; the demo wants a new file\n"


def test_keep(bare: Run, temporary: Path) -> None:
    path = Path(bare("demo", "--keep", "--json").document["database"])
    assert path.is_file()
    assert temporary in path.parents


def test_the_environment_changes_nothing(bare: Run, monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "openai")
    monkeypatch.setenv("LLM_API_KEY", "sk-unused")
    monkeypatch.setenv("EMBEDDING_PROVIDER", "none")
    result = bare("demo", "--json").document
    assert result["extractor"] == "rules"
    assert result["embedder"].startswith("default")


def test_llm_must_be_configured(bare: Run, temporary: Path) -> None:
    ran = bare("demo", "--llm")
    assert ran.code == 1
    assert "no language model is configured" in ran.err
    assert list(temporary.iterdir()) == []


def test_llm_is_used_when_asked_for(bare: Run, monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "openai")
    monkeypatch.setenv("LLM_API_KEY", "sk-nobody")
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9/v1")  # the discard port: nobody answers
    monkeypatch.setenv("HTTP_MAX_RETRIES", "0")
    ran = bare("demo", "--llm")
    assert ran.code == 1
    assert "extractor  llm" in ran.out
    assert "openai" in ran.err
