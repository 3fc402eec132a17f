"""The configuration as a whole, and the sections that name a provider."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NoReturn

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PrivateAttr,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from .._core.clock import read_zone, unknown_zone
from .._core.hints.suggestions import unknown_key, unknown_provider
from ..errors import ConfigError, InvalidInputError
from . import registry
from .categories import read_categories
from .fields import Env, Section, alias, display, nested
from .ignored import SECTIONS, Path, is_worth_telling, keys_at, sections_in
from .providers import ProviderConfig, RerankerConfig
from .sections import Budget, Http, IntelligentMemory, MemoryDecay, Processing, Search, Security, Server
from .stores import StoreConfig
from .tables import STORES, Kind
from .validation import InvalidConfig, Problem, got, problems

Idle = dict[Path, tuple[Any, bool]]
"""Values of ignored settings by path, and whether to warn about each."""


class Chosen(Section):
    """A provider, and its config, whose keys depend on the provider."""

    provider_variable: ClassVar[str] = ""
    """The environment variable with the provider's name."""
    named: ClassVar[str] = "vector_store"
    """Name of the section."""
    optional: ClassVar[bool] = False
    """Whether a vendor's key in the environment does not enable this section."""
    any_config: ClassVar[type[Section]]
    """Base class of the configs of this section."""

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
        """Return the provider named in the input of this section."""
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

    config: SerializeAsAny[ProviderConfig] = nested()

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
    """The model that reads images, if not the language model."""

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
    """The embedder; ``default`` runs on this machine, ``none`` disables vectors."""

    kind: ClassVar[Kind] = "embedder"
    named: ClassVar[str] = "embedder"
    prefix: ClassVar[str] = "EMBEDDING_"
    provider_variable: ClassVar[str] = "EMBEDDING_PROVIDER"

    provider: str = "default"


class Reranker(ModelProvider):
    """A model that reorders search results.

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
        """Whether it is enabled; ``None`` if unspecified, which means it is not."""
        inner = self.config.enabled if isinstance(self.config, RerankerConfig) else None
        return inner if self.enabled is None else self.enabled


class VectorStore(Chosen):
    """The database."""

    prefix: ClassVar[str] = "VECTOR_STORE_"
    provider_variable: ClassVar[str] = "DATABASE_PROVIDER"
    any_config: ClassVar[type[Section]] = StoreConfig

    provider: str = "sqlite"
    config: SerializeAsAny[StoreConfig] = nested()


def _timezone(name: str) -> str:
    try:
        read_zone(name)
    except InvalidInputError:
        raise ValueError(unknown_zone(name)) from None
    return name


Categories = Annotated[dict[str, str], BeforeValidator(read_categories), Env("POWERMEM_CATEGORIES")]


class MemoryConfig(Section):
    """The whole configuration. ``MemoryConfig()`` works without any other software or key.

    Raises:
        ConfigError: names the path of every wrong key, one per line.
    """

    llm: LLM = nested()
    embedder: Embedder = nested("embedder", "embedding")
    vector_store: VectorStore = nested("vector_store", "database")
    reranker: Reranker = nested()
    vision: Annotated[Vision | None, Env()] = None
    audio_llm: AudioLLM | None = None
    intelligent_memory: IntelligentMemory = nested("intelligent_memory", "intelligence")
    memory_decay: MemoryDecay = nested()
    search: Search = nested()
    processing: Processing = nested()
    budget: Budget = nested()
    timezone: Annotated[str, AfterValidator(_timezone), Env("TIMEZONE")] = "UTC"
    security: Security = nested()
    http: Http = nested()
    server: Server = nested()
    custom_fact_extraction_prompt: Annotated[str | None, Env("POWERMEM_CUSTOM_FACT_EXTRACTION_PROMPT")] = None
    custom_update_memory_prompt: Annotated[str | None, Env("POWERMEM_CUSTOM_UPDATE_MEMORY_PROMPT")] = None
    custom_instructions: Annotated[str | None, Env("POWERMEM_CUSTOM_INSTRUCTIONS")] = None
    """Appended to the instructions for extracting facts, whoever wrote these."""
    categories: Categories = alias("categories", "custom_categories", default={})
    _idle: Idle = PrivateAttr(default_factory=dict)

    def __init__(self, /, *given: NoReturn, **data: Any) -> None:
        if given:
            raise ConfigError(
                "MemoryConfig takes its sections by name: write MemoryConfig(**config), or "
                "give the dict to Memory"
            )
        # None counts as omitted, as in configurations built by programs.
        sections = {key: value for key, value in data.items() if value is not None}
        kept, idle, found = _split(MemoryConfig, sections)
        try:
            super().__init__(**kept)
        except ValidationError as error:
            found = (*problems(error, MemoryConfig, sections), *found)
        if found:
            # Raised outside the handler, so that pydantic's error, which contains the input, is not chained.
            raise InvalidConfig(found)
        self._idle = idle

    @property
    def ignored(self) -> tuple[str, ...]:
        """Paths of settings without effect that were changed from their default."""
        return tuple(".".join(path) for path, (_, warns) in self._idle.items() if warns)

    def without_effect(self) -> dict[tuple[str, ...], Any]:
        """Return the settings without effect, by path."""
        return {path: value for path, (value, _) in self._idle.items()}

    @property
    def has_unused_reranker(self) -> bool:
        """Whether a reranker is configured, but neither enabled nor disabled."""
        return "reranker" in self.model_fields_set and self.reranker.switch is None

    def masked(self) -> dict[str, Any]:
        """Return the whole configuration in JSON types, without secrets."""
        shown: dict[str, Any] = display(self.model_dump())
        return shown


def _split(
    section: type[Section], data: Mapping[str, Any], path: Path = (), provider: str = ""
) -> tuple[dict[str, Any], Idle, tuple[Problem, ...]]:
    """Divide the input of a section into used and ignored settings.

    Args:
        section: its class.
        data: the input.
        path: path of the section.
        provider: the provider chosen in the section around it.

    Returns:
        The input to validate, the ignored settings, and unknown names in ignored sections.
    """
    kept: dict[str, Any] = {}
    idle: Idle = {}
    wrong: tuple[Problem, ...] = ()
    # A registered provider accepts any key.
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
            kept[name], further, mistakes = _split(below, value, (*path, field), section.chosen(data))
            idle |= further
            wrong += mistakes
        else:
            kept[name] = value
    return kept, idle, wrong


def _named(path: Path, value: object) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the settings of an ignored section under their first names, and the unknown ones."""
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
