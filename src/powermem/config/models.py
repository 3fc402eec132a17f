"""The configuration as a whole, and the sections that name a provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, NoReturn

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from .._core.clock import read_zone, unknown_zone
from .._core.hints.suggestions import shown_name, unknown_key, unknown_provider
from .._core.masking import MASK, is_key, is_secret, shown
from ..errors import ConfigError, InvalidInputError
from . import registry
from .fields import Env, Section, alias, display, spellings
from .ignored import SECTIONS, Path, is_worth_telling, keys_at, sections_in
from .providers import ProviderConfig, RerankerConfig
from .sections import Budget, Http, IntelligentMemory, MemoryDecay, Processing, Search, Security
from .stores import StoreConfig
from .tables import STORES, Kind


class Chosen(Section):
    """A provider, and the config whose keys the provider's name decides."""

    provider_variable: ClassVar[str] = ""
    """The environment variable with the provider's name."""
    named: ClassVar[str] = "vector_store"
    """What the section is called."""
    optional: ClassVar[bool] = False
    """Whether a vendor's key in the environment is no word about this section."""
    any_config: ClassVar[type[Section]]
    """What every config of this section has in common."""

    provider: str

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """Return the names that ``provider`` may have."""
        return registry.known_stores()

    @classmethod
    def config_class(cls, name: str) -> type[Section]:
        """Return the class of the config of a provider."""
        row = STORES.get(name)
        return row.config if row else cls.any_config

    @classmethod
    def child(cls, name: str, raw: object) -> type[Section] | None:
        """Return the section class of a field; that of ``config`` depends on the provider."""
        if name != "config":
            return super().child(name, raw)
        return cls.config_class(cls.chosen(raw))

    @classmethod
    def chosen(cls, raw: object) -> str:
        """Return the name of the provider that what the user gave for this section names."""
        given = raw.get("provider") if isinstance(raw, Mapping) else None
        return str(cls.model_fields["provider"].default if given is None else given).strip().lower()

    @field_validator("provider")
    @classmethod
    def _known_provider(cls, value: str) -> str:
        name = value.strip().lower()
        if name not in cls.known():
            raise ValueError(unknown_provider(value, cls.known(), cls.named))
        return name

    @field_validator("config", mode="before", check_fields=False)
    @classmethod
    def _config_of_provider(cls, value: object, info: ValidationInfo) -> Section:
        name = info.data.get("provider")
        if name is None:  # it is wrong, which is reported already; its keys cannot be judged
            return cls.any_config.model_construct()
        return cls.config_class(name).model_validate({} if value is None else value)


class ModelProvider(Chosen):
    """A provider of a language model, an embedder or a reranker."""

    kind: ClassVar[Kind]
    any_config: ClassVar[type[Section]] = ProviderConfig

    config: SerializeAsAny[ProviderConfig] = Field(default_factory=dict, validate_default=True)

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """Return the names that ``provider`` may have."""
        return registry.known(cls.kind)

    @classmethod
    def config_class(cls, name: str) -> type[Section]:
        """Return the class of the config of a provider."""
        return registry.provider_config(cls.kind, name)


class LLM(ModelProvider):
    """The language model that extracts facts; ``none`` extracts them by rules."""

    kind: ClassVar[Kind] = "llm"
    named: ClassVar[str] = "llm"
    prefix: ClassVar[str] = "LLM_"
    provider_variable: ClassVar[str] = "LLM_PROVIDER"

    provider: str = "none"


class Vision(ModelProvider):
    """The model that is shown images, where that is not the language model."""

    kind: ClassVar[Kind] = "vision"
    named: ClassVar[str] = "vision"

    provider: str = "openai"


class AudioLLM(ModelProvider):
    """The model that turns speech into text."""

    kind: ClassVar[Kind] = "audio_llm"
    named: ClassVar[str] = "audio_llm"
    prefix: ClassVar[str] = "AUDIO_LLM_"
    provider_variable: ClassVar[str] = "AUDIO_LLM_PROVIDER"
    optional: ClassVar[bool] = True

    provider: str = "qwen_asr"


class Embedder(ModelProvider):
    """What turns text into vectors; ``default`` runs on this machine, ``none`` does without."""

    kind: ClassVar[Kind] = "embedder"
    named: ClassVar[str] = "embedder"
    prefix: ClassVar[str] = "EMBEDDING_"
    provider_variable: ClassVar[str] = "EMBEDDING_PROVIDER"

    provider: str = "default"


class Reranker(ModelProvider):
    """A model that puts search results in a better order.

    It is used only when it is enabled, here or in its config.
    """

    kind: ClassVar[Kind] = "reranker"
    named: ClassVar[str] = "reranker"
    prefix: ClassVar[str] = "RERANKER_"
    provider_variable: ClassVar[str] = "RERANKER_PROVIDER"
    optional: ClassVar[bool] = True

    enabled: bool | None = None
    provider: str = "qwen"

    @property
    def switch(self) -> bool | None:
        """Whether it is to be used; ``None`` when nothing was said, which means it is not."""
        inner = self.config.enabled if isinstance(self.config, RerankerConfig) else None
        return inner if self.enabled is None else self.enabled


class VectorStore(Chosen):
    """The database."""

    prefix: ClassVar[str] = "VECTOR_STORE_"
    provider_variable: ClassVar[str] = "DATABASE_PROVIDER"
    any_config: ClassVar[type[Section]] = StoreConfig

    provider: str = "sqlite"
    config: SerializeAsAny[StoreConfig] = Field(default_factory=dict, validate_default=True)


def _timezone(name: str) -> str:
    try:
        read_zone(name)
    except InvalidInputError:
        raise ValueError(unknown_zone(name)) from None
    return name


class MemoryConfig(Section):
    """The whole configuration. ``MemoryConfig()`` works without any other software or key.

    Raises:
        ConfigError: names the path of every key that is wrong, one a line.
    """

    llm: LLM = LLM()
    embedder: Embedder = alias("embedder", "embedding", default=Embedder())
    vector_store: VectorStore = alias("vector_store", "database", default=VectorStore())
    reranker: Reranker = Reranker()
    vision: Annotated[Vision | None, Env()] = None
    audio_llm: AudioLLM | None = None
    intelligent_memory: IntelligentMemory = alias(
        "intelligent_memory", "intelligence", default=IntelligentMemory()
    )
    memory_decay: MemoryDecay = MemoryDecay()
    search: Search = Search()
    processing: Processing = Processing()
    budget: Budget = Budget()
    timezone: Annotated[str, AfterValidator(_timezone), Env("TIMEZONE")] = "UTC"
    security: Security = Security()
    http: Http = Http()
    custom_fact_extraction_prompt: Annotated[str | None, Env("POWERMEM_CUSTOM_FACT_EXTRACTION_PROMPT")] = None
    custom_update_memory_prompt: Annotated[str | None, Env("POWERMEM_CUSTOM_UPDATE_MEMORY_PROMPT")] = None
    _idle: Idle = PrivateAttr(default_factory=dict)

    def __init__(self, /, *given: NoReturn, **data: Any) -> None:
        if given:
            raise ConfigError(
                "MemoryConfig takes its sections by name: write MemoryConfig(**config), or "
                "give the dict to Memory"
            )
        # A section that is None is one that was left out, as in configurations made by programs.
        sections = {key: value for key, value in data.items() if value is not None}
        kept, idle, found = split(MemoryConfig, sections)
        try:
            super().__init__(**kept)
        except ValidationError as error:
            found = (*problems(error, MemoryConfig, sections), *found)
        if found:
            # Raised out here, so that it does not carry pydantic's error, which holds the input.
            raise InvalidConfig(found)
        self._idle = idle

    @property
    def ignored(self) -> tuple[str, ...]:
        """Paths of what was set to more than its default, although this version does nothing with it."""
        return tuple(".".join(path) for path, (_, told) in self._idle.items() if told)

    def without_effect(self) -> dict[tuple[str, ...], Any]:
        """Return what was set although this version does nothing with it, by path."""
        return {path: value for path, (value, _) in self._idle.items()}

    @property
    def has_unused_reranker(self) -> bool:
        """Whether a reranker is described, but nothing says whether it is to be used."""
        return "reranker" in self.model_fields_set and self.reranker.switch is None

    def masked(self) -> dict[str, Any]:
        """Return the whole configuration as it may be printed: JSON types, no secret."""
        shown: dict[str, Any] = display(self.model_dump())
        return shown


_SHOWN = 60
_EXPECTED = (
    (r"int_.*", "an integer"),
    (r"float_.*", "a number"),
    (r"finite_number", "a finite number"),
    (r"bool_.*", "true or false"),
    (r"string_(type|sub_type|unicode)", "text"),
    (r"(dict|mapping|model|model_attributes|dataclass)_type", "a mapping of keys to values"),
    (r"(list|tuple|set|iterable)_type", "a list"),
    (r"invalid_key", "keys that are text"),
)
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


class Problem(NamedTuple):
    """One thing that is wrong: where, what was expected, and the variable that it came from."""

    path: tuple[str, ...]
    message: str
    variable: str = ""

    def __str__(self) -> str:
        where = ".".join(MASK if is_key(part) else part[:_SHOWN] for part in self.path)
        return f"{self.variable} ({where}): {self.message}" if self.variable else f"{where}: {self.message}"


class InvalidConfig(ConfigError, public=ConfigError):
    """A `ConfigError` that keeps its problems apart; its text has one a line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def problems(error: ValidationError, root: type[Section], data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Translate pydantic's errors.

    Args:
        error: what validating ``data`` as ``root`` raised.
        root: the class of the whole configuration.
        data: what the user gave.

    Returns:
        The problems in the order found. No text of theirs holds a secret.
    """
    found = error.errors(include_url=False)
    return tuple(_problem(dict(detail), root, data) for detail in found)


Idle = dict[Path, tuple[Any, bool]]
"""What was given for ignored settings, by path, and whether a warning names it."""


def split(
    section: type[Section], data: Mapping[str, Any], path: Path = (), provider: str = ""
) -> tuple[dict[str, Any], Idle, tuple[Problem, ...]]:
    """Divide what the user gave for a section into what is read and what is ignored.

    Args:
        section: its class.
        data: what was given.
        path: where the section stands.
        provider: the provider that is chosen in the section around it.

    Returns:
        What is to be validated, what is ignored, and names in ignored sections that do not exist.
    """
    kept: dict[str, Any] = {}
    idle: Idle = {}
    wrong: tuple[Problem, ...] = ()
    # The class of a program's own provider takes any key.
    keys = {} if section.model_config.get("extra") == "allow" else keys_at(path, provider)
    for name, value in data.items():
        field = section.field_named(name)
        below = None if field is None else section.child(field, data)
        if (key := keys.get(name)) is not None and (field is None or key.row.providers):
            idle[(*path, key.name)] = value, is_worth_telling(path, value, key)
        elif (here := (*path, name)) in SECTIONS:
            given, mistakes = _named(here, value)
            idle[here] = given, is_worth_telling(here, given, None)
            wrong += mistakes
        elif field is not None and below is not None and isinstance(value, Mapping):
            kept[name], further, mistakes = split(below, value, (*path, field), section.chosen(data))
            idle |= further
            wrong += mistakes
        else:
            kept[name] = value
    return kept, idle, wrong


def _named(path: Path, value: object) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the settings of an ignored section under their first names, and those that do not exist."""
    if not isinstance(value, Mapping):
        said = f"expected a mapping of keys to values{got(value, path)}"
        return {}, () if value is None else (Problem(path, said),)
    keys, found, mistakes = keys_at(path), dict[str, Any](), tuple[Problem, ...]()
    for name, given in value.items():
        if (*path, str(name)) in SECTIONS:
            found[name], further = _named((*path, name), given)
            mistakes += further
        elif name in keys:
            found[keys[name].name] = given
        else:
            allowed = (*keys, *sections_in(path))
            mistakes += (Problem((*path, str(name)), unknown_key(str(name), allowed)),)
    return found, mistakes


def got(value: object, path: Iterable[object]) -> str:
    """Return ``", got ..."`` for a wrong value, or nothing when it must not be shown."""
    if any(is_secret(str(part)) for part in path):
        return ""
    if isinstance(value, (str, int, float)) or value is None:
        return f", got {shown(value)}"
    if isinstance(value, Mapping):
        return ", got a mapping"
    if isinstance(value, (list, tuple, set)):
        return ", got a list"
    return f", got {type(value).__name__}"


def _problem(detail: dict[str, Any], root: type[Section], data: Mapping[str, Any]) -> Problem:
    path = tuple(str(part) for part in detail["loc"])
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(path, _unknown_key(detail["loc"], root, data))
    if kind == "missing":
        return Problem(path, "required, but not given")
    if kind == "value_error":
        complaint = str(context["error"])
        unnamed = complaint.startswith("expected") and ", got " not in complaint
        said = got(detail["input"], path) if unnamed else ""
        return Problem(path, complaint + said)
    said = f"expected {_expectation(kind, context, detail['msg'])}{got(detail['input'], path)}"
    field = root.field_named(path[0]) if len(path) == 1 else None
    owner = None if field is None else root.child(field, data)
    if isinstance(detail["input"], str) and owner is not None and "provider" in owner.model_fields:
        said += f"; write {{'provider': {shown_name(detail['input'])}}}"
    return Problem(path, said)


def _expectation(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "literal_error":
        return f"one of {context['expected']}".replace(" or ", ", ")
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"a number of {words} {context[key]:g}"
    named = next((text for pattern, text in _EXPECTED if re.fullmatch(pattern, kind)), None)
    return named or message


def _unknown_key(loc: tuple[int | str, ...], root: type[Section], data: Mapping[str, Any]) -> str:
    owner, path, provider = root, tuple[str, ...](), ""
    given: object = data
    for part in loc[:-1]:
        field = owner.field_named(part) if isinstance(part, str) else None
        if field is not None:
            below, provider = owner.child(field, given), owner.chosen(given)
            owner, path = below or owner, (*path, field)
        given = _entry(given, part)
    key = str(loc[-1])
    field = owner.field_named(key)
    if field is not None:
        return f"the same setting is also given as another of {', '.join(spellings(owner, field))}; keep one"
    inner = owner.child("config", given) if "config" in owner.model_fields else None
    return unknown_key(key, _allowed(owner, path, provider), () if inner is None else inner.keys())


def _allowed(owner: type[Section], path: Path, provider: str = "") -> list[str]:
    return list(dict.fromkeys((*owner.keys(), *keys_at(path, provider), *sections_in(path))))


def _entry(data: object, part: int | str) -> object:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data):
        return data[part]
    return None
