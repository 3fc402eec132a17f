"""mem0: what ``get_all`` returns, the platform's export, and the backup of OpenMemory.

Sources: mem0's documentation of ``get_all`` (``{"results": [{"id", "memory", "user_id", ...}]}``), and of
OpenMemory ``openmemory/api/app/routers/backup.py`` in mem0ai/mem0: a ZIP of ``memories.json`` (tables) and
``memories.jsonl.gz`` (a record of each memory).
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .exports import Export
from .fields import document, listed, mappings, part, records, said, string
from .moments import read_moment
from .values import Items, Kept, Options, Report

_KNOWN = frozenset(
    (
        "id", "memory", "data", "content", "text", "hash", "metadata", "created_at", "updated_at", "user_id",
        "agent_id", "run_id", "app_id", "actor_id", "role", "score", "expiration_date", "payload", "state",
        "archived_at", "deleted_at", "category_ids", "structured_attributes", "owner", "organization",
        "immutable", "text_lemmatized", "attributed_to",
    )
)  # fmt: skip
_LISTS = ("results", "memories", "data", "points")


def matches(value: object) -> bool:
    """Return whether a value is a memory of mem0, or holds memories."""
    if _is_memory(value):
        return True
    if is_backup(value):
        return True
    return any(_is_memory(one) for name in _LISTS for one in listed(part(value, name))[:5])


def is_backup(value: object) -> bool:
    """Return whether a value has the tables of OpenMemory."""
    return isinstance(part(value, "memories"), list) and isinstance(part(value, "apps"), list)


def _is_memory(value: object) -> bool:
    if isinstance(part(value, "payload"), Mapping):
        return isinstance(part(value, "payload", "data"), str)
    if isinstance(part(value, "memory"), str):
        return True
    if not isinstance(value, Mapping) or "id" not in value:
        return False
    return isinstance(value.get("content"), str) and isinstance(value.get("state"), str)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the memories."""
    tables = export.named("memories.json")
    for name in tables if len(export.members) > 1 and tables else export.members:
        if name.lower().endswith(".gz"):
            continue
        head = export.head(name, 1 << 12).lstrip("\ufeff \t\r\n")
        is_document = head.startswith("{") and '"apps"' in export.head(name, 1 << 16)
        value = document(export, name, report) if is_document else None
        if isinstance(value, Mapping) and is_backup(value):
            yield from _backup(value, name, options, report)
            continue
        for where, one in records(export, name, report, *_LISTS):
            if isinstance(one, Mapping) and not _is_memory(one) and {"relations", "count", "next"} & set(one):
                continue
            if (kept := _memory(one, where, options, report)) is not None:
                yield kept
    if not tables:
        for name in export.members:
            if name.lower().endswith(".jsonl.gz"):
                yield from _lines(export, name, options, report)


def _lines(export: Export, name: str, options: Options, report: Report) -> Iterator[Kept]:
    with export.binary(name) as packed:
        for number, line in enumerate(io.BytesIO(gzip.decompress(packed.read())), 1):
            where = f"{name}, line {number}"
            try:
                value = json.loads(line)
            except ValueError as error:
                report.fault(where, f"not valid JSON: {error}")
                continue
            if (kept := _memory(value, where, options, report)) is not None:
                yield kept


def _memory(
    value: object,
    where: str,
    options: Options,
    report: Report,
    user: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Kept | None:
    inner = part(value, "payload")
    record: Any = inner if isinstance(inner, Mapping) else value
    if not isinstance(record, Mapping):
        report.fault(where, "expected an object")
        return None
    whole = next(
        (one for key in ("memory", "data", "content", "text") if isinstance(one := record.get(key), str)),
        None,
    )
    if whole is None:
        report.fault(
            where, f"no 'memory' in it; it has {', '.join(map(str, list(record)[:10])) or 'nothing'}"
        )
        return None
    if record.get("state") == "deleted":
        report.leave_out("deleted memories")
        return None
    text = said(whole, where, report)
    if text is None:
        report.leave_out("without text")
        return None
    own = record.get("metadata")
    categories = [names[id] for id in listed(record.get("category_ids")) if names and id in names]
    metadata = {
        **{key: one for key, one in record.items() if key not in _KNOWN and one not in (None, [], {}, "")},
        **(own if isinstance(own, Mapping) else {}),
        **({"categories": categories} if categories else {}),
        **({"state": record["state"]} if record.get("state") not in (None, "active") else {}),
    }
    created = read_moment(record.get("created_at"), options.zone)
    return Kept(
        text=text,
        where=where,
        id=string(part(value, "id")) or string(record.get("id")),
        at=created,
        updated_at=read_moment(record.get("updated_at"), options.zone),
        user_id=user or string(record.get("user_id")),
        agent_id=string(record.get("agent_id")),
        run_id=string(record.get("run_id")),
        metadata=metadata,
    )


def _backup(value: Mapping[str, Any], name: str, options: Options, report: Report) -> Iterator[Kept]:
    user = string(part(value, "user", "user_id"))
    names = {
        id: called
        for one in mappings(value.get("categories"))
        if (id := string(one.get("id"))) and (called := string(one.get("name")))
    }
    for number, one in enumerate(listed(value.get("memories")), 1):
        if (kept := _memory(one, f"{name}, memories {number}", options, report, user, names)) is not None:
            yield kept
