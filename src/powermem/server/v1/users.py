"""Users, what they like, and numbers about their memories; and what a key may do."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from ...rest import json_safe
from ..answers import extra
from ..call import ReadCall
from ..problems import ForbiddenError
from .parameters import AgentId, RunId, UserId
from .shapes import MOST_RESULTS

router = APIRouter(prefix="/v1", tags=["users"])


@router.get("/users", summary="List the users that have memories, sorted", openapi_extra=extra("Users"))
async def users(
    call: ReadCall,
    limit: Annotated[int, Query(ge=1, le=MOST_RESULTS)] = 100,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
) -> Response:
    tied = call.caller.tied
    if tied.agent_id is not None or tied.run_id is not None:
        raise ForbiddenError("users are listed for a key that is tied to no agent and no run")
    if tied.user_id is not None:
        found = [tied.user_id] if await call.memory.count(tied.user_id) else []
    else:
        found = await call.memory.users()
    total, start = len(found), 0 if cursor is None else bisect_right(found, cursor)
    page = found[start : start + limit]
    more = start + limit < total
    return call.reply({"results": page, "total": total, "next_cursor": page[-1] if more else None})


@router.get(
    "/preferences",
    summary="Read what a user likes or wants, oldest first",
    openapi_extra=extra("Preferences"),
)
async def preferences(
    call: ReadCall, user_id: UserId = None, agent_id: AgentId = None, run_id: RunId = None
) -> Response:
    found = await call.memory.get_preferences(**call.scope_of_user(user_id, agent_id, run_id))
    return call.reply({"results": json_safe(found)})


@router.get(
    "/statistics", summary="Read numbers about the current memories", openapi_extra=extra("Statistics")
)
async def statistics(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    time_range: Annotated[str | None, Query(description="7d, 30d, 90d or all")] = None,
    cutoff_date: Annotated[str | None, Query(description="Only what was created since then")] = None,
) -> Response:
    found = await call.memory.get_statistics(
        **call.scope(user_id, agent_id, run_id), time_range=time_range, cutoff_date=cutoff_date
    )
    return call.reply({**json_safe(found)})


@router.get("/key", summary="Read what the key of this request may do", openapi_extra=extra("Key"))
async def key(call: ReadCall) -> Response:
    caller = call.caller
    return call.reply(
        {"id": caller.key_id, "name": caller.name, "may": str(caller.permission), **caller.tied._asdict()}
    )
