"""Build the messages for language models: pure functions from data to messages."""

from __future__ import annotations

from .decision import ACTIONS, DECISION_SCHEMA, decision_messages
from .extraction import EXTRACTION_SCHEMA, HIDDEN_ROLES, KINDS, extraction_messages, has_conversation
from .media import description_messages
from .recall import RECALL_CLOSE, RECALL_OPEN, quote_recalled, quoted_line, strip_recalled
from .repair import repair_messages
from .reranking import RERANKING_SCHEMA, reranking_messages
from .segmentation import SEGMENTATION_SCHEMA, segmentation_messages

__all__ = [
    "ACTIONS",
    "DECISION_SCHEMA",
    "EXTRACTION_SCHEMA",
    "HIDDEN_ROLES",
    "KINDS",
    "RECALL_CLOSE",
    "RECALL_OPEN",
    "RERANKING_SCHEMA",
    "SEGMENTATION_SCHEMA",
    "decision_messages",
    "description_messages",
    "extraction_messages",
    "has_conversation",
    "quote_recalled",
    "quoted_line",
    "repair_messages",
    "reranking_messages",
    "segmentation_messages",
    "strip_recalled",
]
