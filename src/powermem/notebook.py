"""Memories in notebooks: results as tables, progress bars and plots.

``%load_ext powermem.notebook`` shows every result that ends a cell as a table. Without it, ``show`` does.
Plots need the extra ``notebook``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, TextIO

from ._core.hints.extras import pip_install
from ._core.masking import shown
from ._core.results.tables import as_html, as_text, tables_of
from .errors import InvalidInputError, PowerMemError
from .types import ProgressRecord

__all__ = [
    "load_ipython_extension",
    "plot_scores",
    "plot_timeline",
    "progress",
    "show",
    "unload_ipython_extension",
]

# Of ``score_details``: what is no part of the sum.
_NO_PARTS = {"dense", "lexical", "dense_rank", "lexical_rank", "fused", "rerank"}

# A label of a plot, in characters.
_LABEL = 48


def show(result: object) -> None:
    """Show a result as a table: in a notebook as HTML, elsewhere as lines of text.

    Args:
        result: what a method of a memory returned, or a part of it, such as one of ``"results"``.

    Raises:
        InvalidInputError: it has none of the shapes in ``powermem.types``.
    """
    tables = tables_of(result)
    if not tables:
        raise InvalidInputError(f"result: expected what a method of a memory returned, got {shown(result)}")
    if _kernel():
        _display({"text/html": as_html(tables), "text/plain": as_text(tables)})
    else:
        print(as_text(tables))


def load_ipython_extension(shell: Any) -> None:
    """Show results that end a cell as tables; called by ``%load_ext powermem.notebook``.

    Other dicts and lists look as before.

    Args:
        shell: IPython's.
    """
    for kind in (dict, list):
        shell.display_formatter.formatters["text/html"].for_type(kind, _html_of)


def unload_ipython_extension(shell: Any) -> None:
    """Show results as dicts again; called by ``%unload_ext powermem.notebook``.

    Args:
        shell: IPython's.
    """
    formatter = shell.display_formatter.formatters["text/html"]
    for kind in (dict, list):
        if formatter.lookup_by_type(kind) is _html_of:
            formatter.pop(kind)


def _html_of(result: object) -> str | None:
    tables = tables_of(result)
    if not tables or (isinstance(result, Mapping) and [*result] == ["results"] and not result["results"]):
        # Anybody's empty results.
        return None
    return as_html(tables)


def progress(label: str = "") -> _Bar:
    """Return a progress bar for ``on_progress``: of ``add_many``, imports, exports, copies and ``reembed``.

    In a notebook it is drawn below the cell; elsewhere it is one line on the error output.

    Args:
        label: what is done, such as ``"loading"``.

    Example:
        >>> memory = Memory({"embedder": {"provider": "none"}})
        >>> items = [f"Ticket {number} is closed." for number in range(20)]
        >>> memory.add_many(items, user_id="desk", infer=False, on_progress=progress("tickets"))["added"]
        20
        >>> memory.close()
    """
    return _Bar(label, sys.stderr)


class _Bar:
    def __init__(self, label: str, out: TextIO) -> None:
        self._label = label
        self._out = out
        self._handle: Any = None
        self._said = ""
        self._ended = False

    def __call__(self, record: ProgressRecord) -> None:
        text = self._text(record)
        if not _kernel():
            self._write(text, record)
            return
        from html import escape

        total = record["total"]
        share = f" value='{record['done']}' max='{max(total, 1)}'" if total is not None else ""
        data = {"text/html": f"<progress{share}></progress> {escape(text)}", "text/plain": text}
        if self._handle is None:
            self._handle = _display(data, display_id=True)
        else:
            self._handle.update(data, raw=True)

    def _text(self, record: ProgressRecord) -> str:
        total = record["total"]
        done = f"{record['done']:,}" if total is None else f"{record['done']:,} of {total:,}"
        said = [f"{self._label} {done}".strip(), f"{record['rate']:,.0f}/s", f"{record['seconds']:.1f} s"]
        said += [f"{record[name]:,} {name}" for name in ("skipped", "failed") if record.get(name)]
        return ", ".join(said)

    def _write(self, text: str, record: ProgressRecord) -> None:
        # A log gets a line at the end of what has one, instead of a line that is written over.
        if self._out.isatty():
            self._out.write(f"\r{text.ljust(len(self._said))}")
            self._said = text
        if record["done"] == record["total"] and not self._ended:
            # The last record may come twice: as one of many, and as the last.
            self._ended = True
            self._out.write("\n" if self._out.isatty() else f"{text}\n")
        self._out.flush()


def plot_scores(result: object, *, ax: Any = None) -> Any:
    """Draw what each signal added to the score of each result.

    Args:
        result: of a ``search`` with ``explain=True``.
        ax: axes of matplotlib to draw on; new ones if ``None``.

    Returns:
        The axes.

    Raises:
        InvalidInputError: the result is none of a search, has no ``"score_details"``, or is empty.
        PowerMemError: matplotlib is not installed.
    """
    hits = _records(result)
    if any("score_details" not in hit for hit in hits):
        raise InvalidInputError("result: expected that of a search with explain=True")
    axes = _axes(ax, len(hits))
    parts: dict[str, list[float]] = {}
    for row, hit in enumerate(hits):
        for name, value in hit["score_details"].items():
            if name not in _NO_PARTS:
                parts.setdefault(name, [0.0] * len(hits))[row] = float(value)
    right, left = [0.0] * len(hits), [0.0] * len(hits)
    for name, values in parts.items():
        if not any(values):
            continue
        starts = [right[row] if value > 0 else left[row] for row, value in enumerate(values)]
        axes.barh(range(len(hits)), values, left=starts, label=name)
        for row, value in enumerate(values):
            (right if value > 0 else left)[row] += value
    axes.set_yticks(range(len(hits)), [f"{hit['score']:.2f}  {_label(hit)}" for hit in hits])
    axes.invert_yaxis()
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_xlabel("log-odds")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return axes


def plot_timeline(result: object, *, ax: Any = None) -> Any:
    """Draw from when until when each memory holds; superseded and forgotten ones are grey.

    Args:
        result: of ``get_all`` or ``search``, or a list of memories, such as those of a ``get_all`` with
            ``filters`` together with the ones that they superseded.
        ax: axes of matplotlib to draw on; new ones if ``None``.

    Returns:
        The axes.

    Raises:
        InvalidInputError: there are no memories in it.
        PowerMemError: matplotlib is not installed.
    """
    records = sorted(_records(result), key=lambda record: record["valid_from"])
    axes = _axes(ax, len(records))
    starts = [datetime.fromisoformat(record["valid_from"]) for record in records]
    ends = [datetime.fromisoformat(record["valid_to"]) if record["valid_to"] else None for record in records]
    known = [*starts, *(end for end in ends if end is not None)]
    # What still holds reaches a little beyond the last date that is known.
    beyond = max(known) + max((max(known) - min(known)) * 0.08, (max(known) - min(known)).resolution)
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axes.barh(row, (end or beyond) - start, left=start, height=0.5, color="grey" if end else "#4f7cb8")
        axes.plot([start], [row], marker="o", color="#1f3f6e" if end is None else "dimgrey")
    axes.set_yticks(range(len(records)), [_label(record) for record in records])
    axes.invert_yaxis()
    axes.xaxis_date()
    axes.figure.autofmt_xdate()
    return axes


def _records(result: object) -> list[Mapping[str, Any]]:
    found = result.get("results") if isinstance(result, Mapping) else result
    if isinstance(found, Iterable) and not isinstance(found, str | bytes | Mapping):
        records = [*found]
        if records and all(
            isinstance(item, Mapping) and {"memory", "valid_from"} <= {*item} for item in records
        ):
            return records
    raise InvalidInputError(f"result: expected memories, got {shown(result)}")


def _label(record: Mapping[str, Any]) -> str:
    text = " ".join(str(record["memory"]).split())
    # A pair of dollar signs would begin a formula.
    return (text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…").replace("$", r"\$")


def _axes(ax: Any, rows: int) -> Any:
    if ax is not None:
        return ax
    figure = _needed("matplotlib.pyplot").figure(figsize=(9, 1.2 + 0.35 * rows), layout="constrained")
    return figure.subplots()


def _kernel() -> bool:
    """Whether the program runs where HTML is shown: in the kernel of a notebook."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def _display(data: Mapping[str, str], **options: Any) -> Any:
    return _needed("IPython.display").display(data, raw=True, **options)


def _needed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise PowerMemError(
            f"{module.partition('.')[0]} is not installed; run: {pip_install('notebook')}"
        ) from error
