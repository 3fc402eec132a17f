"""A chat history, or the export of another memory: what is in it, and which of the speakers is the user."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from datetime import timezone as utc

from ...errors import InvalidInputError
from ..clock import from_datetime, read_zone
from ..masking import shown
from . import (
    FORMATS,
    PEOPLE,
    chatgpt,
    claude,
    csv_files,
    discord,
    gemini,
    letta,
    mbox,
    mcp_memory,
    mem0,
    memobase,
    slack,
    telegram,
    whatsapp,
    zep,
)
from .detection import detect
from .exports import Export
from .values import Fault, Items, Kept, Message, Options, Report

_READERS: Mapping[str, Callable[[Export, Options, Report], Items]] = {
    "chatgpt": chatgpt.read,
    "claude": claude.read,
    "gemini": gemini.read,
    "whatsapp": whatsapp.read,
    "telegram": telegram.read,
    "slack": slack.read,
    "discord": discord.read,
    "csv": csv_files.read,
    "mbox": mbox.read,
    "mem0": mem0.read,
    "zep": zep.read,
    "letta": letta.read,
    "memobase": memobase.read,
    "mcp-memory": mcp_memory.read,
}
_MOST_CANDIDATES = 12


@dataclass(slots=True)
class Speaker:
    """A speaker of a history.

    Attributes:
        name: the name, or else the id.
        id: the id or address, if the export has one.
        messages: how many messages are theirs.
        is_user: whether it is the user.
        is_person: whether only the name tells who it is, and no role.
    """

    name: str
    id: str | None
    messages: int
    is_user: bool = False
    is_person: bool = True


@dataclass(slots=True)
class Survey:
    """What is in a history.

    Attributes:
        format: one of ``FORMATS``.
        conversations: the number of conversations and threads.
        messages: the number of messages to load.
        memories: the number of memories to load.
        speakers: who said how much, the most talkative first.
        first: the time of the first message or memory that has one.
        last: that of the last one.
        left_out: how many messages have nothing to remember, by reason.
        faults: what could not be read.
        undecided: why it is not known which of the speakers is the user; ``None`` if it is known.
    """

    format: str
    conversations: int = 0
    messages: int = 0
    memories: int = 0
    speakers: list[Speaker] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    undecided: str | None = None

    @property
    def user(self) -> str | None:
        """The name of the user among the speakers, if that is known."""
        return next((speaker.name for speaker in self.speakers if speaker.is_user), None)


class History:
    """A chat history, or the export of another memory. Iterating over it reads it from the beginning.

    Args:
        source: the path of a file, a folder or a ZIP archive.
        format: one of ``FORMATS``, or ``"auto"`` to detect it.
        me: names, ids or addresses of the speaker who is the user; where roles say it, none are needed.
        user_id: taken for ``me`` if a speaker has this name.
        timezone: the zone of times without an offset, UTC if omitted. Times in UTC get its offset.
        day_first: whether dates such as 3/4/24 begin with the day; ``None`` to find out.
        columns: of CSV, the names of the columns, as ``{"text": "Body", "speaker": "From", "time": "Sent"}``.
        encoding: of a text file that is not UTF-8.

    Attributes:
        format: the format.
        report: what the last iteration could not read or left out.

    Raises:
        InvalidInputError: it cannot be read, or has none of the formats.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        format: str = "auto",
        *,
        me: str | Collection[str] | None = None,
        user_id: str | None = None,
        timezone: str | tzinfo | None = None,
        day_first: bool | None = None,
        columns: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> None:
        if format not in ("auto", *FORMATS):
            raise InvalidInputError(
                f"format: expected auto or one of {', '.join(FORMATS)}, got {shown(format)}"
            )
        zone = utc.utc if timezone is None else read_zone(timezone)
        if encoding is not None:
            _check_encoding(encoding)
        self._options = Options(zone, day_first, dict(columns or {}), encoding)
        self._export = Export(source)
        found = detect(self._export, self._options) if format == "auto" else format
        if found is None:
            raise InvalidInputError(
                f"source: {self._export.name} has none of the known formats; looked for "
                f"{', '.join(FORMATS)}. Name it with format, if it is one of these"
            )
        self.format = found
        self.report = Report()
        self._me = [me] if isinstance(me, str) else [*(me or ())]
        self._user_id = user_id
        self._survey: Survey | None = None

    @property
    def name(self) -> str:
        """The name of the file or folder."""
        return self._export.name

    def __iter__(self) -> Iterator[Message | Kept]:
        self.report = Report()
        yield from _READERS[self.format](self._export, self._options, self.report)

    def find_user(self) -> str | None:
        """Return the name of the speaker who is the user; ``None`` if the format says it by roles.

        Raises:
            InvalidInputError: it is not known; the message names the candidates.
        """
        if self.format not in PEOPLE:
            return None
        survey = self.survey()
        if survey.undecided is not None:
            raise InvalidInputError(f"me: {survey.undecided}")
        return next((one.name for one in survey.speakers if one.is_user and one.is_person), None)

    def survey(self) -> Survey:
        """Read everything once, and return what is in it.

        Raises:
            InvalidInputError: ``me`` is none of the speakers.
        """
        if self._survey is None:
            self._survey = self._take_survey()
        return self._survey

    def _take_survey(self) -> Survey:
        survey = Survey(self.format)
        said: Counter[tuple[str | None, str | None, str | None]] = Counter()
        conversations: set[int] = set()
        titles: set[str | None] = set()
        for item in self:
            if item.at is not None:
                survey.first = min(survey.first or item.at, item.at, key=from_datetime)
                survey.last = max(survey.last or item.at, item.at, key=from_datetime)
            if isinstance(item, Kept):
                survey.memories += 1
                continue
            survey.messages += 1
            conversations.add(hash(item.conversation))
            if len(titles) < 2:
                titles.add(item.title)
            said[item.speaker, item.speaker_id, item.role] += 1
        survey.conversations = len(conversations)
        survey.left_out = {reason: count for reason, count in self.report.left_out.items() if count}
        survey.faults = self.report.faults
        people = [(name, id) for name, id, role in said if role is None]
        mine: Collection[tuple[str | None, str | None]] = ()
        try:
            mine = self._find_me(people, said, titles)
        except _Undecided as error:
            survey.undecided = str(error)
        for (name, id, role), count in said.most_common():
            is_user = role == "user" or (role is None and (name, id) in mine)
            survey.speakers.append(Speaker(name or id or role or "unknown", id, count, is_user, role is None))
        return survey

    def _find_me(
        self,
        people: list[tuple[str | None, str | None]],
        said: Mapping[tuple[str | None, str | None, str | None], int],
        titles: Collection[str | None],
    ) -> Collection[tuple[str | None, str | None]]:
        if not people:
            return ()
        if self._me:
            found = [one for one in people if _is_one_of(one, self._me)]
            silent = [one for one in self.report.members.items() if _is_one_of(one, self._me)]
            if not found and not silent:
                listed = self._candidates(people, said)
                raise InvalidInputError(
                    f"me: {' and '.join(map(shown, self._me))} is none of the speakers: {listed}"
                )
            return found
        known = [one for one in people if _is_one_of(one, self.report.me)]
        if known or self.report.me & set(self.report.members):
            return known
        if self._user_id is not None and (
            named := [one for one in people if _is_one_of(one, [self._user_id])]
        ):
            return named
        if len({_key(one) for one in people}) == 1:
            return people
        if len(titles) == 1 and len(people) == 2:
            # A chat of two has the name of the other one.
            (title,) = titles
            others = [one for one in people if title is not None and _same(one[0], title)]
            if len(others) == 1:
                return [one for one in people if one not in others]
        raise _Undecided(
            "which of the speakers is the user? Name one with --me (me=...): "
            + self._candidates(people, said)
        )

    def _candidates(
        self,
        people: list[tuple[str | None, str | None]],
        said: Mapping[tuple[str | None, str | None, str | None], int],
    ) -> str:
        counted = sorted(((said[name, id, None], name, id) for name, id in people), key=lambda one: -one[0])
        listed = [
            f"{shown(name or id)}{f' <{id}>' if name and id and id != name else ''} ({count})"
            for count, name, id in counted[:_MOST_CANDIDATES]
        ]
        more = len(counted) - len(listed)
        return ", ".join(listed) + (f" and {more} more" if more > 0 else "")


class _Undecided(Exception):
    """It cannot be told which of the speakers is the user."""


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError:
        raise InvalidInputError(f"encoding: Python knows no encoding named {shown(encoding)}") from None


def _is_one_of(speaker: tuple[str | None, str | None], names: Collection[str]) -> bool:
    return any(_same(own, name) for own in speaker for name in names)


def _same(own: str | None, name: str) -> bool:
    return own is not None and own.strip().casefold() == name.strip().lstrip("@").casefold()


def _key(speaker: tuple[str | None, str | None]) -> str:
    return speaker[1] or speaker[0] or ""
