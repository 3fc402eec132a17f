"""What the turns of a conversation state, as the ground of facts: sentences sorted by what they can prove."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..patterns import Pattern
from ..prompts.extraction import HIDDEN_ROLES
from ..prompts.quoting import strip_recalled
from ..rules.sentences import phrases, read_assistant, split
from ..text.prefilter import Prefilter
from ..values import Message
from .words import forms


class Weight(enum.IntEnum):
    """What a sentence can prove."""

    NOTHING = 0
    """A question to which nobody answered, or what the assistant knows of the world."""
    PERSONAL = 1
    """A question that tells something of who asks: "What can I cook for my vegan wife?"."""
    STATED = 2
    """A statement of a person, or of the assistant about the person or what it did for them."""


@dataclass(frozen=True)
class Sentence:
    """A sentence, what it can prove, and whether its speaker speaks of themselves."""

    text: str
    weight: Weight
    first_person: bool

    @cached_property
    def forms(self) -> frozenset[str]:
        """The forms of its words."""
        return forms(self.text)


_QUESTION = phrases(
    r"""
    [?\uff1f\u061f][\s"')\u201d\u2019\u300d]*$ | \u304b[\u3002.]?\s*$ | (?:吗|嗎|呢)[。.]?\s*$
    | (?:까요|나요|니까)\W*$
    | ^(?:(?:and|so|but|ok|okay|well|hey|hi)[,\s]+)*(?:what(?!ever)|how(?!ever)|why|where
    |when(?=\s+(?:do|does|did|is|are|will|can|should|was|were)\b)
    |who|whom|whose|which|is|are|do|does|did|can|could|would|should|will)\b
    (?=\s+\w)(?!\s+(?:i\s+\w+ed|[\w']+\s+said)\b)
    """,
    after="",
)
_OPENING = Pattern(
    r"(?:what|how|why|where|when|who|which|is|are|do|does|did|can|could|would|should|will|am)\s+\w|[^A-Za-z]*$",
    re.IGNORECASE,
)
_LEAST_WORDS = 3
_MARK = Pattern(r"[?\uff1f\u061f]|(?:吗|嗎)[。.]?$")
# "Lea got engaged, did you hear?" tells something.
_TELLING = Pattern(
    r",\s*(?:did you (?:hear|know|see)|have you heard|can you believe (?:it|that)|you know"
    r"|guess what|isn['\u2019]t (?:that|it) \w+)\s*[?!]*\s*$|^(?:did|do) (?:i|you) (?:tell|say|mention"
    r"|know|hear|remember)\b",
    re.IGNORECASE,
)
# First person, in the supported languages; pronouns that are everyday words of another language are left out.
_FIRST = Pattern(
    r"\b(?:i|i['\u2019]?(?:m|ve|d|ll)|im|ive|my|mine|me|myself|we|we['\u2019]?(?:re|ve|d|ll)|our|ours|us"
    r"|ich|mein\w*|mir|mich|wir|unser\w*|uns"
    r"|je|j['\u2019]\w+|mon|ma|mes|moi|nous|notre|nos"
    r"|yo|soy|mis?|tengo|estoy|nosotr[oa]s|nuestr\w+|conmigo"
    r"|eu|meus?|minhas?|tenho|sou|n\u00f3s|nossos?|nossas?"
    r"|io|mi[oae]|miei|sono|ho|noi|nostr[oaie]"
    r"|ik|mijn|wij|onze|ons"
    r"|я|мой|моя|мо[иеё]|моей|моего|мою|мне|меня|мной|мы|наш\w*|нас|нам)\b"
    r"|[我俺咱]|私|僕|俺|うち(?=[のはが])|(?:^|\s)(?:저|나|제|내|우리)(?:는|가|의|를|도|희)?(?=\s)",
    re.IGNORECASE,
)
_MAY_BE_FIRST = Prefilter(
    words="""
i im ive id ill my mine me myself we were weve wed well our ours us
ich mir mich wir uns
je j mon ma mes moi nous notre nos
yo soy mi mis tengo estoy nosotros nosotras conmigo
eu meu meus minha minhas tenho sou nós nosso nossos nossa nossas
io mio mia mie miei sono ho noi nostro nostra nostri nostre
ik mijn wij onze ons
я мой моя мои мое моё моей моего мою мне меня мной мы нас нам
""",
    parts="mein unser nuestr наш 我 俺 咱 私 僕 うち 저 나 제 내 우리",
)
_SECOND = Pattern(
    r"\b(?:you|your|yours|dein\w*|dir|dich|ihnen|ihre?[mnrs]?|tu|tus|su|sus|le|usted|vous|votre|vos"
    r"|ta|ton|tes|seus?|suas?|você|vostr[oaie]|tuo|tua|tuoi|suo|sua|je|jouw?|uw"
    r"|вы|ваш\w*|вам|вас|твой|твоя|тебе|тебя)\b"
    r"|[你您]|あなた|お客様|様|고객|당신",
    re.IGNORECASE,
)
_MAY_BE_SECOND = Prefilter(
    words="""
you your yours
dir dich ihnen ihr ihrm ihrn ihrr ihrs ihre ihrem ihren ihrer ihres
tu tus su sus le usted vous votre vos ta ton tes
seu seus sua suas você vostro vostra vostri vostre tuo tua tuoi suo je jou jouw uw
вы вам вас твой твоя тебе тебя
""",
    parts="dein ваш 你 您 あなた 様 고객 당신",
)
# Advice: what one can, should or might do says nothing about the person.
_ADVICE = Pattern(
    r"\b(?:you(?:'d| would)?\s+(?:can|could|should|may|might|must|need|will need|want|better)|if you|try"
    r"|make sure|consider|let me know|i(?:'d| would)? (?:suggest|recommend) (?:you|that|using|trying)"
    r"|can help|hope|glad|sorry"
    r"|happy to|feel free|of course)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Turn:
    """The sentences of a message; ``speaker`` is the name of who sent it, if known."""

    role: str
    speaker: str | None
    sentences: tuple[Sentence, ...]


def is_question(text: str) -> bool:
    """Return whether a fact is a question as it was asked, and does not just name one."""
    if _MARK.search(text) is None:
        return False
    *_, last = split(text) or [text]
    return any(_OPENING.match(part) for part in (text, last)) or len(text.split()) < _LEAST_WORDS


def read_turns(messages: Sequence[Message]) -> list[Turn]:
    """Return a turn for each message; those of system and tools have no sentences."""
    turns = []
    for number, message in enumerate(messages):
        texts = () if message.role in HIDDEN_ROLES else split(strip_recalled(message.content))
        answered = _answers(messages, number)
        sentences = tuple(_sentence(text, message.role, answered=answered) for text in texts)
        turns.append(Turn(message.role, message.actor_id, sentences))
    return turns


def _answers(messages: Sequence[Message], number: int) -> bool:
    """Return whether a person speaks right after a message, and so may answer its question."""
    return (
        number + 1 < len(messages)
        and messages[number + 1].role == "user"
        and (messages[number].role, messages[number].actor_id)
        != (messages[number + 1].role, messages[number + 1].actor_id)
    )


def _sentence(text: str, role: str, *, answered: bool) -> Sentence:
    asked = _QUESTION.search(text) is not None and _TELLING.search(text) is None
    first = _MAY_BE_FIRST.allows(text) and _FIRST.search(text) is not None
    if asked and answered:
        # "Do you smoke?" "No." states what the question holds.
        weight = Weight.STATED
    elif asked:
        weight = Weight.PERSONAL if first and role != "assistant" else Weight.NOTHING
    elif role != "assistant":
        weight = Weight.STATED
    else:
        weight = Weight.STATED if _reports(text, first=first) else Weight.NOTHING
    return Sentence(text, weight, first and role != "assistant")


def _reports(text: str, *, first: bool) -> bool:
    """Return whether an assistant's sentence tells what it did, or something about the person."""
    if read_assistant(text) is not None:
        return True
    of_person = first or (_MAY_BE_SECOND.allows(text) and _SECOND.search(text) is not None)
    return of_person and _ADVICE.search(text) is None
