"""Import and export: powermem's file format, the formats of other libraries, and the files themselves."""

from __future__ import annotations

FORMATS = ("auto", "jsonl", "powermem", "mem0", "powermem-1.1")
"""The formats that ``import_memories`` reads."""
