"""``powermem load`` of a chat history or of the export of another memory."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.transfer.database_files import is_database
from ..errors import InvalidInputError
from ..types import ProgressRecord
from . import views
from .configuration import open_memory
from .output import CommandError, Output, UsageError

if TYPE_CHECKING:
    from ..histories import History

_MOST_ERRORS = 100


def found_format(options: Namespace) -> str | None:
    """Return the format of an export; ``None`` for a file in the form that ``load`` describes itself.

    Raises:
        CommandError: a format is named, and the file cannot be read.
    """
    if options.format == "powermem":
        return None
    if options.file == "-":
        if options.format != "auto":
            raise UsageError("--format: an export is read from a file, not from standard input")
        return None
    path = Path(options.file).expanduser()
    if options.format != "auto":
        return str(options.format)
    if not path.exists() or (path.is_file() and is_database(path)):
        return None  # told by who opens it
    try:
        return _opened(options, "auto").format
    except InvalidInputError:
        if path.is_dir():
            raise
        return None


def load_history(options: Namespace, output: Output, format: str) -> int:
    """Load an export, or show what is in it."""
    try:
        if options.dry_run:
            return _survey(options, output, format)
        return _load(options, output, format)
    except InvalidInputError as error:
        raise CommandError(f"{options.file}: {str(error).removeprefix('source: ')}") from None


def _opened(options: Namespace, format: str) -> History:
    from ..histories import History

    return History(
        Path(options.file).expanduser(),
        format,
        me=options.me,
        user_id=options.user,
        timezone=options.timezone,
        day_first=_day_first(options),
        columns=options.columns,
        encoding=options.encoding,
    )


def _day_first(options: Namespace) -> bool | None:
    return None if options.date_order is None else options.date_order == "day-first"


def _survey(options: Namespace, output: Output, format: str) -> int:
    history = _opened(options, format)
    with output.progress(f"Reading {options.file}", None):
        survey = history.survey()
    result: dict[str, Any] = {
        "file": options.file,
        "format": survey.format,
        "conversations": survey.conversations,
        "messages": survey.messages,
        "memories": survey.memories,
        "speakers": [
            {"name": one.name, "id": one.id, "messages": one.messages, "user": one.is_user}
            for one in survey.speakers[:_MOST_ERRORS]
        ],
        "first": None if survey.first is None else survey.first.isoformat(),
        "last": None if survey.last is None else survey.last.isoformat(),
        "left_out": dict(survey.left_out),
        "failed": len(survey.faults),
        "errors": [{"where": one.where, "error": one.reason} for one in survey.faults[:_MOST_ERRORS]],
        "undecided": survey.undecided,
    }
    output.print_result(result, views.surveyed)
    return 1 if survey.faults or survey.undecided else 0


def _load(options: Namespace, output: Output, format: str) -> int:
    with open_memory(options) as memory, output.progress(f"Loading {options.file}", None) as advance:
        shown = 0

        def listen(counts: ProgressRecord) -> None:
            nonlocal shown
            advance(counts["done"] - shown)
            shown = counts["done"]

        result = memory.load_history(
            Path(options.file).expanduser(),
            format,
            user_id=options.user,
            agent_id=options.agent,
            run_id=options.run,
            me=options.me,
            metadata=options.metadata,
            infer=not options.no_infer,
            timezone=options.timezone,
            day_first=_day_first(options),
            columns=options.columns,
            encoding=options.encoding,
            again=options.again,
            concurrency=options.concurrency,
            on_progress=listen,
            rate_limit=options.rate,
        )
    seconds = round(result["usage"]["seconds"], 3)
    document = {"file": options.file, **{key: value for key, value in result.items() if key != "usage"}}
    output.print_result({**document, "seconds": seconds}, views.history_loaded)
    return 1 if result["failed"] else 0
