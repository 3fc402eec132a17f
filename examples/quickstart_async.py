"""The same with asyncio: many users at once share batches of embeddings and of writes."""

from __future__ import annotations

import asyncio

from powermem import AsyncMemory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/quickstart_async.db"}}}
SAID = {
    "alice": "I'm a nurse and I live in Porto.",
    "bob": "I love rock climbing and I have two dogs.",
    "chen": "My favourite tea is oolong.",
}


async def main() -> None:
    async with AsyncMemory(CONFIG) as memory:
        await asyncio.gather(*(memory.add(text, user_id=user) for user, text in SAID.items()))

        query = "Favourite tea? Any dogs? Where do they live?"
        found = await asyncio.gather(*(memory.search(query, user_id=user) for user in SAID))
        for user, answer in zip(SAID, found, strict=True):
            for hit in answer["results"]:
                print(f"{user}: {hit['score']:.2f} {hit['memory']}")


if __name__ == "__main__":
    asyncio.run(main())
