"""Read chat histories and the exports of other memories without storing them.

``read(path)`` returns a `History`: an iterable of `Message` and `Kept`, whose ``survey()`` tells what is in
it. ``Memory.load_history`` loads one.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import tzinfo

from ._core.histories import FORMATS
from ._core.histories.history import History, Speaker, Survey
from ._core.histories.values import Fault, Kept, Message, Report

__all__ = ["FORMATS", "Fault", "History", "Kept", "Message", "Report", "Speaker", "Survey", "read"]


def read(
    path: str | os.PathLike[str],
    format: str = "auto",
    *,
    me: str | Collection[str] | None = None,
    timezone: str | tzinfo | None = None,
    day_first: bool | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> History:
    """Open a chat history, or the export of another memory.

    Args:
        path: a file, a folder or a ZIP archive.
        format: one of ``FORMATS``, or ``"auto"`` to detect it.
        me: names, ids or addresses of the speaker who is the user.
        timezone: the zone of times without an offset, UTC if omitted. Times in UTC get its offset.
        day_first: whether dates such as 3/4/24 begin with the day; found from all dates if omitted.
        columns: of CSV, the names of columns, as ``{"text": "Body", "speaker": "From", "time": "Sent"}``.
        encoding: of a text file that is not UTF-8.

    Returns:
        The history. Iterating over it reads it, as often as wanted; ``survey()`` returns what is in it.

    Raises:
        InvalidInputError: it cannot be read, or has none of the formats; the message says what was looked
        for.
    """
    return History(
        path,
        format,
        me=me,
        timezone=timezone,
        day_first=day_first,
        columns=columns,
        encoding=encoding,
    )
