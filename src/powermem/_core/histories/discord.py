"""Discord: JSON and CSV of DiscordChatExporter, and the messages of the data package of an account.

Sources: the JSON as the users of Tyrrrz/DiscordChatExporter describe it ("DCEJSON format"): ``guild``,
``channel`` and ``messages``; its CSV with ``AuthorID,Author,Date,Content,Attachments,Reactions``. In the data
package ("Request all of my data") a folder ``messages/c<id>`` has ``channel.json`` and ``messages.json`` or,
of earlier years, ``messages.csv``, with the user's own messages only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..patterns import Pattern
from .csv_files import moment_of, rows
from .exports import Export
from .fields import document, json_of, mappings, names_of, part, records, said, string
from .json_stream import NOTHING
from .moments import local, read_moment
from .values import Items, Message, Options, Report

_KEPT = frozenset({"Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "0", "19", "20", "23"})
_PACKAGED = Pattern(r"messages\.(?:json|csv)")
_ID = Pattern(r"\[(\d{5,})\]")


def matches(value: object) -> bool:
    """Return whether a value is a channel of DiscordChatExporter."""
    return isinstance(part(value, "channel"), Mapping) and (
        isinstance(part(value, "guild"), Mapping) or isinstance(part(value, "messages"), list)
    )


def is_packaged(value: object) -> bool:
    """Return whether a value is a message of a data package."""
    return isinstance(value, Mapping) and {"ID", "Timestamp", "Contents"} <= set(value)


def is_export(export: Export) -> bool:
    """Return whether an archive or folder is a data package, or has channels of DiscordChatExporter."""
    if len(export.members) < 2:
        return False
    return any(
        _PACKAGED.fullmatch(name.rpartition("/")[2]) and re.search(r"(?:^|/)c?\d{5,}/[^/]+$", name)
        for name in export.members
    )


def columns_match(header: list[str]) -> bool:
    """Return whether a header is that of one of the CSV files."""
    return {"AuthorID", "Author", "Date", "Content"} <= set(header) or {"ID", "Timestamp", "Contents"} <= set(
        header
    )


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of each channel."""
    user = _user(export, report)
    titles = _titles(export, report)
    for name in export.members:
        folder, _, file = name.rpartition("/")
        lower = file.lower()
        if lower in ("channel.json", "index.json", "user.json") and len(export.members) > 1:
            continue
        if lower.endswith(".csv"):
            yield from _table(export, name, user, titles, options, report)
        elif lower.endswith(".json") or len(export.members) == 1:
            head = export.head(name, 1 << 12).lstrip("\ufeff \t\r\n")[:1]
            if head == "{":
                yield from _channel(export, name, options, report)
            elif head == "[" and (len(export.members) == 1 or _PACKAGED.fullmatch(lower)):
                conversation = _folder_id(folder) or file
                for where, value in records(export, name, report):
                    yield from _packaged(
                        value, where, conversation, titles.get(conversation), user, options, report
                    )


def _user(export: Export, report: Report) -> tuple[str | None, str | None]:
    for name in export.named("user.json"):
        found = document(export, name, report)
        return string(part(found, "id")), string(part(found, "global_name")) or string(
            part(found, "username")
        )
    return None, None


def _folder_id(folder: str) -> str | None:
    last = folder.rpartition("/")[2]
    return last.removeprefix("c") or None


def _titles(export: Export, report: Report) -> dict[str, str]:
    """Return the names of channels, by id."""
    found: dict[str, str] = {}
    for name in export.named("index.json"):
        if (index := document(export, name, report)) and isinstance(index, Mapping):
            found |= {key: title for key, value in index.items() if (title := string(value))}
    for name in export.named("channel.json"):
        channel = document(export, name, report)
        id = string(part(channel, "id"))
        if id is not None and (title := string(part(channel, "name"))):
            server = string(part(channel, "guild", "name"))
            found[id] = f"{server} / {title}" if server else title
    return found


def _channel(export: Export, name: str, options: Options, report: Report) -> Items:
    prefix = "" if len(export.members) == 1 else f"{name}, "
    about: dict[str, Any] = {}
    with json_of(export, name, report) as stream:
        for key in stream.object():
            if key == "messages" and stream.peek() == "[":
                for number, value in enumerate(stream.elements(), 1):
                    yield from _message(value, about, f"{prefix}message", number, name, options, report)
            elif key in ("guild", "channel"):
                value = stream.value()
                about[key] = None if value is NOTHING else value
            else:
                stream.skip()


def _message(
    value: object,
    about: Mapping[str, Any],
    prefix: str,
    number: int,
    name: str,
    options: Options,
    report: Report,
) -> Items:
    id = string(part(value, "id"))
    where = f"{prefix} {id or number}"
    if not isinstance(value, Mapping):
        report.fault(where, "expected an object")
        return
    if string(value.get("type")) not in (None, *_KEPT):
        report.leave_out("notices of Discord")
        return
    content = value.get("content")
    text = content if isinstance(content, str) else ""
    if not text.strip():
        embeds = (one.get(key) for one in mappings(value.get("embeds")) for key in ("title", "description"))
        text = "\n".join(one for one in embeds if isinstance(one, str) and one.strip())
    kept = said(text, where, report)
    files = names_of(
        [one.get("fileName") or one.get("filename") for one in mappings(value.get("attachments"))]
    )
    if kept is None:
        report.leave_out("media without text" if files or value.get("stickers") else "without text")
        return
    channel = about.get("channel")
    title = string(part(channel, "name"))
    server = string(part(about.get("guild"), "name"))
    author = value.get("author")
    yield Message(
        conversation=string(part(channel, "id")) or name,
        text=kept,
        at=local(read_moment(value.get("timestamp"), options.zone), options.zone)
        if options.zone and str(value.get("timestamp") or "").endswith(("Z", "+00:00"))
        else read_moment(value.get("timestamp"), options.zone),
        where=where,
        role="assistant" if part(author, "isBot") is True or part(author, "bot") is True else None,
        speaker=string(part(author, "nickname"))
        or string(part(author, "global_name"))
        or string(part(author, "name")),
        speaker_id=string(part(author, "id")),
        id=id,
        reply_to=string(part(value, "reference", "messageId")),
        title=f"{server} / {title}" if server and title and server != "Direct Messages" else title,
        metadata={**files, **({"edited": True} if value.get("timestampEdited") else {})},
    )


def _packaged(
    value: object,
    where: str,
    conversation: str,
    title: str | None,
    user: tuple[str | None, str | None],
    options: Options,
    report: Report,
) -> Items:
    if not isinstance(value, Mapping):
        report.fault(where, "expected an object")
        return
    content = value.get("Contents")
    text = said(content, where, report) if isinstance(content, str) else None
    attached = value.get("Attachments")
    if text is None:
        report.leave_out("media without text" if attached else "without text")
        return
    files = (
        [one.rpartition("/")[2].partition("?")[0] for one in attached.split()]
        if isinstance(attached, str)
        else []
    )
    id, name = user
    yield Message(
        conversation=conversation,
        text=text,
        at=local(read_moment(_utc(value.get("Timestamp")), options.zone), options.zone),
        where=where,
        role="user",
        speaker=name,
        speaker_id=id,
        id=string(value.get("ID")),
        title=title,
        metadata=names_of(files),
    )


def _utc(value: object) -> object:
    # The package writes UTC without saying so.
    return (
        f"{value}+00:00"
        if isinstance(value, str) and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", value)
        else value
    )


def _table(
    export: Export,
    name: str,
    user: tuple[str | None, str | None],
    titles: Mapping[str, str],
    options: Options,
    report: Report,
) -> Items:
    folder, _, file = name.rpartition("/")
    found = _ID.search(file)
    conversation = found[1] if found else _folder_id(folder) or file
    title = titles.get(conversation) or re.sub(r"\s*\[\d+\]|\.csv$", "", file)
    for where, row in _rows(export, name, options, report):
        if "Contents" in row:
            yield from _packaged(row, where, conversation, title, user, options, report)
            continue
        text = said(row.get("Content") or "", where, report)
        files = [
            one.rpartition("/")[2].partition("?")[0]
            for one in (row.get("Attachments") or "").split(",")
            if one
        ]
        if text is None:
            report.leave_out("media without text" if files else "without text")
            continue
        yield Message(
            conversation=conversation,
            text=text,
            at=moment_of(row.get("Date") or "", options.day_first is True, options),
            where=where,
            speaker=string(row.get("Author")),
            speaker_id=string(row.get("AuthorID")),
            title=title,
            metadata=names_of(files),
        )


def _rows(
    export: Export, name: str, options: Options, report: Report
) -> Iterator[tuple[str, dict[str, str]]]:
    with export.text(name, report, options.encoding) as file:
        header, found = rows(file, name if len(export.members) > 1 else "", report, csv.excel)
        for where, row in found:
            yield where, dict(zip(header, row, strict=False))
