"""Content words of facts and sentences, in forms that agree across inflection, number words and scripts."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache
from itertools import pairwise
from math import ceil

from ..clock import MONTHS, WEEKDAYS
from ..patterns import Pattern
from ..text.languages import is_function_word, likely_languages, stop_words
from ..text.stemming import stem

# Han, kana and Hangul, Thai.
_DENSE = (
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3\u0e01-\u0e4e"
)
_TOKEN = Pattern(rf"\d+(?:[.,:]\d+)*|[{_DENSE}]+|(?:(?![{_DENSE}])[^\W\d_])+")
_ASCII_TOKEN = Pattern(r"\d+(?:[.,:]\d+)*|[A-Za-z]+")
_IS_DENSE = Pattern(f"[{_DENSE}]")
_APOSTROPHE = Pattern("[\u2018\u2019\u02bc]")
_CLITIC = Pattern(r"(?i)n't\b|'(?:s|m|re|ve|ll|d)\b")
_THOUSANDS = Pattern(r"(\d),(?=\d{3}\b)")
_KILO = Pattern(r"(?i)\b(\d+)\s?k\b")

_MONTH_WORDS = (
    r"jan(?:uary|uar|vier|eiro)?|feb(?:ruary|ruar|braio)?|february|février|febrero|fevereiro|gennaio|enero"
    r"|mar(?:ch|zo|s|ço)?|märz|apr(?:il|ile)?|avril|abril|may|mai|mayo|maggio|maio|mei|june?|juni|juin|junio"
    r"|giugno|junho|july?|juli|juillet|julio|luglio|julho|aug(?:ust|ustus)?|août|agosto|sept?(?:ember|embre)?"
    r"|se[pt]t?iembre|settembre|setembro|o[ck]t(?:ober|obre)?|ottobre|outubro|nov(?:ember|embre|iembre"
    r"|embro)?"
    r"|de[cz](?:ember|embre|embro)?|décembre|diciembre|dicembre|января|февраля|марта|апреля|мая|июня|июля"
    r"|августа|сентября|октября|ноября|декабря"
)
_JOIN = r"\s*(?:,|\.|of|de|del|den|der|le|il|the|st|nd|rd|th)?\s*"
# Dates as a model writes them; which of them are meant is not for the words to tell.
_DATE = Pattern(
    r"\d{4}-\d{2}(?:-\d{2})?|\d{4}[年년]\s?(?:\d{1,2}[月월](?:\s?\d{1,2}[日号일])?)?(?:那周|那一周|の週)?"
    r"|\d{1,2}[月월]\s?\d{1,2}[日号일]|[一二三四五六七八九十]{1,2}月"
    rf"|(?<!\w)(?:\d{{1,2}}{_JOIN})(?:{_MONTH_WORDS})\b{_JOIN}(?:(?:19|20)\d{{2}})?(?!\w)"
    rf"|(?<!\w)(?:{_MONTH_WORDS})\b{_JOIN}(?:\d{{1,2}}(?:st|nd|rd|th)?(?!\d))?,?\s*(?:(?:19|20)\d{{2}})(?!\w)"
    rf"|(?<!\w)(?:{_MONTH_WORDS})\s+\d{{1,2}}(?:st|nd|rd|th)?(?!\w)"
    r"|(?<![\w.])(?:19|20)\d{2}(?![\w.]\w)",
    re.IGNORECASE,
)
# Each of these has one of these signs, which takes a hundredth of the time to tell.
_IN_DATES = Pattern(r"[\d月]")
_DIGIT = Pattern(r"\d")
# Days and parts of days, and what stands around dates.
_CALENDAR_WORDS = """
today yesterday tomorrow tonight week weekend month year day date morning afternoon evening around
since until ago last next current currently
montag dienstag mittwoch donnerstag freitag samstag sonntag heute gestern morgen woche monat jahr tag
lunes martes miercoles jueves viernes sabado domingo hoy ayer manana semana mes ano dia
lundi mardi mercredi jeudi vendredi samedi dimanche hier demain semaine mois annee jour
lunedi martedi mercoledi giovedi venerdi sabato domenica oggi ieri domani settimana mese anno giorno
года году
"""
_CALENDAR = frozenset(_CALENDAR_WORDS.split()).union(
    (name.lower() for name in MONTHS if name != "May"), map(str.lower, WEEKDAYS)
)
# What a fact says of whoever speaks, and verbs that say little: no evidence for or against.
_LIGHT_WORDS = """
user users speaker person people someone assistant conversation chat message turn fact memory
say says said tell tells told mention mentions mentioned state states stated ask asks asked talk talked
report reported explain explained express expressed note noted confirm confirmed indicate indicated
want wants wanted like likes liked prefer prefers preferred need needs needed get gets got getting
make makes made go goes went going gone come comes came take takes took use uses used using keep
keeps kept
give gives gave given know knows knew think thinks thought feel feels felt find finds found
see sees saw become became seem seems let put try tries tried plan plans planned planning
intend intends intended consider considers considering considered happen happens happened
currently really very also still already just now new old good well much many lot thing things way
name named called names number one ones first time times able every always never often usually recently
longer anymore interested interest enjoy enjoys enjoyed love loves loved dislike dislikes hate hates hated
look looks looking start starts started begin begins began finish stop stopped
benutzer benutzers benutzerin nutzer nutzers nutzerin nutzerinnen anwender person sagt sagte
mochte will hat
habe heisst namens moglich immer
usuario usuaria usuarios quiere tiene dice dijo llamado llamada utilisateur utilisatrice veut nomme nommee
utente vuole utilizador utilizadora gebruiker heet пользователь пользователя пользовательница
пользовательницы пользователю хочет
"""
_LIGHT = frozenset(_LIGHT_WORDS.split())
_DENSE_LIGHT = Pattern(
    "用户|用戶|使用者|ユーザー?|利用者|사용자[는가의를이]?|助手|客服|アシスタント|希望|喜欢|想要|名叫|名为|叫做?|表示|提到|自己|"
    "[的了是在有和与及也都就要会能不很着过吗呢吧我你您他她它们]|"
    "である|でいる|ている|している|です|ます|でした|ました|した|する|[のはがをにでとともへだるたいし]"
)
_NUMBER_WORDS = {
    word: str(number)
    for number, words in {
        2: "two twice second both zwei zwo zweite dos segundo deux deuxième due dois duas twee два две",
        3: "three third thrice drei tres trois tre três drie три",
        4: "four fourth vier cuatro quatre quattro quatro четыре",
        5: "five fifth fünf cinco cinq cinque vijf пять",
        6: "six sixth sechs seis sei zes шесть",
        7: "seven seventh sieben siete sept sette sete zeven семь",
        8: "eight eighth acht ocho huit otto oito восемь",
        9: "nine ninth neun nueve neuf nove negen девять",
        10: "ten tenth zehn diez dix dieci dez tien десять",
        11: "eleven eleventh elf once onze undici",
        12: "twelve twelfth zwölf doce douze dodici doze twaalf",
        20: "twenty zwanzig veinte vingt venti vinte",
        30: "thirty dreißig treinta trente trenta trinta",
        100: "hundred hundert cien cent cento cem",
        1000: "thousand tausend mil mille",
    }.items()
    for word in words.split()
}
# Words of talk and of record for one thing. A fact may use another than its turn did.
_SENSES = tuple(
    frozenset(map(stem, group.split()))
    for group in (
        "mother mum mom mommy mummy mama parent parents",
        "father dad daddy papa parent parents",
        "grandmother grandma granny nan nana grandparent",
        "grandfather grandpa grandad granddad grandparent",
        "child children kid kids baby son daughter toddler boy girl little",
        "sibling siblings brother sister bro sis",
        "brother bro", "sister sis",
        "married marriage marry wife husband spouse wed wedding hubby missus knot anniversary fiance fiancee",
        "engaged engagement propose proposal fiance fiancee ring",
        "partner girlfriend boyfriend wife husband fiance fiancee relationship dating couple gf bf",
        "single breakup broke split ex separated divorced dumped",
        "pregnant pregnancy expecting due trimester baby",
        "job work works worked working employed employer employment unemployed occupation profession career"
        " company office boss colleague laid fired quit resigned hired gig shift position role firm startup",
        "home house flat apartment live lives living moved move relocate rent reside resident residence"
        " place",
        "vegetarian vegan meat plantbased",
        "allergy allergic intolerant intolerance reaction swell swells hives rash react itchy",
        "car drive driving vehicle van truck",
        "age aged years turned turning turns born birthday old",
        "dead died death dies passed deceased lost funeral",
        "gay lesbian lgbt queer came coming",
        "burgle burglary stolen steal theft robbed rob broken break",
        "school class teacher teach teaches pupil student kid grade year uni university college phd degree",
        "ill illness sick disease diagnosed condition diabetic diabetes",
        "phone mobile number cell", "mail email", "picture photo image",
        "bike bicycle cycling cycle", "film movie", "doctor physician gp",
        "postgresql postgres pg", "kubernetes k8s", "javascript js", "typescript ts", "mongodb mongo",
        "coriander cilantro", "crowded cramped busy", "severe severely serious",
        "completed complete finished finish done", "purchased buy bought ordered", "sold sell",
        "bad poor dodgy sore injured hurt",
        "money salary pay paid wage income budget", "holiday vacation trip travel",
        "pet dog cat puppy kitten", "exercise gym workout run running", "movie film",
    )
)  # fmt: skip
_SENSE_OF: dict[str, frozenset[str]] = {}
for _group in _SENSES:
    for _word in _group:
        _SENSE_OF[_word] = _SENSE_OF.get(_word, frozenset()) | _group

# Two words with a common beginning of at least this many letters, and at least this share of the longer one,
# are forms of one word: "allergic" and "Allergie".
_LEAST_COMMON = 4
_COMMON = 0.6
_LEAST_PART = 5


def without_dates(text: str) -> str:
    """Return a text with the dates in it blanked out."""
    return _DATE.sub(" ", text) if _IN_DATES.search(text) else text


def tokens(text: str) -> list[str]:
    """Return the words of a text as written, runs of a script without spaces in one piece."""
    ascii_only = text.isascii()
    plain = text if ascii_only else _APOSTROPHE.sub("'", unicodedata.normalize("NFKC", text))
    if "'" in plain:
        plain = _CLITIC.sub(" ", plain)
    return (_ASCII_TOKEN if ascii_only else _TOKEN).findall(plain)


def languages_of(text: str) -> tuple[str, ...]:
    """Return the languages that a text may be in; see `likely_languages`."""
    return likely_languages(tokens(text), "" if text.isascii() else text)


# Each fact is compared with several places of a conversation.
@lru_cache(maxsize=64)
def forms(text: str) -> frozenset[str]:
    """Return the forms of all words of a text, of dense scripts characters and pairs."""
    found: set[str] = set()
    for token in tokens(_plain_numbers(text)):
        if _is_dense(token):
            found.update(token)
            found.update(map("".join, pairwise(token)))
        else:
            found.add(_form(token))
    return frozenset(found)


@lru_cache(maxsize=64)
def content(text: str) -> tuple[str, ...]:
    """Return the forms of the words of a fact that say what it is about: no dates, no function words."""
    found: dict[str, None] = {}
    told = tokens(without_dates(_plain_numbers(text)))
    languages = likely_languages(told, "" if text.isascii() else text) or ("english",)
    for token in told:
        if _is_dense(token):
            for part in _DENSE_LIGHT.split(token):
                found.update(dict.fromkeys(map("".join, pairwise(part)) if len(part) > 1 else part))
        elif not _is_light(token, languages):
            found[_form(token)] = None
    return tuple(found)


class Vocabulary:
    """The forms of the words of a text, in which the words of facts are looked up.

    Args:
        forms: the forms.
    """

    def __init__(self, forms: frozenset[str]) -> None:
        self.forms = forms

    def has(self, wanted: str, *, senses: bool = True) -> bool:
        """Return whether a form is among them, in another inflection or under a name for the same thing.

        Args:
            wanted: the form to look for.
            senses: whether another word for the same thing will do.
        """
        if wanted in self.forms:
            return True
        if _is_dense(wanted):
            return len(wanted) == 2 and wanted[0] in self.forms and wanted[1] in self.forms
        if senses and wanted in _SENSE_OF and not _SENSE_OF[wanted].isdisjoint(self.forms):
            return True
        if wanted[:1].isdigit() or len(wanted) < _LEAST_COMMON:
            return False
        return self._has_beginning(wanted) or (len(wanted) >= _LEAST_PART and self._has_part(wanted))

    def _has_beginning(self, wanted: str) -> bool:
        """Return whether a form begins like another, as inflections of one word do."""
        for other in self._by_beginning.get(wanted[:_LEAST_COMMON], ()):
            least = ceil(_COMMON * max(len(wanted), len(other)))
            if wanted[:least] == other[:least]:
                return True
        return False

    def _has_part(self, wanted: str) -> bool:
        """Return whether a form is part of a longer one, or has a shorter one in it."""
        if wanted in self._joined:
            return True
        for start in range(len(wanted) - _LEAST_PART + 1):
            for other in self._by_beginning.get(wanted[start : start + _LEAST_COMMON], ()):
                if len(other) >= _LEAST_PART and wanted.startswith(other, start):
                    return True
        return False

    @cached_property
    def _by_beginning(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for form in self.forms:
            if len(form) >= _LEAST_COMMON:
                found.setdefault(form[:_LEAST_COMMON], []).append(form)
        return found

    @cached_property
    def _joined(self) -> str:
        return "\n".join(form for form in self.forms if len(form) > _LEAST_PART)


def _is_dense(token: str) -> bool:
    return not token.isascii() and _IS_DENSE.match(token) is not None


@lru_cache(maxsize=4096)
def _is_light(token: str, languages: tuple[str, ...]) -> bool:
    folded = token.casefold()
    plain = _fold(token)
    if folded.isdigit():
        return False
    return (
        plain in _LIGHT
        or plain in _CALENDAR
        or (len(folded) == 1 and not folded.isdigit())
        or folded in stop_words("english")
        or is_function_word(folded, languages)
    )


def _plain_numbers(text: str) -> str:
    if not _DIGIT.search(text):
        return text
    return _KILO.sub(r"\g<1>000", _THOUSANDS.sub(r"\1", text))


@lru_cache(maxsize=4096)
def _form(token: str) -> str:
    folded = _NUMBER_WORDS.get(token.casefold())
    if folded is not None:
        return folded
    plain = _fold(token)
    return stem(plain) if plain.isascii() and plain.isalpha() else plain.rstrip(".,:")


def _fold(token: str) -> str:
    if token.isascii():
        return token.lower()
    plain = unicodedata.normalize("NFD", token.casefold().replace("ß", "ss"))
    return unicodedata.normalize("NFC", "".join(sign for sign in plain if not "\u0300" <= sign <= "\u036f"))
