"""A chatbot that remembers whom it talks to: OPENAI_API_KEY=... python chatbot.py your-name"""

import os
import sys

from openai import OpenAI

from powermem import Memory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/chatbot.db"}}}

with Memory(CONFIG) as memory, OpenAI() as client:
    memory.llm.register(client).attribution(sys.argv[1], "chatbot").new_session()
    history = []
    while said := input("> "):
        history.append({"role": "user", "content": said})
        model = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
        reply = client.chat.completions.create(model=model, messages=history)
        history.append({"role": "assistant", "content": reply.choices[0].message.content})
        print(history[-1]["content"])
