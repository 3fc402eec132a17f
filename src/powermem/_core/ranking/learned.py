"""The numbers of the ranking."""

from __future__ import annotations

from .relevance import Model, Weight

WITH_VECTORS = Model(
    Weight(-7.28, 1.62, -1.54, -4.32),
    {
        "dense": Weight(6.79, -0.95, -2.82, 2.94),
        "lexical": Weight(1.91, 2.84, -2.11, -4.62),
        "share": Weight(2.35, -4.87, 2.62, 0.33),
        "coverage": Weight(0.80, -5.94, 2.97, 0.00),
        "neighbour": Weight(0.77, 0.33, 1.42, 0.00),
        "length": Weight(-0.02, -0.66, 0.24, 0.00),
        "role": Weight(-0.66, 0.09, 0.00, 0.00),
        "speaker": Weight(0.48, 0.00, 0.48, 0.00),
        "asking": Weight(0.15, 1.26, -1.39, 0.00),
        "moment": Weight(1.69),
        "period": Weight(1.27),
        "phrase": Weight(1.30),
        "own": Weight(0.80),
    },
)

WORDS_ALONE = Model(
    Weight(-6.09, 1.40, -1.79, -3.89),
    {
        "lexical": Weight(5.47, 1.83, -3.62, -6.02),
        "share": Weight(4.58, -5.33, 1.57, -0.90),
        "coverage": Weight(2.59, -9.07, 2.99, 0.00),
        "neighbour": Weight(0.25, 1.20, 0.63, 0.00),
        "length": Weight(-0.26, -0.91, 0.46, 0.00),
        "role": Weight(-0.23, -0.23, 0.00, 0.00),
        "speaker": Weight(0.42, 0.00, 0.42, 0.00),
        "asking": Weight(0.23, 1.24, -1.35, 0.00),
        "moment": Weight(1.88),
        "period": Weight(1.00),
        "phrase": Weight(1.30),
        "own": Weight(0.80),
    },
)
