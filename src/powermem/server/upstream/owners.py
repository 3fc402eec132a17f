"""The memories of a user, and of an agent; and what is known of a user."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from ..call import ReadCall, WriteCall
from .envelope import UserNotFoundError, moment, ok
from .memories import Limit, MemoryId, Offset, changed, page_of, stored
from .shapes import CreateOfAgent, Item, MemoryChange, UpdateOfUser

router = APIRouter(tags=["powermem 1.1"])

WhichUser = Annotated[str, Path(description="The id of a user")]
WhichAgent = Annotated[str, Path(description="The id of an agent")]


@router.get("/users/{user_id}/profile", summary="Read what a user likes or wants, as a text")
async def profile(user_id: WhichUser, call: ReadCall) -> Response:
    found = await call.memory.get_preferences(**call.scope_of_user(user_id))
    if not found:
        raise UserNotFoundError("user_id: nothing is known of what this user likes or wants")
    data = {
        "user_id": user_id,
        "profile_content": "\n".join(each["preference"] for each in found),
        "topics": None,
        "updated_at": moment(max(each["created_at"] for each in found)),
    }
    return ok(data, "User profile retrieved successfully")


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
