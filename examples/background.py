"""What is said is kept at once, and learned from in the background."""

from __future__ import annotations

import asyncio

from powermem import AsyncMemory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/background.db"}}}
TALK = [
    ("I'm a nurse and I live in Porto.", "Nice! Which ward?"),
    ("The children's ward. I prefer night shifts.", "Good to know."),
    ("My sister Rita is visiting in May.", "How lovely."),
]


async def main() -> None:
    # Six messages make a task; whoever talks waits for none of this.
    async with AsyncMemory(CONFIG, auto_process=True, batch_threshold=6) as memory:
        memory.processing.on_task_done(lambda task: print(f"task {task['status']}"))
        for said, answered in TALK:
            await memory.add_exchange("alice", said, answered)
        await memory.wait_for_processing("alice")
        print(f"{await memory.count(user_id='alice')} memories learned")

        added = await memory.add("I'm allergic to peanuts.", user_id="alice", async_mode=True)
        found = await memory.search("allergic to what?", user_id="alice", limit=1)
        print(f"{added['status']}: {found['results'][0]['memory'].strip()}")

        await memory.wait_for_processing("alice")
        found = await memory.search("allergic to what?", user_id="alice", limit=1)
        status = await memory.get_status(added["task_id"])
        print(f"{status['status']}: {found['results'][0]['memory']}")
        for preference in await memory.get_preferences("alice"):
            print(f"{preference['preference_type']}: {preference['preference']}")


if __name__ == "__main__":
    asyncio.run(main())
