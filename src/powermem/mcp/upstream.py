"""The thirteen tools of powermem 1.1, for hosts and prompts that are set up for them.

Names, arguments and results are those of 1.1.7; a result is the JSON string that it was, and the same as
data. Whose memory it is follows from the connection here too: ``user_id`` may repeat it, and chooses a user
only on a server that was started for any user. An agent or a run narrows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import BeforeValidator, Field

from ..rest import json_safe
from . import results
from .bounds import fitting
from .callers import Caller
from .calls import ADDS, CHANGES, READS, plain_tool
from .tools import MOST_TOKENS, Book, MemoryId, as_text

Messages = Annotated[
    str | dict[str, Any] | list[dict[str, Any]],
    Field(description="A text, a message with role and content, or a list of these."),
]
Maybe = Annotated[str | None, BeforeValidator(as_text)]
Json = dict[str, Any] | None
Limit = Annotated[int, Field(ge=1, le=1_000)]

_DELETES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)
_NO_PROFILE_OF_ITS_OWN = (
    "a profile is made of the memories each time it is asked for, so there is none to delete; "
    "delete memories instead"
)


@dataclass(frozen=True)
class UpstreamTools:
    """The tools; their docstrings are what a model reads."""

    book: Book
    tools: list[Tool] = field(init=False)

    def __post_init__(self) -> None:
        table: list[tuple[Callable[..., Any], str, ToolAnnotations]] = [
            (self.add_memory, "Add memory", ADDS),
            (self.search_memories, "Search memories", READS),
            (self.get_memory_by_id, "Get a memory", READS),
            (self.update_memory, "Update a memory", CHANGES),
            (self.delete_memory, "Delete a memory", _DELETES),
            (self.delete_all_memories, "Delete all memories", _DELETES),
            (self.list_memories, "List memories", READS),
            (self.add_memory_with_profile, "Add memory, return the profile", ADDS),
            (self.search_memories_with_profile, "Search memories and profile", READS),
            (self.get_user_profile, "Get a user's profile", READS),
            (self.list_user_profiles, "List profiles", READS),
            (self.delete_user_profile, "Delete a profile", _DELETES),
            (self.delete_memory_with_profile, "Delete a memory", _DELETES),
        ]
        made = [plain_tool(fn, fn.__name__, title, hints) for fn, title, hints in table]
        object.__setattr__(self, "tools", made)

    async def add_memory(
        self,
        messages: Messages,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        run_id: Maybe = None,
        metadata: Json = None,
        infer: bool = True,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Add new memory to storage. With infer, facts are extracted and reconciled with what is stored."""
        caller = self._caller(user_id, agent_id, run_id).writing()
        added = await self.book.memory.add(messages, **caller.ids, metadata=metadata, infer=infer)
        return _whole(json_safe(added))

    async def search_memories(
        self,
        query: str,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        run_id: Maybe = None,
        limit: Limit = 10,
        threshold: float | None = None,
        filters: Json = None,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Search memories by meaning and words."""
        caller = self._caller(user_id, agent_id, run_id)
        found = await self.book.search(caller, query, limit, threshold=threshold, filters=filters)
        return _page(json_safe(found), "results")

    async def get_memory_by_id(
        self, memory_id: MemoryId, user_id: Maybe = None, agent_id: Maybe = None
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Retrieve a single memory by its id."""
        record = await self.book.find(self._caller(user_id, agent_id), memory_id)
        return _whole(json_safe(record))

    async def update_memory(
        self,
        memory_id: MemoryId,
        content: str,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        metadata: Json = None,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Update the content of an existing memory."""
        caller = self._caller(user_id, agent_id).writing()
        await self.book.find(caller, memory_id)
        updated = await self.book.memory.update(memory_id, content, **caller.ids, metadata=metadata)
        if updated is None:
            raise ToolError(f"there is no memory with the id {memory_id!r} any more")
        return _whole(json_safe(updated))

    async def delete_memory(
        self, memory_id: MemoryId, user_id: Maybe = None, agent_id: Maybe = None
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Delete a single memory by its id."""
        return _whole(await self._deleted(self._caller(user_id, agent_id), memory_id))

    async def delete_all_memories(
        self, user_id: Maybe = None, agent_id: Maybe = None, run_id: Maybe = None
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Delete all memories of a user, an agent or a run."""
        caller = self._caller(user_id, agent_id, run_id).writing()
        if not any(caller.scope):
            raise ToolError("delete_all_memories: give user_id, agent_id or run_id")
        deleted = await self.book.memory.delete_all(**caller.ids)
        return _whole({"success": bool(deleted["deleted"]), **deleted})

    async def list_memories(
        self,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        run_id: Maybe = None,
        limit: Limit = 100,
        offset: Annotated[int, Field(ge=0)] = 0,
        filters: Json = None,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """List memories page by page."""
        caller = self._caller(user_id, agent_id, run_id)
        page = await self.book.memory.get_all(**caller.ids, limit=limit, offset=offset, filters=filters)
        return _page(json_safe(page), "results")

    async def add_memory_with_profile(
        self,
        messages: Messages,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        run_id: Maybe = None,
        metadata: Json = None,
        infer: bool = True,
        profile_type: str = "content",
        custom_topics: str | None = None,
        strict_mode: bool = False,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Add memory, and return the user's profile as it is then."""
        if profile_type not in ("content", "topics"):
            raise ToolError(f"profile_type: expected content or topics, got {profile_type!r}")
        if custom_topics is not None or strict_mode:
            raise ToolError("custom_topics and strict_mode are not supported; configure categories instead")
        caller = self._caller(user_id, agent_id, run_id).writing()
        added = await self.book.memory.add(messages, **caller.ids, metadata=metadata, infer=infer)
        profile = await self._profile(caller)
        wanted = "topics" if profile_type == "topics" else "profile_content"
        return _whole({**json_safe(added), "profile_extracted": True, wanted: (profile or {}).get(wanted)})

    async def search_memories_with_profile(
        self,
        query: str,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        run_id: Maybe = None,
        limit: Limit = 10,
        threshold: float | None = None,
        filters: Json = None,
        add_profile: bool = True,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Search memories, and add the user's profile."""
        caller = self._caller(user_id, agent_id, run_id)
        found = json_safe(await self.book.search(caller, query, limit, threshold=threshold, filters=filters))
        profile = await self._profile(caller) if add_profile else None
        more = {} if profile is None else {name: profile[name] for name in ("profile_content", "topics")}
        return _page({**found, **more}, "results")

    async def get_user_profile(self, user_id: Maybe = None) -> Annotated[CallToolResult, dict[str, Any]]:
        """Return what is known about a user, made of their memories."""
        caller = self._caller(user_id)
        profile = await self._profile(caller)
        if profile is None:
            raise ToolError(f"Profile for user {caller.scope.user_id} not found: there are no memories yet")
        return _whole(profile)

    async def list_user_profiles(
        self,
        user_id: Maybe = None,
        main_topic: list[str] | None = None,
        sub_topic: list[str] | None = None,
        topic_value: list[str] | None = None,
        limit: Limit = 100,
        offset: Annotated[int, Field(ge=0)] = 0,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """List the profiles of users, those with a topic only if one is given."""
        if sub_topic or topic_value:
            raise ToolError("sub_topic and topic_value are not supported: the topics have no parts")
        caller = self._caller(user_id)
        users = [caller.scope.user_id] if caller.scope.user_id else await self.book.memory.users()
        profiles = []
        for user in users[offset : offset + limit]:
            profile = await self._profile(caller.narrowed({"user_id": user}, "the list"))
            if profile is None:
                continue
            if main_topic:
                profile["topics"] = {
                    name: profile["topics"][name] for name in main_topic if name in profile["topics"]
                }
            if profile["topics"] or not main_topic:
                profiles.append(profile)
        return _page({"profiles": profiles, "count": len(profiles)}, "profiles")

    async def delete_user_profile(self, user_id: Maybe = None) -> Annotated[CallToolResult, dict[str, Any]]:
        """Profiles follow the memories here: there is nothing to delete but memories."""
        user = self._caller(user_id).writing().scope.user_id
        return _whole({"success": False, "user_id": user, "message": _NO_PROFILE_OF_ITS_OWN})

    async def delete_memory_with_profile(
        self,
        memory_id: MemoryId,
        user_id: Maybe = None,
        agent_id: Maybe = None,
        delete_profile: bool = False,
    ) -> Annotated[CallToolResult, dict[str, Any]]:
        """Delete a memory; the profile follows."""
        caller = self._caller(user_id, agent_id)
        outcome = {**await self._deleted(caller, memory_id), "user_id": caller.scope.user_id}
        if delete_profile:
            outcome |= {"profile_deleted": False, "message": _NO_PROFILE_OF_ITS_OWN}
        return _whole(outcome)

    def _caller(
        self, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
    ) -> Caller:
        ids = {"user_id": user_id or None, "agent_id": agent_id or None, "run_id": run_id or None}
        return self.book.caller().narrowed(ids, "the call")

    async def _deleted(self, caller: Caller, memory_id: str) -> dict[str, Any]:
        await self.book.find(caller.writing(), memory_id)
        success = await self.book.memory.delete(memory_id, **caller.ids)
        return {"success": success, "memory_id": memory_id}

    async def _profile(self, caller: Caller) -> dict[str, Any] | None:
        """Return the profile of a user: their newest memories as a text, and by topic."""
        page = await self.book.memory.get_all(**caller.ids, limit=_MEMORIES_OF_A_PROFILE)
        records = page["results"]
        if not records:
            return None
        topics: dict[str, list[str]] = {}
        for record in records:
            for name in record["categories"] or record["tags"] or [record["memory_type"] or "other"]:
                topics.setdefault(name, []).append(record["memory"])
        return {
            "id": str(records[-1]["id"]),
            "user_id": caller.scope.user_id,
            "profile_content": " ".join(record["memory"] for record in records)[:_PROFILE_CHARACTERS],
            "topics": {
                name: " ".join(texts)[:_PROFILE_CHARACTERS]
                for name, texts in sorted(topics.items())[:_TOPICS]
            },
            "created_at": min(record["created_at"] for record in records),
            "updated_at": max(record["updated_at"] for record in records),
        }


_MEMORIES_OF_A_PROFILE = 50
# As long as that of 1.1.
_PROFILE_CHARACTERS = 1_000
_TOPICS = 20


def _whole(document: Mapping[str, Any]) -> CallToolResult:
    """Return a document, without the longest parts if it is too long as a whole."""
    for name in ("results", "memory", "content", "metadata"):
        if len(fitting([document], lambda some: results.sent(_answer(some[0] if some else {})), MOST_TOKENS)):
            break
        if isinstance(document.get(name), list):
            return _page(document, name)
        if name in document:
            kept = str(document[name])[:_CUT_CHARACTERS] if name != "metadata" else {}
            document = {**document, name: kept, "truncated": True}
    return _answer(document)


_CUT_CHARACTERS = 2_000


def _page(document: Mapping[str, Any], name: str) -> CallToolResult:
    """Return a document of which as many items are kept as fit."""
    items: Sequence[Any] = document[name]

    def write(some: Sequence[Any]) -> CallToolResult:
        more = {} if len(some) == len(items) else {"left_out": len(items) - len(some)}
        return _answer({**document, name: list(some), **more})

    return write(fitting(items, lambda some: results.sent(write(some)), MOST_TOKENS))


def _answer(document: Mapping[str, Any]) -> CallToolResult:
    return results.result(json.dumps(document, ensure_ascii=False, indent=2), document)
