"""Measure a language model and a prompt on a labelled set, and record its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._core.clock import now
from ._core.evaluation.cases import DecisionCase, alias, is_right, read_cases
from ._core.evaluation.figures import Figures, Groups
from ._core.evaluation.labelled import Kept, Labelled, judge
from ._core.evaluation.recording import Recording, read_recording
from ._core.parsing.decisions import Decisions
from ._core.values import Fact, Message
from .errors import InvalidInputError, PowerMemError, ProviderError, QuotaExceededError
from .types import ChatMessage, Completion, Schema

if TYPE_CHECKING:
    from ._sync.extraction.extractor import Extractor
    from ._sync.providers.llm import LLM
    from .config import MemoryConfig

__all__ = ["evaluate"]

Place = str | PathLike[str]


def evaluate(
    file: Place,
    config: Mapping[str, Any] | MemoryConfig | None = None,
    *,
    prompt: str | None = None,
    record: Place | None = None,
    replay: Place | None = None,
    prices: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Run a labelled set through a language model, and compare what comes of it with the labels.

    Nothing is stored: each conversation is extracted, and each decision case decided, by itself.

    Args:
        file: the labelled set, JSON lines; see docs/evaluation.md.
        config: as for ``Memory``; its language model and prompts are used. ``None`` reads the environment.
        prompt: replaces the configured instructions for extraction.
        record: write the model's answers there.
        replay: read the answers from there, without asking a model.
        prices: what a million tokens of requests and of answers cost.

    Returns:
        ``model``; ``groups``: for ``"all"``, each language and each style in it the figures ``facts``,
        ``found``, ``recall``, ``memories``, ``junk``, ``junk_share``, ``attributed`` (labelled speakers and
        days) and ``attributed_right``, ``decisions``, ``decisions_right``, ``failed``, ``facts_left_out``,
        ``llm_calls``, tokens and, with prices, ``cost``; ``missed``, ``junk`` and ``wrong``: pairs of a case
        and a text; ``errors``: by case.

    Raises:
        ConfigError: the configuration is wrong.
        InvalidInputError: a file cannot be read, or is not in its form.
    """
    conversations, decisions = read_cases(_lines(file), source=Path(file).name)
    run = _Run(config, prompt, None if replay is None else read_recording(_lines(replay), source=str(replay)))
    with run:
        for conversation in conversations:
            run.extract(conversation)
        for case in decisions:
            run.decide(case)
    if record is not None:
        with Path(record).open("w", encoding="utf-8") as target:
            target.writelines(run.recording.lines())
    return run.result(prices)


def _lines(place: Place) -> Sequence[str]:
    try:
        return Path(place).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{place}: {error}") from error


class _Replayed:
    """A model that gives recorded answers, in the order of the calls of each case."""

    provider = "recording"

    def __init__(self, recording: Recording) -> None:
        self.model = recording.model
        self.case = ""
        self._left = {case: list(answers) for case, answers in recording.answers.items()}

    def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Return the next answer of the case."""
        left = self._left.get(self.case)
        if not left:
            raise ProviderError(
                f"the recording has no further answer for {self.case!r}", provider=self.provider
            )
        return left.pop(0)


class _Recorded:
    """A model whose answers are recorded."""

    def __init__(self, llm: LLM) -> None:
        self.provider, self.model = llm.provider, llm.model
        self.case = ""
        self.recording = Recording(llm.model)
        self._llm = llm

    def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Ask the model."""
        answer = self._llm.complete(messages, schema=schema)
        self.recording.answers.setdefault(self.case, []).append(answer)
        return answer


class _Run:
    """A run through a labelled set."""

    def __init__(
        self, config: Mapping[str, Any] | MemoryConfig | None, prompt: str | None, replayed: Recording | None
    ) -> None:
        from ._sync.assembly import read_design
        from ._sync.extraction.extractor import Extractor
        from ._sync.providers.factory import build_llm
        from ._sync.providers.http import HTTPClient

        settings = read_design(config, None, 0).settings
        self._http = HTTPClient(
            connect_timeout=settings.http.connect_timeout,
            read_timeout=settings.http.read_timeout,
            max_retries=settings.http.max_retries,
            max_connections=settings.http.max_connections,
        )
        self._model: _Recorded | _Replayed | None = None
        if replayed is not None:
            self._model = _Replayed(replayed)
        elif (llm := build_llm(settings.llm, self._http)) is not None:
            self._model = _Recorded(llm)
        self.recording = self._model.recording if isinstance(self._model, _Recorded) else Recording("rules")
        self._extractor: Extractor = Extractor(
            self._model,
            extraction_prompt=prompt or settings.prompts.fact_extraction,
            instructions=settings.prompts.instructions,
            decision_prompt=settings.prompts.update_memory,
            categories=settings.prompts.categories,
        )
        self._groups = Groups()
        self._errors: dict[str, str] = {}

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def extract(self, conversation: Labelled) -> None:
        """Count what is found in a conversation."""
        part = Figures()
        facts = self._facts(conversation, part)
        kept = [Kept(fact.text, _speaker(fact, conversation.messages), fact.event_at) for fact in facts]
        part.tally = judge(conversation, kept)
        self._groups.count(conversation.lang, conversation.style, part)

    def decide(self, case: DecisionCase) -> None:
        """Count whether a case is decided rightly."""
        part = Figures(decisions=1)
        conversation = case.conversation
        facts = self._facts(conversation, part)
        existing = [(alias(number), text) for number, text in enumerate(case.memories)]
        decided = Decisions((), (), tuple(range(len(facts))))
        if facts and self._model is not None:
            try:
                decided = self._extractor.decide(facts, existing, usage=part.usage)
            except PowerMemError as error:
                self._fail(conversation.id, error, part)
        part.right = int(is_right(case, decided.items, len(decided.undecided)))
        self._groups.count(conversation.lang, conversation.style, part)

    def _facts(self, conversation: Labelled, part: Figures) -> Sequence[Fact]:
        if self._model is not None:
            self._model.case = conversation.id
        try:
            learned = self._extractor.extract(
                conversation.messages, today=now(), prompt=None, usage=part.usage
            )
        except (ProviderError, QuotaExceededError) as error:
            self._fail(conversation.id, error, part)
            return ()
        if learned.problem is not None:
            self._fail(conversation.id, learned.problem, part)
        return learned.facts

    def _fail(self, case: str, error: PowerMemError, part: Figures) -> None:
        part.failed = 1
        self._errors.setdefault(case, str(error))

    def result(self, prices: tuple[float, float] | None) -> dict[str, Any]:
        """Return the figures of the run."""
        tally = self._groups.all.tally
        return {
            "model": "rules" if self._model is None else self._model.model,
            "groups": dict(self._groups.records(prices)),
            "missed": [[where, " + ".join(label.contains)] for where, label in tally.missed],
            "junk": [[where, text] for where, text in tally.needless],
            "wrong": [[where, " + ".join(label.contains)] for where, label in tally.wrong],
            "errors": self._errors,
        }


def _speaker(fact: Fact, messages: Sequence[Message]) -> str | None:
    if fact.speaker is not None or fact.turn is None:
        return fact.speaker
    return messages[fact.turn].actor_id
