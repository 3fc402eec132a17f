"""Finding memories. ``GET`` has no filter."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from ..call import Call, ReadCall
from ..v1.parameters import AgentId, RunId, UserId
from .envelope import ok
from .shapes import MOST_AT_ONCE, SearchMemories, memory, within

router = APIRouter(tags=["powermem 1.1"])


async def _found(call: Call, body: SearchMemories) -> Response:
    found = await call.memory.search(
        body.query,
        filters=within(body.time_range, body.filters),
        limit=body.limit,
        threshold=body.threshold,
        **call.scope(body.user_id, body.agent_id, body.run_id),
    )
    results = [memory(hit) for hit in found["results"]]
    if body.sort_by in (None, "score"):
        # They come best first.
        results = results if body.order == "desc" else results[::-1]
    else:
        results.sort(key=itemgetter(body.sort_by), reverse=body.order == "desc")
    data = {"results": results, "total": len(results), "query": body.query}
    return ok(data, "Search completed successfully")


@router.post("/memories/search", summary="Find the memories that answer a query")
async def search(body: SearchMemories, call: ReadCall) -> Response:
    return await _found(call, body)


@router.get("/memories/search", summary="Find the memories that answer a query, without a filter")
async def search_by_query(
    query: Annotated[str, Query(description="What is looked for")],
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 30,
    threshold: Annotated[float | None, Query(ge=0, le=1)] = None,
) -> Response:
    body = SearchMemories(
        query=query, user_id=user_id, agent_id=agent_id, run_id=run_id, limit=limit, threshold=threshold
    )
    return await _found(call, body)
