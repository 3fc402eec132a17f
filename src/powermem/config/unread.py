"""Variables that are set although nothing reads them: misspelt ones, and those of a provider not chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .._core.hints.suggestions import nearest
from .._core.masking import MASK, is_key

_FOR_PROCESS = frozenset({"POWERMEM_ENV_FILE", "POWERMEM_DEBUG"})
# Of names as general as these only the exact one is ours.
_GENERAL = frozenset({"BATCH_SIZE", "FLUSH_INTERVAL", "ENDPOINT_URL", "DIMS", "TIMEZONE"})
_OURS = (
    "AUDIO_LLM_", "DATABASE_", "EMBEDDER_", "EMBEDDING_", "INTELLIGENT_MEMORY_", "LLM_", "MEMORY_DECAY_",
    "MYSQL_", "OCEANBASE_", "POSTGRES_", "POWERMEM_", "RERANKER_", "SEEKDB_", "SQLITE_", "VECTOR_STORE_",
)  # fmt: skip
_SAME = {
    "CLAUDE_API_KEY": "ANTHROPIC_API_KEY",
    "DATABASE_TYPE": "DATABASE_PROVIDER",
    "DATABASE_URL": "VECTOR_STORE_CONNECTION_STRING",
    "DB_HOST": "DATABASE_HOST",
    "DB_PASSWORD": "DATABASE_PASSWORD",
    "DB_PATH": "SQLITE_PATH",
    "DB_PROVIDER": "DATABASE_PROVIDER",
    "DB_TYPE": "DATABASE_PROVIDER",
    "EMBEDDER": "EMBEDDING_PROVIDER",
    "LLM": "LLM_PROVIDER",
    "LLM_KEY": "LLM_API_KEY",
    "LLM_NAME": "LLM_MODEL",
    "LLM_TYPE": "LLM_PROVIDER",
    "LLM_URL": "LLM_BASE_URL",
    "OLLAMA_BASE_URL": "OLLAMA_LLM_BASE_URL",
    "OPENAI_KEY": "OPENAI_API_KEY",
    "OPENAI_MODEL": "LLM_MODEL",
    "RERANK_PROVIDER": "RERANKER_PROVIDER",
    "SQLITE_DB": "SQLITE_PATH",
    "STORAGE_TYPE": "DATABASE_PROVIDER",
    "STORE_PROVIDER": "DATABASE_PROVIDER",
    "VECTOR_STORE_PROVIDER": "DATABASE_PROVIDER",
    "VECTOR_STORE_TYPE": "DATABASE_PROVIDER",
}


def misspelt(given: Iterable[str], in_file: Collection[str], known: Collection[str]) -> list[str]:
    """Return a sentence for each variable that nothing reads and that was probably meant for this library.

    Args:
        given: the names that are set, in the file or in the environment.
        in_file: those set in ``.env``, which belongs to us more surely than the environment does.
        known: every name that is read.
    """
    given = set(given)
    candidates = [name for name in known if name not in _GENERAL]
    said = []
    for name in sorted(given.difference(known, _FOR_PROCESS)):
        upper = name.upper()
        ours = upper.startswith("POWERMEM_") or (name in in_file and upper.startswith(_OURS))
        meant = _meant(upper, candidates, 0.75 if ours else 0.8 if name in in_file else 0.85)
        if meant in given and not ours:
            # What it resembles is set as well, so it is no slip.
            continue
        if meant is None and not ours:
            continue
        if upper == "DATABASE_URL" and name not in in_file and "DATABASE_PROVIDER" not in given:
            continue
        where = "in .env" if name in in_file else "in the environment"
        hint = f"; did you mean {meant}?" if meant else "; see .env.example for the names that are"
        said.append(f"the variable {MASK if is_key(name) else name} {where} is not read{hint}")
    return said


def without_effect(
    given: Collection[str], read: Collection[str], ours: Mapping[str, str], chosen: Mapping[str, str]
) -> list[str]:
    """Return a sentence for each section of which variables are set that its provider does not read.

    Args:
        given: the names that are set.
        read: the names that the chosen providers read.
        ours: for each name of a section with a provider, that section's variable, such as ``LLM_PROVIDER``.
        chosen: the provider of each such variable.
    """
    idle: dict[str, list[str]] = {}
    for name in sorted(set(given).difference(read)):
        if name in ours:
            idle.setdefault(ours[name], []).append(name)
    return [f"{', '.join(names)}: no effect with {by}={chosen[by]}" for by, names in idle.items()]


def _meant(name: str, known: Collection[str], cutoff: float) -> str | None:
    if name in known:
        return name
    if name in _SAME:
        return _SAME[name]
    if name.startswith("EMBEDDER_") and (other := f"EMBEDDING_{name[9:]}") in known:
        return other
    close = [other for other in known if abs(len(other) - len(name)) <= 6 and _share(name, other)]
    return nearest(name, close, cutoff) if close else None


def _share(name: str, other: str) -> bool:
    """Tell whether two names share a first or a last word, or nearly all of their letters."""
    return (
        name.split("_")[0] == other.split("_")[0]
        or name.rsplit("_", 1)[-1] == other.rsplit("_", 1)[-1]
        or sorted(name) == sorted(other)
    )
