"""Slack: the ZIP of a workspace export, or the folder in it.

Source: Slack's help on reading exports and the open readers of them: ``users.json``; ``channels.json``,
``groups.json``, ``mpims.json`` and ``dms.json``; and a folder for each channel with a file for each day. A
message is known by its ``ts`` in its channel; ``thread_ts`` is the ``ts`` of the message that began a thread.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from ..patterns import Pattern
from .exports import Export
from .fields import document, listed, mappings, names_of, part, records, said, string
from .moments import local, read_moment, zone_of
from .values import Items, Message, Options, Report

_LISTS = ("channels.json", "groups.json", "mpims.json", "dms.json")
_DAY = Pattern(r"\d{4}-\d\d-\d\d\.json")
_KEPT = frozenset({
    "bot_message", "me_message", "thread_broadcast", "reply_broadcast", "file_share", "file_comment",
    "message_replied", "assistant_app_thread", "huddle_thread",
})  # fmt: skip
_MENTION = Pattern(r"<(?P<kind>[@#!])(?P<id>[^|>]+)(?:\|(?P<label>[^>]*))?>")
_LINK = Pattern(r"<(?P<url>[a-z][\w+.-]*:[^|>]+)(?:\|(?P<label>[^>]*))?>")


def is_export(export: Export) -> bool:
    """Return whether an archive or folder is an export of Slack."""
    lists = export.named(*_LISTS)
    return bool(lists) and any(_DAY.fullmatch(name.rpartition("/")[2]) for name in export.members)


def matches(value: object) -> bool:
    """Return whether a value is a message of Slack."""
    return part(value, "type") == "message" and isinstance(part(value, "ts"), str)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of each channel, threads as conversations of their own."""
    people = _People(export, report)
    channels: dict[str, Mapping[str, Any]] = {}
    for name in export.named(*_LISTS):
        for one in mappings(document(export, name, report)):
            for key in (string(one.get("name")), string(one.get("id"))):
                if key is not None:
                    channels.setdefault(key, one)
                    people.channels.setdefault(string(one.get("id")) or key, string(one.get("name")) or key)
    for name in export.members:
        folder, _, file = name.rpartition("/")
        if not (_DAY.fullmatch(file) or len(export.members) == 1):
            continue
        short = folder.rpartition("/")[2] or file.removesuffix(".json")
        channel = channels.get(short, {})
        title = string(channel.get("name")) or people.together(channel) or short
        yield from _day(export, name, string(channel.get("id")) or short, title, people, options, report)


class _People:
    """The names of users, by id."""

    def __init__(self, export: Export, report: Report) -> None:
        self.channels: dict[str, str] = {}
        self.bots: set[str] = set()
        self._names: dict[str, str] = {}
        self._zones: dict[str, tzinfo] = {}
        for name in export.named("users.json", "org_users.json"):
            for user in mappings(document(export, name, report)):
                id = string(user.get("id"))
                shown = (
                    string(part(user, "profile", "display_name"))
                    or string(user.get("real_name"))
                    or string(part(user, "profile", "real_name"))
                    or string(user.get("name"))
                )
                if id is None or shown is None:
                    continue
                self._names[id] = shown
                if (zone := zone_of(string(user.get("tz")) or "")) is not None:
                    self._zones[id] = zone
                if user.get("is_bot") is True or id == "USLACKBOT":
                    self.bots.add(id)
                else:
                    report.members[id] = shown

    def of(self, id: str) -> str:
        """Return the name of a user, or the id of one who is unknown."""
        return self._names.get(id, id)

    def zone(self, id: str | None, otherwise: tzinfo) -> tzinfo:
        """Return the time zone of a user, if it is known."""
        return self._zones.get(id or "", otherwise)

    def together(self, channel: Mapping[str, Any]) -> str | None:
        """Return the names of the members of a direct conversation."""
        members = [self.of(id) for one in listed(channel.get("members")) if (id := string(one))]
        return ", ".join(members) or None

    def resolved(self, text: str) -> str:
        """Return a text with names for ids, and without Slack's markup of links."""
        text = _LINK.sub(lambda found: _link(found["url"], found["label"]), _MENTION.sub(self._mention, text))
        return html.unescape(text)

    def _mention(self, found: re.Match[str]) -> str:
        kind, id, label = found["kind"], found["id"], found["label"]
        if kind == "@":
            return f"@{self._names.get(id) or label or id}"
        if kind == "#":
            return f"#{self.channels.get(id) or label or id}"
        name = label or id.partition("^")[0]
        return name if name.startswith("@") or "^" in id else f"@{name}"


def _link(url: str, label: str | None) -> str:
    if url.startswith("mailto:"):
        return label or url.removeprefix("mailto:")
    return f"{label} ({url})" if label and label not in url else url


def _day(
    export: Export, name: str, channel: str, title: str, people: _People, options: Options, report: Report
) -> Items:
    for where, value in records(export, name, report):
        if not isinstance(value, Mapping):
            report.fault(where, "expected an object")
            continue
        stamp = string(value.get("ts"))
        place = f"{where}, message {stamp}" if stamp else where
        kind = value.get("subtype")
        if kind is not None and kind not in _KEPT:
            report.leave_out("deleted messages" if kind == "tombstone" else "notices of Slack")
            continue
        if value.get("hidden") is True:
            report.leave_out("notices of Slack")
            continue
        text = said(people.resolved(_text(value)), place, report)
        files = names_of([one.get("name") or one.get("title") for one in mappings(value.get("files"))])
        if text is None:
            report.leave_out("media without text" if files else "without text")
            continue
        user = string(value.get("user"))
        is_bot = kind == "bot_message" or (user in people.bots if user else "bot_id" in value)
        speaker = _speaker(value, user, people)
        thread = string(value.get("thread_ts"))
        yield Message(
            conversation=f"{channel}/{thread}" if thread else channel,
            text=text,
            at=local(read_moment(stamp, options.zone), people.zone(user, options.zone)),
            where=place,
            role="assistant" if is_bot else None,
            speaker=speaker,
            speaker_id=user or string(value.get("bot_id")),
            id=f"{channel}:{stamp}" if stamp else None,
            reply_to=f"{channel}:{thread}" if thread and thread != stamp else None,
            title=title,
            metadata={**files, **({"edited": True} if value.get("edited") else {})},
        )


def _speaker(value: Mapping[str, Any], user: str | None, people: _People) -> str | None:
    named = people.of(user) if user else None
    if named is not None and named != user:
        return named
    profile = value.get("user_profile")
    own = (
        string(part(profile, "display_name"))
        or string(part(profile, "real_name"))
        or string(part(profile, "name"))
    )
    return own or string(value.get("username")) or string(part(value, "bot_profile", "name")) or named


def _text(value: Mapping[str, Any]) -> str:
    text = value.get("text")
    if isinstance(text, str) and text.strip():
        return text
    shown = [
        text
        for one in mappings(value.get("attachments"))
        if isinstance(text := one.get("text") or one.get("fallback"), str)
    ]
    return "\n".join(shown)
