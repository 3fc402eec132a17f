"""The numbers of the ranking, placeholders."""

from __future__ import annotations

from .relevance import Model, Weight

WITH_VECTORS = Model(
    Weight(-6.0),
    {
        "dense": Weight(6.0),
        "lexical": Weight(3.0),
        "share": Weight(3.0),
        "coverage": Weight(3.0),
        "neighbour": Weight(3.0),
        "length": Weight(0.0),
        "role": Weight(-1.0),
        "speaker": Weight(2.0),
        "asking": Weight(-1.0),
        "moment": Weight(1.0),
        "period": Weight(1.0),
        "phrase": Weight(1.3),
    },
)
WORDS_ALONE = WITH_VECTORS
