"""Put the speaker in the place of "I" in a fact, in the languages where that is safe."""

from __future__ import annotations

import re

from ..patterns import Pattern
from ..text.languages import likely_languages

_QUOTE = Pattern(r"[\"\u201c\u201d\u300c\u300d\u00ab\u00bb`]")

_ENGLISH_FIRST = Pattern(r"\b(?:I|I['\u2019](?:m|ve|ll|d)|[Mm]y|[Mm]e|[Mm]yself|[Mm]ine)\b")
# "World War I", "Henry I": a number, unless the word before begins a sentence or a clause.
_NUMERAL = Pattern(
    r"(?<=\w )(?!(?:When|If|Because|While|Since|After|Before|And|But|So|Although|As|That|Today|Yesterday"
    r"|Now|Then|What"
    r"|Where|How|Who|Which|Once|Until|Whenever|Also|Or)\b)[A-Z][\w-]* I\b(?!['\u2019])"
    r"|\b(?:War|Type|Part|Phase|Level|Chapter|Class|Volume|Grade|Stage|Book|Act) I\b"
)
_I_IN_UPPER_CASE = Pattern(r"\bI\b")
_ENGLISH = Pattern(
    r"\bI\b|\b(?:the|and|is|are|was|were|has|have|had|that|with|for|of|to|in|on|my|gave|got)\b", re.IGNORECASE
)
_SUBJECT = Pattern(
    r"\bI\b(?P<short>['\u2019](?:m|ve|ll|d))?(?P<adverbs>(?:\s+(?:\w+ly|never|always|often|also|just|still"
    r"|already|only"
    r"|usually|sometimes|even|now|ever|both))*)(?:\s+(?P<verb>\w+n['\u2019]t|\w+))?"
)
_BE_AND_SO_ON = {
    "am": "is", "have": "has", "do": "does",
    "don't": "doesn't", "haven't": "hasn't", "'m": "is", "'ve": "has",
    "'ll": "will", "'d": "would", "go": "goes", "were": "was",
}  # fmt: skip
# Verbs that stay as they are: modal, or past without "-ed".
_UNCHANGED_WORDS = """
can can't cannot could couldn't will won't would wouldn't shall should shouldn't may might must
mustn't was
wasn't had hadn't did didn't used got went came saw made took gave found told said thought knew
felt left lost
met bought brought built sold sent spent kept slept read ran began broke chose drove ate fell
flew forgot grew
held heard hurt put cut hit set quit let cost shut spread led paid rode rose sang sat spoke
stood swam taught
threw understood woke won wore wrote became drank drew fought hid laid lent lit meant needn't
swore tore caught
bent bet bit bled blew bound bred burnt dealt dug dreamt fed fled forgave froze hung knelt learnt
overcame rang sank shook shone shot shrank spun split stole stuck strove swept swung wept withdrew wound
"""
_UNCHANGED = frozenset(_UNCHANGED_WORDS.split())
_BASE_VERBS_WORDS = """
work live like love have want need prefer hate enjoy play go own use drive study teach speak run
eat drink make
take write read know think feel plan hope wish cook travel visit keep collect manage lead build help
"""
_BASE_VERBS = frozenset(_BASE_VERBS_WORDS.split())
_AND = Pattern(r"(?P<and>\b(?:and|but|or)\s+(?:also\s+|never\s+|usually\s+|often\s+)?)(?P<verb>[a-z]+)\b")

_CHINESE_OURS = Pattern("我(?!们|們|国|國|方|市|省|校|司|院|军)")
_JAPANESE = Pattern("(?:私|僕|俺)(?![たら達立有服鉄学語])(?=[はがのをにもとで、]|$)")
_KOREAN = Pattern(r"(?<![가-힣])(?:(?P<topic>저는|나는|전|난)|(?P<subject>제가|내가))(?=\s)")
_GERMAN_START = Pattern(r"\A(?P<subject>Ich)\s+(?P<verb>[a-zäöüß]+)\b")
_GERMAN_MORE = Pattern(r"\b(?:ich|mich|mir|mein\w*|wir|uns|unser\w*)\b", re.IGNORECASE)
_GERMAN_VERBS = {
    "bin": "ist", "habe": "hat", "war": "war",
    "hatte": "hatte", "werde": "wird", "wurde": "wurde", "mag": "mag",
    "kann": "kann", "muss": "muss", "will": "will", "darf": "darf", "soll": "soll", "weiß": "weiß",
    "möchte": "möchte", "esse": "isst", "lese": "liest",
    "fahre": "fährt", "schlafe": "schläft", "trage": "trägt",
    "nehme": "nimmt", "gebe": "gibt", "spreche": "spricht",
    "sehe": "sieht", "laufe": "läuft", "heiße": "heißt",
    "wohne": "wohnt", "arbeite": "arbeitet", "lebe": "lebt",
    "liebe": "liebt", "hasse": "hasst", "trinke": "trinkt",
    "spiele": "spielt", "lerne": "lernt", "studiere": "studiert", "suche": "sucht", "brauche": "braucht",
    "komme": "kommt", "gehe": "geht", "kenne": "kennt",
    "besitze": "besitzt", "plane": "plant", "rauche": "raucht",
    "vertrage": "verträgt", "bevorzuge": "bevorzugt", "reise": "reist", "kaufe": "kauft", "mache": "macht",
}  # fmt: skip

_USER = {
    "english": "User",
    "chinese": "用户",
    "japanese": "ユーザー",
    "korean": "사용자",
    "german": "Der Benutzer",
}
_ASSISTANT = {
    "english": "The assistant", "chinese": "助手", "japanese": "アシスタント", "korean": "어시스턴트",
    "german": "Der Assistent",
}  # fmt: skip


def in_third_person(text: str, name: str | None, *, assistant: bool = False) -> str:
    """Return a fact with its speaker in the place of "I", "my" and "me".

    Args:
        text: the fact. English, Chinese, Japanese and Korean are read, and plain sentences of German; others,
            and what quotes somebody, stay as they are.
        name: the speaker; ``None`` stands for the user, in the language of the fact.
        assistant: whether the assistant said it.
    """
    if _QUOTE.search(text):
        return text
    for language, change in _IN_LATIN_LETTERS if text.isascii() else _IN_ALL_LETTERS:
        words = _ASSISTANT if assistant else _USER
        changed = change(text, name or words[language])
        if changed != text:
            return changed
    return text


def _english(text: str, name: str) -> str:
    # "No me gusta" has an English word, too.
    if (
        not _ENGLISH_FIRST.search(text)
        or _NUMERAL.search(text)
        or likely_languages(text.split(), "" if text.isascii() else text)
    ):
        return text
    if not _ENGLISH.search(text):
        return text
    changed = _SUBJECT.sub(lambda match: _third_person(match, name), text)
    if changed != text:
        changed = _AND.sub(_other_verb, changed)
    owner = f"{name}'" if name.endswith("s") else f"{name}'s"
    changed = re.sub(r"\b[Mm]y own\b", f"{owner} own", changed)
    changed = re.sub(r"\b(?:[Mm]y|[Mm]ine)\b", owner, changed)
    changed = re.sub(r"\b[Mm]yself\b", "themselves", changed)
    changed = re.sub(r"\b[Mm]e\b", name, changed)
    return re.sub(r"(?<=[^.!?\s] )The assistant\b", "the assistant", changed)


def _third_person(match: re.Match[str], name: str) -> str:
    short = (match["short"] or "").replace("\u2019", "'")
    adverbs, verb = match["adverbs"] or "", match["verb"]
    if short:
        return f"{name} {_BE_AND_SO_ON[short]}{adverbs}{' ' + verb if verb else ''}"
    if verb is None:
        return f"{name}{adverbs}"
    # "and I, too": no verb.
    return f"{name}{adverbs} {_conjugated(verb)}"


def _conjugated(verb: str) -> str:
    plain = verb.replace("\u2019", "'")
    if plain in _BE_AND_SO_ON:
        return _BE_AND_SO_ON[plain]
    if plain in _UNCHANGED or not plain.isalpha() or not plain.islower():
        return verb
    if plain.endswith("ed") and plain not in (
        "need",
        "feed",
        "speed",
        "succeed",
        "proceed",
        "exceed",
        "breed",
        "weed",
    ):
        return verb
    if plain.endswith("y") and plain[-2:-1] not in "aeiou":
        return f"{plain[:-1]}ies"
    return f"{plain}es" if plain.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{plain}s"


def _other_verb(match: re.Match[str]) -> str:
    verb = match["verb"]
    return match["and"] + (_conjugated(verb) if verb in _BASE_VERBS else verb)


def _chinese(text: str, name: str) -> str:
    # Kana tell Japanese, where the sign is no pronoun of everyday talk.
    if re.search("[\u3041-\u30ff]", text):
        return text
    return _CHINESE_OURS.sub(name, text)


def _japanese(text: str, name: str) -> str:
    return _JAPANESE.sub(name, text) if re.search("[\u3041-\u30ff]", text) else text


def _korean(text: str, name: str) -> str:
    # The particle follows the last sound of the name.
    closed = "\uac00" <= name[-1] <= "\ud7a3" and (ord(name[-1]) - 0xAC00) % 28 > 0

    def third(match: re.Match[str]) -> str:
        return name + (("은" if closed else "는") if match["topic"] else ("이" if closed else "가"))

    return _KOREAN.sub(third, text)


def _german(text: str, name: str) -> str:
    start = _GERMAN_START.match(text)
    if start is None or start["verb"] not in _GERMAN_VERBS or _GERMAN_MORE.search(text, start.end("subject")):
        return text
    return f"{name} {_GERMAN_VERBS[start['verb']]}{text[start.end() :]}"


_IN_LATIN_LETTERS = (("german", _german), ("english", _english))
_IN_ALL_LETTERS = (("chinese", _chinese), ("japanese", _japanese), ("korean", _korean), *_IN_LATIN_LETTERS)
