"""Zep: sessions or threads with messages, and facts, as its API returns them.

Source: the reference of Zep's API v2 and v3 (``Session``, ``Message`` with ``role``, ``role_type`` and
``created_at``, ``Fact`` and ``EntityEdge`` with ``fact``, ``valid_at`` and ``invalid_at``). A file may hold
any of the lists alone, or a session with its ``messages`` and ``facts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .exports import Export
from .fields import listed, part, records, said, string
from .json_stream import NOTHING
from .moments import local, read_moment
from .values import Items, Kept, Message, Options, Report

_LISTS = ("sessions", "threads", "messages", "facts", "edges", "users")
_FACTS = ("facts", "relevant_facts", "edges", "user_facts")


def matches(value: object) -> bool:
    """Return whether a value is one of Zep, or holds such."""
    if _is_session(value) or _is_fact(value) or _is_message(value):
        return True
    return any(
        _is_session(one) or _is_fact(one) or _is_message(one)
        for name in (*_LISTS, *_FACTS)
        for one in listed(part(value, name))[:5]
    )


def _is_session(value: object) -> bool:
    named = isinstance(part(value, "session_id"), str) or isinstance(part(value, "thread_id"), str)
    return (
        named
        and isinstance(value, Mapping)
        and bool({"messages", "facts", "user_id", "created_at", "ended_at"} & set(value))
    )


def _is_fact(value: object) -> bool:
    known = {"uuid", "uuid_", "created_at", "rating", "valid_at", "source_node_uuid"}
    return isinstance(part(value, "fact"), str) and isinstance(value, Mapping) and bool(known & set(value))


def _is_message(value: object) -> bool:
    return isinstance(part(value, "role_type"), str) and isinstance(part(value, "content"), str)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of sessions, and the facts."""
    for name in export.members:
        for where, value in records(export, name, report, "sessions", "threads"):
            if value is NOTHING:
                continue
            yield from _record(value, where, {}, options, report)


def _record(value: object, where: str, about: Mapping[str, Any], options: Options, report: Report) -> Items:
    if not isinstance(value, Mapping):
        if isinstance(value, str) and (text := said(value, where, report)) is not None:
            # Sessions of the first versions list facts as texts.
            yield Kept(text, where, user_id=string(about.get("user_id")))
        else:
            report.fault(where, "expected an object")
        return
    if isinstance(value.get("fact"), str):
        yield from _fact(value, where, about, options, report)
        return
    if isinstance(value.get("content"), str):
        yield from _message(value, where, about, options, report)
        return
    about = {**about, **{key: value[key] for key in ("user_id", "session_id", "thread_id") if value.get(key)}}
    inner = {**value, **(memory if isinstance(memory := value.get("memory"), Mapping) else {})}
    known = False
    for key in ("sessions", "threads", "messages", *_FACTS):
        found = inner.get(key)
        # A page of messages may be in an object of its own.
        rows = listed(found) or listed(part(found, key))
        known = known or found is not None
        for number, one in enumerate(rows, 1):
            if key in _FACTS or not isinstance(one, str):
                yield from _record(one, f"{where}, {key} {number}", about, options, report)
    if not known and not (value.get("session_id") or value.get("thread_id") or value.get("user_id")):
        report.fault(
            where, f"expected a session, a message or a fact; it has {', '.join(map(str, list(value)[:10]))}"
        )


def _fact(
    value: Mapping[str, Any], where: str, about: Mapping[str, Any], options: Options, report: Report
) -> Iterator[Kept]:
    text = said(value["fact"], where, report)
    if text is None:
        report.leave_out("without text")
        return
    created = read_moment(value.get("created_at"), options.zone)
    names = ("name", "rating", "source_node_name", "target_node_name")
    ended = value.get("invalid_at") or value.get("expired_at")
    yield Kept(
        text=text,
        where=where,
        id=string(value.get("uuid")) or string(value.get("uuid_")),
        at=read_moment(value.get("valid_at"), options.zone) or created,
        updated_at=created,
        until=read_moment(ended, options.zone),
        user_id=string(about.get("user_id")),
        metadata={key: value[key] for key in names if value.get(key) not in (None, "")},
    )


def _message(
    value: Mapping[str, Any], where: str, about: Mapping[str, Any], options: Options, report: Report
) -> Iterator[Message]:
    kind = string(value.get("role_type")) or string(value.get("role")) or ""
    if kind in ("system", "tool", "function"):
        report.leave_out("of the system" if kind == "system" else "of tools")
        return
    text = said(value["content"], where, report)
    if text is None:
        report.leave_out("without text")
        return
    role = string(value.get("role"))
    own = value.get("metadata")
    session = (
        string(value.get("session_id")) or string(about.get("session_id")) or string(about.get("thread_id"))
    )
    speaker = string(value.get("name")) or (
        role if role not in (kind, "user", "assistant", "human", "ai") else None
    )
    yield Message(
        conversation=session or "session",
        text=text,
        at=local(read_moment(value.get("created_at"), options.zone), options.zone),
        where=where,
        role="assistant" if kind in ("assistant", "ai") else "user",
        speaker=speaker,
        id=string(value.get("uuid")) or string(value.get("uuid_")),
        metadata=dict(own) if isinstance(own, Mapping) else {},
    )
