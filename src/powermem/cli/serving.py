"""``powermem serve`` and ``powermem keys``: serve memories over HTTP, and the keys of who may call."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._core.clock import to_iso
from .._core.garbage import starting
from .configuration import configuration, without_resuming
from .output import Column, Grid, Output, Part, UsageError

if TYPE_CHECKING:
    from .._core.access_keys import AccessKey
    from ..server.keys import KeyRing

_SETTINGS = ("host", "port", "workers", "log_level")
_PASSED_ON = ("config", "env_file", "db", *_SETTINGS)


def serve(options: Namespace, output: Output) -> int:
    """Serve memories over HTTP until a signal arrives."""
    del output
    with starting():
        from ..server import serve as serve_until_stopped

        config = chosen(options)
        serve_until_stopped(config, Namespace(**{name: getattr(options, name) for name in _PASSED_ON}))
    return 0


def chosen(options: Namespace) -> dict[str, Any]:
    """Return the configuration that the options of ``serve`` describe, as an unchecked dict."""
    config = configuration(options)
    section = config.get("server")
    if section is not None and not isinstance(section, Mapping):
        return config  # wrong, which is reported when it is checked
    given = {name: getattr(options, name) for name in _SETTINGS if getattr(options, name) is not None}
    return {**config, "server": {**(section or {}), **given}}


def keys(options: Namespace, output: Output) -> int:
    """Create, list or revoke keys of the server."""
    return asyncio.run(_keys(options, output))


async def _keys(options: Namespace, output: Output) -> int:
    from .._async.memory import AsyncMemory
    from ..server import KeyRing

    if (options.action == "revoke") == (options.key is None):
        raise UsageError("give the id or the name of a key to 'revoke', and to no other action")
    if options.action == "create" and options.name is None:
        raise UsageError("'create' needs --name, which says what the key is for")
    memory = AsyncMemory(without_resuming(configuration(options)))
    try:
        ring = KeyRing(memory)
        if options.action == "create":
            await _create(ring, options, output)
        elif options.action == "revoke":
            key = await ring.revoke(options.key)
            output.print_result(_shown(key), lambda key: [f"revoked {key['id']}, {key['name']}"])
        else:
            found = [_shown(key) for key in await ring.list()]
            output.print_result(found, _table)
    finally:
        await memory.close(drain=False)
    return 0


async def _create(ring: KeyRing, options: Namespace, output: Output) -> None:
    text, key = await ring.create(
        options.name,
        options.may,
        user_id=options.user,
        agent_id=options.agent,
        run_id=options.run,
        expires_at=options.expires,
    )
    if not output.as_json:
        print("This key is shown once and stored nowhere:", file=sys.stderr)
    output.print_result({"key": text, **_shown(key)}, lambda made: [made["key"]])


def _shown(key: AccessKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "may": str(key.permission),
        "user_id": key.scope.user_id,
        "agent_id": key.scope.agent_id,
        "run_id": key.scope.run_id,
        "created_at": to_iso(key.created_at),
        "expires_at": None if key.expires_at is None else to_iso(key.expires_at),
        "revoked_at": None if key.revoked_at is None else to_iso(key.revoked_at),
    }


def _table(found: list[dict[str, Any]]) -> list[Part]:
    if not found:
        return ["no keys; on this machine the server answers without one"]
    columns = [Column(title) for title in ("ID", "Name", "May", "User", "Agent", "Run", "Expires", "Revoked")]
    names = ("id", "name", "may", "user_id", "agent_id", "run_id", "expires_at", "revoked_at")
    return [Grid(columns, [[str(key[name] or "") for name in names] for key in found])]
