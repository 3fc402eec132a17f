"""Results as tables and lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from .output import Column, Grid, Part

Record = Mapping[str, Any]

_RANK = Column("", right=True)
_SCORE = Column("score", right=True, style="cyan")
_MEMORY = Column("memory", prose=True)
_WHO = Column("who", style="green")
_WHEN = Column("when (UTC)", style="dim")
_ID = Column("id", style="dim")
_DAYS = 7
_TAGS = 10


def added(result: Record) -> Iterator[Part]:
    """Show what ``add`` did."""
    items = result["results"]
    if not items:
        yield "Nothing new to remember was found in it; --no-infer stores it word for word."
        return
    yield Grid(
        (Column("event"), _MEMORY, _ID),
        [(item["event"], _changed(item), str(item["id"])) for item in items],
    )


# Rounded to three digits, less than this is zero.
_LEAST_SHOWN = 0.0005


def hits(found: Record) -> Iterator[Part]:
    """Show what ``search`` found."""
    results = found["results"]
    if not results:
        yield "No memories found."
        return
    yield Grid(
        (_RANK, _SCORE, _MEMORY, _WHO, _WHEN, _ID),
        [row for rank, hit in enumerate(results, 1) for row in _with_around(rank, hit)],
    )
    parts = [(name, part) for hit in results for name, part in hit.get("score_details", {}).items()]
    # What is nothing everywhere would only make the table wider than the terminal.
    names = list(dict.fromkeys(name for name, part in parts if part and abs(part) >= _LEAST_SHOWN))
    if parts:
        yield ""
        yield Grid(
            (_RANK, _SCORE, *(Column(name.replace("_", " "), right=True) for name in names)),
            [
                (
                    str(rank),
                    f"{hit['score']:.3f}",
                    *(_part(hit["score_details"].get(name)) for name in names),
                )
                for rank, hit in enumerate(results, 1)
            ],
        )


def _with_around(rank: int, hit: Record) -> list[tuple[str, ...]]:
    """Return the row of a result, between those of the turns before and after it."""
    own = (str(rank), f"{hit['score']:.2f}", hit["memory"], who(hit), moment(hit["valid_from"]))
    before: list[tuple[str, ...]] = []
    after: list[tuple[str, ...]] = []
    for turn in hit.get("around", ()):
        told = ("", f"{turn['distance']:+d}", turn["memory"], who(turn), moment(turn["sent_at"]))
        (before if turn["distance"] < 0 else after).append((*told, str(turn["id"] or "")))
    return [*before, (*own, str(hit["id"])), *after]


def memories(page: Record) -> Iterator[Part]:
    """Show a page of ``get_all``."""
    results, total = page["results"], page["total"]
    if results:
        yield Grid(
            (_MEMORY, Column("kind"), _WHO, _WHEN, _ID),
            [
                (
                    record["memory"],
                    record["memory_type"] or "",
                    who(record),
                    moment(record["valid_from"]),
                    str(record["id"]),
                )
                for record in results
            ],
        )
    if not total:
        yield "No memories found."
    elif len(results) < total:
        yield f"{len(results)} of {total} memories; --limit and --offset show others."


def record(found: Record) -> Iterator[Part]:
    """Show one memory with all its fields."""
    yield str(found["memory"])
    yield ""
    shown = [(key, value) for key, value in found.items() if key not in ("memory", "content")]
    yield Grid(
        (Column("field"), Column("value", prose=True)),
        [(key, plain(value)) for key, value in shown if value not in (None, {}, "")],
    )


def deleted(result: Record) -> Iterator[Part]:
    """Show what ``delete`` did."""
    if "id" in result:
        yield f"Deleted {result['id']}."
    else:
        yield f"Deleted {memories_counted(result['deleted'])}."


def history(entries: Sequence[Record]) -> Iterator[Part]:
    """Show what happened to a memory."""
    yield Grid(
        (_WHEN, Column("event"), Column("before", prose=True), Column("after", prose=True), Column("by")),
        [
            (
                moment(entry["created_at"], seconds=True),
                entry["event"],
                entry["old_memory"] or "",
                entry["new_memory"] or "",
                entry["actor"] or "",
            )
            for entry in entries
        ],
    )


def statistics(numbers: Record) -> Iterator[Part]:
    """Show the result of ``get_statistics``."""
    recent = sorted(numbers["growth_trend"].items())[-_DAYS:]
    rows = [
        ("store", numbers["store"]),
        ("embedder", numbers["embedder"]),
        ("extractor", numbers["extractor"]),
        ("memories", str(numbers["total_memories"])),
        ("users", str(numbers.get("unique_users") or "")),
        ("kinds", _counts(numbers["by_type"])),
        ("categories", _counts(numbers["by_category"])),
        ("tags", _counts(dict(islice(numbers["by_tag"].items(), _TAGS)))),
        ("age", _counts(numbers["age_distribution"])),
        ("importance", f"{numbers['avg_importance']:.2f} on average"),
        ("added on", _counts(dict(recent))),
        *(
            ("most used", f"{top['content']} ({top['access_count']})")
            for top in numbers["top_accessed"]
            if top["access_count"]
        ),
    ]
    yield pairs([row for row in rows if row[1]])


def configuration(masked: Record) -> Iterator[Part]:
    """Show a configuration, one setting a row, without those that are not set."""
    yield pairs(list(_settings(masked, "")))


def validity(result: Record) -> Iterator[Part]:
    """Show that a configuration is valid."""
    if result["valid"]:
        yield "OK"


def loaded(result: Record) -> Iterator[Part]:
    """Show what ``load`` did."""
    events = ", ".join(f"{count} {event}" for event, count in result["events"].items())
    skipped = f", {result['skipped']} done before" if result["skipped"] else ""
    done = f"{result['added']} added, {result['failed']} failed{skipped} in {result['seconds']:.1f} s"
    yield f"{done}; memories: {events or 'none'}"
    yield from errors(Column("where"), result["errors"], result["failed"])


def history_loaded(result: Record) -> Iterator[Part]:
    """Show what ``load`` did with an export."""
    counted = [
        f"{amount(result[one], *words)} loaded"
        for one, words in (("messages", ("message", "messages")), ("memories", ("memory", "memories")))
        if result[one]
    ]
    talks = amount(result["conversations"], "conversation", "conversations")
    skipped = f", {result['skipped']} loaded before" if result["skipped"] else ""
    failed = f", {result['failed']} failed" if result["failed"] else ""
    whose = f" of {result['user_id']}" if result["user_id"] else ""
    done = " and ".join(counted) or "nothing new"
    yield f"{result['format']}: {done} from {talks}{whose}{skipped}{failed} in {result['seconds']:.1f} s"
    yield from _left_out(result)
    yield from errors(Column("where"), result["errors"], result["failed"])


def surveyed(result: Record) -> Iterator[Part]:
    """Show what an export has."""
    span = "" if result["first"] is None else f"{moment(result['first'])} to {moment(result['last'])}"
    yield pairs(
        [
            ("format", result["format"]),
            ("conversations", str(result["conversations"])),
            ("messages", str(result["messages"])),
            ("memories", str(result["memories"])),
            ("time", span),
        ]
    )
    if result["speakers"]:
        yield ""
        yield Grid(
            (Column("speaker", prose=True), Column("id"), Column("messages", right=True), Column("")),
            [
                (one["name"], one["id"] or "", str(one["messages"]), "the user" if one["user"] else "")
                for one in result["speakers"][:20]
            ],
        )
    yield from _left_out(result)
    if result["undecided"]:
        yield result["undecided"]
    yield from errors(Column("where"), result["errors"], result["failed"])


def _left_out(result: Record) -> Iterator[Part]:
    if result["left_out"]:
        yield f"left out: {', '.join(f'{count} {reason}' for reason, count in result['left_out'].items())}"


def errors(place: Column, listed: Sequence[Record], total: int) -> Iterator[Part]:
    """Show errors, if there are any.

    Args:
        place: the column that says where; its title is the key of the errors.
        listed: the first errors, each with the place and an ``error``.
        total: the number of all errors.
    """
    if listed:
        yield ""
        yield Grid(
            (place, Column("error", prose=True, style="red")),
            [(str(one[place.title] or ""), one["error"]) for one in listed],
        )
        if len(listed) < total:
            yield f"and {total - len(listed)} more"


def pairs(rows: Sequence[tuple[str, str]]) -> Grid:
    """Return a table of names and values."""
    return Grid((Column("", style="bold"), Column("", prose=True)), rows)


def who(found: Record) -> str:
    """Return the speaker of a memory, or else its owner."""
    return str(found["actor_id"] or found["user_id"] or found["agent_id"] or "")


def moment(iso: str, *, seconds: bool = False) -> str:
    """Format a time to the minute, or to the second."""
    return iso[: 19 if seconds else 16].replace("T", " ")


def amount(count: int, one: str, several: str) -> str:
    """Format a number with the noun that it counts."""
    return f"{count} {one if count == 1 else several}"


def memories_counted(count: int) -> str:
    """Format a number of memories."""
    return amount(count, "memory", "memories")


def plain(value: object) -> str:
    """Format a value for people."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changed(item: Record) -> str:
    before = item.get("previous_memory")
    return f"{before} -> {item['memory']}" if before and before != item["memory"] else str(item["memory"])


def _part(value: object) -> str:
    """Format a part of a score: ranks are integers, and a missing part is blank."""
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else plain(value)


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in numbers.items() if count)


def _settings(section: Record, path: str) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{path}{key}.")
        elif value not in (None, [], ""):
            yield f"{path}{key}", plain(value)
