"""Which format an export has, by its content."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

from . import (
    chatgpt,
    claude,
    csv_files,
    discord,
    gemini,
    letta,
    mbox,
    mcp_memory,
    mem0,
    memobase,
    slack,
    telegram,
    whatsapp,
    zep,
)
from .exports import Export
from .json_stream import NOTHING, BrokenJSON, JSONStream, salvage
from .values import Options

_HEAD = 1 << 18
_LINES = 50

# More specific forms come first: what mem0 writes is also a part of other exports.
_VALUES: tuple[tuple[str, Callable[[object], bool]], ...] = (
    ("chatgpt", chatgpt.matches),
    ("claude", claude.matches),
    (
        "gemini",
        lambda value: gemini.is_activity(value) or gemini.is_prompt(value) or gemini.is_conversation(value),
    ),
    ("discord", lambda value: discord.matches(value) or discord.is_packaged(value)),
    ("telegram", telegram.matches),
    ("slack", slack.matches),
    ("letta", letta.matches),
    ("mcp-memory", mcp_memory.matches),
    ("zep", zep.matches),
    ("memobase", memobase.matches),
    ("mem0", mem0.matches),
)


def detect(export: Export, options: Options) -> str | None:
    """Return the format of an export; ``None`` if it has none that is known."""
    if slack.is_export(export):
        return "slack"
    if discord.is_export(export):
        return "discord"
    members = _telling(export)
    for name in members:
        if (found := _format(export, name, options)) is not None:
            return found
    return None


def _telling(export: Export) -> list[str]:
    """Return the members to look at, those first whose names are known."""
    known = ("conversations", "result.json", "_chat.txt", "memories.json", "myactivity", "my activity")

    def rank(name: str) -> tuple[int, str]:
        last = name.rpartition("/")[2].casefold()
        return (next((place for place, one in enumerate(known) if last.startswith(one)), len(known)), name)

    texts = (".json", ".jsonl", ".txt", ".html", ".csv", ".tsv", ".mbox", ".mbx", ".af", ".gz", "/mbox")
    named = [name for name in export.members if name.casefold().endswith(texts)]
    return sorted(named, key=rank)[:_LINES] if len(export.members) > 1 else list(export.members)


def _format(export: Export, name: str, options: Options) -> str | None:
    if export.has_packed(name):
        return None
    head = export.head(name, _HEAD)
    begin = head.lstrip("\ufeff \t\r\n")
    if begin[:1] in ("{", "[") and not whatsapp.is_chat(begin[: 1 << 14]):
        return _of_values(begin)
    if mbox.is_mailbox(head):
        return "mbox"
    if gemini.is_page(head):
        return "gemini"
    if whatsapp.is_chat(begin[: 1 << 15]):
        return "whatsapp"
    header = csv_files.header_of(head[: 1 << 14])
    if discord.columns_match(header):
        return "discord"
    is_table = name.casefold().endswith((".csv", ".tsv"))
    if (
        csv_files.matches(header, options.columns)
        or (is_table and len(header) > 1)
        or (is_table and options.columns)
    ):
        return "csv"
    return None


def _of_values(text: str) -> str | None:
    for value in _first_values(text):
        for name, matches in _VALUES:
            if matches(value):
                return name
    return None


def _first_values(text: str) -> list[Any]:
    """Return the first values of a JSON text or of lines of JSON, some of which may be broken."""
    found: list[Any] = []
    value: dict[str, Any] = {}
    stream = JSONStream(io.StringIO(text), lambda problem: None)
    with suppress(BrokenJSON):
        if stream.peek() == "[":
            found.extend(islice(stream.elements(), _LINES))
        else:
            for key in stream.object():
                if (one := stream.value()) is not NOTHING:
                    value[key] = one
    found += [value] if value else []
    if text.startswith("["):
        return found
    lines = text.split("\n", _LINES)[1:_LINES]
    return found + [one for line in lines if line[:1] == "{" and (one := salvage(line)) is not NOTHING]
