"""ChatGPT: ``conversations.json`` of "Export data", and the ZIP with it.

The format is not documented by OpenAI. This follows the public descriptions of mitkury/chatgpt-export-parser
(docs/chatgpt-data-export-format.md) and the readers of other open projects, which agree: an array of
conversations, each with a tree of messages in ``mapping`` and its newest leaf in ``current_node``. Since
early 2026 the array is divided into ``conversations-000.json`` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..patterns import Pattern
from .exports import Export
from .fields import listed, mappings, names_of, part, records, said, string
from .moments import local, read_moment
from .values import Items, Message, Options, Report

_FILE = Pattern(r"conversations(?:-\d+)?\.json", re.IGNORECASE)
_REASONING = ("thoughts", "reasoning_recap")
_INSTRUCTIONS = ("user_editable_context", "model_editable_context")
# Private characters around the marks of citations and of interface elements, such as
# "\ue200cite\ue202turn0\ue201".
_MARKUP = Pattern("\ue200[^\ue201]*\ue201?|[\ue200-\ue206]|【[^】]{0,40}†[^】]{0,80}】")


def conversation_files(export: Export) -> list[str]:
    """Return the members with conversations: one, or several numbered ones."""
    found = [name for name in export.members if _FILE.fullmatch(name.rpartition("/")[2])]
    return sorted(found) or (export.members if len(export.members) == 1 else [])


def matches(value: object) -> bool:
    """Return whether a value is a conversation of ChatGPT."""
    return isinstance(part(value, "mapping"), Mapping)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of the branch of each conversation that the user saw last."""
    for name in conversation_files(export):
        for where, value in records(export, name, report, "conversations"):
            if not matches(value):
                report.fault(where, "expected a conversation with a 'mapping' of messages")
                continue
            yield from _conversation(value, where, options, report)


def _conversation(value: Mapping[str, Any], where: str, options: Options, report: Report) -> Items:
    mapping = value["mapping"]
    known = string(value.get("conversation_id")) or string(value.get("id"))
    conversation = known or f"{value.get('create_time')}"
    branch = list(_branch(mapping, value.get("current_node")))
    chosen = set(branch)
    others = (node for key, node in mapping.items() if key not in chosen)
    report.left_out["in branches that were abandoned"] += sum(
        _is_talk(part(node, "message")) for node in others
    )
    place = f"{where}, {conversation}"
    before: str | None = None
    for key in branch:
        message = part(mapping[key], "message")
        if not isinstance(message, Mapping):
            continue
        at = f"{place}, message {key}"
        reason = _hidden(message)
        if reason:
            if reason != "of the system" or _text(message):
                report.leave_out(reason)
            continue
        text = said(_MARKUP.sub("", _text(message)), at, report)
        files = names_of([one.get("name") for one in mappings(part(message, "metadata", "attachments"))])
        if text is None:
            report.leave_out("without text")
            continue
        role = part(message, "author", "role")
        id = string(message.get("id")) or key
        yield Message(
            conversation=conversation,
            text=text,
            at=local(
                read_moment(message.get("create_time") or value.get("create_time"), options.zone),
                options.zone,
            ),
            where=at,
            role="user" if role == "user" else "assistant",
            id=id,
            reply_to=before,
            title=string(value.get("title")),
            metadata=files,
        )
        before = id


def _branch(mapping: Mapping[str, Any], current: object) -> Iterator[str]:
    """Return the keys of the nodes from the root to the current one; without that, to the newest leaf."""
    # Of a node at the end of a file that was cut, only its parent knows where it belongs.
    above = {
        child: key
        for key, node in mapping.items()
        for child in listed(part(node, "children"))
        if isinstance(child, str)
    }
    if not isinstance(current, str) or current not in mapping:
        leaves = [
            key
            for key, node in mapping.items()
            if not any(
                isinstance(child, str) and child in mapping for child in listed(part(node, "children"))
            )
        ]
        current = max(leaves or mapping, key=lambda key: _created(mapping[key]), default=None)
    found: dict[str, None] = {}
    key = current
    while isinstance(key, str) and key in mapping and key not in found:
        found[key] = None
        key = part(mapping[key], "parent") or above.get(key)
    return reversed(found)


def _created(node: object) -> float:
    created = part(node, "message", "create_time")
    return float(created) if isinstance(created, (int, float)) else 0.0


def _is_talk(message: object) -> bool:
    return isinstance(message, Mapping) and not _hidden(message) and bool(_text(message).strip())


def _hidden(message: Mapping[str, Any]) -> str:
    """Return why a message is no part of the talk; ``""`` if it is."""
    role = part(message, "author", "role")
    kind = part(message, "content", "content_type")
    if role == "system":
        return "of the system"
    if kind in _INSTRUCTIONS:
        return "custom instructions"
    if (
        part(message, "metadata", "is_visually_hidden_from_conversation") is True
        or message.get("weight") == 0
    ):
        return "hidden in the chat"
    if kind in _REASONING:
        return "a model's reasoning"
    if role == "tool" or role not in ("user", "assistant"):
        return "of tools"
    if role == "assistant" and message.get("recipient") not in (None, "all"):
        return "calls of tools"
    return ""


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = [text for one in listed(part(content, "parts")) if (text := _part(one))]
    own = part(content, "text") or part(content, "result")
    if isinstance(own, str) and own.strip():
        parts.append(own)
    return "\n".join(parts)


def _part(value: object) -> str:
    if isinstance(value, str):
        return value
    text = part(value, "text")
    return text if isinstance(text, str) else ""
