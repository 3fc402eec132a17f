"""How much each part of a score counts."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts; zero switches a boost off.

    Attributes:
        dense: share of the cosine; the rest is full text. Without vectors full text counts whole.
        source: what a word counts that only the message behind a memory has, beside one that the memory has.
        coverage: added for the words of the query that the turns around a row have and the row lacks; half of
            a question's words are often said by whoever asked.
        speaker: added when the query names who said it. Small, because a question may name the wrong person.
        neighbour: share of a neighbouring turn's score that is added, divided by the distance in turns.
        span: how many turns away a neighbour may be.
        run: part of ``neighbour`` by which the best other row of the same run counts, however far away: a
            conversation that holds one part of an answer often holds the others.
        asking: taken from a row that is itself a question.
        moment: added to a row that tells a time when the query asks for one.
        period: added to what happened in the time that the query names; what is near it gets part.
        phrase: added to a row that has all words which the query puts in quotation marks.
        recency: added for what began to be true just now; fades with ``retention_days``.
        retention_days: after so many days the recency boost is down to 37 %.
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
    phrase: float = 0.1
    recency: float = 0.02
    retention_days: float = 30.0

    @property
    def lifts(self) -> bool:
        """Whether rows of one run change each other's scores."""
        return bool(self.span and (self.neighbour or self.coverage))

    def plain(self) -> Weights:
        """Return the weights without boosts: how near two texts are by themselves."""
        return replace(
            self,
            source=0.0,
            coverage=0.0,
            speaker=0.0,
            neighbour=0.0,
            asking=0.0,
            moment=0.0,
            period=0.0,
            phrase=0.0,
            recency=0.0,
        )
