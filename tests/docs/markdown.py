"""Reading the code blocks of a Markdown file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from async_examples import async_forms

ROOT = Path(__file__).resolve().parent.parent.parent

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced code block.

    The word behind the opening fence is its language; what follows says more about it: ``no-run`` and a
    reason, the name of the file that the block shows, or ``output`` for what the block above it prints.

    Attributes:
        path: the file it stands in.
        line: number of its first line of code, counted from 1.
        language: such as ``"python"``; empty when it has none.
        note: what follows the language.
        code: the text between the fences.
    """

    path: Path
    line: int
    language: str
    note: str
    code: str

    @property
    def tabbed(self) -> bool:
        """Whether the site may show it in both colours."""
        return self.language == "python" and not self.note

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """Return the Markdown files that a user reads."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def in_async(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a page in the form of the site's async tabs; those without a tab as they are."""
    forms = async_forms(block.code if block.tabbed else "" for block in blocks)
    return [replace(block, code=form or block.code) for block, form in zip(blocks, forms, strict=True)]


def read_blocks(path: Path) -> list[Block]:
    """Return the code blocks of a file in order.

    Raises:
        ValueError: a block is not closed.
    """
    found: list[Block] = []
    opened: tuple[str, str, int] | None = None
    code: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None:
            if fence is not None:
                opened, code = (fence["marks"], fence["info"].strip(), number + 1), []
        elif fence is not None and fence["marks"].startswith(opened[0]) and not fence["info"].strip():
            language, _, note = opened[1].partition(" ")
            found.append(
                Block(path, opened[2], language, note.strip(), "".join(f"{line}\n" for line in code))
            )
            opened = None
        else:
            code.append(line)
    if opened is not None:
        raise ValueError(f"{path}: the block that begins at line {opened[2]} is not closed")
    return found
