"""Giving every memory of a store the vector of another embedder."""

from __future__ import annotations

from ..._core.inputs import Listener
from ...types import EmbedderIdentity, Embedding, ReembedResult
from ..encoder import AsyncEncoder
from ..stores.base import AsyncStore
from .progress import AsyncProgress


class AsyncReembedder:
    """Moves a store to the embedder of an encoder.

    New vectors are put beside the old ones, which are searched meanwhile by whoever has the former embedder
    configured; the encoder that moves has none that fits, so its memory searches by words. When no memory is
    without a new vector, all are put in place in one transaction.

    Args:
        store: the store.
        encoder: embeds the memories.
    """

    def __init__(self, store: AsyncStore, encoder: AsyncEncoder) -> None:
        self._store = store
        self._encoder = encoder
        self._done = 0

    async def run(self, batch_size: int, listener: Listener | None) -> ReembedResult:
        """Embed what has no vector of this embedder; go on where an earlier call was cut short.

        Returns:
            How many memories were embedded, and by which embedder.
        """
        identity = await self._encoder.learn_identity()
        former = await self._store.identity()
        total = await self._store.prepare_switch(identity)
        progress = AsyncProgress(listener, total)
        self._encoder.move(former not in (None, identity))
        try:
            await self._embed(identity, batch_size, progress)
            # Looked through from the start again: meanwhile others add memories, and change them.
            while not await self._store.switch(identity):
                await self._embed(identity, batch_size, progress)
        finally:
            self._encoder.move(False)
        await self._encoder.restart()
        # What this memory was given between the last look and the switch has no vector yet.
        if await self._store.prepare_switch(identity):
            await self._embed(identity, batch_size, progress)
            await self._store.switch(identity)
        await progress.tell(self._done, last=True)
        return {"reembedded": self._done, "embedder": str(identity), "seconds": round(progress.seconds, 6)}

    async def _embed(self, identity: EmbedderIdentity, batch_size: int, progress: AsyncProgress) -> None:
        after = 0
        while rows := await self._store.missing_embeddings(identity, after, batch_size):
            after = rows[-1].id
            vectors = await self._encoder.vectors([row.text for row in rows])
            await self._store.keep_embeddings(
                [Embedding(row.id, row.hash, vector) for row, vector in zip(rows, vectors, strict=True)]
            )
            self._done += len(rows)
            await progress.tell(self._done)
