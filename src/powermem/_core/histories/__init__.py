"""Readers of chat histories and of the exports of other memories, one module for each format.

A reader is a generator of `Message` and `Kept` values. What it cannot read, it notes in a `Report` and goes
on.
"""

from __future__ import annotations

CHATS = (
    "chatgpt", "claude", "gemini", "whatsapp", "telegram", "slack", "discord", "csv", "mbox",
)  # fmt: skip
"""The formats of chats, whose messages are turns."""

MEMORIES = ("mem0", "zep", "letta", "memobase", "mcp-memory")
"""The formats of other memories; Zep, Letta and Memobase have messages too."""

PEOPLE = ("whatsapp", "telegram", "slack", "discord", "csv", "mbox")
"""The formats of chats of people, in which no role tells who the user is."""

FORMATS = (*CHATS, *MEMORIES)
