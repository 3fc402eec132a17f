"""Anthropic's memory tool over memories; its extra is ``anthropic``."""

from __future__ import annotations

from powermem._async.integrations.anthropic import AsyncMemoryTool
from powermem._sync.integrations.anthropic import MemoryTool

__all__ = ["AsyncMemoryTool", "MemoryTool"]
