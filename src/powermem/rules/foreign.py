"""Sentences in other languages: kept when they are in the first person and no question."""

from __future__ import annotations

import re

from .reading import Reading

# First-person words that are not words of everyday English too.
_FIRST_PERSON = re.compile(
    r"\b(?:ich|mein\w*|mir|mich|wir|unser\w*"  # German
    r"|je|j'\w+|mon|mes|nous|notre|moi"  # French
    r"|yo|soy|mis?|vivo|tengo|trabajo|prefiero|nosotros|nuestr\w+|estoy"  # Spanish
    r"|eu|meus?|minhas?|moro|tenho|sou|n\u00f3s"  # Portuguese
    r"|io|mi[oae]|miei|sono|lavoro|abito|preferisco|noi"  # Italian
    r"|ik|mijn|wij|onze"  # Dutch
    r"|\u044f|\u043c\u043e\u0439|\u043c\u043e\u044f|\u043c\u043e\u0438|\u043c\u043d\u0435|\u043c\u0435\u043d\u044f|\u043c\u044b"  # Russian
    r")\b|[\u79c1\u50d5\u4ffa]|(?:^|\s)(?:\uc800|\ub098|\uc81c|\ub0b4|\uc6b0\ub9ac)(?:\ub294|\uac00|\uc758|\ub97c|\ub3c4)?\s",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[?\uff1f\u061f]|\u304b[\u3002.]?\s*$|(?:\uae4c\uc694|\ub098\uc694|\ub2c8\uae4c)\W*$")
_GREETING = re.compile(
    r"(?:hola|buen[oa]s|gracias|bonjour|salut|merci|bonsoir|hallo|guten|danke|tsch\u00fcss|ciao|grazie|buongiorno|ol\u00e1|obrigad[oa]"
    r"|bom dia|\u043f\u0440\u0438\u0432\u0435\u0442|\u0441\u043f\u0430\u0441\u0438\u0431\u043e|\u0437\u0434\u0440\u0430\u0432\u0441\u0442\u0432\w+"
    r"|\u3053\u3093\u306b\u3061\u306f|\u3042\u308a\u304c\u3068\u3046|\u304a\u306f\u3088\u3046|\uc548\ub155|\uac10\uc0ac)",
    re.IGNORECASE,
)


def read(sentence: str, *, lenient: bool) -> Reading | None:
    """Judge a sentence.

    Args:
        sentence: one sentence as it was written.
        lenient: whether a statement about anything counts, and not only one in the first person.

    Returns:
        The statement as a plain fact, or ``None`` when there is nothing to keep.
    """
    if _QUESTION.search(sentence) or (_GREETING.match(sentence) and len(sentence) < 25):
        return None
    if _FIRST_PERSON.search(sentence) is None and not lenient:
        return None
    # One word says nothing; scripts without spaces are measured in characters.
    return Reading(sentence, "fact") if len(sentence.split()) > 2 or not sentence[0].isascii() else None
