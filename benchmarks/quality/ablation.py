"""PowerMem's ranking with parts left out, or with other weights, over one filled store."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from powermem._async.encoder import AsyncEncoder
from powermem._async.providers.embedder import AsyncBatchedEmbedder
from powermem._async.providers.local import AsyncLocalEmbedder
from powermem._async.retrieval.query import Query
from powermem._async.retrieval.search import AsyncRetrieval
from powermem._async.stores.sqlite import AsyncSQLiteStore
from powermem._core.embedding.traits import traits_of
from powermem._core.ranking.weights import Weights
from powermem._core.values import Scope
from powermem._sqlite.engine import Engine

from ..corpus import COLLECTION
from .adapters import PowerMem
from .dataset import Conversation
from .embedding import CachedEmbedder
from .metrics import LIMIT, Answer, answer

NAMES = list(Weights._fields)
_ARMS = ("dense", "lexical")
# What gives a signal its form; without it there is none, or nothing changes.
_FORMS = ("span", "retention_days", "similarity")
SIGNALS = [name for name in NAMES if name not in _ARMS + _FORMS]


class Ranking(NamedTuple):
    """How to rank: what counts how much, and whether questions are also asked in the words of whom they are
    about."""

    weights: Weights
    voiced: bool = True


def parts(embedder: bool) -> dict[str, Ranking]:
    """Return the ranking without each signal, and each arm without any other.

    Args:
        embedder: whether there is one; otherwise full text is the only arm.
    """
    variants = {f"without {name}": Ranking(changed({name: 0})) for name in SIGNALS}
    bare = dict.fromkeys(SIGNALS, 0.0)
    if embedder:
        variants["without voiced"] = Ranking(Weights(), voiced=False)
        variants["both arms, no other signal"] = Ranking(changed(bare), voiced=False)
        variants["cosine alone"] = Ranking(changed({**bare, "lexical": 0}), voiced=False)
    variants["full text alone"] = Ranking(changed({**bare, "dense": 0}), voiced=False)
    return variants


def changed(numbers: Mapping[str, float]) -> Weights:
    """Return the weights as shipped, but for some."""
    shipped = Weights()
    return shipped._replace(**{name: type(getattr(shipped, name))(numbers[name]) for name in numbers})


def parse_weights(text: str) -> tuple[str, Ranking]:
    """Read NAME=NUMBER,... as an argument of the command line."""
    numbers: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is no weight; there are {', '.join(NAMES)}")
        try:
            numbers[name] = float(number)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part!r}: expected NAME=NUMBER") from None
    return text, Ranking(changed(numbers))


async def ask_weighted(
    library: PowerMem,
    ranking: Ranking,
    conversations: Sequence[Conversation],
    embedder: CachedEmbedder | None,
) -> list[Answer]:
    """Ask all questions of a filled store with another ranking than it ships with."""
    store = AsyncSQLiteStore(Engine(str(library.path), COLLECTION, weights=ranking.weights))
    given = embedder and AsyncBatchedEmbedder(
        AsyncLocalEmbedder(embedder), traits=traits_of(embedder.provider, embedder.name)
    )
    retrieval = AsyncRetrieval(store, AsyncEncoder(given or None, store), None, voiced=ranking.voiced)
    await store.open()
    answers = []
    for one in conversations:
        texts = [question.text for question in one.questions]
        found = [
            [library.hit(hit.row.id, hit.row.text) for hit in each.hits]
            for each in await retrieval.search(texts, Query(Scope(one.name), LIMIT))
        ]
        answers += [answer(one.name, *each) for each in zip(one.questions, found, strict=True)]
    await store.close()
    return answers
