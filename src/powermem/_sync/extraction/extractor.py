# Generated from src/powermem/_async/extraction/extractor.py by scripts/run_unasync.py; edit that file instead.
"""Finding the facts in a conversation: by a language model, or by rules when there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from ..._concurrency import Lock, to_thread
from ...errors import ExtractionError
from ...parsing import Decisions, ParseError, parse_decisions, parse_extraction, parse_segments
from ...prompts import (
    DECISION_SCHEMA,
    EXTRACTION_SCHEMA,
    SEGMENTATION_SCHEMA,
    decision_messages,
    extraction_messages,
    has_conversation,
    repair_messages,
    segmentation_messages,
)
from ...types import ChatMessage, Extracted, Fact, Message, Schema, Usage
from ..providers.llm import LLM

T = TypeVar("T")

log = logging.getLogger(__name__)

# So few messages fit one request for facts with room to spare; to divide them would only cost a call and what
# the parts say about each other.
_SHORT = 20
# Beyond so many messages a model loses track of the numbers, and a small one runs out of room.
_MOST = 200


class Extractor:
    """Asks a language model, and reads what it answers.

    Args:
        llm: the model, or ``None`` for the rules.
        extraction_prompt: replaces the instructions for extracting.
        decision_prompt: replaces the instructions for deciding.
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

    @property
    def name(self) -> str:
        """How facts are found: ``"llm"`` or ``"rules"``."""
        return "rules" if self._llm is None else "llm"

    def extract(
        self, messages: Sequence[Message], *, today: int, prompt: str | None, usage: Usage
    ) -> Extracted:
        """Return the facts that messages state, and the preferences that they show.

        Args:
            messages: the conversation.
            today: the present moment, microseconds UTC.
            prompt: replaces the configured instructions for this call.
            usage: what the model's calls cost is added to it.

        Raises:
            ExtractionError: the answer could not be read, twice.
        """
        if self._llm is None:
            # Compiling its patterns takes 50 ms, which a memory with a model need not spend.
            from ...rules import extract, stated_preferences

            # What comes without a time has just been said.
            timed = [replace(m, sent_at=today) if m.sent_at is None else m for m in messages]
            # Long conversations take longer than an event loop should be held; and every further thread that
            # runs Python code lets the loop wait longer for its turn.
            with self._reading:
                facts = to_thread(extract, timed)
            return Extracted(facts, stated_preferences(facts))
        if not has_conversation(messages):
            return Extracted()
        request = extraction_messages(messages, today=today, custom=prompt or self._extraction_prompt)
        return self._ask(
            self._llm,
            request,
            EXTRACTION_SCHEMA,
            lambda text: parse_extraction(text, turns=len(messages)),
            usage,
        )

    def segment(self, messages: Sequence[Message], usage: Usage) -> list[list[int]]:
        """Divide a stretch of conversation into topics, so that each can be extracted by itself.

        A stretch of more than 200 messages is looked at in pieces of about equal length. When the model's
        answer cannot be read, the piece is a topic: dividing only makes extraction better, so it is not worth
        asking again, and no reason to fail.

        Args:
            messages: a conversation.
            usage: what the model's calls cost is added to it.

        Returns:
            Groups of indices of messages, in the order of their first; each index is in exactly one. There is
            one group when there are at most 20 messages, and when rules find the facts.

        Raises:
            ProviderError: there is no answer.
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
        completion = llm.complete(segmentation_messages(messages), schema=SEGMENTATION_SCHEMA)
        usage.count(completion)
        try:
            return parse_segments(completion.text, turns=len(messages)).groups
        except ParseError as error:
            log.warning(
                "%s: the model's answer could not be read as segments, so %d messages stay together: %s",
                llm.provider,
                len(messages),
                error,
            )
            return whole

    def decide(
        self, facts: Sequence[Fact], existing: Sequence[tuple[str, str]], *, usage: Usage
    ) -> Decisions:
        """Return what becomes of each fact beside the stored memories near them.

        Args:
            facts: new facts.
            existing: alias and text of each stored memory.
            usage: what the model's calls cost is added to it.

        Raises:
            ExtractionError: the answer could not be read, twice.
        """
        assert self._llm is not None, "rules decide nothing"
        aliases = [alias for alias, _ in existing]
        return self._ask(
            self._llm,
            decision_messages(facts, existing, custom=self._decision_prompt),
            DECISION_SCHEMA,
            lambda text: parse_decisions(text, facts=len(facts), aliases=aliases),
            usage,
        )

    def _ask(
        self,
        llm: LLM,
        request: list[ChatMessage],
        schema: Schema,
        read: Callable[[str], T],
        usage: Usage,
    ) -> T:
        completion = llm.complete(request, schema=schema)
        usage.count(completion)
        try:
            return read(completion.text)
        except ParseError as error:
            # One turn to mend it: the model sees its own answer and what is wrong with it.
            repair = repair_messages(request, completion.text, str(error))
        completion = llm.complete(repair, schema=schema)
        usage.count(completion)
        try:
            return read(completion.text)
        except ParseError as error:
            raise ExtractionError(
                f"{llm.provider}: the model's answer could not be read as {schema.name}, also after asking "
                f"again: {error}; the messages are kept",
                provider=llm.provider,
            ) from error
