"""Sentences in other languages than English: decide which are worth keeping, and of which kind they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..patterns import Pattern
from .corrections import Correction
from .languages import Lexicon
from .questions_and_answers import Restated
from .sentences import Reading

__all__ = ["contradicts", "correction", "mended", "read", "read_assistant", "restate", "takes_back"]

_ASKS = Pattern(r"[?\uff1f\u061f](?:[\s\"')\]\u201d\u300d\uff09!\uff01~\uff5e]|[\U0001f300-\U0001faff])*\Z")
_WORD = Pattern(r"\w")
# Fewer words tell little; in scripts without spaces fewer characters.
_LEAST_WORDS = 2
_LEAST_CHARACTERS = 4


def read(sentence: str, language: Lexicon, *, lenient: bool, answered: bool = False) -> Reading | None:
    """Classify a sentence.

    Args:
        sentence: one sentence as written.
        language: the language it is in.
        lenient: keep statements about anything, not only about the speaker and people by name.
        answered: the sentence is joined with the question or the mistake before it, and kept as it is.

    Returns:
        The statement and its kind, or ``None`` if there is nothing to keep.
    """
    if answered:
        return Reading(sentence, _kind(sentence, language))
    core, remembered = _core(sentence, language)
    core = _told(core)
    if not _WORD.search(core) or _ASKS.search(core) or language.is_question.search(core):
        return None
    if remembered or language.is_remembered.search(core):
        return Reading(core, _kind(core, language), remembered=True)
    if language.is_instruction.match(core):
        return Reading(core, "instruction", remembered=True)
    if _is_talk(core, language) or not _is_long(core, language):
        return None
    first = language.is_first.search(core) is not None
    continues = language.is_continuing.match(core) is not None
    if lenient or first or _is_of_person(core, language) or _is_technical(core):
        return Reading(core, _kind(core, language), continues=continues and not first)
    return Reading(core, _kind(core, language), continues=True, alone=False) if continues else None


def read_assistant(sentence: str, language: Lexicon) -> Reading | None:
    """Classify a sentence of an assistant: what it did for the user, or how the user's own matter stands."""
    if (
        _ASKS.search(sentence)
        or language.is_question.search(sentence)
        or not language.is_deed.search(sentence)
    ):
        return None
    if _IN_REPLY.search(sentence) or _ADVISES.match(_stripped(sentence, language)):
        return None
    return Reading(_stripped(sentence, language), "event")


# What stands in the reply itself is no deed: "J'ai ajouté des commentaires dans le code ci-dessous."
_IN_REPLY = Pattern(
    r"\b(?:unten|folgend\w*|ci-dessous|suivante?s?|abajo"
    r"|siguientes?|a continuación|abaixo|seguintes?|sotto|seguent[ei]"
    r"|hieronder|volgende voorbeeld\w*|nedan|nedenfor|ниже|poniżej|níže"
    r"|aşağıda\w*|أدناه|التالية?)\b"
    r"|नीचे|아래|以下|下面|如下|下記|总结了|整理了|例子|示例",
    re.IGNORECASE,
)
_ADVISES = Pattern(
    r"(?:du kannst|sie können|vous pouvez|tu peux|puedes|puede|puoi|può|você pode|pode|je kunt|u kunt"
    r"|вы можете|ты можешь|możesz|może|يمكنك|您可以|你可以|建议|请)",
    re.IGNORECASE,
)


def takes_back(sentence: str, language: Lexicon) -> bool:
    """Return whether a sentence says that what was said before was a joke."""
    return language.is_joke.search(sentence) is not None


# "No" alone may answer a question instead of correcting.
_NO = Pattern(
    r"(?:nein|nee|no|non|não|nej|nei|nie|ne|нет|ні|hayır|لا|नहीं|いいえ|いや|아니요|아니|不|不是|tidak|bukan|không|όχι|ei|nem|nu|לא|نه)"
    r"\s*[,.!:;—–…，、。！،-]+\s*",
    re.IGNORECASE,
)


def correction(sentence: str, language: Lexicon) -> Correction | None:
    """Return what a sentence corrects to, or ``None`` if it corrects nothing."""
    match = language.corrects.match(sentence)
    sure = match is not None
    match = match or _NO.match(sentence)
    if match is None:
        return None
    text = sentence[match.end() :].strip()
    if not _WORD.search(text):
        # "Entschuldigung." withdraws nothing by itself, "J'ai fait une erreur." does.
        return (
            Correction("", True) if sure and " " in match[0].strip() + " " * (not language.spaces) else None
        )
    return Correction(_capitalized(text, sentence), sure)


_NUMBER = Pattern(r"\d[\d.,:]*\d|\d+")


def mended(wrong: str, said: Correction, language: Lexicon) -> str | None:
    """Return a fact with the correction in it, if that is no statement of its own.

    "我的生日是五月三号。" and "是五月十三号。" make "我的生日是五月十三号。".
    """
    if not said.sure or not said.text or _is_statement(said.text, language):
        return None
    topic = language.divides.search(wrong)
    own = language.divides.search(said.text)
    if topic and (own is None or own.start() == 0):
        return wrong[: topic.end()] + said.text
    old, new = _NUMBER.findall(wrong), _NUMBER.findall(said.text)
    if len(old) == len(new) == 1:
        return wrong.replace(old[0], new[0])
    return f"{wrong} {said.text}"


def _is_statement(text: str, language: Lexicon) -> bool:
    return bool(language.is_first.search(text) or language.is_continuing.match(text))


# What an assistant offers is no question about the user.
_OFFERS = Pattern(
    r"\b(?:möchte(?:st|n)|soll|wünsch\w+|helfen|hilfe|noch etwas|veux-tu|voulez|souhait\w+"
    r"|aider|quieres|quiere|desea|ayud\w+"
    r"|quer(?:es)?|gostaria|ajud\w+|vuoi|vuole|desidera|aiut\w+|wil je|wilt u|helpen|chcesz|pomóc|помочь"
    r"|хотите|хочешь)\b"
    r"|需要|要不要|帮|想要|可以吗|如何为|手伝|いかが|しましょうか|よろしい|도와|필요|드릴까|أساعد|مساعد|मदद|yardım|ister",
    re.IGNORECASE,
)
# "Where can I find it?" is about the one who asks.
_OF_ASKER = Pattern(
    r"\b(?:ich|ik|jag|jeg|yo|eu|io|ja|posso|puedo|je (?:peux|dois|vais|puis)|saya|tôi|εγώ|я|أنا)\b"
    r"|\bj['\u2019]|我|私|僕|제가|저는|मैं",
    re.IGNORECASE,
)
_MOST_WORDS = 12
_MOST_CHARACTERS = 40


def restate(question: str, answer: Sequence[str], language: Lexicon) -> Restated | None:
    """Join a short answer with its question: "Wo bist du aufgewachsen? In einem Dorf bei Gent.".

    ``None`` if the answer is a statement of its own, tells nothing, or the question offers something.
    """
    if not answer or not _ASKS.search(question) or _OFFERS.search(question) or _OF_ASKER.search(question):
        return None
    told = answer[0]
    core = _stripped(told, language)
    if not _WORD.search(core) or _ASKS.search(core) or language.is_question.search(core):
        return None
    if _is_talk(core, language) or language.is_instruction.match(core) or _is_statement(core, language):
        return None
    if len(core.split()) > _MOST_WORDS or (not language.spaces and len(core) > _MOST_CHARACTERS):
        return None
    return Restated(f"{question}{' ' if language.spaces else ''}{told}", 1)


def _core(sentence: str, language: Lexicon) -> tuple[str, bool]:
    """Strip words that open the sentence; return the rest, and whether it must be remembered."""
    core = _stripped(sentence, language)
    if match := language.asks_to_remember.match(core):
        rest = core[match.end() :].strip()
        if _WORD.search(rest):
            return _capitalized(rest, core), True
    return core, False


def _stripped(sentence: str, language: Lexicon) -> str:
    start = 0
    while match := language.opens.match(sentence, start):
        if match.end() == start or not _WORD.search(sentence, match.end()):
            break
        start = match.end()
    return _capitalized(sentence[start:].strip(), sentence)


def _capitalized(core: str, whole: str) -> str:
    return core[:1].upper() + core[1:] if core != whole and whole[:1].isupper() else core


def _is_talk(core: str, language: Lexicon) -> bool:
    """Return whether a sentence is a request, small talk, a reaction, or about what is not so."""
    return bool(
        language.is_command.match(core)
        or language.is_talk.match(core)
        or language.is_unreal.search(core)
        or language.is_joke.search(core)
    )


def _is_long(core: str, language: Lexicon) -> bool:
    if language.spaces:
        return len(core.split()) >= _LEAST_WORDS
    return len(_WORD.findall(core)) >= _LEAST_CHARACTERS


def _is_of_person(core: str, language: Lexicon) -> bool:
    """Return whether a sentence says of somebody by name what is said of people: "Lea heiratet im Mai."."""
    return core[0].isupper() and language.is_of_people.search(core) is not None


# Facts of a project have no person: "Die CI läuft auf Python 3.10." But "Python is a language" is none.
_TECHNICAL = Pattern(
    r"(?<![\w.])(?:API|CI|CD|Docker|Postgres\w*|MySQL|SQLite|Redis|Kubernetes|Python|Node(?:\.js)?|TypeScript"
    r"|pnpm|npm|yarn|pytest|vitest|jest|Vault|S3|AWS|GitHub|GitLab|staging|repo|branch|endpoint|backend|frontend)(?![\w])"
    r"|`[^`]+`|\w\.(?:py|ts|js|go|rs|java|json|ya?ml|toml)\b"
)
_DEFINES = Pattern(
    r"\b(?:ist|est|es|é|è|is|jest|är|er) (?:ein|eine|un|une|una|um|uma|een|en|et)\b"
    r"|是(?:一种|一个|一门)|とは|это"
)


def _is_technical(core: str) -> bool:
    """Return whether a sentence states something of a project."""
    return _TECHNICAL.search(core) is not None and _DEFINES.search(core) is None


_BOUNDARY = Pattern(r"[,;\uff0c\u060c\u3001](?!\d)\s*")
_SUBORDINATE = Pattern(
    r"(?:wenn|falls|ob|als|weil|da|obwohl|si|quand|lorsque|comme|cuando|se|quando|als|wanneer|omdat|jeśli|gdy|kiedy|om|när|hvis|når"
    r"|если|когда|якщо|коли|إذا|لو|عندما|اگر|वقت|अगर|जब|如果|要是|当|虽然|因为|もし)(?![a-z])",
    re.IGNORECASE,
)
_LEAST_TOLD = 8


def _told(core: str) -> str:
    """Return what a sentence tells before it asks; one that asks only is returned as it is.

    "J'habite à Lyon, tu connais un café ?" tells "J'habite à Lyon.".
    """
    if not _ASKS.search(core) or _SUBORDINATE.match(core):
        return core
    boundaries = list(_BOUNDARY.finditer(core))
    if not boundaries or boundaries[-1].start() < _LEAST_TOLD - 4 * (not core.isascii()):
        return core
    last = boundaries[-1]
    return core[: last.start()] + ("\u3002" if last[0][0] in "\uff0c\u3001" else ".")


def contradicts(wrong: str, said: Correction) -> bool:
    """Return whether a correction begins as a fact does: "Ich bin 34 Jahre alt.", "Ich bin 36."."""
    return said.sure and _beginning(wrong) == _beginning(said.text)


def _beginning(text: str) -> list[str]:
    return text.casefold().split()[:2] if " " in text else list(text[:3])


def _kind(core: str, language: Lexicon) -> str:
    return next((kind for kind, pattern in language.kinds if pattern.search(core)), "fact")
