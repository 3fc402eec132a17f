# Generated from src/powermem/_async/extraction/extractor.py by scripts/run_unasync.py; edit that file instead.
"""Finding facts in messages, with a language model or by rules."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ..._concurrency import Lock, Meanwhile, Turnstile, to_thread
from ..._core.forks import undivided
from ..._core.messages.portions import Portion
from ..._core.prompts.decision import DECISION_SCHEMA, decision_messages
from ..._core.prompts.extraction import (
    SEGMENTATION_SCHEMA,
    extraction_messages,
    extraction_schema,
    has_conversation,
    repair_messages,
    segmentation_messages,
)
from ..._core.text.cleaning import normalize
from ..._core.values import Extracted, Fact, FoundPreference, Message, Usage
from ..._core.wire.reasons import CUT, FILTERED, TOO_LONG
from ..._core.wire.sizing import Sizing
from ...errors import ExtractionError, PowerMemError, ProviderError, QuotaExceededError
from ...types import ChatMessage, Completion, Schema
from ..first_use import FirstUse
from ..providers.llm import LLM

if TYPE_CHECKING:
    from ..._core.grounding.finishing import Finished
    from ..._core.parsing.decisions import Decision, Decisions

# Rules, grounding and what reads answers are imported where they are used, by the first facts: a process that
# only searches loads none of them.

T = TypeVar("T", Extracted, "Decisions")

log = logging.getLogger(__name__)

# Up to this many messages easily fit one request. Dividing them would cost a call, and lose what the parts
# say about each other.
_SHORT = 20
# With more messages in one request, models lose track of their numbers, and small ones exceed their window.
_MOST = 200
# Characters. Parsing an answer up to this length takes a few milliseconds at most.
_LONG = 4_000
# Answers read in one turn of the event loop; each takes about a millisecond. With fewer, the texts of answers
# that arrive together would not share requests to the embedder.
_ANSWERS = 4
# Requests written in one turn of the event loop, since calls that began together are stored together, and go
# on together.
_REQUESTS = 10
# Tokens. A portion this small fits every model, so its refusal says nothing about the model's window.
_SMALL = 200
# Give up after this many indivisible portions have failed and none has succeeded.
_HOPELESS = 4
# Of the facts that are left out, a warning shows this many, and of each this many characters.
_MOST_SHOWN = 3
_SHOWN = 80
# A portion refused for one of these reasons may be accepted in parts.
_DIVISIBLE = frozenset({CUT, FILTERED, TOO_LONG})


class Learned(NamedTuple):
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
        instructions: appended to these, whoever wrote them.
        decision_prompt: replaces the instructions for decisions.
        categories: those among which the model chooses for each fact, each with its description.
    """

    def __init__(
        self,
        llm: LLM | None,
        *,
        extraction_prompt: str | None = None,
        instructions: str | None = None,
        decision_prompt: str | None = None,
        categories: Mapping[str, str] | None = None,
    ) -> None:
        self._llm = llm
        self._categories = categories or {}
        self._schema = extraction_schema(self._categories)
        self._extraction_prompt = extraction_prompt
        self._instructions = instructions
        self._decision_prompt = decision_prompt
        self._reading = Lock()
        self._meanwhile = Meanwhile()
        self._first_use = FirstUse()
        self._turnstile = Turnstile(_ANSWERS)
        self._writing = Turnstile(_REQUESTS)
        self._room = Sizing(patience=8)

    @property
    def name(self) -> str:
        """How facts are found: ``"llm"`` or ``"rules"``."""
        return "rules" if self._llm is None else "llm"

    def load(self) -> None:
        """Load what finds facts and compile what every conversation uses, unless a conversation did so."""
        self._first_use.run(self._load)

    def _load(self) -> None:
        messages = [Message("user", "I live in Rome.", sent_at=0)]
        if self._llm is None:
            self._rules(messages)
        else:
            from ..._core.grounding.finishing import Finishing

            Finishing(messages, extraction_messages(messages, today=0), today=0).prepare()

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
            if self._is_too_large(portion) and (halves := portion.halves()) is not None:
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
        collected.tell_left_out(usage)
        return collected.learned()

    def _is_too_large(self, portion: Portion) -> bool:
        # Nothing is measured until a model has refused something.
        return self._room.size is not None and not self._room.allows(portion.size)

    def _extract_by_rules(self, messages: Sequence[Message], today: int) -> Learned:
        # Messages without a time count as sent now.
        timed = [replace(m, sent_at=today) if m.sent_at is None else m for m in messages]
        # On a thread, since a long conversation would block the event loop; and on one at a time, since
        # each further thread that runs Python code slows the loop down.
        with self._reading:
            return to_thread(self._apply_rules, timed)

    def _apply_rules(self, messages: Sequence[Message]) -> Learned:
        return self._rules(messages)

    @cached_property
    def _rules(self) -> Callable[[Sequence[Message]], Learned]:
        # A process that is forked meanwhile would wait forever for the import to end.
        with undivided():
            from ..._core.rules.claims.reading import with_claims
            from ..._core.rules.extraction import extract, stated_preferences

        def learned(messages: Sequence[Message]) -> Learned:
            facts = with_claims(extract(messages), messages)
            return Learned(facts, stated_preferences(facts))

        return learned

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
        self.load()
        from ..._core.grounding.finishing import Finishing
        from ..._core.parsing.facts import parse_extraction

        self._writing.enter()
        turns = len(portion.messages)
        divisible = portion.halves() is not None
        request = extraction_messages(
            portion.messages,
            today=today,
            custom=instructions,
            further=self._instructions,
            categories=self._categories,
        )

        finishing = Finishing(portion.messages, request, today=today, custom=instructions is not None)
        long = sum(len(message.content) for message in portion.messages) > _LONG

        def finished(found: Extracted) -> Finished:
            if long:
                with self._reading:
                    return to_thread(finishing.finish, found)
            return finishing.finish(found)

        try:
            with nullcontext() if long else self._meanwhile.computing(finishing.prepare):
                found = self._ask(
                    llm,
                    request,
                    self._schema,
                    lambda text: parse_extraction(text, turns=turns, categories=self._categories),
                    usage,
                    # Dividing the portion is better than asking for the same answer again.
                    retry_cut=not divisible,
                )
        except _CutAnswer as cut:
            if not divisible and isinstance(cut.value, Extracted):
                collected.add(finished(cut.value), portion)
            return cut.error
        except (ProviderError, QuotaExceededError) as error:
            return error
        if self._room.size is not None:
            self._room.take(portion.size)
        collected.add(finished(found), portion, whole=True)
        usage.warnings += [warning for warning in found.warnings if warning not in usage.warnings]
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
        from ..._core.parsing.answer import ParseError
        from ..._core.parsing.segments import parse_segments

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
        from ..._core.parsing.decisions import Decisions, resolve

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
        from ..._core.parsing.decisions import parse_decisions

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
        # Many answers may arrive at once.
        self._turnstile.enter()
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
        self._left_out: dict[str, None] = {}
        self._missing: set[int] = set()
        self._problem: ProviderError | QuotaExceededError | None = None
        self._succeeded = 0
        self._failed = 0

    def add(self, finished: Finished, portion: Portion, *, whole: bool = False) -> None:
        """Add what was extracted from a portion, without duplicates of earlier portions."""
        found = finished.found
        self._left_out.update(dict.fromkeys(finished.left_out))
        for fact in found.facts:
            turn = fact.turn
            if turn is None and len(portion.numbers) == 1:
                turn = 0
            placed = fact if turn is None else fact._replace(turn=portion.numbers[turn])
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

    def tell_left_out(self, usage: Usage) -> None:
        """Count what the conversation does not state, and say so."""
        count = len(self._left_out)
        if not count:
            return
        usage.facts_left_out += count
        shown = "; ".join(f"{text[:_SHOWN]!r}" for text in list(self._left_out)[:_MOST_SHOWN])
        some = "1 fact was" if count == 1 else f"{count} facts were"
        warning = f"{some} left out, since nothing in the messages states what the model wrote: {shown}"
        log.warning("%s", warning)
        usage.warnings.append(warning)

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
    from ..._core.parsing.answer import ParseError

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
