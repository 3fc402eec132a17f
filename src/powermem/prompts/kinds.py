"""The kinds of fact and of message, for the prompts, the rules and the parser alike."""

from __future__ import annotations

KINDS = ("fact", "preference", "plan", "event", "identity", "relationship", "instruction")
"""What a fact can be; ``"fact"`` when nothing more special fits."""

HIDDEN_ROLES = frozenset(("system", "developer", "tool", "function"))
"""Roles whose messages are not part of the conversation between people and assistant."""
