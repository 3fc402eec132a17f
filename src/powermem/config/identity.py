"""Which configurations come to the same thing, so that one engine can serve them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass, replace
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from .._core.inputs import absolute
from .settings import Settings
from .stores import OceanBaseConfig, SQLiteConfig

# Credentials are compared, never kept: a key of this process alone tells nothing to anybody else.
_SALT = secrets.token_bytes(32)

_PLAIN = (str, bytes, int, float, bool, type(None))


_FILES = ("ssl_ca", "ssl_cert", "ssl_key", "unix_socket")


def located(settings: Settings) -> Settings:
    """Return the settings with the place of a database in a file as it is meant now.

    A program that changes its working directory later still means the same file.
    """
    config: Any = settings.store.config
    update: dict[str, str] = {}
    if isinstance(config, SQLiteConfig) and is_in_file(config):
        update["database_path"] = absolute(config.database_path, "vector_store.config.database_path")
    elif isinstance(config, OceanBaseConfig) and not (config.host or config.unix_socket):
        update["ob_path"] = absolute(config.ob_path, "vector_store.config.ob_path")
    for name in _FILES:
        # Some are words instead, such as "system" for the certificates of the system.
        value = getattr(config, name, None)
        if value is not None and os.path.exists(value):
            update[name] = os.path.abspath(value)
    if not update:
        return settings
    return replace(settings, store=replace(settings.store, config=config.model_copy(update=update)))


def is_in_file(config: SQLiteConfig) -> bool:
    """Tell whether others can open the same database."""
    return config.database_path.strip() not in ("", ":memory:") and not config.database_path.startswith(
        "file:"
    )


def identity_of(settings: Settings, conn: object, *options: Hashable) -> Hashable | None:
    """Return a key that two configurations have in common when one engine can serve both.

    Args:
        settings: what the configuration comes to, as ``located`` returns it.
        conn: the caller's database, or ``None``; the key is good while this object exists.
        options: what else must be the same.

    Returns:
        ``None`` when nothing can be shared: the database is in the memory of one instance.
    """
    config = settings.store.config
    if conn is None and isinstance(config, SQLiteConfig) and not is_in_file(config):
        return None
    return _key(settings), _key(conn), options


def _key(value: Any) -> Hashable:
    if isinstance(value, (SecretStr, SecretBytes)):
        secret = value.get_secret_value()
        raw = secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
        return "secret", blake2b(raw, key=_SALT).digest()
    if isinstance(value, _PLAIN):
        # ``1`` and ``True`` are equal, and are not the same setting.
        return type(value).__name__, value
    if isinstance(value, BaseModel):
        return type(value), tuple((name, _key(getattr(value, name))) for name in type(value).model_fields)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), tuple((field.name, _key(getattr(value, field.name))) for field in fields(value))
    if isinstance(value, Mapping):
        return "mapping", frozenset((_key(name), _key(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return "list", tuple(_key(each) for each in value)
    if isinstance(value, (set, frozenset)):
        return "set", frozenset(_key(each) for each in value)
    # An object of the caller's: the same one only.
    return "object", id(value)
