"""Finish what a model extracted: leave out what has no ground, write out days and speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...types import ChatMessage
from ..text.cleaning import normalize
from ..values import Extracted, Fact, FoundPreference, Message
from .days import written_out
from .echoes import Echoes
from .ground import Ground
from .speakers import in_third_person


@dataclass(frozen=True, slots=True)
class Finished:
    """What a model extracted, finished.

    Attributes:
        found: the facts and preferences that have a ground.
        left_out: the texts of those that have none.
    """

    found: Extracted
    left_out: Sequence[str] = field(default=())


class Finishing:
    """Leaves out facts that a conversation does not state, and completes those that it does.

    Args:
        messages: the conversation that the model was shown.
        request: the messages that it was sent.
        today: the present moment, microseconds UTC; the day of a message without a time.
        custom: whether the instructions are the caller's own. They may ask for what is no fact of a person,
            so that all words of the conversation count.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        request: Sequence[ChatMessage],
        *,
        today: int,
        custom: bool = False,
    ) -> None:
        self._messages = messages
        self._request = request
        self._today = today
        self._custom = custom
        self._read: tuple[Ground, Echoes] | None = None

    def prepare(self) -> None:
        """Read the conversation and the request, while the model answers."""
        if self._read is None:
            ground = Ground(self._messages, lenient=self._custom)
            ground.prepare()
            self._read = ground, Echoes(self._request)

    def finish(self, found: Extracted) -> Finished:
        """Finish what the model extracted."""
        if not found.facts and not found.preferences:
            return Finished(found)
        self.prepare()
        assert self._read is not None
        ground, echoes = self._read
        left_out: list[str] = []
        facts: dict[str, Fact] = {}
        for fact in (_placed(fact, self._messages) for fact in found.facts):
            if _is_grounded(fact.text, fact.turn, ground, echoes):
                whole = _completed(fact, self._messages, self._today)
                facts.setdefault(normalize(whole.text), whole)
            else:
                left_out.append(fact.text)
        preferences = []
        for preference in found.preferences:
            if _shows(preference, ground, echoes):
                preferences.append(preference)
            else:
                left_out.append(preference.text)
        return Finished(found._replace(facts=list(facts.values()), preferences=preferences), left_out)


def _placed(fact: Fact, messages: Sequence[Message]) -> Fact:
    """Return a fact with the turn whose words it repeats, if that is another than the one that it names."""
    text = normalize(fact.text).casefold().strip(" .!?")
    if fact.turn is None or text in normalize(messages[fact.turn].content).casefold():
        return fact
    for number, message in enumerate(messages):
        if message.role == "user" and text in normalize(message.content).casefold():
            return fact._replace(turn=number)
    return fact


def _is_grounded(text: str, turn: int | None, ground: Ground, echoes: Echoes) -> bool:
    # A person may say the very words of an example.
    if echoes.repeats(text) and not ground.says(text):
        return False
    return ground.holds(text, turn)


def _shows(preference: FoundPreference, ground: Ground, echoes: Echoes) -> bool:
    """Return whether a preference has to do with the conversation; it may be a conclusion in other words."""
    if echoes.repeats(preference.text) and not ground.says(preference.text):
        return False
    return ground.touches(f"{preference.text} {preference.reasoning}")


def _completed(fact: Fact, messages: Sequence[Message], today: int) -> Fact:
    message = messages[fact.turn] if fact.turn is not None and fact.turn < len(messages) else None
    last = message or messages[-1]
    sent_at = today if last.sent_at is None else last.sent_at
    fact = written_out(fact, sent_at, last.utc_offset)
    text = _named(fact, message, messages)
    return fact if text == fact.text else fact._replace(text=text)


def _named(fact: Fact, message: Message | None, messages: Sequence[Message]) -> str:
    """Return the text of a fact with its speaker named."""
    names = {each.actor_id for each in messages if each.role == "user"}
    if message is not None:
        return in_third_person(
            fact.text, message.actor_id or _stated(fact, messages), assistant=message.role == "assistant"
        )
    if fact.speaker in names:
        return in_third_person(fact.text, fact.speaker)
    # Of several speakers, which one is meant is not known.
    return in_third_person(fact.text, next(iter(names))) if len(names) == 1 else fact.text


def _stated(fact: Fact, messages: Sequence[Message]) -> str | None:
    """Return the speaker that the model named, if the conversation knows them by that name."""
    name = fact.speaker
    if name is None or name.casefold() in ("user", "assistant"):
        return None
    return name if any(name in message.content for message in messages if message.role == "user") else None
