# Generated from src/powermem/_async/extraction.py by scripts/run_unasync.py; edit that file instead.
"""From a conversation to memories: extract, match, decide, apply."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, TypeAlias, TypeVar

from .._concurrency import KeyedLock, Lock, to_thread
from .._core.changes.reconcile import (
    Candidate,
    NewMemories,
    add,
    candidates,
    carry_out,
    learn,
    merged_texts,
    neighbourhood,
)
from .._core.changes.writes import AddTurn, Change, FinishTurns, Items, Outcome, Remember, VersionConflict
from .._core.filters import Expression
from .._core.messages.portions import Portion
from .._core.messages.rough import is_rough
from .._core.parsing.answer import ParseError
from .._core.parsing.decisions import Decision, Decisions, parse_decisions, resolve
from .._core.parsing.facts import parse_extraction
from .._core.parsing.segments import parse_segments
from .._core.prompts import (
    DECISION_SCHEMA,
    EXTRACTION_SCHEMA,
    SEGMENTATION_SCHEMA,
    decision_messages,
    extraction_messages,
    has_conversation,
    repair_messages,
    segmentation_messages,
)
from .._core.query.search import Hit, SearchRequest
from .._core.results.records import event_items
from .._core.rules import extract, stated_preferences
from .._core.tasks.buffering import learning_later, new_turn
from .._core.text.cleaning import normalize
from .._core.text.indexing import query_ids
from .._core.text.terms import query_terms, shared, terms
from .._core.values import Extracted, Fact, FoundPreference, Message, Row, Scope, Usage
from .._core.wire.reasons import CUT, FILTERED, TOO_LONG
from .._core.wire.sizing import Sizing
from ..errors import (
    ConfigError,
    EmbeddingMismatchError,
    ExtractionError,
    InvalidInputError,
    PowerMemError,
    ProviderError,
    QuotaExceededError,
    StoreError,
)
from ..types import ChatMessage, Completion, MemoryEvent, Schema
from .encoder import Encoder
from .providers.llm import LLM
from .stores.base import Store

T = TypeVar("T", Extracted, Decisions)

log = logging.getLogger(__name__)

# Up to this many messages easily fit one request. Dividing them would cost a call, and lose what the parts
# say about each other.
_SHORT = 20
# With more messages in one request, models lose track of their numbers, and small ones exceed their window.
_MOST = 200
# Characters. Parsing an answer up to this length takes a few milliseconds at most.
_LONG = 4_000
# Tokens. A portion this small fits every model, so its refusal says nothing about the model's window.
_SMALL = 200
# Give up after this many indivisible portions have failed and none has succeeded.
_HOPELESS = 4
# A portion refused for one of these reasons may be accepted in parts.
_DIVISIBLE = frozenset({CUT, FILTERED, TOO_LONG})


@dataclass(frozen=True, slots=True)
class Learned:
    """The result of extraction from a conversation.

    Attributes:
        facts: the facts; the turn of each is the index of its message.
        preferences: the preferences.
        missing: indices of messages that were not extracted completely, ascending.
        problem: the error that is the cause of that.
    """

    facts: Sequence[Fact] = ()
    preferences: Sequence[FoundPreference] = ()
    missing: Sequence[int] = ()
    problem: PowerMemError | None = None


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    """An answer as far as it could be parsed.

    Attributes:
        value: the parsed value.
        fault: what is wrong with the answer; ``""`` if nothing.
        cut: whether its end is missing.
    """

    value: T | None
    fault: str = ""
    cut: bool = False


class _CutAnswer(Exception):
    """The end of an answer is missing, even after a second attempt.

    Attributes:
        error: the error to raise.
        value: the parsed part of the answer, if any.
    """

    def __init__(self, error: ExtractionError, value: Extracted | Decisions | None) -> None:
        super().__init__(error)
        self.error = error
        self.value = value


class Extractor:
    """Extracts facts and decides about them with a language model.

    Args:
        llm: the model, or ``None`` to extract by rules.
        extraction_prompt: replaces the instructions for extraction.
        decision_prompt: replaces the instructions for decisions.
    """

    def __init__(
        self,
        llm: LLM | None,
        *,
        extraction_prompt: str | None = None,
        decision_prompt: str | None = None,
    ) -> None:
        self._llm = llm
        self._extraction_prompt = extraction_prompt
        self._decision_prompt = decision_prompt
        self._reading = Lock()
        self._room = Sizing(patience=8)

    @property
    def name(self) -> str:
        """How facts are found: ``"llm"`` or ``"rules"``."""
        return "rules" if self._llm is None else "llm"

    def extract(
        self, messages: Sequence[Message], *, today: int, prompt: str | None, usage: Usage
    ) -> Learned:
        """Extract the facts stated in messages, and the preferences shown in them.

        A conversation that exceeds the model's window, or whose answer exceeds the model's limit, is divided
        into portions, down to parts of a single message. The accepted size is remembered.

        Args:
            messages: the conversation.
            today: the present moment, microseconds UTC.
            prompt: replaces the configured instructions for this call.
            usage: the cost of the model's calls is added to it.

        Returns:
            What was extracted. A portion that fails does not affect the others.

        Raises:
            ExtractionError: nothing was extracted, since no answer could be parsed, or none was complete.
            ProviderError: the model gave no answer at all.
            QuotaExceededError: the budget does not allow the first call.
        """
        if self._llm is None:
            return self._extract_by_rules(messages, today)
        instructions = prompt or self._extraction_prompt
        collected = _Collected()
        waiting = deque([Portion.of(messages)])
        while waiting:
            portion = waiting.popleft()
            if not has_conversation(portion.messages):
                continue
            if not self._room.allows(portion.size) and (halves := portion.halves()) is not None:
                # Larger than what the model accepted before, so do not try it as a whole.
                waiting.extendleft(reversed(halves))
                continue
            error = self._extract_portion(
                self._llm, portion, collected, instructions=instructions, today=today, usage=usage
            )
            if error is None:
                continue
            if _reason(error) in _DIVISIBLE and (halves := portion.halves()) is not None:
                if portion.size > _SMALL and _reason(error) != FILTERED:
                    self._room.refuse(portion.size)
                waiting.extendleft(reversed(halves))
                continue
            collected.miss(portion, _lasting(error, portion))
            if collected.is_hopeless(error):
                for rest in waiting:
                    collected.miss(rest, error)
                break
            # The next portion is likely to fail for the same reason, the last one less so: try that first.
            waiting.rotate(1)
        return collected.learned()

    def _extract_by_rules(self, messages: Sequence[Message], today: int) -> Learned:
        # Messages without a time count as sent now.
        timed = [replace(m, sent_at=today) if m.sent_at is None else m for m in messages]
        # On a thread, since a long conversation would block the event loop; and on one at a time, since
        # each further thread that runs Python code slows the loop down.
        with self._reading:
            facts = to_thread(extract, timed)
        return Learned(facts, stated_preferences(facts))

    def _extract_portion(
        self,
        llm: LLM,
        portion: Portion,
        collected: _Collected,
        *,
        instructions: str | None,
        today: int,
        usage: Usage,
    ) -> ProviderError | QuotaExceededError | None:
        """Ask for the facts of a portion and collect them; return the error if it failed."""
        turns = len(portion.messages)
        divisible = portion.halves() is not None
        try:
            found = self._ask(
                llm,
                extraction_messages(portion.messages, today=today, custom=instructions),
                EXTRACTION_SCHEMA,
                lambda text: parse_extraction(text, turns=turns),
                usage,
                # Dividing the portion is better than asking for the same answer again.
                retry_cut=not divisible,
            )
        except _CutAnswer as cut:
            if not divisible and isinstance(cut.value, Extracted):
                collected.add(cut.value, portion)
            return cut.error
        except (ProviderError, QuotaExceededError) as error:
            return error
        self._room.take(portion.size)
        collected.add(found, portion, whole=True)
        return None

    def segment(self, messages: Sequence[Message], usage: Usage) -> list[list[int]]:
        """Divide a conversation into topics, to extract each on its own.

        More than 200 messages are divided in pieces of about equal length first. Topics only improve the
        extraction, so an unusable answer is neither retried nor an error: its piece becomes one topic.

        Args:
            messages: the conversation.
            usage: the cost of the model's calls is added to it.

        Returns:
            Groups of message indices, ordered by their first index; each index is in exactly one group. There
            is a single group for at most 20 messages, and if facts are extracted by rules.
        """
        if self._llm is None or len(messages) <= _SHORT:
            return [list(range(len(messages)))] if messages else []
        pieces = -(-len(messages) // _MOST)
        cuts = [len(messages) * piece // pieces for piece in range(pieces + 1)]
        groups: list[list[int]] = []
        for start, end in pairwise(cuts):
            found = self._topics(self._llm, messages[start:end], usage)
            groups.extend([start + index for index in group] for group in found)
        return groups

    def _topics(self, llm: LLM, messages: Sequence[Message], usage: Usage) -> list[list[int]]:
        whole = [list(range(len(messages)))]
        if not has_conversation(messages):
            return whole
        try:
            completion = llm.complete(segmentation_messages(messages), schema=SEGMENTATION_SCHEMA)
            usage.count(completion)
            return parse_segments(completion.text, turns=len(messages)).groups
        except (ParseError, ProviderError, QuotaExceededError) as error:
            # If the cause persists, extraction fails too and reports it.
            warning = (
                f"{len(messages)} messages stay together, since they were not divided into topics: {error}"
            )
            log.warning("%s: %s", llm.provider, warning)
            usage.warnings.append(warning)
            return whole

    def decide(
        self, facts: Sequence[Fact], existing: Sequence[tuple[str, str]], *, usage: Usage
    ) -> Decisions:
        """Decide what to do with each fact, given similar stored memories.

        If the facts are too many for the model or its answer, they are divided. Where the model fails, a
        warning is added instead of raising an error: storing the facts matters more than comparing them.

        Args:
            facts: the new facts.
            existing: alias and text of each stored memory.
            usage: the cost of the model's calls, and warnings, are added to it.

        Returns:
            The decisions; a fact may have none.
        """
        assert self._llm is not None, "rules decide nothing"
        texts = [fact.text for fact in facts]
        given: set[Decision] = set()
        rejected: list[str] = []
        left = len(facts)
        waiting = deque([(0, len(facts))])
        while waiting:
            start, end = waiting.popleft()
            try:
                part = self._decide_part(self._llm, facts[start:end], existing, usage)
            except (ProviderError, QuotaExceededError) as error:
                if _reason(error) in _DIVISIBLE and end - start > 1:
                    middle = (start + end) // 2
                    waiting.extendleft([(middle, end), (start, middle)])
                    continue
                # The remaining facts would fail for the same reason.
                some = "1 fact was" if left == 1 else f"{left} facts were"
                warning = f"{some} added without a comparison with what is stored: {error}"
                log.warning("%s", warning)
                usage.warnings.append(warning)
                break
            if end - start == len(facts):
                return part
            left -= end - start
            given.update(replace(item, fact=item.fact + start) for item in part.items)
            rejected += part.rejected
        decided = {item.fact for item in given}
        undecided = tuple(number for number in range(len(facts)) if number not in decided)
        return Decisions(resolve(given, texts, dict(existing)), tuple(rejected), undecided)

    def _decide_part(
        self, llm: LLM, facts: Sequence[Fact], existing: Sequence[tuple[str, str]], usage: Usage
    ) -> Decisions:
        texts = [fact.text for fact in facts]
        memories = dict(existing)
        try:
            return self._ask(
                llm,
                decision_messages(facts, existing, custom=self._decision_prompt),
                DECISION_SCHEMA,
                lambda text: parse_decisions(text, facts=texts, memories=memories),
                usage,
                retry_cut=len(facts) == 1,
            )
        except _CutAnswer as cut:
            raise cut.error from None

    def _ask(
        self,
        llm: LLM,
        request: list[ChatMessage],
        schema: Schema,
        read: Callable[[str], T],
        usage: Usage,
        *,
        retry_cut: bool = True,
    ) -> T:
        """Return a complete answer, giving the model one chance to repair a faulty one.

        Args:
            llm: the model.
            request: the messages.
            schema: the schema of the answer.
            read: parses the answer.
            usage: the cost of the calls is added to it.
            retry_cut: whether to retry an answer that was cut off; a malformed one is retried in any case.

        Raises:
            _CutAnswer: the end of the answer is missing.
            ExtractionError: the answer could not be parsed, even after the retry.
        """
        completion = llm.complete(request, schema=schema)
        usage.count(completion)
        reading = self._read(completion, read)
        if reading.fault and (retry_cut or not completion.truncated):
            reading = self._repair(llm, request, completion, reading, read, usage)
        if reading.value is not None and not reading.fault:
            return reading.value
        if reading.cut:
            raise _CutAnswer(
                ExtractionError(
                    f"{llm.provider}: the model's answer is incomplete, also after asking again: "
                    f"{reading.fault}. Where llm.config sets max_tokens, raise it",
                    provider=llm.provider,
                    reason=CUT,
                ),
                reading.value,
            )
        raise ExtractionError(
            f"{llm.provider}: the model's answer could not be read as {schema.name}, also after asking "
            f"again: {reading.fault}",
            provider=llm.provider,
        )

    def _repair(
        self,
        llm: LLM,
        request: list[ChatMessage],
        completion: Completion,
        reading: _Reading[T],
        read: Callable[[str], T],
        usage: Usage,
    ) -> _Reading[T]:
        """Show the model its own answer and the fault in it; return the better of both answers."""
        try:
            # Without the schema: a server that enforces it may be what damages the answer.
            completion = llm.complete(repair_messages(request, completion.text, reading.fault))
        except ProviderError as error:
            # With the first answer in it, the request may be too long. A part of an answer is kept then.
            if error.reason not in _DIVISIBLE or not reading.cut:
                raise
            return reading
        usage.count(completion)
        again = self._read(completion, read)
        better = again if again.value is not None or reading.value is None else reading
        return replace(better, fault=again.fault)

    def _read(self, completion: Completion, read: Callable[[str], T]) -> _Reading[T]:
        # On a thread: a model in a loop writes megabytes, and parsing them would block the event loop.
        if len(completion.text) > _LONG:
            return to_thread(_read, completion, read)
        return _read(completion, read)


class _Collected:
    """Collects what was extracted from the portions of a conversation."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}
        self._preferences: dict[str, FoundPreference] = {}
        self._missing: set[int] = set()
        self._problem: ProviderError | QuotaExceededError | None = None
        self._succeeded = 0
        self._failed = 0

    def add(self, found: Extracted, portion: Portion, *, whole: bool = False) -> None:
        """Add what was extracted from a portion, without duplicates of earlier portions."""
        for fact in found.facts:
            turn = fact.turn
            if turn is None and len(portion.numbers) == 1:
                turn = 0
            placed = fact if turn is None else replace(fact, turn=portion.numbers[turn])
            self._facts.setdefault(normalize(fact.text), placed)
        for preference in found.preferences:
            self._preferences.setdefault(normalize(preference.text), preference)
        self._succeeded += whole

    def miss(self, portion: Portion, error: ProviderError | QuotaExceededError) -> None:
        """Record that the extraction of a portion failed."""
        self._missing.update(portion.numbers)
        self._problem = self._problem or error
        self._failed += 1

    def is_hopeless(self, error: ProviderError | QuotaExceededError) -> bool:
        """Return whether the remaining portions would fail too."""
        about_portion = isinstance(error, ExtractionError) or _reason(error) in _DIVISIBLE
        return not about_portion or (not self._succeeded and self._failed >= _HOPELESS)

    def learned(self) -> Learned:
        """Return everything that was collected; raise the first error if that is nothing."""
        if self._problem is not None and not self._facts and not self._preferences and not self._succeeded:
            raise self._problem
        # After a failure, portions are not processed in order.
        facts = sorted(self._facts.values(), key=lambda fact: fact.turn or 0) if self._failed else None
        return Learned(
            list(self._facts.values()) if facts is None else facts,
            list(self._preferences.values()),
            sorted(self._missing),
            self._problem,
        )


def _reason(error: ProviderError | QuotaExceededError) -> str:
    return error.reason if isinstance(error, ProviderError) else ""


def _lasting(
    error: ProviderError | QuotaExceededError, portion: Portion
) -> ProviderError | QuotaExceededError:
    """Return the error for a portion that cannot be divided any further."""
    if not isinstance(error, ProviderError) or error.reason not in (TOO_LONG, FILTERED):
        return error
    length = sum(len(message.content) for message in portion.messages)
    return ExtractionError(
        f"{error}; {length} characters by themselves are refused as well",
        provider=error.provider,
        status=error.status,
        reason=error.reason,
    )


def _read(completion: Completion, read: Callable[[str], T]) -> _Reading[T]:
    text = completion.text
    try:
        value = read(text)
    except ParseError as error:
        fault = _CUT_OFF if completion.truncated else str(error)
        return _Reading(None, fault, completion.truncated or error.cut)
    if value.complete and not completion.truncated:
        return _Reading(value)
    return _Reading(value, _CUT_OFF if completion.truncated else "its end is missing", True)


_CUT_OFF = "it was cut off where the length of an answer ends"


_logger = logging.getLogger("powermem")

_NEAR_PER_FACT = 5
_NEAR_IN_ALL = 20
_ATTEMPTS = 5
_TURNS_OF = ":turns"


@dataclass(frozen=True, slots=True)
class Nearness:
    """The thresholds above which a stored memory counts as being about the same thing as a fact.

    Attributes:
        dense: minimum cosine similarity.
        terms: minimum share of the fact's terms that the memory contains. Not the full-text score: in a scope
            with few memories, BM25 gives little weight to exactly the terms that they share.
    """

    dense: float = 0.4
    terms: float = 0.4

    def holds(self, wanted: Collection[str], hit: Hit, held: dict[str, frozenset[str]]) -> bool:
        """Return whether a memory is near a fact.

        Args:
            wanted: the terms of the fact.
            hit: the memory.
            held: cache of the terms of memories, by text.
        """
        if hit.details["dense"] >= self.dense:
            return True
        text = hit.row.text
        if text not in held:
            held[text] = frozenset(terms(text))
        return shared(wanted, held[text]) >= self.terms


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Messages to store word for word.

    Attributes:
        messages: the messages.
        new: the attributes that all memories of the call share.
        usage: the cost of embedding is added to it.
        notes: returns the changes to store along with the memories, given the items of the call.
    """

    messages: Sequence[Message]
    new: NewMemories
    usage: Usage
    notes: Callable[[Items], Sequence[Change]]


Enclose: TypeAlias = Callable[[Sequence[Change], bool], tuple[list[Change], Items]]
"""Completes changes to a batch, with everything to write in the same transaction.

Takes the changes, and whether they store messages word for word; returns the batch and the items of the call.
It is called again if the batch was rolled back because of a conflict.
"""


class Extraction:
    """Turns messages into memories of a store.

    Args:
        store: the store.
        encoder: embeds the memories.
        extractor: extracts the facts.
        nearness: which stored memories are compared with a fact.
        keep_without_facts: whether to store messages without facts word for word.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        extractor: Extractor,
        nearness: Nearness,
        *,
        keep_without_facts: bool = False,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._extractor = extractor
        self._nearness = nearness
        self._keep_without_facts = keep_without_facts
        self._scopes = KeyedLock()

    def store_verbatim(self, calls: Sequence[Verbatim]) -> list[list[MemoryEvent]]:
        """Store each message of some calls as a memory of its own, word for word: all in one transaction.

        Returns:
            For each call an item for each of its messages.
        """
        turns: list[Change] = []
        found: list[Candidate] = []
        for call in calls:
            kept = _turns(call.messages, call.new)
            turns += kept
            found += _wordings(call.messages, [turn.id for turn in kept])
        warnings: list[str] = []
        found = self._embed(found, warnings)
        additions: list[Change] = []
        notes: list[Change] = []
        parts: list[Items] = []
        for call in calls:
            begin = len(additions)
            mine = found[begin : begin + len(call.messages)]
            call.usage.embedded_texts += _count_vectors(mine)
            call.usage.warnings += warnings
            additions += _additions(call.new, mine)
            parts.append(Items(len(turns) + begin, len(turns) + len(additions), verbatim=True))
            notes += call.notes(parts[-1])
        changes = [*turns, *additions, *notes]
        outcomes = self._store.apply(changes) if changes else []
        return [event_items(changes, outcomes, part) for part in parts]

    def store_facts(
        self,
        messages: Sequence[Message],
        new: NewMemories,
        usage: Usage,
        *,
        prompt: str | None = None,
        expression: Expression | None = None,
        key: str | None,
        notes: Callable[[Items], Sequence[Change]],
        call: Callable[[], Mapping[str, Any]] | None = None,
    ) -> list[MemoryEvent]:
        """Store what is worth remembering of a conversation.

        Args:
            messages: the conversation.
            new: the attributes that all memories of the call share.
            usage: the cost of the model's calls is added to it.
            prompt: replaces the instructions for extraction.
            expression: which stored memories may be changed.
            key: the caller's idempotency key.
            notes: returns the changes to store along with the memories, given the items of the call.
            call: returns the arguments of the call; see ``Refinement.payload``. If the extraction fails, they
                are stored with the remaining turns, to process these later. ``None`` only raises the error.

        Returns:
            An item for every memory that was added, updated or deleted.

        Raises:
            ProviderError: a model failed; what was extracted before is stored.
        """
        # Store the source turns first, so that nothing is lost if the extraction fails.
        turns = self._keep_turns(_turns(messages, new), new, key)
        ids = [turn.id for turn in turns]
        missing: Sequence[int] = range(len(turns))
        try:
            learned = self.learn(messages, new, usage, prompt)
            problem = learned.problem

            def enclose(changes: Sequence[Change], verbatim: bool) -> tuple[list[Change], Items]:
                # They may be waiting to be processed, if the same call failed before.
                finished = [FinishTurns(ids, strict=False)] if key is not None and problem is None else []
                items = Items.behind(finished, changes, verbatim=verbatim)
                return [*finished, *changes, *(notes(items) if problem is None else ())], items

            items, _ = self.store_learned(learned, messages, ids, new, usage, expression, enclose)
            if problem is not None:
                missing = learned.missing
                raise problem
        except (ProviderError, QuotaExceededError, EmbeddingMismatchError, ConfigError) as error:
            if call is not None:
                self._leave_waiting([turns[number] for number in missing], len(turns), call(), error)
            raise
        return items

    def _leave_waiting(
        self, turns: Sequence[AddTurn], of: int, call: Mapping[str, Any], error: PowerMemError
    ) -> None:
        """Mark turns whose extraction failed to be processed later, and add that to the error."""
        try:
            self._store.apply([learning_later(turns, call)])
        except PowerMemError as failure:
            _logger.warning("%d messages are kept, but do not wait to be processed: %s", of, failure)
            return
        user = turns[0].scope.user_id
        way = "flush()" if user is None else f"process({user!r})"
        kept = "the messages are" if len(turns) == of else f"{len(turns)} of the {of} messages are"
        error.args = (f"{error}; {kept} kept and wait: {way} learns from them", *error.args[1:])

    def learn(
        self, messages: Sequence[Message], new: NewMemories, usage: Usage, prompt: str | None
    ) -> Learned:
        """Extract facts and preferences from messages; see ``Extractor.extract``."""
        return self._extractor.extract(messages, today=new.at, prompt=prompt, usage=usage)

    def store_learned(
        self,
        extracted: Learned,
        messages: Sequence[Message],
        turns: Sequence[int],
        new: NewMemories,
        usage: Usage,
        expression: Expression | None,
        enclose: Enclose,
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        """Store what was extracted from messages that are stored as source turns.

        Args:
            extracted: the facts and preferences.
            messages: the conversation.
            turns: the ids of the turns, one for each message.
            new: the attributes that all memories of the call share.
            usage: the cost of the model's calls is added to it.
            expression: which stored memories may be changed.
            enclose: completes the changes to a batch.

        Returns:
            An item for every memory that was added, updated or deleted, and the outcomes of the batch.
        """
        found = self._embed(candidates(extracted.facts, messages, turns), usage.warnings)
        usage.embedded_texts += _count_vectors(found)
        learned = self._learned(new, extracted)
        if not found:
            without_facts = self._keep_without_facts and extracted.problem is None
            wordings = _wordings(messages, turns) if without_facts else []
            kept = self._embed(wordings, usage.warnings)
            usage.embedded_texts += _count_vectors(kept)
            return self._write([*_additions(new, kept), *learned], enclose, verbatim=True)
        if self._extractor.name == "rules":
            # Rules cannot tell a correction from a new fact. The unique key prevents duplicates.
            return self._write([*_additions(new, found), *learned], enclose)
        # One at a time for each scope: otherwise two calls that extract the same fact in different words
        # would both find no similar memory, and both add it.
        with self._scopes(new.scope):
            return self._reconcile(found, learned, new, usage, expression, enclose)

    def _learned(self, new: NewMemories, extracted: Learned) -> list[Change]:
        return [learn(new, found) for found in extracted.preferences]

    def _keep_turns(
        self, turns: list[AddTurn], new: NewMemories, idempotency_key: str | None
    ) -> list[AddTurn]:
        if idempotency_key is None:
            self._store.apply(turns)
            return turns
        # If the process dies after this, the call is repeated with the same key and must not add its turns
        # a second time. So their ids are stored under the key.
        key = f"{idempotency_key}{_TURNS_OF}"
        kept = self._store.recall_request(new.scope, key)
        if kept is None:
            ids = json.dumps([turn.id for turn in turns])
            self._store.apply([*turns, Remember(new.scope, key, ids, new.at)])
            return turns
        ids_kept = json.loads(kept)
        if len(ids_kept) != len(turns):
            raise InvalidInputError(
                f"idempotency_key: {idempotency_key!r} was given for {len(ids_kept)} other messages before"
            )
        return [replace(turn, id=turn_id) for turn, turn_id in zip(turns, ids_kept, strict=True)]

    def _write(
        self, changes: Sequence[Change], enclose: Enclose, *, verbatim: bool = False
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        """Apply changes in one transaction with what ``enclose`` adds to them."""
        batch, items = enclose(changes, verbatim)
        outcomes = self._store.apply(batch) if batch else []
        return event_items(batch, outcomes, items), outcomes

    def _reconcile(
        self,
        found: list[Candidate],
        learned: list[Change],
        new: NewMemories,
        usage: Usage,
        expression: Expression | None,
        enclose: Enclose,
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        for _ in range(_ATTEMPTS):
            near = self._find_near(found, new.scope, expression)
            known, undecided, rows = neighbourhood(found, near, _NEAR_IN_ALL)
            if not rows:
                changes = _additions(new, undecided)
            else:
                changes = self._decide(undecided, rows, new, usage)
            # For known facts, the unique key turns the addition into a further source of the memory. They
            # come first, because a decision may change that memory.
            changes = [*_additions(new, known), *changes, *learned]
            try:
                return self._write(changes, enclose)
            except VersionConflict:
                # Another process changed one of these memories in the meantime: search and decide again.
                continue
        raise StoreError(f"the memories near these facts kept changing; gave up after {_ATTEMPTS} attempts")

    def _decide(
        self, undecided: Sequence[Candidate], rows: Mapping[str, Row], new: NewMemories, usage: Usage
    ) -> list[Change]:
        """Let the model compare facts with similar memories; return the resulting changes."""
        decisions = self._extractor.decide(
            [candidate.fact for candidate in undecided],
            [(alias, row.text) for alias, row in rows.items()],
            usage=usage,
        )
        merged = merged_texts(decisions, rows)
        vectors = self._encoder.encode(merged, usage.warnings)
        usage.embedded_texts += sum(vector is not None for vector in vectors)
        return carry_out(new, undecided, decisions, rows, dict(zip(merged, vectors, strict=True)))

    def _find_near(
        self, found: Sequence[Candidate], scope: Scope, expression: Expression | None
    ) -> list[list[Hit]]:
        # Only exactly this scope: an id that was not given must be empty in the memory too.
        own = Scope(scope.user_id or "", scope.agent_id or "", scope.run_id or "")
        sought = [query_ids(candidate.fact.text) for candidate in found]
        requests = [
            SearchRequest(
                scope=own,
                embedding=candidate.embedding,
                terms=words.terms,
                forms=words.forms,
                # Twice as many, since rough memories are dropped below: they are similar to what is refined
                # from them, but will be replaced by it anyway.
                limit=2 * _NEAR_PER_FACT,
                boosts=False,
                expression=expression,
            )
            for candidate, words in zip(found, sought, strict=True)
        ]
        hits = self._store.search(requests, touch=False)
        held: dict[str, frozenset[str]] = {}
        chosen = []
        for candidate, near in zip(found, hits, strict=True):
            wanted = query_terms(candidate.fact.text)
            chosen.append(
                [hit for hit in near if not is_rough(hit.row) and self._nearness.holds(wanted, hit, held)][
                    :_NEAR_PER_FACT
                ]
            )
        return chosen

    def _embed(self, found: Sequence[Candidate], warnings: list[str]) -> list[Candidate]:
        vectors = self._encoder.encode([candidate.fact.text for candidate in found], warnings)
        return [
            replace(candidate, embedding=vector) for candidate, vector in zip(found, vectors, strict=True)
        ]


def _count_vectors(found: Sequence[Candidate]) -> int:
    return sum(candidate.embedding is not None for candidate in found)


def _turns(messages: Sequence[Message], new: NewMemories) -> list[AddTurn]:
    return [new_turn(message, new.scope, new.at) for message in messages]


def _wordings(messages: Sequence[Message], turns: Sequence[int]) -> list[Candidate]:
    """Return the messages as candidates of unknown kind and importance."""
    return [
        Candidate(Fact(message.content, kind=None, importance=None), message, (turn,))
        for message, turn in zip(messages, turns, strict=True)
    ]


def _additions(new: NewMemories, found: Sequence[Candidate]) -> list[Change]:
    return [add(new, candidate) for candidate in found]
