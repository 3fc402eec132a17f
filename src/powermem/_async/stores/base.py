"""What every store can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...changes import Change, Outcome
from ...filters import Expression
from ...types import (
    EmbedderIdentity,
    Embedding,
    HistoryEntry,
    Hit,
    Row,
    Scope,
    SearchRequest,
    Statistics,
    Stored,
    Turn,
)


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
    async def get_many(
        self, ids: Sequence[int], *, touch: bool = False, user_id: str | None = None
    ) -> dict[int, Row]:
        """Return the memories that exist, by id.

        Args:
            ids: which.
            touch: whether to count them as accesses.
            user_id: whose they are, if that is known: a store divided by user then looks into one part only,
                and may leave out what is somebody else's.
        """

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


class AsyncMovable(AsyncStore):
    """A store whose memories can be moved: to another store, or to another embedder.

    Its ``apply`` also knows ``Restore``. Pages are read by id, ascending: ``after`` is the last id of the
    page before, or 0, and an empty page is the end. Each page is a read of its own, so that a scan of
    millions holds up nobody; what is added during a scan has a higher id and is met by it.
    """

    @abstractmethod
    async def identity(self) -> EmbedderIdentity | None:
        """Return whose vectors the store holds; ``None`` when there are none yet."""

    @abstractmethod
    async def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool = False
    ) -> list[Stored]:
        """Return a page of memories, also those superseded or expired, with what belongs to them.

        Args:
            scope: whose; as everywhere, ``None`` matches everything.
            expression: a filter.
            after: the last id of the page before.
            limit: how many at most.
            vectors: whether to read the vectors and terms, too.
        """

    @abstractmethod
    async def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return a page of source turns."""

    @abstractmethod
    async def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns that have these ids."""

    @abstractmethod
    async def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        """Return a page of the history of memories that exist no more; the ids are those of the entries."""

    @abstractmethod
    async def prepare_switch(self, identity: EmbedderIdentity) -> int:
        """Make a place beside the vectors for those of another embedder.

        What an earlier call has put there for the same embedder stays; that for any other goes.

        Returns:
            How many memories have no vector of this embedder yet. When the store's vectors are this
            embedder's, that is how many have no vector at all.
        """

    @abstractmethod
    async def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        """Return a page of the memories that ``prepare_switch`` counts and for whose present text
        ``keep_embeddings`` was given no vector."""

    @abstractmethod
    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        """Put vectors aside until ``switch``; nobody searches them."""

    @abstractmethod
    async def switch(self, identity: EmbedderIdentity) -> bool:
        """Replace the vectors by those put aside, and remember whose they are, in one transaction.

        From then on ``apply`` and ``search`` of every other open store on these memories raise
        ``EmbeddingMismatchError``: the vectors that they would bring are no longer comparable.

        Returns:
            ``False`` when a memory has no new vector, because it was added or changed meanwhile; nothing was
            changed then.
        """
