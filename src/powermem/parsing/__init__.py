"""How a language model's answer is read: forgiving about form, strict about meaning."""

from __future__ import annotations

from .answer import ParsedJSON, ParseError, parse_json
from .decisions import Decision, Decisions, parse_decisions, read_decisions
from .facts import parse_facts, read_facts

__all__ = [
    "Decision",
    "Decisions",
    "ParseError",
    "ParsedJSON",
    "parse_decisions",
    "parse_facts",
    "parse_json",
    "read_decisions",
    "read_facts",
]
