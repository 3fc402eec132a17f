"""Conversations with questions whose evidence is known, whatever file they come from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

ADVERSARIAL = "adversarial"
"""The kind of questions that name the wrong person; they are reported apart."""

_OPENING = 3
_LETTERS = 300
_NO_LETTER = re.compile(r"[\W_]+")


class DatasetError(ValueError):
    """A file is in none of the known forms, or has an error."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message.

    Attributes:
        id: ``SESSION:NUMBER``, distinct in its conversation.
        text: what was said, never blank.
        speaker: who said it, if people have names.
        role: "user" or "assistant".
        at: when, if that is known of the turn itself.
    """

    id: str
    text: str
    speaker: str | None = None
    role: str = "user"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Turns that belong together.

    Attributes:
        name: distinct in the conversation; ``None`` for a memory that stands alone.
        began: when; ``None`` if unknown.
        turns: in their order.
    """

    name: str | None
    began: datetime | None
    turns: list[Turn]


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Attributes:
        text: what to search for.
        kind: of question; `ADVERSARIAL` ones are reported apart.
        evidence: the ids of the turns that hold the answer; at least one.
        unit: what the question belongs to when samples are drawn or held out, as a digest: its conversation
            or, where all questions are about the same memories, the dialogue or fact it comes from.
    """

    text: str
    kind: str
    evidence: frozenset[str]
    unit: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Sessions of one user, and questions about them.

    Attributes:
        name: distinct in its corpus.
        sessions: in their order.
        questions: those whose answer was said.
        unanswerable: texts of questions whose answer was not.
    """

    name: str
    sessions: list[Session]
    questions: list[Question]
    unanswerable: list[str] = field(default_factory=list)

    def turns(self) -> Iterator[Turn]:
        """Yield all turns in their order."""
        for session in self.sessions:
            yield from session.turns


@dataclass(frozen=True, slots=True)
class Corpus:
    """Conversations of one kind.

    Attributes:
        name: what to call it in tables.
        conversations: each is stored as a user of its own.
        unit: what its questions are drawn by: "conversations", "dialogues" or "facts".
    """

    name: str
    conversations: list[Conversation]
    unit: str = field(default="conversations")

    def questions(self) -> Iterator[Question]:
        """Yield all questions."""
        for conversation in self.conversations:
            yield from conversation.questions

    def only(self, names: Collection[str]) -> Corpus:
        """Return the conversations of these names."""
        return Corpus(self.name, [one for one in self.conversations if one.name in names], self.unit)

    def chosen(self, units: frozenset[str], *, inside: bool) -> Corpus:
        """Return the questions of some units, or all others, and the conversations that have any left."""
        kept = [
            Conversation(one.name, one.sessions, questions, one.unanswerable)
            for one in self.conversations
            if (questions := [each for each in one.questions if (each.unit in units) == inside])
        ]
        return Corpus(self.name, kept, self.unit)


def digest(texts: Iterable[str]) -> str:
    """Return a number for the first texts of a conversation, which does not depend on marks and spaces."""
    opening = [text for _, text in zip(range(_OPENING), texts, strict=False)]
    letters = [_NO_LETTER.sub("", text).lower()[:_LETTERS] for text in opening]
    return hashlib.sha256("\n".join(letters).encode()).hexdigest()[:12]


def session_of(turn: str) -> str:
    """Return the session of a turn: "D3" of "D3:14"."""
    return turn.rpartition(":")[0]
