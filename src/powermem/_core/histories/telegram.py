"""Telegram: ``result.json`` of Telegram Desktop, of one chat or of a whole account.

Source: the types of mlomb/chat-analytics (pipeline/parse/parsers/Telegram.d.ts) and public descriptions of
the export. A chat has ``name``, ``type``, ``id`` and ``messages``; an account has chats in ``chats.list``,
and the user in ``personal_information``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .exports import Export
from .fields import json_of, listed, names_of, part, said, string
from .json_stream import NOTHING, JSONStream
from .moments import local, read_moment
from .values import Items, Message, Options, Report

_QUARTER = timedelta(minutes=15)
_MOST_AHEAD = timedelta(hours=14)


def matches(value: object) -> bool:
    """Return whether a value is a chat or an account of Telegram."""
    if isinstance(part(value, "chats", "list"), list) or isinstance(
        part(value, "personal_information"), Mapping
    ):
        return True
    messages = listed(part(value, "messages"))
    return "type" in (value if isinstance(value, Mapping) else {}) and any(
        "date_unixtime" in one or ("from_id" in one and "date" in one) or one.get("type") == "service"
        for one in messages[:50]
        if isinstance(one, Mapping)
    )


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of each chat."""
    names = [name for name in export.members if name.lower().endswith(".json")] or export.members
    for name in names:
        prefix = "" if len(export.members) == 1 else f"{name}, "
        with json_of(export, name, report) as stream:
            if stream.peek() == "{":
                yield from _chat(stream, prefix, options, report)


def _chat(stream: JSONStream, prefix: str, options: Options, report: Report) -> Items:
    """Read a chat, or the account, from a stream, message by message."""
    about: dict[str, Any] = {}
    for key in stream.object():
        kind = stream.peek()
        if key == "messages" and kind == "[":
            for value in stream.elements():
                yield from _message(value, about, prefix, options, report)
        elif key in ("chats", "left_chats") and kind == "{":
            for inner in stream.object():
                if inner == "list" and stream.peek() == "[":
                    for _ in stream.array():
                        yield from (
                            _chat(stream, prefix, options, report)
                            if stream.peek() == "{"
                            else _skipped(stream)
                        )
                else:
                    stream.skip()
        elif key in ("id", "name", "type", "personal_information"):
            value = stream.value()
            about[key] = None if value is NOTHING else value
            user = string(part(value, "user_id"))
            if user is not None:
                report.me.add(f"user{user}")
        else:
            stream.skip()


def _skipped(stream: JSONStream) -> Items:
    stream.skip()
    yield from ()


def _message(value: object, chat: Mapping[str, Any], prefix: str, options: Options, report: Report) -> Items:
    title = string(chat.get("name"))
    conversation = string(chat.get("id")) or title or "chat"
    id = string(part(value, "id"))
    where = f"{prefix}{title or conversation}, message {id}"
    if not isinstance(value, Mapping):
        report.fault(where, "expected an object")
        return
    if value.get("type") == "service":
        report.leave_out("notices of Telegram")
        return
    text = said(_text(value), where, report)
    files = names_of([value.get("file_name") or _file(value.get("file")), _file(value.get("photo"))])
    if text is None:
        report.leave_out("media without text" if files or value.get("media_type") else "without text")
        return
    moment = _moment(value, options)
    speaker_id = string(value.get("from_id"))
    if chat.get("type") == "saved_messages" and speaker_id is not None and not value.get("forwarded_from"):
        report.me.add(speaker_id)
    kept = {
        **files,
        **({"forwarded_from": origin} if (origin := string(value.get("forwarded_from"))) else {}),
        **({"edited": True} if value.get("edited") else {}),
    }
    yield Message(
        conversation=conversation,
        text=text,
        at=moment,
        where=where,
        role="assistant"
        if chat.get("type") == "bot_chat" and speaker_id == f"user{chat.get('id')}"
        else None,
        speaker=string(value.get("from")) or ("Deleted account" if speaker_id else title),
        speaker_id=speaker_id,
        id=id,
        reply_to=string(value.get("reply_to_message_id")),
        title=title,
        metadata=kept,
    )


def _moment(value: Mapping[str, Any], options: Options) -> datetime | None:
    """Return the time of a message, with the offset of the computer that exported it."""
    at, shown = (
        read_moment(value.get("date_unixtime"), options.zone),
        read_moment(value.get("date"), timezone.utc),
    )
    if at is None:
        return read_moment(value.get("date"), options.zone)
    ahead = timedelta() if shown is None else shown - at
    if shown is None or ahead % _QUARTER or abs(ahead) > _MOST_AHEAD:
        return local(at, options.zone)
    return at.astimezone(timezone(ahead))


def _text(value: Mapping[str, Any]) -> str:
    text = value.get("text")
    if not text:
        text = value.get("text_entities")
    if isinstance(text, list):
        pieces = (one if isinstance(one, str) else part(one, "text") for one in text)
        text = "".join(one for one in pieces if isinstance(one, str))
    found = text if isinstance(text, str) else ""
    poll = value.get("poll")
    if isinstance(poll, Mapping) and isinstance(question := poll.get("question"), str):
        answers = [
            f"- {answer}" for one in listed(poll.get("answers")) if (answer := string(part(one, "text")))
        ]
        found = "\n".join(filter(None, [found, question, *answers]))
    return found


def _file(value: object) -> str | None:
    name = string(value)
    # "(File not included. Change data exporting settings to download.)"
    return None if name is None or name.startswith("(") else name.rpartition("/")[2]
