"""Conversations and questions of LoCoMo (Maharana et al., ACL 2024), read from a file of yours."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_DATE = "%I:%M %p on %d %B, %Y"
# Evidence is noted by hand: "D8:6; D9:17", "D:11:26" and "D30:05" occur.
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting: its name, when it began, and its turns as messages."""

    name: str
    began: datetime
    turns: list[str]
    messages: list[dict[str, Any]]


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


def read(path: Path) -> list[Conversation]:
    """Read a file in LoCoMo's form.

    Questions whose evidence names no turn of the conversation are left out.
    """
    return [_conversation(entry) for entry in json.loads(path.read_text("utf-8"))]


def _conversation(entry: dict[str, Any]) -> Conversation:
    told = entry["conversation"]
    sessions = []
    for number in range(1, len(told)):
        name = f"session_{number}"
        if not told.get(name):
            continue
        began = datetime.strptime(told[f"{name}_date_time"], _DATE)
        sessions.append(
            Session(
                name,
                began.replace(tzinfo=timezone.utc),
                [turn["dia_id"] for turn in told[name]],
                [_message(turn) for turn in told[name]],
            )
        )
    known = {turn for session in sessions for turn in session.turns}
    questions = [
        Question(item["question"], item["category"], evidence)
        for item in entry["qa"]
        if (evidence := _evidence(item, known))
    ]
    return Conversation(entry["sample_id"], sessions, questions)


def _message(turn: dict[str, Any]) -> dict[str, Any]:
    caption = turn.get("blip_caption")
    text = turn["text"] + (f" [shares {caption}]" if caption else "")
    return {"role": "user", "name": turn["speaker"], "content": text}


def _evidence(item: dict[str, Any], known: set[str]) -> frozenset[str]:
    found = _EVIDENCE.findall(" ".join(item.get("evidence", ())))
    return frozenset(f"D{int(session)}:{int(turn)}" for session, turn in found) & known


def session_of(turn: str) -> str:
    """Return the session of a turn: "D3" of "D3:14"."""
    return turn.split(":", 1)[0]
