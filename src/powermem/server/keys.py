"""The keys of a server: kept in its store, so that all its processes know them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextvars import Context

from pydantic import SecretStr

from .._async.memory import AsyncMemory
from .._core import clock
from .._core.access_keys import AccessKey, Permission, find, hash_of, make_key
from .._core.inputs import Id, Moment
from .caller import Caller

FRESH = 2.0
"""Seconds after which the keys are read again: so long another process may take a revoked key for valid."""


class KeyRing:
    """Finds, makes and revokes keys.

    Args:
        memory: the keys are in its store.
        configured: further keys, which may do everything.
        elapsed: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        memory: AsyncMemory,
        configured: Sequence[SecretStr] = (),
        *,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._memory = memory
        self._configured = {
            hash_of(secret := key.get_secret_value()): Caller(
                hash_of(secret)[:16], "configured", Permission.ADMIN
            )
            for key in configured
        }
        self._elapsed = elapsed
        self._keys: dict[str, AccessKey] = {}
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key: str) -> Caller | None:
        """Return who has a key; ``None`` if it is unknown, expired or revoked."""
        hashed = hash_of(key)
        if hashed in self._configured:
            return self._configured[hashed]
        await self._refresh()
        known = self._keys.get(hashed)
        return Caller.of(known) if known is not None and known.valid(clock.now()) else None

    async def exist(self) -> bool:
        """Return whether there are keys, be it revoked ones: then every request needs one."""
        if not self._configured:
            await self._refresh()
        return bool(self._configured or self._keys)

    async def create(
        self,
        name: str,
        permission: str,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        expires_at: Moment | None = None,
    ) -> tuple[str, AccessKey]:
        """Make a key and store its hash.

        Args:
            name: what it is for.
            permission: ``"read"``, ``"write"`` or ``"admin"``.
            user_id: the user that it is tied to.
            agent_id: the agent.
            run_id: the run.
            expires_at: from when on it is refused.

        Returns:
            The key, which is shown this once, and what is stored.
        """
        text, key = make_key(
            name,
            permission,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            created_at=clock.now(),
            expires_at=None if expires_at is None else clock.parse(expires_at, "expires"),
        )
        await self._put(key)
        return text, key

    async def list(self) -> list[AccessKey]:
        """Return every key, revoked ones too, oldest first."""
        components = await self._memory._access.open(any_vectors=True)
        return await components.store.access_keys()

    async def revoke(self, named: str) -> AccessKey:
        """Refuse a key from now on.

        Args:
            named: its id or its name.

        Raises:
            InvalidInputError: there is none, or several have the name.
        """
        key = find(await self.list(), named).revoked(clock.now())
        await self._put(key)
        return key

    async def _put(self, key: AccessKey) -> None:
        components = await self._memory._access.open(any_vectors=True)
        await components.store.put_access_key(key)
        self._read_at = None

    async def _refresh(self) -> None:
        if self._read_at is not None and self._elapsed() - self._read_at < FRESH:
            return
        # Requests that arrive together share one read, and none of them ends it by going away.
        if self._reading is None:
            self._reading = Context().run(asyncio.get_running_loop().create_task, self._read())
            self._reading.add_done_callback(self._has_read)
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        began = self._elapsed()
        self._keys = {key.hash: key for key in await self.list()}
        self._read_at = began

    def _has_read(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if not task.cancelled():
            task.exception()
