"""Read the configuration from a JSON file, from ``.env`` and from the environment."""

from __future__ import annotations

import codecs
import io
import json
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from dotenv import dotenv_values, find_dotenv

from powermem.errors import ConfigError

from .._core.hints.suggestions import nearest
from .._core.masking import MASK, is_key, shown
from . import ignored
from .fields import Env, Section, marker, reveal, section_in
from .models import Chosen, MemoryConfig
from .tables import DETECTED, LLMS
from .validation import InvalidConfig, Problem

if TYPE_CHECKING:
    from ..types import ConfigDict


_logger = logging.getLogger("powermem")

_EMBEDDED = ("oceanbase", "seekdb")
_SERVER = ("OCEANBASE_HOST", "DATABASE_HOST", "VECTOR_STORE_UNIX_SOCKET")
_NEEDS_SERVER = tuple(
    f"{prefix}_{name}" for prefix in ("OCEANBASE", "DATABASE") for name in ("PORT", "USER", "PASSWORD")
)
_LLM_ADDRESSES = tuple(name for row in LLMS.values() for name in row.base_url_env if "_LLM_" in name)

_Path = tuple[str, ...]


def auto_config(env_file: str | os.PathLike[str] | None = None) -> ConfigDict:
    """Read the configuration from ``.env`` and the environment, which takes precedence.

    A blank variable counts as not set. If a setting has several variables, the first of them in
    ``.env.example`` that is set counts. Nothing is written to ``os.environ``.

    Without ``LLM_PROVIDER``, a vendor's key selects the language model; of several keys, the first in
    `tables.DETECTED` does. The embedder stays local until ``EMBEDDING_PROVIDER`` is set.

    Args:
        env_file: the file to read; by default the one in ``POWERMEM_ENV_FILE``, or else ``.env`` in the
            current directory or the nearest one above it, if there is one.

    Returns:
        A dict for `MemoryConfig`. It holds secrets as plain text.

    Raises:
        ConfigError: a given file cannot be read, or a value is wrong.
    """
    in_file, in_process = _given(_file_variables(env_file)), _given(os.environ)
    given = {**in_file, **in_process}
    config = from_variables(given)
    for warning in (*misspelt(given, in_file, known_variables()), *_idle(given)):
        _logger.warning(warning)
    return config


def read_variables(env_file: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """Return the variables of ``.env`` and of the environment, which takes precedence; see `auto_config`."""
    return {**_given(_file_variables(env_file)), **_given(os.environ)}


def scope_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return whose memories the variables name for a server, by the names of the ids."""
    return {name: variables.get(variable, "").strip() or None for name, variable in _SCOPE.items()}


def load_config_from_env() -> ConfigDict:
    """Return `auto_config()`."""
    return auto_config()


def load_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a configuration from a JSON file.

    Raises:
        ConfigError: there is no such file, or it does not hold a JSON object.
    """
    text = _text(_path(path, "path"), "configuration file")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected a JSON object, got {type(data).__name__}")
    return data


def known_variables() -> dict[str, tuple[str, ...]]:
    """Return every known environment variable, with the paths that it can set."""
    paths: dict[str, list[str]] = {}
    for path, names, _ in _all_settings():
        for name in names:
            found = paths.setdefault(name, [])
            if (dotted := ".".join(path)) not in found:
                found.append(dotted)
    return {name: tuple(found) for name, found in sorted(paths.items())}


def from_variables(variables: Mapping[str, str | None]) -> ConfigDict:
    """Build the configuration from the given environment variables only."""
    given = _given(variables)
    given.update(_detected_llm(given))
    _require_named("EMBEDDING_PROVIDER", ("EMBEDDING_API_KEY",), given)
    _require_named("AUDIO_LLM_PROVIDER", ("AUDIO_LLM_API_KEY",), given)
    data: dict[str, Any] = {}
    origins: dict[_Path, str] = {}
    wrong: list[Problem] = []
    for path, names, read in _settings(given):
        variable = next((name for name in names if name in given), None)
        if variable is None:
            continue
        origins[path] = variable
        try:
            _put(data, path, read(given[variable]))
        except json.JSONDecodeError as error:
            wrong.append(Problem(path, f"expected JSON, but at column {error.colno}: {error.msg}", variable))
    config, found = _check(data)
    wrong += [problem._replace(variable=_origin(problem.path, origins)) for problem in found]
    if wrong or config is None:
        raise InvalidConfig(tuple(wrong))
    return _as_dict(config)


def _given(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Return the variables that are set; a blank one counts as not set, and overrides nothing."""
    return {name: value.strip() for name, value in variables.items() if value and value.strip()}


def _idle(variables: Mapping[str, str]) -> list[str]:
    """Return a sentence for what is set but has no effect beside the chosen providers."""
    given = {**variables, **_detected_llm(variables)}
    always = [(name, section) for name, section in _sections() if not section.optional]
    defaults = {section.provider_variable: section.model_fields["provider"].default for _, section in always}
    chosen = {by: given.get(by, str(default)).lower() for by, default in defaults.items()}
    read = {name for _, names, _ in _settings(given) for name in names}
    ours = {name: section.provider_variable for key, section in always for name in _owned(key, section)}
    if chosen["LLM_PROVIDER"] in ("none", "noop"):
        # Its config has the keys of every model, and reads none of them; nor is any vendor's address needed.
        read = {name for name in read if name == "LLM_PROVIDER" or not name.startswith("LLM_")}
        ours |= dict.fromkeys(_LLM_ADDRESSES, "LLM_PROVIDER")
    if chosen["EMBEDDING_PROVIDER"] in ("default", "local", "none"):
        read.discard("EMBEDDING_BASE_URL")
    return [*without_effect(given, read, ours, chosen), *_idle_login(given, chosen["DATABASE_PROVIDER"])]


def _owned(key: str, section: type[Chosen]) -> Iterator[str]:
    # A vendor's own variables may be those of another program; those of a database are ours.
    prefix = "" if key == "vector_store" else section.prefix
    for provider in section.known():
        for _, names, _ in _fields_of(key, section, provider):
            yield from (name for name in names if name.startswith(prefix))


def _idle_login(given: Collection[str], store: str) -> list[str]:
    needless = [name for name in _NEEDS_SERVER if name in given]
    if not needless or store not in _EMBEDDED or any(name in given for name in _SERVER):
        return []
    return [
        f"{', '.join(needless)}: no effect without OCEANBASE_HOST; memories go to a database inside "
        "this process, in the folder OCEANBASE_PATH"
    ]


def _check(data: dict[str, Any]) -> tuple[MemoryConfig | None, tuple[Problem, ...]]:
    try:
        return MemoryConfig(**data), ()
    except InvalidConfig as error:
        return None, error.problems


def _as_dict(config: MemoryConfig) -> ConfigDict:
    data: dict[str, Any] = reveal(config.model_dump(exclude_unset=True))
    for name, chosen in (("llm", config.llm), ("embedder", config.embedder)):
        data[name] = {"provider": chosen.provider, "config": {}, **data.get(name, {})}
    data["vector_store"] = reveal(config.vector_store.model_dump(exclude_none=True))
    for path, value in config.without_effect().items():
        _put(data, path, value)
    return cast("ConfigDict", data)


def _file_variables(env_file: str | os.PathLike[str] | None) -> dict[str, str | None]:
    named = env_file if env_file is not None else os.environ.get("POWERMEM_ENV_FILE", "").strip()
    found = named or find_dotenv(usecwd=True)
    if not found:
        return {}
    path = _path(found, "env_file")
    # Read here, since python-dotenv treats a missing file as empty.
    return dotenv_values(stream=io.StringIO(_text(path, ".env file")))


def _path(value: object, name: str) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        raise ConfigError(f"{name}: expected the path of a file, got {shown(value)}")
    return Path(value).expanduser()


def _text(path: Path, what: str) -> str:
    try:
        data = path.read_bytes()
        # Some editors and shells on Windows write UTF-16 with a byte order mark.
        marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if marked else "utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such {what}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}: this {what} is not UTF-8 text, see line {line}; save it as UTF-8"
        ) from None
    except ValueError:
        raise ConfigError(f"{what}: the path holds a NUL character or half of a surrogate pair") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read this {what}: {error.strerror}") from None


def _detected_llm(given: Mapping[str, str]) -> dict[str, str]:
    if "LLM_PROVIDER" in given:
        return {}
    _require_named("LLM_PROVIDER", ("LLM_API_KEY",), given)
    for name in DETECTED:
        if any(variable in given for variable in LLMS[name].api_key_env):
            return {"LLM_PROVIDER": name}
    _require_named("LLM_PROVIDER", ("LLM_MODEL",), given)
    return {}


def _require_named(provider_variable: str, variables: tuple[str, ...], given: Mapping[str, str]) -> None:
    # A wrong guess would send the key to another vendor.
    alone = next((name for name in variables if name in given), None)
    if alone is not None and provider_variable not in given:
        raise ConfigError(f"{alone} is set, but {provider_variable} is not; set it to the intended provider")


_Setting = tuple[_Path, tuple[str, ...], Callable[[str], object]]
"""A path, its variables in order of precedence, and the parser of their text."""


def _settings(given: Mapping[str, str]) -> Iterator[_Setting]:
    """Yield the settings of the sections and of the chosen providers."""
    for name, section in _sections():
        if not section.optional or any(variable.startswith(section.prefix) for variable in given):
            chosen = given.get(section.provider_variable)
            yield from _fields_of(name, section, section.chosen({"provider": chosen}))
    yield from _without_provider()


def _all_settings() -> Iterator[_Setting]:
    """Yield the settings of the sections and of every provider."""
    for name, section in _sections():
        for provider in section.known():
            yield from _fields_of(name, section, provider)
    yield from _without_provider()


def _without_provider() -> Iterator[_Setting]:
    yield from _fields(MemoryConfig, (), "")
    for path, prefix in ignored.SECTIONS.items():
        for key in ignored.keys_at(path).values():
            yield from _ignored(path, key, prefix)


def _sections() -> Iterator[tuple[str, type[Chosen]]]:
    """Yield the sections with a provider that environment variables can set."""
    for name in MemoryConfig.model_fields:
        section = MemoryConfig.child(name, None)
        if section and issubclass(section, Chosen) and marker(MemoryConfig, name, Env) is None:
            yield name, section


def _fields_of(name: str, section: type[Chosen], provider: str) -> Iterator[_Setting]:
    return _fields(section.config_class(provider), (name, "config"), section.prefix, provider)


def _fields(section: type[Section], path: _Path, prefix: str, provider: str = "") -> Iterator[_Setting]:
    idle = ignored.keys_at(path, provider)
    for name, field in section.model_fields.items():
        if name in idle and idle[name].row.providers:
            continue
        here = (*path, name)
        env = marker(section, name, Env)
        inner = field.annotation
        if env is not None:
            if env.names:
                yield here, env.names, _reader(inner)
        elif issubclass(section, Chosen) and name in ("provider", "config"):
            if name == "provider":
                yield here, (section.provider_variable,), str
        elif (below := section_in(inner)) is not None:
            yield from _fields(below, here, below.prefix)
        else:
            yield here, (f"{prefix}{name}".upper(),), _reader(inner)
    for name, key in idle.items():
        if name not in section.model_fields or key.row.providers:
            yield from _ignored(path, key, prefix)


def _ignored(path: _Path, key: ignored.Key, prefix: str) -> Iterator[_Setting]:
    if names := key.variables_with(prefix):
        yield (*path, key.name), names, ignored.read_text


def _reader(annotation: Any) -> Callable[[str], object]:
    return json.loads if _holds_json(annotation) else str


def _holds_json(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, (dict, list, tuple, Section)):
        return True
    return any(_holds_json(argument) for argument in get_args(annotation))


def _put(data: dict[str, Any], path: _Path, value: object) -> None:
    for key in path[:-1]:
        data = data.setdefault(key, {})
    data[path[-1]] = value


def _origin(path: _Path, origins: Mapping[_Path, str]) -> str:
    """Return the variable that set a path or one of its parents."""
    prefixes = (path[:length] for length in range(len(path), 0, -1))
    return next((origins[prefix] for prefix in prefixes if prefix in origins), "")


_SCOPE = {"user_id": "POWERMEM_USER_ID", "agent_id": "POWERMEM_AGENT_ID", "run_id": "POWERMEM_RUN_ID"}
_FOR_PROCESS = frozenset(
    {
        "POWERMEM_ENV_FILE",
        "POWERMEM_DEBUG",
        *_SCOPE.values(),
        "POWERMEM_MCP_STATE_KEY",
        "POWERMEM_SERVER_OPTIONS",
    }
)
# Names too general to suggest for a similar one.
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
        upper, written = name.upper(), name in in_file
        ours = upper.startswith("POWERMEM_") or (written and upper.startswith(_OURS))
        # The less surely a name is ours, the closer it must resemble one that is read.
        meant = _meant(upper, candidates, 0.75 if ours else 0.8 if written else 0.85)
        # A name whose likeness is set as well is no slip.
        if not ours and (meant is None or meant in given):
            continue
        # Hosts set this one for other programs.
        if upper == "DATABASE_URL" and not written and "DATABASE_PROVIDER" not in given:
            continue
        said.append(_not_read(name, meant, "in .env" if written else "in the environment"))
    return said


def _not_read(name: str, meant: str | None, where: str) -> str:
    hint = f"; did you mean {meant}?" if meant else "; see .env.example for the names that are"
    return f"the variable {MASK if is_key(name) else name} {where} is not read{hint}"


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
    """Tell whether two names share their first or last word, or all their letters."""
    return (
        name.split("_")[0] == other.split("_")[0]
        or name.rsplit("_", 1)[-1] == other.rsplit("_", 1)[-1]
        or sorted(name) == sorted(other)
    )
