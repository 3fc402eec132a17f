"""The base of every configuration section, and the types its fields are made of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, TypeVar, cast, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
)

from .._core.masking import MASK, is_secret, mask_text
from .._core.patterns import Pattern
from ..errors import ConfigError

_MAX_DEPTH = 32
_MOST = (1 << 63) - 1
_IDENTIFIER = Pattern(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Url(str):
    """A URL that can be used as it is and shows no credentials in its ``repr``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask_text(str(self)))


@dataclass(frozen=True, slots=True, init=False)
class Env:
    """Names the environment variables of a field, first one first; none at all means it has none.

    A field without this marker is read from its section's prefix and its own name in capitals.
    """

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


class Option(NamedTuple):
    """Marks a field that goes into the body of each request, under ``name`` when that differs."""

    name: str | None = None


OPTION = Option()


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values do not change.

    Its validator is built when it is first used, and a default by that of the section around it, so a process
    builds those of the providers that it uses. Modules with sections do without ``from __future__ import
    annotations``, which would make pydantic compile the text of every annotation.
    """

    model_config = ConfigDict(
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        defer_build=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        protected_namespaces=(),
    )

    prefix: ClassVar[str] = ""
    """Prefix of the section's environment variables."""

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            if name in type(self).model_fields:
                raise ConfigError(f"{name}: a configuration does not change; make a new one")
            super().__setattr__(name, value)

    @classmethod
    def child(cls, name: str, raw: object) -> type[Section] | None:
        """Return the section class of a field, or ``None`` when the field holds a plain value.

        Args:
            name: the field's name.
            raw: the input of this section; its keys depend on the provider.
        """
        return section_in(cls.model_fields[name].annotation)

    @classmethod
    def chosen(cls, raw: object) -> str:
        """Return the provider that is named in what the user gave for this section, ``""`` without one."""
        return ""

    @classmethod
    def field_named(cls, key: str) -> str | None:
        """Return the name of the field that a key or one of its aliases stands for."""
        return next((name for name in cls.model_fields if key in spellings(cls, name)), None)

    @classmethod
    def keys(cls) -> list[str]:
        """Return every key that may be written here, aliases too."""
        return [key for name in cls.model_fields for key in spellings(cls, name)]


_Marker = TypeVar("_Marker")


def marker(section: type[Section], name: str, kind: type[_Marker]) -> _Marker | None:
    """Return a field's marker of the given class, if it has one."""
    return next((m for m in section.model_fields[name].metadata if isinstance(m, kind)), None)


def spellings(section: type[Section], name: str) -> list[str]:
    """Return a field's name and its aliases."""
    alias = section.model_fields[name].validation_alias
    others = [c for c in alias.choices if isinstance(c, str)] if isinstance(alias, AliasChoices) else []
    return [name, *(other for other in others if other != name)]


def alias(*others: str, **options: Any) -> Any:
    """Declare a field that may be written in other ways too; the first name is its own."""
    return Field(validation_alias=AliasChoices(*others), **options)


def nested(*names: str) -> Any:
    """Declare a field that holds a section, by default one without any input; the first name is its own."""
    options: dict[str, Any] = {"default_factory": dict, "validate_default": True}
    return alias(*names, **options) if names else Field(**options)


def section_in(annotation: Any) -> type[Section] | None:
    """Return the section class in an annotation, which may allow other things too."""
    # Python 3.10 takes list[int] for a class, so what is generic is looked into first.
    arguments = get_args(annotation)
    if arguments:
        return next((section for section in map(section_in, arguments) if section is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def hide(value: Any, *, secret: bool = False, depth: int = 0) -> Any:
    """Wrap what is secret by its name, at any depth, so that it cannot be shown by accident.

    Raises:
        ValueError: it is nested too deeply, or holds itself.
    """
    if depth > _MAX_DEPTH:
        raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {k: hide(v, secret=secret or is_secret(str(k)), depth=depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(v, secret=secret, depth=depth + 1) for v in value]
    if isinstance(value, str):
        return SecretStr(value) if secret or mask_text(value) != value else value
    return value


def reveal(value: Any) -> Any:
    """Undo `hide`: plain containers and plain text, ready to be used."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {k: reveal(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [reveal(v) for v in value]
    return str(value) if isinstance(value, str) else value


def display(value: Any) -> Any:
    """Return a value as it may be shown: secrets masked, objects by the name of their class."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Mapping):
        return {str(k): display(v) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [display(v) for v in value]
    if isinstance(value, str):
        return mask_text(value)
    return value if value is None or isinstance(value, (bool, int, float)) else type(value).__name__


def listed(value: object) -> tuple[str, ...]:
    """Return the texts of a list, or of a text with commas between them."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        raise ValueError("expected a list of texts, or one text with commas between them")
    return tuple(each.strip() for each in value if each.strip())


def listed_secrets(value: object) -> tuple[SecretStr, ...]:
    """Return the secrets of a list, or of a text with commas between them."""
    if isinstance(value, (list, tuple)):
        value = [each.get_secret_value() if isinstance(each, SecretStr) else each for each in value]
    return tuple(map(SecretStr, listed(value)))


def _stripped(value: Any) -> Any:
    # A pasted key often ends in a line break, which no HTTP header may hold.
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return value.strip() if isinstance(value, str) else value


def _http_url(value: str) -> Url:
    url = value.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and not any(character.isspace() for character in url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("expected a URL such as 'https://host/v1'")
    return Url(url)


def _path(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return os.path.expanduser(value) if isinstance(value, str) else value


def _no_address(path: str) -> str:
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+]*)://", path)
    if scheme is not None and scheme[1].lower() != "file":
        raise ValueError(
            f"this is an address ({scheme[1]}://...) and not the path of a file; for a server set "
            "vector_store.provider, or hand the address over as conn"
        )
    return path


def _host(value: str) -> str:
    if "/" in value or "@" in value:
        raise ValueError("expected the name of a host, with no scheme, user or path")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("expected text that is not blank")
    if "\x00" in value:
        raise ValueError("must not hold a NUL character")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must not hold half of a surrogate pair")
    return value


def _identifier(value: str) -> str:
    if _IDENTIFIER.fullmatch(value) is None:
        raise ValueError("expected letters, digits and underscores, not beginning with a digit, at most 40")
    return value


def _hidden(value: dict[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", hide(value))


def _mask_or_none(value: str | None) -> str | None:
    return None if value is None else mask_text(value)


def _class_name(value: object) -> str | None:
    return None if value is None else type(value).__name__


Secret = Annotated[SecretStr, BeforeValidator(_stripped)]
HttpUrl = Annotated[str, AfterValidator(_http_url), PlainSerializer(_mask_or_none, when_used="json")]
Headers = dict[str, SecretStr]
Opaque = Annotated[
    dict[str, Any], AfterValidator(_hidden), PlainSerializer(display, when_used="json-unless-none")
]
"""A mapping whose keys are not ours to check; what is secret by its name is wrapped."""
Foreign = Annotated[Any, Env(), Field(repr=False), PlainSerializer(_class_name, when_used="json")]
"""An object of the user's program. It is shown by its class only: its own ``repr`` may hold a key."""

Text = Annotated[str, AfterValidator(_not_blank)]
Path = Annotated[str, BeforeValidator(_path), AfterValidator(_not_blank)]
DatabaseFile = Annotated[Path, AfterValidator(_no_address)]
Host = Annotated[str, AfterValidator(_host)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Count = Annotated[int, Field(ge=1, le=_MOST)]
Whole = Annotated[int, Field(ge=0, le=_MOST)]
Seconds = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]
