"""Guess the language of a text from its script, function words and letters; recognize function words.

The guess chooses a stemmer. A wrong one costs little, since stems are added to the terms of a text and
replace none; see `terms`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from ..patterns import Pattern

__all__ = ["STOP_WORDS", "content", "fitting_languages", "is_function_word", "likely_languages", "stop_words"]

STOP_WORDS = "data/stop_words.json"
"""The data file, within the package: function words as written, keyed by Snowball's name of their language.

"May" is not among the English ones, since it is also a month.
"""

# Scripts of one or a few languages, under the language that a text in them is assumed to be in.
_LETTERS = {
    "latin": "a-z\u00df-\u00f6\u00f8-\u024f",
    "russian": "\u0430-\u044f\u0451",
    "arabic": "\u0621-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc",
    "greek": "\u03ac-\u03ce\u0390\u1f00-\u1fff",
    "armenian": "\u0561-\u0587",
    "hindi": "\u0900-\u0963",
    "tamil": "\u0b80-\u0bcf",
}
_SCRIPTS = Pattern("|".join(f"(?P<{language}>[{letters}]+)" for language, letters in _LETTERS.items()))
_BY_SCRIPT = frozenset(_LETTERS) - {"latin"}
_SCRIPT_OF = {"persian": "arabic"}
"""The script of languages that share one with another language; "latin" for those not listed."""
_USUAL = frozenset({"english", "arabic"})
"""The languages assumed for their script unless there is evidence of another."""
_ENOUGH = 2
"""Least evidence: one word that no usual language has, or two weaker ones."""
_MOST = 3
"""If more languages than this are equally likely, the text is taken to be in none of them."""

# Chinese question words and pronouns with their measure words, particles, and ways to ask whether.
_CHINESE_FILLER = Pattern(
    "(?:什么|什麼|甚麼|啥)(?:时候|時候|样|樣)?|怎么[样办]?|怎麼[樣辦]?|怎样|怎樣|如何|为[什何]么?|為[什何]麼?|何[时時处處]|"
    "几[时時]|(?<![很许許更最太好])多[久少大长長远遠]|[几幾][点點](?!心)|[几幾哪](?![乎何吒])(?:[里裡儿兒些]|[个個种種位家所天年月次本首部间間條条只隻项項門门款类類])?|"
    "谁|誰|请问|請問|告诉我?|告訴我?|能不能|会不会|會不會|是不是|有没有|有沒有|可不可以|是否|"
    "(?:[我你您她它]|(?<![吉其])他)[们們]?|(?<!目)的|了(?!解)|是|(?:过|過)?[吗嗎呢吧]$"
)

# Japanese, from the longest on: question words; endings of verbs and what follows them; words that only carry
# endings; and particles, which after a word of kanji or katakana are not part of it.
_JAPANESE_END = "(?:か|ね|よ)?(?![ぁ-ん])"
_JAPANESE_FILLER = Pattern(
    "あなたの?|"
    "どうして|どうやって|どちら|どなた|どっち|どんな|どこ|どの|いくら(?![がを])|いつ|だれ|誰|なぜ|何|"
    "(?<![ぁ-ん])(?:どれ|どう(?=[やしすな思]|$)|いくつ|なに)|"
    f"でしょうか?|(?:です|でした|ます|ました|ません|ましょう){_JAPANESE_END}|ください|"
    "(?:っ|し|ん)?[てで](?:は|も)?(?:いけない|いけません|ならない|なりません|だめ|いい|よい|いる|いた|います|いました|"
    "いない|いません|ある|あった|あります|おく|しまう|しまった|くる|きた|いく|いった|ほしい|くれる|くれた|もらう|もらった|"
    f"みる|みた)(?:(?=こと|もの|ため|とき|の[はがを])|{_JAPANESE_END})|"
    f"(?:する|した|して|しない|したい|される|できる|できます|できない){_JAPANESE_END}|"
    f"(?:いる|います|いました|ある|あります|ありました|ない){_JAPANESE_END}|"
    "(?<=[るたいなうくすつむぐぶの一-鿿々])(?:こと|もの|ため|とき|ところ|ほう|よう)(?=[はがをにでのなと]|$)|"
    "(?<=[一-鿿々ァ-ヺー])(?:から|まで|より|には|では|とは|への|での|にも|でも|[のはをにへで]|[がとも](?![るりらろっすせしさそ]))|"
    "(?:から|まで|より|とは|には|では|の[はがを]|[のはがをにでともへか])(?![ぁ-んー])"
)
_KANA = Pattern("[ぁ-んァ-ヺー]")
# A word of katakana; of kanji with the first kana of its ending; or of hiragana, behind kanji from three on.
_JAPANESE_WORD = Pattern(
    "[ァ-ヺー]+|[一-鿿々〇]+[ぁ-ん]?|(?<![一-鿿々][ぁ-ん])[ぁ-ん]+|(?<=[一-鿿々][ぁ-ん])[ぁ-ん]{2,}"
)

# Korean question words and pronouns with their endings, then the endings of other words.
_KOREAN_FILLER = Pattern(
    "(?:무엇|뭐|어디|누구|누가|언제|어떻게|어떤|얼마|몇|어느).{0,3}|뭘|무슨|왜|(?:나|내|너|네|저|제|우리|저희)[는를의가도]?|"
    "(?:있|없)(?:나요|어요|습니까|습니다|는|을까요?)|(?:이|그|저|것|거)[은는이가을를]?|수|알려\\w*|말해\\w*"
)
_KOREAN_ENDING = Pattern(
    "(?:(?<=.)(?:이에요|이예요)|(?<=..)(?:에서는?|에게|한테|으로|까지|부터|이랑|하고|습니까|습니다|입니까|입니다|인가요|인지|이에요|이예요|예요|"
    "[했었았]어요|[했었았]나요|해요|하나요|[나까어아예세]요|[은는이가을를에의와과도로만]))$"
)
# Thai question words, pronouns, copulas and particles.
_THAI_FILLER = Pattern(
    "ที่ไหน|เมื่อไหร่|เมื่อไร|เท่าไหร่|เท่าไร|อย่างไร|ยังไง|ทำไม|อะไร|ใคร|กี่|"
    "ของ(?:ฉัน|ผม|เรา|คุณ|ดิฉัน)|ดิฉัน|ฉัน|เป็น|อยู่|(?:หรือเปล่า|หรือไม่|ไหม|มั้ย|ไหน|ครับ|ค่ะ|คะ|นะ)+$"
)
_HANGUL = Pattern("[\uac00-\ud7a3]+")


class _Evidence(NamedTuple):
    """The languages that a word or letter is evidence of, and its weight."""

    weight: int
    languages: tuple[str, ...]


class _Lexicon:
    """Function words and letters as evidence of languages, from ``data/stop_words.json``."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        words = {language: " ".join(lines).split() for language, lines in data["words"].items()}
        english_too, in_names = (
            frozenset(" ".join(data[name]).split()) for name in ("in English too", "in names")
        )
        self.stop_words = {language: frozenset(map(str.casefold, each)) for language, each in words.items()}
        """By Snowball's name of the language, case-folded."""
        self.in_questions = {
            language: frozenset(" ".join(lines).casefold().split())
            for language, lines in data["in questions"].items()
        }
        """Further function words, which are no evidence of a language; same keys, but not all."""
        self.by_word = _words_as_evidence(words, english_too, in_names)
        self.by_letter = _letters_as_evidence(data["letters"])
        self.telling = frozenset(
            word for word, evidence in self.by_word.items() if _USUAL.isdisjoint(evidence.languages)
        )
        self.telling_letters = frozenset(self.by_letter)
        self.first_person = {language: words.split() for language, words in data["first person"].items()}
        """Pronouns of the first person and verbs that need none, by Snowball's name of the language."""
        self.silent = frozenset().union(
            *(self.stop_words[language] for language in _BY_SCRIPT),
            *(words for language, words in self.in_questions.items() if language in _BY_SCRIPT),
            self.in_questions["persian"],
        )


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    return _Lexicon(json.loads(files("powermem").joinpath(STOP_WORDS).read_text("utf-8")))


def _words_as_evidence(
    words: Mapping[str, Sequence[str]], english_too: frozenset[str], in_names: frozenset[str]
) -> dict[str, _Evidence]:
    """Return the evidence of each function word: in lower case, capitalized and in capitals.

    Args:
        words: the function words of each language.
        english_too: words of other languages that also occur in English, as words or names.
        in_names: words that occur in names anywhere, such as "Los Angeles".
    """
    speakers: dict[str, list[str]] = {}
    for language, own in words.items():
        if language in _USUAL or language not in _BY_SCRIPT:
            for word in own:
                speakers.setdefault(word, []).append(language)
    for word in english_too:
        speakers[word].append("english")
    found = {}
    for word, languages in speakers.items():
        shared = len(languages) > 1 and not _USUAL.isdisjoint(languages)
        weak = shared or word in in_names or (len(word) < 3 and "english" not in languages)
        evidence = _Evidence(1 if weak else 2, tuple(languages))
        found.update(dict.fromkeys((word, word.capitalize(), word.upper()), evidence))
    return found


def _letters_as_evidence(speakers: Mapping[str, str]) -> dict[str, _Evidence]:
    """Return the evidence of letters beyond ASCII that only a few languages have."""
    found = {}
    for letters, names in speakers.items():
        languages = tuple(names.split())
        evidence = _Evidence(2 if len(languages) == 1 else 1, languages)
        # Some capitals are common to all languages: that of the dotless Turkish i is "I".
        capitals = [letter for letter in letters.upper() if not letter.isascii()]
        found.update(dict.fromkeys((*letters, *capitals), evidence))
    return found


def stop_words(language: str) -> frozenset[str]:
    """Return the function words of a language, case-folded. They say nothing about the subject of a query."""
    return _lexicon().stop_words[language]


def likely_languages(words: Sequence[str], letters: str = "") -> tuple[str, ...]:
    """Return the languages that a text may be in, if its script alone does not decide.

    Args:
        words: the words of the text as written.
        letters: its letters, composed; not needed for ASCII text.

    Returns:
        Snowball's names of at most three languages: those with the most evidence from function words and
        letters. Empty for English and Arabic, and if there is too little evidence.
    """
    known = _lexicon()
    if known.telling.isdisjoint(words) and known.telling_letters.isdisjoint(letters):
        return ()
    votes: dict[str, int] = {}
    evidence = [known.by_word[word] for word in set(words) if word in known.by_word]
    evidence += [known.by_letter[letter] for letter in known.telling_letters.intersection(letters)]
    for weight, languages in evidence:
        for language in languages:
            votes[language] = votes.get(language, 0) + weight
    most = max(votes.values())
    leaders = sorted(language for language, count in votes.items() if count == most)
    told = most >= _ENOUGH and len(leaders) <= _MOST and _USUAL.isdisjoint(leaders)
    return tuple(leaders) if told else ()


def tells_language(words: Sequence[str]) -> bool:
    """Return whether any of these words, in ASCII and as written, tells that a text is not in English."""
    return not _lexicon().telling.isdisjoint(words)


def fitting_languages(word: str, languages: Sequence[str]) -> list[str]:
    """Return the languages whose stemmers fit a word: those of its text that share its script.

    Args:
        word: case-folded, with accents.
        languages: the result of `likely_languages` for the text.
    """
    script = _SCRIPTS.fullmatch(word)
    if script is None:
        return []
    name = str(script.lastgroup)
    fitting = [language for language in languages if _SCRIPT_OF.get(language, "latin") == name]
    return fitting or [name] if name in _BY_SCRIPT else fitting


def is_function_word(word: str, languages: Sequence[str]) -> bool:
    """Return whether a word is a function word of these languages or of the language of its script."""
    known = _lexicon()
    return word in known.silent or any(
        word in known.stop_words[language] or word in known.in_questions.get(language, ())
        for language in languages
    )


def first_person(words: Sequence[str], languages: Sequence[str]) -> list[str]:
    """Return the words of the first person in the language of a question that has one of them.

    Not for English and languages that are written without spaces, see `dense_first_person`.

    Args:
        words: the words of the question, case-folded, with accents.
        languages: the result of `likely_languages` for the question.
    """
    known = _lexicon().first_person
    chosen = list(languages)
    for word in words:
        script = _SCRIPTS.fullmatch(word)
        if script is not None and script.lastgroup in _BY_SCRIPT and script.lastgroup not in chosen:
            chosen.append(str(script.lastgroup))
    own = [known[language] for language in chosen if language in known]
    return [word for each in own if not set(each).isdisjoint(words) for word in each]


_SOMEBODY = Pattern(
    "さん|様|さま|くん|ちゃん|氏|[君殿](?=[はがをのに])|先生|彼|誰|だれ|みんな|皆|あの人|この人|あなた"
)


def is_about_speaker(question: str) -> bool:
    """Return whether a Japanese question names nobody, so that it is about who asks."""
    return not question.isascii() and bool(_KANA.search(question)) and not _SOMEBODY.search(question)


_DENSE_FIRST_PERSON = {
    "我": ["我"],
    "私": ["私", "僕", "俺", "わた"],
    "나": ["나는", "내가", "저는", "제가", "우리"],
}
_DENSE_OWN = Pattern("(?P<我>[我咱])|(?P<私>[私僕俺]|わたし)|(?P<나>^(?:나|내|저|제|우리)(?:[는가를의도]|$))")


def dense_first_person(run: str) -> list[str]:
    """Return the terms of the first person that fit a question without spaces, if it is in it."""
    found = _DENSE_OWN.search(run)
    return [] if found is None else _DENSE_FIRST_PERSON[str(found.lastgroup)]


def content(run: str) -> list[str]:
    """Return the parts of a query without spaces that carry its subject.

    Args:
        run: characters of Chinese, Japanese, Korean, Thai or a script like it, without a space between them.
    """
    if _HANGUL.fullmatch(run):
        return [] if _KOREAN_FILLER.fullmatch(run) else [_KOREAN_ENDING.sub("", run)]
    if _KANA.search(run):
        return [word for part in _JAPANESE_FILLER.split(run) for word in _JAPANESE_WORD.findall(part)]
    return [
        part
        for part in (_THAI_FILLER if "\u0e00" < run[0] < "\u0e7f" else _CHINESE_FILLER).split(run)
        if part
    ]
