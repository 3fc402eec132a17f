"""Dates in a sentence: find them, and spell out those that depend on the day they were said.

"I went hiking yesterday" becomes "I went hiking yesterday (7 May 2023)". English and Chinese have patterns of
their own. German, French, Spanish, Italian, Portuguese and Dutch are tables for one common pattern; of
Russian, Japanese and Korean only words for single days are read. A word that means something else in another
language, such as the French "hier", counts only in a sentence with other words of its language.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from ..clock import MONTHS, WEEKDAYS, from_date, to_datetime


class _Phrase(NamedTuple):
    """A phrase for a day or a longer period, in a language other than English and Chinese.

    Attributes:
        end: offset just behind the phrase.
        days: days from today, or ``None`` if ``what`` and one of ``which`` and ``distance`` say it instead.
        which: ``"last"``, ``"this"``, ``"next"`` or ``"this coming"``.
        what: ``"week"``, ``"weekend"``, ``"month"``, ``"year"`` or an English weekday.
        distance: number of units of ``what`` from today; negative for the past.
        write: formats a date; its first argument is ``"day"``, ``"around"``, ``"week"``, ``"weekend"``,
            ``"month"`` or ``"year"``.
    """

    end: int
    days: int | None
    which: str
    what: str
    distance: int
    write: Callable[[str, date], str]


@dataclass(frozen=True)
class _Language:
    """How one language names days. All words are patterns; lists of them are separated by spaces.

    Attributes:
        own: words that mark a sentence as being in this language.
        days: words for single days, keyed by their distance from today: ``{-1: "gestern"}``.
        units: the words for ``day``, ``week``, ``weekend``, ``month`` and ``year``.
        weekdays: Monday first.
        before: words in front of a unit, keyed by ``last``, ``this``, ...: "letzte Woche".
        after: the same for words behind a unit: "la semaine dernière".
        ago: the form of a distance in the past; ``{}`` stands for number and unit: ``"vor {}"``.
        ahead: the same for the future.
        numbers: one, two, ...
        months: January first.
        day: format of a day, with ``{day}``, ``{month}`` and ``{year}``.
        month: format of a month.
        prefixes: what precedes the day for ``around``, ``week`` and ``weekend``.
    """

    own: str
    days: Mapping[int, str]
    units: Mapping[str, str]
    weekdays: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    ago: str
    ahead: str
    numbers: str
    months: str
    day: str
    month: str
    prefixes: Mapping[str, str]

    @cached_property
    def _own_words(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{self.own})(?!\w)", re.IGNORECASE)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Groups: day0, day1, ... for words of `days`; s and u (side, unit) with the suffix "b" or "a" for a
        # side before or behind the unit; n and d (number, unit) with "p" or "f" for the past or the future.
        weekday_or_unit = "|".join(
            [*(words for name, words in self.units.items() if name != "day"), *self.weekdays.split()]
        )
        number = "|".join([r"\d{1,3}", *self.numbers.split()])
        distance = rf"(?P<nX>{number})\s+(?P<dX>{'|'.join(self.units.values())})"
        parts = [f"(?P<day{place}>{pattern})" for place, pattern in enumerate(self.days.values())]
        if self.before:
            parts.append(rf"(?P<sb>{'|'.join(self.before.values())})\s+(?P<ub>{weekday_or_unit})")
        if self.after:
            parts.append(rf"(?P<ua>{weekday_or_unit})\s+(?P<sa>{'|'.join(self.after.values())})")
        for form, key in ((self.ago, "p"), (self.ahead, "f")):
            parts.append(form.replace("{}", distance.replace("X>", f"{key}>")))
        return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)(?!\s*\()", re.IGNORECASE)

    def evidence(self, sentence: str) -> int:
        """Return the number of words that mark a sentence as being in this language."""
        return len(self._own_words.findall(sentence))

    def find(self, sentence: str) -> Iterable[_Phrase]:
        """Yield the phrases for days in a sentence of this language."""
        for match in self._pattern.finditer(sentence):
            end = match.end()
            groups = match.groupdict()
            for place, days in enumerate(self.days):
                if groups[f"day{place}"]:
                    yield _Phrase(end, days, "", "", 0, self.write)
            for key, sides in (("b", self.before), ("a", self.after)):
                if side := groups.get(f"s{key}"):
                    unit = self._unit(groups[f"u{key}"])
                    yield _Phrase(end, None, _key_of(sides, side), unit, 0, self.write)
            for key, sign in (("p", -1), ("f", 1)):
                if number := groups.get(f"n{key}"):
                    distance = sign * self._number(number)
                    yield _Phrase(end, None, "", self._unit(groups[f"d{key}"]), distance, self.write)

    def _unit(self, words: str) -> str:
        for name, weekday in zip(WEEKDAYS, self.weekdays.split(), strict=True):
            if re.fullmatch(weekday, words, re.IGNORECASE):
                return name.lower()
        return _key_of(self.units, words)

    def _number(self, words: str) -> int:
        if words.isdecimal():
            return int(words)
        names = enumerate(self.numbers.split(), 1)
        return next(number for number, name in names if re.fullmatch(name, words, re.IGNORECASE))

    def write(self, kind: str, day: date) -> str:
        """Format a date; for ``kind`` see `_Phrase`."""
        if kind == "year":
            return str(day.year)
        form = self.month if kind == "month" else self.day
        written = form.format(day=day.day, month=self.months.split()[day.month - 1], year=day.year)
        return f"{self.prefixes.get(kind, '')} {written}".strip()


def _key_of(patterns: Mapping[str, str], words: str) -> str:
    return next(key for key, pattern in patterns.items() if re.fullmatch(pattern, words, re.IGNORECASE))


_GERMAN = _Language(
    own=r"ich|wir|mich|mir|mein\w*|habe|bin|ist|war|nicht|und|der|die|das|ein\w*|mit|zu|er|sie|was|wer|wo|wann"
    r"|gestern|vorgestern|heute|übermorgen|letzte\w?|vorige\w?|nächste\w?|kommende\w?",
    days={
        -2: "vorgestern",
        2: "übermorgen",
        -1: r"gestern(?:\s+(?:früh|morgen|mittag|nachmittag|abend|nacht))?|(?:letzte|vergangene)\s+nacht",
        0: r"heute(?:\s+(?:früh|morgen|mittag|nachmittag|abend|nacht))?",
        # Lower case only, or at the very beginning: "der Morgen" is the morning.
        1: r"(?-i:(?<!guten )(?<!jeden )(?<!am )(?<!diesen )morgen|\AMorgen)"
        r"(?:\s+(?:früh|mittag|nachmittag|abend|nacht))?",
    },
    units={
        "day": "tage?n?", "week": "wochen?", "weekend": "wochenenden?", "month": "monate?n?",
        "year": "jahre?n?",
    },
    weekdays="montag dienstag mittwoch donnerstag freitag (?:samstag|sonnabend) sonntag",
    before={
        "last": "(?:letzt|vorig|vergangen)e[nrms]?",
        "this": "diese[nrms]?",
        "next": "nächste[nrms]?",
        "this coming": "kommende[nrms]?",
    },
    after={},
    ago=r"vor\s+{}",
    ahead=r"in\s+{}",
    numbers="eine[mrn]? zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    day="{day}. {month} {year}",
    month="{month} {year}",
    prefixes={"around": "um den", "week": "Woche vom", "weekend": "Wochenende vom"},
)  # fmt: skip
_FRENCH = _Language(
    own=r"je|j['\u2019]\w+|nous|on|il|elle|ils|elles|ai|suis|est|était|le|la|les|un|une|et|mon|ma|mes|avec|pour|tu|vous"
    r"|c['\u2019]\w+|que|qui|quoi|où"
    r"|aujourd['\u2019]hui|demain|avant-hier|après-demain|dernière?|prochaine?",
    days={
        -2: "avant-hier",
        2: r"après-demain",
        -1: r"hier(?:\s+(?:soir|matin|après-midi|midi))?|la\s+nuit\s+dernière",
        0: r"aujourd['\u2019]hui|ce\s+(?:soir|matin|midi)|cet(?:te)?\s+(?:après-midi|nuit)",
        1: r"demain(?:\s+(?:soir|matin|après-midi|midi))?",
    },
    units={
        "day": "jours?",
        "week": "semaines?",
        "weekend": "week-ends?",
        "month": "mois",
        "year": "ans?|années?",
    },
    weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
    before={"this": r"cet(?:te)?|ce"},
    after={"last": r"derni(?:er|ère)|passée?", "this coming": r"prochaine?|qui\s+vient"},
    ago=r"il\s+y\s+a\s+{}",
    ahead=r"dans\s+{}",
    numbers="une? deux trois quatre cinq six sept huit neuf dix onze douze",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "vers le", "week": "semaine du", "weekend": "week-end du"},
)
_SPANISH = _Language(
    own=r"yo|me|mi|mis|he|soy|estoy|fui|el|la|los|las|un|una|y|con|en|de|que|por|para|qué|quién|dónde|\w+[éí]"
    r"|ayer|anteayer|anoche|hoy|mañana",
    days={
        -2: r"anteayer|antier|antes\s+de\s+ayer",
        2: r"pasado\s+mañana",
        -1: r"ayer(?:\s+por\s+la\s+(?:mañana|tarde|noche))?|anoche",
        0: r"hoy|esta\s+(?:mañana|tarde|noche)",
        1: r"(?<!la )(?<!cada )(?<!una )mañana(?:\s+por\s+la\s+(?:mañana|tarde|noche))?",
    },
    units={
        "day": "días?", "week": "semanas?", "weekend": r"fin(?:es)?\s+de\s+semana", "month": "mes(?:es)?",
        "year": "años?",
    },
    weekdays="lunes martes miércoles jueves viernes sábado domingo",
    before={"last": "pasad[oa]", "this": "est[ea]", "this coming": "próxim[oa]"},
    after={"last": "pasad[oa]", "this coming": r"próxim[oa]|que\s+viene"},
    ago=r"hace\s+{}",
    ahead=r"dentro\s+de\s+{}",
    numbers="una? dos tres cuatro cinco seis siete ocho nueve diez once doce",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    day="{day} de {month} de {year}",
    month="{month} de {year}",
    prefixes={"around": "hacia el", "week": "semana del", "weekend": "fin de semana del"},
)  # fmt: skip
_ITALIAN = _Language(
    own=r"io|mi|mio|mia|ho|sono|il|lo|la|gli|le|un|una|e|con|di|che|per|del|della|cosa|chi|dove"
    r"|ieri|oggi|domani|stasera|stamattina|dopodomani",
    days={
        -2: r"l['\u2019]altro\s*ieri|avantieri|altroieri",
        2: "dopodomani",
        -1: r"ieri(?:\s+(?:sera|mattina|pomeriggio|notte))?|la\s+notte\s+scorsa",
        0: r"oggi|stasera|stamattina|stamani|stanotte|questa\s+(?:mattina|sera)|questo\s+pomeriggio",
        1: r"domani(?:\s+(?:sera|mattina|pomeriggio|notte))?",
    },
    units={
        "day": "giorn[oi]", "week": "settiman[ae]", "weekend": r"fine\s+settimana|weekend",
        "month": "mes[ei]", "year": "ann[oi]",
    },
    weekdays="lunedì martedì mercoledì giovedì venerdì sabato domenica",
    before={"last": "scors[oa]", "this": "quest[oa]", "this coming": "prossim[oa]"},
    after={"last": "scors[oa]|passat[oa]", "this coming": "prossim[oa]"},
    ago=r"{}\s+fa",
    ahead=r"(?:tra|fra)\s+{}",
    numbers="un[oa]? due tre quattro cinque sei sette otto nove dieci undici dodici",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "verso il", "week": "settimana del", "weekend": "fine settimana del"},
)  # fmt: skip
_PORTUGUESE = _Language(
    own=r"eu|meu|minha|fui|sou|estou|o|a|os|as|um|uma|e|com|em|de|que|por|para|no|na|quem|onde"
    r"|ontem|hoje|amanhã|anteontem",
    days={
        -2: "anteontem",
        2: r"depois\s+de\s+amanhã",
        -1: r"ontem(?:\s+(?:à|de)\s+(?:manhã|tarde|noite))?",
        0: r"hoje(?:\s+(?:à|de)\s+(?:manhã|tarde|noite))?|esta\s+(?:manhã|tarde|noite)",
        1: r"amanhã(?:\s+(?:à|de)\s+(?:manhã|tarde|noite))?",
    },
    units={
        "day": "dias?", "week": "semanas?", "weekend": r"fi(?:m|ns)\s+de\s+semana", "month": "m[êe]s(?:es)?",
        "year": "anos?",
    },
    weekdays="segunda(?:-feira)? terça(?:-feira)? quarta(?:-feira)? quinta(?:-feira)? sexta(?:-feira)? "
    "sábado domingo",
    before={"last": "últim[oa]", "this": "est[ea]|n?est[ea]", "this coming": "próxim[oa]"},
    after={"last": "passad[oa]", "this coming": r"próxim[oa]|que\s+vem"},
    ago=r"há\s+{}",
    ahead=r"daqui\s+a\s+{}",
    numbers="uma? (?:dois|duas) três quatro cinco seis sete oito nove dez onze doze",
    months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    day="{day} de {month} de {year}",
    month="{month} de {year}",
    prefixes={"around": "por volta de", "week": "semana de", "weekend": "fim de semana de"},
)  # fmt: skip
_DUTCH = _Language(
    own=r"ik|wij|mijn|heb|ben|het|een|en|naar|niet|hij|zij|wat|wie|waar"
    r"|gister\w*|eergisteren|vandaag|overmorgen|vorige?",
    days={
        -2: "eergisteren",
        2: "overmorgen",
        -1: r"gister(?:en)?(?:\s*(?:ochtend|middag|avond|nacht))?|afgelopen\s+nacht",
        0: r"vandaag|van(?:avond|middag|ochtend|morgen)",
        1: r"(?-i:(?<!goede )(?<!elke )(?<!de )morgen|\AMorgen)(?:\s*(?:ochtend|middag|avond|nacht|vroeg))?",
    },
    units={
        "day": "dag(?:en)?", "week": "weken|week", "weekend": "weekend(?:en)?", "month": "maand(?:en)?",
        "year": "jaar|jaren",
    },
    weekdays="maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    before={
        "last": "vorige?|afgelopen", "this": "deze|dit", "next": "volgende?", "this coming": "komende?"
    },
    after={},
    ago=r"{}\s+geleden",
    ahead=r"over\s+{}",
    numbers="(?:een|één) twee drie vier vijf zes zeven acht negen tien elf twaalf",
    months="januari februari maart april mei juni juli augustus september oktober november december",
    day="{day} {month} {year}",
    month="{month} {year}",
    prefixes={"around": "rond", "week": "week van", "weekend": "weekend van"},
)  # fmt: skip
_LATIN = (_GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH)

# Matches nothing in most sentences, which then cost one pass instead of one for each language.
_HINT = re.compile(
    r"gestern|heute|\bmorgen|\bnacht\b|\bletzte|\bvorige|vergangene|\bdiese[nrms]?\b|nächst|\bkommende"
    r"|\b(?:vor|in)\s+\S+\s+(?:tag|woche|monat|jahr)"
    r"|\bhier\b|aujourd|demain|\bce\b|\bcet(?:te)?\b|\bderni|prochain|il\s+y\s+a|\bdans\b|passé|qui\s+vient"
    r"|\b(?:ante)?ayer\b|anoche|antier|\bhoy\b|mañana|pasad[oa]|próxim|que\s+v(?:iene|em)|\best[ea]\b|\bhace\b"
    r"|\bdentro\b"
    r"|ieri\b|\boggi|domani|\bsta(?:sera|mattina|mani|notte)|\bscors[oa]|prossim|\bquest[oa]\b|\bfa\b|\b[tf]ra\b"
    r"|passat[oa]|ontem|\bhoje\b|amanhã|passad[oa]|últim|\bhá\b|\bdaqui\b|\bnest[ea]\b"
    r"|gister|vandaag|\bvan(?:avond|middag|ochtend|morgen)|afgelopen|volgende|\bdeze\b|\bdit\b|geleden"
    r"|\bover\s+\S+\s+(?:dag|we[ek]|maand|jaar)",
    re.IGNORECASE,
)
_RUSSIAN_DAYS = {"позавчера": -2, "вчера": -1, "сегодня": 0, "послезавтра": 2, "завтра": 1}
_RUSSIAN = re.compile(rf"\b(?:{'|'.join(_RUSSIAN_DAYS)})\b(?!\s*\()", re.IGNORECASE)
_RUSSIAN_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_KOREAN_DAYS = {"그저께": -2, "그제": -2, "어제": -1, "어젯밤": -1, "오늘": 0, "내일": 1, "모레": 2}
_KOREAN = re.compile(rf"(?<![가-힣])(?:{'|'.join(sorted(_KOREAN_DAYS, key=len, reverse=True))})(?!\s*\()")
_JAPANESE_DAYS = {
    "おととい": -2, "きのう": -1, "ゆうべ": -1, "昨夜": -1, "きょう": 0, "あした": 1, "あさって": 2,
}  # fmt: skip
_JAPANESE = re.compile(rf"(?:{'|'.join(_JAPANESE_DAYS)})")


def _write_russian(kind: str, day: date) -> str:
    return f"{day.day} {_RUSSIAN_MONTHS[day.month - 1]} {day.year}"


def _write_korean(kind: str, day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"


def _write_japanese(kind: str, day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


# Told apart by their scripts alone.
_OTHERS = (
    (_RUSSIAN, _RUSSIAN_DAYS, _write_russian),
    (_KOREAN, _KOREAN_DAYS, _write_korean),
    (_JAPANESE, _JAPANESE_DAYS, _write_japanese),
)


def _find_phrases(sentence: str) -> list[_Phrase]:
    """Find phrases for days in languages other than English and Chinese."""
    if not sentence.isascii():
        for pattern, days, write in _OTHERS:
            if matches := list(pattern.finditer(sentence)):
                return [_Phrase(one.end(), days[one[0].lower()], "", "", 0, write) for one in matches]
    if _HINT.search(sentence) is None:
        return []
    best: list[_Phrase] = []
    most = 0
    for language in _LATIN:
        # Some words belong to several languages, such as "hier" to French and German: the language with the
        # most words of its own in the sentence wins.
        evidence = language.evidence(sentence)
        if evidence > most and (found := list(language.find(sentence))):
            best, most = found, evidence
    return best


_NUMBERS = {
    "a couple of": 2, "couple of": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_MONTH_NUMBER = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_NUMBER = r"\d{1,3}|" + "|".join(name.replace(" ", r"\s+") for name in _NUMBERS)
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY_PART = r"(?:\s+(?:morning|afternoon|evening|night))?"

_RELATIVE = re.compile(
    rf"""\b(?: (?P<before>the\s+day\s+before\s+yesterday)|(?P<after>the\s+day\s+after\s+tomorrow)
    |(?P<yesterday>yesterday{_DAY_PART}|last\s+night)|(?P<today>today|tonight|this\s+(?:morning
    |afternoon|evening))|(?P<tomorrow>tomorrow{_DAY_PART})|(?P<which>last|this\s+past|this|next
    |this\s+coming)\s+ (?P<what>week(?:end)?|month|year|(?:mon|tues|wednes|thurs|fri|satur
    |sun)day){_DAY_PART}|(?P<count>{_NUMBER})\s+(?P<unit>day|week|weekend|month|year)s?\s+ago
    |in\s+(?P<ahead>{_NUMBER})\s+(?P<span>day|week|month|year)s?(?:'\s+time)? )\b(?!\s*\()(?!'s\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ABSOLUTE = re.compile(
    rf"""(?<![\w.-])(?: (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})|(?P<day>\d{{1,2}})(?:st|nd|rd
    |th)?\s+(?:of\s+)?{_MONTH},?\s+(?P<year>\d{{4}})
    |{_MONTH.replace("month", "month2")}\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{{4}})
    |{_MONTH.replace("month", "month3")},?\s+(?:of\s+)?(?P<year3>\d{{4}})|(?:in|since
    |during)\s+(?P<year4>(?:19|20)\d{{2}}) )(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_DIGIT = re.compile(r"\d")
_CHINESE = re.compile(
    "(?P<days>大前天|前天|昨天|昨晚|一昨日|昨日|今天|今晚|今早|今日|明天|明早|明晚|明日|大后天|后天)"
    "|(?P<week>上|这|本|下)个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])?(?!末)"
    "|(?P<month>上|这|本|下)个?月|(?P<year>前年|去年|今年|明年|后年)"
    r"|(?P<count>\d{1,3}|[一二两三四五六七八九十]|十[一二])(?P<unit>天|日|周|个?星期|个?礼拜|个月|年)(?:以|之)?前"
)
_CHINESE_ABSOLUTE = re.compile(r"(?P<year>\d{4})年(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?)?")
_CHINESE_DAYS = {"大前": -3, "前": -2, "一昨": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_CHINESE_SIDES = {"上": -1, "这": 0, "本": 0, "下": 1}
_CHINESE_NUMBERS = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "十一": 11, "十二": 12,
}  # fmt: skip
_CHINESE_UNITS = {"天": "day", "日": "day", "月": "month", "年": "year"}
_CHINESE_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2}


class Dated(NamedTuple):
    """A sentence with its dates spelled out, and when the event happens (microseconds UTC)."""

    text: str
    event_at: int | None


class Found(NamedTuple):
    """A date in a sentence.

    Attributes:
        end: offset just behind its words.
        day: its first day.
        days: its length in days.
        words: the text to insert after it; ``None`` if the date is complete as written.
    """

    end: int
    day: date
    days: int
    words: str | None


def resolve(
    sentence: str, sent_at: int | None, utc_offset: int | None = None, *, future: bool = False
) -> Dated:
    """Spell out the dates of a sentence that depend on when it was said.

    Args:
        sentence: such as ``"I went hiking yesterday"``.
        sent_at: when it was said, microseconds UTC; ``None`` leaves relative dates as they are.
        utc_offset: the speaker's offset from UTC in seconds.
        future: whether the sentence is a plan. "I leave in two weeks" names a date; "I learned it in two
            weeks" does not.

    Returns:
        The sentence with each date inserted behind the words it explains, ``"I went hiking yesterday (7 May
        2023)"``, and the first day of its first date.
    """
    today = None if sent_at is None else to_datetime(sent_at, utc_offset).date()
    found = find_dates(sentence, today, future=future)
    text = sentence
    for item in reversed(found):
        if item.words is not None:
            text = text[: item.end] + item.words + text[item.end :]
    first = found[0].day if found else None
    return Dated(text, None if first is None else from_date(first))


def find_dates(sentence: str, today: date | None, *, future: bool = False) -> list[Found]:
    """Find the dates in a sentence, in order.

    Args:
        sentence: in any of the languages of this module.
        today: the day on which it was said; ``None`` finds absolute dates only.
        future: see `resolve`.
    """
    # Absolute dates have digits and Chinese is not ASCII, so most sentences need a single pass.
    found = list(_absolute(sentence)) if _DIGIT.search(sentence) else []
    if today is not None:
        found.extend(_relative(sentence, today, future))
        if not sentence.isascii():
            found.extend(_chinese(sentence, today))
        if not found:
            found.extend(_foreign(sentence, today))
    return sorted(found, key=lambda item: item.end)


def _absolute(sentence: str) -> Iterable[Found]:
    for match in _ABSOLUTE.finditer(sentence):
        if match["iso"]:
            year, month, day = match["iso"].split("-")
        else:
            name = match["month"] or match["month2"] or match["month3"]
            year = match["year"] or match["year2"] or match["year3"] or match["year4"]
            month, day = str(_MONTH_NUMBER[name.lower()]) if name else "", match["day"] or match["day2"] or ""
        yield from _written_out(match.end(), year, month, day)
    for match in _CHINESE_ABSOLUTE.finditer(sentence):
        yield from _written_out(match.end(), *(part or "" for part in match.groups()))


def _written_out(end: int, year: str, month: str, day: str) -> Iterable[Found]:
    """Yield a date, a whole month (no day) or a whole year (no month)."""
    first = _date(int(year), int(month or 1), int(day or 1))
    if first is not None:
        yield Found(end, first, 1 if day else length("month" if month else "year", first), None)


def length(unit: str, first: date) -> int:
    """Return the length in days of the week, weekend, month, year or day that begins on a day."""
    if unit == "month":
        return monthrange(first.year, first.month)[1]
    if unit == "year":
        return 365 + isleap(first.year)
    return {"week": 7, "weekend": 2}.get(unit, 1)


def _relative(sentence: str, today: date, future: bool) -> Iterable[Found]:
    for match in _RELATIVE.finditer(sentence):
        if match["which"]:
            found = _named(" ".join(match["which"].lower().split()), match["what"].lower(), today)
        elif match["unit"]:
            found = _distance(-_count(match["count"]), match["unit"].lower(), today)
        elif match["span"]:
            found = _distance(_count(match["ahead"]), match["span"].lower(), today) if future else None
        else:
            names = ("before", "yesterday", "today", "tomorrow", "after")
            days = next(offset for offset, name in enumerate(names, -2) if match[name])
            found = _exact(_shifted(today, days))
        if found is not None:
            yield Found(match.end(), found.first, found.days, f" ({found.words})")


class _Span(NamedTuple):
    """Consecutive days, and how to write them in English."""

    first: date
    days: int
    words: str


def _named(which: str, what: str, today: date) -> _Span | None:
    """Resolve "last week", "this month", "next Friday"."""
    # Last, this or next week; of a weekday: before today, in this week, or after today.
    side = -1 if which in ("last", "this past") else 1 if which in ("next", "this coming") else 0
    monday = _shifted(today, -today.weekday())
    if monday is None:
        return None
    if what == "week":
        return _prefixed("week of", _shifted(monday, 7 * side), 7)
    if what == "weekend":
        # Said on a Sunday, "last weekend" is not the one that is under way.
        return _prefixed("weekend of", _shifted(monday, 5 + 7 * side), 2)
    if what in ("month", "year"):
        return _distance(side, what, today)
    weekday = next(number for number, name in enumerate(WEEKDAYS) if name.lower() == what)
    if which == "this":
        return _exact(_shifted(monday, weekday))
    if side < 0:
        return _exact(_shifted(today, -((today.weekday() - weekday - 1) % 7 + 1)))
    if which == "next" and weekday > today.weekday():
        # Ambiguous: said on a Monday, some mean the Friday in four days, others the one in eleven.
        return None
    return _exact(_shifted(today, (weekday - today.weekday() - 1) % 7 + 1))


def _distance(count: int, unit: str, today: date) -> _Span | None:
    """Resolve "two weeks ago" (-2, "week") or "in three months" (3, "month")."""
    if unit == "day":
        return _exact(_shifted(today, count))
    if unit == "week":
        return _prefixed("around", _shifted(today, 7 * count), 1)
    if unit == "weekend":
        monday = _shifted(today, 7 * count - today.weekday())
        return None if monday is None else _prefixed("weekend of", _shifted(monday, 5), 2)
    if unit == "month":
        months = today.year * 12 + today.month - 1 + count
        first = _date(months // 12, months % 12 + 1, 1)
        return None if first is None else _Span(first, length(unit, first), _month(first))
    first = _date(today.year + count, 1, 1)
    return None if first is None else _Span(first, length(unit, first), str(first.year))


def _foreign(sentence: str, today: date) -> Iterable[Found]:
    for meant in _find_phrases(sentence):
        kind = meant.what if meant.what in ("week", "weekend", "month", "year") else "day"
        if meant.days is not None:
            span = _exact(_shifted(today, meant.days))
        elif meant.distance:
            span = _distance(meant.distance, meant.what, today)
            kind = "around" if kind == "week" else kind
        else:
            span = _named(meant.which, meant.what, today)
        if span is not None:
            yield Found(meant.end, span.first, span.days, f" ({meant.write(kind, span.first)})")


def _chinese(sentence: str, today: date) -> Iterable[Found]:
    for match in _CHINESE.finditer(sentence):
        day: date | None
        days = 1
        write: Callable[[date], str] = _chinese_day
        if match["days"]:
            day = _shifted(today, _CHINESE_DAYS[match["days"][:-1]])
        elif match["week"]:
            weekday = "一二三四五六日".find((match["weekday"] or "一").replace("天", "日"))
            day = _shifted(today, 7 * _CHINESE_SIDES[match["week"]] - today.weekday() + weekday)
            if not match["weekday"]:
                days, write = 7, _chinese_week
        elif match["month"]:
            months = today.year * 12 + today.month - 1 + _CHINESE_SIDES[match["month"]]
            day = _date(months // 12, months % 12 + 1, 1)
            days, write = length("month", day or today), _chinese_month
        elif match["count"]:
            count = _CHINESE_NUMBERS.get(match["count"]) or int(match["count"])
            unit = _CHINESE_UNITS.get(match["unit"][-1], "week")
            span = _distance(-count, unit, today)
            day, days = (None, 1) if span is None else (span.first, span.days)
            write = {"month": _chinese_month, "year": _chinese_year}.get(unit, _chinese_day)
        else:
            day = _date(today.year + _CHINESE_YEARS[match["year"][0]], 1, 1)
            days, write = length("year", day or today), _chinese_year
        if day is not None:
            yield Found(match.end(), day, days, f"\uff08{write(day)}\uff09")


def _chinese_year(day: date) -> str:
    return f"{day.year}年"


def _chinese_month(day: date) -> str:
    return f"{day.year}年{day.month}月"


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _chinese_week(day: date) -> str:
    return f"{_chinese_day(day)}那周"


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _exact(day: date | None) -> _Span | None:
    return _prefixed("", day, 1)


def _prefixed(prefix: str, day: date | None, days: int) -> _Span | None:
    if day is None:
        return None
    return _Span(day, days, f"{prefix} {day.day} {_month(day)}".strip())


def _count(word: str) -> int:
    number = " ".join(word.lower().split())
    return _NUMBERS[number] if number in _NUMBERS else int(number)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        # Such as "31 June 2023".
        return None


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
