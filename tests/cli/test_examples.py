"""Each example runs as it is, in an empty directory, without a key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from powermem._core.embedding.minilm import available

from .conftest import environment

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = {
    "quickstart.py": "UPDATE: I'm allergic to peanuts and to kiwi.",
    "quickstart_async.py": "My favourite tea is oolong.",
    "conversation.py": "I drink oolong every morning.",
    "from_json.py": "I prefer window seats and I never fly at night.",
    "batch_load.py": "5 added, 0 done before, 0 failed",
    "batched_recall.py": "charlie: I prefer short functions.\nWhich language does she prefer? I prefer",
    "background.py": "completed: I'm allergic to peanuts.",
    "with_env.py": "My sister Leila lives in Oslo.",
}
# Those that talk to a language model have tests of their own.
CHATS = {"chatbot.py", "many_users.py", "fastapi_streaming.py"}


def test_every_example_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SCRIPTS) | CHATS


@pytest.mark.parametrize("name", SCRIPTS)
def test_example(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    # Without the local embedder they say so once, and work all the same.
    said = done.stderr if available() else ""
    assert (done.returncode, said) == (0, "")
    assert SCRIPTS[name] in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_list_of_examples_is_complete() -> None:
    readme = (EXAMPLES / "README.md").read_text("utf-8")
    assert all(f"`{name}`" in readme for name in (*SCRIPTS, *CHATS, "config.json"))
