"""Text as terms: the tokenizer behind every full-text index, for any language and without a model.

A text is normalized (NFKC) and split by one regular expression; then each token is folded (case, diacritics).
Every word becomes its English stem, whatever its language. Runs of scripts without spaces become single
characters and pairs of characters. Identifiers are kept whole and also split into their parts. Emoji are
terms. The terms of a token are cached, so that a warm pass costs little more than the split.

A word of another language also becomes its stem in that language. Memories and queries get this stem in
addition to the English one, so that they still match if the language was recognized in only one of them, if
the stemmer is missing or has another version, or if the memory was indexed before such stems existed.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import cast

from ..clock import DAY, MONTHS, WEEKDAYS, to_datetime
from ..patterns import Pattern
from .languages import (
    content,
    dense_first_person,
    first_person,
    fitting_languages,
    is_about_speaker,
    is_function_word,
    likely_languages,
    stop_words,
    tells_language,
)
from .stemming import stem as stem_english
from .stemming import stem_in

COUNT_CAP = 255
_CACHE_SIZE = 1 << 15
# Characters.
LONGEST_PIECE = 64

# Scripts written without spaces: Han, kana, Hangul, then Thai, Lao, Myanmar and Khmer.
_DENSE_SCRIPTS = (
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff\u1100-\u11ff\uac00-\ud7a3"
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1780-\u17d3"
)
_EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
# The vowel signs of Indic scripts and Tibetan are marks, which ``\w`` does not match.
_SIGNS = "".join(
    chr(code) for code in range(0x0900, 0x1000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)

# A single connector between letters or digits makes an identifier ("user_id", "C++"); a colon or comma does
# so only between digits ("10:30"). Lengths are bounded so that a pasted blob cannot fill the caches with huge
# strings.
_JOINED = "(?:(?:[._@+&'-]|(?<=[0-9])[:,](?=[0-9])){word}){{0,15}}(?:\\+\\+|\\#)?"
_ASCII_WORD = "[A-Za-z0-9]{1,64}"
_ASCII_TOKEN = Pattern(_ASCII_WORD + _JOINED.format(word=_ASCII_WORD))
_LETTER = rf"[^\W_{_DENSE_SCRIPTS}]"
_WORD = rf"(?:{_LETTER}{{1,64}}(?:[{_SIGNS}]{{1,8}}{_LETTER}{{0,64}}){{0,32}})"
_TOKEN = Pattern(
    rf"[{_DENSE_SCRIPTS}]+|{_WORD}{_JOINED.format(word=_WORD)}|[\U0001f1e6-\U0001f1ff]{{2}}|[{_EMOJI}]"
)
_DENSE = Pattern(f"[{_DENSE_SCRIPTS}]")

# Removed by folding: diacritics of European scripts, Hebrew points, Arabic vowel signs, skin tones and
# invisible characters. The voicing marks of kana stay, since they change the word.
_MARKS = Pattern(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe0e\ufe0f\ufeff\U0001f3fb-\U0001f3ff]+"
)
# Letters that Unicode normalization does not decompose.
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
_SPECIAL_LETTER = Pattern("[" + "".join(_LETTERS) + "]")
_PUNCTUATION = {
    **dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4`", "'"),
    **dict.fromkeys("\u2010\u2011\u2212", "-"),
    **dict.fromkeys("\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u00a0\u00b7\u30fb", " "),
    **dict.fromkeys("\u2012\u2013\u2014\u2015\u2022\u2026", " "),
}
_SPECIAL_PUNCTUATION = Pattern("[" + "".join(map(re.escape, _PUNCTUATION)) + "]")

_SEPARATORS = Pattern(r"[._@+&'#:-]+")
_CONTRACTION = Pattern(r"(.+)'(?:s|m|re|ve|ll|d)")
_NEGATION = Pattern(r"(.+)n't")
_NEGATED = {"can't": "can", "won't": "will", "shan't": "shall", "ain't": "be"}
_ORDINAL = Pattern(r"([0-9]+)(?:st|nd|rd|th)")
_HUMP = Pattern(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_MOST_HUMPS = 8


def terms(text: str) -> list[str]:
    """Return the terms that index a text, in order and with repeats.

    ``"Alice's user_id"`` gives ``["alic", "user_id", "user", "id"]``.
    """
    tokens, languages = _cut(text)
    found: list[str] = []
    for token in tokens:
        if _DENSE.match(token):
            found.extend(token)
            found.extend(_pairs(token))
        else:
            found.extend(_expand(token, *languages))
    return found


def query_terms(text: str) -> list[str]:
    """Return the distinct terms to look for, in order.

    Stop words of English and of the query's language are dropped unless nothing else remains. Runs of a
    script without spaces give only pairs, which are more specific than single characters.
    """
    return list(query_forms(text))


def query_forms(text: str) -> dict[str, str]:
    """Return the terms to look for, grouped by word.

    Returns:
        The terms of `query_terms`, each mapped to the term that represents its word: a stem to the word, any
        other term to itself.
    """
    tokens, languages = _cut(text)
    kept: dict[str, str] = {}
    for token in tokens:
        if _DENSE.match(token):
            for part in content(token):
                found = _pairs(part) or part
                kept.update(zip(found, found, strict=True))
        else:
            kept.update(_query_forms(token, *languages))
    return kept or {term: term for term in terms(text)}


def first_person_terms(text: str) -> list[str]:
    """Return the terms of the first person in the language of a question, if the question is in it.

    Function words are indexed though they are not looked for: "wo wohne ich" is about a memory with "ich" or
    "mein" rather than about one that names somebody else.
    """
    tokens, languages = _cut(text)
    if not languages and text.isascii():
        # English, which has none, and no word in another script.
        return []
    words = [part for token in tokens if not _DENSE.match(token) for part in re.split("[-']", _lower(token))]
    found = [term for word in first_person(words, languages) for term in terms(word)]
    for token in tokens:
        if _DENSE.match(token):
            found += dense_first_person(token)
    return list(dict.fromkeys(found))


def honorific_terms(text: str) -> tuple[list[str], list[str]]:
    """Return the terms by which a memory names somebody else than the speaker, and those of its exceptions.

    They are those of the Japanese honorific "san", which nobody uses of himself, if the question names
    nobody: it is about the speaker then, who need not be written. The exceptions are of one's family, or
    other words.
    """
    if not is_about_speaker(text):
        return [], []
    return ["さん"], ["母さ", "父さ", "兄さ", "姉さ", "婆さ", "爺さ", "くさ"]


@lru_cache(maxsize=_CACHE_SIZE)
def term_id(term: str) -> int:
    """Return the id of a term: an unsigned 64-bit number, the same in every process and version.

    It is the first eight bytes of the BLAKE2b digest, little-endian. Among a million terms, the probability
    of any collision is below one in ten million.
    """
    return int.from_bytes(blake2b(_encode(term), digest_size=8).digest(), "little")


def count_terms(
    text: str, extra: Iterable[int] = (), behind: Collection[str] = ()
) -> tuple[list[int], list[int]]:
    """Count the terms of a text.

    Args:
        text: any text.
        extra: the ids of further terms to count, such as those of `date_ids`.
        behind: terms to list with a count of 0 unless they occur.

    Returns:
        The distinct term ids in ascending order, and the number of occurrences of each, at most 255.
    """
    found = [*_numbers(text), *extra]
    counts = dict.fromkeys(found, 1)
    if len(counts) == len(found) and not behind:
        return sorted(found), [1] * len(found)
    if len(counts) < len(found):
        counts = dict.fromkeys(found, 0)
        for number in found:
            counts[number] += 1
    for term in behind:
        counts.setdefault(term_id(term), 0)
    numbers = sorted(counts)
    return numbers, [count if (count := counts[number]) < COUNT_CAP else COUNT_CAP for number in numbers]


def shared(wanted: Collection[str], held: Collection[str]) -> float:
    """Return the share of a query's terms that a text contains, 0 to 1, regardless of their rarity."""
    return len(set(wanted).intersection(held)) / len(wanted) if wanted else 0.0


def date_terms(moment: int, utc_offset: int | None = None) -> list[str]:
    """Return the terms by which a query such as "in May 2023" finds a dated memory.

    Args:
        moment: microseconds since the epoch, UTC.
        utc_offset: the speaker's offset from UTC in seconds.

    Returns:
        Year, month name, day of the month, weekday and ISO date, as `terms` would return them.
    """
    return list(_day_terms(day_of(moment, utc_offset)))


def date_ids(moment: int, utc_offset: int | None = None) -> tuple[int, ...]:
    """Return the ids of `date_terms`."""
    return day_ids(day_of(moment, utc_offset))


@lru_cache(maxsize=1024)
def name_ids(name: str) -> tuple[int, ...]:
    """Return the ids of the terms of a name, with repeats; cached, since few speakers say much."""
    return tuple(_numbers(name))


def day_of(moment: int, utc_offset: int | None) -> int:
    """Return the number of the day of a moment, by the speaker's clock; see `date_terms`."""
    return (moment + (utc_offset or 0) * 1_000_000) // DAY


# The limits of the calendar, beyond which an offset could lead.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896


@lru_cache(maxsize=1024)
def _day_terms(day_number: int) -> tuple[str, ...]:
    day = to_datetime(min(max(day_number, _FIRST_DAY), _LAST_DAY) * DAY)
    names = (f"{day.year:04d}", MONTHS[day.month - 1], str(day.day), WEEKDAYS[day.weekday()])
    return (*(_term(name.lower()) for name in names), f"{day.year:04d}-{day.month:02d}-{day.day:02d}")


@lru_cache(maxsize=1024)
def day_ids(day_number: int) -> tuple[int, ...]:
    """Return the ids of the terms of a day, given its number."""
    return tuple(map(term_id, _day_terms(day_number)))


def with_ascii_marks(text: str) -> str:
    """Return a text with the marks of ASCII in place of typographic ones, such as curly quotes."""
    if text.isascii():
        return text
    return _SPECIAL_PUNCTUATION.sub(lambda match: _PUNCTUATION[match[0]], text)


def _cut(text: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the tokens of a text, with case and accents, and the languages that it may be in."""
    text = with_ascii_marks(text)
    if text.isascii():
        tokens = _ASCII_TOKEN.findall(text)
        return tokens, likely_languages(tokens)
    text = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    tokens = _TOKEN.findall(text)
    return tokens, likely_languages(tokens, text)


def _fold(token: str) -> str:
    if token.isascii():
        return token.lower()
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", token).casefold())
    bare = _SPECIAL_LETTER.sub(lambda match: _LETTERS[match[0]], bare)
    return unicodedata.normalize("NFKC", bare)


def _lower(token: str) -> str:
    """Fold only the case."""
    return token.lower() if token.isascii() else unicodedata.normalize("NFKC", token.casefold())


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)]


def _numbers(text: str) -> Iterable[int]:
    """Return the ids of the terms of a text, with repeats."""
    if text.isascii() and (found := _english_numbers(text)) is not None:
        return found
    tokens, languages = _cut(text)
    return chain.from_iterable(
        _dense_ids(token) if _DENSE.match(token) else _ids(token, *languages) for token in tokens
    )


def _english_numbers(text: str) -> Iterable[int] | None:
    """Return the same for an ASCII text of which no word tells that it is in another language than English.

    No token of such a text goes beyond a blank, so what lies between blanks is cut only once. Most texts are
    like that, and most of their words are known.
    """
    pieces = text.split()
    if max(map(len, pieces), default=0) > LONGEST_PIECE:
        # Such as a pasted key, which comes only once.
        return None
    found = list(map(piece_ids, pieces))
    return None if None in found else chain.from_iterable(cast("list[tuple[int, ...]]", found))


@lru_cache(maxsize=_CACHE_SIZE)
def piece_ids(piece: str) -> tuple[int, ...] | None:
    """Return the ids of the terms of text without blanks, or ``None`` if it tells another language."""
    tokens = _ASCII_TOKEN.findall(piece)
    return None if tells_language(tokens) else tuple(chain.from_iterable(map(_ids, tokens)))


def _dense_ids(run: str) -> list[int]:
    return [term_id(term) for term in (*run, *_pairs(run))]


@lru_cache(maxsize=_CACHE_SIZE)
def _ids(token: str, *languages: str) -> tuple[int, ...]:
    return tuple(term_id.__wrapped__(term) for term in _expand(token, *languages))


@lru_cache(maxsize=_CACHE_SIZE)
def _expand(token: str, *languages: str) -> tuple[str, ...]:
    """Return the terms that index a token of a text in these languages."""
    found = [_term(word) for word in (*_words(_fold(token)), *_humps(token))]
    return (*found, *(term for term in _inflected(token, languages) if term not in found))


@lru_cache(maxsize=_CACHE_SIZE)
def _query_forms(token: str, *languages: str) -> dict[str, str]:
    """Return the terms of a token that are worth looking for; see `query_forms`."""
    if _says_nothing(_lower(token), languages):
        return {}
    words = [_term(word) for word in _words(_fold(token)) if word not in stop_words("english")]
    found = dict(zip(words, words, strict=True))
    if found:
        # In an identifier of several words, the stems are not assigned to words.
        for term in _inflected(token, languages):
            found.setdefault(term, words[0] if len(words) == 1 else term)
    return found


def _says_nothing(token: str, languages: Sequence[str]) -> bool:
    """Return whether a token is a function word, or made of such words: the French "est-ce", "a-t-il"."""
    if is_function_word(token, languages):
        return True
    if not languages or "-" not in token:
        return False
    return all(len(part) < 2 or is_function_word(part, languages) for part in re.split("[-']", token))


def _humps(token: str) -> list[str]:
    """Return the words of a camel-case identifier, such as "user" and "id" of "userId".

    They are indexed only, not looked for: a query for "YouTube" is not about tubes.
    """
    if not token.isascii() or token.islower() or token.isupper():
        return []
    found: list[str] = []
    for name in _SEPARATORS.split(token):
        humps = _HUMP.findall(name)
        # Not for a brand such as "iPhone", nor for base64, which has many humps.
        if 1 < len(humps) <= _MOST_HUMPS and all(len(hump) > 1 for hump in humps):
            found += (hump.lower() for hump in humps)
    return found


def _inflected(token: str, languages: Sequence[str]) -> dict[str, None]:
    """Return the further terms of a token: its stems in other languages, and its digits in ASCII.

    The result is a dict without values, used as an ordered set.
    """
    found: dict[str, None] = {}
    for word in _words(_lower(token)):
        for language in fitting_languages(word, languages):
            if stem := stem_in(language, word):
                found[_fold(stem)] = None
        if not word.isascii() and word.isdecimal():
            found["".join(str(unicodedata.decimal(digit)) for digit in word)] = None
    return found


def _term(word: str) -> str:
    if word.isascii():
        if word.isalpha():
            # Interned, so that the caches and results share one copy.
            return sys.intern(stem_english(word))
        if ordinal := _ORDINAL.fullmatch(word):
            return ordinal[1]
    return word


def _words(token: str) -> tuple[str, ...]:
    """Return the words of a token before stemming: the token, or an identifier and its parts.

    ``"user_id"`` gives ``("user_id", "user", "id")``, ``"e-mail"`` ``("email", "e", "mail")``, ``"U.S."``
    ``("US",)``.
    """
    if token.isalnum():
        return (token,)
    if "'" in token:
        return _without_apostrophe(token)
    if "," in token:
        # A thousands separator.
        return _words(token.replace(",", ""))
    parts = tuple(part for part in _SEPARATORS.split(token) if part)
    joined = "".join(parts)
    if len(parts) < 2 or not joined.isalpha():
        return parts if parts == (token,) else (token, *parts)
    if len(joined) == len(parts) and "." in token:
        return (joined,)
    return (joined if set(_SEPARATORS.findall(token)) == {"-"} else token, *parts)


def _without_apostrophe(token: str) -> tuple[str, ...]:
    """Return the words of a token with apostrophes: "what's" is "what", "don't" is "do"."""
    if token in _NEGATED:
        return (_NEGATED[token],)
    if match := _NEGATION.fullmatch(token) or _CONTRACTION.fullmatch(token):
        return _words(match[1])
    parts = token.split("'")
    return (*_words("".join(parts)), *(part for part in parts if len(part) > 1 and part.isalnum()))


def _encode(text: str) -> bytes:
    # JSON can contain lone surrogates.
    return text.encode("utf-8", "surrogatepass")
