"""Read a conversation turn by turn: what a sentence means depends on those before it.

An answer belongs to the question before it, a correction to what it corrects, and "she" to the sentence that
names her.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..patterns import Pattern
from ..text.cleaning import normalize
from ..text.terms import query_terms
from ..values import Fact, Message
from . import corrections, foreign, mood
from .languages import Lexicon
from .questions_and_answers import Restated, restate
from .sentences import Reading

__all__ = ["Conversation", "Turn"]

# A longer joined fact is a story.
_MAX_JOINED = 300
_ASKS = ("?", "\uff1f", "\u061f")
# How many turns back a correction reaches.
_REACH = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A message and how to read it.

    Attributes:
        index: its place in the conversation.
        message: the message.
        sentences: its sentences.
        speaker: the name of who speaks, where it is known.
        read: classifies a sentence; the second argument is whether it is an answer joined with its question.
        make: turns a reading into a fact.
        names_person: whether a sentence is about somebody other than the speaker.
        language: the language of the message; ``None`` for English.
    """

    index: int
    message: Message
    sentences: Sequence[str]
    speaker: str | None
    read: Callable[[str, bool], Reading | None]
    make: Callable[[Reading], Fact]
    names_person: Callable[[str], bool]
    language: Lexicon | None

    @property
    def voice(self) -> tuple[str, str | None]:
        """Who speaks, also where no name is known."""
        return self.message.role, self.message.actor_id

    @property
    def question(self) -> str | None:
        """The last sentence that asks, or ``None``."""
        return next((one for one in reversed(self.sentences) if one.rstrip("!)\"' ").endswith(_ASKS)), None)

    def correction(self, sentence: str) -> corrections.Correction | None:
        """Return what a sentence corrects to, or ``None`` if it corrects nothing."""
        if self.language is None:
            return corrections.read(sentence)
        return foreign.correction(sentence, self.language)

    def takes_back(self, plain: str) -> bool:
        """Return whether a sentence says that what was said before it was no earnest."""
        return mood.takes_back(plain) if self.language is None else foreign.takes_back(plain, self.language)

    def restated(self, question: str, answer: Sequence[str]) -> Restated | None:
        """Return what sentences of the turn answer to a question, joined with it."""
        if self.language is None:
            return restate(question, answer)
        return foreign.restate(question, answer, self.language)

    def mended(self, wrong: str, correction: corrections.Correction) -> str | None:
        """Return a fact with the correction in it, if that says only what is to be exchanged."""
        if self.language is not None:
            return foreign.mended(wrong, correction, self.language)
        if corrections.is_short(correction.text) and (text := corrections.corrected(wrong, correction.text)):
            return text
        return corrections.with_subject(wrong, correction.text) if correction.sure else None


@dataclass(slots=True)
class Conversation:
    """The facts of a conversation, as far as it was heard."""

    _facts: list[Fact] = field(default_factory=list)
    _voices: list[tuple[str, str | None]] = field(default_factory=list)
    _before: Turn | None = None
    _play: bool = False
    _tale: bool = False
    _follows: bool = False

    def facts(self) -> list[Fact]:
        """Return the facts in order, without duplicates."""
        found: dict[str, Fact] = {}
        for fact in self._facts:
            found.setdefault(normalize(fact.text), fact)
        return list(found.values())

    def hear(self, turn: Turn) -> None:
        """Add what a turn tells."""
        self._follows = self._tale = False
        start = 0
        if turn.message.role != "assistant" and not self._play and (used := self._answer(turn)):
            start = used
        for sentence in turn.sentences[start:]:
            self._hear(turn, sentence)
        self._before = turn

    def _answer(self, turn: Turn) -> int | None:
        """Keep what the turn answers to the question before it; return how many sentences that are."""
        before = self._before
        if before is None or before.voice == turn.voice or (question := before.question) is None:
            return None
        sentences = [_without_call(sentence, before.message.actor_id) for sentence in turn.sentences]
        skipped = next((number for number, one in enumerate(sentences) if one.strip(" ,.!")), 0)
        answer = turn.restated(question, sentences[skipped:])
        if answer is None:
            return None
        reading = turn.read(answer.text, True)
        if reading is None:
            return None
        self._keep(turn, turn.make(reading)._replace(second_turn=before.index))
        self._follows = True
        return skipped + answer.used

    def _hear(self, turn: Turn, sentence: str) -> None:
        if turn.message.role == "assistant":
            if reading := turn.read(sentence, False):
                self._keep(turn, turn.make(reading))
            return
        plain = sentence.replace("\u2019", "'")
        if self._is_fiction(plain) or self._is_retraction(turn, plain):
            self._follows = False
            return
        if (correction := turn.correction(sentence)) and self._correct(turn, correction):
            return
        reading = turn.read(correction.text if correction else sentence, False)
        if reading is None:
            self._follows = False
            return
        self._add(turn, reading)

    def _is_fiction(self, plain: str) -> bool:
        """Return whether a sentence belongs to a story or a role that somebody plays."""
        if self._play and mood.ends_fiction(plain):
            self._play = False
            return True
        self._play = self._play or mood.begins_play(plain)
        self._tale = self._tale or mood.begins_tale(plain)
        return self._play or self._tale

    def _is_retraction(self, turn: Turn, plain: str) -> bool:
        if not turn.takes_back(plain):
            return False
        place = self._last(turn, reach=1)
        if place is not None:
            self._drop(place)
        return True

    def _correct(self, turn: Turn, correction: corrections.Correction) -> bool:
        """Apply a correction to the last fact of the speaker; return whether that is all that it says."""
        place = self._last(turn, reach=_REACH)
        if place is None:
            return not correction.text
        wrong = self._facts[place]
        if not correction.text:
            self._drop(place)
            return True
        if self._mend(turn, correction, place):
            return True
        if _contradicts(wrong, correction) or (turn.language and foreign.contradicts(wrong.text, correction)):
            self._drop(place)
        return False

    def _mend(self, turn: Turn, correction: corrections.Correction, last: int) -> bool:
        """Put a correction into the last fact that has a part like it; return whether there is one."""
        for place in range(last, -1, -1):
            wrong = self._facts[place]
            if self._voices[place] != turn.voice:
                continue
            if (wrong.turn or 0) < turn.index - _REACH:
                break
            # The date that was written out belongs to the wrong word.
            text = turn.mended(_WRITTEN_OUT.sub("", wrong.text), correction)
            if text is not None and (reading := turn.read(text, True)):
                self._facts[place] = turn.make(reading)._replace(
                    turn=turn.index, speaker=wrong.speaker, second_turn=wrong.turn
                )
                self._follows = place == len(self._facts) - 1
                return True
            if not corrections.is_short(correction.text):
                break
        return False

    def _add(self, turn: Turn, reading: Reading) -> None:
        fact = turn.make(reading)
        place = self._continued(turn, reading)
        if place is not None and len(self._facts[place].text) + len(fact.text) < _MAX_JOINED:
            # "My sister lives in Oslo. She is a nurse." becomes one fact, in which "she" stays clear.
            self._facts[place] = _joined(self._facts[place], fact, turn.index)
            self._follows = True
            return
        self._follows = reading.alone
        if reading.alone:
            self._keep(turn, fact)

    def _continued(self, turn: Turn, reading: Reading) -> int | None:
        """Return the place of the fact that a sentence goes on with, if it begins with a pronoun."""
        if not reading.continues:
            return None
        if self._follows:
            return len(self._facts) - 1
        # "Dana moved to Lisbon." "Good for her!" "She got a job there."
        place = self._last(turn, reach=2) if _PERSON.match(reading.text) else None
        return place if place is not None and turn.names_person(self._facts[place].text) else None

    def _keep(self, turn: Turn, fact: Fact) -> None:
        self._facts.append(fact._replace(turn=turn.index, speaker=turn.speaker))
        self._voices.append(turn.voice)

    def _last(self, turn: Turn, *, reach: int) -> int | None:
        """Return the place of the last fact of the same speaker, not more than so many turns back."""
        for place in range(len(self._facts) - 1, -1, -1):
            said = self._facts[place].turn
            if said is None or said < turn.index - reach:
                return None
            if self._voices[place] == turn.voice:
                return place
        return None

    def _drop(self, place: int) -> None:
        del self._facts[place]
        del self._voices[place]


_PERSON = Pattern(r"(?:he|she|his|her)\b", re.IGNORECASE)


def _joined(first: Fact, second: Fact, turn: int) -> Fact:
    return first._replace(
        second_turn=first.second_turn if first.turn == turn else turn,
        text=f"{first.text} {second.text}",
        event_at=second.event_at if first.event_at is None else first.event_at,
        entities=tuple(dict.fromkeys((*first.entities, *second.entities))),
    )


def _without_call(sentence: str, name: str | None) -> str:
    """Return a sentence without the name of the one whom it addresses: "Yeah, John!" becomes "Yeah!"."""
    if name is None or name not in sentence:
        return sentence
    return re.sub(rf"(?:^|,? )\b{re.escape(name)}\b(?=\s*[.!,]|$),?\s*", " ", sentence).strip()


_WRITTEN_OUT = Pattern(r" \([^()]*\d{4}\)|[ \uff08(]+\d{4}[\u5e74\ub144][^()\uff09]*[)\uff09]")


def _contradicts(wrong: Fact, correction: corrections.Correction) -> bool:
    """Return whether a full sentence says something else of what a fact is about."""
    if corrections.same_frame(wrong.text, correction.text):
        return True
    return correction.sure and not set(query_terms(wrong.text)).isdisjoint(query_terms(correction.text))
