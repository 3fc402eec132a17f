"""Parameters that several routes have."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Query

from ...errors import InvalidInputError

UserId = Annotated[str | None, Query(description="Only this user's")]
AgentId = Annotated[str | None, Query(description="Only this agent's")]
RunId = Annotated[str | None, Query(description="Only of this conversation")]
Filters = Annotated[str | None, Query(description="A filter, as JSON")]


def read_filters(text: str | None) -> dict[str, Any] | None:
    """Return the filter in a query parameter."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        raise InvalidInputError("filters: expected a filter in JSON") from None
    if not isinstance(found, dict):
        raise InvalidInputError("filters: expected a JSON object")
    return found
