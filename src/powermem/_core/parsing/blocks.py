"""Find a model's reasoning in its answer, by brackets that open and close rather than a list of tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..patterns import Pattern

_NAME = r"[A-Za-z][\w:. -]{0,40}"
MARK = (
    # Harmony's channels have no end of their own.
    r"<\|channel\|>(?P<channel>[^<]{1,60})(?:<\|constrain\|>[^<]{0,60})?<\|message\|>"
    rf"|<(?P<a>/?)(?P<angle>[A-Za-z][\w:.-]{{0,40}})(?:\s[^<>{{}}\[\]]{{0,200}})?>"
    rf"|<\|(?P<p>/?)(?P<pipe>{_NAME})\|>"
    rf"|\[(?P<s>/?)(?P<square>(?!(?:null|true|false|None|True|False|NaN|Infinity|undefined)\]){_NAME})\]"
    rf"|[◁【«⟨《〈](?P<o>/?)(?P<other>{_NAME})[▷】»⟩》〉]"
    rf"|\((?P<r>/?)(?P<round>{_NAME})\)"
)
"""A regular expression for anything that may open or close a block. The length of a match is bounded."""

_STYLES = (("a", "angle"), ("p", "pipe"), ("s", "square"), ("o", "other"), ("r", "round"))
_WORDED = Pattern(r"(start|begin|end)(?:[_ -]of)?[_ -](.+)")
# Blocks that frame the answer itself.
_ANSWERS = Pattern(
    r"answer|final|output|result|response|reply|solution|json|fact|decision|segment|ranking"
    r"|(?:tool|function)[_ ]?calls?"
)
# If a block never closes, or is all there is, only its name tells whether it is reasoning.
_THOUGHTS = Pattern(r"th(?:ink|ought)|reason|reflect|analy|draft|scratch|ponder|plan|delibera|mono|cot\b")
# Tags without a closing tag in HTML, and special tokens of tokenizers.
_SINGLE = frozenset(("br", "hr", "p", "li", "b", "i", "s", "u", "em", "img", "input", "meta", "link")) | {
    "bos", "eos", "pad", "unk", "sep", "cls"
}  # fmt: skip
_ENDS_CHANNEL = frozenset(
    ("start", "end", "return", "call", "channel", "message", "im_start", "im_end", "eot_id")
)


_MOST = 200
_MOST_AT_ENDS = 20
_LOOK_BACK = 20


class Mark(NamedTuple):
    """The opening or closing mark of a block; ``leading`` is whether it is the first on its line."""

    start: int
    end: int
    name: str
    style: str
    closing: bool
    worded: bool = False
    leading: bool = False


class Block(NamedTuple):
    """A part of an answer between two marks.

    Attributes:
        start: index of its first character.
        end: index after its last character.
        name: its name in lower case.
        opened: whether it has an opening mark; some servers strip that of the reasoning.
        closed: whether it has a closing mark.
    """

    start: int
    end: int
    name: str
    opened: bool = True
    closed: bool = True

    @property
    def frames_answer(self) -> bool:
        """Whether its name is one for answers."""
        return _ANSWERS.search(self.name) is not None and not self.holds_thoughts

    @property
    def holds_thoughts(self) -> bool:
        """Whether its name is one for reasoning."""
        return _THOUGHTS.search(self.name) is not None


def read_mark(match: re.Match[str]) -> Mark:
    """Return the mark that a match of ``MARK`` found."""
    if channel := match["channel"]:
        return Mark(
            match.start(),
            match.end(),
            channel.split()[0].lower() if channel.strip() else "",
            "channel",
            False,
        )
    style, name, slash = next((style, match[style], match[s]) for s, style in _STYLES if match[style])
    name = name.strip().lower()
    if worded := _WORDED.fullmatch(name):
        return Mark(match.start(), match.end(), worded[2], style, worded[1] == "end", True)
    before = match.string[max(0, match.start() - _LOOK_BACK) : match.start()].rstrip(" \t")
    return Mark(match.start(), match.end(), name, style, bool(slash), leading=before[-1:] in ("", "\n"))


def blocks_of(marks: Iterable[Mark], length: int) -> list[Block]:
    """Return the blocks formed by marks.

    Args:
        marks: the marks in order.
        length: number of characters in the answer.

    Returns:
        The blocks. Only the last ones of hundreds: each value is compared with all blocks, which would take
        too long in the output of a model in a loop.
    """
    of_channels: list[Mark] = []
    bracketed: list[Mark] = []
    for mark in marks:
        ends_channel = mark.style == "pipe" and mark.name in _ENDS_CHANNEL
        (of_channels if ends_channel or mark.style == "channel" else bracketed).append(mark)
    # A channel lasts until the next channel, or a token that ends it.
    blocks = [
        Block(mark.end, after.start, mark.name)
        for mark, after in pairwise(of_channels)
        if mark.style == "channel"
    ]
    pairs, unopened, unclosed = _paired(mark for mark in bracketed if mark.name not in _SINGLE)
    unclosed += [mark for mark in of_channels[-1:] if mark.style == "channel"]
    # In the order of their ends, so that the last blocks of the answer are kept.
    blocks = sorted([*blocks, *pairs], key=lambda block: block.end)
    endless = [Block(mark.end, length, mark.name, closed=False) for mark in unclosed[:_MOST_AT_ENDS]]
    return [*unopened[-_MOST_AT_ENDS:], *blocks[-_MOST:], *endless]


def _paired(marks: Iterable[Mark]) -> tuple[list[Block], list[Block], list[Mark]]:
    """Return the blocks that two marks form, those without an opening mark, and marks that stay open."""
    blocks: list[Block] = []
    unopened: list[Block] = []
    open_marks: list[Mark] = []
    # How many of `open_marks` have each name.
    names: dict[str, int] = {}
    for mark in marks:
        if not mark.closing:
            open_marks.append(mark)
            names[mark.name] = names.get(mark.name, 0) + 1
        elif opening_name := _opening_of(mark, names, open_marks):
            # Marks opened after it were never closed, so they are dropped.
            while (opening := open_marks.pop()).name != opening_name:
                names[opening.name] -= 1
            names[opening_name] -= 1
            blocks.append(Block(opening.end, mark.start, mark.name))
        else:
            unopened.append(Block(0, mark.start, mark.name, opened=False))
    return blocks, unopened, [mark for mark in open_marks if _may_stay_open(mark)]


def _opening_of(mark: Mark, names: dict[str, int], open_marks: Sequence[Mark]) -> str:
    """Return the name of the block that a closing mark ends, or ``""``.

    A closing mark for reasoning ends reasoning of any name, as in ``<think>...</thinking>``.
    """
    if names.get(mark.name):
        return mark.name
    if not _THOUGHTS.search(mark.name):
        return ""
    latest = reversed(open_marks[-_MOST_AT_ENDS:])
    return next((opening.name for opening in latest if _THOUGHTS.search(opening.name)), "")


def _may_stay_open(mark: Mark) -> bool:
    """Return whether a mark opens a block even if nothing closes it. Brackets in prose must not."""
    if _THOUGHTS.search(mark.name):
        return mark.style != "round"
    if mark.worded or mark.style in ("pipe", "round"):
        return False
    if mark.style == "square" and not _ANSWERS.search(mark.name):
        return False
    return mark.leading


def around(blocks: Sequence[Block], start: int, end: int) -> list[Block]:
    """Return the blocks that contain a range of characters."""
    return [block for block in blocks if block.start <= start and end <= block.end]
