"""Changes for a store, made without an extractor and without a model."""

from __future__ import annotations

from typing import Any

from powermem._core.changes.writes import AddMemory, AddTurn
from powermem._core.clock import now
from powermem._core.embedding.mock import mock_vectors
from powermem._core.ids import new_id
from powermem._core.query.question import read
from powermem._core.query.search import SearchRequest
from powermem._core.text.cleaning import content_hash
from powermem._core.text.indexing import embedding_bytes
from powermem._core.values import Row, Scope

ANA = Scope("ana")


def vector(text: str) -> bytes:
    """Return the vector that the configured embedder gives a text."""
    return embedding_bytes(mock_vectors([text]))[0]


def memory_of(
    text: str, scope: Scope = ANA, *, source: str = "", event_at: int | None = None, **fields: Any
) -> AddMemory:
    """Return the change that adds a memory; ``fields`` are those of its row."""
    at = fields.pop("at", None) or now()
    times = {"created_at": at, "updated_at": at, "valid_from": at}
    happens = {} if event_at is None else {"event_at": event_at}
    fields = {"facets": {"importance": 0.5, **happens}, **times, **fields}
    row = Row(**{"id": new_id(), "scope": scope, "text": text, "hash": content_hash(text), **fields})
    return AddMemory(row, vector(text), source=source)


def turn_of(text: str, scope: Scope = ANA, turn_id: int | None = None) -> AddTurn:
    """Return the change that keeps a message as evidence."""
    at = now()
    return AddTurn(turn_id or new_id(), scope, "user", text, None, at, at)


def search_for(text: str, scope: Scope = ANA, limit: int = 10, **more: Any) -> SearchRequest:
    """Return a search by meaning and by words."""
    question = read(text, now())
    forms = {"forms": question.sought.forms, **more}
    return SearchRequest(scope, vector(text), question.sought.terms, limit, question.cues, **forms)
