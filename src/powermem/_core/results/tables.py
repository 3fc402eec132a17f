"""Results as tables, for people to read: which rows and columns, and as HTML or as text."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ... import types
from .recalled import RecalledFact

MOST_ROWS = 100
"""Rows that are shown; the rest is counted."""

LONGEST = 400
"""Characters of a cell that are shown."""

# The columns of what comes in lists: heading and key.
_COLUMNS: dict[str, dict[str, str]] = {
    "SearchHit": {"score": "score", "memory": "memory", "who": "actor_id", "since": "valid_from"},
    "MemoryRecord": {"memory": "memory", "who": "actor_id", "type": "memory_type", "since": "valid_from"},
    "MemoryEvent": {"event": "event", "memory": "memory", "before": "previous_memory"},
    "TaskEvent": {"event": "event", "memory": "memory", "before": "previous_memory"},
    "HistoryRecord": {
        "event": "event", "after": "new_memory", "before": "old_memory", "by": "actor", "at": "created_at",
    },
    "TurnRecord": {"at": "sent_at", "role": "role", "who": "actor_id", "said": "content"},
    "NeighbourRecord": {"distance": "distance", "role": "role", "said": "memory", "at": "sent_at"},
    "PreferenceRecord": {"preference": "preference", "kind": "preference_type", "because": "reasoning"},
    "TaskRecord": {
        "task": "task_id", "status": "status", "kind": "kind", "user": "user_id", "stage": "stage",
        "error": "error",
    },
    "FactRecord": {"similarity": "similarity", "content": "content", "at": "created_at"},
    "ItemError": {"item": "index", "error": "error"},
    "LineError": {"line": "line", "error": "error"},
}  # fmt: skip

_SHARES = ("score", "similarity")


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: what it shows, with numbers.
        columns: the headings.
        rows: the cells; a share of 1 is a number, all else is text.
        below: sentences, such as warnings.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    below: tuple[str, ...] = field(default=())


def tables_of(result: object) -> list[Table]:
    """Return the tables that show a result.

    Args:
        result: what a public method returned, or a part of it.

    Returns:
        None, if it is no such result: its keys are those of no shape in ``powermem.types``.
    """
    if isinstance(result, Mapping):
        shape = _shape(frozenset(map(str, result)))
        return [] if shape is None else _of_record(shape, result)
    if isinstance(result, list | tuple) and result:
        if all(isinstance(item, RecalledFact) for item in result):
            result = [
                {
                    "id": fact.id, "content": fact.content, "similarity": fact.similarity,
                    "created_at": fact.created_at,
                }
                for fact in result
            ]  # fmt: skip
        shapes = {
            None if not isinstance(item, Mapping) else _shape(frozenset(map(str, item))) for item in result
        }
        if shapes == {"SearchResult"}:
            return [table for item in result for table in tables_of(item)]
        # The two records of a list may differ in what is optional, not in their shape.
        if len(shapes) == 1 and (name := shapes.pop()) in _COLUMNS:
            return [_listed(name, result, f"{name}: {len(result)}")]
    return []


@cache
def _shape(keys: frozenset[str]) -> str | None:
    """Return the name of the shape that has these keys; the one with the fewest others."""
    fitting = [
        (len(shape.__annotations__), name)
        for name, shape in vars(types).items()
        if hasattr(shape, "__required_keys__")
        and shape.__module__ == types.__name__
        and shape.__required_keys__ <= keys <= {*shape.__required_keys__, *shape.__optional_keys__}
    ]
    return min(fitting)[1] if fitting else None


def _of_record(shape: str, result: Mapping[str, Any]) -> list[Table]:
    rows = result.get("results")
    below = tuple(map(str, result.get("warnings", ())))
    if isinstance(rows, list):
        inner = tables_of(rows)
        if not inner:
            # Of another library, if it has no more to tell; or nothing was found.
            return [] if rows else [Table(_caption(shape, result), (), (), below)]
        table = inner[0]
        return [Table(_caption(shape, result), table.columns, table.rows, table.below + below)]
    given = {key: value for key, value in result.items() if value not in (None, "", [], {})}
    cells = tuple((key, _text(value)) for key, value in given.items() if key != "warnings")
    return [Table(shape, ("", ""), cells, below)]


def _caption(shape: str, result: Mapping[str, Any]) -> str:
    number = len(result["results"])
    if shape == "SearchResult":
        return f"{number} found, best first" if number else "nothing found"
    if shape == "MemoryPage":
        return f"{number} of {result['total']} memories"
    said = [f"{number} change{'' if number == 1 else 's'}", str(result["status"])]
    if result.get("error"):
        said.append(str(result["error"]))
    if "extractor" in result:
        said.append(f"by {result['extractor']}")
    if "usage" in result:
        usage = result["usage"]
        said.append(f"calls of models: {usage['llm_calls']}, {usage['seconds']:.2f} s")
    return ", ".join(said)


def _listed(shape: str, rows: Sequence[Mapping[str, Any]], caption: str) -> Table:
    columns = _COLUMNS[shape]
    used = {head: key for head, key in columns.items() if any(row.get(key) is not None for row in rows)}
    shown = tuple(tuple(_cell(key, row.get(key)) for key in used.values()) for row in rows[:MOST_ROWS])
    more = len(rows) - len(shown)
    return Table(caption, tuple(used), shown, (f"and {more} more",) if more else ())


def _cell(key: str, value: object) -> str | float:
    if key in _SHARES and isinstance(value, float):
        return value
    if key in ("valid_from", "created_at", "sent_at") and isinstance(value, str):
        return value[:16].replace("T", " ")
    return _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def as_html(tables: Iterable[Table]) -> str:
    """Return tables as HTML, with every text escaped, for a light and for a dark page."""
    return "".join(map(_html, tables))


def overview_text(name: str, facts: Mapping[str, str]) -> str:
    """Return what ``repr`` says of an object.

    Args:
        name: the name of its class.
        facts: what is to be said of it, by name.
    """
    return f"<{name}: {', '.join(f'{fact} {value}' for fact, value in facts.items())}>"


def overview_html(name: str, facts: Mapping[str, str]) -> str:
    """Return what a notebook shows of an object; see ``overview_text``."""
    return as_html([Table(name, ("", ""), tuple(facts.items()))])


def _html(table: Table) -> str:
    head = "".join(f"<th style='text-align:left'>{_escaped(name)}</th>" for name in table.columns)
    lines = [f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in table.rows]
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>" if lines else ""
    below = "".join(f"<div><em>{_escaped(line)}</em></div>" for line in table.below)
    return f"<div><div>{_escaped(table.caption)}</div>{body}{below}</div>"


def _html_cell(value: str | float) -> str:
    if isinstance(value, str):
        # Each text runs in its own direction, whatever its neighbours do.
        return f"<td dir='auto' style='text-align:start'>{_escaped(value)}</td>"
    share = min(max(value, 0.0), 1.0) * 100
    bar = f"linear-gradient(90deg,#5b8def55 {share:.0f}%,transparent {share:.0f}%)"
    return f"<td style='text-align:right;background:{bar}'>{value:.2f}</td>"


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def as_text(tables: Iterable[Table]) -> str:
    """Return tables as lines, one for each row."""
    lines: list[str] = []
    for table in tables:
        lines.append(table.caption)
        for row in table.rows:
            cells = [cell if isinstance(cell, str) else f"{cell:.2f}" for cell in row]
            lines.append("  " + "  ".join(" ".join(cell.split()) for cell in cells if cell))
        lines += table.below
    return "\n".join(lines)
