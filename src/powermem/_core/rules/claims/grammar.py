"""Claims in languages whose rules match whole clauses: all that such a language needs but its patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...patterns import Pattern
from . import values
from .claim import SELF, Claim, Clauses, Rule

_NOTE = Pattern(r"\s*[(\[\uff08][^)\]\uff09]*[)\]\uff09]")
_QUOTED = Pattern(
    r"[\"\u201c\u201e\u300c\u300e\u00ab]([^\"\u201d\u201c\u300d\u300f\u00bb]*)[\"\u201d"
    r"\u201c\u300d\u300f\u00bb]"
)
_QUESTION = Pattern(r"[?\uff1f\u061f]\s*$")
_LONGEST = 60
_YEAR = Pattern(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


@dataclass(frozen=True)
class Grammar:
    """The patterns of a language.

    Attributes:
        sentence: where a text is cut into sentences.
        cut: where a sentence is cut into clauses.
        opener: what a sentence may open with; its group ``turn`` tells of a correction.
        unreal: in a sentence that tells of no fact, or of a plan.
        history: in a sentence about a time that is over.
        beside: in a clause that adds something, or is true for a while.
        mark: in a clause that tells of a change.
        ago: in a clause about something long ago.
        self_words: matches a subject that is the speaker.
        relations: the English names of relations, by the word of the language.
        rules: for whole clauses. Group ``who`` is the subject, ``value`` the value, ``what`` a part of the
            attribute's name, ``former`` a value that ended.
        end: where a value ends.
        accepts: checks a value, given its kind.
        names: the names of attributes, by the words of the language.
        habits: further claims about what the subject does or not.
        own_words: in a quotation that says something about its speaker.
        verb: in a clause that says something.
        normalize: brings a clause into the form that the rules expect.
        silent: whether a clause may have no subject, which then is the one of the clause before it.
    """

    sentence: Pattern
    cut: Pattern
    opener: Pattern
    unreal: Pattern
    history: Pattern
    beside: Pattern
    mark: Pattern
    ago: Pattern
    self_words: Pattern
    relations: Mapping[str, str]
    rules: Sequence[tuple[Rule, Pattern]]
    end: Pattern
    accepts: Callable[[str, str], bool]
    names: Mapping[str, str]
    habits: Callable[[str], Iterator[Claim]]
    own_words: Pattern
    verb: Pattern
    normalize: Callable[[str], str] = str.strip
    silent: bool = False

    def read(self, text: str) -> Clauses:
        """Return the claims of a text, clause by clause; see `english.read`."""
        text = _NOTE.sub("", text.replace("\u2019", "'"))
        text = _QUOTED.sub(lambda match: " _ " if self.own_words.search(match[1]) else match[1], text)
        found: list[tuple[Claim, ...]] = []
        for sentence in self.sentence.split(text):
            if sentence and sentence.strip():
                found += self._sentence(sentence.strip())
        return found

    def _sentence(self, sentence: str) -> list[tuple[Claim, ...]]:
        turn = False
        while match := self.opener.match(sentence):
            turn = turn or bool(match["turn"])
            sentence = sentence[match.end() :]
        if not sentence:
            return []
        if _QUESTION.search(sentence) or self.unreal.search(sentence) or self.history.search(sentence):
            return [()]
        found: list[tuple[Claim, ...]] = []
        subject = SELF
        for piece in self.cut.split(sentence):
            if not piece or not piece.strip():
                continue
            clause = self.normalize(piece.strip(" ,\uff0c\u3001"))
            claims = () if self.beside.search(piece) else tuple(self._claims(clause, subject))
            subject = claims[0].subject if claims and self.silent else subject
            if claims or self.verb.search(clause):
                found.append(self._dated(claims, piece, turn))
        return found

    def _dated(self, claims: Sequence[Claim], clause: str, turn: bool) -> tuple[Claim, ...]:
        years = _YEAR.findall(clause)
        year = int(max(years)) if years else None
        marked, past = turn or bool(self.mark.search(clause)), bool(self.ago.search(clause))
        each = (claim._replace(marked=claim.marked or marked, past=past, year=year) for claim in claims)
        return tuple(dict.fromkeys(each))

    def _claims(self, clause: str, subject: str) -> Iterator[Claim]:
        seen: set[tuple[str, bool]] = set()
        for rule, pattern in self.rules:
            match = pattern.match(clause)
            if match is None:
                continue
            groups = match.groupdict()
            value = groups.get("value") or ""
            if value and match.end("value") == match.end() == len(clause):
                end = self.end.search(value, 1)
                value = value[: end.start()] if end else value
            elif match.end() < len(clause) and not self.end.match(clause, match.end()):
                continue
            value = value.strip(" .,!'\uff0c\u3002\uff01\u3001")
            name = values.fold(groups.get("what") or "").replace("'", "")
            attribute = rule.attribute.format(self.names.get(name, name)).strip()
            if (attribute, rule.ends) in seen or not self.accepts(value, rule.kind):
                continue
            seen.add((attribute, rule.ends))
            who = self.subject(groups.get("who"), subject)
            if who is None:
                continue
            yield Claim(who, attribute, value, rule.ends, rule.marked)
            if groups.get("former"):
                yield Claim(who, attribute, groups["former"], ends=True, marked=True)
        yield from self.habits(clause)

    def subject(self, words: str | None, before: str) -> str | None:
        """Return the subject that these words name; ``before`` is that of the previous clause."""
        if not words:
            return before
        folded = words.casefold().strip()
        if self.self_words.fullmatch(folded):
            return SELF
        for word, name in self.relations.items():
            if word in folded.split() or (not word.isascii() and word in folded):
                own = folded.split(word, 1)[1].strip(" \u306e\u7684")
                return f"{name} {own}".strip()
        return folded


def judged_alike(value: str, kind: str) -> bool | None:
    """Return whether a value is one of its kind, or ``None`` where each language judges."""
    if not kind:
        return len(value) < _LONGEST
    if kind == "age":
        return (values.number(value) or 0) in range(1, 120)
    if kind == "number":
        return any(char.isdigit() for char in value) or "@" in value
    return None


def is_capitalized_name(value: str) -> bool:
    """Return whether a value may be a name, in a language that writes names with a capital."""
    return value[:1].isupper() and not any(char.isdigit() for char in value) and len(value.split()) < 4


def habit(verb: str, thing: str | None) -> str:
    """Return the attribute of doing something, such as "do trink kaffee"."""
    return f"do {verb.lower()} {values.fold(thing or '')}".strip()


def compiled(rules: Sequence[Rule], *, end: str = "", **parts: str) -> tuple[tuple[Rule, Pattern], ...]:
    """Return rules with their expressions: ``<NAME>`` stands for the part of that name, ``end`` follows."""
    found = []
    for rule in rules:
        pattern = rule.pattern
        for name, part in parts.items():
            pattern = pattern.replace(f"<{name}>", part)
        found.append((rule, Pattern(f"(?:{pattern}){end}", re.IGNORECASE)))
    return tuple(found)
