"""The settings that are accepted although nothing reads them, so that configurations for powermem 1.1 load.

Their values are not checked. A warning names those that are set to something else than their default; a name
that is neither here nor in a section is an error like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

Path = tuple[str, ...]


class Ignored(NamedTuple):
    """Settings that have no effect for one reason.

    Attributes:
        reason: why.
        sections: the paths of the sections that have them, separated by spaces; ``"-"`` for the root.
        keys: their names, separated by spaces, in the form ``name|alias:VARIABLE,VARIABLE=default``. Without
            variables, a setting has that of its section's prefix and name; ``-`` stands for none. The default
            is JSON, ``null`` when it is left out.
        prefix: what the variables begin with, where no section says so.
        providers: the providers that ignore them, even if others do not; every provider when empty.
        silent: whether no warning names them.
    """

    reason: str
    sections: str
    keys: str
    prefix: str | None = None
    providers: str = ""
    silent: bool = False


# fmt: off
IGNORED = (
    Ignored("Says which library a configuration was made for.", "-", "version:-", silent=True),
    Ignored("The history of a memory is in the store.", "-", "history_db_path:-"),
    Ignored("Importance is not a question to a model.", "-",
            "custom_importance_evaluation_prompt:POWERMEM_CUSTOM_IMPORTANCE_EVALUATION_PROMPT"),
    Ignored("A collection is not divided by filters.", "-", "sub_stores:-=[]"),
    Ignored("Queries are read by rules, not rewritten by a model.", "query_rewrite",
            "enabled=false prompt model_override", "QUERY_REWRITE_"),
    Ignored("There is no graph; entities are found by the words of memories.", "graph_store",
            "enabled=false provider threshold:- llm:- custom_prompt custom_extract_relations_prompt "
            "custom_update_graph_prompt custom_delete_relations_prompt", "GRAPH_STORE_"),
    Ignored("There is no graph; entities are found by the words of memories.", "-", "enable_graph:-=false"),
    Ignored("There is no graph; entities are found by the words of memories.", "graph_store.config",
            "url:- username:- database:- base_label:- endpoint:- app_id:- db:- "
            "collection_name embedding_model_dims host ob_path:GRAPH_STORE_PATH port user password db_name "
            "connection_args:- vidx_metric_type:GRAPH_STORE_VECTOR_METRIC_TYPE index_type pool_recycle "
            "pool_pre_ping max_hops llm:- custom_prompt:- custom_extract_relations_prompt:- "
            "custom_update_graph_prompt:- custom_delete_relations_prompt:-", "GRAPH_STORE_"),
    Ignored("Full text does what sparse vectors would.", "sparse_embedder", "provider", "SPARSE_EMBEDDER_"),
    Ignored("Full text does what sparse vectors would.", "sparse_embedder.config",
            "model api_key embedding_dims:SPARSE_EMBEDDER_DIMS,SPARSE_EMBEDDER_EMBEDDING_DIMS "
            "base_url:SPARSE_EMBEDDING_BASE_URL", "SPARSE_EMBEDDER_"),
    Ignored("Skills are not distilled.", "skill_store",
            "enabled=false collection_name similarity_threshold index_type", "SKILL_STORE_"),
    Ignored("Source turns have their table in any case.", "source_store", "enabled=false collection_name",
            "SOURCE_STORE_"),
    Ignored("Agents are kept apart by agent_id; there is nothing to negotiate.", "agent_memory",
            "enabled=true mode:AGENT_MEMORY_MODE default_scope default_privacy_level "
            "default_collaboration_level default_access_permission enable_collaboration", "AGENT_"),
    Ignored("There is no telemetry.", "telemetry",
            "enabled|enable_telemetry=false endpoint|telemetry_endpoint api_key|telemetry_api_key "
            "batch_size|telemetry_batch_size:TELEMETRY_BATCH_SIZE,BATCH_SIZE "
            "flush_interval|telemetry_flush_interval:TELEMETRY_FLUSH_INTERVAL,FLUSH_INTERVAL retention_days",
            "TELEMETRY_"),
    Ignored("The history of a memory is in the store.", "audit",
            "enabled=true log_file log_level retention_days compress_logs log_rotation_size", "AUDIT_"),
    Ignored("A program sets up the module logging itself.", "logging",
            "level format file max_size backup_count compress_backups console_enabled console_level "
            "console_format", "LOGGING_"),
    Ignored("They had no effect in powermem 1.1 either.", "performance",
            "memory_batch_size memory_cache_size memory_cache_ttl memory_search_limit "
            "memory_search_threshold vector_store_batch_size vector_store_cache_size "
            "vector_store_index_rebuild_interval", ""),
    Ignored("Files and servers encrypt; the caller decides who may call.", "security",
            'encryption_enabled=false encryption_key encryption_algorithm="AES-256-GCM" '
            'access_control_enabled=true access_control_default_permission="READ_ONLY" '
            'access_control_admin_users="admin,root"'),
    Ignored("Recency is one decay for all memories, without stages or reviews.", "intelligent_memory",
            'plugin="ebbinghaus" initial_retention=1 reinforcement_factor=0.3 forgotten_score_multiplier=0.1 '
            "working_threshold=0.3 short_term_threshold=0.6 long_term_threshold=0.8 "
            "review_intervals=[1,6,24,72,168] review_adjustment_factor=0.3 review_interval_min_hours=0.5 "
            "custom_importance_evaluation_prompt:-"),
    Ignored("Recency is one decay for all memories, without stages or reviews.",
            "intelligent_memory.decay_rate_multipliers", "working:-=1 long_term:-=60"),
    Ignored("Recency is one decay for all memories, without stages or reviews.", "memory_decay",
            'algorithm="ebbinghaus" base_retention reinforcement_factor'),
    Ignored("Connections are powermem's own.",
            "llm.config vision.config audio_llm.config embedder.config reranker.config",
            "http_client:- http_client_proxies:-"),
    Ignored("What a model accepts is found out by asking it.", "llm.config vision.config",
            "is_reasoning_model:- lmstudio_response_format:- enable_sampling_parameters:-"),
    Ignored("Gemini's own API is called, with a key.", "llm.config vision.config",
            "vertexai:-=false project:- location:-", providers="gemini"),
    Ignored("The provider is known and refused.", "llm.config vision.config",
            "aws_access_key_id:- aws_secret_access_key:- aws_region:- aws_session_token:- aws_profile:- "
            "model_kwargs:- provider_override:- top_k:-", providers="aws_bedrock"),
    Ignored("The provider is known and refused.", "reranker.config",
            "device:- batch_size:- max_length:- normalize:- show_progress_bar:-",
            providers="sentence_transformer huggingface"),
    Ignored("Memories are reranked whole, by their texts.", "reranker.config",
            "return_documents:-=false max_chunks_per_doc:-", providers="cohere"),
    Ignored("Replies are not handed over raw.", "llm.config vision.config", "response_callback:-"),
    Ignored("OpenAI's API has no top_k, and some servers refuse it.", "llm.config vision.config", "top_k"),
    Ignored("They are OpenRouter's.", "llm.config vision.config",
            "models route openrouter_base_url site_url app_name",
            providers="openai openai_structured siliconflow"),
    Ignored("Keys that every language model takes, of a model that only listens.",
            "llm.config vision.config audio_llm.config",
            'top_k:- enable_vision:-=false vision_details:-="auto" response_callback:- result_format',
            providers="qwen_asr"),
    Ignored("Texts are embedded in one way, whatever they are for.", "embedder.config",
            "memory_add_embedding_type memory_update_embedding_type memory_search_embedding_type",
            providers="qwen"),
    Ignored("What is stored is a document, and what is asked a question.", "embedder.config",
            "memory_add_embedding_type memory_update_embedding_type memory_search_embedding_type",
            providers="vertexai"),
    Ignored("Images are described in words before they are embedded.", "embedder.config", "multimodal",
            providers="qwen"),
    Ignored("The model runs on a server, or is the local one.", "embedder.config", "model_kwargs",
            providers="huggingface"),
    Ignored("The key says whose project it is.", "embedder.config",
            "project_id:OB_MASS_PROJECT_ID request_id", providers="ob_mass"),
    Ignored("The section llm says how the model is reached.", "reranker.config",
            "model api_key base_url:RERANKER_API_BASE_URL max_concurrency=64 timeout max_retries "
            "default_headers", providers="llm llm_reranker"),
    Ignored("The section llm says how the model is reached.", "reranker.config",
            "provider:- temperature:- max_tokens:- scoring_prompt:- llm:-", providers="llm_reranker"),
    Ignored("Search does not ask this database for a ranking.", "vector_store.config", "reranker:-",
            providers="oceanbase seekdb"),
    Ignored("Columns, indexes and the ranking of a search are powermem's own.", "vector_store.config",
            "pool_pre_ping:OCEANBASE_POOL_PRE_PING index_type:OCEANBASE_INDEX_TYPE "
            "vidx_metric_type:OCEANBASE_VECTOR_METRIC_TYPE vidx_algo_params vidx_name:OCEANBASE_VIDX_NAME "
            "normalize include_sparse:OCEANBASE_INCLUDE_SPARSE,SPARSE_VECTOR_ENABLE hybrid_search "
            "enable_native_hybrid:OCEANBASE_ENABLE_NATIVE_HYBRID auto_configure_vector_index fulltext_parser "
            "primary_field:OCEANBASE_PRIMARY_FIELD vector_field:OCEANBASE_VECTOR_FIELD "
            "text_field:OCEANBASE_TEXT_FIELD metadata_field:OCEANBASE_METADATA_FIELD vector_weight "
            "fts_weight sparse_weight", providers="oceanbase seekdb", silent=True),
    Ignored("The index is HNSW, or none.", "vector_store.config", "diskann:POSTGRES_DISKANN",
            providers="postgres pgvector", silent=True),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Key:
    """One ignored setting; see `Ignored`. ``variables`` is ``None`` for that of its section's prefix."""

    name: str
    aliases: tuple[str, ...]
    variables: tuple[str, ...] | None
    default: object
    row: Ignored

    def variables_with(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the environment variables that set it."""
        return (f"{prefix}{self.name}".upper(),) if self.variables is None else self.variables


@cache
def keys_at(path: Path, provider: str = "") -> Mapping[str, Key]:
    """Return the ignored settings of a section by their names and aliases.

    Args:
        path: of the section.
        provider: the provider that is chosen in the section around it, if there is one.
    """
    rows = [
        row
        for row in IGNORED
        if (".".join(path) or "-") in row.sections.split()
        and (not row.providers or provider in row.providers.split())
    ]
    # A setting ignored by one provider takes precedence over one ignored by all.
    ordered = sorted(rows, key=lambda row: bool(row.providers))
    keys = [_key(word, row) for row in ordered for word in row.keys.split()]
    return {name: key for key in keys for name in (key.name, *key.aliases)}


SECTIONS = {tuple(row.sections.split(".")): row.prefix for row in IGNORED if row.prefix is not None}
"""The paths of the sections all of whose settings are ignored, and what their variables begin with."""


def sections_in(path: Path) -> list[str]:
    """Return the names of the ignored sections that stand directly in a section."""
    return [section[-1] for section in SECTIONS if section[:-1] == path]


def is_worth_telling(path: Path, value: Any, key: Key | None) -> bool:
    """Tell whether a warning names what was set.

    Args:
        path: where it stands.
        value: the given value.
        key: the setting, or ``None`` for a section all of whose settings are ignored.
    """
    if key is not None:
        given = list(value) if isinstance(value, tuple) else read_text(value)
        return not key.row.silent and given != key.default
    switch = keys_at(path).get("enabled")
    return switch is None or read_text(value.get("enabled", switch.default)) not in (False, "off", "no")


def read_text(value: object) -> object:
    """Return what a text is in JSON, if it is JSON; all else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value.lower() if value.lower() in ("true", "false") else value)
    except ValueError:
        return value


def _key(word: str, row: Ignored) -> Key:
    names, equals, default = word.partition("=")
    names, colon, variables = names.partition(":")
    name, *aliases = names.split("|")
    listed = () if variables == "-" else tuple(variables.split(","))
    return Key(name, tuple(aliases), listed if colon else None, json.loads(default) if equals else None, row)
