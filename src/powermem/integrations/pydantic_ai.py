"""A capability for Pydantic AI, and a store for its harness; its extra is ``pydantic-ai``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

from powermem._async.integrations.documents import AsyncDocuments
from powermem._core.integrations.documents import (
    DocumentConflictError,
    Mutation,
    Operation,
    OperationConflictError,
    Space,
    version_of,
)
from powermem._core.integrations.editing import excerpt
from powermem._core.integrations.files import check_content
from powermem._core.integrations.messages import AgentMessage
from powermem._core.integrations.paths import ROOT, check_file
from powermem.errors import InvalidInputError
from powermem.integrations._agents import Agents
from powermem.integrations._colours import Colours

if TYPE_CHECKING:
    from pydantic_ai.agent import AgentRunResult
    from pydantic_ai.tools import RunContext

    from powermem import AsyncMemory, Memory
    from powermem._core.values import Row

    Id = str | Callable[[RunContext[Any]], str | None] | None

__all__ = ["MemoryCapability", "PowerMemStore"]

# Minimum score of a file that a search finds, so that one without any file about the query finds none.
_THRESHOLD = 0.05


class MemoryCapability(AbstractCapability[Any]):
    """Recalls before each run of an agent, gives what is found as instructions, and remembers the run.

    Whose memory it is, the application says. The conversation of a run is the ``run_id`` of what is
    remembered. A failure to recall does not stop the agent; a failure to store is raised.

    Args:
        memory: of either colour. Pydantic AI is async inside, so of a ``Memory`` an async counterpart of the
            same configuration is opened.
        user_id: whose memory it is, or a function that tells of the ``RunContext``, such as of its ``deps``.
        agent_id: of which agent, in the same way.
        run_id: of which conversation; what is recalled is then limited to it.
        options: how to recall: ``max_tokens``, ``limit``, ``threshold``, ``timeout``; see ``AgentMemory``.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: Id = None,
        agent_id: Id = None,
        run_id: Id = None,
        **options: Any,
    ) -> None:
        self.id = None
        self._ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
        self._agents = Agents(memory, **options)
        self._recalled: str | None = None

    @classmethod
    def get_serialization_name(cls) -> str | None:
        """Return ``None``: a memory cannot be written into a specification."""
        return None

    async def for_run(self, ctx: RunContext[Any]) -> MemoryCapability:
        """Return a copy that recalls once in this run."""
        mine = copy(self)
        mine._recalled = None
        return mine

    def get_instructions(self) -> Any:
        """Return the function that recalls."""

        async def recalled(ctx: RunContext[Any]) -> str:
            if self._recalled is None:
                asked = ctx.prompt if isinstance(ctx.prompt, str) else _said(ctx.messages)
                self._recalled = await self._agents.awaited(**self._owner(ctx)).recall(asked)
            return self._recalled

        return recalled

    async def after_run(self, ctx: RunContext[Any], *, result: AgentRunResult[Any]) -> AgentRunResult[Any]:
        """Remember the run."""
        agent = self._agents.awaited(**self._owner(ctx))
        # A run that is replayed has its id again, and so have its messages.
        said = [
            one._replace(id=f"{ctx.run_id}:{place}") for place, one in enumerate(_said(result.new_messages()))
        ]
        await agent.remember(said, session_id=getattr(ctx, "conversation_id", None))
        return result

    def _owner(self, ctx: RunContext[Any]) -> dict[str, str | None]:
        return {name: given(ctx) if callable(given) else given for name, given in self._ids.items()}


def _said(messages: Iterable[Any]) -> list[AgentMessage]:
    found: list[AgentMessage] = []
    for message in messages:
        if isinstance(message, ModelRequest):
            for part in message.parts:
                if isinstance(part, UserPromptPart):
                    found.append(AgentMessage("user", _text(part.content), sent_at=part.timestamp))
        elif isinstance(message, ModelResponse):
            text = "\n".join(part.content for part in message.parts if isinstance(part, TextPart))
            found.append(AgentMessage("assistant", text, sent_at=message.timestamp))
    return found


def _text(content: str | Sequence[Any]) -> str:
    if isinstance(content, str):
        return content
    texts = [one if isinstance(one, str) else getattr(one, "content", None) for one in content]
    return "\n".join(text for text in texts if isinstance(text, str))


class PowerMemStore:
    """The ``MemoryStore`` of Pydantic AI's harness over memories, with its versions and operations.

    Its files are those that Anthropic's memory tool sees below ``/memories``, and each is a memory, which
    searches find by its meaning.

    Args:
        memory: of either colour; see ``MemoryCapability``.
        user_id: whose files they are.
        agent_id: of which agent.
        run_id: of which conversation.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        if not any((user_id, agent_id, run_id)):
            raise InvalidInputError("give user_id, agent_id or run_id: files belong to somebody")
        self._documents: Colours[None, AsyncDocuments] = Colours(
            memory,
            lambda one: None,
            lambda one: AsyncDocuments(one, Space(one._scope(user_id, agent_id, run_id), "file")),
        )

    async def read(self, path: str, *, max_chars: int) -> Any:
        """Return the file at a path, cut to so many characters, or ``None``."""
        from pydantic_ai_harness.memory import MemoryFile

        whole = _path(path)
        _check_positive(max_chars, "max_chars")
        row = await self._documents.awaited.find(whole)
        if row is None:
            return None
        given: dict[str, Any] = {
            "content": row.text[:max_chars],
            "version": version_of(row),
            "operation_id": row.metadata.get("operation_id"),
            "truncated": len(row.text) > max_chars,
        }
        if any(each.name == "metadata" for each in fields(MemoryFile)):
            given["metadata"] = row.metadata.get("write_metadata") or None
        return MemoryFile(**given)

    async def get_operation(self, operation: Any) -> Any:
        """Return the result of an operation that was done before, or ``None``."""
        with _Told():
            done = await self._documents.awaited.done(_operation(operation))
        return None if done is None else _mutation(done)

    async def write(
        self, path: str, content: str, *, expected_version: str | None, operation: Any = None
    ) -> Any:
        """Store a file if it still has this version; ``None`` if there must be none yet."""
        return await self.write_with_metadata(
            path, content, expected_version=expected_version, metadata=None, operation=operation
        )

    async def write_with_metadata(
        self,
        path: str,
        content: str,
        *,
        expected_version: str | None,
        metadata: Mapping[str, str] | None,
        operation: Any = None,
    ) -> Any:
        """Store a file with what is said of the write, if it still has this version."""
        whole, text = _path(path), check_content(content)
        documents, done_once = self._documents.awaited, _operation(operation)
        kept = {"operation_id": None if operation is None else operation.id, "write_metadata": metadata}
        with _Told():
            done = await documents.done(done_once)
            if done is None:
                row = await self._expected(documents, path, whole, expected_version)
                if row is None:
                    done = await documents.create(whole, text, kept, operation=done_once)
                else:
                    done = await documents.replace(row, text, kept, operation=done_once)
        return _mutation(done)

    async def delete(self, path: str, *, expected_version: str | None, operation: Any = None) -> Any:
        """Delete a file if it still has this version; ``None`` if there must be none."""
        whole = _path(path)
        documents, done_once = self._documents.awaited, _operation(operation)
        with _Told():
            done = await documents.done(done_once)
            if done is None:
                row = await self._expected(documents, path, whole, expected_version)
                done = await documents.delete([] if row is None else [row], done_once)
        return _mutation(done)

    async def list_paths(self, prefix: str = "", *, limit: int) -> list[str]:
        """Return the paths that begin with a prefix, sorted."""
        folder = _folder(prefix)
        _check_positive(limit, "limit")
        rows = await self._documents.awaited.below(folder)
        paths = [path.removeprefix(f"{ROOT}/") for path in rows]
        return [path for path in paths if path.startswith(prefix)][:limit]

    async def search(
        self,
        prefix: str,
        query: str,
        *,
        limit: int,
        max_files: int,
        max_chars: int,
        max_file_chars: int,
    ) -> Any:
        """Return the files below a prefix that answer a query, best first, with excerpts."""
        from pydantic_ai_harness.memory import MemorySearchMatch, MemorySearchResult

        folder = _folder(prefix)
        if not query.strip() or min(limit, max_files, max_chars, max_file_chars) <= 0:
            return MemorySearchResult(matches=[], scanned=0, truncated=False)
        hits = await self._documents.awaited.search(
            query, min(limit, max_files) + 1, folder, threshold=_THRESHOLD
        )
        matches: list[Any] = []
        left = max_chars
        for hit in hits[: min(limit, max_files)]:
            path = str(hit.row.metadata["path"]).removeprefix(f"{ROOT}/")
            left -= len(path.removeprefix(prefix))
            if left <= 0:
                break
            shown = excerpt(hit.row.text[:max_file_chars], query, left)
            left -= len(shown)
            matches.append(MemorySearchMatch(path=path, snippet=shown, score=hit.score))
        return MemorySearchResult(matches=matches, scanned=len(hits), truncated=len(matches) < len(hits))

    async def _expected(
        self, documents: AsyncDocuments, path: str, whole: str, version: str | None
    ) -> Row | None:
        row = await documents.find(whole)
        if (None if row is None else version_of(row)) != version:
            raise DocumentConflictError(f"memory path {path!r} changed before it could be written")
        return row


class _Told:
    """Raises the errors of the harness for ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        from pydantic_ai_harness.memory import MemoryConflictError, MemoryOperationConflictError

        if isinstance(error, DocumentConflictError):
            raise MemoryConflictError(str(error)) from error
        if isinstance(error, OperationConflictError):
            raise MemoryOperationConflictError(str(error)) from error


def _operation(operation: Any) -> Operation | None:
    return None if operation is None else Operation(operation.id, operation.fingerprint)


def _mutation(done: Mutation) -> Any:
    from pydantic_ai_harness.memory import MemoryMutation

    return MemoryMutation(version=done.version, replayed=done.replayed, existed=done.existed)


def _path(path: str) -> str:
    if not isinstance(path, str) or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"invalid memory path: {path!r}")
    try:
        return check_file(f"{ROOT}/{path}")
    except InvalidInputError as error:
        raise ValueError(f"invalid memory path: {path!r}") from error


def _folder(prefix: str) -> str | None:
    """Return the folder in which all paths with a prefix are; ``None`` for the root."""
    if not prefix:
        return None
    whole = _path(prefix.removesuffix("/"))
    if prefix.endswith("/"):
        return whole
    parent = whole.rpartition("/")[0]
    return None if parent == ROOT else parent


def _check_positive(number: int, name: str) -> None:
    if number <= 0:
        raise ValueError(f"{name} must be positive")
