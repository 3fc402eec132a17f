"""Moving memories to another embedder."""

from __future__ import annotations

from ..._core.inputs import Listener
from ..._core.values import EmbedderIdentity, Embedding
from ...types import ReembedResult
from ..encoder import AsyncEncoder
from ..stores.base import AsyncStore
from .progress import AsyncProgress


class AsyncReembedder:
    """Switches a store to the embedder of an encoder.

    New vectors are stored beside the old ones, which other processes with the former embedder can still
    search. In this memory, search uses only words until then. Once every memory has a new vector, all vectors
    are replaced in one transaction.

    Args:
        store: the store.
        encoder: embeds the memories.
    """

    def __init__(self, store: AsyncStore, encoder: AsyncEncoder) -> None:
        self._store = store
        self._encoder = encoder
        self._done = 0

    async def run(self, batch_size: int, listener: Listener | None, *, everything: bool) -> ReembedResult:
        """Embed all memories without a vector of this embedder, continuing an interrupted earlier call.

        ``everything`` includes those that have one.

        Returns:
            The number of embedded memories, and the embedder.
        """
        identity = await self._encoder.learn_identity()
        former = await self._store.identity()
        total = await self._store.prepare_switch(identity, everything=everything)
        progress = AsyncProgress(listener, total)
        self._encoder.move(former not in (None, identity))
        try:
            await self._embed(identity, batch_size, progress, everything)
            # Fails if other processes added or changed memories in the meantime: start over for those.
            while not await self._store.switch(identity, everything=everything):
                await self._embed(identity, batch_size, progress, everything)
        finally:
            self._encoder.move(False)
        await self._encoder.restart()
        # Memories added here between the last check and the switch have no vector yet.
        if await self._store.prepare_switch(identity, everything=False):
            await self._embed(identity, batch_size, progress, everything=False)
            await self._store.switch(identity, everything=False)
        await progress.tell(self._done, last=True)
        return {"reembedded": self._done, "embedder": str(identity), "seconds": round(progress.seconds, 6)}

    async def _embed(
        self, identity: EmbedderIdentity, batch_size: int, progress: AsyncProgress, everything: bool
    ) -> None:
        after = 0
        while rows := await self._store.missing_embeddings(
            identity, after, batch_size, everything=everything
        ):
            after = rows[-1].id
            vectors = await self._encoder.vectors([row.text for row in rows])
            await self._store.keep_embeddings(
                [Embedding(row.id, row.hash, vector) for row, vector in zip(rows, vectors, strict=True)]
            )
            self._done += len(rows)
            await progress.tell(self._done)
