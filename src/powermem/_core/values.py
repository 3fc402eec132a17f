"""Memories, messages and counts, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..types import Completion, Metadata

if TYPE_CHECKING:
    from .rules.claims.claim import Clauses


class Scope(NamedTuple):
    """The owner of a memory. An omitted id is ``None``."""

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None


@dataclass(slots=True)
class Message:
    """One message of a conversation, checked and normalized; times are microseconds UTC.

    ``parts`` are those that are not text, such as images, in OpenAI's form. ``utc_offset`` is how many
    seconds the speaker's clock was ahead of UTC; ``None`` if unknown.
    """

    role: str
    content: str
    actor_id: str | None = None
    sent_at: int | None = None
    parts: Sequence[Mapping[str, Any]] = ()
    utc_offset: int | None = None


class Fact(NamedTuple):
    """A statement worth remembering, that stands alone.

    Attributes:
        text: the statement.
        turn: index of the message it came from, or ``None`` if unknown.
        kind: one of ``_core.prompts.KINDS``, such as ``"preference"``; ``None`` if not rated.
        importance: 0 to 1, or ``None`` if not rated.
        event_at: when the thing happens or happened, microseconds UTC.
        entities: names of people, places and things in it.
        speaker: who said it.
        claims: what it says about attributes that have one value at a time; see ``_core.rules.claims``.
        title: what it is about, in at most 60 characters.
        tags: its topics.
        categories: those of the configured ones that it belongs to.
        second_turn: index of a second message it came from, such as the question that it answers.
    """

    text: str
    turn: int | None = None
    kind: str | None = "fact"
    importance: float | None = 0.5
    event_at: int | None = None
    entities: tuple[str, ...] = ()
    speaker: str | None = None
    claims: Clauses = ()
    title: str | None = None
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    second_turn: int | None = None


class FoundPreference(NamedTuple):
    """A preference found in a conversation.

    Attributes:
        kind: ``"explicit_preference"`` if stated, ``"implicit_preference"`` if inferred.
        text: the preference.
        reasoning: the evidence for it.
    """

    kind: str
    text: str
    reasoning: str


class Extracted(NamedTuple):
    """The facts and preferences found in a conversation.

    Attributes:
        facts: the facts.
        preferences: the preferences.
        complete: whether that is all that there was to find. Not when a model's answer was cut or damaged, so
            that what stood at its end is missing.
        warnings: what a model wrote that is not kept.
    """

    facts: Sequence[Fact] = ()
    preferences: Sequence[FoundPreference] = ()
    complete: bool = True
    warnings: Sequence[str] = ()


@dataclass(slots=True)
class Usage:
    """The cost of one call; the ``usage`` of a result.

    Seconds are wall time. Tokens are what the providers reported, 0 where they report none.
    ``facts_left_out`` are those that a model wrote and no message states. ``warnings`` say what was done less
    well than usual; they are shown beside the usage.
    """

    llm_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    embedded_texts: int = 0
    facts_left_out: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def count(self, completion: Completion) -> None:
        """Add one language model call."""
        self.llm_calls += 1
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens


@dataclass(slots=True)
class Row:
    """A memory as a store keeps it; times are microseconds UTC.

    ``facets`` are what extraction found besides the text; see ``_core.changes.facets``. ``utc_offset`` is how
    many seconds the speaker's clock was ahead of UTC at ``valid_from``; ``None`` for a memory of a time when
    that was not kept, which counts as UTC.
    """

    id: int
    scope: Scope
    text: str
    hash: str
    actor_id: str | None = None
    memory_type: str | None = None
    metadata: Metadata = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0
    valid_from: int = 0
    valid_to: int | None = None
    expires_at: int | None = None
    superseded_by: int | None = None
    access_count: int = 0
    version: int = 1
    utc_offset: int | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)

    def is_version_of(self, memory_id: int, created_at: int) -> bool:
        """Return whether this is an earlier text of a memory that was updated.

        A version was created with its memory and got its id later. A memory that was superseded by another
        one has its own date.
        """
        return self.is_version and (self.superseded_by, self.created_at) == (memory_id, created_at)

    def came_before(self, other: Row) -> bool:
        """Return whether another memory of its scope, or a version of that, took its place."""
        follows = self.superseded_by == other.id or (self.valid_to or 0) <= other.valid_from
        return self.scope == other.scope and follows

    @property
    def is_version(self) -> bool:
        """Whether this is an earlier text of a memory that was updated; see `is_version_of`."""
        return self.superseded_by is not None and self.id > self.superseded_by


# Not frozen, like the two below: files and stores have millions, and a frozen one takes four times as long.
@dataclass(slots=True)
class Turn:
    """A message kept as evidence; times are microseconds UTC.

    ``utc_offset`` is how many seconds the speaker's clock was ahead of UTC; ``None`` if unknown.
    """

    id: int
    scope: Scope
    role: str
    content: str
    actor_id: str | None
    sent_at: int
    created_at: int = 0
    utc_offset: int | None = None


@dataclass(slots=True)
class HistoryEntry:
    """One thing that happened to a memory."""

    memory_id: int
    event: str
    old_memory: str | None
    new_memory: str | None
    actor: str | None
    created_at: int
    id: int = 0


Words: TypeAlias = tuple[bytes, bytes]
"""The result of ``_core.text.indexing.index``: ids of a memory's terms, and their frequencies."""


@dataclass(slots=True)
class Stored:
    """A memory with everything that belongs to it, on its way between two stores.

    Attributes:
        row: the memory.
        history: its changes, oldest first; if empty, the target records that it was added.
        turns: ids of the source turns it came from.
        embedding: its normalized float32 vector as bytes, if it was asked for and there is one.
        terms: its words, or ``None`` to compute them.
        source: the message that it came from, for computing them.
    """

    row: Row
    history: Sequence[HistoryEntry] = ()
    turns: Sequence[int] = ()
    embedding: bytes | None = None
    terms: Words | None = None
    source: str = ""


class Embedding(NamedTuple):
    """A vector for a memory as long as its text has this hash."""

    id: int
    hash: str
    vector: bytes


class Statistics(NamedTuple):
    """Numbers about a scope.

    ``by_day`` counts days since 1970-01-01; ``by_age`` has keys 0 to 3: under a day, a week, 30 days, and
    older.
    """

    total: int
    by_type: Mapping[str, int]
    by_tag: Mapping[str, int]
    by_category: Mapping[str, int]
    average_importance: float
    top_accessed: Sequence[tuple[int, str, int]]
    by_day: Mapping[int, int]
    by_age: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """Which embedder made the vectors of a store; ``dimension`` is ``None`` until it is known."""

    provider: str
    model: str
    dimension: int | None

    def accepts(self, other: EmbedderIdentity) -> bool:
        """Return whether vectors of both can be compared."""
        same = (self.provider, self.model) == (other.provider, other.model)
        return same and (other.dimension is None or self.dimension == other.dimension)

    def __str__(self) -> str:
        size = "" if self.dimension is None else f", {self.dimension} dimensions"
        return f"{self.provider} ({self.model}{size})"
