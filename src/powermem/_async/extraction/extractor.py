"""Finding the facts in a conversation: by a language model, or by rules when there is none."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, TypeVar

from ..._concurrency import AsyncLock, async_to_thread
from ...cleaning import normalize
from ...errors import ExtractionError, PowerMemError, ProviderError, QuotaExceededError
from ...parsing import (
    Decision,
    Decisions,
    ParseError,
    parse_decisions,
    parse_extraction,
    parse_segments,
    resolve,
)
from ...portions import Portion
from ...prompts.decision import DECISION_SCHEMA, decision_messages
from ...prompts.extraction import EXTRACTION_SCHEMA, extraction_messages, has_conversation
from ...prompts.repair import repair_messages
from ...prompts.segmentation import SEGMENTATION_SCHEMA, segmentation_messages
from ...rules import extract, stated_preferences
from ...sizing import Sizing
from ...types import ChatMessage, Completion, Extracted, Fact, FoundPreference, Message, Schema, Usage
from ...wire.reasons import CUT, FILTERED, TOO_LONG
from ..providers.llm import AsyncLLM

T = TypeVar("T", Extracted, Decisions)

log = logging.getLogger(__name__)

# So few messages fit one request for facts with room to spare; to divide them would only cost a call and what
# the parts say about each other.
_SHORT = 20
# Beyond so many messages a model loses track of the numbers, and a small one runs out of room.
_MOST = 200
# Characters, of which reading takes some milliseconds at most, whatever they are.
_LONG = 4_000
# Tokens. A portion as small as this fits every model, so a refusal of it says nothing about how much does.
_SMALL = 200
# After that many portions that cannot be divided, and none that was learned from, something else is wrong.
_HOPELESS = 4
# A portion that is refused for one of these reasons may go through when it is divided.
_DIVISIBLE = frozenset({CUT, FILTERED, TOO_LONG})


@dataclass(frozen=True, slots=True)
class Learned:
    """What a conversation taught.

    Attributes:
        facts: the facts; the turn of each is the index of its message.
        preferences: the preferences.
        missing: indices of messages of which not everything was learned, ascending.
        problem: why, when there are any.
    """

    facts: Sequence[Fact] = ()
    preferences: Sequence[FoundPreference] = ()
    missing: Sequence[int] = ()
    problem: PowerMemError | None = None


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    """An answer as far as it could be read.

    Attributes:
        value: what it says.
        fault: what is wrong with it; ``""`` when it is whole.
        cut: whether its end is missing.
    """

    value: T | None
    fault: str = ""
    cut: bool = False


class _CutAnswer(Exception):
    """An answer lacks its end, also when it was asked for again.

    Attributes:
        error: for the user.
        value: what there is of it.
    """

    def __init__(self, error: ExtractionError, value: Extracted | Decisions | None) -> None:
        super().__init__(error)
        self.error = error
        self.value = value


class AsyncExtractor:
    """Asks a language model, and reads what it answers.

    Args:
        llm: the model, or ``None`` for the rules.
        extraction_prompt: replaces the instructions for extracting.
        decision_prompt: replaces the instructions for deciding.
    """

    def __init__(
        self,
        llm: AsyncLLM | None,
        *,
        extraction_prompt: str | None = None,
        decision_prompt: str | None = None,
    ) -> None:
        self._llm = llm
        self._extraction_prompt = extraction_prompt
        self._decision_prompt = decision_prompt
        self._reading = AsyncLock()
        self._room = Sizing(patience=8)

    @property
    def name(self) -> str:
        """How facts are found: ``"llm"`` or ``"rules"``."""
        return "rules" if self._llm is None else "llm"

    async def extract(
        self, messages: Sequence[Message], *, today: int, prompt: str | None, usage: Usage
    ) -> Learned:
        """Return the facts that messages state, and the preferences that they show.

        What is too much for the model, or for its answer, is divided and asked for in portions, down to parts
        of a single message. The size that goes through is remembered.

        Args:
            messages: the conversation.
            today: the present moment, microseconds UTC.
            prompt: replaces the configured instructions for this call.
            usage: what the model's calls cost is added to it.

        Returns:
            What was learned. Where a portion could not be, however small, the others are nevertheless.

        Raises:
            ExtractionError: nothing was learned: an answer could not be read, twice, or is never whole.
            ProviderError: there is no answer at all.
            QuotaExceededError: the budget does not allow the first call.
        """
        if self._llm is None:
            # What comes without a time has just been said.
            timed = [replace(m, sent_at=today) if m.sent_at is None else m for m in messages]
            # Long conversations take longer than an event loop should be held; and every further thread that
            # runs Python code lets the loop wait longer for its turn.
            async with self._reading:
                facts = await async_to_thread(extract, timed)
            return Learned(facts, stated_preferences(facts))
        instructions = prompt or self._extraction_prompt
        collected = _Collected()
        waiting = deque([Portion.of(messages)])
        while waiting:
            portion = waiting.popleft()
            if not has_conversation(portion.messages):
                continue
            size = portion.size
            halves = None if self._room.allows(size) else portion.halves()
            error: ProviderError | QuotaExceededError
            if halves is None:
                try:
                    found = await self._extract_portion(self._llm, portion, instructions, today, usage)
                except _CutAnswer as cut:
                    halves, error = portion.halves(), cut.error
                    if halves is None and isinstance(cut.value, Extracted):
                        collected.add(cut.value, portion)
                except (ProviderError, QuotaExceededError) as failure:
                    error = failure
                    if _reason(failure) in _DIVISIBLE:
                        halves = portion.halves()
                else:
                    self._room.take(size)
                    collected.add(found, portion, whole=True)
                    continue
                if halves is not None and size > _SMALL and _reason(error) != FILTERED:
                    self._room.refuse(size)
            if halves is not None:
                waiting.extendleft(reversed(halves))
                continue
            collected.miss(portion, _lasting(error, portion))
            if collected.is_hopeless(error):
                for rest in waiting:
                    collected.miss(rest, error)
                break
            # What comes next may be of the same kind; the end of the conversation less so.
            waiting.rotate(1)
        return collected.learned()

    async def _extract_portion(
        self, llm: AsyncLLM, portion: Portion, instructions: str | None, today: int, usage: Usage
    ) -> Extracted:
        turns = len(portion.messages)
        return await self._ask(
            llm,
            extraction_messages(portion.messages, today=today, custom=instructions),
            EXTRACTION_SCHEMA,
            lambda text: parse_extraction(text, turns=turns),
            usage,
            # To divide it is better than to ask for the same again, if only it can be divided.
            patient=portion.halves() is None,
        )

    async def segment(self, messages: Sequence[Message], usage: Usage) -> list[list[int]]:
        """Divide a stretch of conversation into topics, so that each can be extracted by itself.

        A stretch of more than 200 messages is looked at in pieces of about equal length. When there is no
        answer that can be read, the piece is a topic: dividing only makes extraction better, so it is not
        worth asking again, and no reason to fail.

        Args:
            messages: a conversation.
            usage: what the model's calls cost is added to it.

        Returns:
            Groups of indices of messages, in the order of their first; each index is in exactly one. There is
            one group when there are at most 20 messages, and when rules find the facts.
        """
        if self._llm is None or len(messages) <= _SHORT:
            return [list(range(len(messages)))] if messages else []
        pieces = -(-len(messages) // _MOST)
        cuts = [len(messages) * piece // pieces for piece in range(pieces + 1)]
        groups: list[list[int]] = []
        for start, end in pairwise(cuts):
            found = await self._topics(self._llm, messages[start:end], usage)
            groups.extend([start + index for index in group] for group in found)
        return groups

    async def _topics(self, llm: AsyncLLM, messages: Sequence[Message], usage: Usage) -> list[list[int]]:
        whole = [list(range(len(messages)))]
        if not has_conversation(messages):
            return whole
        try:
            completion = await llm.complete(segmentation_messages(messages), schema=SEGMENTATION_SCHEMA)
            usage.count(completion)
            return parse_segments(completion.text, turns=len(messages)).groups
        except (ParseError, ProviderError, QuotaExceededError) as error:
            # If this is lasting, extraction meets it as well, and says so.
            warning = (
                f"{len(messages)} messages stay together, since they were not divided into topics: {error}"
            )
            log.warning("%s: %s", llm.provider, warning)
            usage.warnings.append(warning)
            return whole

    async def decide(
        self, facts: Sequence[Fact], existing: Sequence[tuple[str, str]], *, usage: Usage
    ) -> Decisions:
        """Return what becomes of each fact beside the stored memories near them.

        Facts that are too many for the model, or for its answer, are divided. Where it does not decide, a
        warning says so, for facts are worth more than their order.

        Args:
            facts: new facts.
            existing: alias and text of each stored memory.
            usage: what the model's calls cost is added to it, and warnings.

        Returns:
            The decisions; facts that the model did not decide have none.
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
                part = await self._decide_part(self._llm, facts[start:end], existing, usage)
            except (ProviderError, QuotaExceededError) as error:
                if _reason(error) in _DIVISIBLE and end - start > 1:
                    middle = (start + end) // 2
                    waiting.extendleft([(middle, end), (start, middle)])
                    continue
                # The others would meet the same.
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

    async def _decide_part(
        self, llm: AsyncLLM, facts: Sequence[Fact], existing: Sequence[tuple[str, str]], usage: Usage
    ) -> Decisions:
        texts = [fact.text for fact in facts]
        memories = dict(existing)
        try:
            return await self._ask(
                llm,
                decision_messages(facts, existing, custom=self._decision_prompt),
                DECISION_SCHEMA,
                lambda text: parse_decisions(text, facts=texts, memories=memories),
                usage,
                patient=len(facts) == 1,
            )
        except _CutAnswer as cut:
            raise cut.error from None

    async def _ask(
        self,
        llm: AsyncLLM,
        request: list[ChatMessage],
        schema: Schema,
        read: Callable[[str], T],
        usage: Usage,
        *,
        patient: bool = True,
    ) -> T:
        """Return a whole answer.

        Args:
            llm: the model.
            request: the messages.
            schema: the form of the answer.
            read: reads it.
            usage: what the calls cost is added to it.
            patient: whether to ask again for an answer that was cut, which is done for a damaged one anyway.

        Raises:
            _CutAnswer: its end is missing.
            ExtractionError: it could not be read, also after asking again.
        """
        completion = await llm.complete(request, schema=schema)
        usage.count(completion)
        reading = await self._read(completion, read)
        if reading.fault and (patient or not completion.truncated):
            # One turn to mend it: the model sees its own answer and what is wrong with it.
            repair = repair_messages(request, completion.text, reading.fault)
            try:
                # Asked for in words only: what enforces a form at a server may be what spoils it.
                completion = await llm.complete(repair)
            except ProviderError as error:
                # With its answer the request may be too long. The first one counts then.
                if error.reason not in _DIVISIBLE or not reading.cut:
                    raise
            else:
                usage.count(completion)
                again = await self._read(completion, read)
                reading = again if again.value is not None or reading.value is None else reading
                reading = replace(reading, fault=again.fault)
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

    async def _read(self, completion: Completion, read: Callable[[str], T]) -> _Reading[T]:
        # A model that loops writes much, and reading it would hold an event loop.
        if len(completion.text) > _LONG:
            return await async_to_thread(_read, completion, read)
        return _read(completion, read)


class _Collected:
    """What the portions of a conversation taught so far."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}
        self._preferences: dict[str, FoundPreference] = {}
        self._missing: set[int] = set()
        self._problem: ProviderError | QuotaExceededError | None = None
        self._whole = 0
        self._vain = 0

    def add(self, found: Extracted, portion: Portion, *, whole: bool = False) -> None:
        """Take what a portion taught; what was learned before is not learned twice."""
        for fact in found.facts:
            turn = fact.turn
            if turn is None and len(portion.numbers) == 1:
                turn = 0
            placed = fact if turn is None else replace(fact, turn=portion.numbers[turn])
            self._facts.setdefault(normalize(fact.text), placed)
        for preference in found.preferences:
            self._preferences.setdefault(normalize(preference.text), preference)
        self._whole += whole

    def miss(self, portion: Portion, error: ProviderError | QuotaExceededError) -> None:
        """Note that a portion was not learned from."""
        self._missing.update(portion.numbers)
        self._problem = self._problem or error
        self._vain += 1

    def is_hopeless(self, error: ProviderError | QuotaExceededError) -> bool:
        """Return whether the portions that are left would meet the same."""
        own = isinstance(error, ExtractionError) or _reason(error) in _DIVISIBLE
        return not own or (not self._whole and self._vain >= _HOPELESS)

    def learned(self) -> Learned:
        """Return all of it, or raise why there is nothing."""
        if self._problem is not None and not self._facts and not self._preferences and not self._whole:
            raise self._problem
        # Portions are not always learned from in their order.
        facts = sorted(self._facts.values(), key=lambda fact: fact.turn or 0) if self._vain else None
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
    """Return the error of a portion that cannot be divided."""
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
