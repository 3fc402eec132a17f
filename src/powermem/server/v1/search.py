"""Find memories, and write them for a prompt."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter
from starlette.responses import Response

from ..answers import extra
from ..call import Call, ReadCall
from ..replies import with_text_ids
from .shapes import Context, Finding, Search, SearchMany

router = APIRouter(prefix="/v1", tags=["search"])


def _arguments(call: Call, body: Finding) -> dict[str, Any]:
    given = dict(body)
    scope = call.scope(given.pop("user_id"), given.pop("agent_id"), given.pop("run_id"))
    return {**given, **scope}


def _safe(answer: dict[str, Any]) -> dict[str, Any]:
    for hit in answer["results"]:
        with_text_ids(hit)
        for turn in hit.get("around", ()):
            turn["turn_id"] = str(turn["turn_id"])
            if turn["id"] is not None:
                with_text_ids(turn)
    return answer


@router.post("/search", summary="Find the memories that answer a query", openapi_extra=extra("Found"))
async def search(body: Search, call: ReadCall) -> Response:
    answer = await call.memory.search(**_arguments(call, body))
    return call.reply(_safe(cast("dict[str, Any]", answer)))


@router.post(
    "/search_many", summary="Answer several queries, embedded in one batch", openapi_extra=extra("FoundMany")
)
async def search_many(body: SearchMany, call: ReadCall) -> Response:
    answers = await call.memory.search_many(**_arguments(call, body))
    return call.reply({"answers": [_safe(cast("dict[str, Any]", answer)) for answer in answers]})


@router.post(
    "/context",
    summary="Find memories, and write them as a text for a prompt",
    openapi_extra=extra("ContextText"),
)
async def context(body: Context, call: ReadCall) -> Response:
    text = await call.memory.context(**_arguments(call, body))
    return call.reply({"context": str(text), "tokens": text.tokens})
