"""Build the documentation as one site in ``build/site``.

    python scripts/build_site.py           build; any broken link, anchor or warning fails
    python scripts/build_site.py --serve   build, then show it at http://127.0.0.1:8000

The pages are those of ``docs/``, which read well without being built. ``docs/pages.md`` is the navigation. On
the way to the site, each example that uses a memory gets a second tab in the other colour, headings get the
anchors that GitHub gives them, and links to files of the project lead to copies of these.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from async_examples import async_forms

ROOT = Path(__file__).resolve().parent.parent

CONTENTS = "docs/pages.md"

# Where readers look for more than the pages; the copies stand in the navigation as well.
PROJECT = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "examples/README.md": "examples.md",
}

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")
_HEADING = re.compile(r"^#+ (.+)$")
_LINK = re.compile(r"(\]\()([^)\s]+)(\))|(<img[^>]*? src=\")([^\"]+)(\")")
_ROW = re.compile(r"^\| \[([^\]]+)\]\(([^)#]+)\)")


class SiteError(Exception):
    """The pages do not make one site; the message says which file and what to write."""


def navigation(root: Path) -> list[dict[str, object]]:
    """Read the navigation from the tables of ``docs/pages.md``.

    Args:
        root: the project's folder.

    Returns:
        Each section with its pages: titles, and paths relative to ``docs/`` or of the copies in ``PROJECT``.

    Raises:
        SiteError: a page is not listed, is listed twice, or does not exist.
    """
    sections: dict[str, list[dict[str, str]]] = {}
    listed: list[str] = []
    title = ""
    for line in (root / CONTENTS).read_text("utf-8").splitlines():
        heading, row = _HEADING.match(line), _ROW.match(line)
        if heading is not None:
            title = heading[1]
        elif row is not None:
            path = posixpath.normpath(posixpath.join("docs", row[2]))
            if not (root / path).is_file():
                raise SiteError(f"{CONTENTS} lists {row[2]}, which does not exist")
            if path in listed:
                raise SiteError(f"{CONTENTS} lists {row[2]} twice")
            listed.append(path)
            sections.setdefault(title, []).append({row[1]: PROJECT.get(path, path.removeprefix("docs/"))})
    pages = {path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md")}
    missing = sorted(pages - {*listed, CONTENTS, "docs/index.md"})
    if missing:
        raise SiteError(
            f"not in the navigation: {', '.join(missing)}; add a row for each to a table of {CONTENTS}"
        )
    chapters: list[dict[str, object]] = [{title: rows} for title, rows in sections.items()]
    return [{"powermem": "index.md"}, *chapters, {"All pages": CONTENTS.removeprefix("docs/")}]


@dataclass
class Site:
    """The pages on their way to the site.

    Attributes:
        root: the project's folder.
        out: the folder that receives the pages.
        copies: files outside ``docs/`` that are linked, and where their copies are.
    """

    root: Path
    out: Path
    copies: dict[str, str] = field(default_factory=lambda: dict(PROJECT))

    def write(self) -> None:
        """Write all pages and what they show."""
        for path in sorted((self.root / "docs").rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.suffix == ".md":
                self._write_page(name, name.removeprefix("docs/"))
            elif path.is_file():
                target = self.out / name.removeprefix("docs/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        written: set[str] = set()
        # A copy may link to further files.
        while waiting := [name for name in self.copies if name not in written]:
            for name in waiting:
                self._write_page(name, self.copies[name])
                written.add(name)

    def _write_page(self, name: str, target: str) -> None:
        text = (self.root / name).read_text("utf-8")
        if not name.endswith(".md"):
            language = {".py": "python", ".yaml": "yaml", ".json": "json"}.get(Path(name).suffix, "text")
            text = f"# {name}\n\n````{language}\n{text}\n````\n"
        page = convert(text, lambda link: self._linked(link, name, target))
        (self.out / target).parent.mkdir(parents=True, exist_ok=True)
        (self.out / target).write_text(page, "utf-8")

    def _linked(self, link: str, name: str, target: str) -> str:
        """Return a link of a file as it is in the page that stands for the file."""
        path, mark, anchor = link.partition("#")
        if not path or ":" in path:
            return link
        meant = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if (self.root / meant).is_dir() and (self.root / meant / "README.md").is_file():
            meant += "/README.md"
        if not (self.root / meant).is_file():
            raise SiteError(f"{name} links to {link}, which is no file")
        if meant.startswith("docs/"):
            there = meant.removeprefix("docs/")
        elif meant == "README.md":
            there = "index.md"
        elif meant.endswith((".svg", ".png")):
            there = f"files/{meant}"
            (self.out / there).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / meant, self.out / there)
        else:
            there = self.copies.setdefault(meant, f"files/{meant.lstrip('.')}.md")
        return posixpath.relpath(there, posixpath.dirname(target) or ".") + mark + anchor


def convert(text: str, linked: Callable[[str], str]) -> str:
    """Return a page as the site's generator takes it.

    Args:
        text: the page as GitHub shows it.
        linked: returns what takes the place of a link.
    """
    parts = [*_parts(text)]
    forms = iter(async_forms(part.code for part in parts if part.tabbed))
    taken: set[str] = set()
    return "".join(
        _fenced(part, next(forms) if part.tabbed else None)
        if part.fence
        else _prose(part.code, linked, taken)
        for part in parts
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A fenced block, or the lines between two."""

    code: str
    fence: str = ""
    indent: str = ""
    language: str = ""
    note: str = ""

    @property
    def tabbed(self) -> bool:
        return bool(self.fence) and self.language == "python" and not self.note and not self.indent


def _parts(text: str) -> Iterator[_Part]:
    lines: list[str] = []
    opened: re.Match[str] | None = None
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if opened is None and fence is not None:
            yield _Part("".join(lines))
            opened, lines = fence, []
        elif (
            opened is not None
            and fence is not None
            and not fence["info"].strip()
            and fence["marks"].startswith(opened["marks"])
        ):
            language, _, note = opened["info"].strip().partition(" ")
            yield _Part("".join(lines), opened["marks"], opened["indent"], language, note.strip())
            opened, lines = None, []
        else:
            lines.append(f"{line}\n")
    yield _Part("".join(lines))


def _fenced(part: _Part, form: str | None) -> str:
    options = f" .{part.language}" if part.language else " .text"
    if part.note == "output":
        options += " .output"
    elif part.note and not part.note.startswith("no-run"):
        options += f' title="{part.note}"'
    block = f"{part.indent}{part.fence} {{{options} }}\n{part.code}{part.indent}{part.fence}\n"
    if form is None:
        return block
    other = f"{part.fence} {{{options} }}\n{form}{part.fence}\n"
    return f'=== "Sync"\n\n{_indented(block)}\n=== "Async"\n\n{_indented(other)}'


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _prose(text: str, linked: Callable[[str], str], taken: set[str]) -> str:
    def link(match: re.Match[str]) -> str:
        before, target, after = (group for group in match.groups() if group is not None)
        return f"{before}{linked(target)}{after}"

    lines = []
    for line in text.splitlines(keepends=True):
        heading = _HEADING.match(line.rstrip("\n"))
        if heading is not None:
            anchor = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            while anchor in taken:
                anchor += "-1"
            taken.add(anchor)
            line = f"{line.rstrip()} {{ #{anchor} }}\n"
        lines.append(line)
    return _LINK.sub(link, "".join(lines))


def build(root: Path, out: Path) -> Path:
    """Build the site.

    Args:
        root: the project's folder.
        out: the folder to build in; what it held is removed.

    Returns:
        The folder of the site, whose first page is ``index.html``.

    Raises:
        SiteError: the pages do not make one site, or the generator warned of something.
    """
    shutil.rmtree(out, ignore_errors=True)
    pages = out / "pages"
    pages.mkdir(parents=True)
    menu = navigation(root)
    Site(root, pages).write()
    shutil.copyfile(root / "site" / "site.css", pages / "site.css")
    settings = (root / "site" / "zensical.toml").read_text("utf-8")
    folders = f'docs_dir = "pages"\nsite_dir = "html"\nnav = {_toml(menu)}\n'
    settings = settings.replace("[project]\n", f"[project]\n{folders}", 1)
    source = json.dumps([str(root / "src")])
    handler = "[project.plugins.mkdocstrings.handlers.python]\n"
    settings = settings.replace(handler, f"{handler}paths = {source}\n", 1)
    (out / "zensical.toml").write_text(settings, "utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    plain = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=out, env=plain, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode or "warning" in done.stdout.lower():
        raise SiteError(done.stdout)
    return out / "html"


def _toml(value: object) -> str:
    """Write what the navigation is made of: JSON but for the sign between key and value."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_toml(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: command line without the program's name; ``None`` takes the real one.

    Returns:
        0 when the site is built, 1 otherwise.
    """
    parser = argparse.ArgumentParser(description="Build the documentation as one site.")
    parser.add_argument("--serve", action="store_true", help="show it at http://127.0.0.1:8000")
    serve: bool = parser.parse_args(arguments).serve
    try:
        site = build(ROOT, ROOT / "build" / "site")
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"built {site.relative_to(ROOT)}/index.html")
    if serve:
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
        http.server.ThreadingHTTPServer(("127.0.0.1", 8000), handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
