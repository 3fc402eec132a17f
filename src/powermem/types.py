"""The shapes of all results, and what a language model of your own is asked and answers.

Every dict that a public method returns has a ``TypedDict`` here. A key marked ``NotRequired`` may be missing,
as its description says; every other key is always there. Shapes that hold ids take the type of the ids as a
parameter: ``int`` when left out, as the methods return them, and ``str`` in what ``powermem.rest.json_safe``
returns.
"""

# Without `from __future__ import annotations`: a TypedDict whose annotations are strings does not know at
# run time which of its keys are required.
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias

from .tokens import estimate_tokens

if sys.version_info >= (3, 13):
    from typing import NotRequired, TypedDict, TypeVar
else:
    # pydantic, which needs this package too, takes no TypedDict of typing's before Python 3.12; a TypeVar has
    # a default from 3.13 on.
    from typing_extensions import NotRequired, TypedDict, TypeVar

Id = TypeVar("Id", default=int)
"""The type of ids in a result."""

ChatMessage = dict[str, Any]
"""A message in OpenAI's form, as it goes to a language model."""

Metadata = dict[str, Any]


class MemoryRecord(TypedDict, Generic[Id]):
    """A memory, as lists show it; times are ISO-8601 strings in UTC.

    Attributes:
        id: the memory's id.
        memory: its text.
        user_id: whose memory it is.
        agent_id: which agent's.
        run_id: of which conversation.
        actor_id: who said it.
        memory_type: such as ``"fact"``.
        metadata: the caller's JSON values.
        title: what it is about, in at most 60 characters; ``None`` unless a language model extracted it.
        tags: its topics, at most eight; empty unless a language model extracted it.
        categories: those of the configured categories that it belongs to.
        hash: identity of the text within its scope.
        created_at: when it was stored.
        updated_at: when it was last changed.
        valid_from: since when it holds.
        valid_to: until when it held; ``None`` while it does.
        expires_at: from when no search finds it.
        superseded_by: id of the memory that took its place.
        access_count: how many times it was returned.
    """

    id: Id
    memory: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    actor_id: str | None
    memory_type: str | None
    metadata: Metadata
    title: str | None
    tags: list[str]
    categories: list[str]
    hash: str
    created_at: str
    updated_at: str
    valid_from: str
    valid_to: str | None
    expires_at: str | None
    superseded_by: Id | None
    access_count: int


class FullRecord(MemoryRecord[Id], Generic[Id]):
    """A memory as ``get`` returns it; ``content`` is the same text as ``memory``."""

    content: str


class UpdatedRecord(FullRecord[Id], Generic[Id]):
    """The result of ``update``; ``warnings`` if the text has more windows than are embedded."""

    warnings: NotRequired[list[str]]


class NeighbourRecord(MemoryRecord[Id | None], Generic[Id]):
    """A turn beside a memory that a search found.

    Where the turn itself is a memory, word for word, the keys are those of that memory. Otherwise the id is
    ``None``, and ``memory`` is what was said.

    Attributes:
        turn_id: the id of the turn, as in ``sources``.
        role: who spoke, such as ``"user"``.
        sent_at: when; ISO-8601 in UTC.
        distance: in turns, such as -1 for the one just before and 2 for the second one after.
    """

    turn_id: Id
    role: str
    sent_at: str
    distance: int


class SearchHit(MemoryRecord[Id], Generic[Id]):
    """A memory that a search found.

    Attributes:
        score: how well it answers the query, 0 to 1.
        score_details: the parts of the score; with ``explain``.
        around: the turns beside it, in the order of time; with ``around``.
    """

    score: float
    score_details: NotRequired[dict[str, float]]
    around: NotRequired[list[NeighbourRecord[Id]]]


class SearchResult(TypedDict, Generic[Id]):
    """The result of ``search``.

    Attributes:
        results: the memories found, best first.
        warnings: what was done less well than asked, such as without the reranker.
    """

    results: list[SearchHit[Id]]
    warnings: NotRequired[list[str]]


class MemoryPage(TypedDict, Generic[Id]):
    """The result of ``get_all``.

    Attributes:
        results: a page of memories.
        total: how many there are on all pages.
        earlier: what a memory of the page took the place of, by its id, the latest first; with ``history``.
            Memories that took the place of none are left out.
    """

    results: list[MemoryRecord[Id]]
    total: int
    earlier: NotRequired[dict[Id, list[MemoryRecord[Id]]]]


class UsageRecord(TypedDict):
    """The cost of a call.

    Attributes:
        llm_calls: requests to language models.
        prompt_tokens: as providers reported them; 0 where they report none.
        completion_tokens: as ``prompt_tokens``.
        embedded_texts: texts that were embedded.
        facts_left_out: facts that a model wrote and that no message states; they are not stored.
        seconds: wall time.
    """

    llm_calls: int
    prompt_tokens: int
    completion_tokens: int
    embedded_texts: int
    facts_left_out: int
    seconds: float


EventName: TypeAlias = Literal["ADD", "UPDATE", "DELETE", "NONE"]
"""The change of a memory; ``"NONE"`` if it was stored already."""


class MemoryEvent(TypedDict, Generic[Id]):
    """The change that ``add`` made to one memory.

    Attributes:
        id: the memory's id.
        memory: its text, of a deleted one the last.
        event: the kind of change.
        user_id: whose memory it is.
        agent_id: which agent's.
        run_id: of which conversation.
        metadata: the caller's JSON values.
        created_at: when it was stored; ISO-8601 in UTC.
        previous_memory: the text before; of ``"UPDATE"`` and ``"DELETE"``.
        supersedes: id of the memory whose place it takes, which is kept with its text.
    """

    id: Id
    memory: str
    event: EventName
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    metadata: Metadata
    created_at: str
    previous_memory: NotRequired[str]
    supersedes: NotRequired[Id]


class AddResult(TypedDict, Generic[Id]):
    """The result of ``add``.

    Attributes:
        results: the changes, one for each memory.
        status: ``"running"`` when facts are extracted in the background, see ``get_status``.
        task_id: as ``get_status`` takes it.
        usage: the cost of the call.
        extractor: ``"llm"`` or ``"rules"``; with ``infer``.
        warnings: where a model did not do all that was asked of it.
    """

    results: list[MemoryEvent[Id]]
    status: Literal["completed", "running"]
    task_id: str
    usage: UsageRecord
    extractor: NotRequired[str]
    warnings: NotRequired[list[str]]


class ItemError(TypedDict):
    """Why an item of ``add_many`` failed; ``index`` counts from 0."""

    index: int
    error: str


class AddManyResult(TypedDict):
    """Result of ``add_many``.

    Attributes:
        added: how many items were added.
        failed: how many failed.
        skipped: how many were done by an earlier run with the same checkpoint.
        errors: why items failed, by their index.
        usage: what all items cost.
    """

    added: int
    failed: int
    skipped: int
    errors: list[ItemError]
    usage: UsageRecord


class DeleteAllResult(TypedDict):
    """Result of ``delete_all``: how many memories were deleted."""

    deleted: int


class HistoryRecord(TypedDict, Generic[Id]):
    """A change of a memory.

    Attributes:
        memory_id: the memory's id.
        event: ``"ADD"``, ``"UPDATE"`` or ``"DELETE"``; of an imported memory, as it was called there.
        old_memory: the text before.
        new_memory: the text after.
        created_at: when; ISO-8601 in UTC.
        actor: who said what caused it.
    """

    memory_id: Id
    event: str
    old_memory: str | None
    new_memory: str | None
    created_at: str
    actor: str | None


class TurnRecord(TypedDict, Generic[Id]):
    """A message that was kept.

    Attributes:
        id: the turn's id.
        role: who spoke, such as ``"user"``.
        content: the text of the message.
        actor_id: the speaker's name, where the message has one.
        sent_at: when; ISO-8601 in UTC.
    """

    id: Id
    role: str
    content: str
    actor_id: str | None
    sent_at: str


MessageRecord: TypeAlias = TurnRecord[int | None]
"""A message that was given to ``add_exchange`` or ``add_message``.

The id is ``None``, and the content empty, where the message held nothing to remember.
"""


class PreferenceRecord(TypedDict, Generic[Id]):
    """A preference of a user.

    Attributes:
        id: the preference's id.
        preference_type: ``"explicit_preference"`` if stated, ``"implicit_preference"`` if inferred.
        preference: the preference.
        reasoning: the evidence for it.
        user_id: whose it is.
        agent_id: with which agent it was learned.
        run_id: in which conversation.
        created_at: when it was learned; ISO-8601 in UTC.
    """

    id: Id
    preference_type: str
    preference: str
    reasoning: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    created_at: str


class TaskEvent(TypedDict, Generic[Id]):
    """Change of one memory by a task.

    The keys are those of ``MemoryEvent``. Of a memory that exists no more ``get_status`` may know only the
    id and the event; ``memory`` is then ``None``.
    """

    id: Id
    memory: str | None
    event: EventName
    user_id: NotRequired[str | None]
    agent_id: NotRequired[str | None]
    run_id: NotRequired[str | None]
    metadata: NotRequired[Metadata]
    created_at: NotRequired[str]
    previous_memory: NotRequired[str]
    supersedes: NotRequired[Id]


class TaskStatus(TypedDict, Generic[Id]):
    """Result of ``get_status``.

    Attributes:
        task_id: the task's id.
        status: how far it has come; a task that has not begun counts as running.
        stage: what is being done, for people to read.
        error: why it failed, or why its last attempt did.
        results: what it did, memory by memory.
        preferences: the preferences that it learned.
        created_at: when it was made; ISO-8601 in UTC.
        updated_at: when it last came further.
        warnings: where a model did not do all that was asked of it.
    """

    task_id: str
    status: Literal["running", "completed", "failed", "cancelled"]
    stage: str
    error: str | None
    results: list[TaskEvent[Id]]
    preferences: list[PreferenceRecord[Id]]
    created_at: str
    updated_at: str
    warnings: NotRequired[list[str]]


class TaskRecord(TypedDict):
    """A task as ``list_tasks`` shows it; times are ISO-8601 strings in UTC.

    Attributes:
        task_id: the task's id.
        status: how far it has come.
        stage: what is being done, for people to read.
        error: why it failed, or why its last attempt did.
        kind: ``"process"`` extracts from buffered turns, ``"refine"`` from those of one ``add``.
        user_id: whose memories come of it.
        agent_id: which agent's.
        run_id: of which conversation.
        attempts: how many times it was started.
        knowledge_count: how many memories it wrote.
        created_at: when it was made.
        updated_at: when it last came further.
        due_at: it is not begun before.
    """

    task_id: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    stage: str
    error: str | None
    kind: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    attempts: int
    knowledge_count: int
    created_at: str
    updated_at: str
    due_at: str


class AccessedMemory(TypedDict, Generic[Id]):
    """One of the memories that were returned most; ``content`` is the beginning of its text."""

    id: Id
    content: str
    access_count: int


class MemoryStatistics(TypedDict, Generic[Id]):
    """Result of ``get_statistics``.

    Attributes:
        total_memories: how many current memories there are.
        by_type: how many of each ``memory_type``.
        by_tag: how many have each tag that a language model gave; the 100 most frequent.
        by_category: how many are in each of the configured categories.
        avg_importance: mean importance, 0 to 1.
        top_accessed: the memories that were returned most, the first one most.
        growth_trend: how many were stored on each day, such as ``{"2026-05-01": 3}``, in UTC.
        age_distribution: how many are as old as ``"< 1 day"``, ``"1-7 days"``, ``"7-30 days"`` and
            ``"> 30 days"``.
        store: the store's name, such as ``"sqlite"``.
        embedder: provider, model and number of dimensions, as text.
        extractor: ``"llm"`` with its model, or ``"rules"``.
    """

    total_memories: int
    by_type: dict[str, int]
    by_tag: dict[str, int]
    by_category: dict[str, int]
    avg_importance: float
    top_accessed: list[AccessedMemory[Id]]
    growth_trend: dict[str, int]
    age_distribution: dict[str, int]
    store: str
    embedder: str
    extractor: str


class ProcessingStatistics(TypedDict):
    """Result of ``processing.stats``.

    Attributes:
        buffered: turns in the store that no task has taken on.
        queue_depth: tasks in the store that have not begun.
        running: tasks in the store that have begun.
        completed: tasks in the store that are done.
        failed: tasks in the store that failed.
        cancelled: tasks in the store that were cancelled.
        oldest_age: seconds since the oldest waiting turn or open task was stored; ``None`` when there is
            none.
        working: users with a running task in this process.
        completed_per_minute: tasks that this process completed in the last minute.
        failed_per_minute: tasks that failed in this process in the last minute.
    """

    buffered: int
    queue_depth: int
    running: int
    completed: int
    failed: int
    cancelled: int
    oldest_age: float | None
    working: int
    completed_per_minute: int
    failed_per_minute: int


class ExportResult(TypedDict):
    """Result of ``export_memories``.

    Attributes:
        exported: memories.
        turns: source turns.
        deleted: history entries of memories that exist no more.
    """

    exported: int
    turns: int
    deleted: int


class LineError(TypedDict):
    """Why a line could not be imported; ``line`` counts from 1."""

    line: int
    error: str


class ImportResult(TypedDict):
    """Result of ``import_memories`` and ``copy_to``.

    Attributes:
        imported: memories that were new.
        skipped: memories that were here already.
        failed: lines that could not be read.
        errors: the first 100 of these.
    """

    imported: int
    skipped: int
    failed: int
    errors: list[LineError]


class MoveResult(TypedDict):
    """Result of ``move_user``.

    Attributes:
        memories: memories that this call copied; one that changed meanwhile counts again.
        turns: source turns that this call copied.
        rounds: how often the two stores were compared.
        paused: seconds for which neither store accepted writes of the user.
        seconds: wall time.
    """

    memories: int
    turns: int
    rounds: int
    paused: float
    seconds: float


class ReembedResult(TypedDict):
    """Result of ``reembed``.

    Attributes:
        reembedded: memories that were embedded.
        embedder: provider, model and number of dimensions, as text.
        seconds: wall time.
    """

    reembedded: int
    embedder: str
    seconds: float


class PlaceError(TypedDict):
    """Why something in a history could not be loaded.

    Attributes:
        where: its position, such as ``"line 7"``.
        error: the reason.
    """

    where: str
    error: str


class HistoryResult(TypedDict):
    """Result of ``load_history``.

    Attributes:
        format: the format of the history.
        user_id: whose memories they are.
        conversations: how many conversations and threads it has.
        messages: how many messages were stored.
        memories: how many memories of another library were stored.
        skipped: how many of both were stored by an earlier load.
        failed: how many could not be read or stored.
        left_out: how many messages have nothing to remember, by reason.
        errors: the first 100 of those that failed.
        usage: what all cost.
    """

    format: str
    user_id: str | None
    conversations: int
    messages: int
    memories: int
    skipped: int
    failed: int
    left_out: dict[str, int]
    errors: list[PlaceError]
    usage: UsageRecord


class ProgressRecord(TypedDict):
    """Argument of ``on_progress``.

    Attributes:
        done: items so far.
        total: items in all, where that is known.
        seconds: wall time so far.
        rate: items a second.
        added: of ``add_many``, items that were added.
        skipped: of ``add_many``, items that were done before.
        failed: of ``add_many``, items that failed; of imports, lines.
    """

    done: int
    total: int | None
    seconds: float
    rate: float
    added: NotRequired[int]
    skipped: NotRequired[int]
    failed: NotRequired[int]


class ProviderDict(TypedDict):
    """Which provider a configuration chooses, and its settings as the provider's name decides."""

    provider: str
    config: dict[str, Any]


class ConfigDict(TypedDict):
    """A configuration as ``auto_config`` returns it: the sections of ``MemoryConfig`` that are set.

    The last keys have no effect; they are kept for configurations of powermem 1.1.
    """

    llm: ProviderDict
    embedder: ProviderDict
    vector_store: ProviderDict
    reranker: NotRequired[dict[str, Any]]
    vision: NotRequired[dict[str, Any]]
    audio_llm: NotRequired[dict[str, Any]]
    intelligent_memory: NotRequired[dict[str, Any]]
    memory_decay: NotRequired[dict[str, Any]]
    search: NotRequired[dict[str, Any]]
    processing: NotRequired[dict[str, Any]]
    budget: NotRequired[dict[str, Any]]
    security: NotRequired[dict[str, Any]]
    http: NotRequired[dict[str, Any]]
    server: NotRequired[dict[str, Any]]
    timezone: NotRequired[str]
    custom_fact_extraction_prompt: NotRequired[str]
    custom_update_memory_prompt: NotRequired[str]
    custom_instructions: NotRequired[str]
    categories: NotRequired[dict[str, str]]

    custom_importance_evaluation_prompt: NotRequired[str]
    history_db_path: NotRequired[str]
    enable_graph: NotRequired[bool]
    version: NotRequired[str]
    query_rewrite: NotRequired[dict[str, Any]]
    graph_store: NotRequired[dict[str, Any]]
    sparse_embedder: NotRequired[dict[str, Any]]
    skill_store: NotRequired[dict[str, Any]]
    source_store: NotRequired[dict[str, Any]]
    sub_stores: NotRequired[list[Any]]
    agent_memory: NotRequired[dict[str, Any]]
    telemetry: NotRequired[dict[str, Any]]
    audit: NotRequired[dict[str, Any]]
    logging: NotRequired[dict[str, Any]]
    performance: NotRequired[dict[str, Any]]


class FactRecord(TypedDict, Generic[Id]):
    """A ``RecalledFact`` as a dict."""

    id: Id
    content: str
    similarity: float
    created_at: str


class RecalledText(str):
    """Recalled memories as a text for a prompt; the result of ``context``.

    Attributes:
        tokens: the estimated number of tokens of the whole text; see ``powermem.tokens``.
    """

    __slots__ = ()

    @property
    def tokens(self) -> int:
        """Estimate the tokens of the whole text."""
        return estimate_tokens(self)


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
