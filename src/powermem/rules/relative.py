"""Words for days in German, French, Spanish, Italian, Portuguese, Dutch, Russian, Japanese and Korean.

English and Chinese are read by `dates`. A word that means something else in another language, such as the
French "hier", counts only in a sentence that has words of its own language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import NamedTuple


class Meant(NamedTuple):
    """Words for a day or a longer time.

    Attributes:
        end: where they end.
        days: how many days after today; ``None`` where ``what`` says more.
        which: ``"last"``, ``"this"``, ``"next"`` or ``"this coming"``.
        what: ``"week"``, ``"weekend"``, ``"month"``, ``"year"`` or an English weekday.
        distance: how many of ``what`` after today; negative for before.
        write: writes a date of a kind: ``"day"``, ``"around"``, ``"week"``, ``"weekend"``, ``"month"`` or
            ``"year"``.
    """

    end: int
    days: int | None
    which: str
    what: str
    distance: int
    write: Callable[[str, date], str]


class _Language:
    """One language.

    Args:
        own: words that show that a sentence is in it.
        days: words, as patterns, by how many days after today they mean.
        units: patterns of ``day``, ``week``, ``weekend``, ``month`` and ``year``.
        weekdays: patterns, Monday first.
        before: patterns that stand before a unit, by what they mean: ``last``, ``this`` and so on.
        after: the same for those that stand behind it.
        ago: what a distance in the past looks like; ``{}`` is number and unit.
        ahead: the same for the future.
        numbers: patterns of one, two and so on.
        months: January first.
        day: how a day is written, with ``{day}``, ``{month}`` and ``{year}``.
        month: how a month is written.
        prefixes: what stands before a day for ``around``, ``week`` and ``weekend``.
    """

    def __init__(
        self,
        own: str,
        days: Mapping[int, str],
        units: Mapping[str, str],
        weekdays: str,
        before: Mapping[str, str],
        after: Mapping[str, str],
        ago: str,
        ahead: str,
        numbers: str,
        months: str,
        day: str,
        month: str,
        prefixes: Mapping[str, str],
    ) -> None:
        self._own = own
        self._days = days
        self._units = units
        self._weekdays = weekdays.split()
        self._sides = {"b": before, "a": after}
        self._numbers = numbers.split()
        self._months = months.split()
        self._day, self._month, self._prefixes = day, month, prefixes
        self._ago, self._ahead = ago, ahead

    @cached_property
    def own(self) -> re.Pattern[str]:
        """Words that show that a sentence is in it."""
        return re.compile(rf"\b(?:{self._own})(?!\w)", re.IGNORECASE)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        units = self._units
        names = [*(units[name] for name in units if name != "day"), *self._weekdays]
        unit, number = "|".join(names), "|".join([r"\d{1,3}", *self._numbers])
        distance = rf"(?P<nX>{number})\s+(?P<dX>{'|'.join(units.values())})"
        parts = [f"(?P<day{place}>{pattern})" for place, pattern in enumerate(self._days.values())]
        for key, sides in self._sides.items():
            if sides:
                side, what = f"(?P<s{key}>{'|'.join(sides.values())})", f"(?P<u{key}>{unit})"
                parts.append(rf"{side}\s+{what}" if key == "b" else rf"{what}\s+{side}")
        for form, key in ((self._ago, "p"), (self._ahead, "f")):
            parts.append(form.replace("{}", distance.replace("X>", f"{key}>")))
        return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)(?!\s*\()", re.IGNORECASE)

    def find(self, sentence: str) -> Iterable[Meant]:
        """Find its words for days."""
        for match in self._pattern.finditer(sentence):
            end = match.end()
            groups = match.groupdict()
            for place, days in enumerate(self._days):
                if groups[f"day{place}"]:
                    yield Meant(end, days, "", "", 0, self.write)
            for key, sides in self._sides.items():
                if side := groups.get(f"s{key}"):
                    yield Meant(end, None, _key_of(sides, side), self._unit(groups[f"u{key}"]), 0, self.write)
            for key, sign in (("p", -1), ("f", 1)):
                if number := groups.get(f"n{key}"):
                    distance = sign * self._number(number)
                    yield Meant(end, None, "", self._unit(groups[f"d{key}"]), distance, self.write)

    def _unit(self, words: str) -> str:
        for place, name in enumerate(self._weekdays):
            if re.fullmatch(name, words, re.IGNORECASE):
                return _WEEKDAYS[place]
        return _key_of(self._units, words)

    def _number(self, words: str) -> int:
        if words.isdecimal():
            return int(words)
        return next(i for i, name in enumerate(self._numbers, 1) if re.fullmatch(name, words, re.IGNORECASE))

    def write(self, kind: str, day: date) -> str:
        """Write a date of a kind."""
        if kind == "year":
            return str(day.year)
        words = self._month if kind == "month" else self._day
        written = words.format(day=day.day, month=self._months[day.month - 1], year=day.year)
        return f"{self._prefixes.get(kind, '')} {written}".strip()


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
        # "Der Morgen" is the morning.
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

# Most sentences have none of these and are looked at once.
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
    "きのう": -1,
    "ゆうべ": -1,
    "昨夜": -1,
    "おととい": -2,
    "あした": 1,
    "あさって": 2,
    "きょう": 0,
}
_JAPANESE = re.compile(rf"(?:{'|'.join(_JAPANESE_DAYS)})")


def find(sentence: str) -> list[Meant]:
    """Find words for days in languages other than English and Chinese."""
    if not sentence.isascii():
        for pattern, days, write in _OTHERS:
            if matches := list(pattern.finditer(sentence)):
                return [Meant(one.end(), days[one[0].lower()], "", "", 0, write) for one in matches]
    if _HINT.search(sentence) is None:
        return []
    best: list[Meant] = []
    most = 0
    for language in _LATIN:
        own = len(language.own.findall(sentence))
        # Words that several languages have are of the one that the rest of the sentence is in.
        if own > most and (found := list(language.find(sentence))):
            best, most = found, own
    return best


def _russian(kind: str, day: date) -> str:
    return f"{day.day} {_RUSSIAN_MONTHS[day.month - 1]} {day.year}"


def _korean(kind: str, day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"


def _japanese(kind: str, day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


_OTHERS = (
    (_RUSSIAN, _RUSSIAN_DAYS, _russian),
    (_KOREAN, _KOREAN_DAYS, _korean),
    (_JAPANESE, _JAPANESE_DAYS, _japanese),
)
