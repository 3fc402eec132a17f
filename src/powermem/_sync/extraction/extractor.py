# Generated from src/powermem/_async/extraction/extractor.py by scripts/run_unasync.py; edit that file instead.
"""Finding the facts in a conversation: by a language model, or by rules when there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ..._concurrency import Lock, to_thread
from ...errors import ExtractionError
from ...parsing import Decisions, ParseError, parse_decisions, parse_facts
from ...prompts import (
    DECISION_SCHEMA,
    EXTRACTION_SCHEMA,
    decision_messages,
    extraction_messages,
    has_conversation,
    repair_messages,
)
from ...types import ChatMessage, Fact, Message, Schema, Usage
from ..providers.llm import LLM

T = TypeVar("T")


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
    ) -> list[Fact]:
        """Return the facts that messages state.

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
            from ...rules import extract

            # What comes without a time has just been said.
            timed = [replace(m, sent_at=today) if m.sent_at is None else m for m in messages]
            # Long conversations take longer than an event loop should be held; and every further thread that
            # runs Python code lets the loop wait longer for its turn.
            with self._reading:
                return to_thread(extract, timed)
        if not has_conversation(messages):
            return []
        request = extraction_messages(messages, today=today, custom=prompt or self._extraction_prompt)
        return self._ask(
            self._llm, request, EXTRACTION_SCHEMA, lambda text: parse_facts(text, turns=len(messages)), usage
        )

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
