"""Letta: an agent file (``.af``) with messages, memory blocks and passages.

Source: ``letta/schemas/agent_file.py`` of letta-ai/letta (``agents``, ``blocks``, ``messages``) and the first
version of the format in letta-ai/agent-file, in which the file is one agent with ``core_memory``. Passages of
archival memory are in neither, but other exporters add them as ``passages`` or ``archival_memory``, which are
read too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .exports import Export
from .fields import document, listed, mappings, part, said, string
from .moments import local, read_moment
from .values import Items, Kept, Message, Options, Report

_EVENTS = ("heartbeat", "login", "system_alert")


def matches(value: object) -> bool:
    """Return whether a value is an agent file."""
    if isinstance(part(value, "agents"), list) and isinstance(value, Mapping):
        return "blocks" in value or any("messages" in one for one in mappings(value["agents"]))
    return isinstance(part(value, "core_memory"), list) and isinstance(part(value, "messages"), list)


def read(export: Export, options: Options, report: Report) -> Items:
    """Yield the blocks and passages, and the messages of each agent."""
    for name in export.members:
        value = document(export, name, report)
        if not matches(value):
            report.fault(name, "expected an agent file with 'agents' or 'core_memory'")
            continue
        agents = list(mappings(value.get("agents"))) or [value]
        of_block = {
            id: string(agent.get("name"))
            for agent in agents
            for id in map(string, listed(agent.get("block_ids")))
            if id is not None
        }
        prefix = "" if len(export.members) == 1 else f"{name}, "
        yield from _blocks(value.get("blocks"), f"{prefix}block", of_block, None, value, options, report)
        yield from _passages(value, prefix, None, options, report)
        for number, agent in enumerate(agents, 1):
            agent_id = string(agent.get("name")) or string(agent.get("id")) or str(number)
            place = f"{prefix}agent {agent_id}, "
            for key in ("core_memory", "memory_blocks"):
                yield from _blocks(agent.get(key), f"{place}block", {}, agent_id, agent, options, report)
            if agent is not value:
                yield from _passages(agent, place, agent_id, options, report)
            for count, message in enumerate(listed(agent.get("messages")), 1):
                yield from _message(message, f"{place}message {count}", agent, agent_id, options, report)


def _blocks(
    blocks: object,
    place: str,
    of_block: Mapping[str, str | None],
    agent_id: str | None,
    about: Mapping[str, Any],
    options: Options,
    report: Report,
) -> Iterator[Kept]:
    for number, block in enumerate(mappings(blocks), 1):
        label = string(block.get("label")) or str(number)
        id = string(block.get("id"))
        where = f"{place} {label}"
        value = block.get("value")
        text = said(value, where, report) if isinstance(value, str) else None
        if text is None:
            report.leave_out("empty memory blocks")
            continue
        whose = of_block.get(id or "", agent_id)
        at = read_moment(block.get("created_at") or about.get("created_at"), options.zone)
        description = string(block.get("description"))
        yield Kept(
            text,
            where,
            id=f"{whose or ''}:{id or label}",
            at=at,
            updated_at=read_moment(block.get("updated_at"), options.zone),
            agent_id=whose,
            metadata={"label": label, **({"description": description} if description else {})},
        )


def _passages(
    about: Mapping[str, Any], place: str, agent_id: str | None, options: Options, report: Report
) -> Iterator[Kept]:
    for key in ("passages", "archival_memory", "archival_passages"):
        for number, passage in enumerate(mappings(about.get(key)), 1):
            where = f"{place}passage {number}"
            text = passage.get("text") or passage.get("content")
            kept = said(text, where, report) if isinstance(text, str) else None
            if kept is None:
                report.leave_out("without text")
                continue
            own = passage.get("metadata") or passage.get("metadata_")
            tags = listed(passage.get("tags"))
            yield Kept(
                kept,
                where,
                id=string(passage.get("id")),
                at=read_moment(passage.get("created_at"), options.zone),
                agent_id=agent_id,
                metadata={
                    **(own if isinstance(own, Mapping) else {}),
                    **({"tags": list(tags)} if tags else {}),
                },
            )


def _message(
    value: object, where: str, agent: Mapping[str, Any], agent_id: str, options: Options, report: Report
) -> Iterator[Message]:
    if not isinstance(value, Mapping):
        report.fault(where, "expected an object")
        return
    role = value.get("role")
    if role not in ("user", "assistant"):
        report.leave_out("of tools" if role == "tool" else "of the system")
        return
    whole = _sent(value) if role == "assistant" else _text(value)
    packed = _packed(whole)
    if packed is not None:
        if packed.get("type") in _EVENTS or not isinstance(packed.get("message"), str):
            report.leave_out("of the system")
            return
        whole = packed["message"]
    text = said(whole, where, report)
    if text is None:
        report.leave_out("calls of tools" if value.get("tool_calls") else "without text")
        return
    # Letta's ids in a file are numbers of the file, so that the time is part of what identifies a message.
    yield Message(
        conversation=agent_id,
        text=text,
        at=local(read_moment(value.get("created_at"), options.zone), options.zone),
        where=where,
        role="user" if role == "user" else "assistant",
        speaker=string(part(packed, "name")) or (string(value.get("name")) if role == "user" else None),
        title=string(agent.get("name")),
    )


def _text(value: Mapping[str, Any]) -> str:
    content = value.get("content") if value.get("content") is not None else value.get("text")
    if isinstance(content, str):
        return content
    return "\n".join(one for block in mappings(content) if isinstance(one := block.get("text"), str))


def _sent(value: Mapping[str, Any]) -> str:
    """Return what an assistant said: what it passed to the tool that sends messages, else its text."""
    for call in mappings(value.get("tool_calls")):
        if part(call, "function", "name") == "send_message":
            arguments = part(call, "function", "arguments")
            try:
                given = json.loads(arguments) if isinstance(arguments, str) else arguments
            except ValueError:
                continue
            if isinstance(message := part(given, "message"), str):
                return message
    # Beside calls of tools, the text is what the model thinks.
    return "" if value.get("tool_calls") else _text(value)


def _packed(text: str) -> Mapping[str, Any] | None:
    """Return the JSON that Letta wraps the messages of users and of the system in, if it is such."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) and isinstance(value.get("type"), str) else None
