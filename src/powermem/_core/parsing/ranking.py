"""Parse a model's answer as relevance scores of memories."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .answer import Fit, ParseError, parse_answer

_CONTAINERS = ("ranking", "rankings", "results", "scores", "memories", "items", "data")
_ALIASES = ("alias", "id", "memory")
_SCORES = ("score", "relevance", "relevance_score")
_WHOLE = 100.0


def parse_ranking(text: str, *, aliases: Sequence[str]) -> dict[str, float]:
    """Parse the scores in an answer.

    Args:
        text: the answer, ideally in the form of ``RERANKING_SCHEMA``; an object of aliases and scores, and
            scores from 0 to 1, are accepted too.
        aliases: the aliases in the request.

    Returns:
        The score from 0 to 1 of each alias in the answer. The first one counts if there are two.

    Raises:
        ParseError: the answer was cut off, has no scores, or has an alias that was not in the request.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'ranking'")
    if not parsed.complete:
        raise ParseError("the answer was cut short", cut=True)
    offered = {alias.casefold(): alias for alias in aliases}
    scores: dict[str, float] = {}
    for given, score in map(_scored, _items(parsed.value)):
        alias = offered.get(str(given).strip().casefold())
        if alias is None:
            raise ParseError(f"{given!r} was not offered")
        scores.setdefault(alias, score)
    # A model that was asked for 1 to 100 and answers 0.8 means 80.
    in_shares = all(score <= 1 for score in scores.values()) and any(score % 1 for score in scores.values())
    return {alias: score if in_shares else score / _WHOLE for alias, score in scores.items()}


def _fit(value: Any) -> Fit:
    if isinstance(value, dict):
        if isinstance(value.get("ranking"), list):
            return Fit.EXACT if value["ranking"] else Fit.EMPTY
        return Fit.LOOSE if value else Fit.NO
    if not isinstance(value, list):
        return Fit.NO
    return Fit.LOOSE if value and all(isinstance(item, Mapping) for item in value) else Fit.NO


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        raise ParseError(f"expected an object with a list 'ranking', got {type(value).__name__}")
    for key in _CONTAINERS:
        if isinstance(value.get(key), (list, dict)):
            return _items(value[key])
    # An object of aliases and their scores.
    return [{"alias": alias, "score": score} for alias, score in value.items()]


def _scored(item: Any) -> tuple[Any, float]:
    if not isinstance(item, Mapping):
        raise ParseError(f"expected objects with an alias and a score, got {type(item).__name__}")
    alias = next((item[key] for key in _ALIASES if key in item), None)
    score = next((item[key] for key in _SCORES if key in item), None)
    try:
        number = math.nan if isinstance(score, bool) or score is None else float(score)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= _WHOLE:
        raise ParseError(f"expected a score from 0 to 100, got {score!r}")
    return alias, number
