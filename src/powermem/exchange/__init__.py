"""Memories on their way in and out: our own file format, those of others, and the files themselves."""

from __future__ import annotations

FORMATS = ("auto", "jsonl", "powermem", "mem0", "powermem-1.1")
"""What ``import_memories`` reads."""
