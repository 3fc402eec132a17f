"""Sentences in other languages: keep those in the first person that are no questions."""

from __future__ import annotations

from .reading import Reading, phrases

# First-person words that are not everyday English words as well: German, French, Spanish, Portuguese,
# Italian, Dutch, Russian; then Japanese and Korean.
_FIRST_PERSON = phrases(
    r"""
    \b(?:ich|mein\w*|mir|mich|wir|unser\w*)\b | \b(?:je|j'\w+|mon|mes|nous|notre|moi)\b
    | \b(?:yo|soy|mis?|vivo|tengo|trabajo|prefiero|nosotros|nuestr\w+|estoy)\b
    | \b(?:eu|meus?|minhas?|moro|tenho|sou|n\u00f3s)\b
    | \b(?:io|mi[oae]|miei|sono|lavoro|abito|preferisco|noi)\b | \b(?:ik|mijn|wij|onze)\b
    | \b(?:\u044f|\u043c\u043e\u0439|\u043c\u043e\u044f|\u043c\u043e\u0438|\u043c\u043d\u0435
    |\u043c\u0435\u043d\u044f)\b | [\u79c1\u50d5\u4ffa]
    | (?:^|\s)(?:\uc800|\ub098|\uc81c|\ub0b4|\uc6b0\ub9ac)(?:\ub294|\uac00|\uc758|\ub97c|\ub3c4)?\s
    """,
    after="",
)
_QUESTION = phrases(
    r"[?\uff1f\u061f] | \u304b[\u3002.]?\s*$ | (?:\uae4c\uc694|\ub098\uc694|\ub2c8\uae4c)\W*$", after=""
)
_GREETING = phrases(
    r"""
    hola | buen[oa]s | gracias | bonjour | salut | merci | bonsoir | hallo | guten | danke | ciao | grazie
    | buongiorno | ol\u00e1 | obrigad[oa] | bom dia | \u043f\u0440\u0438\u0432\u0435\u0442
    | \u0441\u043f\u0430\u0441\u0438\u0431\u043e | \u0437\u0434\u0440\u0430\u0432\u0441\u0442\u0432\w+
    | \u3053\u3093\u306b\u3061\u306f | \u3042\u308a\u304c\u3068\u3046 | \u304a\u306f\u3088\u3046
    | \uc548\ub155 | \uac10\uc0ac
    """,
    after="",
)
_GREETING_LENGTH = 25


def read(sentence: str, *, lenient: bool) -> Reading | None:
    """Classify a sentence.

    Args:
        sentence: one sentence as written.
        lenient: keep statements about anything, not only those in the first person.

    Returns:
        The statement, of the kind ``"fact"``, or ``None`` if there is nothing to keep.
    """
    if _QUESTION.search(sentence):
        return None
    if len(sentence) < _GREETING_LENGTH and _GREETING.match(sentence):
        return None
    if _FIRST_PERSON.search(sentence) is None and not lenient:
        return None
    # Two words say little, except in scripts without spaces.
    return Reading(sentence, "fact") if len(sentence.split()) > 2 or not sentence[0].isascii() else None
