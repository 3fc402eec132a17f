"""Convert results of ``Memory`` and ``AsyncMemory`` for web services.

``json_safe(...)`` keeps their form and writes ids as strings; ``reply(...)`` converts them to replies of a
REST service.
"""

# Without `from __future__ import annotations`, for the sake of the TypedDicts; see types.py.
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar, cast, overload

from ._core.clock import now, parse
from ._core.messages.rough import ROUGH_TAG, ROUGH_TYPE
from ._core.results.recalled import RecalledFact
from ._core.rules.names import names_in
from .types import (
    AddManyResult,
    AddResult,
    DeleteAllResult,
    ExportResult,
    FactRecord,
    FullRecord,
    HistoryRecord,
    ImportResult,
    MemoryEvent,
    MemoryPage,
    MemoryRecord,
    MemoryStatistics,
    MessageRecord,
    NeighbourRecord,
    PreferenceRecord,
    ProcessingStatistics,
    ReembedResult,
    SearchHit,
    SearchResult,
    TaskRecord,
    TaskStatus,
    TurnRecord,
    UpdatedRecord,
)

if sys.version_info >= (3, 12):
    from typing import NotRequired, TypedDict
else:
    from typing_extensions import NotRequired, TypedDict

__all__ = [
    "AddedData",
    "MemoriesData",
    "MemoryDetail",
    "PreferenceDetail",
    "PreferencesData",
    "Reply",
    "StatusData",
    "json_safe",
    "memory_detail",
    "preference_detail",
    "reply",
]

_IDS = frozenset({"id", "memory_id", "superseded_by", "supersedes", "turn_id"})
# Dicts whose keys are the caller's.
_FREE = frozenset({"metadata", "by_type", "by_tag", "by_category"})

Without = TypeVar(
    "Without",
    AddManyResult,
    DeleteAllResult,
    ExportResult,
    ImportResult,
    ProcessingStatistics,
    ReembedResult,
    list[TaskRecord],
)
"""Results without numeric ids."""
Data = TypeVar("Data")

_TITLE_LENGTH = 60
_MOST_TAGS = 10
_CONFIDENCE = 0.99
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|[\u3002\uff01\uff1f]|\n")


class MemoryDetail(TypedDict):
    """The result of ``memory_detail``."""

    id: str
    memory_key: str
    memory_value: str
    memory_type: str | None
    create_time: int
    update_time: int
    conversation_id: str | None
    status: Literal["activated", "archived"]
    tags: list[str]
    confidence: NotRequired[float]
    relativity: NotRequired[float]


class PreferenceDetail(TypedDict):
    """The result of ``preference_detail``."""

    preference_type: str
    preference: str
    reasoning: str
    conversation_id: str | None


class AddedData(TypedDict):
    """The ``data`` of a reply to ``add``."""

    success: Literal[True]
    task_id: str
    status: Literal["completed", "running"]


class StatusData(TypedDict):
    """The ``data`` of a reply to ``get_status``."""

    task_id: str
    status: Literal["running", "completed", "failed", "cancelled"]
    stage: str
    error: NotRequired[str]


class MemoriesData(TypedDict):
    """The ``data`` of a reply to ``search`` or ``get_all``."""

    memory_detail_list: list[MemoryDetail]
    preference_detail_list: NotRequired[list[PreferenceDetail]]


class PreferencesData(TypedDict):
    """The ``data`` of a reply to ``get_preferences``."""

    preference_detail_list: list[PreferenceDetail]


class Reply(TypedDict, Generic[Data]):
    """The result of ``reply``."""

    code: Literal[0]
    data: Data
    message: Literal["ok"]


@overload
def json_safe(result: None) -> None: ...
@overload
def json_safe(result: AddResult) -> AddResult[str]: ...
@overload
def json_safe(result: SearchResult) -> SearchResult[str]: ...
@overload
def json_safe(result: list[SearchResult]) -> list[SearchResult[str]]: ...
@overload
def json_safe(result: MemoryPage) -> MemoryPage[str]: ...
@overload
def json_safe(result: UpdatedRecord) -> UpdatedRecord[str]: ...
@overload
def json_safe(result: FullRecord) -> FullRecord[str]: ...
@overload
def json_safe(result: SearchHit) -> SearchHit[str]: ...
@overload
def json_safe(result: NeighbourRecord) -> NeighbourRecord[str]: ...
@overload
def json_safe(result: MemoryRecord) -> MemoryRecord[str]: ...
@overload
def json_safe(result: MemoryEvent) -> MemoryEvent[str]: ...
@overload
def json_safe(result: list[HistoryRecord]) -> list[HistoryRecord[str]]: ...
@overload
def json_safe(result: list[TurnRecord]) -> list[TurnRecord[str]]: ...
@overload
def json_safe(result: MessageRecord) -> TurnRecord[str | None]: ...
@overload
def json_safe(
    result: tuple[MessageRecord, MessageRecord],
) -> tuple[TurnRecord[str | None], TurnRecord[str | None]]: ...
@overload
def json_safe(result: list[PreferenceRecord]) -> list[PreferenceRecord[str]]: ...
@overload
def json_safe(result: TaskStatus) -> TaskStatus[str]: ...
@overload
def json_safe(result: MemoryStatistics) -> MemoryStatistics[str]: ...
@overload
def json_safe(result: RecalledFact) -> FactRecord[str]: ...
@overload
def json_safe(result: list[RecalledFact]) -> list[FactRecord[str]]: ...
@overload
def json_safe(result: Without) -> Without: ...
def json_safe(result: Any) -> Any:
    """Write the ids in a result as strings, so that JavaScript programs can read it.

    Ids have 63 bits, but numbers in JavaScript 53: ``JSON.parse`` would round them. All methods also accept
    ids as strings, so an id from a browser can be passed on unchanged. Times are ISO-8601 strings in all
    results. ``metadata`` is not changed.

    Args:
        result: the result of a method of ``Memory`` or ``AsyncMemory``, or one of its items.

    Returns:
        A copy of the same shape, typed with ids that are ``str``. A ``RecalledFact`` becomes a dict.
    """
    if isinstance(result, RecalledFact):
        result = result.to_dict()
    if isinstance(result, dict):
        return {name: _json_safe(name, part) for name, part in result.items()}
    if isinstance(result, (list, tuple)):
        return type(result)(map(json_safe, result))
    return result


def _json_safe(name: str, part: Any) -> Any:
    if name in _FREE:
        return part
    return str(part) if name in _IDS and part is not None else json_safe(part)


@overload
def reply(result: AddResult) -> Reply[AddedData]: ...
@overload
def reply(result: TaskStatus) -> Reply[StatusData]: ...
@overload
def reply(
    result: SearchResult | MemoryPage, preferences: list[PreferenceRecord] | None = None
) -> Reply[MemoriesData]: ...
@overload
def reply(result: list[PreferenceRecord]) -> Reply[PreferencesData]: ...
def reply(
    result: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    preferences: list[PreferenceRecord] | None = None,
) -> Any:
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


def memory_detail(record: MemoryRecord) -> MemoryDetail:
    """Convert a memory to an item of ``memory_detail_list``.

    Args:
        record: a memory from ``search``, ``get_all`` or ``get``.

    Returns:
        ``id`` (a string, since a 63-bit number does not survive JavaScript), ``memory_key`` (the title:
        that in the metadata, that of the model, the first line of a rough memory, else the beginning of the
        text),
        ``memory_value``, ``memory_type``, ``create_time`` and ``update_time`` (milliseconds since the
        epoch), ``conversation_id`` (the run), ``status`` (``"activated"``, or ``"archived"`` if it is
        superseded or expired), ``tags`` (those in the metadata, then those of the model or, without any,
        names in the text); for a rough memory also ``confidence``, and for a search result ``relativity``,
        its score.
    """
    text, tags = record["memory"], _tags(record)
    rough = record.get("memory_type") == ROUGH_TYPE and ROUGH_TAG in tags
    found = record.get("tags") or ()
    named = () if rough or found else names_in(text, frozenset())
    given = (record.get("metadata") or {}).get("title")
    title = text.partition("\n")[0] if rough else record.get("title") or _title(text)
    detail: MemoryDetail = {
        "id": str(record["id"]),
        "memory_key": given if isinstance(given, str) and given else title,
        "memory_value": text,
        "memory_type": record.get("memory_type"),
        "create_time": _milliseconds(record["created_at"]),
        "update_time": _milliseconds(record["updated_at"]),
        "conversation_id": record.get("run_id"),
        "status": "activated" if _current(record) else "archived",
        "tags": list(dict.fromkeys((*tags, *found, *named)))[: max(_MOST_TAGS, len(tags))],
    }
    if rough:
        # Its text is verbatim.
        detail["confidence"] = _CONFIDENCE
    if "score" in record:
        detail["relativity"] = cast("SearchHit", record)["score"]
    return detail


def preference_detail(preference: PreferenceRecord) -> PreferenceDetail:
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
    result: Mapping[str, Any] | Sequence[Any], preferences: list[PreferenceRecord] | None
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
