"""Claude: ``conversations.json`` of "Export data", and the ZIP with it.

The format is not documented by Anthropic. This follows Sinity/polylogue (docs/providers/claude-ai.md) and
other open readers: an array of conversations with ``chat_messages``, whose ``content`` is a list of blocks as
in the API, and whose ``text`` repeats it. ``memories.json`` has what Claude remembers of the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .chatgpt import conversation_files
from .exports import Export
from .fields import document, listed, mappings, names_of, part, records, said, string
from .moments import local, read_moment
from .values import Items, Kept, Message, Options, Report

_UNSUPPORTED = "This block is not supported on your current device yet."


def matches(value: object) -> bool:
    """Return whether a value is a conversation of Claude."""
    return isinstance(part(value, "chat_messages"), list)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the messages of each conversation, and what Claude remembers."""
    for name in conversation_files(export):
        for where, value in records(export, name, report, "conversations"):
            if not matches(value):
                report.fault(where, "expected a conversation with 'chat_messages'")
                continue
            yield from _conversation(value, where, options, report)
    for name in export.members:
        last = name.rpartition("/")[2]
        if last == "memories.json" or "/memories/" in f"/{name}":
            yield from _memories(export, name, report)


def _conversation(value: Mapping[str, Any], where: str, options: Options, report: Report) -> Items:
    conversation = string(value.get("uuid")) or f"{value.get('created_at')}"
    messages = list(mappings(value["chat_messages"]))
    kept = _branch(messages, string(value.get("current_leaf_message_uuid")))
    report.left_out["in branches that were abandoned"] += len(messages) - len(kept)
    before: str | None = None
    for number, message in enumerate(kept, 1):
        id = string(message.get("uuid"))
        place = f"{where}, {conversation}, message {id or number}"
        sender = message.get("sender") or message.get("role")
        if sender not in ("human", "user", "assistant"):
            report.leave_out("of the system")
            continue
        whole, files = _text(message, report)
        text = said(whole, place, report)
        if text is None:
            report.leave_out("without text")
            continue
        moment = read_moment(message.get("created_at") or value.get("created_at"), options.zone)
        parent = string(message.get("parent_message_uuid"))
        yield Message(
            conversation=conversation,
            text=text,
            at=local(moment, options.zone),
            where=place,
            role="assistant" if sender == "assistant" else "user",
            id=id,
            reply_to=parent or before,
            title=string(value.get("name")) or string(value.get("title")),
            metadata=files,
        )
        before = id


def _branch(messages: list[Mapping[str, Any]], leaf: str | None) -> list[Mapping[str, Any]]:
    """Return the messages that lead to a leaf; all of them if the export names none."""
    by_id = {string(message.get("uuid")): message for message in messages}
    if leaf is None or leaf not in by_id:
        return messages
    found: dict[str, Mapping[str, Any]] = {}
    key: str | None = leaf
    while key is not None and key in by_id and key not in found:
        found[key] = by_id[key]
        key = string(by_id[key].get("parent_message_uuid"))
    return list(found.values())[::-1]


def _text(message: Mapping[str, Any], report: Report) -> tuple[str, dict[str, Any]]:
    """Return what was said, with the text of pasted attachments; and the names of the files."""
    texts: list[str] = []
    for block in mappings(message.get("content")):
        kind, text = block.get("type"), block.get("text")
        if kind in ("text", None) and isinstance(text, str):
            texts.append(text)
        elif kind == "thinking":
            report.leave_out("a model's reasoning")
        elif kind in ("tool_use", "tool_result"):
            report.leave_out("calls of tools" if kind == "tool_use" else "of tools")
    own = message.get("text") or message.get("content")
    if not any(text.strip() for text in texts) and isinstance(own, str):
        texts = [own.replace(f"```\n{_UNSUPPORTED}\n```", "").replace(_UNSUPPORTED, "")]
    attached = [*listed(message.get("attachments")), *listed(message.get("files"))]
    for one in mappings(attached):
        content = one.get("extracted_content")
        if isinstance(content, str) and content.strip():
            texts.append(f"[{string(one.get('file_name')) or 'pasted text'}]\n{content}")
    return "\n\n".join(texts), names_of([one.get("file_name") for one in mappings(attached)])


def _memories(export: Export, name: str, report: Report) -> Iterator[Kept]:
    found = document(export, name, report)
    for account in mappings(found if isinstance(found, list) else [found]):
        texts = {"conversations_memory": account.get("conversations_memory")}
        projects = account.get("project_memories")
        texts |= (
            {f"project {key}": text for key, text in projects.items()}
            if isinstance(projects, Mapping)
            else {}
        )
        for about, text in texts.items():
            if isinstance(text, str):
                for number, one in enumerate(statements(text), 1):
                    place = f"{name}, {about}, paragraph {number}"
                    if (kept := said(one, place, report)) is not None:
                        yield Kept(
                            kept,
                            place,
                            metadata={"about": about} if projects and about != "conversations_memory" else {},
                        )


def statements(text: str) -> Iterator[str]:
    """Yield the paragraphs and the items of lists of a text, without headings."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*•]|\d+\.)\s)", text):
        one = re.sub(r"^\s*(?:[-*•]|\d+\.)\s+", "", paragraph.strip())
        if one and not re.fullmatch(r"#+ .*|\*\*[^*\n]+\*\*:?", one):
            yield one
