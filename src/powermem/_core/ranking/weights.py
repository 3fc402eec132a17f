"""How much each signal of a score counts, as factors of what was learned."""

from __future__ import annotations

from typing import NamedTuple


class Weights(NamedTuple):
    """Factors of the learned weights of the signals: 1 as shipped, 0 without the signal, 2 twice as much.

    Attributes:
        dense: the cosine of the vectors.
        lexical: full text: BM25 and the share of the query's words.
        coverage: words of the query that the turns around a row contain and the row does not.
        neighbour: the scores of the turns beside a row and of the best other row of its run.
        length: how much longer a row is than the mean.
        role: whether an assistant said it.
        speaker: whether the query names the speaker.
        asking: whether a row asks and tells nothing.
        moment: whether a row mentions a time, if the query asks for one.
        period: whether a row is of the period that the query names.
        phrase: whether a row has all words of a quotation in the query.
        recency: whether a row became true just now; fades over ``retention_days``.
        source: weight of a word that only the message behind a memory has, relative to one in the memory
            itself. Not a factor.
        span: the greatest distance of a neighbour, in turns.
        own: whether a row is in the first person, if the query is in it and not in English.
        retention_days: the days after which recency has fallen to 37 %.
        similarity: the mean of both arms alone, for how alike two texts are.
    """

    dense: float = 1.0
    lexical: float = 1.0
    coverage: float = 1.0
    neighbour: float = 1.0
    length: float = 1.0
    role: float = 1.0
    speaker: float = 1.0
    asking: float = 1.0
    moment: float = 1.0
    period: float = 1.0
    own: float = 1.0
    phrase: float = 1.0
    recency: float = 1.0
    source: float = 0.6
    span: int = 2
    retention_days: float = 30.0
    similarity: bool = False

    @property
    def lifts(self) -> bool:
        """Whether rows of one run affect each other's scores."""
        return not self.similarity and bool(self.span and (self.neighbour or self.coverage))

    def plain(self) -> Weights:
        """Return the weights for the similarity of two texts alone."""
        return Weights(source=0.0, similarity=True)
