"""The weight of each part of a score."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each part of a score; zero disables a boost.

    Attributes:
        dense: share of the cosine; the rest is full text. Without vectors, full text has full weight.
        source: weight of a word that only the message behind a memory has, relative to one in the memory
            itself.
        coverage: added for words of the query that the turns around a row contain and the row does not. Half
            of a question's words are often in the question that the row answers.
        speaker: added if the query names the speaker. Small, because a question may name the wrong person.
        neighbour: share of a neighbouring turn's score that is added, divided by the distance in turns.
        span: the greatest distance of a neighbour, in turns.
        run: factor of ``neighbour`` for the best other row of the run at any distance: a conversation that
            contains one part of an answer often contains the others.
        asking: subtracted from a row that is itself a question.
        moment: added to a row that mentions a time, if the query asks for one.
        period: added to rows within the period that the query names; rows close to it get a part.
        own: added to a row in the first person, if the query is in it and not in English. Of 80 questions in
            Chinese, German, Japanese and French about facts among those of others, 72 instead of 68 found
            theirs among the first five with the multilingual model, and 79 instead of 76 without a model, if
            put in the words of the fact.
        phrase: added to a row with all words of a quotation in the query.
        recency: added to rows that became true just now; fades over ``retention_days``.
        retention_days: the days after which the recency boost has fallen to 37 %.
    """

    dense: float = 0.5
    source: float = 0.6
    coverage: float = 0.3
    speaker: float = 0.2
    neighbour: float = 0.3
    span: int = 2
    run: float = 0.5
    asking: float = 0.08
    moment: float = 0.08
    period: float = 0.1
    own: float = 0.06
    phrase: float = 0.1
    recency: float = 0.02
    retention_days: float = 30.0

    @property
    def lifts(self) -> bool:
        """Whether rows of one run affect each other's scores."""
        return bool(self.span and (self.neighbour or self.coverage))

    def plain(self) -> Weights:
        """Return the weights without boosts, for the similarity of two texts alone."""
        return replace(
            self,
            source=0.0,
            coverage=0.0,
            speaker=0.0,
            neighbour=0.0,
            asking=0.0,
            moment=0.0,
            period=0.0,
            own=0.0,
            phrase=0.0,
            recency=0.0,
        )
