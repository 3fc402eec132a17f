"""Every turn stored, every question asked, and the clock read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..report import quantile
from .adapters import Adapter, AsksMany, settled
from .dataset import Conversation
from .embedding import CachedEmbedder
from .metrics import LIMIT, READ, Answer, answer

_TIMED = 100
_SHARES = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Times:
    """How long searches take, one after the other.

    Attributes:
        searches: milliseconds of each, without what the embedder of the harness took.
        embeddings: what that took.
    """

    searches: list[float]
    embeddings: list[float]

    def figures(self) -> list[float | None]:
        """Return what half and what 95 % of the searches took at most, then the same with the embedding.

        The latter are ``None`` when the embedder was not used.
        """
        whole = [sum(both) for both in zip(self.searches, self.embeddings, strict=True)]
        used = any(self.embeddings)
        return [
            *(quantile(self.searches, share) for share in _SHARES),
            *(quantile(whole, share) if used else None for share in _SHARES),
        ]


async def fill(
    adapter: Adapter, conversations: Sequence[Conversation], embedder: CachedEmbedder | None
) -> float:
    """Store the turns of all conversations, each a user of its own.

    Returns:
        The seconds it took, without what the embedder took.
    """
    before = embedder.seconds if embedder else 0.0
    started = time.perf_counter()
    for conversation in conversations:
        for session in conversation.sessions:
            await settled(adapter.add(conversation.name, session))
    spent = time.perf_counter() - started
    return spent - (embedder.seconds - before if embedder else 0.0)


async def ask(adapter: Adapter, conversations: Sequence[Conversation]) -> list[Answer]:
    """Ask all questions."""
    answers = []
    for one in conversations:
        texts = [question.text for question in one.questions]
        if isinstance(adapter, AsksMany):
            found = await adapter.search_many(one.name, texts, LIMIT)
        else:
            found = [await settled(adapter.search(one.name, text, LIMIT)) for text in texts]
        answers += [answer(one.name, *each) for each in zip(one.questions, found, strict=True)]
    return answers


async def time_searches(
    adapter: Adapter, conversations: Sequence[Conversation], embedder: CachedEmbedder | None
) -> Times:
    """Ask some of the questions again, with a watch; no vector comes from the cache."""
    asked = [(one.name, question.text) for one in conversations for question in one.questions]
    times = Times([], [])
    if embedder is not None:
        embedder.fresh = True
    for user, text in asked[:: -(-len(asked) // _TIMED)]:
        before = embedder.seconds if embedder else 0.0
        started = time.perf_counter()
        await settled(adapter.search(user, text, READ))
        spent = time.perf_counter() - started
        embedding = embedder.seconds - before if embedder else 0.0
        times.searches.append(1000 * (spent - embedding))
        times.embeddings.append(1000 * embedding)
    if embedder is not None:
        embedder.fresh = False
    return times
