"""The keys that open a server: what they may do, and whose memories they reach. Only hashes are kept."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from hashlib import sha256
from string import ascii_letters, digits

from ..errors import InvalidInputError
from .inputs import check_choice, check_scope, check_text_given
from .masking import shown
from .values import Scope

PREFIX = "sk-pm-"
"""The beginning of every key, by which it is recognized and masked in logs."""

_ALPHABET = ascii_letters + digits
# Characters after the prefix; 62 ** 43 exceeds 2 ** 256.
_LENGTH = 43
_ID_LENGTH = 16
_LONGEST_NAME = 64
# MySQL's column for one.
_LARGEST = 1024

ANY_SCOPE = Scope()
"""The scope of a key that is tied to nothing."""


class Permission(IntEnum):
    """What a key may do; each includes the ones before it."""

    READ = 1
    WRITE = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A key as it is stored.

    Attributes:
        id: the beginning of its hash, by which it is listed and revoked.
        hash: SHA-256 of the key. A key has 256 random bits, so that no slow hash is needed.
        name: what it is for.
        permission: what it may do.
        scope: the user, agent and run that it is tied to; ``None`` for any.
        created_at: in microseconds UTC.
        expires_at: from when on it is refused; ``None`` for never.
        revoked_at: since when it is refused.
    """

    id: str
    hash: str
    name: str
    permission: Permission
    scope: Scope = ANY_SCOPE
    created_at: int = 0
    expires_at: int | None = None
    revoked_at: int | None = None

    def valid(self, at: int) -> bool:
        """Return whether it is accepted at a moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def revoked(self, at: int) -> AccessKey:
        """Return it as revoked; one that is already keeps its moment."""
        return self if self.revoked_at is not None else replace(self, revoked_at=at)


def hash_of(key: str) -> str:
    """Return the hash under which a key is stored."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def make_key(
    name: str,
    permission: str,
    *,
    user_id: object = None,
    agent_id: object = None,
    run_id: object = None,
    created_at: int,
    expires_at: int | None = None,
) -> tuple[str, AccessKey]:
    """Make a key.

    Args:
        name: what it is for.
        permission: ``"read"``, ``"write"`` or ``"admin"``.
        user_id: the user that it is tied to.
        agent_id: the agent.
        run_id: the run.
        created_at: in microseconds UTC.
        expires_at: from when on it is refused.

    Returns:
        The key, which is stored nowhere, and what is stored.

    Raises:
        InvalidInputError: an argument is wrong.
    """
    check_choice(permission, "permission", tuple(map(str, Permission)))
    allowed = Permission[permission.upper()]
    scope = check_scope(user_id, agent_id, run_id)
    if allowed is Permission.ADMIN and scope != ANY_SCOPE:
        raise InvalidInputError(
            "permission: an admin key reaches everything, so it cannot be tied to a user, agent or run"
        )
    if expires_at is not None and expires_at <= created_at:
        raise InvalidInputError("expires: expected a moment in the future")
    text = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    hashed = hash_of(text)
    key = AccessKey(
        id=hashed[:_ID_LENGTH],
        hash=hashed,
        name=check_text_given(name, "name", _LONGEST_NAME),
        permission=allowed,
        scope=scope,
        created_at=created_at,
        expires_at=expires_at,
    )
    if len(encode(key).encode()) > _LARGEST:
        raise InvalidInputError("user_id, agent_id, run_id: too long together for a key")
    return text, key


def encode(key: AccessKey) -> str:
    """Write a key as a store keeps it."""
    return json.dumps(
        {**asdict(key), "permission": str(key.permission)}, ensure_ascii=False, separators=(",", ":")
    )


def decode(text: str) -> AccessKey:
    """Read what `encode` has written."""
    found = json.loads(text)
    scope = Scope(*found.pop("scope"))
    return AccessKey(**{**found, "permission": Permission[found["permission"].upper()], "scope": scope})


def find(keys: list[AccessKey], named: str) -> AccessKey:
    """Return the one key with this id or name.

    Raises:
        InvalidInputError: there is none, or several have the name.
    """
    found = [key for key in keys if named == key.id] or [key for key in keys if named == key.name]
    if len(found) > 1:
        raise InvalidInputError(f"key: several are called {shown(named)}; give the id that `keys list` shows")
    if not found:
        raise InvalidInputError(f"key: there is none with the id or name {shown(named)}; see `keys list`")
    return found[0]
