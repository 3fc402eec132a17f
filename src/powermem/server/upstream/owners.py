"""The memories of a user, and of an agent; and what is known of a user."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ...rest import json_safe
from ..call import Call, ReadCall, WriteCall
from ..repeats import add_once
from ..v1.parameters import UserId
from .envelope import UserNotFoundError, moment, ok
from .memories import Limit, MemoryId, Offset, changed, page_of, stored, users_of
from .shapes import CreateOfAgent, Item, MemoryChange, ProfileMessages, UpdateOfUser

router = APIRouter(tags=["powermem 1.1"])

WhichUser = Annotated[str, Path(description="The id of a user")]
WhichAgent = Annotated[str, Path(description="The id of an agent")]


async def _profile(call: Call, user_id: str) -> dict[str, Any] | None:
    found = await call.memory.get_preferences(**call.scope_of_user(user_id))
    if not found:
        return None
    return {
        "user_id": user_id,
        "profile_content": "\n".join(each["preference"] for each in found),
        "topics": None,
        "updated_at": moment(max(each["created_at"] for each in found)),
    }


@router.get("/users/profiles", summary="List what users like or want, each as a text")
async def profiles(
    call: ReadCall,
    user_id: UserId = None,
    fuzzy: Annotated[bool, Query(description="Also of users whose id contains user_id")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    if user_id is None or fuzzy:
        users = [each for each in await users_of(call) if user_id is None or user_id.lower() in each.lower()]
    else:
        users = [call.scope_of_user(user_id)["user_id"]]
    found = [each for user in users if (each := await _profile(call, user)) is not None]
    data = {
        "profiles": found[offset : offset + limit],
        "total": len(found),
        "limit": limit,
        "offset": offset,
    }
    return ok(data, "User profiles retrieved successfully")


@router.get("/users/{user_id}/profile", summary="Read what a user likes or wants, as a text")
async def profile(user_id: WhichUser, call: ReadCall) -> Response:
    data = await _profile(call, user_id)
    if data is None:
        raise UserNotFoundError("user_id: nothing is known of what this user likes or wants")
    return ok(data, "User profile retrieved successfully")


@router.post("/users/{user_id}/profile", summary="Store messages, and read what the user likes or wants now")
async def add_to_profile(user_id: WhichUser, body: ProfileMessages, call: WriteCall) -> Response:
    scope = call.scope(user_id, body.agent_id, body.run_id)
    given = body.model_dump(exclude={"messages", "agent_id", "run_id"})
    added = await add_once(call, ["upstream profile", body.messages, given], scope, body.messages, **given)
    found = await _profile(call, user_id)
    data = {
        "results": json_safe(added)["results"],
        "profile_extracted": found is not None,
        "profile_content": found and found["profile_content"],
    }
    return ok(data, "Messages added and profile extracted successfully")


@router.get("/users/{user_id}/memories", summary="List the memories of a user")
async def of_user(user_id: WhichUser, call: ReadCall, limit: Limit = 100, offset: Offset = 0) -> Response:
    return await page_of(call, call.scope(user_id), limit, offset, "User memories retrieved successfully")


@router.delete("/users/{user_id}/memories", summary="Delete the memories of a user, and what was said")
async def delete_of_user(user_id: WhichUser, call: WriteCall) -> Response:
    deleted = (await call.memory.delete_all(**call.scope(user_id)))["deleted"]
    data = {"user_id": user_id, "deleted_count": deleted, "failed_count": 0, "total": deleted}
    return ok(data, f"Deleted {deleted} memories for user {user_id}")


@router.put("/users/{user_id}/memories/{memory_id}", summary="Change a memory of a user")
async def update_of_user(
    user_id: WhichUser, memory_id: MemoryId, body: UpdateOfUser, call: WriteCall
) -> Response:
    change = MemoryChange(content=body.content, metadata=body.metadata)
    found = await changed(call, memory_id, change, call.scope(user_id, body.agent_id))
    return ok(found, "Memory updated successfully")


@router.get("/agents/{agent_id}/memories", summary="List the memories of an agent")
async def of_agent(agent_id: WhichAgent, call: ReadCall, limit: Limit = 100, offset: Offset = 0) -> Response:
    scope = call.scope(None, agent_id)
    return await page_of(call, scope, limit, offset, "Agent memories retrieved successfully")


@router.post("/agents/{agent_id}/memories", summary="Store a memory of an agent, as it is said")
async def create_of_agent(agent_id: WhichAgent, body: CreateOfAgent, call: WriteCall) -> Response:
    scope = call.scope(body.user_id, agent_id, body.run_id)
    found = await stored(call, Item(content=body.content), scope, infer=False)
    return ok(found[0] if found else None, "Agent memory created successfully")
