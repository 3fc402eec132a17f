"""Read labelled conversations, and count which of their facts are among some memories.

A labelled set is a file of JSON lines, one conversation on each::

    {"id": "en01", "lang": "en", "style": "casual", "timestamp": "2025-03-12T10:00:00Z",
     "messages": [{"role": "user", "content": "I moved to Oslo yesterday.", "name": "Mia"}],
     "facts": [{"contains": ["moved", "Oslo"], "who": "Mia", "date": "2025-03-11"}],
     "allowed": ["Oslo"]}

``contains`` are strings that must stand together in one memory, in any order and case. ``who`` is the
speaker and ``date`` the day that such a memory must have. A memory that has none of the facts, and none of
the strings in ``allowed``, is junk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ...errors import InvalidInputError
from ..clock import parse, to_datetime
from ..text.cleaning import normalize
from ..values import Message

__all__ = ["Kept", "Label", "Labelled", "Tally", "judge", "read_labelled"]


@dataclass(frozen=True, slots=True)
class Label:
    """A fact that is to be found.

    Attributes:
        contains: strings that stand together in one memory.
        who: who must be its speaker; ``None`` if that is not labelled.
        day: the day that it must have; ``None`` if that is not labelled.
    """

    contains: tuple[str, ...]
    who: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A conversation with its labels.

    Attributes:
        id: its name.
        lang: its language, such as ``"en"``.
        style: the kind of conversation, such as ``"support"``.
        messages: its turns.
        facts: what is to be found.
        allowed: a memory with one of these strings is no junk.
    """

    id: str
    lang: str
    style: str
    messages: tuple[Message, ...]
    facts: tuple[Label, ...]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory that was made of a conversation; ``event_at`` in microseconds UTC."""

    text: str
    speaker: str | None = None
    event_at: int | None = None


@dataclass(slots=True)
class Tally:
    """Counts over conversations; the sum of two has the counts of both.

    Attributes:
        facts: how many facts there are.
        found: how many of them are in a memory.
        memories: how many memories there are.
        junk: those that have no fact and nothing that is allowed.
        attributed: how many labelled speakers and days of found facts there are.
        right: how many of those are right.
        missed: the facts that are in no memory, each with the id of its conversation.
        needless: the texts of the junk, each with the id of its conversation.
        wrong: the facts whose speaker or day is wrong, each with the id of its conversation.
    """

    facts: int = 0
    found: int = 0
    memories: int = 0
    junk: int = 0
    attributed: int = 0
    right: int = 0
    missed: list[tuple[str, Label]] = field(default_factory=list)
    needless: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[tuple[str, Label]] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of the facts that were found; 1 if there are none."""
        return self.found / self.facts if self.facts else 1.0

    @property
    def junk_share(self) -> float:
        """The share of the memories that are junk; 0 if there are none."""
        return self.junk / self.memories if self.memories else 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def read_labelled(lines: Iterable[str], *, source: str = "labelled set") -> list[Labelled]:
    """Read a labelled set.

    Args:
        lines: the lines of the file; blank ones are skipped.
        source: what messages call the file.

    Raises:
        InvalidInputError: a line is not JSON or not in this form; its number is named.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_conversation(json.loads(line)))
        except KeyError as error:
            raise InvalidInputError(f"{source}, line {number}: {error} is missing") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise InvalidInputError(f"{source}, line {number}: {error}") from error
    return found


def _conversation(item: Mapping[str, Any]) -> Labelled:
    sent_at = parse(item["timestamp"]) if item.get("timestamp") else None
    return Labelled(
        id=str(item["id"]),
        lang=str(item["lang"]),
        style=str(item["style"]),
        messages=tuple(
            Message(turn["role"], turn["content"], actor_id=turn.get("name"), sent_at=sent_at)
            for turn in item["messages"]
        ),
        facts=tuple(_label(label) for label in item["facts"]),
        allowed=tuple(item.get("allowed", ())),
    )


def _label(item: Mapping[str, Any]) -> Label:
    contains = item["contains"]
    if isinstance(contains, str) or not contains:
        raise ValueError(f"contains: expected a list of strings, got {contains!r}")
    day = date.fromisoformat(item["date"]) if item.get("date") else None
    return Label(tuple(contains), item.get("who"), day)


def judge(conversation: Labelled, memories: Sequence[Kept]) -> Tally:
    """Compare the memories made of a conversation with its labels."""
    texts = [_fold(memory.text) for memory in memories]
    tally = Tally(facts=len(conversation.facts), memories=len(memories))
    useful: set[int] = set()
    for label in conversation.facts:
        wanted = [_fold(part) for part in label.contains]
        holding = [number for number, text in enumerate(texts) if all(part in text for part in wanted)]
        if not holding:
            tally.missed.append((conversation.id, label))
            continue
        useful.update(holding)
        tally.found += 1
        if label.who is not None or label.day is not None:
            tally.attributed += 1
            if any(_is_attributed(memories[number], label) for number in holding):
                tally.right += 1
            else:
                tally.wrong.append((conversation.id, label))
    allowed = [_fold(part) for part in conversation.allowed]
    for number, text in enumerate(texts):
        if number not in useful and not any(part in text for part in allowed):
            tally.junk += 1
            tally.needless.append((conversation.id, memories[number].text))
    return tally


def _is_attributed(memory: Kept, label: Label) -> bool:
    speaks = label.who is None or (memory.speaker or "").casefold() == label.who.casefold()
    return speaks and (label.day is None or _has_day(memory, label.day))


def _has_day(memory: Kept, day: date) -> bool:
    """Return whether a memory has a day: as that of its event, or written out in its text."""
    if memory.event_at is not None and to_datetime(memory.event_at).date() == day:
        return True
    written = (
        rf"{day.isoformat()}|\b0?{day.day}\b\D{{1,20}}{day.year}|{day.year}\D{day.month}\D{day.day}(?!\d)"
    )
    return re.search(written, memory.text) is not None


def _fold(text: str) -> str:
    return normalize(text).replace("\u2019", "'").casefold()
