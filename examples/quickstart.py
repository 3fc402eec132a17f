"""Remember, find, correct."""

from __future__ import annotations

from powermem import Memory

CONFIG = {"vector_store": {"provider": "sqlite", "config": {"database_path": "./data/quickstart.db"}}}


def main() -> None:
    with Memory(CONFIG) as memory:
        memory.delete_all(user_id="alice")  # so that every run begins anew

        learned = memory.add(
            [
                {"role": "user", "content": "Hi! I'm a nurse and I live in Porto. I'm allergic to peanuts."},
                {"role": "assistant", "content": "Nice to meet you. How can I help?"},
                {"role": "user", "content": "What could I cook tonight?"},
            ],
            user_id="alice",
        )
        print("Learned:")
        for item in learned["results"]:
            print(f"  {item['event']} {item['memory']}")

        found = memory.search("What is she allergic to?", user_id="alice", limit=1)
        print("What is she allergic to?")
        for hit in found["results"]:
            print(f"  {hit['score']:.2f} {hit['memory']}")

        best = found["results"][0]
        memory.update(best["id"], "I'm allergic to peanuts and to kiwi.")
        print("History:")
        for change in memory.history(best["id"]):
            print(f"  {change['event']}: {change['new_memory']}")


if __name__ == "__main__":
    main()
