"""The documentation as one site: its navigation, and what becomes of a page on the way to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import async_examples
import pytest
from build_site import CONTENTS, SiteError, convert, navigation

from .markdown import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the navigation is made from."""
    for name in ("docs", "benchmarks", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=lambda folder, names: _others(folder, names))
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def _others(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_file() and not name.endswith(".md")]


def test_every_page_has_a_place_in_the_navigation() -> None:
    titles = [title for section in navigation(ROOT) for title in section]
    assert titles[0] == "powermem"
    assert titles[-1] == "All pages"
    assert {"Start", "Guides", "Reference"} <= set(titles)


def test_a_page_without_a_place_is_named(project: Path) -> None:
    (project / "docs" / "integrations").mkdir(exist_ok=True)
    (project / "docs" / "integrations" / "another.md").write_text("# Another\n")
    with pytest.raises(SiteError, match=r"docs/integrations/another\.md; add a row .* docs/pages\.md"):
        navigation(project)


@pytest.mark.parametrize(
    ("row", "said"),
    [("[Gone](gone.md)", r"lists gone\.md, which does not exist"), ("[Again](time.md)", r"time\.md twice")],
)
def test_a_wrong_row_of_the_navigation_is_named(project: Path, row: str, said: str) -> None:
    with (project / CONTENTS).open("a", encoding="utf-8") as file:
        file.write(f"\n| page |\n|---|\n| {row} |\n")
    with pytest.raises(SiteError, match=said):
        navigation(project)


def _page(code: str, note: str = "") -> str:
    text = "# Title of `it`\n\n[there](other.md#place)\n\n"
    return f"{text}```python{note}\n{code}\n```\n\n```text output\n1\n```\n"


def test_an_example_with_a_memory_gets_a_tab_for_each_colour() -> None:
    page = convert(_page("from powermem import Memory\n\nmemory = Memory()\nprint(memory.count())"), str)
    assert page == (
        "# Title of `it` { #title-of-it }\n\n[there](other.md#place)\n\n"
        '=== "Sync"\n\n'
        "    ``` { .python }\n    from powermem import Memory\n\n"
        "    memory = Memory()\n    print(memory.count())\n    ```\n\n"
        '=== "Async"\n\n'
        "    ``` { .python }\n    from powermem import AsyncMemory\n\n"
        "    memory = AsyncMemory()\n    print(await memory.count())\n    ```\n\n"
        "``` { .text .output }\n1\n```\n"
    )


@pytest.mark.parametrize("note", [" no-run needs a server", ""])
def test_other_examples_have_no_tabs(note: str) -> None:
    code = "print(1)" if not note else "from powermem import Memory\n\nMemory().count()"
    assert '=== "' not in convert(_page(code, note), str)


def test_links_are_rewritten_outside_of_code_only() -> None:
    page = convert(_page("print('[x](other.md)')"), lambda link: f"../{link}")
    assert "[there](../other.md#place)" in page
    assert "'[x](other.md)'" in page


START = "from powermem import Memory\nmemory = Memory()"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("memory.add('x')", "await memory.add('x')"),
        ("memory.get(1)['memory']", "(await memory.get(1))['memory']"),
        ("[memory.get(n) for n in (1, 2)]", "[await memory.get(n) for n in (1, 2)]"),
        ("memory.processing.stats()", "await memory.processing.stats()"),
        (
            "task = memory.process_async('u'); task.wait()",
            "task = memory.process_async('u'); await task.wait()",
        ),
        ("with Memory() as m:\n    m.reset()", "async with AsyncMemory() as m:\n    await m.reset()"),
        (
            "def f():\n    return memory.count()\nf()",
            "async def f():\n    return await memory.count()\nawait f()",
        ),
        ("Memory().config.storage.build()", "await AsyncMemory().config.storage.build()"),
        ("x = 'ä'; memory.add('ö', user_id='ü')", "x = 'ä'; await memory.add('ö', user_id='ü')"),
    ],
)
def test_the_async_form_awaits_what_is_awaited(code: str, expected: str) -> None:
    forms = async_examples.async_forms([START, code])
    assert forms == ["from powermem import AsyncMemory\nmemory = AsyncMemory()", expected]


@pytest.mark.parametrize(
    "code",
    [
        "list(map(lambda n: memory.get(n), [1]))",
        "list(map(memory.wrap(print), [1]))",
        "print(f'{memory.count()}')",
        "def f():\n    return memory.count()\nmap(f, [])",
        "with open('x') as file, Memory() as other:\n    other.add(file.read())",
    ],
)
def test_a_page_keeps_one_colour_where_something_cannot_be_awaited(code: str) -> None:
    assert async_examples.async_forms([START, "memory.count()", code]) == [None, None, None]


def test_an_example_of_its_own_stays_as_it_is() -> None:
    own = "from powermem import Memory\nwith Memory() as other:\n    print(f'{other.count()}')"
    assert async_examples.async_forms([own, START, "memory.count()", "other.count()"])[0] is None
    assert async_examples.async_forms([own, START, "memory.count()"])[2] == "await memory.count()"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name.removesuffix(".md")
)
def test_a_page_begins_with_a_title_and_a_paragraph(path: Path) -> None:
    title, _, text = path.read_text("utf-8").partition("\n\n")
    assert title.startswith("# ")
    assert "\n" not in title
    assert text[0].isalpha() or text[0] in "`*["


def test_every_public_module_is_in_the_reference() -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    package = ROOT / "src" / "powermem"
    public = [path.stem for path in package.glob("*.py") if not path.stem.startswith("_")]
    assert [name for name in [*public, "integrations"] if f"::: powermem.{name}" not in pages] == []
