"""What models did, by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from ..._core import clock
from ..._core.wire.budget import EMBEDDED_TEXTS, LLM_CALLS, LLM_TOKENS, day_of, start_of
from ..._core.wire.consumption import COMPLETION_TOKENS, CONSUMED, PROMPT_TOKENS
from ..answers import extra
from ..call import AdminCall

router = APIRouter(prefix="/v1", tags=["usage"])

_MOST_DAYS = 366


@router.get(
    "/usage",
    summary="Read what models did for all users, day by day in UTC, and the budget",
    openapi_extra=extra("UsageByDay"),
)
async def usage(call: AdminCall, days: Annotated[int, Query(ge=1, le=_MOST_DAYS)] = 30) -> Response:
    components = await call.memory._access.open(any_vectors=True)
    budget, last = call.memory._access.config.budget, day_of(clock.now())
    first = last - days + 1
    found = await components.meter.by_day(first)
    limits = budget.limits()
    return call.reply(
        {
            "days": [_day(day, found.get(day, {}), budget.prices) for day in range(first, last + 1)],
            "budget": {name: limits.get(name) for name in (LLM_CALLS, LLM_TOKENS, EMBEDDED_TEXTS)},
            "prices": budget.prices and dict(zip(("prompt", "completion"), budget.prices, strict=True)),
        }
    )


def _day(day: int, amounts: Mapping[str, int], prices: tuple[float, float] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"day": clock.to_iso(start_of(day))[:10]}
    found |= {name: amounts.get(name, 0) for name in CONSUMED}
    found["cost"] = None
    if prices is not None:
        cost = found[PROMPT_TOKENS] * prices[0] + found[COMPLETION_TOKENS] * prices[1]
        found["cost"] = round(cost / 1_000_000, 6)
    return found
