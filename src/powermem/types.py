"""The plain values that travel between the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict

if TYPE_CHECKING:
    from .filters import Expression

ChatMessage = dict[str, Any]
"""A message in OpenAI's form, as it goes to a language model."""

Metadata = dict[str, Any]


class Scope(NamedTuple):
    """Whose memory it is. An id that was not given is ``None``."""

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, checked and normalized; times are microseconds UTC.

    ``parts`` are those that are not text, such as images, in OpenAI's form. ``utc_offset`` is how many
    seconds the speaker's clock was ahead of UTC; ``None`` when that is not known.
    """

    role: str
    content: str
    actor_id: str | None = None
    sent_at: int | None = None
    parts: Sequence[Mapping[str, Any]] = ()
    utc_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement worth remembering, that stands alone.

    Attributes:
        text: the statement.
        turn: index of the message it came from, or ``None`` when that is not known.
        kind: one of ``powermem.prompts.KINDS``, such as ``"preference"``; ``None`` when nobody judged it.
        importance: 0 to 1, or ``None`` when nobody judged it.
        event_at: when the thing happens or happened, microseconds UTC.
        entities: names of people, places and things in it.
        speaker: who said it.
    """

    text: str
    turn: int | None = None
    kind: str | None = "fact"
    importance: float | None = 0.5
    event_at: int | None = None
    entities: tuple[str, ...] = ()
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class FoundPreference:
    """What somebody likes or wants, as it was read from a conversation.

    Attributes:
        kind: ``"explicit_preference"`` when it was said, ``"implicit_preference"`` when it shows in what was
            said.
        text: what is preferred.
        reasoning: why one may think so.
    """

    kind: str
    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was found in a conversation.

    Attributes:
        facts: the facts.
        preferences: the preferences.
        complete: whether that is all that there was to find. Not when a model's answer was cut or damaged, so
            that what stood at its end is missing.
    """

    facts: Sequence[Fact] = ()
    preferences: Sequence[FoundPreference] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema that a model's answer must follow."""

    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """A language model's answer and what it cost.

    ``truncated`` says that the answer hit its length limit, so that its end is missing.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    truncated: bool = False


@dataclass(slots=True)
class Usage:
    """What one call cost; the ``usage`` of a result.

    Seconds are wall time. Tokens are what the providers reported, 0 where they report none. ``warnings`` say
    what was done less well than usual; they are shown beside the usage.
    """

    llm_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    embedded_texts: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def count(self, completion: Completion) -> None:
        """Add one language model call."""
        self.llm_calls += 1
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens

    def as_dict(self) -> dict[str, int | float]:
        """Return the form that results carry."""
        return {
            "llm_calls": self.llm_calls,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "embedded_texts": self.embedded_texts,
            "seconds": round(self.seconds, 6),
        }


class MemoryRecord(TypedDict):
    """A memory as the public methods return it; times are ISO-8601 strings in UTC."""

    id: int
    memory: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    actor_id: str | None
    memory_type: str | None
    metadata: Metadata
    hash: str
    created_at: str
    updated_at: str
    valid_from: str
    valid_to: str | None
    expires_at: str | None
    superseded_by: int | None
    access_count: int


@dataclass(slots=True)
class Row:
    """A memory as a store keeps it; times are microseconds UTC.

    ``utc_offset`` is how many seconds the speaker's clock was ahead of UTC at ``valid_from``; ``None`` for a
    memory of a time when that was not kept, which counts as UTC.
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


@dataclass(frozen=True, slots=True)
class Turn:
    """A message kept as evidence; times are microseconds UTC.

    ``utc_offset`` is how many seconds the speaker's clock was ahead of UTC; ``None`` when that is not known.
    """

    id: int
    scope: Scope
    role: str
    content: str
    actor_id: str | None
    sent_at: int
    created_at: int = 0
    utc_offset: int | None = None


@dataclass(frozen=True, slots=True)
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
"""What ``powermem.indexing.index`` returns: the ids of a memory's terms, and how often each occurs."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A memory with everything that belongs to it, on its way between two stores.

    Attributes:
        row: the memory.
        facets: what extraction said about it beside the text.
        history: what happened to it, oldest first; when it is empty, the target notes that it was added.
        turns: ids of the source turns it came from.
        embedding: its normalized float32 vector as bytes, if it was asked for and there is one.
        terms: its words, or ``None`` to have them computed anew.
        source: the message that it was concluded from, for that.
    """

    row: Row
    facets: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[HistoryEntry] = ()
    turns: Sequence[int] = ()
    embedding: bytes | None = None
    terms: Words | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector for a memory as long as its text has this hash."""

    id: int
    hash: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers about a scope.

    ``by_day`` counts days since 1970-01-01; ``by_age`` has keys 0 to 3: under a day, a week, 30 days, and
    older.
    """

    total: int
    by_type: Mapping[str, int]
    average_importance: float
    top_accessed: Sequence[tuple[int, str, int]]
    by_day: Mapping[int, int]
    by_age: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Period:
    """A time that a query names.

    Attributes:
        start: its first moment, microseconds UTC.
        end: the first moment after it.
        terms: ids of the terms by which a memory tells of something in it; see ``marks.of_event``.
    """

    start: int
    end: int
    terms: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Cues:
    """What a query says apart from the words to look for.

    Attributes:
        words: its terms, to tell which speakers it names.
        phrases: for each phrase in quotation marks the ids of its terms.
        period: the time that it names.
        when: whether it asks for a time.
    """

    words: frozenset[str] = frozenset()
    phrases: Sequence[Sequence[int]] = ()
    period: Period | None = None
    when: bool = False


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What one search asks of a store.

    Attributes:
        scope: ids that were given narrow the search.
        embedding: the query's normalized float32 vector as bytes, or ``None`` without an embedder.
        terms: the query's distinct term ids, or ``None`` to leave full text out.
        limit: how many results.
        cues: what the query says apart from its words.
        forms: of the terms that are forms of a word besides it, the id of that word; it counts once.
        boosts: whether cues, turns of the same run, sources and age change the score.
        expression: a parsed filter.
        as_of: search what was true at that moment, microseconds UTC.
        include_expired: also find what has expired.
        threshold: leave out results whose score is lower.
        explain: also tell which place each arm gives a result.
    """

    scope: Scope
    embedding: bytes | None
    terms: Sequence[int] | None
    limit: int
    cues: Cues = Cues()
    forms: Mapping[int, int] = field(default_factory=dict)
    boosts: bool = True
    expression: Expression | None = None
    as_of: int | None = None
    include_expired: bool = False
    threshold: float | None = None
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory that was found; ``details`` are the parts of the score."""

    row: Row
    score: float
    details: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query found, best first.

    ``warnings`` say what went wrong on the way without making the answer worthless.
    """

    hits: Sequence[Hit]
    warnings: Sequence[str] = ()


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
