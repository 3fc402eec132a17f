"""A conversation of several sessions: ``name`` says who spoke, ``timestamp`` what "yesterday" means."""

from __future__ import annotations

import json
from importlib.resources import files

from powermem import Memory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/conversation.db"}}}
QUESTIONS = ("Who is getting married?", "Which tea does Nadia drink?")


def main() -> None:
    conversation = json.loads(files("powermem").joinpath("data/demo_conversation.json").read_text("utf-8"))
    with Memory(CONFIG) as memory:
        for session in conversation["sessions"]:
            messages = [
                {"role": "user", "name": turn["speaker"], "content": turn["text"]}
                for turn in session["turns"]
            ]
            memory.add(messages, user_id="nadia", timestamp=session["date"])
        print(f"{memory.count(user_id='nadia')} memories")
        for question in QUESTIONS:
            print(question)
            for hit in memory.search(question, user_id="nadia", limit=2)["results"]:
                print(f"  {hit['score']:.2f} {hit['actor_id']}, {hit['valid_from'][:10]}: {hit['memory']}")


if __name__ == "__main__":
    main()
