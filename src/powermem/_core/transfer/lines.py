"""powermem's file format: a header, then one line of JSON for each item.

Items are turns, memories, preferences and history entries of deleted memories. Times are integer microseconds
UTC. Vectors are normalized float32, terms uint64 and counts uint8, all little-endian and in base64.

Lines of powermem 1.1 and mem0 are read too.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timezone
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from ...errors import InvalidInputError
from ...types import Metadata
from .. import clock
from ..clock import FULL_DAY
from ..embedding.windows import MAX_WINDOWS
from ..inputs import check_id, check_scope, check_text_given, parse_id
from ..masking import shown
from ..metadata import check_metadata
from ..tasks.task import Preference
from ..text.cleaning import check_text, content_hash
from ..values import EmbedderIdentity, HistoryEntry, Row, Scope, Stored, Turn

FORMAT = 1
"""The version of the format; readers refuse a higher one."""

INDEX = 2
"""The version of ``_core.text.indexing.index``; terms of another version are computed again."""

KEY = "powermem_export"

Item: TypeAlias = Stored | Turn | HistoryEntry | Preference

_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode

# What `json.loads` calls, without a look for blanks at both ends.
_decoded = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a file.

    Attributes:
        embedder: the embedder of its vectors; ``None`` if there are none.
        index: the version of its terms.
    """

    embedder: EmbedderIdentity | None
    index: int = INDEX


def write_header(header: Header) -> str:
    """Return the first line of a file."""
    whose = header.embedder
    embedder = None if whose is None else [whose.provider, whose.model, whose.dimension]
    return _encode({KEY: FORMAT, "embedder": embedder, "index": header.index})


def read_header(line: str) -> Header | None:
    """Read the first line of a file; return ``None`` if the file is not in powermem's format.

    Raises:
        InvalidInputError: it was written by a newer version.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or KEY not in value:
        return None
    if value[KEY] != FORMAT:
        raise InvalidInputError(
            f"source: the file is in version {shown(value[KEY])} of the format and this powermem reads "
            f"{FORMAT}; upgrade powermem"
        )
    embedder, index = value.get("embedder"), value.get("index", 0)
    identity = None if embedder is None else _identity(embedder)
    if type(index) is not int or not 0 <= index < 1 << 31:
        raise InvalidInputError(f"source: the header's 'index' must be a small integer, got {shown(index)}")
    return Header(identity, index)


def _identity(value: object) -> EmbedderIdentity:
    if isinstance(value, list) and len(value) == 3:
        provider, model, dimension = value
        if isinstance(provider, str) and isinstance(model, str) and type(dimension) is int and dimension > 0:
            return EmbedderIdentity(provider, model, dimension)
    raise InvalidInputError(
        "source: the header's 'embedder' must be a list of a provider, a model and a dimension; "
        "remove it to embed the memories again"
    )


def write_item(item: Item) -> str:
    """Return the line of a memory, a turn, a preference or an entry."""
    return _encode(_WRITE[type(item)](item))


def _write_memory(stored: Stored) -> dict[str, Any]:
    row = stored.row
    value: dict[str, Any] = {
        "memory": row.text,
        "id": row.id,
        **row.scope._asdict(),
        "hash": row.hash,
        "actor_id": row.actor_id,
        "memory_type": row.memory_type,
        "metadata": row.metadata,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "valid_from": row.valid_from,
        "utc_offset": row.utc_offset,
        "valid_to": row.valid_to,
        "expires_at": row.expires_at,
        "superseded_by": row.superseded_by,
        "access_count": row.access_count,
        "version": row.version,
        "facets": row.facets,
        "history": [_write_entry(entry) for entry in stored.history],
        "turns": list(stored.turns),
    }
    if stored.embedding is not None:
        value["embedding"] = b64encode(stored.embedding).decode("ascii")
    if stored.terms is not None:
        value["terms"] = [b64encode(part).decode("ascii") for part in stored.terms]
    return value


def _write_turn(turn: Turn) -> dict[str, Any]:
    return {
        "turn": turn.content,
        "id": turn.id,
        **turn.scope._asdict(),
        "role": turn.role,
        "actor_id": turn.actor_id,
        "sent_at": turn.sent_at,
        "utc_offset": turn.utc_offset,
        "created_at": turn.created_at,
    }


def _write_preference(preference: Preference) -> dict[str, Any]:
    return {
        "preference": preference.text,
        "id": preference.id,
        **preference.scope._asdict(),
        "kind": preference.kind,
        "reasoning": preference.reasoning,
        "created_at": preference.created_at,
    }


def _write_entry(entry: HistoryEntry) -> list[Any]:
    return [
        entry.id,
        entry.memory_id,
        entry.event,
        entry.old_memory,
        entry.new_memory,
        entry.actor,
        entry.created_at,
    ]


_WRITE: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    Stored: _write_memory,
    Turn: _write_turn,
    Preference: _write_preference,
    HistoryEntry: lambda entry: {"deleted": _write_entry(entry)},
}


def read_item(line: str, header: Header) -> Item:
    """Read a line.

    Raises:
        InvalidInputError: it is not one of this format; the message says why.
    """
    try:
        value, end = _decoded(line)
        if end < len(line):
            json.loads(line)
        if "memory" in value:
            return _read_memory(value, header)
        if "turn" in value:
            return _read_turn(value)
        if "preference" in value:
            return _read_preference(value)
        return _read_entry(value["deleted"])
    except InvalidInputError:
        raise
    except KeyError as error:
        raise InvalidInputError(f"the key {error} is missing") from None
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise InvalidInputError(f"not a line of an export ({error})") from None


_numbers = itemgetter("created_at", "updated_at", "valid_from", "access_count", "version")
_moments = itemgetter("valid_to", "expires_at", "superseded_by")
_NEVER = (None, None, None)


def _read_memory(value: Mapping[str, Any], header: Header) -> Stored:
    text = _text(value["memory"], "memory")
    metadata, facets = value["metadata"], value["facets"]
    embedding = _vector(value.get("embedding"), header.embedder)
    terms = _terms(value.get("terms")) if header.index == INDEX else None
    created_at, updated_at, valid_from, access_count, version = _integers(_numbers(value))
    valid_to, expires_at, superseded_by = moments = _moments(value)
    if moments != _NEVER:
        _integers([moment for moment in moments if moment is not None])
    # By position, which takes half as long as by name.
    row = Row(
        _id(value["id"]),
        _scope(value),
        text,
        content_hash(text),
        _optional(value["actor_id"], "actor_id"),
        _optional(value["memory_type"], "memory_type"),
        check_metadata(metadata) if metadata else {},
        created_at,
        updated_at,
        valid_from,
        valid_to,
        expires_at,
        superseded_by,
        access_count,
        version,
        _offset(value.get("utc_offset")),
        check_metadata(facets) if facets else {},
    )
    history = [_read_entry(entry) for entry in value["history"]]
    return Stored(row, history, [_id(turn) for turn in value["turns"]], embedding, terms)


def _read_turn(value: Mapping[str, Any]) -> Turn:
    return Turn(
        id=_id(value["id"]),
        scope=_scope(value),
        role=_text(value["role"], "role"),
        content=_text(value["turn"], "turn"),
        actor_id=_optional(value["actor_id"], "actor_id"),
        sent_at=_integer(value["sent_at"]),
        created_at=_integer(value["created_at"]),
        utc_offset=_offset(value.get("utc_offset")),
    )


def _read_preference(value: Mapping[str, Any]) -> Preference:
    text = _text(value["preference"], "preference")
    return Preference(
        id=_id(value["id"]),
        scope=_scope(value),
        kind=_text(value["kind"], "kind"),
        text=text,
        reasoning=_text(value["reasoning"], "reasoning"),
        hash=content_hash(text),
        created_at=_integer(value["created_at"]),
    )


def _read_entry(value: Sequence[Any]) -> HistoryEntry:
    entry_id, memory_id, event, old, new, actor, at = value
    return HistoryEntry(
        _id(memory_id),
        _text(event, "event"),
        _optional(old, "old memory"),
        _optional(new, "new memory"),
        _optional(actor, "actor"),
        _integer(at),
        _id(entry_id),
    )


def _scope(value: Mapping[str, Any]) -> Scope:
    return _checked_scope(value["user_id"], value["agent_id"], value["run_id"])


# Files repeat the same few scopes.
_checked_scope = lru_cache(maxsize=4096, typed=True)(check_scope)


def _id(value: Any) -> int:
    # powermem writes integers; other tools may have turned them into strings.
    if type(value) is int and 0 < value < 1 << 63:
        return value
    number = parse_id(value)
    if number is None:
        raise InvalidInputError(f"id: expected a positive 63-bit integer, got {shown(value)}")
    return number


def _integer(value: Any) -> int:
    # Not isinstance, since a bool is no number here; stores have 64 bits.
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise InvalidInputError(f"expected a 64-bit integer, got {shown(value)}")
    return value


def _integers(values: Sequence[Any]) -> Sequence[int]:
    for value in values:
        if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
            _integer(value)
    return values


def _offset(value: Any) -> int | None:
    # Missing in exports of earlier versions.
    if value is not None and (type(value) is not int or abs(value) >= FULL_DAY):
        raise InvalidInputError(f"utc_offset: expected seconds, less than a day of them, got {shown(value)}")
    return value


def _text(value: Any, name: str) -> str:
    if type(value) is not str:
        raise InvalidInputError(f"{name}: expected a string, got {shown(value)}")
    return check_text(value, name)


def _optional(value: Any, name: str) -> str | None:
    return None if value is None else _text(value, name)


def _vector(value: Any, embedder: EmbedderIdentity | None) -> bytes | None:
    if value is None or embedder is None or embedder.dimension is None:
        return None
    # a2b_base64 skips invalid characters, which makes the length wrong.
    vector = a2b_base64(value)
    # One vector, or one for each window of the text.
    windows, rest = divmod(len(vector), 4 * embedder.dimension)
    if rest or not 0 < windows <= MAX_WINDOWS:
        raise InvalidInputError(
            f"embedding: {len(vector)} bytes, where {embedder.dimension} dimensions take "
            f"{4 * embedder.dimension}"
        )
    return vector


def _terms(value: Any) -> tuple[bytes, bytes] | None:
    if value is None:
        return None
    ids, counts = map(a2b_base64, value)
    if len(ids) != 8 * len(counts):
        raise InvalidInputError(f"terms: {len(ids)} bytes of ids do not fit {len(counts)} counts")
    return ids, counts


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
    created = _foreign_moment(payload, "created_at", None)
    updated = _foreign_moment(payload, "updated_at", created)
    created = created if created is not None else updated if updated is not None else now
    scope = Scope(*(check_id(payload.get(name) or None, name) for name in _SCOPE))
    row = Row(
        id=_foreign_id(value.get("id", payload.get("id")), scope, text),
        scope=scope,
        text=text,
        hash=content_hash(text),
        actor_id=check_id(payload.get("actor_id") or None, "actor_id"),
        memory_type=_kind(payload),
        metadata=metadata,
        created_at=created,
        updated_at=updated if updated is not None else created,
        valid_from=created,
        expires_at=_foreign_moment(payload, "expires_at", _foreign_moment(payload, "expiration_date", None)),
        utc_offset=_foreign_offset(payload),
        access_count=_count(payload.get("access_count")),
        facets=_facets(metadata),
    )
    return Stored(row)


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


def _foreign_offset(payload: Mapping[str, Any]) -> int | None:
    """Return the UTC offset of a record's time, which mem0 writes in the time zone of California."""
    value = payload.get("created_at") or payload.get("updated_at")
    return clock.parse_local(value, timezone.utc, "created_at").utc_offset if value else None


def _foreign_moment(payload: Mapping[str, Any], name: str, otherwise: int | None) -> int | None:
    value = payload.get(name)
    return otherwise if value is None or value == "" else clock.parse(value, name)


def _foreign_id(value: Any, scope: Scope, text: str) -> int:
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
