"""Recalling for many users at once, and many questions about one user in one call."""

import asyncio

from powermem import AsyncMemory

CONFIG = {
    "vector_store": {"provider": "sqlite", "config": {"database_path": "./data/batched_recall.db"}},
    # Facts come from rules; see with_env.py for a language model.
    "llm": {"provider": "none"},
}
SAID = {
    "alice": ["I prefer Python with type hints.", "I live in Porto."],
    "bob": ["I prefer Rust for everything.", "I work as a nurse."],
    "charlie": ["I prefer short functions.", "My sister lives in Oslo."],
}


async def recall(memory: AsyncMemory, user: str, query: str) -> list[str]:
    # Each task that gather makes has its own context, so users never mix.
    memory.attribution(user)
    return [fact.content for fact in await memory.recall(query, limit=1)]


async def main() -> None:
    async with AsyncMemory(CONFIG) as memory:
        await asyncio.gather(*(memory.add(text, user_id=user) for user in SAID for text in SAID[user]))

        # One question about each user. Their searches share passes over the database.
        facts = await asyncio.gather(*(recall(memory, user, "what they prefer") for user in SAID))
        for user, found in zip(SAID, facts, strict=True):
            print(f"{user}: {', '.join(found)}")

        # Many questions about one user: all are embedded in one batch, and answered in one search.
        questions = ["Which language does she prefer?", "Where does she live?"]
        answers = await memory.search_many(questions, user_id="alice", limit=1)
        for question, answer in zip(questions, answers, strict=True):
            print(f"{question} {answer['results'][0]['memory']}")


asyncio.run(main())
