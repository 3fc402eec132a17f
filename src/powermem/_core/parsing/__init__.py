"""Parse answers of language models, tolerant of their form and strict about their meaning."""

from __future__ import annotations

from .answer import Fit, ParsedJSON, ParseError, parse_answer
from .decisions import Decisions, parse_decisions, read_decisions
from .extraction import parse_extraction
from .facts import read_facts
from .ranking import parse_ranking
from .resolution import Decision, resolve
from .segments import Segments, parse_segments

__all__ = [
    "Decision",
    "Decisions",
    "Fit",
    "ParseError",
    "ParsedJSON",
    "Segments",
    "parse_answer",
    "parse_decisions",
    "parse_extraction",
    "parse_ranking",
    "parse_segments",
    "read_decisions",
    "read_facts",
    "resolve",
]
