"""Read the formats of other libraries: powermem 1.1 and mem0."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import timezone
from typing import Any

from ...errors import InvalidInputError
from ...types import Metadata
from .. import clock
from ..inputs import check_id, check_text_given, parse_id
from ..metadata import check_metadata
from ..text.cleaning import content_hash
from ..values import Row, Scope, Stored

# powermem 1.1 calls the text "data" in its rows, "memory" in lists and "content" in `get`; mem0 "data" and
# "memory".
_TEXT = ("data", "memory", "content", "text")
_SCOPE = ("user_id", "agent_id", "run_id")
# Keys that are no metadata: they are columns here, derived from the text, or internal to the other library.
_KNOWN = frozenset(
    (
        *_TEXT, *_SCOPE, "id", "memory_id", "actor_id", "memory_type", "category", "metadata", "hash",
        "created_at", "updated_at", "expiration_date", "expires_at", "access_count", "score", "vector",
        "embedding", "fulltext_content", "text_lemmatized",
    )
)  # fmt: skip
_ENVELOPES = ("results", "memories", "data", "points")


def records(document: Any) -> Iterator[Any]:
    """Yield the records of a document: an array, or an object that contains one.

    Raises:
        InvalidInputError: it is neither.
    """
    if isinstance(document, Mapping):
        for name in _ENVELOPES:
            if isinstance(document.get(name), list):
                yield from document[name]
                return
        if any(name in document for name in (*_TEXT, "payload")):
            yield document
            return
    elif isinstance(document, list):
        yield from document
        return
    raise InvalidInputError(
        f"source: expected an array of memories, or an object with one of {', '.join(_ENVELOPES)} that is one"
    )


def read_record(value: Any, now: int) -> Stored:
    """Read a memory of powermem 1.1 or mem0.

    It may be a flat record or a row of a vector store with a ``payload``. Integer ids are kept; other ids are
    mapped to integers deterministically. Vectors are ignored, since the record does not name their model.

    Args:
        value: the record.
        now: the default of missing times, microseconds UTC.

    Raises:
        InvalidInputError: it is no such record; the message says why.
    """
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"expected an object, got {type(value).__name__}")
    payload = value.get("payload", value)
    if isinstance(payload, str):
        payload = _decode(payload)
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"payload: expected an object, got {type(payload).__name__}")
    text = check_text_given(next((payload[name] for name in _TEXT if payload.get(name)), None), "text")
    metadata = _metadata(payload)
    created = _moment(payload, "created_at", None)
    updated = _moment(payload, "updated_at", created)
    created = created if created is not None else updated if updated is not None else now
    scope = Scope(*(check_id(payload.get(name) or None, name) for name in _SCOPE))
    row = Row(
        id=_identity(value.get("id", payload.get("id")), scope, text),
        scope=scope,
        text=text,
        hash=content_hash(text),
        actor_id=check_id(payload.get("actor_id") or None, "actor_id"),
        memory_type=_kind(payload),
        metadata=metadata,
        created_at=created,
        updated_at=updated if updated is not None else created,
        valid_from=created,
        expires_at=_moment(payload, "expires_at", _moment(payload, "expiration_date", None)),
        utc_offset=_offset(payload),
        access_count=_count(payload.get("access_count")),
    )
    return Stored(row, facets=_facets(metadata))


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"payload: not valid JSON ({error})") from None


def _metadata(payload: Mapping[str, Any]) -> Metadata:
    own = payload.get("metadata")
    if isinstance(own, str):
        own = _decode(own)
    flat = {key: item for key, item in payload.items() if key not in _KNOWN and item is not None}
    # mem0 stores metadata next to its own keys.
    return check_metadata({**flat, **(own if isinstance(own, Mapping) else {})})


def _offset(payload: Mapping[str, Any]) -> int | None:
    """Return the UTC offset of a record's time, which mem0 writes in the time zone of California."""
    value = payload.get("created_at") or payload.get("updated_at")
    return clock.parse_local(value, timezone.utc, "created_at").utc_offset if value else None


def _moment(payload: Mapping[str, Any], name: str, otherwise: int | None) -> int | None:
    value = payload.get(name)
    return otherwise if value is None or value == "" else clock.parse(value, name)


def _identity(value: Any, scope: Scope, text: str) -> int:
    number = parse_id(value)
    if number is not None:
        return number
    # Without an id, scope and text identify a memory, so that a second import recognizes it.
    name = json.dumps([*scope, text]) if value is None else str(value)
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:8], "big") >> 2 or 1


def _kind(payload: Mapping[str, Any]) -> str | None:
    kind = payload.get("category") or payload.get("memory_type")
    return kind if isinstance(kind, str) else None


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 1 << 31 else 0


def _facets(metadata: Metadata) -> dict[str, Any]:
    importance = metadata.get("importance_score")
    if isinstance(importance, (int, float)) and not isinstance(importance, bool) and 0 <= importance <= 1:
        return {"importance": float(importance)}
    return {}
