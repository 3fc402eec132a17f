"""Convert results to replies of a REST service.

A service in front of a memory sends ``reply(...)`` as JSON. It needs only what the methods of ``Memory`` and
``AsyncMemory`` return.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .clock import now, parse
from .rough import ROUGH_TAG, ROUGH_TYPE
from .rules.names import names_in

__all__ = ["memory_detail", "preference_detail", "reply"]

_TITLE_LENGTH = 60
_MOST_TAGS = 10
_CONFIDENCE = 0.99
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|[\u3002\uff01\uff1f]|\n")


def reply(
    result: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    preferences: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Convert a result to a REST reply: ``{"code": 0, "data": {...}, "message": "ok"}``.

    Args:
        result: the result of ``add``, ``get_status``, ``search``, ``get_all`` or ``get_preferences``.
        preferences: the result of ``get_preferences``, to add to memories.

    Returns:
        The reply; its ``data`` depends on the result:

        - of ``add``: ``success``, ``task_id``, and ``status``, which is ``"running"`` or ``"completed"``;
        - of ``get_status``: ``task_id``, ``status``, ``stage``, and ``error`` when there is one;
        - of ``search`` and ``get_all``: ``memory_detail_list``, see ``memory_detail``, and
          ``preference_detail_list`` if preferences were passed;
        - of ``get_preferences``: ``preference_detail_list``, see ``preference_detail``.

    Raises:
        TypeError: it is the result of another method.
    """
    return {"code": 0, "data": _data(result, preferences), "message": "ok"}


def memory_detail(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a memory to an item of ``memory_detail_list``.

    Args:
        record: a memory from ``search``, ``get_all`` or ``get``.

    Returns:
        ``id`` (a string, since a 63-bit number does not survive JavaScript), ``memory_key`` (a title: the
        first line of a rough memory, else the beginning of the text), ``memory_value``, ``memory_type``,
        ``create_time`` and ``update_time`` (milliseconds since the epoch), ``conversation_id`` (the run),
        ``status`` (``"activated"``, or ``"archived"`` if it is superseded or expired), ``tags`` (those in the
        metadata, then names in the text); for a rough memory also ``confidence``, and for a search result
        ``relativity``, its score.
    """
    text, tags = record["memory"], _tags(record)
    rough = record.get("memory_type") == ROUGH_TYPE and ROUGH_TAG in tags
    detail = {
        "id": str(record["id"]),
        "memory_key": text.partition("\n")[0] if rough else _title(text),
        "memory_value": text,
        "memory_type": record.get("memory_type"),
        "create_time": _milliseconds(record["created_at"]),
        "update_time": _milliseconds(record["updated_at"]),
        "conversation_id": record.get("run_id"),
        "status": "activated" if _current(record) else "archived",
    }
    if rough:
        # Its text is verbatim.
        detail["confidence"] = _CONFIDENCE
    if "score" in record:
        detail["relativity"] = record["score"]
    named = () if rough else names_in(text, frozenset())
    detail["tags"] = list(dict.fromkeys((*tags, *named)))[: max(_MOST_TAGS, len(tags))]
    return detail


def preference_detail(preference: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a preference to an item of ``preference_detail_list``.

    Args:
        preference: an item from ``get_preferences``.

    Returns:
        ``preference_type`` (``"explicit_preference"`` or ``"implicit_preference"``), ``preference``,
        ``reasoning`` and ``conversation_id`` (the run).
    """
    return {
        "preference_type": preference["preference_type"],
        "preference": preference["preference"],
        "reasoning": preference["reasoning"],
        "conversation_id": preference.get("run_id"),
    }


def _data(
    result: Mapping[str, Any] | Sequence[Mapping[str, Any]], preferences: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    if isinstance(result, (list, tuple)):
        return {"preference_detail_list": [preference_detail(item) for item in result]}
    if not isinstance(result, Mapping) or not ("task_id" in result or "results" in result):
        raise TypeError(
            "expected what add, get_status, search, get_all or get_preferences returned, "
            f"got {type(result).__name__}"
        )
    if "stage" in result:
        data = {name: result[name] for name in ("task_id", "status", "stage")}
        return {**data, "error": result["error"]} if result.get("error") else data
    if "task_id" in result:
        return {"success": True, "task_id": str(result["task_id"]), "status": result["status"]}
    data = {"memory_detail_list": [memory_detail(record) for record in result["results"]]}
    if preferences is not None:
        data["preference_detail_list"] = [preference_detail(item) for item in preferences]
    return data


def _title(text: str) -> str:
    sentence = _SENTENCE_END.split(text.strip(), maxsplit=1)[0].rstrip(".!? ")
    if len(sentence) <= _TITLE_LENGTH:
        return sentence
    cut = sentence[:_TITLE_LENGTH]
    # At a space, if there is one.
    return (cut.rpartition(" ")[0] or cut).rstrip(",;: ") + "\u2026"


def _tags(record: Mapping[str, Any]) -> list[str]:
    given = (record.get("metadata") or {}).get("tags")
    return [tag for tag in given if isinstance(tag, str)] if isinstance(given, list) else []


def _current(record: Mapping[str, Any]) -> bool:
    if record.get("valid_to") or record.get("superseded_by"):
        return False
    expires_at = record.get("expires_at")
    return expires_at is None or parse(expires_at) > now()


def _milliseconds(moment: str) -> int:
    return parse(moment) // 1000
