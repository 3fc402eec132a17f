"""The HTML of a report: a file that needs nothing else, no script, and no connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from .. import clock
from ..tasks.task import Preference
from ..values import HistoryEntry, Row, Scope, Stored, Turn
from .figures import Figures, month

MOST_PREFERENCES = 500
"""The most that are shown, the latest."""

_LONGEST = 4000
"""Characters that are shown of a text; those of the longest memories are fewer."""

_BAR = 100
"""The width of the longest bar, in percent."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for it: nothing."""

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --begun: #2a7de1; --ended: #c76b1a }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
h1, h2 { line-height: 1.2 }
h2 { border-bottom: 1px solid var(--line); margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .5rem; text-align: start; vertical-align: top }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums }
.bar { display: block; height: .6rem; min-width: 1px }
.begun { background: var(--begun) }
.ended { background: var(--ended) }
article { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: .5rem .75rem }
article.former { background: var(--soft); border-style: dashed }
article.former > .text { text-decoration: line-through }
.text { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap }
.about, .note { font-size: .85rem; margin: .25rem 0; opacity: .8 }
details { margin: .25rem 0 }
@media print {
  article { break-inside: avoid }
  details::details-content { block-size: auto; content-visibility: visible }
}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A memory in a report.

    Attributes:
        stored: the memory and its history.
        sources: the messages that it came from, oldest first.
        replaced: what it took the place of.
    """

    stored: Stored
    sources: Sequence[Turn]
    replaced: Sequence[Row]


def head(scope: Scope, figures: Figures, preferences: Sequence[Preference], now: int) -> Iterator[str]:
    """Yield the beginning of a report: figures, months, and what the user likes."""
    title = f"Memories of {scope.user_id}"
    further = [
        f"{name} {value}" for name, value in (("agent", scope.agent_id), ("run", scope.run_id)) if value
    ]
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    )
    whose = "".join(f", {_bidi(each)}" for each in further)
    yield f"<h1>{_bidi(title)}</h1>\n<p>Written {_time(now)}{whose}. All times are UTC.</p>"
    yield "<h2>In figures</h2>\n<table>"
    for name, count in (
        ("Memories that hold", figures.current),
        ("Replaced by others", figures.superseded),
        ("Expired", figures.expired),
        ("In all", figures.total),
    ):
        yield f'<tr><th scope="row">{name}</th><td class="number">{count:,}</td></tr>'
    yield "</table>"
    yield from _types(figures)
    yield from _months(figures)
    yield from _preferences(preferences)


def _types(figures: Figures) -> Iterator[str]:
    if figures.by_type:
        found = ", ".join(f"{_bidi(name)} {count:,}" for name, count in figures.by_type.most_common())
        yield f"<p>Those that hold, by type: {found}.</p>"


def _months(figures: Figures) -> Iterator[str]:
    months = figures.months()
    if not months:
        yield "<p>There are no memories.</p>"
        return
    most = max(max(begun, ended) for _, begun, ended in months)
    shown = figures.months_of_latest()
    yield (
        '<h2>By month</h2>\n<table>\n<tr><th scope="col">Month</th><th class="number" scope="col">New</th>'
        '<th class="number" scope="col">Replaced</th><th scope="col" style="width: 50%"></th></tr>'
    )
    for name, begun, ended in months:
        bars = "".join(
            f'<span class="bar {kind}" style="width: {_BAR * count / most:.1f}%"></span>'
            for kind, count in (("begun", begun), ("ended", ended))
            if count
        )
        leads = f'<a href="#month-{name}">{name}</a>' if name in shown else name
        yield (
            f'<tr><th scope="row">{leads}</th><td class="number">{begun:,}</td>'
            f'<td class="number">{ended:,}</td><td aria-hidden="true">{bars}</td></tr>'
        )
    yield "</table>"


def _preferences(preferences: Sequence[Preference]) -> Iterator[str]:
    if preferences:
        yield "<h2>Likes and wants</h2>"
        if len(preferences) >= MOST_PREFERENCES:
            yield f"<p>The latest {MOST_PREFERENCES}.</p>"
        yield "<ul>"
        for each in preferences:
            yield f"<li>{_bidi(each.text)}</li>"
        yield "</ul>"


def timeline(figures: Figures, shown: Sequence[int]) -> Iterator[str]:
    """Yield the heading of the timeline, which says what was cut."""
    yield "<h2>Timeline</h2>"
    if len(shown) < figures.total:
        cut = f"The latest {len(shown):,} of {figures.total:,} memories"
        yield f"<p><strong>{cut}</strong>, newest first.</p>"
    elif shown:
        yield "<p>Newest first.</p>"


def entries(batch: Iterable[Entry], after: str, shown: frozenset[int]) -> tuple[list[str], str]:
    """Return memories as HTML.

    Args:
        batch: the memories, newest first.
        after: the month of the one before; ``""`` at the beginning.
        shown: the ids of all memories of the report, to which links lead.

    Returns:
        The pieces, and the month of the last.
    """
    pieces = []
    for entry in batch:
        begins = month(entry.stored.row.valid_from)
        if begins != after:
            pieces.append(f'<h3 id="month-{begins}">{begins}</h3>')
            after = begins
        pieces += _entry(entry, shown)
    return pieces, after


def foot() -> Iterator[str]:
    """Yield the end of a report."""
    yield "</body>\n</html>"


def _entry(entry: Entry, shown: frozenset[int]) -> Iterator[str]:
    row = entry.stored.row
    former = row.valid_to is not None
    yield f'<article id="memory-{row.id}"{" class=former" if former else ""}>'
    yield f'<p class="text">{_bidi(row.text)}</p>'
    about = [f"{_time(row.valid_from)}"]
    about += [
        f"{name} {_bidi(value)}"
        for name, value in (
            ("type", row.memory_type),
            ("agent", row.scope.agent_id),
            ("run", row.scope.run_id),
        )
        if value
    ]
    if row.expires_at is not None:
        about.append(f"expires {_time(row.expires_at)}")
    yield f'<p class="about">{" · ".join(about)}</p>'
    if row.valid_to is not None:
        by = _link(row.superseded_by, "another memory", shown) if row.superseded_by is not None else "nothing"
        yield f'<p class="note">Held until {_time(row.valid_to)}; its place was taken by {by}.</p>'
    for each in entry.replaced:
        yield f'<p class="note">Took the place of {_link(each.id, each.text, shown)}</p>'
    if entry.sources:
        yield f"<details><summary>What was said ({len(entry.sources):,})</summary>"
        for turn in entry.sources:
            yield (
                f'<p class="about">{_time(turn.sent_at)} · {_safe(turn.role)}</p>'
                f'\n<p class="text">{_bidi(turn.content)}</p>'
            )
        yield "</details>"
    if entry.stored.history:
        yield f"<details><summary>History ({len(entry.stored.history):,})</summary>\n<table>"
        yield '<tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Before</th>'
        yield '<th scope="col">After</th></tr>'
        yield from map(_change, entry.stored.history)
        yield "</table></details>"
    yield "</article>"


def _change(entry: HistoryEntry) -> str:
    texts = (entry.old_memory, entry.new_memory)
    return (
        f"<tr><td>{_time(entry.created_at)}</td><td>{_safe(entry.event)}</td>"
        + "".join(f"<td>{'' if text is None else _bidi(text)}</td>" for text in texts)
        + "</tr>"
    )


def _link(memory_id: int, text: str, shown: frozenset[int]) -> str:
    """Return a text that leads to a memory, if that is in the report."""
    safe = _bidi(text)
    return f'<a href="#memory-{memory_id}">{safe}</a>' if memory_id in shown else safe


def _time(moment: int) -> str:
    text = clock.to_iso(moment)
    return f'<time datetime="{text}">{text[:16].replace("T", " ")}</time>'


def _bidi(text: str) -> str:
    """Return a text of anybody's, which may run from right to left, so that it changes nothing around it."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… (cut; {len(text):,} characters)"
    return f'<bdi dir="auto">{_safe(text)}</bdi>'


def _safe(text: str) -> str:
    # Characters that HTML does not know, such as NUL, are shown as unknown.
    return escape("".join(each if each >= " " or each in "\n\t" else "\ufffd" for each in text))
