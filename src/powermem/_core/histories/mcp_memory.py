"""The official MCP memory server: ``memory.json`` or ``memory.jsonl``, one entity or relation a line.

Source: ``src/memory/index.ts`` of modelcontextprotocol/servers: lines of ``{"type": "entity", "name",
"entityType", "observations"}`` and ``{"type": "relation", "from", "to", "relationType"}``. They have no
times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .exports import Export
from .fields import listed, part, said, string
from .values import Items, Kept, Options, Report


def matches(value: object) -> bool:
    """Return whether a value is an entity or a relation, or the graph that the server's tools return."""
    kind = part(value, "type")
    if kind == "entity" or isinstance(part(value, "entityType"), str):
        return isinstance(part(value, "observations"), list)
    if kind == "relation" or isinstance(part(value, "relationType"), str):
        return isinstance(part(value, "from"), str) and isinstance(part(value, "to"), str)
    return isinstance(part(value, "entities"), list) and isinstance(part(value, "relations"), list)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield a memory for each observation and each relation."""
    for name in export.members:
        prefix = "" if len(export.members) == 1 else f"{name}, "
        with export.text(name, report, options.encoding) as file:
            lines: list[str] = []
            for number, line in enumerate(file.lines(), 1):
                if not (text := line.strip("\ufeff \t\r")):
                    continue
                where = f"{prefix}line {number}"
                try:
                    value = json.loads(text)
                except (ValueError, RecursionError) as error:
                    if lines or text[-1] in "[{,":
                        # A graph that spans several lines, as the server's tools return it.
                        lines.append(text)
                        continue
                    report.fault(where, f"not valid JSON: {error}")
                    continue
                if lines:
                    lines.append(text)
                    continue
                yield from _one(value, where, report)
            if lines:
                yield from _graph("\n".join(lines), prefix, report)


def _graph(text: str, prefix: str, report: Report) -> Iterator[Kept]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        report.fault(f"{prefix}line 1", f"not valid JSON: {error}")
        return
    yield from _one(value, f"{prefix}item 1", report)


def _one(value: object, where: str, report: Report) -> Iterator[Kept]:
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _one(one, f"{where}, item {number}", report)
    elif not isinstance(value, Mapping) or not matches(value):
        report.fault(where, "expected an entity with 'observations' or a relation with 'from' and 'to'")
    elif isinstance(value.get("entities"), list):
        for key, kind in (("entities", "entity"), ("relations", "relation")):
            for number, one in enumerate(listed(value.get(key)), 1):
                inner = {"type": kind, **one} if isinstance(one, Mapping) else one
                yield from _one(inner, f"{where}, {kind} {number}", report)
    elif "observations" in value:
        yield from _entity(value, where, report)
    else:
        yield from _relation(value, where, report)


def _entity(value: Mapping[str, Any], where: str, report: Report) -> Iterator[Kept]:
    name, kind = string(value.get("name")), string(value.get("entityType"))
    if name is None:
        report.fault(where, "an entity needs a 'name'")
        return
    metadata = {"entity": name, **({"entity_type": kind} if kind else {})}
    for number, observation in enumerate(listed(value["observations"]), 1):
        text = observation if isinstance(observation, str) else part(observation, "contents")
        kept = said(text, f"{where}, observation {number}", report) if isinstance(text, str) else None
        if kept is None:
            report.leave_out("without text")
            continue
        shown = (
            kept
            if name.casefold().replace("_", " ") in kept.casefold().replace("_", " ")
            else f"{name}: {kept}"
        )
        yield Kept(shown, where, id=f"{name}\n{kept}", metadata=metadata)
    if not value["observations"]:
        yield Kept(f"{name} ({kind})" if kind else name, where, id=f"{name}\n", metadata=metadata)


def _relation(value: Mapping[str, Any], where: str, report: Report) -> Iterator[Kept]:
    start, end, kind = (string(value.get(key)) for key in ("from", "to", "relationType"))
    if start is None or end is None:
        report.fault(where, "a relation needs 'from' and 'to'")
        return
    shown = (kind or "is related to").replace("_", " ")
    text = said(f"{start} {shown} {end}", where, report)
    if text is not None:
        relation = {"relation_from": start, "relation_to": end, **({"relation_type": kind} if kind else {})}
        yield Kept(text, where, id=f"{start}\n{kind}\n{end}", metadata=relation)
