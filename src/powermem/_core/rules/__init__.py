"""Extract facts without a language model: keep the sentences that state something about a person.

A fact keeps the wording and the language of its sentence. Only two safe changes are made, so that it can be
read on its own: words that merely open it ("Oh wow, ...") are dropped, and relative dates are spelled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..prompts.extraction import HIDDEN_ROLES
from ..prompts.quoting import strip_recalled
from ..text.cleaning import normalize
from ..values import Fact, FoundPreference, Message
from . import english, foreign
from .dates import resolve
from .languages import Lexicon, language_of
from .names import known_names, names_in, stated_name
from .sentences import Reading, phrases, read_assistant, split

__all__ = ["extract", "stated_preferences"]

# A longer "sentence" is pasted text; a longer joined fact is a story.
_MAX_LENGTH = 1_000
_MAX_JOINED = 300
# Importance: what a kind starts with, and the least for what the speaker asked to be remembered.
_BASE = {
    "identity": 0.8, "instruction": 0.8, "relationship": 0.65, "preference": 0.6, "plan": 0.55, "event": 0.5,
    "fact": 0.4,
}  # fmt: skip
_ASKED_FOR = 0.85
_GRAVE = phrases(
    r"""
    \b(?:always|never|important\w*|must|allerg\w+|died|passed away|death|married|wedding|born|birthday
    |pregnant|divorc\w+|diagnos\w+|disease|surgery|emergency|deadline|favou?rite|hate|love)\b | 重要 | 过敏
    | 一定 | 必须 | 去世 | 结婚 | 生日 | 最
    """,
    after="",
)
_HEDGED = phrases(
    r"""
    \b(?:maybe|perhaps|might|probably|kind of|sort of|not sure|i think|i guess)\b | 可能 | 也许 | 大概
    """,
    after="",
)


def extract(messages: Sequence[Message]) -> list[Fact]:
    """Find the facts in a conversation.

    Keep statements about speakers (who they are, what they like, own, plan and did) and about people and
    things that have a name, and everything that a speaker asks to be remembered. Drop questions, requests,
    greetings and reactions, and what the assistant says unless it reports something that it did for the user.
    A single message is read leniently: all of its statements are kept. Text marked as recalled is skipped.

    Args:
        messages: the turns; those of system and tools are ignored.

    Returns:
        The facts in order, without duplicates. ``turn`` is the index of the message.
    """
    turns = [_sentences(message) for message in messages]
    speakers = [message.actor_id for message in messages if message.actor_id]
    names = known_names((sentence for turn in turns for sentence in turn), speakers)
    user_name = _user_name(messages, turns)
    lenient = len(messages) == 1
    language = language_of(" ".join(sentence for turn in turns for sentence in turn))
    facts: dict[str, Fact] = {}
    for index, (message, sentences) in enumerate(zip(messages, turns, strict=True)):
        speaker = message.actor_id or (None if message.role == "assistant" else user_name)
        for fact in _facts(message, sentences, names, lenient, language):
            facts.setdefault(normalize(fact.text), replace(fact, turn=index, speaker=speaker))
    return list(facts.values())


def stated_preferences(facts: Sequence[Fact]) -> list[FoundPreference]:
    """Return the preferences among facts. Rules find explicit ones only."""
    return [
        FoundPreference("explicit_preference", fact.text, f'{fact.speaker or "User"} said: "{fact.text}"')
        for fact in facts
        if fact.kind == "preference"
    ]


def _sentences(message: Message) -> list[str]:
    return [] if message.role in HIDDEN_ROLES else split(strip_recalled(message.content))


def _user_name(messages: Sequence[Message], turns: Sequence[Sequence[str]]) -> str | None:
    """Return the name by which a user without ``actor_id`` introduces themselves, if any."""
    for message, sentences in zip(messages, turns, strict=True):
        if message.role != "assistant" and message.actor_id is None:
            for sentence in sentences:
                if name := stated_name(sentence):
                    return name
    return None


def _facts(
    message: Message,
    sentences: Sequence[str],
    names: frozenset[str],
    lenient: bool,
    language: Lexicon | None,
) -> list[Fact]:
    facts: list[Fact] = []
    follows = False
    for sentence in sentences:
        reading = _read(sentence, message.role, names, lenient, language)
        if reading is None:
            follows = False
            continue
        fact = _fact(reading, message, names)
        if reading.continues and follows and len(facts[-1].text) + len(fact.text) < _MAX_JOINED:
            # "My sister lives in Oslo. She is a nurse." becomes one fact, in which "she" stays clear.
            facts[-1] = _joined(facts[-1], fact)
            continue
        follows = reading.alone
        if reading.alone:
            facts.append(fact)
    return facts


def _read(
    sentence: str, role: str, names: frozenset[str], lenient: bool, expected: Lexicon | None
) -> Reading | None:
    if len(sentence) > _MAX_LENGTH:
        return None
    language = language_of(sentence, expected)
    if language is None:
        return (
            read_assistant(sentence)
            if role == "assistant"
            else english.read(sentence, names=names, lenient=lenient)
        )
    if role == "assistant":
        return foreign.read_assistant(sentence, language)
    return foreign.read(sentence, language, lenient=lenient)


def _fact(reading: Reading, message: Message, names: frozenset[str]) -> Fact:
    named = reading.kind != "instruction" and stated_name(reading.text) is not None
    kind = "identity" if named else reading.kind
    dated = resolve(reading.text, message.sent_at, message.utc_offset, future=kind == "plan")
    return Fact(
        text=dated.text,
        kind=kind,
        importance=_importance(reading.text, kind, remembered=reading.remembered),
        event_at=dated.event_at,
        entities=names_in(reading.text, names),
    )


def _joined(first: Fact, second: Fact) -> Fact:
    return replace(
        first,
        text=f"{first.text} {second.text}",
        event_at=second.event_at if first.event_at is None else first.event_at,
        entities=tuple(dict.fromkeys((*first.entities, *second.entities))),
    )


def _importance(text: str, kind: str, *, remembered: bool) -> float:
    """Return the importance of a fact, 0 to 1.

    Start from the kind, add 0.1 for a grave word and subtract 0.15 for doubt; what the speaker asked to be
    remembered has at least 0.85.
    """
    weight = _BASE[kind]
    if _GRAVE.search(text):
        weight += 0.1
    if _HEDGED.search(text):
        weight -= 0.15
    return round(max(weight, _ASKED_FOR) if remembered else weight, 2)
