"""What the documentation says of the project itself: commands, files, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from build_site import CONTENTS, navigation

from powermem._core.embedding.minilm import available
from powermem.cli import main

from .markdown import ROOT, documents, read_blocks

EVERYTHING = [*documents(), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md"]

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_ENTRY = re.compile(r"[\w/]+(\.py|/)")
_NUMBER = re.compile(r"\d+(\.\d+)?")


def test_the_two_commands_of_the_readme_are_those_of_the_project() -> None:
    demo, suite = [block.code for block in read_blocks(ROOT / "README.md") if block.language == "bash"][:2]
    assert demo.endswith("&& .venv/bin/powermem demo\n")
    assert suite in (ROOT / ".ci" / "run").read_text("utf-8")
    assert suite in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


@pytest.mark.skipif(not available(), reason="the scores in the README come from the local embedder")
def test_the_demo_prints_what_the_readme_shows(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shown,) = [
        block.code
        for block in read_blocks(ROOT / "README.md")
        if block.note == "" and block.language == "text"
    ]
    assert main(["demo"]) == 0
    printed = iter(_comparable(capsys.readouterr().out))
    missing = [line for line in _comparable(shown) if line not in printed]
    assert missing == [], "these lines are not in the demo, or not in this order"


def _comparable(text: str) -> list[str]:
    """Return the lines that are not blank, without what differs between machines: scores and widths."""
    lines = (" ".join(_NUMBER.sub("0", line).split()).strip("─ ") for line in text.splitlines())
    return [line for line in lines if line and line != "..."]


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in _LINK.findall(path.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def _anchors(path: Path) -> set[str]:
    """Return the anchors that headings get when the file is shown as a page."""
    headings = _HEADING.findall(path.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_files_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = {code for code in _CODE.findall(text) if code.endswith((".py", "/")) and " " not in code}
    bases = (ROOT, ROOT / "src", ROOT / "src" / "powermem")
    assert len(named) > 10
    assert [name for name in sorted(named) if not any((base / name).exists() for base in bases)] == []


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_tree_shows_what_there_is(name: str) -> None:
    shown = set(_tree(next(b.code for b in read_blocks(ROOT / name) if b.code.startswith("src/powermem/\n"))))
    assert [path for path in sorted(shown) if not (ROOT / "src" / path).exists()] == []
    package = ROOT / "src" / "powermem"
    present = {path for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    if name == "docs/architecture.md":
        present |= {path for part in ("_core", "_async") for path in (package / part).iterdir()}
    present = {path for path in present if path.name not in {"__pycache__", "__init__.py"}}
    assert [path.name for path in sorted(present) if str(path.relative_to(ROOT / "src")) not in shown] == []


def _tree(code: str) -> Iterator[str]:
    """Yield the files and folders of a drawn tree, two spaces of indentation for each folder they are in."""
    parents: list[str] = []
    for line in code.splitlines():
        names = takewhile(_ENTRY.fullmatch, line.split())
        depth = (len(line) - len(line.lstrip())) // 2
        del parents[depth:]
        for name in names:
            path = "/".join([*parents[:depth], name.strip("/")])
            yield path.removeprefix("src/")
        parents += [name.strip("/")] if line.strip() else []


def test_every_page_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "](docs/index.md)" in readme
    # That it lists every page is what `navigation` insists on.
    assert f"]({CONTENTS})" in readme
    assert len(navigation(ROOT)) > 5
