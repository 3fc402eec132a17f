"""Parse a model's answer as decisions about facts and stored memories, and resolve conflicts between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..patterns import Pattern
from ..prompts.decision import ACTIONS
from ..text.cleaning import normalize
from ..text.prefilter import Prefilter
from ..text.terms import query_terms, terms
from .answer import Fit, ParseError, parse_answer
from .facts import whole

# Names and numbers. A memory that lacks one of a fact's does not state that fact.
_PARTICULAR = Pattern(r"(?<=\w[ ,;(])[^\W\d_a-z]\w+|\d(?:[\w.,:/-]*\w)?")
_SUBJECT = frozenset(terms("user person speaker")) | frozenset(("用户", "使用", "ユー", "ーザ"))
# Characters of a fact to search for a request to forget; bounds the time of the patterns below.
_LONGEST = 1000
# Minimum share of a fact's words that a memory must contain to count as stating it.
_ENOUGH = 0.5
_SENTENCES = Pattern(r"(?<=[.!?;])\s+|(?<=[\u3002\uff01\uff1f\uff1b])")
_ENOUGH_WITHOUT_NAMES = 0.7


def _any(*patterns: str) -> Pattern:
    return Pattern("|".join(patterns), re.IGNORECASE)


_TOLD = r"\b(?:ask(?:s|ed|ing)?|request(?:s|ed|ing)?|tells?|told|instruct(?:s|ed)?)\b"
_WISH = (
    rf"(?:{_TOLD}|\b(?:demands?|demanded|insists?|insisted|wants?|wanted|wish(?:es|ed)?|would (?:like|prefer)"
    r"|prefers?|should|must|needs?|please|to be)\b)"
)
_UNWANTED = r"(?:\bnot|n['\u2019]t|\bnever|\bno longer)"
_ASSISTANT = r"(?:the |this )?(?:assistant|ai|bot|chat\w*|agent|system|model|you|me|us|them|it)"
# Nouns that show that something is to be removed from memory, and not, say, from a room.
_INFORMATION = (
    r"\b(?:memor|record|remember|stored|saved|note|fact|number|address|info|detail|data|entr(?:y|ies)"
    r"|statement|mention|preference|histor|conversation|e-?mail|birthday|name\b)"
)
_ERASE = r"\b(?:erase|delete|remove|discard|wipe|purge|scrub|clear|drop|disregard)\b"
_ERASED = r"\b(?:removed|discarded|dropped|cleared|disregarded|ignored)\b"
_START = r"(?:^|[.!?;:,\"]\s*|\bplease\s+)"
_KEEP = r"\b(?:remember|stor(?:e|ed|ing)\b|sav(?:e|ed|ing)\b|retain|kept|keep|known)"
_FORGET = _any(
    rf"{_WISH}[^.]{{0,80}}\b(?:forget|forgotten|unlearn)",
    rf"(?:{_START}|\byou\s+)(?:forget|unlearn)\b",
    rf"{_TOLD}\s+(?:{_ASSISTANT}|to|that|for)\b[^.]{{0,60}}\b(?:delet|remov|eras|discard|wip|purg|scrub)",
    rf"{_WISH}[^.]{{0,80}}\b(?:deleted|erased|wiped|purged|expunged)\b",
    rf"{_WISH}[^.]{{0,80}}{_INFORMATION}[^.]{{0,80}}{_ERASED}",
    rf"{_WISH}[^.]{{0,80}}{_ERASED}[^.]{{0,40}}\bmemor",
    rf"{_WISH}[^.]{{0,60}}{_ERASE}(?:[^.]{{0,60}}{_INFORMATION}|\s+(?:that|what)\b)",
    rf"{_WISH}[^.]{{0,60}}\bignore\s+(?:that|what|the (?:statement|remark|claim))\b",
    rf"{_START}{_ERASE}(?:[^.]{{0,60}}{_INFORMATION}|\s+(?:that|what)\b)",
    r"\b(?:be|please) disregard",
    r"\brequests?\b[^.]{0,20}\b(?:removal|deletion|erasure)\b",
    rf"{_UNWANTED}\s+(?:want|wish|like)\w*\b[^.]{{0,60}}{_KEEP}",
    rf"\b(?:should|must)\s+{_UNWANTED}\b[^.]{{0,30}}\b(?:remember|be (?:stor|sav|retain|kept))",
    rf"{_TOLD}[^.]{{0,60}}(?:{_UNWANTED}|\bstop|\bcease)\b[^.]{{0,40}}{_KEEP}",
    r"\b(?:stop|cease)\b[^.]{0,20}\bremember",
    r"\b(?:takes?|took|taking) (?:it back|back (?:that|what|the (?:statement|claim|remark)))\b|\bretract",
    r"\bwithdr[ae]w\w*\b[^.]{0,20}\b(?:statement|claim|remark)",
    r"\b(?:m[öo]cht|will\b|woll|soll|bitte|verlang|w[üu]nsch|gebeten)[^.]{0,80}(?:vergess|l[öo]sch|entfern)",
    r"\b(?:veut|voudrait|souhait|demand|prie|doit|faut|veuillez)[^.]{0,80}\b(?:oubli|supprim|efface)",
    r"\b(?:quiere|pid|desea|solicit|debe|por favor)[^.]{0,80}\b(?:olvid|borr|elimin)",
    r"\b(?:quer|ped|deseja|solicit|deve|por favor)[^.]{0,80}\b(?:esque[cç]|apag|delet|exclu)",
    r"\b(?:vuole|vorrebbe|chied|chiesto|desidera|deve|per favore)[^.]{0,80}\b(?:dimentic|cancell|elimin)",
    r"(?:хоч|хот|прос|пожалуйста|нужно|жела|требу)[^.]{0,80}(?:забы|забуд|удал|стер)",
    r"^(?:vergiss|oublie|olvida|esque[cç]|dimentica|забудь|удали)",
    r"(?:要求|希望|想|请|請|让|讓|叫|需要|要)[^。]{0,30}(?:忘|删|刪|移除|清除|不再记|不再記|不要记|不要記|别记)",
    r"^(?:忘掉|忘记|忘記|删除|刪除)",
    r"(?:忘れ|消し|削除し)て(?:ほし|欲し|くれ|くださ|下さ|と|もら|$)|(?:忘れる|削除する|消す)よう|削除を(?:希望|依頼|要求)",
    r"(?:잊어|삭제해|지워)\s?(?:달|줘|주)|(?:잊|삭제|지우)\S{0,3}\s?(?:원|요청|바라|바란)",
)
# Phrases about forgetting that are no request: people forget things, or want them never forgotten.
_NOT_ASKED = _any(
    r"(?:\bnot|n['\u2019]t|\bnever|\bcannot)\s+(?:to\s+|ever\s+|be\s+)*(?:forg|delet|eras|remov|discard)\w*",
    rf"{_UNWANTED}\s+(?:want|wish|ask|like)\w*\b[^.]{{0,60}}\b(?:forg|delet|eras|remov)\w*",
    r"\b(?:has|have|had|having|was|were)(?:\s+\w+)?\s+forgotten",
    r"\b(?:tend\w*|prone|likely|apt|liable|afraid|fear\w*|worr\w*|used|easy|hard)\s+(?:to|of)\s+forget\w*",
    r"\b(?:might|may|will|would|often|always|sometimes|easily|he|she|they|i)\s+forget\b",
    r"\bforget\W{0,2}me\W{0,2}nots?\b",
)


# For a request to forget. Trying all that may be one takes 0.1 ms.
_MAY_ASK_TO_FORGET = Prefilter(
    """
forg unlearn delet remov eras discard wip purg scrub expung clear drop ignore disregard remember stor sav
retain kept keep known retract withdr back
vergess vergiss lösch losch entfern oubli supprim efface olvid borr elimin esquec esqueç apag exclu
dimentic cancell забы забуд удал стер
忘 删 刪 移除 清除 不再记 不再記 不要记 不要記 别记 消し 消す 削除 잊 삭제 지우 지워
"""
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about a fact.

    Attributes:
        fact: index of the fact.
        action: one of ``_core.prompts.ACTIONS``.
        target: alias of the stored memory to change, or that already states the fact; ``None`` for ADD.
        text: the merged text for UPDATE, otherwise ``None``.
    """

    fact: int
    action: str
    target: str | None = None
    text: str | None = None


def resolve(
    given: Collection[Decision], facts: Sequence[str], memories: Mapping[str, str]
) -> tuple[Decision, ...]:
    """Turn a model's decisions into consistent ones.

    Every fact that states something ends up stored, merged into a memory, or stated by an existing memory. A
    memory is closed only if a fact replaces it, and deleted only if the user asked to forget it. Therefore:

    - DELETE for a fact that is no request to forget becomes SUPERSEDE.
    - NONE for a fact that no memory states, and UPDATE with a text that omits the fact, become ADD. So does
      UPDATE that joins two matters which have no word in common, or that loses most words of the memory.
    - If several facts target one memory, DELETE wins over SUPERSEDE and SUPERSEDE over UPDATE; the facts that
      lose are added.

    Args:
        given: the decisions, in any order; their targets exist.
        facts: the texts of the facts.
        memories: the texts of the memories by alias, in any order.

    Returns:
        The decisions to carry out, ordered by fact. No two change the same memory. A fact without a decision
        in ``given`` has none.
    """
    return _Resolution(facts, memories).of(frozenset(given))


def asks_to_forget(fact: str) -> bool:
    """Return whether a fact says that the user wants something forgotten, or retracts something."""
    if not _MAY_ASK_TO_FORGET.allows(fact):
        return False
    return _FORGET.search(_NOT_ASKED.sub(" ", fact[:_LONGEST])) is not None


class Words:
    """The words of texts, cached, since each text is compared with many others."""

    def __init__(self) -> None:
        self._held: dict[str, frozenset[str]] = {}
        self._stated: dict[str, tuple[list[frozenset[str]], frozenset[str]]] = {}

    def held(self, text: str) -> frozenset[str]:
        """Return the terms of a memory."""
        found = self._held.get(text)
        if found is None:
            found = self._held[text] = frozenset(terms(text))
        return found

    def stated(self, text: str) -> tuple[list[frozenset[str]], frozenset[str]]:
        """Return the terms of each name and number in a fact, and all its terms but "user" and the like."""
        found = self._stated.get(text)
        if found is None:
            particulars = [frozenset(terms(particular)) for particular in _PARTICULAR.findall(text)]
            found = self._stated[text] = particulars, frozenset(query_terms(text)) - _SUBJECT
        return found

    def share(self, wanted: str, text: str) -> float:
        """Return the share of the words of one text that another has; 1 if it has no words of its own."""
        words = self.stated(wanted)[1]
        return len(words & self.held(text)) / len(words) if words else 1.0


def says(memory: str, fact: str, enough: float | None = None, words: Words | None = None) -> bool:
    """Return whether a text states a fact, judging by its words, names and numbers.

    Args:
        memory: the text.
        fact: the fact.
        enough: minimum share of the fact's words that the text must contain.
        words: cache of the words of texts.
    """
    words = Words() if words is None else words
    held = words.held(memory)
    particulars, wanted = words.stated(fact)
    if any(map(held.isdisjoint, particulars)):
        return False
    if enough is None:
        enough = _ENOUGH if fact.lower() != fact.upper() else _ENOUGH_WITHOUT_NAMES
    return not wanted or len(wanted & held) >= enough * len(wanted)


def _order(item: Decision) -> tuple[int, str, str, str]:
    return item.fact, item.target or "", item.action, item.text or ""


class _Resolution:
    """The work of ``resolve``."""

    def __init__(self, facts: Sequence[str], memories: Mapping[str, str]) -> None:
        self._facts = facts
        self._words = Words()
        self._says = partial(says, words=self._words)
        # The text of each memory afterwards; closed and deleted memories are removed.
        self._current = dict(sorted(memories.items()))
        self._kept: set[Decision] = set()
        # Facts that need no memory of their own: merged into another text, or a request to forget.
        self._settled: set[int] = set()
        # Facts to add as memories.
        self._stated: set[int] = set()
        # By fact, the memories that a NONE names as stating it; `None` where it names none.
        self._nowhere: dict[int, set[str | None]] = {}
        # By alias, what is proposed for each memory.
        self._closing: dict[str, set[int]] = {}
        self._forgetting: dict[str, set[int]] = {}
        self._merging: dict[str, list[Decision]] = {}

    def of(self, given: frozenset[Decision]) -> tuple[Decision, ...]:
        given = self._superseding(given)
        for item in sorted(given, key=_order):
            self._propose(item)
        taken: dict[str, str] = {}
        for alias in list(self._current):
            self._settle_memory(alias, taken)
        self._finish({item.fact for item in given})
        return tuple(sorted(self._kept, key=_order))

    def _propose(self, item: Decision) -> None:
        """Sort a decision by what it means for its fact and its target."""
        action, fact, target = item.action, item.fact, item.target
        if action == "NONE":
            self._nowhere.setdefault(fact, set()).add(target)
        elif target is None or action == "ADD":
            self._stated.add(fact)
        elif action == "UPDATE":
            if item.text and self._says(item.text, self._facts[fact]) and self._belongs(item):
                self._merging.setdefault(target, []).append(item)
            else:
                self._stated.add(fact)
        elif action == "DELETE" and asks_to_forget(self._facts[fact]):
            self._forgetting.setdefault(target, set()).add(fact)
        else:
            self._closing.setdefault(target, set()).add(fact)

    def _belongs(self, item: Decision) -> bool:
        """Return whether a merged text is about one matter: the memory's and the fact's, and loses neither.

        A weak model joins a fact to any memory: "Lea got married" becomes "Lea got married. Tom is a pilot".
        Or it puts the fact in the place of a memory about something else.
        """
        before, fact, merged = self._current[item.target or ""], self._facts[item.fact], item.text or ""
        if self._words.share(fact, before) or self._words.share(before, fact):
            return self._words.share(before, merged) >= _ENOUGH
        parts = _SENTENCES.split(merged.strip())
        apart = [
            part for part in parts if not self._words.share(before, part) or not self._words.share(fact, part)
        ]
        # One sentence that says both may have found a connection.
        return len(parts) == 1 and not apart

    def _settle_memory(self, alias: str, taken: dict[str, str]) -> None:
        """Choose one of the changes proposed for a memory."""
        ends, merges = self._closing.get(alias, set()), self._merging.get(alias, [])
        if alias in self._forgetting:
            self._forget(alias, self._forgetting[alias], ends)
            return
        # If one fact proposes to both replace the memory and merge with it, merge only if the merged text
        # keeps everything that the memory states.
        before = self._current[alias]
        whole = [item for item in merges if item.fact in ends and self._says(item.text or "", before, 1.0)]
        if ends and not whole:
            self._close(alias, ends)
        elif merges:
            self._stated |= ends - {item.fact for item in whole}
            self._merge(alias, whole or merges, taken)

    def _superseding(self, given: frozenset[Decision]) -> frozenset[Decision]:
        """Convert UPDATEs to a fact's own words into SUPERSEDE where the fact replaces other memories too.

        A fact that replaces several memories must become one new memory, not the same text several times.
        """
        ends: dict[int, set[str | None]] = {}
        for item in given:
            if item.action in ("SUPERSEDE", "DELETE") or self._repeats(item):
                ends.setdefault(item.fact, set()).add(item.target)
        return frozenset(
            Decision(item.fact, "SUPERSEDE", item.target)
            if self._repeats(item) and len(ends[item.fact]) > 1
            else item
            for item in given
        )

    def _repeats(self, item: Decision) -> bool:
        return item.action == "UPDATE" and normalize(item.text or "") == normalize(self._facts[item.fact])

    def _forget(self, alias: str, facts: set[int], ends: set[int]) -> None:
        self._kept.add(Decision(min(facts), "DELETE", alias))
        self._settled |= facts
        self._stated |= ends
        del self._current[alias]

    def _close(self, alias: str, facts: set[int]) -> None:
        # If several facts replace one memory, the first one closes it and the others are simply added.
        self._kept.add(Decision(min(facts), "SUPERSEDE", alias))
        self._stated |= facts
        del self._current[alias]

    def _merge(self, alias: str, merges: Sequence[Decision], taken: dict[str, str]) -> None:
        best = min(merges, key=lambda item: (item.fact, -len(item.text or ""), item.text or ""))
        text = best.text or ""
        self._settled.add(best.fact)
        # Two memories cannot have the same text, so a second one stays as it is.
        if taken.setdefault(normalize(text), alias) == alias:
            self._kept.add(Decision(best.fact, "UPDATE", alias, text))
            self._current[alias] = text

    def _finish(self, decided: set[int]) -> None:
        """Make a decision for every fact that has none yet."""
        superseding = {item.fact for item in self._kept if item.action == "SUPERSEDE"}
        merged = {item.fact for item in self._kept if item.action == "UPDATE"}
        late: dict[int, set[str | None]] = {fact: set(found) for fact, found in self._nowhere.items()}
        for alias, items in self._merging.items():
            for item in items:
                late.setdefault(item.fact, set()).add(alias)
        kept = {item.fact for item in self._kept}
        for fact in decided - superseding - merged:
            if fact in self._stated:
                self._kept.add(Decision(fact, "ADD"))
            elif fact in self._settled:
                if fact not in kept:
                    self._kept.add(Decision(fact, "NONE"))
            else:
                self._kept.add(self._known(fact, late.get(fact, set())))

    def _known(self, fact: int, named: set[str | None]) -> Decision:
        """Return NONE with a memory that states the fact, or ADD if there is none."""
        text = self._facts[fact]
        for alias, memory in self._current.items():
            if alias in named and self._says(memory, text):
                return Decision(fact, "NONE", alias)
        for alias, memory in self._current.items():
            if self._says(memory, text, _ENOUGH_WITHOUT_NAMES):
                return Decision(fact, "NONE", alias)
        return Decision(fact, "ADD")


_CONTAINERS = ("decisions", "memory", "actions", "results", "items", "data")
_SYNONYMS = {
    "CREATE": "ADD", "INSERT": "ADD", "NEW": "ADD",
    "MERGE": "UPDATE",
    "REPLACE": "SUPERSEDE", "SUPERSEDES": "SUPERSEDE",
    "REMOVE": "DELETE", "FORGET": "DELETE",
    "NOOP": "NONE", "NO_OP": "NONE", "SKIP": "NONE", "KEEP": "NONE", "NO_CHANGE": "NONE", "IGNORE": "NONE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions in an answer.

    Attributes:
        items: the valid decisions. No two change the same memory.
        rejected: a sentence for each invalid decision.
        undecided: indices of facts without a decision, ascending. Add them, so that nothing is lost.
        complete: whether the answer was complete.
    """

    items: tuple[Decision, ...]
    rejected: tuple[str, ...]
    undecided: tuple[int, ...]
    complete: bool = True


def parse_decisions(text: str, *, facts: Sequence[str], memories: Mapping[str, str]) -> Decisions:
    """Parse the decisions in an answer and resolve conflicts between them; see ``resolve``.

    Args:
        text: the answer, ideally in the form of ``DECISION_SCHEMA``. The older form
            ``{"memory": [{"id", "text", "event"}]}``, is accepted if there are as many changes as facts,
            which are matched in order.
        facts: the texts of the facts in the request.
        memories: the texts of the memories in the request, by alias. Changes to others are rejected.

    Raises:
        ParseError: the answer has no list of decisions.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'decisions'")
    return replace(read_decisions(parsed.value, facts=facts, memories=memories), complete=parsed.complete)


def read_decisions(value: Any, *, facts: Sequence[str], memories: Mapping[str, str]) -> Decisions:
    """Read the decisions in a parsed answer; see ``parse_decisions``."""
    # Some models name a memory by its text.
    aliases = {normalize(text).casefold(): alias for alias, text in reversed(list(memories.items()))}
    aliases |= {alias.casefold(): alias for alias in memories}
    given: set[Decision] = set()
    rejected: list[str] = []
    for number, (item, fact) in enumerate(_numbered(_items(value), facts)):
        try:
            given.add(_decision(item, fact, len(facts), aliases))
        except _Rejected as reason:
            rejected.append(f"decision {number}: {reason}")
    decided = {item.fact for item in given}
    undecided = tuple(fact for fact in range(len(facts)) if fact not in decided)
    return Decisions(resolve(given, facts, memories), tuple(rejected), undecided)


def _fit(value: Any) -> Fit:
    if isinstance(value, list):
        return Fit.LOOSE if any(map(_decides, value)) else Fit.NO if value else Fit.BARE
    if not isinstance(value, dict):
        return Fit.NO
    if isinstance(value.get("decisions"), list):
        return Fit.EXACT if value["decisions"] else Fit.EMPTY
    try:
        return Fit.LOOSE if any(map(_decides, _items(value))) else Fit.NO
    except ParseError:
        return Fit.NO


def _decides(item: Any) -> bool:
    return isinstance(item, Mapping) and ("action" in item or "event" in item)


class _Rejected(Exception):
    """Why one decision cannot be applied."""


def _decision(item: Any, fact: int | None, facts: int, aliases: Mapping[str, str]) -> Decision:
    """Read a single decision."""
    if not isinstance(item, Mapping):
        raise _Rejected(f"expected an object, got {type(item).__name__}")
    if fact is None or not 0 <= fact < facts:
        raise _Rejected(f"there is no fact {item.get('fact', fact)!r}")
    action = _action(item)
    if action == "ADD":
        return Decision(fact, "ADD")
    given = _given_target(item)
    target = _alias(given, aliases)
    if target is None and not (action == "NONE" and _names_nothing(item)):
        raise _Rejected(f"{action} of {given!r}, which was not offered")
    if action != "UPDATE":
        return Decision(fact, action, target)
    text = item.get("text")
    text = text.strip() if isinstance(text, str) else ""
    if not text:
        raise _Rejected(f"UPDATE of {target!r} without a text")
    return Decision(fact, action, target, text)


def _alias(given: Any, aliases: Mapping[str, str]) -> str | None:
    """Return the alias that a target stands for, which may be quoted, in brackets, or in a list."""
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, str):
        return None
    name = given.strip().casefold()
    return (
        aliases.get(name)
        or aliases.get(name.strip("\"'`()[]<>{}# .:"))
        or aliases.get(normalize(given).casefold())
    )


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if "action" in value or "event" in value:
            return [value]
        for key in _CONTAINERS:
            if isinstance(value.get(key), (list, dict)):
                return _items(value[key])
    raise ParseError("expected an object with a list 'decisions'")


def _numbered(items: list[Any], facts: Sequence[str]) -> list[tuple[Any, int | None]]:
    """Pair each item with its fact. Items without a number are matched in order if that is unambiguous."""
    fields = [item if isinstance(item, Mapping) else {} for item in items]
    if any("fact" in of_item for of_item in fields):
        # Of two facts with the same text, the first one counts.
        numbers = {normalize(text): number for number, text in reversed(list(enumerate(facts)))}
        given = [_number(of_item.get("fact"), numbers) for of_item in fields]
        return list(zip(items, given, strict=True))
    # Without numbers, a NONE is about a stored memory that stays unchanged, unless all items are NONE.
    changes = [item for item, of_item in zip(items, fields, strict=True) if not _is_none(of_item)]
    if len(changes) == len(facts):
        return list(zip(changes, range(len(facts)), strict=True))
    if not changes and len(facts) == 1 and items:
        return [(items[0], 0)]
    return [(item, None) for item in changes]


def _number(value: Any, numbers: Mapping[str, int]) -> int | None:
    """Return the number of a fact, which may be given by its text."""
    number = whole(value)
    return numbers.get(normalize(value)) if number is None and isinstance(value, str) else number


def _is_none(item: Mapping[str, Any]) -> bool:
    try:
        return _action(item) == "NONE"
    except _Rejected:
        return False


def _action(item: Mapping[str, Any]) -> str:
    given = item.get("action", item.get("event"))
    name = given.strip().upper().replace(" ", "_") if isinstance(given, str) else given
    if name is None and ("action" in item or "event" in item):
        name = "NONE"
    name = _SYNONYMS.get(name, name) if isinstance(name, str) else None
    if name not in ACTIONS:
        raise _Rejected(f"unknown action {given!r}")
    return str(name)


def _names_nothing(item: Mapping[str, Any]) -> bool:
    given = _given_target(item)
    return given is None or str(given).strip().casefold() in ("", "null", "none")


def _given_target(item: Mapping[str, Any]) -> Any:
    return item.get("target", item.get("id"))
