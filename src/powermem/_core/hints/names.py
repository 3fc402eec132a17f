"""Say what to write instead of names and arguments of other libraries and of former versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import Parameter, Signature

from .suggestions import nearest, shown_name

_SEARCH = "search(query, user_id=...)"
_ADD = "add(messages, user_id=...)"
_LIST = "get_all(user_id=...)"
_DELETE = "delete(memory_id)"
_CLEAR = "delete_all(user_id=...)"
_METHODS = {
    _SEARCH: "retrieve search_memory search_memories query find ask similarity_search semantic_search",
    _ADD: "add_memory add_memories add_messages add_knowledge save store remember insert put append",
    "add_many(items)": "add_batch batch_add bulk_add insert_many add_knowledge_batch load",
    _LIST: "list list_memories list_knowledge get_memories get_all_memories all",
    "get(memory_id)": "get_memory get_knowledge get_by_id fetch",
    "update(memory_id, content)": "update_memory edit modify set",
    "update(memory_id, expires_at=...)": "invalidate_knowledge invalidate expire",
    _DELETE: "delete_memory delete_many batch_delete remove forget delete_knowledge",
    _CLEAR: "clear clear_user delete_user delete_users forget_all delete_all_memories",
    "history(memory_id)": "get_history memory_history",
    "context(query, user_id=...)": "to_prompt as_text get_context format",
    "get_status(task_id)": "get_task_status task_status status",
    "wait_for_processing(user_id)": "wait",
    "initialize()": "open start connect setup init",
    "close()": "stop shutdown disconnect dispose",
    "llm.register(client)": "openai anthropic chat register register_client enable",
    "export_memories(path)": "export dump backup",
    "import_memories(path)": "import_ restore",
    "Memory() or AsyncMemory(), which read .env and the environment": "from_env",
}
_METHOD_WORDS = {word: written for written, words in _METHODS.items() for word in words.split()}
_CLIENTS = "give the client itself: register(client)"
_WORDS = {
    "llm": dict.fromkeys(("openai", "anthropic", "langchain", "google", "litellm", "pydantic_ai"), _CLIENTS),
}
_GONE = "there is none in this version; docs/coming-from.md says what comes nearest"
_HERE = "use Memory or AsyncMemory"
MODULE_NAMES = {
    "create_config": "write the configuration as a dict; docs/configuration.md lists its keys",
    "from_config": "use Memory.from_config(config) or create_memory(config)",
    **dict.fromkeys(
        ["UserMemory", "AsyncUserMemory", "AgentMemory", "SkillManager", "SkillStoreConfig"], _GONE
    ),
    **dict.fromkeys(
        ["MemoryBase", "MemoryClient", "AsyncMemoryClient", "Client", "PowerMem", "PowerMemory"],
        _HERE,
    ),
    "Memori": "from powermem.compat import Memori, or use Memory or AsyncMemory",
}
"""Names that users try to import from ``powermem``, and their replacements."""


def explain_attribute(owner: str, name: str, names: Iterable[str]) -> str:
    """Return an error message for a missing attribute, with a replacement if there is one.

    Args:
        owner: the public name of the class, such as ``"Memory"`` or ``"Memory.llm"``.
        name: the attribute.
        names: the existing attributes.
    """
    from .suggestions import nearest, shown_name

    plain = name.strip().lower()
    special = _WORDS.get(owner.partition(".")[2], {}).get(plain)
    if special is not None:
        return f"{owner} has no {shown_name(name)}; {special}"
    meant = nearest(plain, names, 0.75)
    if "." not in owner:
        meant = _METHOD_WORDS.get(plain, meant)
    return f"{owner} has no {shown_name(name)}" + (f"; write {meant}" if meant else "")


_SAME = {
    "limit": "k n top_k topk top_n topn num max_results num_results n_results size count page_size max_items "
    "memory_limit_number",
    "offset": "skip start from_ after",
    "filters": "filter where metadata_filter metadata_filters condition conditions query_filter",
    "user_id": "user userid uid owner owner_id username entity_id customer_id account_id person user_name",
    "agent_id": "agent agentid bot assistant_id agent_name",
    "run_id": "run session session_id sessionid thread thread_id conversation conversation_id chat_id runid",
    "messages": "text content message data memory memories document input conversation texts value",
    "query": "q text question prompt search_query message content input",
    "queries": "query texts questions",
    "memory_id": "id memory mem_id memid memoryid record_id",
    "content": "new_content memory new_text new_memory message value",
    "metadata": "meta tags attributes extra properties payload",
    "threshold": "min_score score_threshold similarity_threshold cutoff min_similarity min_relevance score",
    "sort_by": "sort order_by sortby sort_key",
    "order": "reverse descending desc ascending sort_order direction",
    "expires_at": "ttl expires expires_in expire_at expiration expiration_date expiry valid_until",
    "timestamp": "time date when created_at at datetime",
    "async_mode": "background async_ asynchronous run_async nowait",
    "infer": "extract inference use_llm",
    "rerank": "reranking use_reranker",
    "path_or_file": "path file filename target output destination",
    "source": "path file filename path_or_file input data",
    "format": "type output_format file_format",
    "actor_id": "actor speaker name author",
    "user_message": "user message question input",
    "assistant_message": "assistant reply answer response output",
    "task_id": "id task taskid",
    "idempotency_key": "key request_id dedup_key",
    "as_of": "at time when date at_time as_of_date valid_at",
    "include_expired": "show_expired expired with_expired include_all include_invalid",
    "concurrency": "workers max_workers parallelism max_concurrency threads",
    "max_tokens": "token_budget budget tokens",
    "timeout": "seconds wait max_wait",
    "entity_id": "user_id user",
    "batch_threshold": "threshold batch_size buffer_size",
    "config": "settings configuration options conf cfg",
    "conn": "db_url database_url connection engine url dsn db connection_string session session_factory uri",
}
_ELSEWHERE = {
    "namespace": "give user_id, agent_id or run_id, or set vector_store.config.collection_name",
    "collection": "set vector_store.config.collection_name",
    "collection_name": "set vector_store.config.collection_name",
    "output_format": "leave it out: results have one form",
    "version": "leave it out: results have one form",
    "enable_graph": "leave it out: there is no graph store",
    "includes": "put instructions into custom_fact_extraction_prompt of the configuration",
    "excludes": "put instructions into custom_fact_extraction_prompt of the configuration",
    "custom_instructions": "give them as prompt",
    "custom_categories": "put them into categories of the configuration",
    "app_id": "give agent_id, or put it into metadata",
    "vector_weight": "set search.dense in the configuration",
    "keyword_search": "leave it out: words and vectors are always searched",
    "include_preference": "get_preferences(user_id) returns them",
    "page": "set offset to the number of memories to pass over",
    "confirm": "leave it out: the call does it at once",
}
_SECTIONS = {
    "vector_store": "storage_type storage store vector_store database database_path db_path path sqlite_path "
    "provider db_provider database_provider store_provider vector_store_config storage_config "
    "collection_name collection",
    "llm": "llm_provider llm llm_config model llm_model api_key openai_api_key base_url temperature",
    "embedder": "embedder embedding embedding_provider embedding_model embedder_provider embedder_config "
    "embeddings embedding_config embedding_dims",
    "reranker": "reranker rerank reranker_provider reranker_config",
    "http": "timeout retries proxy",
}
_INSIDE = {
    "llm": '{"provider": "openai", "config": {"model": "...", "api_key": KEY}}',
    "embedder": '{"provider": "openai", "config": {"model": "...", "api_key": KEY}}',
    "reranker": '{"enabled": True, "provider": "...", "config": {...}}',
    "vector_store": '{"provider": "sqlite", "config": {"database_path": "..."}}',
    "http": '{"read_timeout": 60}',
}
_SAME_WORDS = {name: frozenset(words.split()) for name, words in _SAME.items()}
_SECTION_WORDS = {name: frozenset(words.split()) for name, words in _SECTIONS.items()}


def explain(call: str, signature: Signature, given: Sequence[object], named: Mapping[str, object]) -> str:
    """Explain why arguments do not fit a signature, and list the arguments that a call takes.

    Args:
        call: the call as users write it, such as ``"Memory.search"``.
        signature: its signature, without ``self``.
        given: the positional arguments.
        named: the keyword arguments.
    """
    parameters = [p for p in signature.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    taken = [p.name for p in parameters]
    positional = [p.name for p in parameters if p.kind is not Parameter.KEYWORD_ONLY]
    filled = {*named, *positional[: len(given)]}
    # The first rule that the call breaks is named, since mending it often mends the others.
    if unknown := [name for name in named if name not in taken]:
        hint = _hint(call, unknown[0], taken, [name for name in taken if name not in filled])
        return f"{call}: unknown argument {shown_name(unknown[0])}; {hint}{_takes(taken)}"
    if len(given) > len(positional):
        return f"{call}: {_too_many(len(given), len(positional), taken)}"
    if twice := [name for name in positional[: len(given)] if name in named]:
        return f"{call}: {twice[0]} is given twice, by position and by name"
    missing = [p.name for p in parameters if p.default is Parameter.empty and p.name not in filled]
    return f"{call}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; {_takes(taken)}"


def suggested(name: object, names: Sequence[str]) -> str:
    """Return ``"did you mean ...? "`` for an argument that does not exist, or nothing."""
    return _hint("", str(name), names, names)


def _too_many(given: int, positional: int, taken: Sequence[str]) -> str:
    by_name = ", ".join(f"{name}=" for name in taken[positional:][:4])
    more = f"; give further ones by name, such as {by_name}" if by_name else ""
    most = f"at most {positional} arguments" if positional else "no argument"
    return f"takes {most} without a name, got {given}{more}"


def _takes(names: Sequence[str]) -> str:
    return f"it takes {', '.join(names)}" if names else "it takes no arguments"


def _hint(call: str, name: str, taken: Sequence[str], free: Sequence[str]) -> str:
    plain = name.strip().lower()
    if "conn" in taken and "config" in taken:
        for section, words in _SECTION_WORDS.items():
            if plain in words:
                return f'write config={{"{section}": {_INSIDE[section]}}}; '
    for parameter in (*free, *taken):
        if plain in _SAME_WORDS.get(parameter, ()):
            return f"did you mean {parameter}? "
    if call.endswith(".recall") and plain in _SAME_WORDS["user_id"] | {"user_id"}:
        return "attribution(entity_id=...) says whose memories are recalled; "
    if plain in _ELSEWHERE:
        return f"{_ELSEWHERE[plain]}; "
    meant = nearest(name, free) or nearest(name, taken)
    return f"did you mean {meant}? " if meant else ""
