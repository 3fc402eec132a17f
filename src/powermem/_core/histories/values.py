"""What a reader yields and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from typing import Any, Literal, TypeAlias

from ...errors import InvalidInputError
from ..clock import from_datetime, to_iso
from ..masking import shown

Role: TypeAlias = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a chat.

    Attributes:
        conversation: the id of its conversation or thread.
        text: what was said.
        at: when, with the offset of the speaker's clock where the export has it; ``None`` if unknown.
        where: its position in the export, such as ``"line 7"``.
        role: ``"user"`` or ``"assistant"``; ``None`` for a person of whom only the name is known.
        speaker: the name of the speaker.
        speaker_id: the speaker's id or address, if the export has one.
        id: the export's own id of the message, if it has one.
        reply_to: the id of the message that it answers.
        title: the name of the conversation.
        metadata: what else is kept with it.
    """

    conversation: str
    text: str
    at: datetime | None
    where: str
    role: Role | None = None
    speaker: str | None = None
    speaker_id: str | None = None
    id: str | None = None
    reply_to: str | None = None
    title: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory of another library.

    Attributes:
        text: the memory.
        where: its position in the export.
        id: its id there.
        at: when it was learned or became true.
        updated_at: when it was changed last.
        until: when it ceased to be true.
        user_id: whose it is, if the export says so; likewise ``agent_id`` and ``run_id``.
        metadata: what else is kept with it.
    """

    text: str
    where: str
    id: str | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    until: datetime | None = None
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


Item: TypeAlias = Message | Kept
Items: TypeAlias = Iterator[Item]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that could not be read: its position and the reason."""

    where: str
    reason: str


@dataclass(slots=True)
class Report:
    """What a reader notes besides the items.

    Attributes:
        faults: what could not be read.
        left_out: how many messages were left out because there is nothing to remember in them, by reason.
        me: the user's names and ids, if the export itself says which of the speakers the user is.
        members: speakers who may not have said anything, by id.
    """

    faults: list[Fault] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    me: set[str] = field(default_factory=set)
    members: dict[str, str] = field(default_factory=dict)

    def fault(self, where: str, reason: str) -> None:
        """Note something that could not be read."""
        self.faults.append(Fault(where, reason))

    def leave_out(self, reason: str) -> None:
        """Count a message with nothing to remember."""
        self.left_out[reason] += 1


@dataclass(frozen=True, slots=True)
class Options:
    """How to read an export.

    Attributes:
        zone: the time zone of local times without an offset.
        day_first: whether the day comes before the month in dates of numbers; ``None`` to find out.
        columns: of CSV, the column for each of ``text``, ``speaker``, ``time``, ``conversation``, ``id``,
            ``reply_to`` and ``role``.
        encoding: of text files; ``None`` to detect it.
    """

    zone: tzinfo = timezone.utc
    day_first: bool | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


def iso(moment: datetime | None) -> str | None:
    """Return a moment as text with its offset."""
    return None if moment is None else moment.isoformat()


def in_utc(moment: datetime) -> str:
    """Return a moment as text in UTC, the same for all offsets."""
    return to_iso(from_datetime(moment))


def not_of(format: str, found: object, wanted: str) -> InvalidInputError:
    """Return the error for a file that does not have the given format."""
    return InvalidInputError(f"this is not an export of {format}: expected {wanted}, got {shown(found)}")
