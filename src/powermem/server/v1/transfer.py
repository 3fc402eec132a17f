"""Exports and imports of any size, which pass through page by page."""

from __future__ import annotations

import asyncio
import gzip
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from ..._async.bulk.exporting import AsyncExporter
from ..._core.filters.parse import parse
from ..._core.transfer.lines import Header, write_header, write_item
from ..._core.transfer.sources import Page
from ..._core.values import Scope
from ..answers import extra
from ..call import AdminCall, ReadCall
from ..limits import unlimited
from ..streams import LINES, Stream
from .parameters import AgentId, Filters, RunId, UserId, read_filters

router = APIRouter(prefix="/v1", tags=["transfer"])

_WRITTEN_AT_ONCE = 1 << 20


@router.get(
    "/export",
    summary="Export memories with their history, messages and all else, as JSON lines",
    responses={200: {"content": {LINES: {}}, "description": "A header, then an object a line"}},
)
async def export(
    call: ReadCall,
    user_id: UserId = None,
    agent_id: AgentId = None,
    run_id: RunId = None,
    filters: Filters = None,
    include_vectors: Annotated[bool, Query(description="So that an import need not embed")] = False,
) -> Response:
    scope = call.memory._scope(**call.scope(user_id, agent_id, run_id), required=True)
    expression = parse(read_filters(filters), call.memory._zone)
    components = await call.memory._access.open(any_vectors=True)
    exporter = AsyncExporter(components.store, Scope(*scope), expression, vectors=include_vectors)
    header = Header(await components.store.identity() if include_vectors else None)
    return Stream(_lines(header, exporter), LINES)


async def _lines(header: Header, exporter: AsyncExporter) -> AsyncIterator[bytes]:
    yield f"{write_header(header)}\n".encode()
    async for page in exporter.pages():
        # A page of vectors takes long enough to hold up others.
        yield await asyncio.to_thread(_page, page)


def _page(page: Page) -> bytes:
    found = (page.turns, page.memories, page.preferences, page.history)
    return "".join(f"{write_item(item)}\n" for items in found for item in items).encode()


@router.post(
    "/import",
    summary="Import what an export, powermem 1.1 or mem0 has written; compressed or not",
    openapi_extra={
        **extra("Imported"),
        "requestBody": {
            "required": True,
            "content": {LINES: {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def import_memories(
    request: Request,
    call: AdminCall,
    format: Annotated[str, Query(description="jsonl, powermem, mem0 or auto")] = "auto",
) -> Response:
    unlimited(request.scope)
    # On disk, so that neither a large body nor a slow client takes memory or holds up the store.
    with tempfile.TemporaryFile() as file:
        await _receive(request, file)
        source = await asyncio.to_thread(_rewound, file)
        result = await call.memory.import_memories(cast("IO[Any]", source), format)
    return call.reply({**result})


async def _receive(request: Request, file: IO[bytes]) -> None:
    buffer = bytearray()
    async for chunk in request.stream():
        buffer += chunk
        if len(buffer) >= _WRITTEN_AT_ONCE:
            await asyncio.to_thread(file.write, bytes(buffer))
            buffer.clear()
    await asyncio.to_thread(file.write, bytes(buffer))


def _rewound(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
