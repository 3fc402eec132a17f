"""What is known about an embedding model besides its name: prefixes of texts, and the scripts it reads."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..patterns import Pattern
from ..text.scripts import latin_share
from .weights import PROVIDER

__all__ = ["PLAIN", "QUESTION", "Traits", "traits_of", "unread_scripts"]

QUESTION = "\x02"
"""What a question begins with, for APIs that are told by a field of the request that it is one.

No text that is stored or asked has this character; it is removed before the request.
"""

_TYPED = ("voyage", "cohere", "vertexai", "fastembed", "sentence_transformers")
"""Providers that are told so, whatever the model."""

LEAST_LATIN = 0.5
"""Least share of Latin script in a text with a vector, for a model that reads no other."""

TOLD = 0.3
"""Share of a question's vector as a text to be found, in models that distinguish the two.

As a question it is near to what answers it; as a text, to memories that are put like it, in the first person
for example. With vectors of the multilingual model alone, the answer was among the first five for (share 0,
0.3, 0.5, 1) 67, 71, 71, 71 of 80 questions in other words (four languages, 20 facts among 200), and
MADial-Bench's R@10 was 55, 56, 56, 53 %.
"""


class Traits(NamedTuple):
    """Traits of an embedding model.

    Attributes:
        query: what a question begins with.
        passage: what a text to be found begins with.
        latin: whether it reads Latin script only. In another script, it sees single letters or nothing, so
            that all texts are similar to each other.
    """

    query: str = ""
    passage: str = ""
    latin: bool = False

    def reads(self, text: str) -> bool:
        """Return whether a vector says what the text is about."""
        return not self.latin or latin_share(text) >= LEAST_LATIN


PLAIN = Traits()
"""Those of a model that reads every script and wants no prefix."""

# They have the vocabulary of bert-base-uncased, in which words of another script are single letters or
# unknown.
_LATIN = Pattern(
    r"(?:.*/)?(?:all-minilm|(?:multi-qa|paraphrase)-minilm|all-mpnet|nomic-embed-text(?!-v2)|mxbai-embed"
    r"|bge-(?:small|base|large)-en|gte-(?:small|base|large)(?:-en.*)?$|e5-(?:small|base|large)(?:-v2)?$"
    r"|embed-english|snowflake-arctic-embed(?!2|-[a-z]*-?v2))",
    re.IGNORECASE,
)


def traits_of(provider: str, model: str) -> Traits:
    """Return the traits of a model.

    Args:
        provider: the configured name of the provider.
        model: the model's name.
    """
    if provider == PROVIDER:
        from . import e5

        if model == e5.MODEL:
            return Traits(query=e5.QUERY, passage=e5.PASSAGE)
    typed = provider in _TYPED or (provider == "aws_bedrock" and "cohere." in model)
    return Traits(query=QUESTION if typed else "", latin=_LATIN.match(model) is not None)


def unread_scripts(model: str) -> str:
    """Return the warning about texts in scripts that a model does not read, with what to use instead."""
    from . import e5

    return (
        f"texts that are mostly in other scripts than Latin are compared by their words only, since the "
        f"embedder {model} does not read them; for their meaning, {e5.how_to_use()}"
    )
