"""Whether a fact has a ground in the conversation that it is said to come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..parsing.decisions import asks_to_forget
from ..patterns import Pattern
from ..rules.names import stated_name
from ..text.languages import stop_words
from ..text.prefilter import Prefilter
from ..values import Message
from .evidence import Sentence, Turn, Weight, is_question, read_turns
from .words import Vocabulary, content, forms, languages_of, tokens, without_dates

# Turns on either side of a fact's own that its words may come from; and for what sums up several turns.
_BESIDE = 2
_AROUND = 8

# The least share of a fact's content words that its ground must hold. Chosen on the answers in
# ``tests/data/grounding``: see the README there for what it costs on those that were written afterwards.
_OF_PERSONS = 0.25
_OF_THINGS = 0.6
# Of a fact with a name or a number that nobody said; and if it has another that somebody did say.
_WITH_NEW_PARTICULARS = 0.5
_BESIDE_SAID_ONES = 0.3
_SUMMED_UP = 0.6
# A statement of the speaker in other words altogether, "I don't touch meat", may be a fact of this many
# content words: "vegetarian".
_FEW = 3

_PERSON = Pattern(
    r"\b(?:users?['\u2019]?s?|i|i['\u2019]m|my|me|we|our|us|speaker|he|she|they|his|their|him|them"
    r"|benutzer\w*|nutzer\w*|anwender\w*|usuari[oa]s?|utilisat\w+|utente|utilizador\w*|gebruiker\w*|ich"
    r"|mein\w*"
    r"|assistant|assistent\w*|asistente|пользовател\w+"
    r"|mother|father|brother|sister|wife|husband|partner|son|daughter|child|children|parents|friend"
    r"|colleague|boss)\b"
    r"|用户|用戶|使用者|我|ユーザ|利用者|사용자|助手|客服|アシスタント|私",
    re.IGNORECASE,
)
_MAY_BE_PERSON = Prefilter(
    words="""
user users userss i my me we our us speaker he she they his their him them ich utente assistant asistente
usuario usuarios usuaria usuarias
mother father brother sister wife husband partner son daughter child children parents friend colleague boss
""",
    parts="""
benutzer nutzer anwender utilisat utilizador gebruiker mein assistent пользовател
用户 用戶 使用者 我 ユーザ 利用者 사용자 助手 客服 アシスタント 私
""",
)
_ASSISTANT = Pattern(
    r"\b(?:assistant|assistent|asistente|assistente)\b|助手|客服|アシスタント", re.IGNORECASE
)
# What somebody asked is a question, not a fact.
_ASKED = Pattern(
    r"^(?:the\s+)?(?:user|\w+)\s+(?:asked|asks|is asking|inquired|wants? to know|wanted to know"
    r"|is curious|wonders?"
    r"|wondered)\s+(?:the assistant\s+)?(?:about|what|how|why|where|when|whether|if|who|which|for the|the)\b",
    re.IGNORECASE,
)
_SCRIPTS = (
    ("dense", Pattern("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")),
    ("cyrillic", Pattern("[\u0400-\u04ff]")),
    ("arabic", Pattern("[\u0600-\u06ff]")),
    ("indic", Pattern("[\u0900-\u0dff]")),
    ("latin", Pattern("[A-Za-z\u00c0-\u024f]")),
)
_NAME = Pattern(r"(?<=[\w,;:)] )[A-Z][\w'\u2019]+")
# A statement has at least this many words, or in one run of a script without spaces this many signs.
_LEAST_TOKENS = 2
_LEAST_SIGNS = 4
_SUBJECT = Pattern(r"([A-Z][\w-]+)\s+[a-z]")
_NUMBER = Pattern(r"\d[\w.,:]*")


def _vocabulary(sentences: Iterable[Sentence]) -> Vocabulary:
    return Vocabulary(frozenset().union(*(sentence.forms for sentence in sentences)))


@dataclass(frozen=True)
class _Place:
    """Turns of a conversation, as the ground of a fact; ``names`` are the speakers' names."""

    sentences: tuple[Sentence, ...]
    names: frozenset[str]

    @cached_property
    def told(self) -> tuple[Sentence, ...]:
        return tuple(sentence for sentence in self.sentences if sentence.weight)

    @cached_property
    def held(self) -> Vocabulary:
        """The words of what is told, of questions too."""
        return self.all if len(self.told) == len(self.sentences) else _vocabulary(self.told)

    @cached_property
    def stated(self) -> Vocabulary:
        """The words of statements."""
        stated = [sentence for sentence in self.told if sentence.weight is Weight.STATED]
        return self.held if len(stated) == len(self.told) else _vocabulary(stated)

    @cached_property
    def all(self) -> Vocabulary:
        """All words."""
        return _vocabulary(self.sentences)

    @cached_property
    def with_names(self) -> Vocabulary:
        """All words, and the names of the speakers."""
        return self.all if self.names <= self.all.forms else Vocabulary(self.all.forms | self.names)

    @cached_property
    def first_person(self) -> bool:
        return any(sentence.first_person and sentence.weight is Weight.STATED for sentence in self.sentences)

    @cached_property
    def says_something(self) -> bool:
        """Whether there is a statement of more than a word or two, as of a greeting."""
        return len(set(content(" ".join(sentence.text for sentence in self.told)))) > 1

    @cached_property
    def script(self) -> str:
        return _script(self._text)

    @cached_property
    def languages(self) -> frozenset[str]:
        return frozenset(languages_of(self._text))

    @cached_property
    def asks_to_forget(self) -> bool:
        return any(asks_to_forget(sentence.text) for sentence in self.sentences)

    @cached_property
    def nouns_have_capitals(self) -> bool:
        """Whether a capital does not tell a name, as in German."""
        return "german" in self.languages

    @cached_property
    def has_numbers(self) -> bool:
        return any(form[0].isdigit() for form in self.all.forms)

    @cached_property
    def _text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True)
class _Claim:
    """A fact to find the ground of.

    Attributes:
        text: the fact.
        words: the forms of its content words.
        person: whether it is about a person, or the assistant.
        presumed: whether that is only because it begins with a name that nobody said.
    """

    text: str
    words: Sequence[str]
    person: bool
    presumed: bool

    @cached_property
    def names_assistant(self) -> bool:
        return _ASSISTANT.search(self.text) is not None

    @cached_property
    def tells_question(self) -> bool:
        """Whether it only tells what somebody asked."""
        return _ASKED.match(self.text) is not None

    @cached_property
    def asks_to_forget(self) -> bool:
        return asks_to_forget(self.text)

    @cached_property
    def script(self) -> str:
        return _script(self.text)

    @cached_property
    def languages(self) -> frozenset[str]:
        return frozenset(languages_of(self.text))

    @cached_property
    def names(self) -> list[str]:
        return _NAME.findall(without_dates(self.text))

    @cached_property
    def numbers(self) -> list[str]:
        return _NUMBER.findall(without_dates(self.text))


class Ground:
    """The conversation that facts must come from.

    Args:
        messages: the turns.
        lenient: whether all that was said counts, questions and general knowledge too: the instructions may
            ask for them.
    """

    def __init__(self, messages: Sequence[Message], *, lenient: bool = False) -> None:
        self._turns: list[Turn] = read_turns(messages)
        self._lenient = lenient
        self._places: dict[tuple[int, int], _Place] = {}
        self._names = frozenset(form for name in self._speakers() for form in forms(name))

    def prepare(self) -> None:
        """Collect the words of short conversations beforehand."""
        for place, _ in self._places_of(0) if len(self._turns) <= _BESIDE else ():
            _ = place.held, place.stated

    def _speakers(self) -> Iterable[str]:
        for turn in self._turns:
            if turn.speaker:
                yield turn.speaker
            for sentence in turn.sentences:
                if sentence.first_person and (name := stated_name(sentence.text)):
                    yield name

    def holds(self, text: str, turn: int | None) -> bool:
        """Return whether a fact comes from the conversation.

        Args:
            text: the fact.
            turn: the turn that it is said to come from, or ``None`` if unknown.
        """
        if is_question(text):
            return False
        person = _names_person(text) or not self._names.isdisjoint(forms(text))
        if not person and _is_scrap(text):
            return False
        named = "" if person else self._unheard_subject(text)
        unsaid = self._names | forms(named)
        wanted = [word for word in content(text) if word not in unsaid]
        claim = _Claim(text, wanted, person=person or bool(named), presumed=bool(named))
        return any(self._grounds(place, claim, least) for place, least in self._places_of(turn))

    def _unheard_subject(self, text: str) -> str:
        """Return the capitalized word that a fact begins with, if nobody said it: a name, perhaps."""
        first = _SUBJECT.match(text)
        if first is None or first[1].casefold() in stop_words("english"):
            return ""
        whole = self._place(0, len(self._turns)).all
        return "" if any(whole.has(form, senses=False) for form in forms(first[1])) else first[1]

    def says(self, text: str) -> bool:
        """Return whether a person said most words of a text, in one place."""
        wanted = content(text)
        places = (place for place, _ in self._places_of(None))
        return any(_share(wanted, place.stated, senses=False) >= _OF_THINGS for place in places)

    def touches(self, text: str) -> bool:
        """Return whether a text may be concluded from the conversation, or has a word of it."""
        whole = self._place(0, len(self._turns))
        return whole.says_something or _share(content(text), whole.all) > 0

    def _places_of(self, turn: int | None) -> Iterable[tuple[_Place, float]]:
        """Yield the places to look at, each with the least share of the words that it must hold."""
        count = len(self._turns)
        if turn is not None:
            yield self._place(turn - _BESIDE, turn + _BESIDE), 0.0
            yield self._place(turn - _AROUND, turn + _AROUND), _SUMMED_UP
        # Weak models err in the number of the turn.
        step = 2 * _BESIDE + 1
        for start in range(0, count, _BESIDE + 1):
            yield self._place(start, start + step - 1), 0.0 if turn is None else _OF_THINGS
        if turn is None:
            yield self._place(0, count), _SUMMED_UP

    def _place(self, first: int, last: int) -> _Place:
        key = max(0, first), min(last, len(self._turns) - 1)
        if key not in self._places:
            turns = self._turns[key[0] : key[1] + 1]
            self._places[key] = _Place(
                tuple(sentence for turn in turns for sentence in turn.sentences), self._names
            )
        return self._places[key]

    def _grounds(self, place: _Place, claim: _Claim, least: float) -> bool:
        wanted = claim.words
        if self._lenient or claim.names_assistant:
            held = stated = place.all
        else:
            held, stated = place.held, place.stated
        if claim.asks_to_forget and place.asks_to_forget:
            return True
        if not wanted:
            # Nothing but dates and words that say little: then the words as they are.
            told = forms(claim.text)
            return len(told & place.all.forms) * 2 >= len(told)
        share = _share(wanted, held)
        if self._lenient:
            return share >= max(least, _OF_PERSONS)
        if claim.tells_question and _share(wanted, stated) < _OF_THINGS:
            return False
        if share == 1.0 and claim.person:
            return True
        if _in_other_language(claim, place):
            return place.says_something
        if not claim.person:
            return _share(wanted, stated, senses=False) >= max(least, _OF_THINGS)
        if share >= max(least, self._least_with_particulars(claim, place)):
            return True
        # "I don't touch meat": "User is a vegetarian".
        few = len(wanted) <= _FEW and not least and not share and not claim.presumed
        return few and place.first_person and self._least_with_particulars(claim, place) == _OF_PERSONS

    def _least_with_particulars(self, claim: _Claim, place: _Place) -> float:
        """Return the least share for a fact of a person: more if nobody said a name or a number in it."""
        names = [] if place.nouns_have_capitals else claim.names
        numbers = claim.numbers
        held = place.with_names
        unsaid = [each for each in names if not _share(content(each), held)]
        # An age or a sum may follow from other numbers.
        if not place.has_numbers:
            unsaid += [each for each in numbers if not _share(content(each), held)]
        if not unsaid:
            return _OF_PERSONS
        return _BESIDE_SAID_ONES if len(unsaid) < len(names) + len(numbers) else _WITH_NEW_PARTICULARS


def _is_scrap(text: str) -> bool:
    """Return whether a text is a single word that states nothing: "Great!", "hm", "\u597d\u5427"."""
    told = tokens(text)
    return len(told) < _LEAST_TOKENS and all(
        len(token) < _LEAST_SIGNS for token in told if _SCRIPTS[0][1].match(token)
    )


def _names_person(text: str) -> bool:
    return _MAY_BE_PERSON.allows(text) and _PERSON.search(text) is not None


def _share(wanted: Sequence[str], held: Vocabulary, *, senses: bool = True) -> float:
    return sum(held.has(word, senses=senses) for word in wanted) / len(wanted) if wanted else 1.0


def _script(text: str) -> str:
    """Return the script that most letters of a text are in."""
    if text.isascii() and _SCRIPTS[-1][1].search(text):
        return _SCRIPTS[-1][0]
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    # A word takes more letters in alphabets.
    counts["dense"] *= 3
    return max(counts, key=counts.__getitem__)


def _in_other_language(claim: _Claim, place: _Place) -> bool:
    """Return whether a fact is a translation, whose words cannot be compared."""
    if claim.script != place.script:
        return True
    own = claim.languages
    return own != place.languages and own.isdisjoint(place.languages)
