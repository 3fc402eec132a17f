"""Memobase: profiles, events and blobs, as its API returns them.

Source: the API of memodb-io/memobase: a profile has ``content`` and ``attributes`` (``topic``,
``sub_topic``); an event ``event_data`` with ``event_tip`` or ``profile_delta``; a blob of the type ``chat``
has ``messages`` with ``role``, ``content``, ``alias`` and ``created_at``. A file may hold the lists alone or
together, bare or in ``data``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .exports import Export
from .fields import document, listed, mappings, part, said, string
from .moments import local, read_moment
from .values import Items, Kept, Message, Options, Report

_LISTS = ("profiles", "events", "blobs", "users")


def matches(value: object) -> bool:
    """Return whether a value is one of Memobase, or holds such."""
    if _is_profile(value) or isinstance(part(value, "event_data"), Mapping) or _is_blob(value):
        return True
    inner = part(value, "data") if isinstance(part(value, "data"), Mapping) else value
    return any(matches(one) for name in _LISTS for one in listed(part(inner, name))[:3])


def _is_profile(value: object) -> bool:
    named = isinstance(part(value, "attributes", "topic"), str) or isinstance(part(value, "topic"), str)
    return named and isinstance(part(value, "content"), str)


def _is_blob(value: object) -> bool:
    return isinstance(part(value, "blob_type"), str) or isinstance(part(value, "blob_data", "messages"), list)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield profiles and events as memories, and blobs as messages."""
    for name in export.members:
        prefix = "" if len(export.members) == 1 else f"{name}, "
        yield from _read(document(export, name, report), prefix, None, options, report)


def _read(value: object, prefix: str, user: str | None, options: Options, report: Report) -> Items:
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _one(one, f"{prefix}item {number}", number, user, options, report)
        return
    if not isinstance(value, Mapping):
        report.fault(prefix.rstrip(", ") or "the file", "expected profiles, events or blobs")
        return
    if matches_alone(value):
        yield from _one(value, f"{prefix}item 1", 1, user, options, report)
        return
    inner = part(value, "data") if isinstance(part(value, "data"), Mapping) else value
    user = string(inner.get("user_id")) or string(value.get("user_id")) or user
    for key in _LISTS:
        for number, one in enumerate(listed(inner.get(key)), 1):
            where = f"{prefix}{key} {number}"
            if key == "users" and isinstance(one, Mapping):
                own = string(one.get("user_id")) or string(one.get("id"))
                yield from _read(one, f"{where}, ", own, options, report)
            else:
                yield from _one(one, where, number, user, options, report)


def matches_alone(value: object) -> bool:
    """Return whether a value is a profile, an event or a blob itself."""
    return _is_profile(value) or isinstance(part(value, "event_data"), Mapping) or _is_blob(value)


def _one(value: object, where: str, number: int, user: str | None, options: Options, report: Report) -> Items:
    if _is_profile(value):
        yield from _profile(value, where, user, options, report)
    elif isinstance(part(value, "event_data"), Mapping):
        yield from _event(value, where, user, options, report)
    elif _is_blob(value):
        yield from _blob(value, where, number, options, report)
    else:
        report.fault(where, "expected a profile, an event or a blob")


def _profile(value: Any, where: str, user: str | None, options: Options, report: Report) -> Iterator[Kept]:
    text = said(value["content"], where, report)
    if text is None:
        report.leave_out("without text")
        return
    attributes = value.get("attributes")
    source = attributes if isinstance(attributes, Mapping) else value
    topic, sub_topic = string(source.get("topic")), string(source.get("sub_topic"))
    about = ", ".join(filter(None, (topic, sub_topic))).replace("_", " ")
    yield Kept(
        text=f"{about}: {text}",
        where=where,
        id=string(value.get("id")),
        at=read_moment(value.get("created_at"), options.zone),
        updated_at=read_moment(value.get("updated_at"), options.zone),
        user_id=string(value.get("user_id")) or user,
        metadata={key: one for key, one in (("topic", topic), ("sub_topic", sub_topic)) if one},
    )


def _event(value: Any, where: str, user: str | None, options: Options, report: Report) -> Iterator[Kept]:
    data = value["event_data"]
    tip = data.get("event_tip")
    if not isinstance(tip, str) or not tip.strip():
        changed = [
            ": ".join(
                filter(
                    None,
                    (
                        ", ".join(
                            filter(
                                None, (string(part(one, "attributes", key)) for key in ("topic", "sub_topic"))
                            )
                        ),
                        string(one.get("content")),
                    ),
                )
            )
            for one in mappings(data.get("profile_delta"))
        ]
        tip = "\n".join(filter(None, changed))
    text = said(tip, where, report)
    if text is None:
        report.leave_out("without text")
        return
    tags = {
        name: string(one.get("value"))
        for one in mappings(data.get("event_tags"))
        if (name := string(one.get("tag"))) is not None
    }
    yield Kept(
        text=text,
        where=where,
        id=string(value.get("id")),
        at=read_moment(value.get("created_at"), options.zone),
        updated_at=read_moment(value.get("updated_at"), options.zone),
        user_id=string(value.get("user_id")) or user,
        metadata={"kind": "event", **({"event_tags": tags} if tags else {})},
    )


def _blob(value: Any, where: str, number: int, options: Options, report: Report) -> Iterator[Message]:
    data = value.get("blob_data")
    messages = value.get("messages") or part(data, "messages")
    if not isinstance(messages, list):
        report.leave_out(f"blobs of the type {string(value.get('blob_type')) or 'unknown'}")
        return
    conversation = (
        string(value.get("id"))
        or string(value.get("blob_id"))
        or string(value.get("created_at"))
        or str(number)
    )
    for count, one in enumerate(messages, 1):
        place = f"{where}, message {count}"
        content = part(one, "content")
        text = said(content, place, report) if isinstance(content, str) else None
        if text is None:
            report.leave_out("without text")
            continue
        if one.get("role") not in ("user", "assistant"):
            report.leave_out("of the system")
            continue
        moment = read_moment(one.get("created_at") or value.get("created_at"), options.zone)
        yield Message(
            conversation=conversation,
            text=text,
            at=local(moment, options.zone),
            where=place,
            role="user" if one["role"] == "user" else "assistant",
            speaker=string(one.get("alias")),
            id=f"{conversation}:{count}",
        )
