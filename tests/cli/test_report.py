"""``powermem report``."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from .conftest import Run


class Read(HTMLParser):
    """What a browser would find in a report.

    Attributes:
        texts: the texts between the tags.
        tags: the names of all tags.
        ids: where a link may lead.
        targets: where links lead.
        loads: what would be loaded from elsewhere.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and (value or "").startswith("#"):
                self.targets.append((value or "")[1:])
            elif name in ("src", "href", "action", "data", "srcset"):
                self.loads.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def reported(cli: Run, *arguments: str) -> Read:
    ran = cli("report", "ana", *arguments)
    assert ran.code == 0, ran.err
    return Read(Path("report.html").read_text("utf-8"))


def remember(cli: Run, text: str, *arguments: str) -> None:
    assert cli("add", text, "-u", "ana", *arguments).code == 0


def test_what_took_the_place_of_what_and_where_it_came_from(cli: Run) -> None:
    remember(cli, "I live in Rome.", "--timestamp", "2025-03-10T10:00:00Z")
    remember(cli, "I live in Paris.", "--timestamp", "2025-05-10T10:00:00Z")
    remember(cli, "I prefer green tea.", "--timestamp", "2025-05-11T10:00:00Z")
    page = reported(cli)
    shown = [text for text in page.texts if text in ("I live in Rome.", "I live in Paris.")]
    # Newest first; then each is seen again in links, messages and the history.
    assert shown.index("I live in Paris.") < shown.index("I live in Rome.")
    assert {"2025-03", "2025-05", "Likes and wants", "Took the place of ", "ADD", "UPDATE"} <= set(page.texts)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)
    assert sum(each.startswith("memory-") for each in page.ids) == 3
    # From Paris to Rome and back.
    assert sum(each.startswith("memory-") for each in page.targets) == 2


def test_a_report_needs_nothing_but_itself(cli: Run) -> None:
    remember(cli, "I like tea.")
    page = reported(cli)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert page.loads == []
    style = "".join(page.texts)
    assert "color-scheme: light dark" in style
    assert "@media print" in style
    assert "@import" not in style
    assert "url(" not in style


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</style></title></p><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)',
        "a & b &amp; c &lt; d",
        "\u202eright to left \u0627\u0644",
        "<!-- never closed",
        "<![CDATA[x",
    ],
)
def test_texts_of_anybody_remain_texts(cli: Run, text: str) -> None:
    before = reported(cli).tags
    for flag in ("--no-infer", "--run"):
        remember(cli, text, flag, *([text] if flag == "--run" else []))
    ran = cli("report", "ana", "--output", "report.html")
    assert ran.code == 0, ran.err
    page = Read(Path("report.html").read_text("utf-8"))
    assert text in page.texts
    assert page.tags - before <= {
        "article",
        "h3",
        "bdi",
        "time",
        "details",
        "summary",
        "a",
        "ul",
        "li",
        "span",
    }
    assert page.loads == []


def test_only_the_latest_are_shown_and_all_are_counted(cli: Run) -> None:
    for number in range(5):
        remember(cli, f"Note {number}", "--no-infer", "--timestamp", f"2025-0{number + 1}-10T10:00:00Z")
    ran = cli("report", "ana", "--limit", "2")
    assert ran.out == "5 memories, the latest 2 of them, written to report.html\n"
    page = Read(Path("report.html").read_text("utf-8"))
    assert "The latest 2 of 5 memories" in page.texts
    assert {each for each in page.texts if each.startswith("Note")} == {"Note 3", "Note 4"}
    assert [each for each in page.texts if each.startswith("2025-") and len(each) == 7].count("2025-01") == 1
    assert set(page.targets) <= set(page.ids)


def test_an_agent_a_run_and_nobody(cli: Run) -> None:
    remember(cli, "For the guide", "--no-infer", "-a", "guide", "-r", "1")
    remember(cli, "For the cook", "--no-infer", "-a", "cook", "-r", "2")
    for arguments, wanted in (
        (("-a", "guide"), {"For the guide"}),
        (("-r", "2"), {"For the cook"}),
        ((), {"For the guide", "For the cook"}),
        (("-a", "guide", "-r", "2"), set()),
    ):
        page = reported(cli, *arguments)
        assert {each for each in page.texts if each.startswith("For the")} == wanted
    assert "There are no memories." in page.texts


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(cli: Run, tmp_path: Path) -> None:
    remember(cli, "I like tea.")
    ran = cli("report", "ana", "-o", "missing/report.html")
    assert ran.code == 1
    assert "missing" in ran.err
    assert reported(cli, "--json").texts
    assert not list(tmp_path.glob("*.part"))


def test_standard_output(shell: Run, cli: Run) -> None:
    remember(cli, "I like tea 茶")
    ran = shell("report", "ana", "-o", "-")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("<!DOCTYPE html>")
    assert ran.out.endswith("</html>\n")
    assert "茶" in ran.out
