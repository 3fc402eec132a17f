"""What a coding agent observes, as memories with its fields in their metadata."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, StrictBool, StrictStr
from starlette.responses import Response

from ...errors import InvalidInputError, PowerMemError
from ..call import Call, WriteCall
from ..caller import ScopeIds
from ..problems import problem_of
from .envelope import ok
from .memories import stored
from .shapes import MOST_AT_ONCE, Body, Item, Owned, memory

router = APIRouter(prefix="/observations", tags=["powermem 1.1"])

_CONTROL = {"user_id", "agent_id", "run_id", "filters", "scope", "memory_type", "save_raw", "infer", "dedupe"}
"""What says how to store an observation, and is not part of it."""


class Observation(Owned):
    """Something that a coding agent observes; further keys are kept with it."""

    model_config = ConfigDict(extra="allow")

    content: StrictStr
    observation_id: StrictStr | None = None
    observation_kind: StrictStr = "event"
    source: StrictStr = "coding_agent"
    metadata: dict[str, Any] | None = None
    filters: dict[str, Any] | None = None
    scope: StrictStr = "coding_agent"
    memory_type: StrictStr = "coding_agent_observation"
    save_raw: StrictBool = True
    infer: StrictBool = False
    dedupe: StrictBool = False

    def item(self, kind: str) -> Item:
        """Return what to remember."""
        said = self.model_dump(mode="json", exclude_none=True, exclude=_CONTROL)
        flat = {name: value for name, value in said.items() if isinstance(value, (str, int, float))}
        flat.pop("content")
        metadata = {**(self.metadata or {}), **flat, "record_kind": kind, "observation": said}
        return Item(
            content=self.content,
            metadata=metadata,
            filters=self.filters,
            scope=self.scope,
            memory_type=self.memory_type,
        )


class Observations(Body):
    """Several observations."""

    observations: Annotated[list[Observation], Field(min_length=1, max_length=MOST_AT_ONCE)]


async def _ingest(call: Call, body: Observation, scope: ScopeIds) -> dict[str, Any]:
    if not (body.save_raw or body.infer):
        raise InvalidInputError("save_raw and infer: without both, nothing would be stored")
    found: dict[str, list[dict[str, Any]]] = {}
    known = False
    for kind, wanted in (("observation_raw", body.save_raw), ("observation_semantic", body.infer)):
        before = []
        if wanted and body.dedupe and body.observation_id is not None:
            named = {"observation_id": body.observation_id, "record_kind": kind}
            page = await call.memory.get_all(filters=named, limit=MOST_AT_ONCE, **scope)
            before = [memory(each) for each in page["results"]]
            known = known or bool(before)
        if wanted and not before:
            before = await stored(call, body.item(kind), scope, infer=kind == "observation_semantic")
        found[kind] = before
    raw, semantic = found.values()
    return {
        "observation_id": body.observation_id,
        "raw_memory": raw[0] if raw else None,
        "semantic_memories": semantic,
        "memories": raw + semantic,
        "saved_raw": bool(raw),
        "inferred": body.infer,
        "deduped": known,
    }


@router.post("", summary="Store what a coding agent observes")
async def ingest(body: Observation, call: WriteCall) -> Response:
    scope = call.scope(body.user_id, body.agent_id, body.run_id)
    return ok(await _ingest(call, body, scope), "Observation ingested successfully")


@router.post("/batch", summary="Store several observations, each by itself")
async def ingest_batch(body: Observations, call: WriteCall) -> Response:
    # Every id is checked before anything is stored.
    scopes = [call.scope(each.user_id, each.agent_id, each.run_id) for each in body.observations]
    items: list[dict[str, Any]] = []
    for index, (each, scope) in enumerate(zip(body.observations, scopes, strict=True)):
        result, wrong = None, None
        try:
            result = await _ingest(call, each, scope)
        except PowerMemError as error:
            wrong = problem_of(error).detail
        outcome = {"success": wrong is None, "result": result, "error": wrong}
        items.append({"index": index, "observation_id": each.observation_id, **outcome})
    failed = sum(not item["success"] for item in items)
    counted = {"total": len(items), "success_count": len(items) - failed, "failed_count": failed}
    return ok({"items": items, **counted}, f"Ingested {len(items) - failed} out of {len(items)} observations")
