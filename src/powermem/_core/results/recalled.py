"""The results of a recall: as objects, and as lines of a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import ne
from typing import NamedTuple, cast

from ...tokens import quarters
from ...types import FactRecord
from ..clock import date_phrase, to_iso
from ..patterns import Pattern
from ..prompts.quoting import quote_recalled, quoted_line
from ..query.around import Neighbour
from ..query.search import Hit
from ..text.cleaning import normalize
from ..values import Row, Turn


@dataclass(frozen=True, slots=True)
class RecalledFact:
    """A fact known about a user.

    Attributes:
        id: the id of the memory.
        content: the text.
        similarity: the score for the query, 0 to 1.
        created_at: when it was stored, ISO-8601 in UTC.
    """

    id: int
    content: str
    similarity: float
    created_at: str

    @classmethod
    def of(cls, hit: Hit) -> RecalledFact:
        """Convert a search result."""
        return cls(hit.row.id, hit.row.text, hit.score, to_iso(hit.row.created_at))

    def to_dict(self) -> FactRecord:
        """Return it as a dict."""
        return cast("FactRecord", asdict(self))


# Pickles name it as users do, so that it can move.
RecalledFact.__module__ = "powermem"


def once(hits: Sequence[Hit]) -> list[Hit]:
    """Return hits without duplicates: of the same text of one user, such as in two runs, only the best."""
    best: dict[tuple[str | None, str], Hit] = {}
    for hit in hits:
        best.setdefault((hit.row.scope.user_id, hit.row.hash), hit)
    return list(best.values())


def distinct(hits: Sequence[Hit], sources: Mapping[int, Sequence[Turn]]) -> list[Hit]:
    """Return hits without what a better one says already.

    Left out are the same words with other marks or capitals, a turn word for word beside a fact from it, a
    fact beside its turn, and of what a person said at one moment a part beside the whole, or the whole beside
    a part.

    Args:
        hits: the results, best first.
        sources: the turns that they came from, by the id of the memory.
    """
    kept: list[Hit] = []
    told: set[tuple[str | None, str]] = set()
    # By the id of a turn, whether a better result is the turn word for word.
    verbatim: dict[int, bool] = {}
    parts: dict[tuple[str | None, str | None, int], list[str]] = {}
    for hit in hits:
        row, turns = hit.row, sources.get(hit.row.id, ())
        user, words = row.scope.user_id, _words(row.text)
        whole = any(turn.content == row.text for turn in turns)
        moment = parts.setdefault((user, row.actor_id, row.valid_from), [])
        if (
            (user, words) in told
            or any(verbatim.get(turn.id, whole) != whole for turn in turns)
            or any(_within(words, other) or _long_within(other, words) for other in moment)
        ):
            continue
        kept.append(hit)
        told.add((user, words))
        moment.append(words)
        verbatim.update(dict.fromkeys((turn.id for turn in turns), whole))
    return kept


@dataclass(frozen=True, slots=True)
class Recollection:
    """What there is to show of a recall.

    Attributes:
        hits: the results, best first.
        sources: the turns that they came from, by the id of the memory.
        earlier: the memories whose place they have taken, by the id of the memory, the latest first.
        around: the turns beside them, by the id of the memory, the nearest first.
        passages: numbers of the passages of conversation that results belong to, by the id of the memory;
            empty if no turns beside them were asked for.
    """

    hits: Sequence[Hit]
    sources: Mapping[int, Sequence[Turn]] = field(default_factory=dict)
    earlier: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    around: Mapping[int, Sequence[Neighbour]] = field(default_factory=dict)
    passages: Mapping[int, int] = field(default_factory=dict)


class _Line(NamedTuple):
    """A line of a recalled text.

    Attributes:
        owner: the id of the result that it belongs to.
        passage: the number of its passage.
        at: when it was said, microseconds UTC; the order within a passage.
        turn: the id of the turn that said it, which decides between equal times.
        age: 0 for the line itself; lines of what held earlier follow it, counted from 1.
        date: the day and what has become of it.
        speaker: who said it, if that is known.
        text: the text.
    """

    owner: int
    passage: int
    at: int
    turn: int
    age: int
    date: str
    speaker: str | None
    text: str

    def write(self, *, dated: bool = True) -> str:
        """Return it as a text."""
        day, speaker = (f"[{self.date}] " if dated else ""), (f"{self.speaker}: " if self.speaker else "")
        return f"{day}{speaker}{self.text}"


class _Budget:
    """Takes lines as long as the whole text keeps to a number of tokens.

    Args:
        max_tokens: the estimated budget of the whole text once quoted.
    """

    def __init__(self, max_tokens: int) -> None:
        self._left = 4 * max_tokens - _FRAME
        self._costs: dict[_Line, tuple[int, int]] = {}
        self._passages: dict[int, list[_Line]] = {}

    def take(self, line: _Line) -> bool:
        """Return whether a line fits, and take it if it does."""
        self._costs[line] = (
            quarters(f"{quoted_line(line.write(dated=False))}\n"),
            quarters(f"{quoted_line(line.write())}\n"),
        )
        passage = self._passages.get(line.passage, [])
        grown = sorted([*passage, line], key=_place)
        added = self._cost(grown) - self._cost(passage)
        if added > self._left:
            return False
        self._left -= added
        self._passages[line.passage] = grown
        return True

    def _cost(self, passage: Sequence[_Line]) -> int:
        dates = [line.date for line in passage]
        dated = map(ne, dates, [None, *dates])
        return sum(
            self._costs[line][written] for line, written in zip(passage, dated, strict=False)
        ) + _INDENT * max(0, len(passage) - 1)


def recalled_passages(found: Recollection, max_tokens: int | None = None) -> list[list[str]]:
    """Write memories for a model, the most recent first.

    Args:
        found: the results, and what to show beside them.
        max_tokens: the estimated budget of the whole text once quoted. The best results that fit are kept,
            then what they replaced, then the turns beside them.

    Returns:
        Lists of lines that belong together. A line has the date since which it is true (or on which it was
        said), until when if it was superseded, and the speaker. What a memory replaced is below it, and the
        turns of a conversation are in the order in which they were said.
    """
    results = [_result(hit.row, found) for hit in found.hits]
    earlier = [line for one in results for line in _earlier(one, found.earlier.get(one.owner, ()))]
    beside = [line for one in results for line in _beside(one, found.around.get(one.owner, ()))]
    lines = [*results, *earlier, *beside]
    if max_tokens is not None:
        lines = _affordable(results, [*earlier, *beside], _Budget(max_tokens))
    passages: dict[int, list[_Line]] = {}
    for line in lines:
        passages.setdefault(line.passage, []).append(line)
    newest = sorted(passages.values(), key=_newest, reverse=True)
    return [list(_written(sorted(passage, key=_place))) for passage in newest]


def recalled_line(row: Row) -> str:
    """Return a memory as ``"[8 May 2023] Ana: text"``, with the date since which it is true."""
    speaker = f"{row.actor_id}: " if row.actor_id else ""
    return f"[{date_phrase(row.valid_from, row.utc_offset)}] {speaker}{row.text}"


def _result(row: Row, found: Recollection) -> _Line:
    sources = found.sources.get(row.id, ())
    passage = found.passages.get(row.id)
    date = _date(row)
    if found.earlier.get(row.id) and row.valid_to is None:
        date = f"{date}, current"
    return _Line(
        owner=row.id,
        # Ids are positive.
        passage=-row.id if passage is None else passage,
        at=row.valid_from,
        turn=min((turn.id for turn in sources if turn.sent_at == row.valid_from), default=row.id),
        age=0,
        date=date,
        speaker=row.actor_id or _role(sources, talk=passage is not None),
        text=row.text,
    )


def _earlier(result: _Line, rows: Sequence[Row]) -> Iterable[_Line]:
    for age, row in enumerate(rows, 1):
        date = f"{_date(row)} by what is above"
        yield result._replace(age=age, date=date, speaker=row.actor_id, text=row.text)


def _beside(result: _Line, turns: Sequence[Neighbour]) -> Iterable[_Line]:
    for one in turns:
        turn = one.turn
        date, speaker = date_phrase(turn.sent_at, turn.utc_offset), turn.actor_id or turn.role
        yield result._replace(at=turn.sent_at, turn=turn.id, date=date, speaker=speaker, text=one.text)


def _date(row: Row) -> str:
    since = date_phrase(row.valid_from, row.utc_offset)
    if row.valid_to is None:
        return since
    return f"{since} until {date_phrase(row.valid_to, row.utc_offset)}, superseded"


def _role(sources: Iterable[Turn], *, talk: bool) -> str | None:
    """Return whose words a memory without a speaker is, but the user's only within a conversation."""
    roles = {turn.role for turn in sources}
    return roles.pop() if len(roles) == 1 and (talk or "user" not in roles) else None


def _affordable(results: Sequence[_Line], others: Sequence[_Line], budget: _Budget) -> list[_Line]:
    """Return the lines that fit into a budget; none without the result that it belongs to."""
    taken = list(filter(budget.take, results))
    # By owner, how many lines tell what held earlier: none of them may be missing in between.
    ages = dict.fromkeys((line.owner for line in taken), 0)
    for line in others:
        if line.age <= ages.get(line.owner, -1) + (line.age > 0) and budget.take(line):
            taken.append(line)
            ages[line.owner] = max(ages[line.owner], line.age)
    return taken


def _place(line: _Line) -> tuple[int, int, int]:
    return (line.at, line.turn, line.age)


def _newest(passage: Sequence[_Line]) -> tuple[int, int]:
    return max((line.at, line.owner) for line in passage)


def _written(passage: Sequence[_Line]) -> Iterable[str]:
    date = None
    for line in passage:
        yield line.write(dated=line.date != date)
        date = line.date


def _words(text: str) -> str:
    """Return the words of a text without capitals and without the marks between them."""
    words = (word.strip(_MARKS) for word in _STOPS.sub(" ", normalize(text).casefold()).split())
    return " ".join(filter(None, words)) or text


def _within(part: str, whole: str) -> bool:
    return f" {part} " in f" {whole} "


def _long_within(part: str, whole: str) -> bool:
    # A "Thanks" does not stand for all that it is said with.
    return len(part) >= _TELLING and _within(part, whole)


# Characters.
_TELLING = 20
# Marks inside a word, as in "C++" or "3.5", tell it from others.
_MARKS = ".,;:!\"'()[]\u2018\u2019\u201c\u201d\u2026"
_STOPS = Pattern("[\u3001\u3002\uff0c\uff01\uff1b\uff1a]")
_FRAME = quarters(quote_recalled([""])) - quarters("- \n")
_INDENT = quarters("  ")
