"""What every store can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...changes import Change, Outcome
from ...filters import Expression
from ...types import EmbedderIdentity, HistoryEntry, Hit, Row, Scope, SearchRequest, Statistics, Turn


class AsyncStore(ABC):
    """A place for one collection of memories.

    A scope's id that is ``None`` matches everything; the empty string matches what has no such id. Every
    method raises ``StoreError`` or a subclass when the store fails.
    """

    name: str

    @abstractmethod
    async def open(self) -> None:
        """Connect, and bring the schema up to date."""

    @abstractmethod
    async def close(self) -> None:
        """Write what is pending and disconnect."""

    @abstractmethod
    async def identify(self, identity: EmbedderIdentity) -> None:
        """Check that the stored vectors are this embedder's; remember it when it is the first."""

    @abstractmethod
    async def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        """Apply changes as a whole; on return they are durable.

        Raises:
            VersionConflict: a memory is not as it was when it was read; nothing was applied.
        """

    @abstractmethod
    async def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        """Answer searches, each best first; ``touch`` counts the hits as accesses."""

    @abstractmethod
    async def get_many(self, ids: Sequence[int], *, touch: bool = False) -> dict[int, Row]:
        """Return the memories that exist, by id."""

    @abstractmethod
    async def list_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        *,
        sort_by: str,
        descending: bool,
        limit: int,
        offset: int,
    ) -> tuple[list[Row], int]:
        """Return a page of current memories, and how many there are in all."""

    @abstractmethod
    async def count(self, scope: Scope, expression: Expression | None) -> int:
        """Return how many current memories there are."""

    @abstractmethod
    async def users(self) -> list[str]:
        """Return every user id that has a memory, sorted."""

    @abstractmethod
    async def history(self, memory_id: int) -> list[HistoryEntry]:
        """Return what happened to a memory, oldest first."""

    @abstractmethod
    async def turns(self, memory_id: int) -> list[Turn]:
        """Return the turns that a memory came from, oldest first."""

    @abstractmethod
    async def recall_request(self, scope: Scope, key: str) -> str | None:
        """Return the result kept under an idempotency key."""

    @abstractmethod
    async def statistics(self, scope: Scope, since: int | None) -> Statistics:
        """Count what a scope holds; ``since`` leaves out what was created before."""

    @abstractmethod
    async def reset(self) -> None:
        """Remove everything in the collection."""
