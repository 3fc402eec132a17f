"""Conversations and questions in the form of LoCoMo (Maharana et al., ACL 2024), from a file of yours."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
ANSWERABLE = frozenset({1, 2, 3, 4})
ADVERSARIAL = frozenset({5})
_DATE = "%I:%M %p on %d %B, %Y"
# Evidence is noted by hand: "D8:6; D9:17", "D:11:26" and "D30:05" occur.
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


class DatasetError(ValueError):
    """The file is not in LoCoMo's form."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one of the speakers said, with the caption of a picture that was shared."""

    id: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting: its name, when it began, and what was said."""

    name: str
    began: datetime
    turns: list[Turn]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the turns that hold its answer."""

    text: str
    category: int
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Sessions of two people, and questions about them."""

    name: str
    sessions: list[Session]
    questions: list[Question]


def read(path: Path, names: Collection[str] = ()) -> list[Conversation]:
    """Read a file in LoCoMo's form.

    Questions whose evidence names no turn of the conversation are left out.

    Args:
        path: the JSON file.
        names: which conversations to take; all of them when empty.

    Raises:
        DatasetError: it is not JSON, a key or a conversation is missing, a date or a category cannot be
            read, or there is nothing to ask.
    """
    found: list[Conversation] = []
    try:
        entries = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise DatasetError(f"{path}: not JSON: {error}") from error
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_conversation(entry))
        except KeyError as error:
            raise DatasetError(f"{path}: conversation {number} has no {error}") from error
        except (TypeError, ValueError) as error:
            raise DatasetError(f"{path}: conversation {number}: {error}") from error
    known = [one.name for one in found]
    for name in names:
        if name not in known:
            raise DatasetError(f"{path}: no conversation is called {name!r}; there are {', '.join(known)}")
    chosen = [one for one in found if not names or one.name in names]
    if not any(question.category in ANSWERABLE for one in chosen for question in one.questions):
        raise DatasetError(f"{path}: no question of categories 1 to 4 names a turn as its evidence")
    return chosen


def _conversation(entry: dict[str, Any]) -> Conversation:
    told = entry["conversation"]
    sessions = [
        Session(name, _moment(told[f"{name}_date_time"]), [_turn(turn) for turn in told[name]])
        for number in range(1, len(told))
        if told.get(name := f"session_{number}")
    ]
    known = {turn.id for session in sessions for turn in session.turns}
    questions = [
        Question(item["question"], _category(item["category"]), evidence)
        for item in entry["qa"]
        if (evidence := _evidence(item, known))
    ]
    return Conversation(entry["sample_id"], sessions, questions)


def _category(number: int) -> int:
    if number not in CATEGORIES:
        raise ValueError(f"category: expected one of {', '.join(map(str, CATEGORIES))}, got {number!r}")
    return number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.strptime(text, _DATE)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _turn(turn: dict[str, Any]) -> Turn:
    caption = turn.get("blip_caption")
    return Turn(turn["dia_id"], turn["speaker"], turn["text"] + (f" [shares {caption}]" if caption else ""))


def _evidence(item: dict[str, Any], known: set[str]) -> frozenset[str]:
    found = _EVIDENCE.findall(" ".join(item.get("evidence", ())))
    return frozenset(f"D{int(session)}:{int(turn)}" for session, turn in found) & known


def session_of(turn: str) -> str:
    """Return the session of a turn: "D3" of "D3:14"."""
    return turn.split(":", 1)[0]
