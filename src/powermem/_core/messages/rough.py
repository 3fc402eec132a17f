"""Rough memories: what was just said, word for word, searchable at once while a model still processes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...types import Metadata
from ..clock import MONTHS, offset_name, to_datetime
from ..prompts.extraction import HIDDEN_ROLES
from ..prompts.quoting import strip_recalled
from ..values import Message, Row
from .normalize import without_hidden
from .parts import label

ROUGH_TYPE = "WorkingMemory"
"""The ``memory_type`` of a rough memory."""

ROUGH_TAG = "mode:fast"
"""The tag in the metadata of a rough memory."""

# Embedders truncate texts, the local one at about a thousand characters: only the beginning of a much longer
# text would be found.
_LONGEST = 2_000


class RoughText(NamedTuple):
    """The text of a rough memory, and the indexes of its messages."""

    text: str
    messages: list[int]


def rough_texts(messages: Sequence[Message], at: int) -> list[RoughText]:
    """Write a conversation as the texts of rough memories.

    Each message becomes a line, ``user: [09:44 AM on 10 December, 2025 UTC+08:00]: text``, with the speaker's
    local time. Every line ends with a line break, so that texts can be concatenated. Parts that are not text
    become placeholders such as ``[image]``. Text marked as recalled is dropped, and so are messages of system
    and tools unless there are no others.

    Args:
        messages: the conversation.
        at: the time of messages that have none, microseconds UTC.

    Returns:
        The fewest texts of at most 2,000 characters. Lines are not split, so a long message makes a longer
        text. The list is empty if nothing was said.
    """
    texts: list[RoughText] = []
    everything = len(without_hidden(messages)) == len(messages)
    for index, message in enumerate(messages):
        said = _said(message) if everything or message.role not in HIDDEN_ROLES else ""
        if not said:
            continue
        moment = at if message.sent_at is None else message.sent_at
        line = f"{message.role}: [{_moment(moment, message.utc_offset)}]: {said}\n"
        if texts and len(texts[-1].text) + len(line) <= _LONGEST:
            text, among = texts[-1]
            texts[-1] = RoughText(text + line, [*among, index])
        else:
            texts.append(RoughText(line, [index]))
    return texts


def rough_metadata(metadata: Metadata) -> Metadata:
    """Return metadata with the tag of rough memories added to the caller's own tags."""
    given = metadata.get("tags")
    tags = given if isinstance(given, list) else [] if given is None else [given]
    return {**metadata, "tags": [*(tag for tag in tags if tag != ROUGH_TAG), ROUGH_TAG]}


def is_rough(row: Row) -> bool:
    """Return whether a stored memory is rough."""
    tags = row.metadata.get("tags")
    return row.memory_type == ROUGH_TYPE and isinstance(tags, list) and ROUGH_TAG in tags


def _said(message: Message) -> str:
    return " ".join(filter(None, (strip_recalled(message.content).strip(), *map(label, message.parts))))


def _moment(moment: int, utc_offset: int | None) -> str:
    # Not strftime, which depends on the locale.
    when = to_datetime(moment, utc_offset)
    half = "AM" if when.hour < 12 else "PM"
    return (
        f"{when.hour % 12 or 12:02d}:{when.minute:02d} {half} on {when.day:02d} "
        f"{MONTHS[when.month - 1]}, {when.year} {offset_name(when)}"
    )
