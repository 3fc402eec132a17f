"""Items of a session's history: JSON of a provider, kept as it is. No I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from ...errors import InvalidInputError
from ..changes.writes import AddTurn
from ..ids import new_id
from ..values import Scope, Turn

_ROLE = "item"


def session_scope(scope: Scope, session_id: str) -> Scope:
    """Return the scope of a session's items, in which nothing else is."""
    digest = sha256(json.dumps([scope.run_id, session_id]).encode()).hexdigest()[:40]
    return scope._replace(run_id=f"session:{digest}")


def write_items(items: Sequence[Any], scope: Scope, at: int) -> list[AddTurn]:
    """Return the changes that append items to a session.

    Raises:
        InvalidInputError: an item is no JSON.
    """
    return [
        AddTurn(item_id, scope, _ROLE, _encoded(item, place), None, at, at)
        for place, (item, item_id) in enumerate(zip(items, new_id.several(len(items)), strict=True))
    ]


def read_item(turn: Turn) -> Any:
    """Return the item that a turn holds."""
    return json.loads(turn.content)


def _encoded(item: object, place: int) -> str:
    try:
        # Without other characters than ASCII, so that lone surrogates are kept as well.
        return json.dumps(item, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"items[{place}]: expected JSON values: {error}") from None
