"""The log of a server: one line for each event, with the id of the request that it belongs to."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Any, TextIO

from .._core.masking import mask_text
from .requests import REQUEST_ID

_LOGGERS = ("powermem", "uvicorn.error")


def configure(level: str, form: str, stream: TextIO | None = None) -> None:
    """Write the log of this process to a stream.

    Args:
        level: the least level, such as ``"info"``.
        form: ``"text"`` or ``"json"``.
        stream: standard error by default.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level.upper())
        logger.propagate = False


class TextLines(logging.Formatter):
    """Writes a record as a line; an error's traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without anything that looks like a key or a password."""
        request_id = REQUEST_ID.get() or "-"
        text = f"{_time(record)} {record.levelname.lower()} {request_id} {record.name}: {_message(record)}"
        return (
            mask_text(text) if record.exc_info is None else mask_text(f"{text}\n{_traceback(self, record)}")
        )


class JsonLines(logging.Formatter):
    """Writes a record as a JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without anything that looks like a key or a password."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_text(_message(record)),
            "request_id": REQUEST_ID.get() or None,
        }
        if (key_id := getattr(record, "key_id", None)) is not None:
            line["key_id"] = key_id
        if record.exc_info is not None:
            line["traceback"] = mask_text(_traceback(self, record))
        return json.dumps(line, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    # One event, one line, whatever a client has put into it.
    return record.getMessage().replace("\r", "\\r").replace("\n", "\\n")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    return formatter.formatException(record.exc_info)
