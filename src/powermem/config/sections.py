"""The sections that have no provider. Those marked inert are checked, but change nothing yet."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from ..budget import EMBEDDED_TEXTS, LLM_CALLS, LLM_TOKENS
from ..ranking.weights import Weights
from .fields import (
    INERT,
    Amount,
    Count,
    Env,
    Fraction,
    Host,
    HttpUrl,
    Identifier,
    Opaque,
    Path,
    Port,
    Seconds,
    Secret,
    Section,
    Text,
    Whole,
    alias,
)

_SHIPPED = Weights()


class Http(Section):
    """How every provider is reached."""

    prefix: ClassVar[str] = "POWERMEM_HTTP_"

    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 60.0
    max_retries: Whole = 3
    max_connections: Count = 100


class Multipliers(Section):
    """How much slower a memory fades, by how important it is."""

    working: Annotated[Amount, INERT] = 1.0
    short_term: Amount = 7.0
    long_term: Annotated[Amount, INERT] = 60.0


class IntelligentMemory(Section):
    """How memories lose weight with time, and what happens when nothing is extracted."""

    prefix: ClassVar[str] = "INTELLIGENT_MEMORY_"

    enabled: bool = True
    plugin: Annotated[Text, INERT] = "ebbinghaus"
    initial_retention: Annotated[Fraction, INERT] = 1.0
    decay_rate: Amount = 1.5
    decay_rate_multipliers: Annotated[Multipliers, Env("INTELLIGENT_MEMORY_DECAY_RATE_MULTIPLIERS")] = (
        Multipliers()
    )
    reinforcement_factor: Annotated[Amount, INERT] = 0.3
    forgotten_score_multiplier: Annotated[Fraction, INERT] = 0.1
    working_threshold: Annotated[Fraction, INERT] = 0.3
    short_term_threshold: Annotated[Fraction, INERT] = 0.6
    long_term_threshold: Annotated[Fraction, INERT] = 0.8
    review_intervals: Annotated[tuple[Amount, ...], INERT] = (1.0, 6.0, 24.0, 72.0, 168.0)
    """Hours after which a memory is due for review."""
    review_adjustment_factor: Annotated[Amount, INERT] = 0.3
    review_interval_min_hours: Annotated[Amount, INERT] = 0.5
    fallback_to_simple_add: bool = False
    custom_importance_evaluation_prompt: Annotated[str | None, INERT, Env()] = None


class Processing(Section):
    """Work in the background."""

    prefix: ClassVar[str] = "POWERMEM_PROCESSING_"

    concurrency: Whole = 50
    """How many users' work one process does side by side; 0 leaves it to other processes."""
    lease_seconds: Seconds = 60.0
    """After so long the work of a killed process is taken over."""
    poll_interval: Seconds = 1.0
    """Seconds between two looks for work that other processes have left."""
    segment_gap: Seconds = 1800.0
    """A pause of so many seconds ends a topic."""
    keep_days: Amount = 30.0
    """For how many days tasks that were completed or cancelled can be looked up."""
    resume: bool = True
    """Whether opening a memory goes on with the work that is left."""


class Budget(Section):
    """What models may be asked on one day, by all processes that use a collection together."""

    prefix: ClassVar[str] = "POWERMEM_BUDGET_"

    llm_calls_per_day: Whole | None = None
    llm_tokens_per_day: Whole | None = None
    """Of prompts and answers together."""
    embedded_texts_per_day: Whole | None = None

    def limits(self) -> dict[str, int]:
        """Return the limits that there are, by what they are of."""
        limits = {
            LLM_CALLS: self.llm_calls_per_day,
            LLM_TOKENS: self.llm_tokens_per_day,
            EMBEDDED_TEXTS: self.embedded_texts_per_day,
        }
        return {name: limit for name, limit in limits.items() if limit is not None}


class Search(Section):
    """How much each part of a score counts; zero switches a part off. See `powermem.ranking.weights`."""

    prefix: ClassVar[str] = "POWERMEM_SEARCH_"

    dense: Fraction = _SHIPPED.dense
    source: Fraction = _SHIPPED.source
    coverage: Fraction = _SHIPPED.coverage
    speaker: Fraction = _SHIPPED.speaker
    neighbour: Fraction = _SHIPPED.neighbour
    span: Whole = _SHIPPED.span
    run: Fraction = _SHIPPED.run
    asking: Fraction = _SHIPPED.asking
    moment: Fraction = _SHIPPED.moment
    period: Fraction = _SHIPPED.period
    phrase: Fraction = _SHIPPED.phrase
    recency: Fraction = _SHIPPED.recency
    voiced: bool = True
    """Whether a question about somebody is also embedded in the words of that person."""


class MemoryDecay(Section):
    """Older names for keys of `IntelligentMemory`, which they override when set."""

    prefix: ClassVar[str] = "MEMORY_DECAY_"

    enabled: bool = True
    algorithm: Annotated[Text, INERT] = "ebbinghaus"
    base_retention: Annotated[Fraction | None, INERT] = None
    forgetting_rate: Amount | None = None
    reinforcement_factor: Annotated[Amount | None, INERT] = None


class Security(Section):
    """``require_scope`` refuses calls that name no user, agent or run; ``allow_private_urls`` lets messages
    have images at any address, which the model's server fetches."""

    require_scope: Annotated[bool, Env("POWERMEM_REQUIRE_SCOPE")] = False
    allow_private_urls: Annotated[bool, Env("POWERMEM_ALLOW_PRIVATE_URLS")] = False
    encryption_enabled: Annotated[bool, INERT] = False
    encryption_key: Annotated[Secret | None, INERT] = None
    encryption_algorithm: Annotated[str, INERT] = "AES-256-GCM"
    access_control_enabled: Annotated[bool, INERT] = True
    access_control_default_permission: Annotated[str, INERT] = "READ_ONLY"
    access_control_admin_users: Annotated[str, INERT] = "admin,root"


class GraphStoreConfig(Section):
    """How to reach the graph store."""

    prefix: ClassVar[str] = "GRAPH_STORE_"

    collection_name: Identifier = "memories"
    embedding_model_dims: Count | None = None
    host: Host = ""
    ob_path: Annotated[Path, Env("GRAPH_STORE_PATH")] = "./seekdb_data"
    port: Port = 2881
    user: str = "root@test"
    password: Secret | None = None
    db_name: str = "test"
    connection_args: Annotated[Opaque | None, Env()] = None
    vidx_metric_type: Annotated[str, Env("GRAPH_STORE_VECTOR_METRIC_TYPE")] = "l2"
    index_type: str = "HNSW"
    pool_recycle: int = 3600
    pool_pre_ping: bool = True
    max_hops: Count = 3
    llm: Annotated[Opaque | None, Env()] = None
    custom_prompt: Annotated[str | None, Env()] = None
    custom_extract_relations_prompt: Annotated[str | None, Env()] = None
    custom_update_graph_prompt: Annotated[str | None, Env()] = None
    custom_delete_relations_prompt: Annotated[str | None, Env()] = None


class GraphStore(Section):
    """Entities and relations in a graph."""

    prefix: ClassVar[str] = "GRAPH_STORE_"
    inert: ClassVar[bool] = True

    enabled: bool = False
    provider: str = "oceanbase"
    config: GraphStoreConfig = GraphStoreConfig()
    llm: Annotated[Opaque | None, Env()] = None
    custom_prompt: str | None = None
    custom_extract_relations_prompt: str | None = None
    custom_update_graph_prompt: str | None = None
    custom_delete_relations_prompt: str | None = None


class SparseEmbedderConfig(Section):
    """How to reach the sparse embedder."""

    prefix: ClassVar[str] = "SPARSE_EMBEDDER_"

    model: str | None = None
    api_key: Secret | None = None
    embedding_dims: Annotated[Count | None, Env("SPARSE_EMBEDDER_DIMS", "SPARSE_EMBEDDER_EMBEDDING_DIMS")] = (
        None
    )
    base_url: Annotated[HttpUrl | None, Env("SPARSE_EMBEDDING_BASE_URL")] = None


class SparseEmbedder(Section):
    """Learned sparse vectors."""

    prefix: ClassVar[str] = "SPARSE_EMBEDDER_"
    inert: ClassVar[bool] = True

    provider: str | None = None
    config: SparseEmbedderConfig = SparseEmbedderConfig()


class AgentMemory(Section):
    """Sharing rules between agents."""

    prefix: ClassVar[str] = "AGENT_"
    inert: ClassVar[bool] = True

    enabled: bool = True
    mode: Annotated[str, Env("AGENT_MEMORY_MODE")] = "auto"
    default_scope: str = "AGENT"
    default_privacy_level: str = "PRIVATE"
    default_collaboration_level: str = "READ_ONLY"
    default_access_permission: str = "OWNER_ONLY"
    enable_collaboration: bool = True


class QueryRewrite(Section):
    """Rewriting a query with what is known of the user."""

    prefix: ClassVar[str] = "QUERY_REWRITE_"
    inert: ClassVar[bool] = True

    enabled: bool = False
    prompt: str | None = None
    model_override: str | None = None


class SkillStore(Section):
    """Skills distilled from experience."""

    prefix: ClassVar[str] = "SKILL_STORE_"
    inert: ClassVar[bool] = True

    enabled: bool = False
    collection_name: Identifier | None = None
    similarity_threshold: Amount = 0.03
    index_type: str | None = None


class SourceStore(Section):
    """A table of its own for the sources of memories."""

    prefix: ClassVar[str] = "SOURCE_STORE_"
    inert: ClassVar[bool] = True

    enabled: bool = False
    collection_name: Identifier | None = None


class Telemetry(Section):
    """There is no telemetry; the keys are accepted so that a configuration can be kept."""

    prefix: ClassVar[str] = "TELEMETRY_"
    inert: ClassVar[bool] = True

    enabled: bool = alias("enabled", "enable_telemetry", default=False)
    endpoint: HttpUrl | None = alias("endpoint", "telemetry_endpoint", default=None)
    api_key: Secret | None = alias("api_key", "telemetry_api_key", default=None)
    batch_size: Annotated[Count, Env("TELEMETRY_BATCH_SIZE", "BATCH_SIZE")] = alias(
        "batch_size", "telemetry_batch_size", default=100
    )
    flush_interval: Annotated[Seconds, Env("TELEMETRY_FLUSH_INTERVAL", "FLUSH_INTERVAL")] = alias(
        "flush_interval", "telemetry_flush_interval", default=30.0
    )
    retention_days: Count = 30


class Audit(Section):
    """An audit file."""

    prefix: ClassVar[str] = "AUDIT_"
    inert: ClassVar[bool] = True

    enabled: bool = True
    log_file: Path = "./logs/audit.log"
    log_level: str = "INFO"
    retention_days: Count = 90
    compress_logs: bool = True
    log_rotation_size: str | None = None


class Logging(Section):
    """A log file; a library leaves that to the program, through the ``logging`` module."""

    prefix: ClassVar[str] = "LOGGING_"
    inert: ClassVar[bool] = True

    level: str = "INFO"
    format: str | None = None
    file: Path | None = None
    max_size: str = "100MB"
    backup_count: Whole = 5
    compress_backups: bool = True
    console_enabled: bool = True
    console_level: str = "INFO"
    console_format: str = "%(levelname)s - %(message)s"


class Performance(Section):
    """Upstream's tuning keys, which never had an effect there either."""

    inert: ClassVar[bool] = True

    memory_batch_size: Count = 100
    memory_cache_size: Whole = 1000
    memory_cache_ttl: Amount = 3600.0
    memory_search_limit: Count = 10
    memory_search_threshold: Fraction = 0.7
    vector_store_batch_size: Count = 50
    vector_store_cache_size: Whole = 500
    vector_store_index_rebuild_interval: Amount = 86400.0


def switched_off(section: Section) -> bool:
    """Tell whether a section has a switch that is off."""
    switch: Any = getattr(section, "enabled", True)
    return switch is False
