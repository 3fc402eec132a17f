"""What messages and documents tell people to install."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from powermem._core.hints.extras import FRAMEWORKS, REQUIREMENTS, RUNTIMES, pip_install

ROOT = Path(__file__).parents[2]
TEXTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("examples/**/*.*"),
    *(path for path in ROOT.glob("src/powermem/**/*.py") if "_sync" not in path.parts),
    ROOT / ".env.example",
]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_the_table_is_that_of_the_project() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]

    def resolved(name: str) -> set[str]:
        found: set[str] = set()
        for requirement in extras[name]:
            if inner := re.fullmatch(r"powermem\[(.*)\]", requirement):
                found.update(*(resolved(extra) for extra in inner[1].split(",")))
            else:
                found.add(requirement.partition(";")[0].strip())
        return found

    assert {name: set(needed) for name, needed in {**REQUIREMENTS, **FRAMEWORKS, **RUNTIMES}.items()} == {
        name: resolved(name) for name in extras if name != "all"
    }
    # What only people at a screen need is asked for by name.
    assert resolved("all") == set().union(*REQUIREMENTS.values()) - {*REQUIREMENTS["notebook"]}


def test_the_command_quotes_what_a_shell_would_read() -> None:
    assert pip_install("postgres") == "pip install 'asyncpg>=0.29' 'psycopg[binary]>=3.2'"
    assert "pylibseekdb" in pip_install("seekdb")
    assert "asyncmy" in pip_install("seekdb")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_is_told_to_install_the_name_from_the_index(path: Path) -> None:
    if path.suffix in (".png", ".gif", ".pyc"):
        return
    told = re.findall(r"pip install [^\n`]*", path.read_text("utf-8"))
    assert [text for text in told if re.search(r"(?<![./\w])powermem\b(?!/)", text)] == []
