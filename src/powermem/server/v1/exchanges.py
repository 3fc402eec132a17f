"""Messages that are kept at once and processed later."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ...rest import json_safe
from ..answers import extra
from ..call import WriteCall
from .shapes import Exchange, Message

router = APIRouter(prefix="/v1", tags=["exchanges"])


@router.post(
    "/exchanges",
    status_code=202,
    summary="Keep a user's message and the reply, and process them later",
    openapi_extra=extra("Turns"),
)
async def add_exchange(body: Exchange, call: WriteCall) -> Response:
    turns = await call.memory.add_exchange(
        user_message=body.user_message,
        assistant_message=body.assistant_message,
        timestamp=body.timestamp,
        timezone=body.timezone,
        **call.scope_of_user(body.user_id, body.agent_id, body.run_id),
    )
    return call.reply({"results": list(json_safe(turns))}, 202)


@router.post(
    "/messages",
    status_code=202,
    summary="Keep one message, to be processed later",
    openapi_extra=extra("Turns"),
)
async def add_message(body: Message, call: WriteCall) -> Response:
    turn = await call.memory.add_message(
        role=body.role,
        content=body.content,
        timestamp=body.timestamp,
        timezone=body.timezone,
        **call.scope_of_user(body.user_id, body.agent_id, body.run_id),
    )
    return call.reply({"results": [json_safe(turn)]}, 202)
