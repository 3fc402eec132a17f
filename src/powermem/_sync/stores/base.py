# Generated from src/powermem/_async/stores/base.py by scripts/run_unasync.py; edit that file instead.
"""What every store can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...changes import Change, Outcome
from ...filters import Expression
from ...types import EmbedderIdentity, HistoryEntry, Hit, Row, Scope, SearchRequest, Statistics, Turn


class Store(ABC):
    """A place for one collection of memories.

    A scope's id that is ``None`` matches everything; the empty string matches what has no such id. Every
    method raises ``StoreError`` or a subclass when the store fails.
    """

    name: str

    @abstractmethod
    def open(self) -> None:
        """Connect, and bring the schema up to date."""

    @abstractmethod
    def close(self) -> None:
        """Write what is pending and disconnect."""

    @abstractmethod
    def identify(self, identity: EmbedderIdentity) -> None:
        """Check that the stored vectors are this embedder's; remember it when it is the first."""

    @abstractmethod
    def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        """Apply changes as a whole; on return they are durable.

        Raises:
            VersionConflict: a memory is not as it was when it was read; nothing was applied.
        """

    @abstractmethod
    def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        """Answer searches, each best first; ``touch`` counts the hits as accesses."""

    @abstractmethod
    def get_many(self, ids: Sequence[int], *, touch: bool = False) -> dict[int, Row]:
        """Return the memories that exist, by id."""

    @abstractmethod
    def list_rows(
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
    def count(self, scope: Scope, expression: Expression | None) -> int:
        """Return how many current memories there are."""

    @abstractmethod
    def users(self) -> list[str]:
        """Return every user id that has a memory, sorted."""

    @abstractmethod
    def history(self, memory_id: int) -> list[HistoryEntry]:
        """Return what happened to a memory, oldest first."""

    @abstractmethod
    def turns(self, memory_id: int) -> list[Turn]:
        """Return the turns that a memory came from, oldest first."""

    @abstractmethod
    def recall_request(self, scope: Scope, key: str) -> str | None:
        """Return the result kept under an idempotency key."""

    @abstractmethod
    def statistics(self, scope: Scope, since: int | None) -> Statistics:
        """Count what a scope holds; ``since`` leaves out what was created before."""

    @abstractmethod
    def reset(self) -> None:
        """Remove everything in the collection."""
