"""The configuration of a memory whose database was handed in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..._core.inputs import absolute
from ...errors import ConfigError
from ..models import MemoryConfig, VectorStore
from ..tables import STORES
from .target import Place

_WHERE = frozenset(
    {
        "database_path", "host", "port", "user", "password", "db_name", "unix_socket", "ob_path",
        "connection_string", "connection_pool",
    }
)  # fmt: skip
_FAMILY = {"oceanbase": "mysql"}


def without_place(config: MemoryConfig, place: Place) -> MemoryConfig:
    """Leave out where the database is; for the environment, which a database that is handed in overrides.

    Args:
        config: what was read from the environment.
        place: what was handed in.
    """
    section = config.vector_store
    said = {name: getattr(section.config, name) for name in section.config.model_fields_set - _WHERE}
    raw: dict[str, Any] = {"provider": section.provider, "config": said}
    if not place.provider or _family(section.provider) != _family(place.provider):
        # The settings of another kind of database; only the name of the collection is common to all.
        raw = {"config": {name: value for name, value in said.items() if name == "collection_name"}}
    return config.model_copy(update={"vector_store": MemoryConfig(vector_store=raw).vector_store})


def settled(config: MemoryConfig, place: Place) -> tuple[MemoryConfig, Place]:
    """Put a place into a configuration; what this says of the tables and the pool stays.

    Returns:
        The configuration, and the place, with the provider if it is named only there.

    Raises:
        ConfigError: the two contradict each other; the message names the key.
    """
    section = config.vector_store
    # `auto_config` spells the defaults out: that is no word about the database.
    silent = "database_path" in section.config.model_fields_set and section == VectorStore()
    said = {} if silent else _said(section, place)
    named = "" if silent or "provider" not in section.model_fields_set else section.provider
    if place.provider and named and _family(named) != _family(place.provider):
        raise ConfigError(
            f"vector_store.provider: {named!r} contradicts conn, which leads to {place.provider}; drop one"
        )
    if not place.provider:
        return config, place
    place = replace(place, provider=named or place.provider, sure=place.sure or bool(named))
    raw = {"provider": place.provider, "config": {**said, **place.keys}}
    update = {"vector_store": MemoryConfig(vector_store=raw).vector_store}
    return config.model_copy(update=update), place


def _said(section: VectorStore, place: Place) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name in section.config.model_fields_set:
        value, field = getattr(section.config, name), type(section.config).model_fields[name]
        if name in _WHERE and value == field.get_default(call_default_factory=True):
            continue
        if name == "database_path":
            value = absolute(value, "vector_store.config.database_path")
        if (name in _WHERE or name in place.keys) and value != place.keys.get(name):
            raise ConfigError(
                f"vector_store.config.{name}: contradicts conn, which says where the database is and how to "
                "connect; leave it out"
            )
        said[name] = value
    return said


def _family(provider: str) -> str:
    dialect = STORES[provider].dialect
    return _FAMILY.get(dialect, dialect)
