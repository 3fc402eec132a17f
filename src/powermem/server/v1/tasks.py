"""Work in the background: start it, follow it, cancel it, and start it again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ...rest import json_safe
from ..answers import extra
from ..call import Call, ReadCall, WriteCall
from ..problems import ForbiddenError
from ..streams import EVENTS, Stream
from .parameters import AgentId, RunId, UserId
from .shapes import MOST_RESULTS, Processing

router = APIRouter(prefix="/v1", tags=["tasks"])

TaskId = Annotated[str, Path(description="The id of a task")]


async def _status(call: Call, task_id: str) -> dict[str, Any]:
    return {**json_safe(await call.memory.get_status(task_id, **call.scope()))}


@router.post(
    "/tasks",
    status_code=202,
    summary="Process the buffered messages of a user",
    openapi_extra=extra("Status"),
)
async def process(body: Processing, call: WriteCall) -> Response:
    if call.caller.tied.agent_id is not None or call.caller.tied.run_id is not None:
        raise ForbiddenError("messages are processed for a whole user; this key is tied to an agent or a run")
    handle = call.memory.process_async(call.scope_of_user(body.user_id)["user_id"])
    return call.reply(await _status(call, handle.id), 202)


@router.get("/tasks", summary="List tasks, the newest first", openapi_extra=extra("Tasks"))
async def list_tasks(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    status: Annotated[str | None, Query(description="Only those in this state, such as failed")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RESULTS)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    scope = call.scope(user_id, agent_id, run_id)
    found = await call.memory.list_tasks(**scope, status=status, limit=limit, offset=offset)
    return call.reply({"results": found})


@router.get("/tasks/{task_id}", summary="Read the state of a task", openapi_extra=extra("Status"))
async def get(task_id: TaskId, call: ReadCall) -> Response:
    return call.reply(await _status(call, task_id))


@router.get(
    "/tasks/{task_id}/events",
    summary="Follow a task, as Server-Sent Events, until it ends",
    responses={200: {"content": {EVENTS: {}}, "description": "An event `status` for each change"}},
)
async def events(task_id: TaskId, call: ReadCall) -> Response:
    first = await call.memory.get_status(task_id, **call.scope())
    return Stream(call.service.progress.follow(first), EVENTS)


@router.post(
    "/tasks/{task_id}/cancel", summary="Cancel a task; its messages stay", openapi_extra=extra("Cancelled")
)
async def cancel(task_id: TaskId, call: WriteCall) -> Response:
    cancelled = await call.memory.cancel_task(task_id, **call.scope())
    return call.reply({"cancelled": cancelled, **await _status(call, task_id)})


@router.post(
    "/tasks/{task_id}/retry",
    status_code=202,
    summary="Restart a task that failed or was cancelled",
    openapi_extra=extra("Status"),
)
async def retry(task_id: TaskId, call: WriteCall) -> Response:
    await call.memory.retry_task(task_id, **call.scope())
    return call.reply(await _status(call, task_id), 202)
