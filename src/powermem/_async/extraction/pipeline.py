"""The steps of an add: embed facts, look up memories near them, decide, and write."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..._concurrency import AsyncKeyedLock, AsyncMeanwhile
from ..._core.changes.reconcile import (
    Candidate,
    NewMemories,
    add,
    candidates,
    carry_out,
    learn,
    merged_texts,
    neighbourhood,
)
from ..._core.changes.verbatim import index_short, word_for_word
from ..._core.changes.writes import AddTurn, Change, FinishTurns, Items, Outcome, Remember, VersionConflict
from ..._core.filters.expression import Expression
from ..._core.forks import undivided
from ..._core.ids import new_id
from ..._core.messages.rough import is_rough
from ..._core.query.search import Hit, SearchRequest
from ..._core.results.records import event_items
from ..._core.tasks.buffering import learning_later, new_turn
from ..._core.text.indexing import query_ids
from ..._core.text.terms import query_terms, shared, term_id, terms
from ..._core.values import Fact, Message, Row, Scope, Usage
from ...errors import (
    ConfigError,
    EmbeddingMismatchError,
    InvalidInputError,
    PowerMemError,
    ProviderError,
    QuotaExceededError,
    StoreError,
)
from ...types import MemoryEvent
from ..encoder import AsyncEncoder
from ..stores.base import AsyncStore
from .extractor import AsyncExtractor, Learned

if TYPE_CHECKING:
    from ..._core.changes.superseding import Found, Statement, Superseding

_logger = logging.getLogger("powermem")

_NEAR_PER_FACT = 5
_NEAR_IN_ALL = 20
# Statements about one attribute of one subject of which none has ended yet: usually one.
_STATED = 50
_ATTEMPTS = 5
_TURNS_OF = ":turns"


class Nearness(NamedTuple):
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


@dataclass(slots=True)
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
    notes: Callable[[Items], Sequence[Change]] | None


Enclose: TypeAlias = Callable[[Sequence[Change], bool], tuple[list[Change], Items]]
"""Completes changes to a batch, with everything to write in the same transaction.

Takes the changes, and whether they store messages word for word; returns the batch and the items of the call.
It is called again if the batch was rolled back because of a conflict.
"""


class AsyncExtraction:
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
        store: AsyncStore,
        encoder: AsyncEncoder,
        extractor: AsyncExtractor,
        nearness: Nearness,
        *,
        keep_without_facts: bool = False,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._extractor = extractor
        self._nearness = nearness
        self._keep_without_facts = keep_without_facts
        self._scopes = AsyncKeyedLock()
        self._meanwhile = AsyncMeanwhile()

    @cached_property
    def _superseding(self) -> Superseding:
        # Loaded with the first facts that rules find, like these; a fork waits for the import to end.
        with undivided():
            from ..._core.changes.superseding import Superseding

        return Superseding()

    async def store_verbatim(self, call: Verbatim, ids: Iterator[int]) -> list[MemoryEvent]:
        """Store each message of a call as a memory of its own, word for word.

        Args:
            call: the call.
            ids: of a turn and a memory for each of its messages.

        Returns:
            An item for each of its messages.
        """
        changes, outcomes, (part,) = await self._store_calls([call], ids)
        return event_items(changes, outcomes, part)

    async def load_verbatim(self, calls: Sequence[Verbatim]) -> None:
        """Store each message of several calls as a memory of its own: all in one transaction."""
        ids = new_id.several(2 * sum(len(call.messages) for call in calls))
        await self._store_calls(calls, iter(ids))

    async def _store_calls(
        self, calls: Sequence[Verbatim], ids: Iterator[int]
    ) -> tuple[Sequence[Change], Sequence[Outcome], list[Items]]:
        turns, additions = word_for_word([(call.new, call.messages) for call in calls], ids)
        warnings: list[str] = []
        with self._meanwhile.computing(partial(index_short, additions)):
            vectors = await self._encoder.encode([addition.row.text for addition in additions], warnings)
        for addition, vector in zip(additions, vectors, strict=True):
            addition.embedding = vector
        notes: list[Change] = []
        parts: list[Items] = []
        begin = 0
        for call in calls:
            end = begin + len(call.messages)
            call.usage.embedded_texts += len(call.messages) - vectors[begin:end].count(None)
            call.usage.warnings += warnings
            if call.notes is not None:
                parts.append(Items(len(turns) + begin, len(turns) + end, verbatim=True))
                notes += call.notes(parts[-1])
            begin = end
        changes = [*turns, *additions, *notes]
        outcomes = await self._store.apply(changes) if changes else []
        return changes, outcomes, parts

    async def store_facts(
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
        turns = await self._keep_turns(_turns(messages, new), new, key)
        ids = [turn.id for turn in turns]
        missing: Sequence[int] = range(len(turns))
        try:
            learned = await self.learn(messages, new, usage, prompt)
            problem = learned.problem

            def enclose(changes: Sequence[Change], verbatim: bool) -> tuple[list[Change], Items]:
                # They may be waiting to be processed, if the same call failed before.
                finished = [FinishTurns(ids, strict=False)] if key is not None and problem is None else []
                items = Items.behind(finished, changes, verbatim=verbatim)
                return [*finished, *changes, *(notes(items) if problem is None else ())], items

            items, _ = await self.store_learned(learned, messages, ids, new, usage, expression, enclose)
            if problem is not None:
                missing = learned.missing
                raise problem
        except (ProviderError, QuotaExceededError, EmbeddingMismatchError, ConfigError) as error:
            if call is not None:
                await self._leave_waiting([turns[number] for number in missing], len(turns), call(), error)
            raise
        return items

    async def _leave_waiting(
        self, turns: Sequence[AddTurn], of: int, call: Mapping[str, Any], error: PowerMemError
    ) -> None:
        """Mark turns whose extraction failed to be processed later, and add that to the error."""
        try:
            await self._store.apply([learning_later(turns, call)])
        except PowerMemError as failure:
            _logger.warning("%d messages are kept, but do not wait to be processed: %s", of, failure)
            return
        user = turns[0].scope.user_id
        way = "flush()" if user is None else f"process({user!r})"
        kept = "the messages are" if len(turns) == of else f"{len(turns)} of the {of} messages are"
        error.args = (f"{error}; {kept} kept and wait: {way} learns from them", *error.args[1:])

    async def learn(
        self, messages: Sequence[Message], new: NewMemories, usage: Usage, prompt: str | None
    ) -> Learned:
        """Extract facts and preferences from messages; see ``AsyncExtractor.extract``."""
        return await self._extractor.extract(messages, today=new.at, prompt=prompt, usage=usage)

    async def store_learned(
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
        found = await self._embed(candidates(extracted.facts, messages, turns), usage.warnings)
        usage.embedded_texts += _count_vectors(found)
        learned = self._learned(new, extracted)
        if not found:
            without_facts = self._keep_without_facts and extracted.problem is None
            wordings = _wordings(messages, turns) if without_facts else []
            kept = await self._embed(wordings, usage.warnings)
            usage.embedded_texts += _count_vectors(kept)
            return await self._write([*_additions(new, kept), *learned], enclose, verbatim=True)
        if self._extractor.name == "rules":
            return await self._store_by_rules(found, learned, new, expression, enclose)
        # One at a time for each scope: otherwise two calls that extract the same fact in different words
        # would both find no similar memory, and both add it.
        async with self._scopes(new.scope):
            return await self._reconcile(found, learned, new, usage, expression, enclose)

    async def _store_by_rules(
        self,
        found: Sequence[Candidate],
        learned: Sequence[Change],
        new: NewMemories,
        expression: Expression | None,
        enclose: Enclose,
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        """Store facts that rules found, and end the statements that they contradict.

        Facts that contradict nothing are just added; the unique key prevents duplicates.
        """
        rules = self._superseding
        stated = rules.state(new, found)
        if not any(one.keys for one in stated):
            return await self._write(
                [*rules.carry_out(new, stated, [rules.find()] * len(stated)), *learned], enclose
            )

        async def decide() -> list[Change]:
            known = await self._find_stated(stated, new.scope, expression)
            return [*rules.carry_out(new, stated, known), *learned]

        # One at a time for each scope: otherwise two calls would both see the old value, and both theirs.
        async with self._scopes(new.scope):
            return await self._write_decided(decide, enclose)

    async def _find_stated(
        self, stated: Sequence[Statement], scope: Scope, expression: Expression | None
    ) -> list[Found]:
        """Find the memories that statements may end: by their keys, and among those near them."""
        asking = [one for one in stated if one.keys]
        keyed = [
            SearchRequest(
                scope=_exactly(scope),
                embedding=None,
                terms=[term_id(key) for key in one.keys],
                limit=_STATED,
                expression=expression,
            )
            for one in asking
        ]
        by_key = await self._store.search(keyed, touch=False)
        similar = [one for one in asking if one.ends]
        near = await self._find_near([one.candidate for one in similar], scope, expression) if similar else []
        nearby = dict(zip(map(id, similar), near, strict=True))
        found = {
            id(one): self._superseding.find(hits, nearby.get(id(one), ()))
            for one, hits in zip(asking, by_key, strict=True)
        }
        return [found.get(id(one), self._superseding.find()) for one in stated]

    def _learned(self, new: NewMemories, extracted: Learned) -> list[Change]:
        return [learn(new, found) for found in extracted.preferences]

    async def _keep_turns(
        self, turns: list[AddTurn], new: NewMemories, idempotency_key: str | None
    ) -> list[AddTurn]:
        if idempotency_key is None:
            await self._store.apply(turns)
            return turns
        # If the process dies after this, the call is repeated with the same key and must not add its turns
        # a second time. So their ids are stored under the key.
        key = f"{idempotency_key}{_TURNS_OF}"
        kept = await self._store.recall_request(new.scope, key)
        if kept is None:
            ids = json.dumps([turn.id for turn in turns])
            await self._store.apply([*turns, Remember(new.scope, key, ids, new.at)])
            return turns
        ids_kept = json.loads(kept)
        if len(ids_kept) != len(turns):
            raise InvalidInputError(
                f"idempotency_key: {idempotency_key!r} was given for {len(ids_kept)} other messages before"
            )
        return [replace(turn, id=turn_id) for turn, turn_id in zip(turns, ids_kept, strict=True)]

    async def _write(
        self, changes: Sequence[Change], enclose: Enclose, *, verbatim: bool = False
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        """Apply changes in one transaction with what ``enclose`` adds to them."""
        batch, items = enclose(changes, verbatim)
        outcomes = await self._store.apply(batch) if batch else []
        return event_items(batch, outcomes, items), outcomes

    async def _write_decided(
        self, decide: Callable[[], Awaitable[Sequence[Change]]], enclose: Enclose
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        """Apply what ``decide`` returns.

        Raises:
            StoreError: the memories that it had read were changed meanwhile, at each of several attempts.
        """
        for _ in range(_ATTEMPTS):
            changes = await decide()
            try:
                return await self._write(changes, enclose)
            except VersionConflict:
                # Another process changed one of these memories in the meantime: search and decide again.
                continue
        raise StoreError(f"the memories near these facts kept changing; gave up after {_ATTEMPTS} attempts")

    async def _reconcile(
        self,
        found: list[Candidate],
        learned: list[Change],
        new: NewMemories,
        usage: Usage,
        expression: Expression | None,
        enclose: Enclose,
    ) -> tuple[list[MemoryEvent], Sequence[Outcome]]:
        async def decide() -> list[Change]:
            near = await self._find_near(found, new.scope, expression)
            known, undecided, rows = neighbourhood(found, near, _NEAR_IN_ALL)
            if not rows:
                changes = _additions(new, undecided)
            else:
                changes = await self._decide(undecided, rows, new, usage)
            # For known facts, the unique key turns the addition into a further source of the memory. They
            # come first, because a decision may change that memory.
            return [*_additions(new, known), *changes, *learned]

        return await self._write_decided(decide, enclose)

    async def _decide(
        self, undecided: Sequence[Candidate], rows: Mapping[str, Row], new: NewMemories, usage: Usage
    ) -> list[Change]:
        """Let the model compare facts with similar memories; return the resulting changes."""
        decisions = await self._extractor.decide(
            [candidate.fact for candidate in undecided],
            [(alias, row.text) for alias, row in rows.items()],
            usage=usage,
        )
        merged = merged_texts(decisions, rows)
        vectors = await self._encoder.encode(merged, usage.warnings)
        usage.embedded_texts += sum(vector is not None for vector in vectors)
        return carry_out(new, undecided, decisions, rows, dict(zip(merged, vectors, strict=True)))

    async def _find_near(
        self, found: Sequence[Candidate], scope: Scope, expression: Expression | None
    ) -> list[list[Hit]]:
        own = _exactly(scope)
        sought = [query_ids(candidate.fact.text) for candidate in found]
        requests = [
            SearchRequest(
                scope=own,
                embedding=self._encoder.as_query(candidate.embedding),
                terms=words.terms,
                forms=words.forms,
                # Twice as many, since rough memories are dropped below: they are similar to what is refined
                # from them, but will be replaced by it anyway.
                limit=2 * _NEAR_PER_FACT,
                similarity=True,
                expression=expression,
            )
            for candidate, words in zip(found, sought, strict=True)
        ]
        hits = await self._store.search(requests, touch=False)
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

    async def _embed(self, found: Sequence[Candidate], warnings: list[str]) -> list[Candidate]:
        vectors = await self._encoder.encode([candidate.fact.text for candidate in found], warnings)
        return [
            candidate._replace(embedding=vector) for candidate, vector in zip(found, vectors, strict=True)
        ]


def _exactly(scope: Scope) -> Scope:
    """Return a scope to search: an id that was not given must be empty in the memory too."""
    return Scope(scope.user_id or "", scope.agent_id or "", scope.run_id or "")


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
