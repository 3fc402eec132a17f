"""Values of claims: which are accepted, and whether two of them can be true together."""

from __future__ import annotations

import re
import unicodedata

from ...patterns import Pattern
from . import places
from .claim import words

_TOKEN = Pattern(r"[^\W_]+(?:['.&-][^\W_]+)*", re.UNICODE)
_CJK = Pattern(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_ARTICLES = words(
    "a an the my our his her ein eine einen einem einer der die das den dem un una unos unas el la"
    " los las le les o os as il lo gli i l"
)
_DIGITS = Pattern(r"\d+")
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_WORDS_FOR_NUMBERS = {word: number for number, word in enumerate(_SMALL)}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_CHINESE_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")}
# One thing under two names.
_SYNONYMS = {
    "programmer": "developer", "coder": "developer", "postgresql": "postgres", "k8s": "kubernetes",
    "vs code": "vscode", "visual studio code": "vscode", "nvim": "neovim", "movie": "film",
    "javascript": "js", "typescript": "ts", "golang": "go", "nodejs": "node", "node.js": "node",
    "咖啡": "coffee", "コーヒー": "coffee", "kaffee": "coffee", "café": "coffee", "tee": "tea", "té": "tea",
    "茶": "tea", "お茶": "tea", "blau": "blue", "azul": "blue", "蓝色": "blue", "青": "blue", "rot": "red",
    "rojo": "red", "红色": "red", "赤": "red", "grün": "green", "verde": "green", "绿色": "green",
    "緑": "green",
}  # fmt: skip


def fold(value: str) -> str:
    """Return a value in the form in which values are compared: case-folded words without articles."""
    text = unicodedata.normalize("NFKC", value).casefold().replace("\u2019", "'")
    words = [word for word in _TOKEN.findall(text) if word not in _ARTICLES]
    joined = " ".join(words)
    return _SYNONYMS.get(joined, joined)


def number(value: str) -> int | None:
    """Return the whole number that a value is, in digits, in English words or in Chinese characters."""
    text = unicodedata.normalize("NFKC", value).casefold().strip()
    if match := _DIGITS.search(text):
        return int(match[0])
    parts = re.split(r"[\s-]+", text)
    if parts[0] in _TENS:
        return _TENS[parts[0]] + _WORDS_FOR_NUMBERS.get(parts[1] if len(parts) > 1 else "", 0)
    if parts[0] in _WORDS_FOR_NUMBERS:
        return _WORDS_FOR_NUMBERS[parts[0]]
    if match := re.match(r"([一二三四五六七八九])?(十)?([一二三四五六七八九])?$", text):
        tens, ten, ones = match.groups()
        if ten:
            return 10 * _CHINESE_DIGITS.get(tens or "一", 1) + _CHINESE_DIGITS.get(ones or "零", 0)
    return None


def same(one: str, other: str, attribute: str) -> bool:
    """Return whether two values are the same, or one is a wording of the other with fewer words.

    "Acme" and "Acme Corp" are the same, as are "NYC" and "New York", and "Boise" and "Boise, Idaho".
    """
    if one in ("+", "-"):
        return one == other
    if attribute == "home":
        return _same_place(one, other)
    if attribute == "age":
        return number(one) == number(other)
    if attribute.startswith("phone"):
        digits = ["".join(_DIGITS.findall(each)).lstrip("0") for each in (one, other)]
        return bool(digits[0] and digits[1]) and (
            digits[0].endswith(digits[1]) or digits[1].endswith(digits[0])
        )
    a, b = fold(one), fold(other)
    return a == b or _is_part(a, b) or _is_part(b, a)


def _is_part(short: str, long: str) -> bool:
    if not short or any(char.isdigit() for char in short + long):
        # "3.1" is no part of "3.1 beta", nor is "8080" of "80801".
        return False
    if _CJK.search(short):
        return short in long
    return set(short.split()) <= set(long.split())


def _same_place(one: str, other: str) -> bool:
    a, b = _place(one), _place(other)
    if a == b or places.contains(a, b) or places.contains(b, a):
        return True
    if places.is_known(a) and places.is_known(b):
        return False
    x, y = fold(one), fold(other)
    # "New York" is known, so "York" is no part of its name.
    return (_is_part(x, y) and not places.is_known(b)) or (_is_part(y, x) and not places.is_known(a))


def _place(value: str) -> str:
    """Return the canonical name of a place, without what stands behind a comma."""
    whole = places.canonical(value)
    if places.is_known(whole):
        return whole
    return places.canonical(re.split(r"[,\uff0c、]", value)[0])


def comparable(one: str, other: str, attribute: str, *, marked: bool) -> bool:
    """Return whether two different values exclude each other.

    Not a city and a country, of which one may lie in the other, unless the later statement tells of a change;
    nor names in two scripts, which may be one name. A description ("a bank") excludes no name either.
    """
    if bool(_CJK.search(one)) != bool(_CJK.search(other)) and not _both_known(one, other, attribute):
        return marked and attribute not in ("name", "called", "partner")
    if attribute == "home" and not marked:
        a, b = _place(one), _place(other)
        return places.is_region(a) == places.is_region(b)
    if attribute == "employer" and not marked:
        return _is_name(one) == _is_name(other)
    return True


def _both_known(one: str, other: str, attribute: str) -> bool:
    if attribute == "age" or attribute.startswith("phone"):
        return True
    if attribute == "home":
        return places.is_known(_place(one)) and places.is_known(_place(other))
    return bool(_DIGITS.search(one) and _DIGITS.search(other))


def _is_name(value: str) -> bool:
    words = value.split()
    return not (words and words[0].casefold() in _ARTICLES and words[-1].islower())
