"""Find the answer in the output of a language model."""

from __future__ import annotations

import contextlib
import enum
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..patterns import Pattern
from ..text.cleaning import clean
from .blocks import MARK, Block, around, blocks_of
from .scanner import Found, Scanner

_FENCE = Pattern(r"`{3,}[^\S\n]*\w*")
_MARK = Pattern(MARK)
# Separators of objects that form one list: bullets, numbers, fences.
_BETWEEN = Pattern(r"(?:[\s,;*•.)\d-]|`{3,}\w*)*")
_ASIDE = Pattern(r"[ \t]*[,;]?[ \t]*[a-z]")
_INTRODUCED = Pattern(r"(?:^|[\n:>)*\]|`▷】»⟩》〉])[ \t]*\Z")
_CLOSED = Pattern(r"[ \t]*[.;]?[ \t]*(?:[\n<`\[|◁【«⟨《〈]|\Z)")
# Small models write keys with capitals, and typographic quotes.
_KEY = Pattern(r'"[A-Za-z_]{1,40}"(?=\s{0,9}:)')
_STRAIGHT = {ord(quote): '"' for quote in "\u201c\u201d\u201e\u201f\u300c\u300d\uff02"}
# Values to search for an answer inside another JSON value.
_MOST_WRAPPINGS = 10_000
# Only this many values from the end are considered; no real answer has more.
_MOST_VALUES = 2_000
_LOOK_BACK = 80
_MOST_BLANK = 2_000


class ParseError(ValueError):
    """An answer that cannot be parsed.

    Attributes:
        message: the error.
        position: index of the character, or ``None`` if the JSON is valid but has the wrong form.
        cut: whether the cause may be that the answer was cut off: it has only reasoning, or the beginning of
            a value.
    """

    def __init__(self, message: str, position: int | None = None, *, cut: bool = False) -> None:
        super().__init__(message if position is None else f"{message} (at character {position})")
        self.message = message
        self.position = position
        self.cut = cut


class Fit(enum.IntEnum):
    """How well a value matches the form of an answer, worst first."""

    NO = 0
    """It does not."""
    BARE = 1
    """An empty list, which means "nothing" if it is the whole reply."""
    LOOSE = 2
    """It can be understood as an answer if it stands alone."""
    EMPTY = 3
    """It has the requested form and means "nothing"."""
    EXACT = 4
    """It has the requested form."""


class ParsedJSON(NamedTuple):
    """A value parsed from an answer.

    Attributes:
        value: as from ``json.loads``, but ``NaN`` and ``Infinity`` become ``None``, and strings are cleaned.
        complete: ``False`` if the answer was cut off, or if its brackets did not match.
    """

    value: Any
    complete: bool = True


class _Candidate(NamedTuple):
    """A value that may be the answer.

    Attributes:
        rank: 2 outside of all blocks, 1 if it fills a block; see ``_rank``.
        fit: its form.
        intact: whether it is complete, or complete up to the end of the text.
        start: index of its first character.
        end: index after its last character.
        value: the parsed value.
        cut: whether a part of it is missing.
    """

    rank: int
    fit: Fit
    intact: bool
    start: int
    end: int
    value: Any
    cut: bool


def parse_answer(text: str, fit: Callable[[Any], Fit], expected: str) -> ParsedJSON:
    """Find the answer in the output of a model, and parse it.

    The last JSON value with the form of an answer counts. Form has precedence over position: a value of the
    requested form wins over one that can only be understood as an answer. Length does not matter. Values in
    the model's reasoning are ignored; any pair of brackets that opens and closes a block may mark it. The
    answer may be wrapped in other JSON, even as a string.

    Args:
        text: the output of the model.
        fit: returns how well a value has the form of an answer.
        expected: the form in words, for the error.

    Returns:
        The value and whether it is complete.

    Raises:
        ParseError: the text contains no answer.
    """
    text = text.strip().lstrip("\ufeff").strip()
    if not text:
        raise ParseError("the answer is empty")
    try:
        # strict=False allows raw line breaks in strings.
        whole = json.loads(text, strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        # Not valid JSON; the tolerant parser below handles that.
        whole = None
    if isinstance(whole, str) and len(whole) < len(text):
        return parse_answer(whole, fit, expected)
    try:
        if fit(whole) >= Fit.EMPTY:
            return ParsedJSON(clean(whole))
        try:
            return _found(text, fit, expected)
        except ParseError:
            mended = _KEY.sub(lambda match: match.group().lower(), text.translate(_STRAIGHT))
            if mended == text:
                raise
            with contextlib.suppress(ParseError):
                return _found(mended, fit, expected)
            raise
    except RecursionError:
        raise ParseError("it is nested too deeply") from None


def _found(text: str, fit: Callable[[Any], Fit], expected: str) -> ParsedJSON:
    scan = Scanner(text).scan(lambda value: fit(value) >= Fit.EMPTY)
    blocks = blocks_of(scan.marks, len(text))
    candidates = _candidates(text, scan.values[-_MOST_VALUES:], blocks, fit)
    best = _best(text, candidates)
    if best is not None:
        return ParsedJSON(clean(best.value), not best.cut)
    if any(not block.closed for block in blocks):
        raise ParseError("the thoughts in it never end, so that no answer follows", cut=True)
    if not scan.values:
        raise ParseError(str(scan.failure), scan.failure.position, cut=scan.failure.position >= len(text))
    raise ParseError(f"expected {expected}, got {_described(scan.values[-1].value)}", cut=scan.values[-1].cut)


def _candidates(
    text: str, values: Sequence[Found], blocks: Sequence[Block], fit: Callable[[Any], Fit]
) -> list[_Candidate]:
    """Return the values that may be the answer and are not part of the reasoning."""
    candidates = []
    lines: list[tuple[Found, int]] = []
    bare = False
    for found in values:
        value, form = _unwrapped(found.value, fit)
        single = form in (Fit.NO, Fit.LOOSE) and isinstance(found.value, dict)
        rank = _rank(text, found.start, found.end, blocks) if single or form != Fit.NO else 0
        if not rank:
            continue
        if single:
            lines.append((found, rank))
            continue
        if form == Fit.BARE:
            # An empty list counts only if it is the whole reply, so not if there are two.
            before, bare = bare, True
            if before or not _is_all(text, found, blocks):
                continue
        else:
            form = _form_in_text(text, found, form)
        if form != Fit.NO:
            candidates.append(_candidate(text, [found], rank, form, value))
    return candidates + _joined(text, lines, fit)


def _form_in_text(text: str, found: Found, form: Fit) -> Fit:
    """Return the form of a value that may be only mentioned in a sentence."""
    if form == Fit.EXACT:
        return form
    # An empty answer followed by more of a sentence is only mentioned there.
    if form == Fit.EMPTY and _ASIDE.match(text, found.end):
        return Fit.NO
    if _stands(text, found):
        return form
    # May be only mentioned too, so let an earlier answer win.
    return Fit.LOOSE if form == Fit.EMPTY else Fit.NO


def _candidate(text: str, items: Sequence[Found], rank: int, form: Fit, value: Any) -> _Candidate:
    start, end = items[0].start, items[-1].end
    cut = any(found.cut for found in items)
    return _Candidate(rank, form, not cut or end == len(text), start, end, value, cut)


def _joined(text: str, lines: Sequence[tuple[Found, int]], fit: Callable[[Any], Fit]) -> list[_Candidate]:
    """Return candidates from single objects, joining adjacent ones into a list.

    Models write one object a line, or a bullet list of them, where a JSON array was requested.
    """
    candidates = []
    for items, rank in _runs(text, lines):
        # A last object that was cut off is dropped, as it is in an array.
        kept = items[:-1] if len(items) > 1 and items[-1].cut else items
        value = kept[0].value if len(items) == 1 else [found.value for found in kept]
        if fit(value) >= Fit.LOOSE and (len(items) > 1 or _stands(text, items[0])):
            candidates.append(_candidate(text, items, rank, Fit.LOOSE, value))
    return candidates


def _runs(text: str, lines: Sequence[tuple[Found, int]]) -> list[tuple[list[Found], int]]:
    """Group objects of one rank that only a line break, a comma or a bullet separates."""
    runs: list[tuple[list[Found], int]] = []
    for found, rank in lines:
        if runs and runs[-1][1] == rank and _BETWEEN.fullmatch(text, runs[-1][0][-1].end, found.start):
            runs[-1][0].append(found)
        else:
            runs.append(([found], rank))
    return runs


def _best(text: str, candidates: Sequence[_Candidate]) -> _Candidate | None:
    ordered = sorted(candidates, key=lambda it: (it.rank, min(it.fit, Fit.EMPTY), it.intact, it.start))
    if not ordered:
        return None
    best = ordered[-1]
    if best.cut:
        # A model in a loop repeats its answer until it is cut off: take an earlier, complete copy.
        begun = text[best.start : best.end]
        for other in ordered[-2::-1]:
            if not other.cut and other.rank == best.rank and text.startswith(begun.rstrip(), other.start):
                return other
    return best


def _rank(text: str, start: int, end: int, blocks: Sequence[Block]) -> int:
    """Return the weight of a position: 2 outside of all blocks, 1 filling a block, 0 inside reasoning."""
    # Kept whole: each rule decides only where those before it left the question open.
    inside = around(blocks, start, end)
    others = [block for block in inside if not block.frames_answer]
    if not others:
        return 2
    if any(block.holds_thoughts and block.closed for block in others):
        return 0
    if all(block.closed for block in others):
        return int(all(not block.opened or _fills(text, start, end, block) for block in others))
    # Reasoning without an end is taken to end where a block marked as the answer begins.
    latest = max(block.start for block in others)
    framing = (block for block in inside if block.frames_answer and block.start >= latest)
    return int(any(_fills(text, start, end, block) for block in framing))


def _fills(text: str, start: int, end: int, block: Block) -> bool:
    return _is_blank(text, block.start, start) and _is_blank(text, end, block.end)


def _is_blank(text: str, start: int, end: int) -> bool:
    """Return whether a range contains only blanks, fences and marks, and is not too long."""
    if end - start > _MOST_BLANK:
        return False
    return not _MARK.sub("", _FENCE.sub("", text[start:end])).strip()


def _is_all(text: str, found: Found, blocks: Sequence[Block]) -> bool:
    """Return whether the text contains only this value and reasoning."""
    if any(not block.frames_answer for block in around(blocks, found.start, found.end)):
        return False
    at, rest = 0, []
    for block in sorted([*blocks, Block(found.start, found.end, "")]):
        if block.frames_answer:
            continue
        rest.append(text[at : max(at, block.start)])
        at = max(at, block.end)
    rest.append(text[at:])
    return _is_blank("".join(rest), 0, sum(map(len, rest)))


def _stands(text: str, found: Found) -> bool:
    """Return whether a value stands alone rather than in the middle of a sentence."""
    before = text[max(0, found.start - _LOOK_BACK) : found.start]
    introduced = found.start == 0 or _INTRODUCED.search(before) is not None
    return introduced and (found.cut or _CLOSED.match(text, found.end) is not None)


def _unwrapped(value: Any, fit: Callable[[Any], Fit]) -> tuple[Any, Fit]:
    """Return the answer inside a value, and its form.

    The outermost values with the requested form count: the last of them, or all of them merged if they are
    items of a list.
    """
    form = fit(value)
    if form >= Fit.EMPTY:
        return value, form
    # Breadth first, so that outer values are found before inner ones.
    level, seen = [value], 0
    while level and seen < _MOST_WRAPPINGS:
        below: list[Any] = []
        exact: tuple[Any, Fit] | None = None
        for item in level:
            inner = list(item.values()) if isinstance(item, dict) else item
            inner = [_decoded(part) for part in inner]
            seen += len(inner)
            forms = [fit(part) for part in inner]
            right = [part for part, its in zip(inner, forms, strict=True) if its >= Fit.EMPTY]
            if right:
                merged = _united(right) if isinstance(item, list) else right[-1]
                exact = merged, fit(merged)
            below.extend(part for part in inner if isinstance(part, (dict, list)))
        if exact is not None:
            return exact
        level = below
    return value, form


def _decoded(value: Any) -> Any:
    """Return the value of a string that contains JSON, like the arguments of a tool call."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value, strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return value


def _united(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Merge several answers by concatenating their lists."""
    united: dict[str, Any] = {}
    for answer in answers:
        for key, value in answer.items():
            if isinstance(value, list) and isinstance(united.get(key), list):
                united[key] = united[key] + value
            else:
                united[key] = value
    return united


def _described(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(map(repr, list(value)[:5])) or 'nothing in it'}"
    return f"a list of {len(value)} items"
