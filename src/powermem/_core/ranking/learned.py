"""The numbers of the ranking, learned from conversations and notes.

They were fitted to four kinds of scopes with equal weight: two people who talk (LoCoMo, four
conversations), a person with an assistant (BEAM, six chats, and the same without the assistant's
messages), events (MADial-Bench, English; also Chinese for words alone) and short notes (80 facts with 240
questions, written for this). The loss of a question is the softmax of each row with evidence against the
best rows without, 0.7 of it summed by row and 0.3 by question, plus a hinge for rows below the tenth place;
questions about the wrong person count 0.3. `phrase` and `own` are rare there, and were set by hand. The
intercepts, `size`, `alone` and `sharpness` were fitted afterwards to the same scopes and to windows of 1 to
150 rows cut from them, half of which contain no answer, so that a score is the share of such rows that are
evidence. ``python -m benchmarks.quality.fit`` repeats it with each conversation left out.
"""

from __future__ import annotations

from .relevance import Model, Weight

WITH_VECTORS = Model(
    Weight(-9.13, 1.11, 0.20, -2.68),
    size=-0.43,
    alone=1.28,
    sharpness=0.35,
    weights={
        "dense": Weight(7.97, -0.41, -3.75, -0.03),
        "lexical": Weight(1.60, 2.51, -1.87, -3.11),
        "share": Weight(2.14, -4.69, 2.88, -0.23),
        "coverage": Weight(0.65, -6.02, 3.18),
        "neighbour": Weight(0.77, 0.26, 1.42),
        "length": Weight(0.00, -0.62, 0.22),
        "role": Weight(-0.71, 0.09),
        "speaker": Weight(0.50, 0.00, 0.50),
        "asking": Weight(0.19, 1.27, -1.39),
        "moment": Weight(1.61),
        "period": Weight(1.29),
        "phrase": Weight(1.50),
        "own": Weight(0.90),
    },
)
"""For a row that has a vector, if the query has one."""

WORDS_ALONE = Model(
    Weight(-7.15, 0.94, -0.67, -3.05),
    size=-0.46,
    alone=0.80,
    sharpness=0.28,
    weights={
        "lexical": Weight(5.40, 1.59, -3.45, -5.95),
        "share": Weight(4.36, -4.87, 1.32, -0.70),
        "coverage": Weight(2.34, -8.48, 2.90),
        "neighbour": Weight(0.29, 1.12, 0.57),
        "length": Weight(-0.27, -0.86, 0.46),
        "role": Weight(-0.27, -0.17),
        "speaker": Weight(0.42, 0.00, 0.42),
        "asking": Weight(0.23, 1.12, -1.24),
        "moment": Weight(1.79),
        "period": Weight(0.97),
        "phrase": Weight(1.50),
        "own": Weight(0.90),
    },
)
"""For a row without a vector."""
