"""Many users at once, through one memory and one client: OPENAI_API_KEY=... python many_users.py"""

import asyncio
import os

from openai import AsyncOpenAI

from powermem import AsyncMemory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/many_users.db"}}}
MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
COLOURS = {"alice": "green", "bob": "red", "charlie": "blue"}


async def ask(memory: AsyncMemory, client: AsyncOpenAI, user: str, message: str) -> str | None:
    # Each task that gather makes has its own context: what one is attributed to, no other sees.
    memory.attribution(user, "colour-bot")
    messages = [{"role": "user", "content": message}]
    reply = await client.chat.completions.create(model=MODEL, messages=messages)
    return reply.choices[0].message.content


async def main() -> None:
    async with AsyncMemory(CONFIG) as memory, AsyncOpenAI() as client:
        memory.llm.register(client)
        await asyncio.gather(
            *(
                ask(memory, client, user, f"My favourite colour is {colour}.")
                for user, colour in COLOURS.items()
            )
        )
        # A service would not wait: what was said is kept already, and learned from in the background.
        await memory.augmentation.wait()
        replies = await asyncio.gather(
            *(ask(memory, client, user, "What is my favourite colour?") for user in COLOURS)
        )
        for user, reply in zip(COLOURS, replies, strict=True):
            print(f"{user}: {reply}")


asyncio.run(main())
