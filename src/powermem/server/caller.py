"""Who calls, what they may do, and whose memories they reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypedDict

from .._core.access_keys import ANY_SCOPE, AccessKey, Permission
from .._core.inputs import check_scope
from .._core.values import Scope
from .problems import ForbiddenError

__all__ = ["Caller", "Permission"]


class ScopeIds(TypedDict):
    """The ids of a scope, as keyword arguments of the methods of a memory."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None


class UserScopeIds(TypedDict):
    """As `ScopeIds`, of a user."""

    user_id: str
    agent_id: str | None
    run_id: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. Every id of a request passes `scope`, so that no request leaves what a key is tied to.

    Attributes:
        key_id: the id of the key; ``None`` without one.
        name: what the key is for.
        permission: what the caller may do.
        tied: the user, agent and run that the key is tied to; ``None`` for any.
    """

    key_id: str | None
    name: str
    permission: Permission
    tied: Scope = ANY_SCOPE

    @classmethod
    def of(cls, key: AccessKey) -> Caller:
        """Return who has a key."""
        return cls(key.id, key.name, key.permission, key.scope)

    def tied_to(self, *, user_id: object = None, agent_id: object = None, run_id: object = None) -> Caller:
        """Return a caller who reaches nothing but this user, agent or run."""
        return replace(self, tied=check_scope(user_id, agent_id, run_id))

    @property
    def is_tied(self) -> bool:
        """Whether the key is tied to a user, an agent or a run."""
        return self.tied != ANY_SCOPE

    def require(self, permission: Permission) -> None:
        """Refuse what the key does not allow.

        Raises:
            ForbiddenError: it does not.
        """
        if self.permission < permission:
            raise ForbiddenError(
                f"this needs a key with the permission {permission}; this one may {self.permission}"
            )

    def scope(self, user_id: object = None, agent_id: object = None, run_id: object = None) -> ScopeIds:
        """Return the ids of a request, with those that the key is tied to in place of missing ones.

        Args:
            user_id: as the request says.
            agent_id: likewise.
            run_id: likewise.

        Raises:
            InvalidInputError: an id is of a wrong type, blank, or too long.
            ForbiddenError: an id is not the one that the key is tied to.
        """
        asked = check_scope(user_id, agent_id, run_id)
        ids = [
            self._one(name, given, tied)
            for name, given, tied in zip(Scope._fields, asked, self.tied, strict=True)
        ]
        return {"user_id": ids[0], "agent_id": ids[1], "run_id": ids[2]}

    def _one(self, name: str, given: str | None, tied: str | None) -> str | None:
        if tied is not None and given not in (None, tied):
            raise ForbiddenError(f"{name}: this key is tied to another {name}; leave it out")
        return given if tied is None else tied


ANYONE = Caller(None, "", Permission.ADMIN)
"""Who calls a server on this machine that has no keys."""
