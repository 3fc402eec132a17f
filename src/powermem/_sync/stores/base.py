# Generated from src/powermem/_async/stores/base.py by scripts/run_unasync.py; edit that file instead.
"""The interface of every store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ...budget import Refusal, Spend
from ...changes import Change, Outcome
from ...filters import Expression
from ...tasks import BufferedTurn, Preference, ProcessStatus, QueueStatistics, Task
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


class Store(ABC):
    """One collection: memories, the turns they came from, and the tasks that make memories of turns.

    A scope's id that is ``None`` matches everything; the empty string matches what has no such id. Times are
    the caller's, microseconds UTC. Every method raises ``StoreError`` or a subclass when the store fails.

    The tasks of one lane run in the order of their ids, one at a time. A worker holds a lane by a lease that
    it renews with ``renew_lanes``; a task whose worker was killed is begun again by the next holder.

    The methods that read pages by id, for exports and for another embedder, take the last id of the page
    before as ``after``, or 0; an empty page is the end. Each page is a read of its own, so a scan of millions
    of memories blocks nobody. What is added during a scan has a higher id and is part of it.
    """

    name: str

    @property
    def read_only(self) -> bool:
        """Whether it can be read only; known once it is open."""
        return False

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
    def get_many(
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

    @abstractmethod
    def claim_lanes(
        self,
        owner: str,
        at: int,
        until: int,
        limit: int,
        *,
        lane: str | None = None,
        ended: int | None = None,
    ) -> list[str]:
        """Take hold of lanes that have a task due and that nobody holds at ``at``, the longest due first.

        Each is taken by one statement that succeeds for one caller only.

        Args:
            owner: who takes them; never used twice.
            at: now.
            until: when the lease ends.
            limit: how many at most.
            lane: only this one.
            ended: leases that were to end by then are over; ``at`` if it is left out, and 0 for none.
        """

    @abstractmethod
    def redate_lanes(self, at: int, lease: int) -> int:
        """Correct what a clock that was ahead has written: due times and leases that lie far in the future.

        Such a lane is due at once, and such a lease ends as if it were taken now; its holder, if it lives,
        renews it before.

        Args:
            at: now.
            lease: how long a lease is.

        Returns:
            How many were corrected.
        """

    @abstractmethod
    def renew_lanes(self, owner: str, lanes: Sequence[str], until: int) -> list[str]:
        """Go on holding lanes; return those that are still held by this owner."""

    @abstractmethod
    def release_lane(self, owner: str, lane: str) -> None:
        """Let go of a lane, if this owner holds it. It has work to do when its next open task is due."""

    @abstractmethod
    def begin_task(self, owner: str, lane: str, at: int) -> Task | None:
        """Begin the first open task of a lane, and return it as it is then; ``None`` when there is none due.

        It is running from then on, with one more attempt. A ``"process"`` task takes on all turns of the lane
        that belong to no task.

        Raises:
            LeaseLost: the lane is held by somebody else.
        """

    @abstractmethod
    def task_turns(self, task_id: int) -> list[BufferedTurn]:
        """Return the turns of a task that still wait, in the order in which they were said."""

    @abstractmethod
    def count_buffered(self, lane: str | None, limit: int) -> int:
        """Return how many turns wait that no task has taken on; counting ends at ``limit``."""

    @abstractmethod
    def buffered_scopes(self, after: str, limit: int, *, lane: str | None = None) -> list[tuple[str, Scope]]:
        """Return a page of the lanes where turns wait that belong to no task, or to a ``"process"`` task that
        failed or was cancelled, each with the scope of one of them, by lane, ascending; with ``lane`` only
        that one."""

    @abstractmethod
    def find_task(self, task_id: int) -> Task | None:
        """Return a task."""

    @abstractmethod
    def list_tasks(
        self, scope: Scope, statuses: frozenset[ProcessStatus], *, limit: int, offset: int = 0
    ) -> list[Task]:
        """Return tasks in one of these states, the newest first."""

    @abstractmethod
    def queue_statistics(self) -> QueueStatistics:
        """Count what there is to do."""

    @abstractmethod
    def preferences(self, scope: Scope, *, after: int = 0, limit: int | None = None) -> list[Preference]:
        """Return the preferences of a scope, oldest first; those with a higher id than ``after``, at most
        ``limit`` of them."""

    @abstractmethod
    def forget_tasks(self, before: int) -> int:
        """Remove tasks that were completed or cancelled before a moment, and return how many.

        One whose turns still wait for another task stays.
        """

    @abstractmethod
    def revive_tasks(self, at: int) -> int:
        """Let tasks begin again that ended because a budget was used up and that are due; return how many."""

    @abstractmethod
    def enter(self, entries: Sequence[Spend]) -> list[Refusal | None]:
        """Make entries in the ledger of what models were asked, which all who use the collection share.

        On return they are durable. An entry that its limits do not allow is not made; the others are.
        """

    @abstractmethod
    def identity(self) -> EmbedderIdentity | None:
        """Return whose vectors the store holds; ``None`` when there are none yet."""

    @abstractmethod
    def scan(
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
    def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return a page of source turns."""

    @abstractmethod
    def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns that have these ids."""

    @abstractmethod
    def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        """Return a page of the history of memories that exist no more; the ids are those of the entries."""

    @abstractmethod
    def prepare_switch(self, identity: EmbedderIdentity) -> int:
        """Make a place beside the vectors for those of another embedder.

        What an earlier call has put there for the same embedder stays; that for any other goes.

        Returns:
            How many memories have no vector of this embedder yet. When the store's vectors are this
            embedder's, that is how many have no vector at all.
        """

    @abstractmethod
    def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        """Return a page of the memories that ``prepare_switch`` counts and for whose present text
        ``keep_embeddings`` was given no vector."""

    @abstractmethod
    def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        """Put vectors aside until ``switch``; nobody searches them."""

    @abstractmethod
    def switch(self, identity: EmbedderIdentity) -> bool:
        """Replace the vectors by those put aside, and remember whose they are, in one transaction.

        From then on ``apply`` and ``search`` of every other open store on these memories raise
        ``EmbeddingMismatchError``: the vectors that they would bring are no longer comparable.

        Returns:
            ``False`` when a memory has no new vector, because it was added or changed meanwhile; nothing was
            changed then.
        """
