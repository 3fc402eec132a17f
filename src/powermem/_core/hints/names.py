"""Suggest replacements for names that other libraries or former versions have."""

from __future__ import annotations

from collections.abc import Iterable

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
    _CLEAR: "clear clear_user delete_user delete_users delete_entity_memories forget_all delete_all_memories",
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
        ["MemoryBase", "MemoryClient", "AsyncMemoryClient", "Client", "PowerMem", "PowerMemory", "Memori"],
        _HERE,
    ),
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
