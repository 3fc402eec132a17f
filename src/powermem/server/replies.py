"""Replies as JSON. Ids are strings, since a number of 63 bits does not survive JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response


def json_response(
    body: object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """Return a response with a value of JSON types.

    It is written at once: FastAPI would first copy and check every value.
    """
    return Response(to_json(body, inf_nan_mode="null"), status, headers, media_type)


def with_text_ids(record: dict[str, Any]) -> dict[str, Any]:
    """Write the ids of a memory that a method has just returned as strings, in place."""
    record["id"] = str(record["id"])
    if record["superseded_by"] is not None:
        record["superseded_by"] = str(record["superseded_by"])
    return record
