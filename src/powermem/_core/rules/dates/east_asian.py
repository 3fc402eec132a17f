"""Days in Chinese, Japanese and Korean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from ...patterns import Pattern
from .spans import Found, date_of, distance, length, shifted


class _Calendar(NamedTuple):
    """How one language names days.

    Attributes:
        pattern: with groups ``days``; ``week`` and ``weekday``; ``month``; ``year``; ``count``, ``unit`` and
            ``way``.
        days: words for days, with their distance from today.
        sides: words for last, this and next (-1, 0, 1) in front of weeks and months; also others.
        years: words for years, with their distance.
        weekdays: Monday first; a further letter for a day is translated by ``also``.
        also: letters that stand for others of ``weekdays`` and ``units``.
        units: a unit or its last character, and its English name; weeks otherwise.
        ahead: the words of ``way`` for the future.
        year, month, day, week: formats.
        brackets: what a date is put between.
    """

    pattern: Pattern
    days: Mapping[str, int]
    sides: Mapping[str, int]
    years: Mapping[str, int]
    weekdays: str
    also: Mapping[str, str]
    units: Mapping[str, str]
    ahead: tuple[str, ...]
    year: str
    month: str
    day: str
    week: str
    brackets: str

    def find(self, sentence: str, today: date) -> Iterable[Found]:
        """Yield the days that a sentence names."""
        for match in self.pattern.finditer(sentence):
            day, days, form = self._meant(match, today)
            if day is not None:
                written = form.format(year=day.year, month=day.month, day=day.day)
                opening, closing = self.brackets.split("|")
                yield Found(match.end(), day, days, f"{opening}{written}{closing}")

    def _meant(self, match: re.Match[str], today: date) -> tuple[date | None, int, str]:
        readers: Mapping[str, Callable[[re.Match[str], date], tuple[date | None, int, str]]] = {
            "days": self._day,
            "week": self._week,
            "month": self._month,
            "year": self._year,
            "count": self._count,
        }
        return next(read(match, today) for name, read in readers.items() if match[name])

    def _day(self, match: re.Match[str], today: date) -> tuple[date | None, int, str]:
        return shifted(today, self.days[match["days"]]), 1, self.day

    def _week(self, match: re.Match[str], today: date) -> tuple[date | None, int, str]:
        name = match["weekday"]
        weekday = self.weekdays.find(self.also.get(name, name)) if name else 0
        day = shifted(today, 7 * self._side(match["week"]) - today.weekday() + weekday)
        return (day, 1, self.day) if name else (day, 7, self.week)

    def _month(self, match: re.Match[str], today: date) -> tuple[date | None, int, str]:
        months = today.year * 12 + today.month - 1 + self._side(match["month"])
        day = date_of(months // 12, months % 12 + 1, 1)
        return day, length("month", day or today), self.month

    def _year(self, match: re.Match[str], today: date) -> tuple[date | None, int, str]:
        day = date_of(today.year + self.years[match["year"]], 1, 1)
        return day, length("year", day or today), self.year

    def _count(self, match: re.Match[str], today: date) -> tuple[date | None, int, str]:
        unit = self.units.get(match["unit"]) or self.units.get(match["unit"][-1], "week")
        count = _number(match["count"]) * (1 if match["way"] in self.ahead else -1)
        span = distance(count, unit, today)
        form = {"month": self.month, "year": self.year}.get(unit, self.day)
        return (None, 1, form) if span is None else (span.first, span.days, form)

    def _side(self, word: str) -> int:
        return self.sides["".join(word.split())]


_NUMBERS = {
    "一": 1,
    "二": 2,
    "两": 2,
    "兩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "十一": 11,
    "十二": 12,
    "한": 1,
    "두": 2,
    "세": 3,
    "네": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
    "열": 10,
    "일": 1,
    "이": 2,
    "삼": 3,
    "사": 4,
    "오": 5,
    "육": 6,
    "칠": 7,
    "팔": 8,
    "구": 9,
    "십": 10,
}


def _number(words: str) -> int:
    return _NUMBERS.get(words) or int(words)


_COUNT = r"(?P<count>(?<!\d)\d{1,3}|十[一二]|[一二两兩三四五六七八九十])"
CHINESE = _Calendar(
    pattern=Pattern(
        "(?P<days>大前天|前天|昨天|昨晚|昨夜|昨日|今天|今晚|今早|今日|明天|明早|明晚|明日"
        "|大后天|大後天|后天|後天)"
        "|(?P<week>上上|下下|上|这|這|本|下)[个個]?(?:周|週|星期|礼拜"
        "|禮拜)(?:(?P<weekday>[一二三四五六日天])|(?!末))"
        "|(?P<month>上上|下下|上|这|這|本|下)[个個]?月(?!\\d)|(?P<year>前年|去年|今年|明年"
        "|后年|後年)"
        rf"|{_COUNT}(?P<unit>天|日|周|週|[个個]?星期|[个個]?礼拜|[个個]?禮拜|[个個]月|年)(?P<way>(?:以|之)?前|(?:以|之)?[后後])"
    ),
    days={
        "大前天": -3,
        "前天": -2,
        "昨天": -1,
        "昨晚": -1,
        "昨夜": -1,
        "昨日": -1,
        "今天": 0,
        "今晚": 0,
        "今早": 0,
        "今日": 0,
        "明天": 1,
        "明早": 1,
        "明晚": 1,
        "明日": 1,
        "后天": 2,
        "後天": 2,
        "大后天": 3,
        "大後天": 3,
    },
    sides={"上上": -2, "上": -1, "这": 0, "這": 0, "本": 0, "下": 1, "下下": 2},
    years={"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2, "後年": 2},
    weekdays="一二三四五六日",
    also={"天": "日"},
    units={"天": "day", "日": "day", "月": "month", "年": "year"},
    ahead=("后", "後", "以后", "以後", "之后", "之後"),
    year="{year}年",
    month="{year}年{month}月",
    day="{year}年{month}月{day}日",
    week="{year}年{month}月{day}日那周",
    brackets="\uff08|\uff09",
)
JAPANESE = _Calendar(
    pattern=Pattern(
        "(?P<days>一昨々日|一昨日|おととい|おとつい|昨日|きのう|昨夜|昨晩|ゆうべ|今日|きょう"
        "|今朝|今晩|今夜|本日|明後日|あさって"
        "|しあさって|明日|あした|明朝|明晩)"
        "|(?P<week>先々|再来|先|今|来)週(?:の?(?P<weekday>[月火水木金土日])曜日?|(?!末))"
        "|(?P<month>先々|再来|先|今|来)月|(?P<year>一昨年|おととし|昨年|去年|今年|来年"
        "|再来年)"
        rf"|{_COUNT}(?P<unit>日|週間|[かヶケヵカ箇]月|年)(?P<way>前|後)"
    ),
    days={
        "一昨々日": -3,
        "一昨日": -2,
        "おととい": -2,
        "おとつい": -2,
        "昨日": -1,
        "きのう": -1,
        "昨夜": -1,
        "昨晩": -1,
        "ゆうべ": -1,
        "今日": 0,
        "きょう": 0,
        "今朝": 0,
        "今晩": 0,
        "今夜": 0,
        "本日": 0,
        "明日": 1,
        "あした": 1,
        "明朝": 1,
        "明晩": 1,
        "明後日": 2,
        "あさって": 2,
        "しあさって": 3,
    },
    sides={"先々": -2, "先": -1, "今": 0, "来": 1, "再来": 2},
    years={"一昨年": -2, "おととし": -2, "昨年": -1, "去年": -1, "今年": 0, "来年": 1, "再来年": 2},
    weekdays="月火水木金土日",
    also={},
    units={"日": "day", "月": "month", "年": "year"},
    ahead=("後",),
    year="{year}年",
    month="{year}年{month}月",
    day="{year}年{month}月{day}日",
    week="{year}年{month}月{day}日の週",
    brackets="\uff08|\uff09",
)
KOREAN = _Calendar(
    pattern=Pattern(
        r"(?<![가-힣])(?:(?P<days>그저께|그제|엊그제|어제|어젯밤|어저께|오늘|내일|모레|글피"
        r"|이틀 전|사흘 전|나흘 전|이틀 뒤|이틀 후|사흘 뒤|사흘 후)"
        r"|(?P<week>지지난|지난|저번|이번|금|다음|다다음) ?주(?: "
        r"?(?P<weekday>[월화수목금토일])요일|(?!말|년|중|세|일))"
        r"|(?P<month>지지난|지난|저번|이번|다음|다다음) ?달|(?P<year>재작년|작년|지난해|올해"
        r"|내년|내후년)"
        r"|(?P<count>\d{1,3}|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|일|이|삼|사|오|육|칠|팔"
        r"|구|십) ?(?P<unit>일|주일|주|개월|달|년|해) (?P<way>전|후|뒤))"
        r"(?!\s*\()"
    ),
    days={
        "그저께": -2,
        "그제": -2,
        "엊그제": -2,
        "어제": -1,
        "어젯밤": -1,
        "어저께": -1,
        "오늘": 0,
        "내일": 1,
        "모레": 2,
        "글피": 3,
        "이틀 전": -2,
        "사흘 전": -3,
        "나흘 전": -4,
        "이틀 뒤": 2,
        "이틀 후": 2,
        "사흘 뒤": 3,
        "사흘 후": 3,
    },
    sides={"지지난": -2, "지난": -1, "저번": -1, "이번": 0, "금": 0, "다음": 1, "다다음": 2},
    years={"재작년": -2, "작년": -1, "지난해": -1, "올해": 0, "내년": 1, "내후년": 2},
    weekdays="월화수목금토일",
    also={},
    units={"일": "day", "주일": "week", "월": "month", "달": "month", "년": "year", "해": "year"},
    ahead=("후", "뒤"),
    year="{year}년",
    month="{year}년 {month}월",
    day="{year}년 {month}월 {day}일",
    week="{year}년 {month}월 {day}일 주",
    brackets=" (|)",
)
