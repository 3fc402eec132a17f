"""The routes that mem0's ``MemoryClient`` calls, which are those of its cloud; each ends in a slash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ..._core.inputs import KEEP
from ...errors import InvalidInputError, NotFoundError
from ...rest import json_safe
from ..call import Call, ReadCall, WriteCall, refusing
from ..caller import ScopeIds
from ..filters import ids_named
from ..repeats import add_once
from ..replies import json_response
from ..v1.parameters import AgentId, RunId, UserId
from .routes import MemoryId, events_of, missing, moment, record
from .shapes import BatchOfMemories, ClientAdd, ClientList, ClientSearch, MemoryUpdate

router = APIRouter(tags=["mem0"])

LEFT_OUT = {
    "/v1/exports/": "export with GET /v1/export, without the slash, which has every memory",
    "/v1/exports/get/": "export with GET /v1/export, without the slash, which has every memory",
    "/v1/feedback/": "correct a memory with update, or delete it",
    "/v1/summary/": "read a text for a prompt with POST /v1/context",
}
for _path, _told in LEFT_OUT.items():
    # Not described: no client should be made for them.
    router.add_api_route(_path, refusing(_told), methods=["POST"], include_in_schema=False)

_KINDS = {"user": "user_id", "agent": "agent_id", "run": "run_id"}


def _scope(call: Call, ids: Mapping[str, Any]) -> ScopeIds:
    found = call.scope(ids.get("user_id"), ids.get("agent_id"), ids.get("run_id"))
    if not any(found.values()):
        raise InvalidInputError("filters: one of user_id, agent_id and run_id has to be in them")
    return found


@router.get("/v1/ping/", summary="Check a key")
async def ping(call: ReadCall) -> Response:
    # Their client needs the ids of an organisation and a project, of which there are none here.
    return json_response({"status": "ok", "org_id": "powermem", "project_id": "powermem", "user_email": None})


@router.post("/v3/memories/add/", summary="Store memories of messages")
async def add(body: ClientAdd, call: WriteCall) -> Response:
    ids = {**ids_named(body.filters), **body.ids()}
    app_id = (body.filters or {}).get("app_id") or body.app_id
    metadata = {**(body.metadata or {}), **({} if app_id is None else {"app_id": app_id})}
    added = await add_once(
        call,
        ["mem0 platform", body.model_dump()],
        _scope(call, ids),
        body.messages,
        metadata=metadata or None,
        infer=body.infer is not False,
        prompt=body.custom_instructions,
        timestamp=body.timestamp,
        expires_at=moment(body.expiration_date),
    )
    safe = json_safe(added)
    status = "PENDING" if safe["status"] == "running" else "SUCCEEDED"
    return json_response({"results": safe["results"], "event_id": safe["task_id"], "status": status})


@router.post("/v3/memories/", summary="List memories, page by page")
async def list_memories(
    body: ClientList,
    call: ReadCall,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    found = await call.memory.get_all(
        filters=body.narrowed(),
        limit=page_size,
        offset=(page - 1) * page_size,
        **_scope(call, ids_named(body.filters)),
    )
    further = page * page_size < found["total"]
    at = "/v3/memories/?page={}&page_size={}".format
    return json_response(
        {
            "count": found["total"],
            "next": at(page + 1, page_size) if further else None,
            "previous": at(page - 1, page_size) if page > 1 else None,
            "results": [record(each) for each in found["results"]],
        }
    )


@router.post("/v3/memories/search/", summary="Find the memories that answer a query")
async def search(body: ClientSearch, call: ReadCall) -> Response:
    found = await call.memory.search(
        body.query,
        filters=body.filters,
        limit=body.top_k or 10,
        threshold=body.threshold,
        rerank=body.rerank,
        include_expired=body.show_expired is True,
        **_scope(call, ids_named(body.filters)),
    )
    return json_response({"results": [record(each) for each in found["results"]]})


@router.get("/v1/memories/{memory_id}/", summary="Read a memory")
async def read(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.get(memory_id, **call.scope())
    if found is None:
        raise missing()
    return json_response(record(found))


async def _change(call: Call, memory_id: str, body: MemoryUpdate) -> dict[str, Any]:
    expires_at = moment(body.expiration_date) if "expiration_date" in body.model_fields_set else KEEP
    changed = await call.memory.update(
        memory_id, body.text, metadata=body.metadata, expires_at=expires_at, **call.scope()
    )
    if changed is None:
        raise missing()
    return record(changed)


@router.put("/v1/memories/{memory_id}/", summary="Change what is sent of a memory")
async def update(memory_id: MemoryId, body: MemoryUpdate, call: WriteCall) -> Response:
    return json_response(await _change(call, memory_id, body))


@router.delete("/v1/memories/{memory_id}/", summary="Delete a memory, and those that it took the place of")
async def delete(
    memory_id: MemoryId,
    call: WriteCall,
    delete_linked: Annotated[bool, Query(description="Also what it took the place of")] = False,
) -> Response:
    former: list[int] = []
    if delete_linked and await call.memory.get(memory_id, **call.scope()) is not None:
        former = await _former(call, memory_id)
    if not await call.memory.delete(memory_id, **call.scope()):
        raise missing()
    for each in former:
        await call.memory.delete(each, **call.scope())
    return json_response({"message": "Memory deleted successfully!"})


async def _former(call: Call, memory_id: str) -> list[int]:
    """Return the memories that a memory took the place of, and so on."""
    components = await call.memory._access.open(any_vectors=True)
    found: list[int] = []
    newest = [int(memory_id)]
    while rows := await components.store.superseded(newest):
        newest = [row.id for row in rows if row.id not in found]
        found += newest
    return found


@router.delete("/v1/memories/", summary="Delete every memory of a user, an agent or a run")
async def delete_all(
    call: WriteCall, user_id: UserId = None, agent_id: AgentId = None, run_id: RunId = None
) -> Response:
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
    await call.memory.delete_all(**_scope(call, ids))
    return json_response({"message": "Memories deleted successfully!"})


@router.get("/v1/memories/{memory_id}/history/", summary="Read what happened to a memory")
async def history(memory_id: MemoryId, call: ReadCall) -> Response:
    found = await call.memory.history(memory_id, **call.scope())
    if not found:
        raise missing()
    return json_response(events_of(found))


@router.get("/v1/entities/", summary="List the users that have memories")
async def entities(call: ReadCall) -> Response:
    tied = call.caller.tied
    if tied.agent_id is not None or tied.run_id is not None:
        users: list[str] = []
    elif tied.user_id is None:
        users = await call.memory.users()
    else:
        users = [tied.user_id] if await call.memory.count(tied.user_id) else []
    results = [{"id": each, "name": each, "type": "user"} for each in users]
    return json_response({"count": len(results), "next": None, "previous": None, "results": results})


@router.delete("/v2/entities/{kind}/{name}/", summary="Delete every memory of a user, an agent or a run")
async def delete_entity(
    kind: Annotated[Literal["user", "agent", "run"], Path(description="What it is")],
    name: Annotated[str, Path(description="Its id")],
    call: WriteCall,
) -> Response:
    if not (await call.memory.delete_all(**_scope(call, {_KINDS[kind]: name})))["deleted"]:
        raise NotFoundError(f"{kind}: there is nothing of this {kind}, or it belongs to another user")
    return json_response({"message": "Entity deleted successfully!"})


@router.put("/v1/batch/", summary="Change several memories")
async def update_batch(body: BatchOfMemories, call: WriteCall) -> Response:
    for each in body.memories:
        await _change(call, str(each.memory_id), each)
    return json_response({"message": f"Successfully updated {len(body.memories)} memories"})


@router.delete("/v1/batch/", summary="Delete several memories")
async def delete_batch(body: BatchOfMemories, call: WriteCall) -> Response:
    for each in body.memories:
        if not await call.memory.delete(str(each.memory_id), **call.scope()):
            raise missing()
    return json_response({"message": f"Successfully deleted {len(body.memories)} memories"})
