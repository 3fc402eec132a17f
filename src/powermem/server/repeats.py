"""Requests that a client repeats without a name for them, because it got no answer."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from .._core import clock
from .._core.ids import new_id
from ..types import AddResult
from .call import Call
from .caller import ScopeIds

# The time in which the same request is a repeated one, in microseconds.
_WINDOW = 10 * 60 * 1_000_000


async def add_once(call: Call, said: object, whose: ScopeIds, messages: Any, **arguments: Any) -> AddResult:
    """Store memories, unless the same was asked for within the last minutes and what it left is still there.

    Args:
        call: the call of the route.
        said: what tells one request from another, as JSON types; with the name of the API.
        whose: the ids of whose memories they are.
        messages: as for ``add``.
        arguments: further arguments of ``add``.

    Returns:
        The result of ``add``, or that of the first request.
    """
    text = json.dumps([said, whose, clock.now() // _WINDOW], sort_keys=True, default=str)
    since = new_id()
    key = sha256(text.encode()).hexdigest()
    added = await call.memory.add(messages, idempotency_key=key, **whose, **arguments)
    if not await _stands(call, whose, added, since):
        # It is said again, after it was deleted or changed.
        added = await call.memory.add(messages, **whose, **arguments)
    return added


async def _stands(call: Call, scope: ScopeIds, added: AddResult, since: int) -> bool:
    """Return whether an answer holds: it is not older than an id, or what it says was stored is still so."""
    if added["status"] == "running" or int(added["task_id"]) > since:
        return True
    said = {(each["id"], each["memory"]) for each in added["results"] if each["event"] != "DELETE"}
    ids = [number for number, _ in said]
    page = await call.memory.get_all(**scope, filters={"id": {"in": ids}}, limit=len(ids)) if ids else None
    return page is not None and said == {(each["id"], each["memory"]) for each in page["results"]}
