"""Extract facts without a language model: keep the sentences that state something worth remembering.

A fact keeps the wording and the language of its sentence. Only safe changes are made, so that it can be read
on its own: words that merely open it ("Oh wow, ...") and a question at its end are dropped, relative dates
are spelled out, and a short answer is joined with its question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..patterns import Pattern
from ..prompts.extraction import HIDDEN_ROLES
from ..prompts.quoting import strip_recalled
from ..values import Fact, FoundPreference, Message
from . import deeds, english, foreign
from .conversation import Conversation, Turn
from .dates import resolve
from .languages import Lexicon, language_of
from .names import known_names, names_in, stated_name
from .pasted import without_pasted
from .sentences import Reading, phrases, split

__all__ = ["extract", "stated_preferences"]

_SPEAKS_ENGLISH = Pattern(
    r"im (?:\d+|an?|from|in|at|not|on|so|also|allergic|vegan|married|\w+ing)\b|ive (?:got|been|had)\b"
)
_FEW_WORDS = 3
# A longer "sentence" is pasted text.
_MAX_LENGTH = 1_000
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

    Keep statements about speakers (who they are, what they like, own, plan and did), about people and things
    that have a name, about a project or a team, how the assistant is to work, and everything that a speaker
    asks to be remembered. A short answer is joined with its question, and a correction replaces what it
    corrects. Drop questions, requests, greetings and reactions, what is supposed, wished, exaggerated, meant
    as a joke or pasted, and what the assistant says unless it reports what it did for the user or the user's
    own affairs. A single message is read leniently: all of its statements are kept. Text marked as recalled
    is skipped.

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
    conversation = Conversation()
    for index, (message, sentences) in enumerate(zip(messages, turns, strict=True)):
        speaker = message.actor_id or ("assistant" if message.role == "assistant" else user_name)
        conversation.hear(_turn(index, message, sentences, speaker, _Setting(names, lenient, language)))
    return conversation.facts()


def stated_preferences(facts: Sequence[Fact]) -> list[FoundPreference]:
    """Return the preferences among facts. Rules find explicit ones only."""
    return [
        FoundPreference("explicit_preference", fact.text, f'{fact.speaker or "User"} said: "{fact.text}"')
        for fact in facts
        if fact.kind == "preference"
    ]


def _sentences(message: Message) -> list[str]:
    if message.role in HIDDEN_ROLES:
        return []
    text = strip_recalled(message.content)
    return split(text if message.role == "assistant" else without_pasted(text))


def _user_name(messages: Sequence[Message], turns: Sequence[Sequence[str]]) -> str | None:
    """Return the name by which a user without ``actor_id`` introduces themselves, if any."""
    for message, sentences in zip(messages, turns, strict=True):
        if message.role != "assistant" and message.actor_id is None:
            for sentence in sentences:
                if name := stated_name(sentence):
                    return name
    return None


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all turns of a conversation share: names in it, whether it is a single message, its language."""

    names: frozenset[str]
    lenient: bool
    language: Lexicon | None


def _turn(
    index: int, message: Message, sentences: Sequence[str], speaker: str | None, setting: _Setting
) -> Turn:
    def read(sentence: str, answered: bool) -> Reading | None:
        if len(sentence) > _MAX_LENGTH:
            return None
        # "im" is a word of German and others.
        language = None if _SPEAKS_ENGLISH.match(sentence) else language_of(sentence, setting.language)
        if message.role == "assistant":
            if language is None:
                return deeds.read(sentence, sentences=len(sentences))
            return foreign.read_assistant(sentence, language)
        if language is None:
            return english.read(sentence, names=setting.names, lenient=setting.lenient or answered)
        return foreign.read(sentence, language, lenient=setting.lenient, answered=answered)

    def make(reading: Reading) -> Fact:
        return _fact(reading, message, setting.names)

    def names_person(text: str) -> bool:
        return english.is_about_other(text, setting.names)

    # A few words are too little evidence against the language of the conversation.
    few = (
        setting.language is None and message.content.isascii() and len(message.content.split()) <= _FEW_WORDS
    )
    language = None if few else language_of(message.content, setting.language)
    return Turn(index, message, sentences, speaker, read, make, names_person, language)


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
